//! JSON: an object a line, or one list of objects.
//!
//! Values stay exactly as the file has them, numbers to the last digit. Invariant: columns are the members of all objects, in
//! the order in which they first appear.

use super::{Cell, Row, Table};
use kafkascope_kernel::FlatMap;
use serde_json::value::RawValue;

type Refused = (u32, String);

pub(super) fn read_lines(bytes: &[u8], table: &mut Table) -> Result<(), Refused> {
    let mut any = false;
    for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let number = index as u32 + 1;
        let Ok(text) = std::str::from_utf8(line) else {
            table.refuse(number, "is not UTF-8".to_string());
            continue;
        };
        if !text.trim().is_empty() {
            any = true;
            take(text.trim(), number, table);
        }
    }
    if any { Ok(()) } else { Err((0, "is empty; one JSON object a line is wanted".to_string())) }
}

pub(super) fn read_list(bytes: &[u8], table: &mut Table) -> Result<(), Refused> {
    let text = std::str::from_utf8(bytes).map_err(|_| (0, "is not UTF-8".to_string()))?;
    let rows: Vec<&RawValue> = serde_json::from_str(text).map_err(|error| {
        (error.line() as u32, format!("is not a JSON list of objects: {}", told(&error)))
    })?;
    let (mut line, mut from) = (1, 0);
    for row in rows {
        // The row is a part of the text, so its place in it is where it begins.
        let at = row.get().as_ptr() as usize - text.as_ptr() as usize;
        line += text[from..at].matches('\n').count() as u32;
        from = at;
        take(row.get(), line, table);
    }
    Ok(())
}

/// An object's members in their order.
struct Members<'t>(Vec<(String, &'t RawValue)>);

impl<'t> serde::Deserialize<'t> for Members<'t> {
    fn deserialize<D: serde::Deserializer<'t>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'t> serde::de::Visitor<'t> for MembersVisitor {
    type Value = Members<'t>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object in { }")
    }

    fn visit_map<A: serde::de::MapAccess<'t>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}

fn take(text: &str, line: u32, table: &mut Table) {
    let members = match serde_json::from_str::<Members<'_>>(text) {
        Ok(Members(members)) => members,
        Err(error) => {
            table.refuse(line, format!("is not a JSON object: {}", told(&error)));
            return;
        }
    };
    let mut cells = FlatMap::new();
    for (name, value) in members {
        let column = table.column(&name).unwrap_or_else(|| {
            table.columns.push(name);
            table.columns.len() - 1
        });
        cells.insert(column, cell(value));
    }
    let cells = (0..table.columns.len()).map(|at| cells.remove(&at).flatten()).collect();
    table.keep(Row { line, cells });
}

/// `null` is no value.
fn cell(value: &RawValue) -> Option<Cell> {
    let json = value.get();
    let text = serde_json::from_str(json).unwrap_or_else(|_| json.to_string());
    (json != "null").then(|| Cell { text, json: json.to_string() })
}

/// The error without its place, which is said otherwise.
fn told(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or(&text).to_string()
}

/// A text as JSON writes it.
pub(super) fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("every text has a JSON form")
}

/// Whether JSON takes the text for a number.
pub(super) fn is_number(text: &str) -> bool {
    let starts = text.starts_with(|c: char| c == '-' || c.is_ascii_digit());
    starts && serde_json::from_str::<&RawValue>(text).is_ok()
}
