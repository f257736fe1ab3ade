//! The project's text files.
//!
//! Git knows which files belong to the project, new ones included. Where there is no git, as in an
//! unpacked archive, there is nothing to judge by, and that is said.
//!
//! Invariant: paths are relative to the root and use forward slashes.

use super::source::Source;
use crate::problem::{Done, Problem};
use crate::repo;
use crate::setup::Kit;

/// A text file of the project.
pub struct File {
    pub path: String,
    pub text: String,
    /// The same text taken apart, if it is Rust.
    pub rust: Option<Source>,
}

impl File {
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        let (path, text) = (path.into(), text.into());
        let rust = path.ends_with(".rs").then(|| Source::read(&text));
        Self { path, text, rust }
    }

    pub fn ends_with_any(&self, endings: &[&str]) -> bool {
        endings.iter().any(|ending| self.path.ends_with(ending))
    }

    pub fn is_under_any(&self, folders: &[&str]) -> bool {
        folders.iter().any(|folder| self.path.starts_with(folder))
    }
}

pub fn of_the_project(kit: &Kit) -> Done<Vec<File>> {
    let list = kit.run("git").words("ls-files --cached --others --exclude-standard").text();
    let list = list.ok_or_else(|| Problem::new("git could not list the project's files"))?;
    Ok(list.lines().filter_map(read).collect())
}

/// Deleted files and those that are not text are passed over.
fn read(path: &str) -> Option<File> {
    let text = std::fs::read_to_string(repo::root().join(path)).ok()?;
    Some(File::new(path, text))
}
