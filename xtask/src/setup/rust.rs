//! Finding a Rust that compiles to WebAssembly, or getting one.
//!
//! The Rust in use is asked first, then Debian's own, whose toolchain may have been completed by an
//! earlier set-up. Only if both fail is anything installed: by rustup, and where its servers cannot
//! be reached, from Debian's packages.
//!
//! Invariant: a Rust counts as able only when it has just compiled and linked a WebAssembly program.

use super::kit::Kit;
use super::{debian, say};
use crate::problem::{Done, Problem};
use crate::repo;

const TARGET: &str = "wasm32-unknown-unknown";

/// Leaves the kit with a Rust that has the WebAssembly target, a linter and a formatter.
pub fn ensure(kit: &mut Kit) -> Done {
    if can_build(kit) || debian::use_own_rust(kit, can_build) || add_target(kit) {
        return ensure_lints(kit);
    }
    if !debian::is_here(kit) {
        return Err(Problem::new(format!(
            "this Rust cannot compile to WebAssembly, and 'rustup target add {TARGET}' did not help; \
             install Rust with rustup, or use Debian, where Rust comes from its packages"
        )));
    }
    debian::install_rust(kit)?;
    let complete = debian::use_own_rust(kit, can_build);
    complete.then_some(()).ok_or_else(|| {
        Problem::new("Debian's Rust was installed but still cannot compile to WebAssembly")
    })
}

/// The proof: an empty program, compiled and linked. It also finds a standard library left behind
/// by an older compiler, and a missing linker.
fn can_build(kit: &Kit) -> bool {
    let folder = repo::target().join("xtask");
    let (source, output) = (folder.join("probe.rs"), folder.join("probe.wasm"));
    let written =
        std::fs::create_dir_all(&folder).is_ok() && std::fs::write(&source, "fn main() {}").is_ok();
    let compile = kit.run("rustc").args(["--target", TARGET, "--crate-name", "probe", "-o"]);
    written && compile.arg(output).arg(source).works()
}

fn add_target(kit: &Kit) -> bool {
    if kit.which("rustup").is_none() {
        return false;
    }
    say(&format!("adding the target {TARGET} with rustup"));
    kit.run("rustup").args(["target", "add", TARGET]).works() && can_build(kit)
}

fn ensure_lints(kit: &Kit) -> Done {
    if kit.which("cargo-clippy").is_some() && kit.which("cargo-fmt").is_some() {
        return Ok(());
    }
    say("adding clippy and rustfmt with rustup");
    kit.run("rustup").words("component add clippy rustfmt").quiet()
}
