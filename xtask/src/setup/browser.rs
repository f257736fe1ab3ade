//! A Chromium, and the driver that lets tests steer it.
//!
//! Any installed Chrome or Chromium will do. `CHROME` and `CHROMEDRIVER` choose one by hand.
//!
//! Invariant: after this the kit names both, as `KAFKASCOPE_CHROME` and `CHROMEDRIVER`.

use std::env;
use std::path::{Path, PathBuf};

use super::debian;
use super::kit::Kit;
use crate::problem::{Done, Problem};

const BROWSERS: [&str; 5] =
    ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
const MAC: &str = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";
/// The fonts matter: without any, a page has no text to look at.
const PACKAGES: &str = "chromium chromium-driver fonts-dejavu-core";

pub fn ensure(kit: &mut Kit) -> Done {
    if find(kit).is_none() && debian::is_here(kit) {
        debian::install(kit, PACKAGES)?;
    }
    let (browser, driver) = find(kit).ok_or_else(|| {
        Problem::new(
            "Chrome or Chromium and its chromedriver are not both on the PATH; install them, or \
             name them with CHROME and CHROMEDRIVER",
        )
    })?;
    kit.set("KAFKASCOPE_CHROME", browser);
    kit.set("CHROMEDRIVER", driver);
    Ok(())
}

fn find(kit: &Kit) -> Option<(PathBuf, PathBuf)> {
    let named = |name| env::var_os(name).map(PathBuf::from);
    let on_path = || BROWSERS.iter().find_map(|name| kit.which(name));
    let on_mac = || Some(Path::new(MAC)).filter(|at| at.exists()).map(Path::to_path_buf);
    let browser = named("CHROME").or_else(on_path).or_else(on_mac)?;
    let driver = named("CHROMEDRIVER").or_else(|| kit.which("chromedriver"))?;
    Some((browser, driver))
}
