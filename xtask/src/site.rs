//! Building the page with Trunk.
//!
//! `index.html` and `Trunk.toml` say what belongs to the page; here is only how it is built for
//! which purpose, and what has to be taken out of a site that others will see.
//!
//! Invariant: a finished site allows no script that it does not bring itself as a file.

use std::fs;
use std::path::{Path, PathBuf};

use crate::problem::{Done, While};
use crate::repo;
use crate::run::Run;
use crate::setup::{self, Kit};

/// The nonce that `Trunk.toml` and `index.html` grant to Trunk's reloading script while serving.
const SERVING_NONCE: &str = "trunk-serve";

/// How much care the build takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Care {
    /// Built fast, runs slowly.
    Quick,
    /// Built slowly, small and fast.
    Optimised,
}

/// Builds the page into a folder.
pub fn build(kit: &mut Kit, care: Care, folder: &Path) -> Done {
    match care {
        Care::Quick => setup::for_page(kit)?,
        Care::Optimised => setup::for_optimised_page(kit)?,
    }
    let trunk = trunk(kit, "build --locked --dist").arg(folder);
    let trunk = if care == Care::Optimised { trunk.arg("--release") } else { trunk };
    trunk.shown()?;
    finish(&folder.join("index.html"))
}

/// A run of Trunk that tells only what matters.
pub fn trunk(kit: &Kit, words: &str) -> Run {
    // Trunk refuses to start over a NO_COLOR that says anything but true or false.
    kit.run("trunk").without_env("NO_COLOR").words("--log warn").words(words)
}

/// The folder in which tests and measurements keep the site they look at.
pub fn folder_for_tests(care: Care) -> PathBuf {
    let name = match care {
        Care::Quick => "site-quick",
        Care::Optimised => "site",
    };
    repo::target().join(name)
}

fn finish(page: &Path) -> Done {
    let text = fs::read_to_string(page).or_say(|| format!("reading {}", page.display()))?;
    fs::write(page, without_nonce(&text)).or_say(|| format!("writing {}", page.display()))
}

fn without_nonce(page: &str) -> String {
    let policy = format!(" 'nonce-{SERVING_NONCE}'");
    let attribute = format!(" nonce=\"{SERVING_NONCE}\"");
    page.replace(&policy, "").replace(&attribute, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nonce_for_serving_is_taken_out_everywhere() {
        let page = "script-src 'self' 'nonce-trunk-serve'; <script src=a nonce=\"trunk-serve\">";
        assert_eq!(without_nonce(page), "script-src 'self'; <script src=a>");
    }

    #[test]
    fn the_page_and_trunk_agree_on_the_nonce() {
        for file in ["index.html", "Trunk.toml"] {
            let text = fs::read_to_string(repo::root().join(file)).unwrap();
            assert!(text.contains(SERVING_NONCE), "{file} does not name {SERVING_NONCE}");
        }
    }
}
