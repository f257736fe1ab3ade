//! Rules on what a crate may know.
//!
//! The simulation must give the same result everywhere and for ever. So its crates may not name
//! anything of the browser, nor anything whose order or value depends on the machine.
//!
//! Invariant: the page is the only package that has a browser; the order of crates is one-way.

use super::Fault;
use super::files::File;
use super::words::is_whole_word;
use crate::problem::{Done, Problem};
use crate::setup::Kit;

const BROWSER: &[&str] = &["yew", "web_sys", "js_sys", "gloo"];
const RANDOM: &[&str] = &["HashMap", "HashSet", "Instant", "SystemTime", "f32", "f64"];
const CORE: &[&str] = &["crates/kernel/", "crates/model/", "crates/session/"];
const PURE: &[&str] = &["kernel", "model", "session", "scenario", "view", "audit", "testkit"];

/// The page is `src/` and its own tests at the root.
pub fn browser(file: &File) -> Vec<Fault> {
    let is_page = file.is_under_any(&["src/"])
        || file.path.strip_prefix("tests/").is_some_and(|rest| !rest.contains('/'));
    if is_page {
        return Vec::new();
    }
    named(file, BROWSER, |name| format!("'{name}' belongs to the page alone, in src/"))
}

pub fn determinism(file: &File) -> Vec<Fault> {
    if !file.is_under_any(CORE) {
        return Vec::new();
    }
    named(file, RANDOM, |name| {
        let instead = match name {
            "HashMap" | "HashSet" => "use BTreeMap or BTreeSet, whose order is the same everywhere",
            "Instant" | "SystemTime" => "take simulated time as an argument",
            _ => "use integers, which round the same everywhere",
        };
        format!("'{name}' in the core: {instead}")
    })
}

/// Names in code; comments and strings may say what they like.
fn named(file: &File, names: &[&str], advice: impl Fn(&str) -> String) -> Vec<Fault> {
    let Some(rust) = &file.rust else { return Vec::new() };
    let mut faults = Vec::new();
    for (number, line) in rust.code.lines().enumerate() {
        let stands = |name: &&&str| {
            line.match_indices(**name).any(|(at, _)| is_whole_word(line, at, name.len()))
        };
        faults.extend(names.iter().filter(stands).map(|n| Fault::new(file, number, advice(n))));
    }
    faults
}

/// What the core crates depend on, by way of others too, when compiled for the browser.
pub fn dependencies(kit: &Kit) -> Done<Vec<Fault>> {
    let mut faults = Vec::new();
    for name in PURE {
        let tree = kit.run("cargo").words("tree --locked --edges normal --prefix none --target");
        let tree = tree.words("wasm32-unknown-unknown --package").arg(format!("kafkascope-{name}"));
        let tree = tree.text().ok_or_else(|| {
            Problem::new(format!("cargo could not list what the crate '{name}' depends on"))
        })?;
        faults.extend(tree.lines().filter_map(browser_crate).map(|found| Fault {
            file: format!("crates/{name}/Cargo.toml"),
            line: 1,
            advice: format!("depends on '{found}' of the browser; only the page may"),
        }));
    }
    Ok(faults)
}

/// The name of the crate in a line of the tree, if it is one of the browser's.
fn browser_crate(line: &str) -> Option<&str> {
    let name = line.split(' ').next()?;
    let root = name.replace('-', "_");
    let is_one = |known: &str| root == known || root.starts_with(&format!("{known}_"));
    (BROWSER.iter().any(|known| is_one(known)) || root == "wasm_bindgen").then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_page_names_the_browser() {
        let text = "use yew::prelude::*; // like gloo\n";
        assert_eq!(browser(&File::new("crates/view/src/lib.rs", text)).len(), 1);
        assert!(browser(&File::new("src/app.rs", text)).is_empty());
        assert!(browser(&File::new("tests/wasm.rs", text)).is_empty());
    }

    #[test]
    fn the_core_has_no_unordered_maps_clocks_or_floats() {
        let text = "struct A { b: HashMap<u8, f64> }\n/// Not an Instant.\nstruct MyHashMap;\n";
        let faults = determinism(&File::new("crates/model/src/a.rs", text));
        assert_eq!(faults.iter().map(|f| f.line).collect::<Vec<_>>(), [1, 1]);
        assert!(determinism(&File::new("crates/view/src/a.rs", text)).is_empty());
    }

    #[test]
    fn crates_of_the_browser_are_known_by_name() {
        assert_eq!(browser_crate("gloo-timers v0.3.0"), Some("gloo-timers"));
        assert_eq!(browser_crate("web-sys v0.3.1 (*)"), Some("web-sys"));
        assert_eq!(browser_crate("serde v1.0.0"), None);
    }
}
