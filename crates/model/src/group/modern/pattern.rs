//! Patterns of topic names, as far as subscriptions need them (`SubscriptionPattern`, RE2/J).
//!
//! Literals, `.`, classes, groups, alternatives and repetition; a pattern matches a whole name. Invariant: matching takes
//! steps in proportion to the pattern times the name, whatever the pattern is.

use alloc::vec;
use alloc::vec::Vec;
use kafkascope_kernel::FlatSet;

/// The most instructions a pattern may have.
const MAX_PROGRAM: usize = 4_096;
/// The most times `{n,m}` may repeat.
const MAX_REPEAT: u32 = 256;

/// A pattern that was understood.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pattern(Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Step {
    /// One character of these ranges; or of none of them.
    One(Vec<(char, char)>, bool),
    /// Go on in both places.
    Split(usize, usize),
    Jump(usize),
    /// Only at the beginning, or at the end.
    Begin,
    End,
    Done,
}

#[derive(Clone, Debug)]
enum Tree {
    Nothing,
    One(Vec<(char, char)>, bool),
    Begin,
    End,
    Chain(Vec<Tree>),
    Either(Vec<Tree>),
    Repeat(alloc::boxed::Box<Tree>, u32, Option<u32>),
}

impl Pattern {
    /// Reads a pattern; none if it is not one, or one that is not understood here.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parser = Parser { rest: text.chars().collect::<Vec<_>>(), at: 0, depth: 0 };
        let tree = parser.either()?;
        if parser.peek().is_some() {
            return None;
        }
        let mut program = Vec::new();
        emit(&tree, &mut program)?;
        program.push(Step::Done);
        Some(Self(program))
    }

    /// Whether it matches a whole name.
    pub fn matches(&self, name: &str) -> bool {
        let name: Vec<char> = name.chars().collect();
        let mut places = FlatSet::new();
        self.follow(0, 0, name.len(), &mut places);
        for (index, letter) in name.iter().enumerate() {
            let mut next = FlatSet::new();
            for place in places {
                if let Step::One(ranges, negated) = &self.0[place] {
                    let inside = ranges.iter().any(|(from, to)| (from..=to).contains(&letter));
                    if inside != *negated {
                        self.follow(place + 1, index + 1, name.len(), &mut next);
                    }
                }
            }
            places = next;
        }
        places.iter().any(|place| self.0[*place] == Step::Done)
    }

    fn follow(&self, place: usize, index: usize, end: usize, places: &mut FlatSet<usize>) {
        if !places.insert(place) {
            return;
        }
        match &self.0[place] {
            Step::Split(one, other) => {
                self.follow(*one, index, end, places);
                self.follow(*other, index, end, places);
            }
            Step::Jump(to) => self.follow(*to, index, end, places),
            Step::Begin if index == 0 => self.follow(place + 1, index, end, places),
            Step::End if index == end => self.follow(place + 1, index, end, places),
            Step::Begin | Step::End | Step::One(..) | Step::Done => {}
        }
    }
}

fn emit(tree: &Tree, out: &mut Vec<Step>) -> Option<()> {
    if out.len() > MAX_PROGRAM {
        return None;
    }
    match tree {
        Tree::Nothing => {}
        Tree::One(ranges, negated) => out.push(Step::One(ranges.clone(), *negated)),
        Tree::Begin => out.push(Step::Begin),
        Tree::End => out.push(Step::End),
        Tree::Chain(list) => {
            for tree in list {
                emit(tree, out)?;
            }
        }
        Tree::Either(list) => {
            let (last, others) = list.split_last()?;
            let mut jumps = Vec::new();
            for tree in others {
                let split = out.len();
                out.push(Step::Done);
                emit(tree, out)?;
                jumps.push(out.len());
                out.push(Step::Done);
                out[split] = Step::Split(split + 1, out.len());
            }
            emit(last, out)?;
            for jump in jumps {
                out[jump] = Step::Jump(out.len());
            }
        }
        Tree::Repeat(tree, least, most) => emit_repeat(tree, *least, *most, out)?,
    }
    Some(())
}

fn emit_repeat(tree: &Tree, least: u32, most: Option<u32>, out: &mut Vec<Step>) -> Option<()> {
    for _ in 0..least {
        emit(tree, out)?;
    }
    match most {
        None => {
            let split = out.len();
            out.push(Step::Done);
            emit(tree, out)?;
            out.push(Step::Jump(split));
            out[split] = Step::Split(split + 1, out.len());
        }
        Some(most) => {
            for _ in least..most {
                let split = out.len();
                out.push(Step::Done);
                emit(tree, out)?;
                out[split] = Step::Split(split + 1, out.len());
            }
        }
    }
    Some(())
}

struct Parser {
    rest: Vec<char>,
    at: usize,
    depth: u32,
}

impl Parser {
    fn peek(&self) -> Option<char> {
        self.rest.get(self.at).copied()
    }

    fn take(&mut self) -> Option<char> {
        let letter = self.peek()?;
        self.at += 1;
        Some(letter)
    }

