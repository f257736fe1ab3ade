//! What the stories learn from the environment.
//!
//! `cargo xtask` sets these variables after building the site and starting the driver. There are no
//! defaults: a story against the wrong site would be worse than none.
//!
//! Invariant: this is the only place that reads the environment.

use std::env;
use std::path::PathBuf;

/// The folder of the finished site.
pub(crate) fn site() -> PathBuf {
    setting("KAFKASCOPE_SITE").into()
}

/// The address of the running driver.
pub(crate) fn driver() -> String {
    setting("KAFKASCOPE_DRIVER")
}

/// The browser's program.
pub(crate) fn chrome() -> String {
    setting("KAFKASCOPE_CHROME")
}

/// What the browser is started with.
pub(crate) fn chrome_flags() -> Vec<String> {
    setting("KAFKASCOPE_CHROME_FLAGS").split_whitespace().map(String::from).collect()
}

/// The file with axe-core.
pub(crate) fn axe() -> PathBuf {
    setting("KAFKASCOPE_AXE").into()
}

/// The folder for pictures.
pub(crate) fn screens() -> PathBuf {
    setting("KAFKASCOPE_SCREENS").into()
}

fn setting(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| {
        panic!("{name} is not set; run the stories with 'cargo xtask test --only e2e'")
    })
}
