//! Rules on size and on how a module begins.
//!
//! Short files and functions are read whole; a first sentence tells whether to read on at all.
//!
//! Invariant: a length counts every line, blank ones and comments too, as the eye does.

use super::Fault;
use super::files::File;

const FILE: usize = 600;
const FUNCTION: usize = 70;

/// Only what people write and read counts, not recorded data.
pub fn file_length(file: &File) -> Vec<Fault> {
    let lines = file.text.lines().count();
    if lines <= FILE || !file.ends_with_any(&[".rs", ".css", ".js", ".mjs", ".html"]) {
        return Vec::new();
    }
    vec![Fault::new(file, FILE, format!("the file has {lines} lines; split it below {FILE}"))]
}

pub fn module_doc(file: &File) -> Vec<Fault> {
    let first = file.text.lines().find(|line| !line.trim().is_empty());
    if file.rust.is_none() || first.is_some_and(|line| line.starts_with("//!")) {
        return Vec::new();
    }
    vec![Fault::new(file, 0, "begin with //! and say what this module is, why, and one invariant")]
}

pub fn function_length(file: &File) -> Vec<Fault> {
    let Some(rust) = &file.rust else { return Vec::new() };
    let long = functions(&rust.code).into_iter().filter(|f| f.lines > FUNCTION);
    let advice =
        |f: &Function| format!("{} has {} lines; split it below {FUNCTION}", f.name, f.lines);
    long.map(|f| Fault::new(file, f.line, advice(&f))).collect()
}

#[derive(Debug, PartialEq, Eq)]
struct Function {
    name: String,
    line: usize,
    lines: usize,
}

/// The functions that have a body, from text without comments and strings.
fn functions(code: &str) -> Vec<Function> {
    let starts = code.match_indices("fn ").map(|(at, _)| at);
    let whole_word = |at: &usize| !code[..*at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
    starts.filter(whole_word).filter_map(|at| function(code, at)).collect()
}

fn function(code: &str, start: usize) -> Option<Function> {
    let rest = &code[start + 3..];
    let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    let body = body(rest)?;
    let line = code[..start].matches('\n').count();
    Some(Function { name, line, lines: body.matches('\n').count() + 1 })
}

/// The text up to the brace that closes the body; none for a declaration without one.
fn body(code: &str) -> Option<&str> {
    let mut braces = 0;
    let mut brackets = 0;
    for (at, c) in code.char_indices() {
        match c {
            '(' | '[' => brackets += 1,
            ')' | ']' => brackets -= 1,
            ';' if braces == 0 && brackets == 0 => return None,
            '{' => braces += 1,
            '}' if braces == 1 => return Some(&code[..at]),
            '}' => braces -= 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str, line: usize, lines: usize) -> Function {
        Function { name: name.into(), line, lines }
    }

    #[test]
    fn functions_are_measured_from_their_name_to_their_last_brace() {
        let code = "trait T { fn a(&self) -> [u8; 4]; }\n\nfn b() {\n if x { y }\n}\nfn c() {}\n";
        assert_eq!(functions(code), [named("b", 2, 3), named("c", 5, 1)]);
    }

    #[test]
    fn a_long_function_is_a_fault_at_its_first_line() {
        let text = format!("//! Doc.\nfn long() {{\n{}}}\n", "    step();\n".repeat(70));
        let faults = function_length(&File::new("src/a.rs", text));
        assert_eq!(faults[0].to_string(), "src/a.rs:2: long has 72 lines; split it below 70");
    }

    #[test]
    fn data_may_be_long_and_code_may_not() {
        assert!(file_length(&File::new("a.json", "1\n".repeat(700))).is_empty());
        assert_eq!(file_length(&File::new("a.css", "1\n".repeat(700))).len(), 1);
    }

    #[test]
    fn a_module_begins_with_its_doc() {
        assert!(module_doc(&File::new("a.rs", "\n//! What.\n")).is_empty());
        assert_eq!(module_doc(&File::new("a.rs", "use b;\n//! What.\n")).len(), 1);
    }
}
