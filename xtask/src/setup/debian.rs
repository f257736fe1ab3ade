//! Rust and other packages from Debian.
//!
//! Debian's packages `rustc-web` and company carry a recent Rust, but without a standard library
//! for WebAssembly; it is built once from Debian's copy of its source (`wasm_std`).
//!
//! Invariant: packages are installed only by root, and only after saying which.

use std::fs;
use std::path::Path;

use super::kit::Kit;
use super::{say, wasm_std};
use crate::problem::{Done, Problem, While};

const RUST: &str = "rustc-web cargo-web rust-web-src rust-web-clippy rustfmt-web lld-22";
/// The name under which rustup knows Debian's Rust.
const TOOLCHAIN: &str = "debian";

/// Whether this is Debian, or something that has its packages.
pub fn is_here(kit: &Kit) -> bool {
    Path::new("/etc/debian_version").exists() && kit.which("apt-get").is_some()
}

/// Switches to the Rust in `/usr` if it is able; leaves the kit as it was if not.
pub fn use_own_rust(kit: &mut Kit, able: impl Fn(&Kit) -> bool) -> bool {
    if !Path::new("/usr/bin/rustc").exists() {
        return false;
    }
    let mut changed = Kit::new();
    if kit.which("rustup").is_some() {
        // Selects by name; unknown to rustup, it fails, and so is not able.
        changed.set("RUSTUP_TOOLCHAIN", TOOLCHAIN);
    } else {
        changed.add_folder("/usr/bin".into());
    }
    let able = able(&changed);
    if able {
        *kit = changed;
    }
    able
}

/// The whole recipe: packages, standard library, linker, a name for rustup.
pub fn install_rust(kit: &Kit) -> Done {
    install(kit, RUST)?;
    name_for_rustup(kit)?;
    wasm_std::build()?;
    link_linker()
}

/// Installs Debian packages, given as one line of names.
pub fn install(kit: &Kit, packages: &str) -> Done {
    if kit.run("id").arg("-u").text().as_deref() != Some("0") {
        return Err(Problem::new(format!(
            "these Debian packages are missing: {packages}; run this once as root, or install them"
        )));
    }
    say(&format!("installing from Debian: {packages}"));
    kit.run("apt-get").words("update --quiet").quiet()?;
    let install = kit.run("apt-get").words("install --yes --quiet --no-install-recommends");
    install.words(packages).env("DEBIAN_FRONTEND", "noninteractive").quiet()
}

fn name_for_rustup(kit: &Kit) -> Done {
    if kit.which("rustup").is_none() {
        return Ok(());
    }
    say(&format!("naming Debian's Rust '{TOOLCHAIN}' for rustup"));
    kit.run("rustup").args(["toolchain", "link", TOOLCHAIN, "/usr"]).quiet()
}

/// Rust links WebAssembly with a linker of this name, which Debian keeps elsewhere.
fn link_linker() -> Done {
    let folder = wasm_std::library_root().join(wasm_std::host()?).join("bin");
    let link = folder.join("rust-lld");
    fs::create_dir_all(&folder).or_say(|| format!("making {}", folder.display()))?;
    let _ = fs::remove_file(&link);
    make_link("/usr/bin/lld-22", &link)
}

#[cfg(unix)]
fn make_link(to: &str, link: &Path) -> Done {
    std::os::unix::fs::symlink(to, link).or_say(|| format!("linking {}", link.display()))
}

#[cfg(not(unix))]
fn make_link(_: &str, _: &Path) -> Done {
    Err(Problem::new("Debian's Rust is only to be had on Debian"))
}