    fn eat(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    fn either(&mut self) -> Option<Tree> {
        let mut list = vec![self.chain()?];
        while self.eat('|') {
            list.push(self.chain()?);
        }
        Some(if list.len() == 1 { list.remove(0) } else { Tree::Either(list) })
    }

    fn chain(&mut self) -> Option<Tree> {
        let mut list = Vec::new();
        while let Some(letter) = self.peek() {
            if letter == '|' || letter == ')' {
                break;
            }
            let one = self.one()?;
            list.push(self.repeated(one)?);
        }
        Some(if list.is_empty() { Tree::Nothing } else { Tree::Chain(list) })
    }

    fn one(&mut self) -> Option<Tree> {
        Some(match self.take()? {
            '.' => Tree::One(Vec::new(), true),
            '^' => Tree::Begin,
            '$' => Tree::End,
            '[' => self.class()?,
            '\\' => self.escape()?,
            '(' => {
                self.depth += 1;
                if self.depth > 32 || (self.eat('?') && !self.eat(':')) {
                    return None;
                }
                let inner = self.either()?;
                self.depth -= 1;
                if !self.eat(')') {
                    return None;
                }
                inner
            }
            '*' | '+' | '?' | '{' | ')' => return None,
            letter => Tree::One(vec![(letter, letter)], false),
        })
    }

    fn repeated(&mut self, tree: Tree) -> Option<Tree> {
        let (least, most) = match self.take() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => {
                let least = self.number()?;
                let most = match (self.eat(','), self.peek()) {
                    (false, _) => Some(least),
                    (true, Some('}')) => None,
                    (true, _) => Some(self.number()?),
                };
                if !self.eat('}') {
                    return None;
                }
                (least, most)
            }
            Some(_) => {
                self.at -= 1;
                return Some(tree);
            }
            None => return Some(tree),
        };
        // Whether it takes much or little makes no difference to whether it matches.
        self.eat('?');
        let fits = least <= MAX_REPEAT && most.is_none_or(|m| (least..=MAX_REPEAT).contains(&m));
        fits.then(|| Tree::Repeat(tree.into(), least, most))
    }

    fn number(&mut self) -> Option<u32> {
        let mut value: Option<u32> = None;
        while let Some(digit) = self.peek().and_then(|letter| letter.to_digit(10)) {
            value = Some(value.unwrap_or(0).checked_mul(10)?.checked_add(digit)?);
            self.at += 1;
        }
        value
    }

    fn class(&mut self) -> Option<Tree> {
        let negated = self.eat('^');
        let mut ranges = Vec::new();
        loop {
            match self.take()? {
                ']' if !ranges.is_empty() => return Some(Tree::One(ranges, negated)),
                '\\' => match self.escape()? {
                    Tree::One(list, false) => ranges.extend(list),
                    Tree::One(_, true)
                    | Tree::Nothing
                    | Tree::Begin
                    | Tree::End
                    | Tree::Chain(_)
                    | Tree::Either(_)
                    | Tree::Repeat(..) => return None,
                },
                from if self.peek() == Some('-')
                    && self.rest.get(self.at + 1).is_some_and(|next| *next != ']') =>
                {
                    self.at += 1;
                    let to = self.take()?;
                    if to < from {
                        return None;
                    }
                    ranges.push((from, to));
                }
                letter => ranges.push((letter, letter)),
            }
        }
    }

    fn escape(&mut self) -> Option<Tree> {
        let digits = || vec![('0', '9')];
        let words = || vec![('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')];
        let spaces = || vec![('\t', '\r'), (' ', ' ')];
        Some(match self.take()? {
            'd' => Tree::One(digits(), false),
            'D' => Tree::One(digits(), true),
            'w' => Tree::One(words(), false),
            'W' => Tree::One(words(), true),
            's' => Tree::One(spaces(), false),
            'S' => Tree::One(spaces(), true),
            letter if letter.is_ascii_alphanumeric() => return None,
            letter => Tree::One(vec![(letter, letter)], false),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_whole_names_as_re2_does() {
        let cases = [
            ("orders", "orders", true),
            ("orders", "orders-eu", false),
            ("orders.*", "orders-eu", true),
            ("(orders|payments)-(eu|us)", "payments-us", true),
            ("(orders|payments)-(eu|us)", "payments-asia", false),
            ("^t[0-9]+$", "t42", true),
            ("t[^0-9]", "t4", false),
            (r"t\d{2,3}", "t1234", false),
            (r"t\d{2,}", "t1234", true),
            (r"a\.b", "a.b", true),
            (r"a\.b", "axb", false),
            ("(a*)*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaac", false),
            ("", "", true),
            ("x?", "", true),
        ];
        for (pattern, name, matches) in cases {
            let known = Pattern::parse(pattern).expect(pattern);
            assert_eq!(known.matches(name), matches, "{pattern} against {name}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for text in ["(", ")", "a)", "[a", "*a", "a{2", r"\q", "a{3,2}", "(?=a)", "[z-a]"] {
            assert_eq!(Pattern::parse(text), None, "{text}");
        }
    }
}
