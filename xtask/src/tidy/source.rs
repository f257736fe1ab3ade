//! Rust text taken apart into code and strings.
//!
//! A rule about names must not trip over a comment, and a rule about colours looks at strings
//! alone. So the text is copied twice, each time with everything else blanked.
//!
//! Invariant: both copies have the lines of the original, and each character is at its old place.

/// The two copies.
pub struct Source {
    pub code: String,
    pub strings: String,
}

impl Source {
    pub fn read(text: &str) -> Self {
        let mut reader = Reader::new(text);
        while reader.at < reader.text.len() {
            reader.piece();
        }
        Self { code: reader.code, strings: reader.strings }
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Code,
    String,
    Other,
}

struct Reader {
    text: Vec<char>,
    at: usize,
    code: String,
    strings: String,
}

impl Reader {
    fn new(text: &str) -> Self {
        let text = text.chars().collect();
        Self { text, at: 0, code: String::new(), strings: String::new() }
    }

    /// Reads one comment, literal, word or other character.
    fn piece(&mut self) {
        match (self.peek(0), self.peek(1)) {
            ('/', '/') => self.take_while(Kind::Other, |c| c != '\n'),
            ('/', '*') => self.block_comment(),
            ('"', _) => self.string(),
            ('\'', _) => self.quote(),
            (c, _) if c.is_alphabetic() || c == '_' => self.word(),
            _ => self.take(Kind::Code),
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0;
        loop {
            let change: i32 = match (self.peek(0), self.peek(1)) {
                ('/', '*') => 1,
                ('*', '/') => -1,
                _ => 0,
            };
            depth += change;
            (0..=change.abs()).for_each(|_| self.take(Kind::Other));
            if depth == 0 || self.at >= self.text.len() {
                return;
            }
        }
    }

    fn string(&mut self) {
        self.take(Kind::Other);
        while self.at < self.text.len() && self.peek(0) != '"' {
            if self.peek(0) == '\\' {
                self.take(Kind::Other);
            }
            self.take(Kind::String);
        }
        self.take(Kind::Other);
    }

    /// A character literal is blanked; a lifetime is code.
    fn quote(&mut self) {
        let literal = self.peek(1) == '\\' || self.peek(2) == '\'';
        if !literal {
            return self.take(Kind::Code);
        }
        let skip = if self.peek(1) == '\\' { 3 } else { 2 };
        (0..skip).for_each(|_| self.take(Kind::Other));
        self.take_while(Kind::Other, |c| c != '\'');
        self.take(Kind::Other);
    }

    /// A word, or the raw string that it begins.
    fn word(&mut self) {
        let start = self.at;
        self.take_while(Kind::Code, |c| c.is_alphanumeric() || c == '_');
        let word: String = self.text[start..self.at].iter().collect();
        let hashes = self.text[self.at..].iter().take_while(|c| **c == '#').count();
        if matches!(word.as_str(), "r" | "br" | "cr") && self.peek(hashes) == '"' {
            self.raw_string(hashes);
        }
    }

    fn raw_string(&mut self, hashes: usize) {
        (0..=hashes).for_each(|_| self.take(Kind::Other));
        while self.at < self.text.len() && !self.raw_string_ends(hashes) {
            self.take(Kind::String);
        }
        (0..=hashes).for_each(|_| self.take(Kind::Other));
    }

    fn raw_string_ends(&self, hashes: usize) -> bool {
        self.peek(0) == '"' && (1..=hashes).all(|ahead| self.peek(ahead) == '#')
    }

    fn peek(&self, ahead: usize) -> char {
        self.text.get(self.at + ahead).copied().unwrap_or('\0')
    }

    fn take_while(&mut self, kind: Kind, wanted: impl Fn(char) -> bool) {
        while self.at < self.text.len() && wanted(self.peek(0)) {
            self.take(kind);
        }
    }

    /// Moves one character on, copying it to where it belongs.
    fn take(&mut self, kind: Kind) {
        let Some(&c) = self.text.get(self.at) else { return };
        let blank = if c == '\n' { '\n' } else { ' ' };
        self.code.push(if matches!(kind, Kind::Code) { c } else { blank });
        self.strings.push(if matches!(kind, Kind::String) { c } else { blank });
        self.at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> String {
        Source::read(text).code.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn comments_are_not_code() {
        assert_eq!(code("a // b\nc /* d /* e */ f */ g"), "a c g");
    }

    #[test]
    fn strings_are_not_code() {
        assert_eq!(code(r#"a("b\"c", d)"#), "a( , d)");
        assert_eq!(code("r#\"a\"b\"# + br\"c\" + e"), "r + br + e");
        assert_eq!(Source::read("f(\"#abc\")").strings.trim(), "#abc");
    }

    #[test]
    fn characters_are_blanked_and_lifetimes_kept() {
        assert_eq!(code(r"f('{', '\'', '\u{7d}', b'}')"), "f( , , , b )");
        assert_eq!(code("fn f<'a>(x: &'a str)"), "fn f<'a>(x: &'a str)");
    }

    #[test]
    fn lines_stay_lines() {
        let text = "a\n\"b\nc\"\n/* d\n*/\n";
        assert_eq!(Source::read(text).code.lines().count(), text.lines().count());
    }
}
