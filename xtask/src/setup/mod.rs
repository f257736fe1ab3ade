//! Making this machine able to build, serve and test the project.
//!
//! Two kinds of machine are served: an ordinary one with rustup, and Debian where rustup's servers
//! cannot be reached (there Rust comes from Debian's own packages). What is there already is found
//! in well under a second; what is missing is installed with one line of explanation a step.
//!
//! Invariant: set-up changes nothing that is already right, and never touches the repository.

mod browser;
mod debian;
mod kit;
mod rust;
mod tools;
mod wasm_std;

pub use kit::Kit;

use crate::args::Args;
use crate::problem::Done;

/// Rust for this machine and for WebAssembly, with its linter and formatter.
pub fn for_rust() -> Done<Kit> {
    let mut kit = Kit::new();
    rust::ensure(&mut kit)?;
    Ok(kit)
}

/// What builds the page.
pub fn for_page(kit: &mut Kit) -> Done {
    tools::trunk(kit)?;
    tools::wasm_bindgen(kit)
}

/// What makes the built page small.
pub fn for_optimised_page(kit: &mut Kit) -> Done {
    for_page(kit)?;
    tools::wasm_opt(kit)
}

/// A browser, its driver, and the runner of WebAssembly tests.
pub fn for_browser(kit: &mut Kit) -> Done {
    tools::wasm_bindgen(kit)?;
    browser::ensure(kit)
}

/// What the stories told to the page need beside the page and the browser.
pub fn for_stories(kit: &mut Kit) -> Done {
    for_browser(kit)?;
    tools::axe(kit)
}

fn everything() -> Done<Kit> {
    let mut kit = for_rust()?;
    for_optimised_page(&mut kit)?;
    for_stories(&mut kit)?;
    Ok(kit)
}

/// `cargo xtask setup`
pub fn chore(args: Args) -> Done {
    args.finish()?;
    everything()?;
    println!("everything is set up");
    Ok(())
}

/// `cargo xtask env`
pub fn print_env(args: Args) -> Done {
    args.finish()?;
    everything()?.print_exports();
    Ok(())
}

/// Tells what is about to happen, in one line.
fn say(step: &str) {
    eprintln!("set-up: {step}");
}
