//! Text with names in braces: `Trip requested at {place}`.
//!
//! Braces around anything that is no name (letters, digits, `-`, `_`) stand for themselves, so JSON needs no escapes. Invariant:
//! a template without names is filled as it stands.

/// A text with names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Name(String),
}

impl From<&str> for Template {
    fn from(text: &str) -> Self {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(open) = rest.find('{') {
            plain.push_str(&rest[..open]);
            rest = &rest[open..];
            match name_at(rest) {
                Some(name) => {
                    if !plain.is_empty() {
                        parts.push(Part::Text(std::mem::take(&mut plain)));
                    }
                    parts.push(Part::Name(name.to_string()));
                    rest = &rest[name.len() + 2..];
                }
                None => {
                    plain.push('{');
                    rest = &rest[1..];
                }
            }
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        Self { parts }
    }
}

impl Template {
    /// The names in it, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Name(name) => Some(name.as_str()),
            Part::Text(_) => None,
        })
    }

    /// The text with every name replaced.
    pub fn fill(&self, mut text_of: impl FnMut(&str) -> String) -> String {
        let mut filled = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => filled.push_str(text),
                Part::Name(name) => filled.push_str(&text_of(name)),
            }
        }
        filled
    }
}

/// The name in braces at the beginning of `text`.
fn name_at(text: &str) -> Option<&str> {
    let inside = text.strip_prefix('{')?;
    let name = &inside[..inside.find('}')?];
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    (!name.is_empty() && name.chars().all(fits)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_replaced_and_json_stands_as_it_is() {
        for (text, filled) in [
            ("Trip requested at {place}", "Trip requested at <place>"),
            (r#"{"rider":"{rider}","n":{n}}"#, r#"{"rider":"<rider>","n":<n>}"#),
            ("{} { } {a b} {", "{} { } {a b} {"),
            ("", ""),
        ] {
            assert_eq!(Template::from(text).fill(|name| format!("<{name}>")), filled);
        }
    }
}
