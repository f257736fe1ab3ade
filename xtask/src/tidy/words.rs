//! Rules on words that must not stand in any file.
//!
//! The words are put together from halves here, since this file obeys its own rules.
//!
//! Invariant: these rules look at every text file of the project, whatever its kind.

use super::Fault;
use super::files::File;

const LEFTOVERS: &[&str] =
    &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X"), concat!("to", "do!")];

const PATHS: &[&str] =
    &[concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/tm", "p/")];
/// Kafka's own default for `log.dirs`, which belongs to what the project teaches.
const KAFKA_LOGS: &str = concat!("/tm", "p/kafka-logs");

const REGISTRIES: &[&str] = &[
    concat!("crates", ".io"),
    concat!("npmjs", ".org"),
    concat!("npmjs", ".com"),
    concat!("py", "pi.org"),
    concat!("debian", ".org"),
    concat!("golang", ".org"),
    concat!("maven", ".org"),
];

pub fn leftovers(file: &File) -> Vec<Fault> {
    let advice = |word: &str| format!("'{word}': do it, or describe the limit where users read");
    find(file, LEFTOVERS, advice, |line, at, word| is_whole_word(line, at, word.len()))
}

pub fn machine_paths(file: &File) -> Vec<Fault> {
    let advice = |path: &str| format!("'{path}': ask the environment for the folder");
    find(file, PATHS, advice, |line, at, _| {
        let begins = !line[..at].ends_with(|c: char| c.is_alphanumeric() || "._-})".contains(c));
        begins && !line[at..].starts_with(KAFKA_LOGS)
    })
}

/// Cargo itself writes where a package came from.
pub fn registries(file: &File) -> Vec<Fault> {
    let advice = |host: &str| format!("'{host}': name the package, its client knows where to ask");
    let is_lock = file.path.ends_with("Cargo.lock");
    find(file, REGISTRIES, advice, |line, _, _| !(is_lock && line.starts_with("source = ")))
}

pub fn trailing_blanks(file: &File) -> Vec<Fault> {
    let lines = file.text.split('\n').enumerate();
    let ragged = lines.filter(|(_, line)| line.ends_with([' ', '\t', '\r']));
    ragged.map(|(at, _)| Fault::new(file, at, "remove the blanks at the end of the line")).collect()
}

/// Each line in which one of the words stands, in a way that counts.
fn find(
    file: &File,
    words: &[&str],
    advice: impl Fn(&str) -> String,
    counts: impl Fn(&str, usize, &str) -> bool,
) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (number, line) in file.text.lines().enumerate() {
        for word in words {
            if line.match_indices(word).any(|(at, _)| counts(line, at, word)) {
                faults.push(Fault::new(file, number, advice(word)));
            }
        }
    }
    faults
}

/// Whether the text at this place is not part of a longer word.
pub fn is_whole_word(line: &str, at: usize, length: usize) -> bool {
    let inside = |c: char| c.is_alphanumeric() || c == '_';
    !line[..at].ends_with(inside) && !line[at + length..].starts_with(inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> File {
        File::new("notes.md", text)
    }

    #[test]
    fn leftovers_are_found_as_whole_words() {
        let text = format!("fine\n// {}: later\nMASTO{}S\n", LEFTOVERS[0], LEFTOVERS[0]);
        let faults = leftovers(&file(&text));
        assert_eq!(faults.len(), 1);
        assert_eq!(faults[0].line, 2);
    }

    #[test]
    fn a_place_on_a_machine_begins_a_path() {
        assert_eq!(machine_paths(&file(&format!("in {}x", PATHS[0]))).len(), 1);
        assert!(machine_paths(&file(&format!("doc{}x", PATHS[0]))).is_empty());
        assert!(machine_paths(&file(&format!("log.dirs={KAFKA_LOGS}"))).is_empty());
    }

    #[test]
    fn only_the_lock_file_says_where_packages_came_from() {
        let line = format!("source = \"index.{}\"", REGISTRIES[0]);
        assert_eq!(registries(&file(&line)).len(), 1);
        assert!(registries(&File::new("Cargo.lock", line)).is_empty());
    }

    #[test]
    fn blanks_at_the_end_are_found() {
        assert_eq!(trailing_blanks(&file("a\nb \nc\t\n")).len(), 2);
    }
}
