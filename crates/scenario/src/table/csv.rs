//! CSV and TSV: the first row names the columns.
//!
//! Invariant: a row with another number of fields than the first is malformed; the rest of the file is read on.

use super::{Cell, Row, Table};
use csv::{ByteRecord, ReaderBuilder};

type Refused = (u32, String);

pub(super) fn read(bytes: &[u8], delimiter: u8, table: &mut Table) -> Result<(), Refused> {
    let mut reader = ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(bytes);
    let head = reader.byte_headers().map_err(|error| (1, error.to_string()))?.clone();
    table.columns = columns(&head)?;
    let mut record = ByteRecord::new();
    loop {
        match reader.read_byte_record(&mut record) {
            Ok(false) => return Ok(()),
            Ok(true) => {
                let line = record.position().map_or(0, |at| at.line() as u32);
                take(&record, line, table);
            }
            Err(error) => return Err((0, error.to_string())),
        }
    }
}

fn columns(head: &ByteRecord) -> Result<Vec<String>, Refused> {
    let mut columns: Vec<String> = Vec::new();
    for (index, field) in head.iter().enumerate() {
        let name = std::str::from_utf8(field).map_err(|_| (1, "is not UTF-8".to_string()))?.trim();
        if name.is_empty() {
            return Err((1, format!("column {} has no name in the first row", index + 1)));
        }
        if columns.iter().any(|column| column == name) {
            return Err((1, format!("two columns are called '{name}'")));
        }
        columns.push(name.to_string());
    }
    if columns.is_empty() {
        return Err((1, "is empty; its first row must name the columns".to_string()));
    }
    Ok(columns)
}

fn take(record: &ByteRecord, line: u32, table: &mut Table) {
    let wanted = table.columns.len();
    if record.len() != wanted {
        table.refuse(line, format!("has {} fields instead of {wanted}", record.len()));
        return;
    }
    let cells: Result<Vec<_>, _> = record.iter().map(|field| std::str::from_utf8(field)).collect();
    match cells {
        Ok(cells) => {
            let cells = cells.into_iter().map(cell).collect();
            table.keep(Row { line, cells });
        }
        Err(_) => table.refuse(line, "is not UTF-8".to_string()),
    }
}

/// An empty field is no value; what looks like a number is one in JSON.
fn cell(text: &str) -> Option<Cell> {
    let text = text.trim();
    let json =
        if super::json::is_number(text) { text.to_string() } else { super::json::quoted(text) };
    (!text.is_empty()).then(|| Cell { text: text.to_string(), json })
}
