//! Small words: plurals, lists, spans of time, keys and values as text.
//!
//! Invariant: sentences are put together here and in `explain`, nowhere else.

use kafkascope_kernel::Micros;
use kafkascope_model::ids::{Bytes, NodeId};

/// "1 record", "3 records"; numbers have thin groups of three.
pub fn count(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number), if number == 1 { one } else { many })
}

/// `12 345`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// "a, b and c".
pub fn list(items: &[String]) -> String {
    match items {
        [] => "nothing".to_string(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// `{1, 2, 3}`.
pub fn set(ids: &[NodeId]) -> String {
    let mut ids: Vec<_> = ids.to_vec();
    ids.sort();
    let texts: Vec<_> = ids.iter().map(ToString::to_string).collect();
    format!("{{{}}}", texts.join(", "))
}

/// "9 s", "9.2 s", "80 ms", "250 µs", "5 min".
pub fn span(span: Micros) -> String {
    match span.0 {
        0..1_000 => format!("{} µs", span.0),
        1_000..1_000_000 => tenths(span.0, 1_000, "ms"),
        1_000_000..120_000_000 => tenths(span.0, 1_000_000, "s"),
        _ => tenths(span.0, 60_000_000, "min"),
    }
}

fn tenths(value: u64, unit: u64, name: &str) -> String {
    let tenths = (value * 10 + unit / 2) / unit;
    if tenths.is_multiple_of(10) || tenths >= 1_000 {
        format!("{} {name}", tenths / 10)
    } else {
        format!("{}.{} {name}", tenths / 10, tenths % 10)
    }
}

/// Bytes as text, shortened to `most` letters.
pub fn bytes(bytes: &Bytes, most: usize) -> String {
    let text = String::from_utf8_lossy(bytes);
    let clean: String = text.chars().map(|c| if c.is_control() { '·' } else { c }).collect();
    shortened(&clean, most)
}

/// At most `most` letters, with an ellipsis if some are left out.
pub fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_string();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_as_people_say_them() {
        let table = [
            (250, "250 µs"),
            (80_000, "80 ms"),
            (1_500, "1.5 ms"),
            (9_000_000, "9 s"),
            (9_234_000, "9.2 s"),
            (300_000_000, "5 min"),
        ];
        for (micros, text) in table {
            assert_eq!(span(Micros(micros)), text);
        }
    }

    #[test]
    fn lists_and_numbers_read_as_people_write_them() {
        let names = ["a", "b", "c"].map(String::from);
        assert_eq!(list(&names), "a, b and c");
        assert_eq!(list(&names[..1]), "a");
        assert_eq!(count(1, "record", "records"), "1 record");
        assert_eq!(count(12_345, "record", "records"), "12\u{202f}345 records");
        assert_eq!(set(&[NodeId(3), NodeId(1)]), "{1, 3}");
        assert_eq!(shortened("trip requested", 8), "trip re…");
    }
}
