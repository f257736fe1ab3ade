//! The words after a command: options with and without a value, and the rest.
//!
//! Invariant: an option that no command asked for is refused by name.

use crate::trouble::Trouble;

/// Words not yet asked for.
#[derive(Debug)]
pub struct Args {
    words: Vec<String>,
}

impl Args {
    /// All of `words`; `--name=value` counts as two of them.
    pub fn new(words: &[String]) -> Self {
        let split = |word: &String| match word.split_once('=') {
            Some((name, value)) if word.starts_with("--") => {
                vec![name.to_string(), value.to_string()]
            }
            _ => vec![word.clone()],
        };
        Self { words: words.iter().flat_map(split).collect() }
    }

    /// Whether an option without a value is there.
    pub fn flag(&mut self, name: &str) -> bool {
        let before = self.words.len();
        self.words.retain(|word| word != name);
        self.words.len() < before
    }

    /// The value of an option.
    pub fn option(&mut self, name: &str) -> Result<Option<String>, Trouble> {
        let Some(at) = self.words.iter().position(|word| word == name) else { return Ok(None) };
        if self.words.get(at + 1).is_none_or(|value| value.starts_with("--")) {
            return Err(Trouble::new(format!("{name} needs a value, as in '{name} VALUE'")));
        }
        self.words.remove(at);
        Ok(Some(self.words.remove(at)))
    }

    /// An option whose value is a whole number.
    pub fn number(&mut self, name: &str) -> Result<Option<u64>, Trouble> {
        let Some(text) = self.option(name)? else { return Ok(None) };
        let wrong = |_| Trouble::new(format!("{name}: '{text}' is not a whole number"));
        text.parse().map(Some).map_err(wrong)
    }

    /// An option whose value is a span of time such as `60s`, `500ms` or `2m`; in milliseconds.
    pub fn span_ms(&mut self, name: &str) -> Result<Option<u64>, Trouble> {
        let Some(text) = self.option(name)? else { return Ok(None) };
        let wrong = || {
            Trouble::new(format!("{name}: '{text}' is not a span of time such as 60s, 500ms or 2m"))
        };
        span_ms(&text).map(Some).ok_or_else(wrong)
    }

    /// Everything that is no option.
    pub fn rest(self) -> Result<Vec<String>, Trouble> {
        match self.words.iter().find(|word| word.starts_with("--")) {
            Some(unknown) => Err(Trouble::new(format!(
                "{unknown} is no option of this command; 'kafkascope help' lists them"
            ))),
            None => Ok(self.words),
        }
    }

    /// The one word that is no option.
    pub fn only(self, what: &str) -> Result<String, Trouble> {
        let mut rest = self.rest()?;
        match rest.len() {
            1 => Ok(rest.remove(0)),
            0 => Err(Trouble::new(format!("{what} is missing; 'kafkascope help' shows how"))),
            _ => Err(Trouble::new(format!("one {what} at a time; '{}' is too much", rest[1]))),
        }
    }
}

fn span_ms(text: &str) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..digits].parse().ok()?;
    let scale = match &text[digits..] {
        "ms" => 1,
        "s" | "" => 1_000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    number.checked_mul(scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(words: &[&str]) -> Args {
        Args::new(&words.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn spans_are_written_as_people_write_them() {
        for (text, ms) in [("60s", 60_000), ("500ms", 500), ("2m", 120_000), ("7", 7_000)] {
            assert_eq!(args(&["--until", text]).span_ms("--until"), Ok(Some(ms)));
        }
        let wrong = args(&["--until=soon"]).span_ms("--until").unwrap_err();
        assert_eq!(wrong.0, "--until: 'soon' is not a span of time such as 60s, 500ms or 2m");
    }

    #[test]
    fn an_unknown_option_is_refused_by_name() {
        let told = args(&["a.toml", "--sede", "4"]).rest().unwrap_err();
        assert!(told.0.starts_with("--sede is no option"), "{told}");
        assert_eq!(
            args(&["a", "b"]).only("FILE").unwrap_err().0,
            "one FILE at a time; 'b' is too much"
        );
    }
}
