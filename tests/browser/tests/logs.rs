//! Stories of one log, closely: what lies in it, over it and under it.
//!
//! Invariant: whatever is drawn is said in words too.

use kafkascope_browser_tests::{Page, View};

/// A page of a scenario that has run until its clock shows so much, stopped, with its first log shown closely.
fn closely(view: View, scenario: &str, clock: &str) -> Page {
    let page = Page::stopped(view, scenario, clock);
    page.press("l");
    page.wait_until("the log is there", "return document.querySelectorAll('.log-line').length > 0");
    let stage =
        page.eval("return document.querySelector('.stage').clientWidth >= window.innerWidth");
    assert_eq!(stage, true, "the stage keeps its size behind the log");
    page
}

#[test]
fn a_transaction_is_an_arch_that_closes_on_its_marker() {
    let page = closely(View::DESKTOP, "Transactions, kept and broken", "00:00:25");
    page.wait_until("arches", "return document.querySelectorAll('.log-txn').length > 1");
    assert!(page.text(".log").contains("read_committed"));
    let marker = page.eval(
        "return [...document.querySelectorAll('.log-cell')].map(c => c.getAttribute('aria-label')).filter(t => t.includes('marker')).length",
    );
    assert!(marker.as_u64().unwrap_or(0) > 0, "{marker}");
    page.screenshot("logs-transactions-light");
    page.assert_sound();
    page.press("l");
    page.wait_until("the stage is back", "return !document.querySelector('.logs')");
}

#[test]
fn a_record_of_a_log_is_chosen_by_keyboard_and_tells_its_life() {
    let page = closely(View::DESKTOP.dark(), "Ride-share", "00:00:20");
    page.eval("document.querySelector('button.log-cell').focus()");
    page.press("Enter");
    page.wait_until(
        "its life",
        "return document.querySelectorAll('.groups-side .record').length > 0",
    );
    page.screenshot("logs-record-dark");
    page.assert_sound();
    page.press("Escape");
    page.press("Escape");
    page.wait_until("the stage is back", "return !document.querySelector('.logs')");
}

#[test]
fn another_replica_and_another_partition_are_a_key_away_on_a_phone() {
    let page = closely(View::PHONE, "Ride-share", "00:00:20");
    let before = page.text(".log .card-quiet");
    page.eval("document.querySelectorAll('.log .group-tab')[1].click()");
    page.wait_until(
        "another replica",
        &format!("return document.querySelector('.log .card-quiet').textContent !== {before:?}"),
    );
    page.screenshot("logs-phone");
    page.assert_sound();
}
