//! The scenarios that come with Kafkascope, ready to be opened.
//!
//! Invariant: each of them loads; the scenario crate's tests say so.

use kafkascope_scenario::{Shipped as File, Tables, load};
use kafkascope_session::Script;
use kafkascope_view::view_model::Text;

/// A shipped scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Shipped {
    /// Its file's name.
    pub id: &'static str,
    /// Its title.
    pub title: &'static str,
    /// What it shows.
    pub about: Text,
    script: Result<Script, Text>,
}

impl Shipped {
    /// Its script, or why there is none.
    pub fn script(&self) -> Result<Script, Text> {
        self.script.clone()
    }

    fn read(file: &File) -> Self {
        let loaded = load(file.toml, &Tables::web());
        let about = loaded.as_ref().map_or("", |scenario| scenario.story.teaser.as_str()).into();
        let script = loaded.map(|scenario| scenario.script).map_err(|problems| {
            let lines: Vec<_> = problems.iter().map(ToString::to_string).collect();
            Text::from(lines.join("; "))
        });
        Self { id: file.id, title: file.title, about, script }
    }
}

/// All of them; the first opens.
pub fn shipped() -> Vec<Shipped> {
    kafkascope_scenario::shipped().iter().map(Shipped::read).collect()
}

/// The one with this file name.
pub fn named(id: &str) -> Option<Shipped> {
    let file = kafkascope_scenario::shipped().iter().find(|file| file.id == id)?;
    Some(Shipped::read(file))
}
