//! Lines on standard output.
//!
//! Invariant: a reader that stops listening (`| head`) ends the command quietly.

use std::io::{BufWriter, Write};

/// Writes lines until they end or nobody listens any more.
pub fn lines(lines: impl IntoIterator<Item = String>) {
    let mut out = BufWriter::new(std::io::stdout().lock());
    for line in lines {
        if writeln!(out, "{line}").is_err() {
            return;
        }
    }
    let _ = out.flush();
}
