//! Running other programs.
//!
//! A thin builder over `std::process::Command`: it remembers what to call the program in a message,
//! and gives it no standard input, so that nothing can wait for an answer nobody will give.
//!
//! Invariant: a program that fails becomes a [`Problem`] that names it.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::problem::{Done, Problem, While};

pub struct Run {
    command: Command,
    name: String,
}

impl Run {
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        let program = program.as_ref();
        let mut command = Command::new(program);
        command.stdin(Stdio::null());
        let file = Path::new(program).file_name().unwrap_or(program);
        Self { command, name: file.to_string_lossy().into_owned() }
    }

    /// Adds arguments, given as one line of words without blanks inside.
    pub fn words(self, words: &str) -> Self {
        self.args(words.split_whitespace())
    }

    pub fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.command.args(args);
        self
    }

    pub fn arg(self, arg: impl AsRef<OsStr>) -> Self {
        self.args([arg])
    }

    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub fn without_env(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    pub fn folder(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Runs it, showing what it prints.
    pub fn shown(mut self) -> Done {
        let status = self.command.status().or_say(|| format!("starting {}", self.name))?;
        status.success().then_some(()).ok_or_else(|| self.failed())
    }

    /// Runs it, showing what it prints only if it fails.
    pub fn quiet(mut self) -> Done {
        let output = self.command.output().or_say(|| format!("starting {}", self.name))?;
        if output.status.success() {
            return Ok(());
        }
        eprint!("{}", String::from_utf8_lossy(&output.stdout));
        eprint!("{}", String::from_utf8_lossy(&output.stderr));
        Err(self.failed())
    }

    /// What it prints, or nothing if it cannot be run or fails.
    pub fn text(mut self) -> Option<String> {
        let output = self.command.stderr(Stdio::null()).output().ok()?;
        let text = String::from_utf8_lossy(&output.stdout).trim().to_string();
        output.status.success().then_some(text)
    }

    /// Whether it can be run and succeeds.
    pub fn works(self) -> bool {
        self.text().is_some()
    }

    /// Runs it, handing over each line of its standard output; tells whether it succeeded.
    pub fn each_line(mut self, mut see: impl FnMut(&str)) -> Done<bool> {
        let mut child = self.start_piped()?;
        let output = child.stdout.take().expect("the output is piped");
        for line in BufReader::new(output).split(b'\n') {
            let line = line.or_say(|| format!("reading from {}", self.name))?;
            see(String::from_utf8_lossy(&line).trim_end_matches('\r'));
        }
        let status = child.wait().or_say(|| format!("waiting for {}", self.name))?;
        Ok(status.success())
    }

    /// Starts it in the background with its standard output piped.
    pub fn start_piped(&mut self) -> Done<Child> {
        let child = self.command.stdout(Stdio::piped()).spawn();
        child.or_say(|| format!("starting {}", self.name))
    }

    fn failed(&self) -> Problem {
        let args = self.command.get_args().take(3);
        let args: Vec<_> = args.map(|arg| arg.to_string_lossy().into_owned()).collect();
        Problem::new(format!("'{} {}' failed, see above", self.name, args.join(" ")))
    }
}
