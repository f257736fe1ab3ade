//! Runs of the crate `tests/browser`: stories told to the real page in a real browser.
//!
//! The crate learns everything from the environment: the folder of the site, the address of the
//! driver, the browser, and where axe-core and the pictures are.
//!
//! Invariant: the stories see a finished site, never a server of a developer.

use std::path::PathBuf;

use crate::args::Args;
use crate::problem::{Done, Problem};
use crate::repo;
use crate::run::Run;
use crate::setup::{self, Kit};
use crate::site::{self, Care};
use crate::webdriver::{CHROME_FLAGS, Driver};

/// The name of the crate with the stories.
pub const CRATE: &str = "kafkascope-browser-tests";

/// `cargo xtask screens`
pub fn screens(mut args: Args) -> Done {
    let care = care(&mut args);
    args.finish()?;
    let mut kit = setup::for_rust()?;
    let driver = prepare(&mut kit, care)?;
    let run = cargo(&kit, &driver, care).words("test --locked --package").arg(CRATE);
    let passed = run.words("--test screens").each_line(|line| println!("{line}"))?;
    println!("the pictures are in {}", folder_of_pictures().display());
    passed.then_some(()).ok_or_else(|| Problem::new("a picture could not be taken, see above"))
}

/// Takes `--dev`, which asks for a quick build.
pub fn care(args: &mut Args) -> Care {
    if args.flag("--dev") { Care::Quick } else { Care::Optimised }
}

/// Builds the site and starts the driver.
pub fn prepare(kit: &mut Kit, care: Care) -> Done<Driver> {
    setup::for_stories(kit)?;
    // Pictures of an earlier run would pass for pictures of this one.
    let _ = std::fs::remove_dir_all(folder_of_pictures());
    site::build(kit, care, &site::folder_for_tests(care))?;
    Driver::start(kit)
}

/// A run of cargo with all that the stories ask the environment for.
pub fn cargo(kit: &Kit, driver: &Driver, care: Care) -> Run {
    kit.run("cargo")
        .env("KAFKASCOPE_SITE", site::folder_for_tests(care))
        .env("KAFKASCOPE_DRIVER", driver.address())
        .env("KAFKASCOPE_CHROME_FLAGS", CHROME_FLAGS.join(" "))
        .env("KAFKASCOPE_SCREENS", folder_of_pictures())
}

fn folder_of_pictures() -> PathBuf {
    repo::target().join("screens")
}
