//! `cargo xtask bench`: how fast the simulation and the page are on this machine.
//!
//! The native half is `kafkascope bench`. The other half asks the page itself: if it offers a
//! function `window.kafkascopeBench`, that is awaited in a headless browser, and whatever JSON it
//! resolves to is printed. A page without it is no failure.
//!
//! Invariant: both halves measure optimised builds.

use crate::args::Args;
use crate::problem::Done;
use crate::setup;
use crate::site::Care;
use crate::stories;

pub fn chore(args: Args) -> Done {
    args.finish()?;
    let mut kit = setup::for_rust()?;
    println!("native:");
    let native = kit.run("cargo").words("run --locked --quiet --release --package kafkascope-cli");
    native.words("-- bench").shown()?;
    println!("page:");
    let driver = stories::prepare(&mut kit, Care::Optimised)?;
    let page =
        stories::cargo(&kit, &driver, Care::Optimised).words("run --locked --quiet --package");
    page.arg(stories::CRATE).words("--bin frame-bench").shown()
}
