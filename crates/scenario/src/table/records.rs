//! From rows to records: which column is the key, which the timestamp, what becomes the value.
//!
//! Invariant: without being told to skip, one row that cannot be sent refuses the whole table.

use super::{Cell, Row, Table};
use crate::nearest::did_you_mean;
use crate::problem::Problem;
use crate::units::epoch_ms_of;
use kafkascope_model::ids::Bytes;
use kafkascope_model::log::Header;
use kafkascope_model::workload::NewRecord;

/// A row that cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowProblem {
    /// Its line in the file, from 1.
    pub line: u32,
    /// What is wrong with it.
    pub reason: String,
}

/// What becomes of a table's columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    /// The key; without one, records are keyless.
    pub key: Option<String>,
    /// The one column whose text is the value; without one, the value is the row as a JSON object.
    pub value: Option<String>,
    /// The timestamp: RFC 3339 or milliseconds since 1970; without one, the producer's clock.
    pub timestamp: Option<String>,
    /// Columns that become headers and leave the value.
    pub headers: Vec<String>,
    /// Columns that are not sent.
    pub leave_out: Vec<String>,
    /// Whether rows that cannot be sent are left out instead of refusing the table.
    pub skip_malformed: bool,
}

/// Columns by index.
struct Chosen<'c> {
    key: Option<usize>,
    value: Option<usize>,
    timestamp: Option<usize>,
    headers: Vec<(&'c str, usize)>,
    body: Vec<usize>,
}

impl Table {
    /// The records of all rows, or why there are none.
    pub fn records(&self, columns: &Columns) -> Result<Vec<NewRecord>, Vec<Problem>> {
        let chosen = self.choose(columns)?;
        let mut refused = self.malformed.clone();
        let mut records = Vec::with_capacity(self.rows.len());
        for row in &self.rows {
            match chosen.record(row, &self.columns) {
                Ok(record) => records.push(record),
                Err(reason) => refused.push(RowProblem { line: row.line, reason }),
            }
        }
        if refused.is_empty() || columns.skip_malformed {
            return Ok(records);
        }
        refused.sort();
        let told = |RowProblem { line, reason }| Problem {
            line,
            ..Problem::whole(format!("the row {reason}; mend it, or skip malformed rows"))
        };
        Err(refused.into_iter().map(told).collect())
    }

    fn choose<'c>(&self, columns: &'c Columns) -> Result<Chosen<'c>, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut index = |name: &str| {
            let at = self.column(name);
            if at.is_none() {
                let near = did_you_mean(name, self.columns.iter().map(String::as_str));
                let known = self.columns.join(", ");
                let message = format!("there is no column '{name}' among {known}.{near}");
                problems.push(Problem::whole(message));
            }
            at
        };
        let mut one = |name: &Option<String>| name.as_deref().and_then(&mut index);
        let (key, value, timestamp) =
            (one(&columns.key), one(&columns.value), one(&columns.timestamp));
        let headers: Vec<_> =
            columns.headers.iter().filter_map(|name| Some((name.as_str(), index(name)?))).collect();
        let out: Vec<_> = columns.leave_out.iter().filter_map(|name| index(name)).collect();
        let sent = |at: &usize| headers.iter().all(|(_, header)| header != at) && !out.contains(at);
        let body = (0..self.columns.len()).filter(sent).collect();
        if problems.is_empty() {
            Ok(Chosen { key, value, timestamp, headers, body })
        } else {
            Err(problems)
        }
    }
}

impl Chosen<'_> {
    fn record(&self, row: &Row, names: &[String]) -> Result<NewRecord, String> {
        let cell = |at: usize| row.cells[at].as_ref();
        let needed = |at: usize| cell(at).ok_or_else(|| format!("has nothing in '{}'", names[at]));
        let key = self.key.map(needed).transpose()?.map(bytes);
        let value = match self.value {
            Some(at) => cell(at).map(bytes),
            None => Some(self.object(row, names)),
        };
        let timestamp = self.timestamp.map(needed).transpose()?.map(moment).transpose()?;
        let headers = self
            .headers
            .iter()
            .map(|(name, at)| Header { key: (*name).into(), value: cell(*at).map(bytes) });
        let headers = (!self.headers.is_empty()).then(|| headers.collect());
        Ok(NewRecord { key, value, partition: None, timestamp, headers })
    }

    fn object(&self, row: &Row, names: &[String]) -> Bytes {
        let member = |at: &usize| {
            let cell = row.cells[*at].as_ref()?;
            Some(format!("{}:{}", super::json::quoted(&names[*at]), cell.json))
        };
        let members: Vec<_> = self.body.iter().filter_map(member).collect();
        format!("{{{}}}", members.join(",")).into_bytes().into()
    }
}

