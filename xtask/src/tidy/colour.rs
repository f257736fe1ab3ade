//! The rule that colours have names.
//!
//! A colour written where it is used escapes the themes, the contrast checks and whoever wants to
//! change it. So literals stand in `www/tokens.css` alone, and everything else uses their names.
//!
//! Invariant: only style sheets and strings in Rust are judged; a comment may show a colour.

use super::Fault;
use super::files::File;
use super::words::is_whole_word;

const HOME: &str = "www/tokens.css";
const PLACES: &[&str] = &["src/", "crates/", "www/"];
const FUNCTIONS: &[&str] =
    &["rgb(", "rgba(", "hsl(", "hsla(", "hwb(", "lab(", "lch(", "oklab(", "oklch(", "color("];
const NAMES: &[&str] = &[
    "black", "blue", "brown", "cyan", "gold", "gray", "green", "grey", "lime", "magenta", "maroon",
    "navy", "olive", "orange", "pink", "purple", "red", "silver", "teal", "violet", "white",
    "yellow",
];

pub fn literals(file: &File) -> Vec<Fault> {
    if file.path == HOME || !file.is_under_any(PLACES) {
        return Vec::new();
    }
    let (text, is_css) = match &file.rust {
        Some(rust) => (rust.strings.clone(), false),
        None if file.path.ends_with(".css") => (without_comments(&file.text), true),
        None => return Vec::new(),
    };
    let advice = "give the colour a name in www/tokens.css and use that";
    let lines = text.lines().enumerate();
    let coloured = lines.filter(|(_, line)| has_literal(line) || is_css && has_name(line));
    coloured.map(|(number, _)| Fault::new(file, number, advice)).collect()
}

fn has_literal(line: &str) -> bool {
    let is_hex = |(at, _)| is_hex_colour(&line[..at], &line[at + 1..]);
    let is_call = |name: &&str| {
        line.match_indices(name).any(|(at, _)| {
            let before = &line[..at];
            !before.ends_with(|c: char| c.is_alphanumeric() || c == '-' || c == '_')
        })
    };
    line.match_indices('#').any(is_hex) || FUNCTIONS.iter().any(is_call)
}

/// `&#123;` is a character, not a colour.
fn is_hex_colour(before: &str, after: &str) -> bool {
    let digits = after.chars().take_while(char::is_ascii_hexdigit).count();
    let ends = !after[digits..].starts_with(|c: char| c.is_alphanumeric() || c == '-' || c == '_');
    matches!(digits, 3 | 4 | 6 | 8) && ends && !before.ends_with('&')
}

/// A colour's English name as a value. A property like `white-space` is none.
fn has_name(line: &str) -> bool {
    let Some((_, value)) = line.split_once(':') else { return false };
    NAMES.iter().any(|name| {
        value.match_indices(name).any(|(at, _)| {
            let hyphen = value[..at].ends_with('-') || value[at + name.len()..].starts_with('-');
            is_whole_word(value, at, name.len()) && !hyphen
        })
    })
}

/// Blanks comments but keeps the lines.
fn without_comments(css: &str) -> String {
    let mut parts = css.split("/*");
    let mut text = String::from(parts.next().unwrap_or_default());
    for part in parts {
        let (comment, rest) = part.split_once("*/").unwrap_or((part, ""));
        text.extend(comment.chars().filter(|c| *c == '\n'));
        text.push_str(rest);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(path: &str, text: &str) -> usize {
        literals(&File::new(path, text)).len()
    }

    #[test]
    fn literals_in_style_sheets_are_found() {
        let bad = "a { color: #fff; }\nb { background: oklch(1 0 0); }\nc { color: red; }\n";
        assert_eq!(count("www/base.css", bad), 3);
        assert_eq!(count("www/tokens.css", bad), 0);
    }

    #[test]
    fn names_and_comments_are_left_alone() {
        let good = "/* like #fff\n */\na { color: var(--red-1); white-space: pre; }\n#section {}\n";
        assert_eq!(count("www/base.css", good), 0);
    }

    #[test]
    fn strings_in_rust_are_judged_and_code_is_not() {
        assert_eq!(count("src/a.rs", "let c = \"#a0b1c2\";"), 1);
        assert_eq!(count("src/a.rs", "let s = \"&#039; #section\"; // #fff"), 0);
        assert_eq!(count("xtask/src/a.rs", "let c = \"#fff\";"), 0);
    }
}
