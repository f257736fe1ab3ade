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
        let page = Page::ready(view);
        let file = page.screenshot(name);
        assert!(file.metadata().expect("a picture").len() > 0);
        page.press("Space");
        wait(4_000);
        page.screenshot(&format!("{name}-playing"));
    }
}

#[test]
fn pictures_in_motion() {
    let page = Page::ready(View::DESKTOP);
    page.press("Space");
    for number in 1..=3 {
        wait(700);
        page.screenshot(&format!("motion-{number}"));
    }
    page.press("Space");
    page.click("[data-tape='trips-0'] .tape.is-leader .cell:nth-of-type(9)");
    page.screenshot("record");
    page.press("Space");
    wait(500);
    page.screenshot("record-playing");
}

#[test]
fn pictures_of_a_failover() {
    for (name, view) in [("failover-light", View::DESKTOP), ("failover-dark", View::DESKTOP.dark())]
    {
        let page = Page::ready(view);
        page.press("Space");
        wait(1_000);
        page.press("k");
        page.screenshot(&format!("{name}-killed"));
        page.wait_until(
            "a new leader has a higher epoch",
            "return [...document.querySelectorAll('.tab.is-leader')].some((tab) => /e[1-9]/.test(tab.textContent))",
        );
        page.screenshot(name);
        wait(1_500);
        page.screenshot(&format!("{name}-after"));
    }
}

#[test]
fn pictures_of_a_rebalance_and_dialogs() {
    let page = Page::ready(View::DESKTOP);
    page.press("Space");
    wait(1_000);
    page.press("a");
    wait(2_000);
    page.screenshot("rebalance");
    page.click("[data-node='1'] .card-title");
    page.screenshot("inspector");
    page.press("Shift+?");
    page.screenshot("help");
}

#[test]
fn pictures_of_a_group_through_time() {
    for (name, view) in SCREENS {
        let page = Page::ready(view);
        page.hurry();
        page.press("Space");
        page.wait_for_clock("00:00:08");
        page.press("a");
        page.press("g");
        page.wait_until(
            "a gap is seen",
            "return document.querySelectorAll('.bar-own.is-gap').length > 1",
        );
        wait(1_500);
        page.press("Space");
        page.screenshot(&format!("groups-{name}"));
        page.click(".bar-own.is-gap");
        page.screenshot(&format!("groups-{name}-why"));
    }
}

#[test]
fn pictures_of_four_ways_of_a_restart() {
    for (name, view) in [SCREENS[0], SCREENS[1], SCREENS[2]] {
        let page = restarted(view);
        page.screenshot(&format!("compare-{name}"));
        page.eval("[...document.querySelectorAll('.compare-row')].at(-1).click()");
        page.screenshot(&format!("compare-{name}-other"));
    }
}

#[test]
fn pictures_of_promises() {
    for (name, view) in [SCREENS[0], SCREENS[3]] {
        let page = Page::ready(view);
        page.press("Space");
        wait(2_000);
        page.press("Space");
        page.press("v");
        page.wait_until("the audit is done", "return document.querySelector('.modal, [role=dialog]').textContent.includes('up to the moment')");
        page.screenshot(&format!("audit-{name}"));
    }
}

/// Four groups of which each was restarted member by member, through time.
fn restarted(view: View) -> Page {
    let page = Page::stopped(view, "rolling restart", "00:02:40");
    page.press("g");
    page.eval("[...document.querySelectorAll('.group-tab')].at(-1).click()");
    page
}

/// Real time has to pass: what is wanted is whatever a person would see at that moment.
fn wait(ms: u64) {
    thread::sleep(Duration::from_millis(ms));
}