fn bytes(cell: &Cell) -> Bytes {
    cell.text.as_bytes().into()
}

fn moment(cell: &Cell) -> Result<i64, String> {
    let text = cell.text.trim();
    let ms = text.parse().ok().filter(|ms| *ms >= 0).or_else(|| epoch_ms_of(text));
    ms.ok_or_else(|| format!("has no moment in '{text}' (2020-06-25T14:06:00Z, or milliseconds)"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Format;

    const CSV: &str = "at,rider,fare,city\n\
        2020-06-25T14:06:00Z,alice,12.50,\"Berlin, Mitte\"\n\
        2020-06-25T14:07:00Z,bob,7\n\
        2020-06-25T14:08:00Z,,3.10,Bonn\n\
        soon,carol,4,Ulm\n";

    fn csv(text: &str) -> Table {
        Table::parse("t.csv", text.as_bytes(), Format::Csv, 100).unwrap()
    }

    fn columns() -> Columns {
        Columns {
            key: Some("rider".into()),
            timestamp: Some("at".into()),
            headers: vec!["city".into()],
            leave_out: vec!["at".into()],
            ..Columns::default()
        }
    }

    #[test]
    fn rows_that_cannot_be_sent_are_listed_by_line() {
        let problems = csv(CSV).records(&columns()).unwrap_err();
        let told: Vec<_> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "line 3: the row has 3 fields instead of 4; mend it, or skip malformed rows",
                "line 4: the row has nothing in 'rider'; mend it, or skip malformed rows",
                "line 5: the row has no moment in 'soon' (2020-06-25T14:06:00Z, or milliseconds); \
                 mend it, or skip malformed rows",
            ]
        );
    }

    #[test]
    fn told_to_skip_them_the_others_are_sent() {
        let columns = Columns { skip_malformed: true, ..columns() };
        let records = csv(CSV).records(&columns).unwrap();
        assert_eq!(records.len(), 1);
        let record = &records[0];
        assert_eq!(record.key.as_deref(), Some(&b"alice"[..]));
        assert_eq!(record.value.as_deref(), Some(&br#"{"rider":"alice","fare":12.50}"#[..]));
        assert_eq!(record.timestamp, Some(1_593_093_960_000));
        assert_eq!(
            record.headers.as_ref().unwrap()[0].value.as_deref(),
            Some(&b"Berlin, Mitte"[..])
        );
    }

    #[test]
    fn json_lists_and_lines_give_the_same_rows() {
        let lines = "{\"id\":1,\"who\":\"a\"}\n\nnonsense\n{\"id\":2.50,\"more\":[1]}\n";
        let list = "[\n{\"id\":1,\"who\":\"a\"},\n\n7,\n{\"id\":2.50,\"more\":[1]}\n]";
        let read = |text: &str, format| Table::parse("t", text.as_bytes(), format, 100).unwrap();
        let (lines, list) = (read(lines, Format::Ndjson), read(list, Format::Json));
        assert_eq!(lines.columns, ["id", "who", "more"]);
        assert_eq!(lines.columns, list.columns);
        let cells =
            |table: &Table| table.rows.iter().map(|row| row.cells.clone()).collect::<Vec<_>>();
        assert_eq!(cells(&lines), cells(&list));
        assert_eq!((lines.malformed[0].line, list.malformed[0].line), (3, 4));
        let columns = Columns { skip_malformed: true, ..Columns::default() };
        let records = list.records(&columns).unwrap();
        assert_eq!(records[1].value.as_deref(), Some(&br#"{"id":2.50,"more":[1]}"#[..]));
    }

    #[test]
    fn rows_behind_the_limit_are_counted() {
        let text = "n\n".to_string() + &"1\n".repeat(7);
        let table = Table::parse("t.csv", text.as_bytes(), Format::Csv, 5).unwrap();
        assert_eq!((table.rows.len(), table.left_off), (5, 2));
    }

    #[test]
    fn a_wrong_column_is_told_with_the_right_ones() {
        let columns = Columns { key: Some("ridr".into()), ..Columns::default() };
        assert_eq!(
            csv(CSV).records(&columns).unwrap_err()[0].to_string(),
            "there is no column 'ridr' among at, rider, fare, city. Did you mean 'rider'?"
        );
    }
}
