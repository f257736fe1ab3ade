//! Keys by the names that the page's own help uses.
//!
//! Invariant: an unknown name is an error in the story, never silently nothing.

use thirtyfour::Key;

/// A key and the keys held while it is pressed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Chord {
    pub(crate) held: Vec<char>,
    pub(crate) key: char,
}

/// Reads `Space`, `k`, `Shift+ArrowLeft`, `Control+Shift+z`.
pub(crate) fn chord(names: &str) -> Chord {
    let mut keys: Vec<_> = match names.strip_suffix('+') {
        // The plus sign itself, alone or held with others.
        Some(before) => before.split('+').filter(|name| !name.is_empty()).chain(["+"]).collect(),
        None => names.split('+').collect(),
    };
    let key = keys.pop().map(code).expect("a chord has a key");
    Chord { held: keys.into_iter().map(code).collect(), key }
}

fn code(name: &str) -> char {
    let mut letters = name.chars();
    if let (Some(only), None) = (letters.next(), letters.next()) {
        return only;
    }
    let key = match name {
        "Space" => return ' ',
        "Enter" => Key::Enter,
        "Escape" => Key::Escape,
        "Tab" => Key::Tab,
        "Backspace" => Key::Backspace,
        "Delete" => Key::Delete,
        "Home" => Key::Home,
        "End" => Key::End,
        "PageUp" => Key::PageUp,
        "PageDown" => Key::PageDown,
        "ArrowLeft" => Key::Left,
        "ArrowRight" => Key::Right,
        "ArrowUp" => Key::Up,
        "ArrowDown" => Key::Down,
        "Shift" => Key::Shift,
        "Control" => Key::Control,
        "Alt" => Key::Alt,
        "Meta" => Key::Meta,
        _ => panic!("there is no key '{name}'"),
    };
    key.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chords_are_read_from_left_to_right() {
        assert_eq!(chord("k"), Chord { held: vec![], key: 'k' });
        assert_eq!(chord("Space"), Chord { held: vec![], key: ' ' });
        let shift = char::from(Key::Shift);
        assert_eq!(chord("Shift+Home"), Chord { held: vec![shift], key: Key::Home.into() });
        assert_eq!(chord("+"), Chord { held: vec![], key: '+' });
        assert_eq!(chord("Shift++"), Chord { held: vec![shift], key: '+' });
    }

    #[test]
    #[should_panic(expected = "no key 'Spcae'")]
    fn a_mistyped_key_is_told() {
        chord("Spcae");
    }
}
