//! The colours and faces of a picture, read from the page's own tokens.
//!
//! A picture stands alone, so `light-dark(a, b)` is decided here. Invariant: no colour is named in this crate; an unknown token
//! is told by its name.

use kafkascope_kernel::FlatMap;

/// On which paper.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Theme {
    /// The first of two colours.
    #[default]
    Light,
    /// The second.
    Dark,
}

/// Tokens with their values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Palette {
    values: FlatMap<String, String>,
}

/// Every token that a picture uses.
const USED: [&str; 33] = [
    "paper",
    "card",
    "well",
    "line",
    "edge",
    "wire",
    "ink",
    "soft",
    "quiet",
    "on-ink",
    "brass",
    "brass-line",
    "brass-wash",
    "blue",
    "red",
    "green",
    "on-record",
    "key-0",
    "key-1",
    "key-2",
    "key-3",
    "key-4",
    "key-5",
    "key-6",
    "group-0",
    "group-1",
    "group-2",
    "group-3",
    "group-4",
    "group-5",
    "sans",
    "mono",
    "logo-accent",
];

impl Palette {
    /// Reads `--name: value;` lines of a style sheet; the first one of a name counts.
    ///
    /// # Errors
    ///
    /// The name of a token that a picture needs and the sheet does not have.
    pub fn from_css(css: &str, theme: Theme) -> Result<Self, String> {
        let mut values = FlatMap::new();
        for declaration in css.split([';', '{', '}']) {
            let Some((name, value)) =
                declaration.rsplit_once("--").and_then(|(_, rest)| rest.split_once(':'))
            else {
                // A value may itself hold a reference to a token.
                continue;
            };
            let known = name.trim().to_string();
            values.entry(known).or_insert_with(|| decided(value.trim(), theme));
        }
        match USED.into_iter().find(|name| !values.contains_key(*name)) {
            Some(missing) => Err(format!("the style sheet has no token --{missing}")),
            None => Ok(Self { values }),
        }
    }

    /// A token's value.
    pub fn get(&self, name: &str) -> &str {
        self.values.get(name).map_or("none", String::as_str)
    }
}

/// `light-dark(a, b)` on one paper.
fn decided(value: &str, theme: Theme) -> String {
    let pair = value.strip_prefix("light-dark(").and_then(|rest| rest.strip_suffix(')'));
    match (pair.and_then(|pair| pair.split_once(',')), theme) {
        (Some((light, _)), Theme::Light) => light.trim().to_string(),
        (Some((_, dark)), Theme::Dark) => dark.trim().to_string(),
        (None, _) => value.to_string(),
    }
}
