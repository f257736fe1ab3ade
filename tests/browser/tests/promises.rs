//! Stories of the auditor's dialog: every promise with its condition, and what came of it.
//!
//! Invariant: everything here is done by keyboard, and a state is said in words.

use kafkascope_browser_tests::{Page, View};

const BUTTON: &str = "nav.bar-side button[aria-haspopup]";
const DONE: &str = "return document.querySelector('[role=dialog] [role=status]').textContent.includes('Audited up to')";

/// The page with the dialog of promises, opened by its key, once everything is audited.
fn audited(page: &Page) {
    page.press("v");
    page.wait_until("the audit is done", DONE);
}

/// The states of all promises, in order.
fn states(page: &Page) -> Vec<String> {
    let all = page.eval(
        "return [...document.querySelectorAll('.promise-state')].map((it) => it.textContent)",
    );
    let all = all.as_array().cloned().unwrap_or_default();
    all.iter().map(|state| state.as_str().unwrap_or_default().to_string()).collect()
}

#[test]
fn the_promises_are_opened_by_their_button_and_escape_gives_the_focus_back() {
    let page = Page::ready(View::DESKTOP);
    page.walk_to(BUTTON);
    assert_eq!(page.spoken(":focus"), ("button".into(), "Promises".into()));
    page.press("Enter");
    page.wait_until("the audit is done", DONE);
    let title = "What Kafka promises, and whether it held";
    assert_eq!(page.spoken("[role=dialog]"), ("dialog".into(), title.into()));
    assert_eq!(page.spoken(".promises"), ("list".into(), "Promises".into()));
    let inside = "return document.activeElement.closest('[role=dialog]') !== null";
    for _ in 0..4 {
        assert_eq!(page.eval(inside), true);
        page.press("Tab");
    }
    page.assert_sound();
    page.press("Escape");
    page.wait_until("it is closed", "return !document.querySelector('[role=dialog]')");
    assert_eq!(page.spoken(":focus"), ("button".into(), "Promises".into()));
}

#[test]
fn every_promise_has_a_sentence_a_condition_and_a_state_that_the_summary_counts() {
    let page = Page::stopped(View::DESKTOP, "Ride-share", "00:00:20");
    audited(&page);
    let states = states(&page);
    assert!(states.len() > 30, "{}", states.len());
    let whole = page.eval(
        "return [...document.querySelectorAll('.promises li')].every((it) =>
           it.querySelector('b').textContent && it.querySelector('.promise-what').firstChild.textContent.trim().length > 10
           && it.querySelector('small').textContent)",
    );
    assert_eq!(whole, true);
    let count = |begins: &str| states.iter().filter(|state| state.starts_with(begins)).count();
    let (held, excused, unseen) = (count("held "), count("did not hold"), count("no occasion"));
    assert_eq!(held + excused + unseen, states.len(), "none was broken: {states:?}");
    let summary = page.text("[role=dialog] [role=status]");
    let told = format!(
        "{held} held, {excused} did not hold and need not, {unseen} had no occasion yet; none was broken."
    );
    assert!(summary.starts_with(&told), "{summary}");
}

#[test]
fn what_did_not_hold_says_why_not_and_leads_to_its_moment() {
    let page = Page::stopped(View::DESKTOP, "What disks do", "00:01:50");
    let before = page.text("#clock-time");
    audited(&page);
    let states = states(&page);
    assert!(states[0].starts_with("did not hold: "), "the most pressing first: {states:?}");
    page.screenshot("promises-excused");
    page.assert_sound();
    page.walk_to(".promise-found");
    let (role, name) = page.spoken(":focus");
    assert_eq!(role, "button");
    page.press("Enter");
    page.wait_until("the dialog gives way", "return !document.querySelector('[role=dialog]')");
    let there = page.text("#clock-time");
    assert!(there < before, "{there} is before {before}");
    let (seconds, _) = name.split_once(' ').expect("a moment and a sentence");
    let (_, thousandths) = seconds.split_once('.').expect("to the millisecond");
    assert!(there.contains(&format!(".{thousandths}")), "{there} is the moment of '{name}'");
    audited(&page);
    let status = page.text("[role=dialog] [role=status]");
    assert!(!status.contains(" 0 did not hold"), "the audit is of this moment: {status}");
}

#[test]
fn the_promises_fit_a_phone_in_the_dark() {
    let page = Page::ready(View::PHONE.dark());
    audited(&page);
    assert_eq!(page.eval("return document.documentElement.scrollWidth <= innerWidth"), true);
    page.screenshot("promises-phone");
    page.assert_sound();
}
