//! The scenarios that come with Kafkascope.
//!
//! Invariant: every one of them loads, and runs with no refused command.

use kafkascope_kernel::FlatMap;

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
pub fn files() -> FlatMap<String, Vec<u8>> {
    let rides = include_bytes!("../../../scenarios/data/rides.csv").to_vec();
    FlatMap::from([("data/rides.csv".to_string(), rides)])
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
    "ride-share", "Ride-share";
    "quickstart", "Quickstart";
    "payments", "Payments";
    "sandwich-deli", "Sandwich deli";
    "sign-ups", "Website sign-ups";
    "iot-sensors", "IoT sensors";
    "table-of-rides", "A table of rides";
    "misconceptions/m23-what-a-restart-stops", "What a rolling restart stops";
};
