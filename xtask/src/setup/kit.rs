//! The surroundings in which the project's tools run: where they are, and their environment.
//!
//! Set-up fills a [`Kit`]; the chores run everything through it, so that a tool found or installed
//! here is used even where the person's own shell knows nothing of it.
//!
//! Invariant: folders of this project's tools come before the person's own `PATH`.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::repo;
use crate::run::Run;

pub struct Kit {
    folders: Vec<PathBuf>,
    env: Vec<(&'static str, OsString)>,
}

impl Kit {
    pub fn new() -> Self {
        Self { folders: Vec::new(), env: Vec::new() }
    }

    /// Programs in this folder are found from now on.
    pub fn add_folder(&mut self, folder: PathBuf) {
        if !self.folders.contains(&folder) {
            self.folders.push(folder);
        }
    }

    pub fn set(&mut self, name: &'static str, value: impl Into<OsString>) {
        self.env.retain(|(known, _)| *known != name);
        self.env.push((name, value.into()));
    }

    pub fn get(&self, name: &str) -> Option<&OsStr> {
        self.env.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_os_str())
    }

    /// A run of a program in the root of the repository.
    pub fn run(&self, program: impl AsRef<OsStr>) -> Run {
        // Cargo tells its children which cargo started them; that one is not always ours.
        let bare = Run::new(program).without_env("CARGO").folder(repo::root());
        let run = bare.env("PATH", self.path());
        self.env.iter().fold(run, |run, (name, value)| run.env(name, value))
    }

    /// Where a program is.
    pub fn which(&self, program: &str) -> Option<PathBuf> {
        let file = format!("{program}{}", env::consts::EXE_SUFFIX);
        env::split_paths(&self.path()).map(|folder| folder.join(&file)).find(|at| at.is_file())
    }

    /// Prints the lines that give a shell the same surroundings.
    pub fn print_exports(&self) {
        let folders: Vec<_> = self.folders.iter().map(|at| at.display().to_string()).collect();
        println!("export PATH=\"{}:$PATH\"", folders.join(":"));
        for (name, value) in &self.env {
            println!("export {name}=\"{}\"", Path::new(value).display());
        }
    }

    fn path(&self) -> OsString {
        let theirs = env::var_os("PATH").unwrap_or_default();
        let all = self.folders.iter().cloned().chain(env::split_paths(&theirs));
        env::join_paths(all).unwrap_or(theirs)
    }
}
