//! Colours by name, taken from the page's tokens.
//!
//! Invariant: a token that is not there shows as black, never as an invalid picture.

use std::collections::BTreeMap;

const TOKENS: &str = include_str!("../../../../www/tokens.css");

/// Colours of one theme.
#[derive(Debug)]
pub struct Ink(BTreeMap<&'static str, &'static str>);

impl Ink {
    /// The light theme's, or the dark one's.
    pub fn new(dark: bool) -> Self {
        let token = |line: &'static str| {
            let (name, value) = line.trim().strip_prefix("--")?.split_once(':')?;
            let value = value.trim().trim_end_matches(';');
            Some((name, chosen(value, dark)))
        };
        Self(TOKENS.lines().filter_map(token).collect())
    }

    /// A colour.
    pub fn of(&self, name: &str) -> &'static str {
        self.0.get(name).copied().unwrap_or("black")
    }
}

/// `light-dark(a, b)` is a pair.
fn chosen(value: &'static str, dark: bool) -> &'static str {
    let pair = value.strip_prefix("light-dark(").and_then(|rest| rest.strip_suffix(')'));
    match pair.and_then(|pair| pair.split_once(',')) {
        Some((light, other)) => {
            if dark {
                other.trim()
            } else {
                light.trim()
            }
        }
        None => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_theme_has_its_paper() {
        let (light, dark) = (Ink::new(false), Ink::new(true));
        assert!(light.of("paper").starts_with('#') && dark.of("paper").starts_with('#'));
        assert_ne!(light.of("paper"), dark.of("paper"));
        assert_eq!(light.of("no-such-token"), "black");
    }
}
