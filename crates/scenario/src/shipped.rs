//! The scenarios that come with Kafkascope.
//!
//! Invariant: every one of them loads, and runs with no refused command.

use std::collections::BTreeMap;

/// A scenario that comes with Kafkascope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shipped {
    /// Its file's name without the ending; it never changes, because links name it.
    pub id: &'static str,
    /// A few words.
    pub title: &'static str,
    /// Its text.
    pub toml: &'static str,
}

/// All of them; the first is the one a page opens with.
pub fn shipped() -> &'static [Shipped] {
    SHIPPED
}

/// The files that they name.
pub fn files() -> BTreeMap<String, Vec<u8>> {
    BTreeMap::new()
}

macro_rules! shipped {
    ($($id:literal, $title:literal;)*) => {
        &[$(Shipped {
            id: $id,
            title: $title,
            toml: include_str!(concat!("../../../scenarios/", $id, ".toml")),
        }),*]
    };
}

const SHIPPED: &[Shipped] = shipped! {
    "ride-share", "Ride share";
};
