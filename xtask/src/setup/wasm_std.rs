//! Building Rust's standard library for WebAssembly from Debian's copy of its source.
//!
//! Debian ships the source but not the built library. An empty crate is compiled with cargo's
//! `build-std`, and the libraries that come out go where the compiler looks for them.
//!
//! Invariant: the folder of the compiler holds one version of each library; two would be refused.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use super::say;
use crate::problem::{Done, Problem, While};
use crate::repo;
use crate::run::Run;

const TARGET: &str = "wasm32-unknown-unknown";
const MANIFEST: &str = "[package]\nname = \"empty\"\nedition = \"2021\"\n[workspace]\n";

/// Where Debian's Rust keeps its libraries.
pub fn library_root() -> PathBuf {
    PathBuf::from("/usr/lib/rustlib")
}

/// The kind of machine that Debian's Rust compiles for by itself.
pub fn host() -> Done<String> {
    let about = Run::new("/usr/bin/rustc").arg("-vV").text().unwrap_or_default();
    let host = about.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(String::from).ok_or_else(|| Problem::new("Debian's rustc does not say its host"))
}

/// Builds the library and installs it.
pub fn build() -> Done {
    say("building Rust's standard library for WebAssembly (about a minute)");
    let folder = repo::tools().join("wasm-std");
    write_empty_crate(&folder)?;
    compile(&folder)?;
    install(&folder.join("target").join(TARGET).join("release/deps"))?;
    fs::remove_dir_all(&folder).or_say(|| format!("removing {}", folder.display()))
}

fn write_empty_crate(folder: &Path) -> Done {
    let source = folder.join("src");
    fs::create_dir_all(&source)
        .and_then(|()| fs::write(folder.join("Cargo.toml"), MANIFEST))
        .and_then(|()| fs::write(source.join("lib.rs"), "#![no_std]\n"))
        .or_say(|| format!("writing an empty crate to {}", folder.display()))
}

/// Bitcode is embedded because link-time optimisation of the page reads it.
fn compile(folder: &Path) -> Done {
    Run::new("/usr/bin/cargo")
        .words("build --release --quiet -Z build-std=std,panic_abort,test --target")
        .arg(TARGET)
        .folder(folder)
        .without_env("RUSTUP_TOOLCHAIN")
        .env("RUSTC", "/usr/bin/rustc")
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTFLAGS", "-Cembed-bitcode=yes")
        .env("CARGO_TARGET_DIR", folder.join("target"))
        .quiet()
}

fn install(built: &Path) -> Done {
    let home = library_root().join(TARGET).join("lib");
    fs::create_dir_all(&home).or_say(|| format!("making {}", home.display()))?;
    let libraries = libraries_in(built)?;
    for name in &libraries {
        put(&built.join(name), &home.join(name))?;
    }
    for old in libraries_in(&home)?.iter().filter(|name| !libraries.contains(name)) {
        fs::remove_file(home.join(old)).or_say(|| format!("removing an old {old:?}"))?;
    }
    Ok(())
}

/// Copies beside and renames, so that a compiler at work never reads half a library.
fn put(from: &Path, to: &Path) -> Done {
    let beside = to.with_extension("part");
    fs::copy(from, &beside)
        .and_then(|_| fs::rename(&beside, to))
        .or_say(|| format!("copying a library to {}", to.display()))
}

fn libraries_in(folder: &Path) -> Done<Vec<OsString>> {
    let entries = fs::read_dir(folder).or_say(|| format!("reading {}", folder.display()))?;
    let names = entries.filter_map(|entry| entry.ok().map(|entry| entry.file_name()));
    Ok(names.filter(|name| is_library(&name.to_string_lossy())).collect())
}

fn is_library(name: &str) -> bool {
    name.starts_with("lib") && name.ends_with(".rlib") && !name.starts_with("libempty-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_empty_crate_itself_is_no_library() {
        assert!(is_library("libstd-0123.rlib"));
        assert!(!is_library("libempty-0123.rlib"));
        assert!(!is_library("libstd-0123.rmeta"));
    }
}
