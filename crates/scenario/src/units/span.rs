//! Spans of time: `500ms`, `2s`, `1m30s`, `1h`.
//!
//! Invariant: whole numbers with units only; a number without a unit is refused rather than guessed.

use kafkascope_kernel::Micros;

const UNITS: [(&str, u64); 5] =
    [("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000), ("ms", 1_000), ("us", 1)];

/// Reads a span; the error says what would be right.
pub fn parse_span(text: &str) -> Result<Micros, String> {
    read(text.trim()).map(Micros).ok_or_else(|| {
        format!("'{text}' is not a span of time; write one as in \"500ms\", \"2s\" or \"1m30s\"")
    })
}

fn read(mut rest: &str) -> Option<u64> {
    let mut total = 0_u64;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: u64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let end = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let (_, scale) = UNITS.iter().find(|(unit, _)| *unit == &rest[..end])?;
        total = total.checked_add(number.checked_mul(*scale)?)?;
        rest = &rest[end..];
    }
    Some(total)
}

/// Writes a span with the largest units that keep it exact.
pub fn show_span(span: Micros) -> String {
    let mut rest = span.0;
    let mut text = String::new();
    for (unit, scale) in UNITS {
        if rest >= scale {
            text.push_str(&format!("{}{unit}", rest / scale));
            rest %= scale;
        }
    }
    if text.is_empty() { "0s".to_string() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_as_they_are_written() {
        for text in ["500ms", "2s", "1m30s", "1h", "0s", "1s250ms3us"] {
            assert_eq!(show_span(parse_span(text).unwrap()), text);
        }
        assert_eq!(parse_span("90s").unwrap(), Micros::from_ms(90_000));
    }

    #[test]
    fn a_span_without_a_unit_is_not_guessed() {
        for text in ["", "5", "soon", "-2s", "2 s", "99999999999999h"] {
            assert!(parse_span(text).is_err(), "{text}");
        }
    }
}
