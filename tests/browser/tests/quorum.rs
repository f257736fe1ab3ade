//! Stories of the controllers and their log.
//!
//! Invariant: whatever a mark shows its name says too.

use kafkascope_browser_tests::{Page, View};

/// A page of a scenario that has run until its clock shows so much, stopped, with its controllers shown.
fn controllers(view: View, scenario: &str, clock: &str) -> Page {
    let page = Page::stopped(view, scenario, clock);
    page.press("q");
    page.wait_until(
        "the log is there",
        "return document.querySelectorAll('.metadata tbody tr').length > 3",
    );
    page
}

#[test]
fn without_a_majority_the_log_stands_still_and_says_why() {
    let page = controllers(View::DESKTOP, "Two of three controllers", "00:00:24");
    assert!(page.text(".quorum").contains("Nobody leads"), "{}", page.text(".quorum"));
    assert!(page.text(".quorum").contains("Only 1 of 3 voters lives"));
    page.screenshot("quorum-lost-light");
    page.assert_sound();
    page.press("q");
    page.wait_until("the stage is back", "return !document.querySelector('.quorum')");
}

#[test]
fn a_voter_is_chosen_by_keyboard_and_every_record_is_told() {
    let page = controllers(View::DESKTOP.dark(), "Two of three controllers", "00:00:19");
    page.eval("document.querySelector('.voter').focus()");
    page.press("Enter");
    page.wait_until("it is chosen", "return document.querySelector('.voter.is-chosen')");
    let marks = page.eval("return [...document.querySelectorAll('.held')].every((mark) => mark.getAttribute('aria-label'))");
    assert_eq!(marks, true);
    assert!(page.text(".metadata").contains("orders-0: broker 1 leads epoch 0"));
    page.screenshot("quorum-dark");
    page.assert_sound();
    page.press("Escape");
    page.press("Escape");
    page.wait_until("the stage is back", "return !document.querySelector('.quorum')");
}

#[test]
fn the_log_fits_a_phone() {
    let page = controllers(View::PHONE, "Two of three controllers", "00:00:24");
    page.screenshot("quorum-phone");
    page.assert_sound();
}
