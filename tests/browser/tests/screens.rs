//! Pictures of the page on the screens it is made for.
//!
//! They are for people to look at, in `target/screens/`; `cargo xtask screens` takes only these. A
//! picture in the middle of a motion shows what stills hide.
//!
//! Invariant: each picture is taken on a page that has started and shows its fonts.

use std::thread;
use std::time::Duration;

use kafkascope_browser_tests::{Page, View};

const SCREENS: [(&str, View); 4] = [
    ("desktop-light", View::DESKTOP),
    ("desktop-dark", View::DESKTOP.dark()),
    ("phone-light", View::PHONE),
    ("phone-dark", View::PHONE.dark()),
];

#[test]
fn pictures_on_every_screen() {
    for (name, view) in SCREENS {
        let page = Page::open_in(view, "");
        page.wait_until("the fonts are there", "return document.fonts.status === 'loaded'");
        let file = page.screenshot(name);
        assert!(file.metadata().expect("a picture").len() > 0);
    }
}

#[test]
fn pictures_in_motion() {
    let page = Page::open("");
    for number in 1..=3 {
        // Real time has to pass: what is wanted is whatever a person would see at that moment.
        thread::sleep(Duration::from_millis(700));
        page.screenshot(&format!("motion-{number}"));
    }
}
