//! Where things are: the repository, the tools, the versions that belong together.
//!
//! Tools are kept outside the repository, per user and per version, so that every clone shares
//! them and an update never disturbs an older checkout.
//!
//! Invariant: nothing here writes.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use crate::problem::{Done, Problem, While};

/// The newest Trunk that still accepts the Rust that Debian has.
pub const TRUNK: &str = "0.21.14";
/// Carries `wasm-opt`; `Trunk.toml` names the same version, or Trunk would look for another.
pub const BINARYEN: &str = "132.0.0";
/// The accessibility checker that the browser stories inject.
pub const AXE: &str = "4.14.1";

/// The root of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the repository")
}

/// Where cargo puts what it builds.
pub fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |dir| root().join(dir))
}

/// Where the tools of this project live; `KAFKASCOPE_TOOLS` moves them.
pub fn tools() -> PathBuf {
    let folder = |name, rest| env::var_os(name).map(|dir| PathBuf::from(dir).join(rest));
    folder("KAFKASCOPE_TOOLS", "")
        .or_else(|| folder("XDG_CACHE_HOME", "kafkascope"))
        .or_else(|| folder("HOME", ".cache/kafkascope"))
        .or_else(|| folder("LOCALAPPDATA", "kafkascope"))
        .unwrap_or_else(|| root().join("target/tools"))
}

/// The version of a package in `Cargo.lock`.
pub fn locked(package: &str) -> Done<String> {
    let lock = fs::read_to_string(root().join("Cargo.lock"))
        .or_say(|| String::from("reading Cargo.lock"))?;
    version_in(&lock, package)
        .ok_or_else(|| Problem::new(format!("Cargo.lock names no package '{package}'")))
}

fn version_in(lock: &str, package: &str) -> Option<String> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name);
    let version = lines.nth(1)?.strip_prefix("version = \"")?;
    version.strip_suffix('"').map(String::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_follows_the_name_in_a_lock_file() {
        let lock = "[[package]]\nname = \"a-b\"\nversion = \"9\"\n\n\
                    [[package]]\nname = \"a\"\nversion = \"0.2.1\"\n";
        assert_eq!(version_in(lock, "a").as_deref(), Some("0.2.1"));
        assert_eq!(version_in(lock, "c"), None);
    }
}
