//! Stories of time: play, stop, step, scrub.
//!
//! Invariant: a moment looks the same however it was reached.

use kafkascope_browser_tests::Page;

const TOLD: &str =
    "return [...document.querySelectorAll('.sentence-text')].map((s) => s.textContent).join('\\n')";
const ENDS: &str = "return [...document.querySelectorAll('.tape')].map((t) => t.getAttribute('aria-label')).join('\\n')";

fn play_until(page: &Page, what: &str, script: &str) {
    page.press("Space");
    page.wait_until(what, script);
    page.press("Space");
    paused(page);
}

fn paused(page: &Page) {
    page.wait_until(
        "it stands still",
        "return document.querySelector('#clock-pace').textContent === 'paused'",
    );
}

#[test]
fn records_go_from_producer_to_log_to_consumer() {
    let page = Page::open("");
    let ends = page.eval(ENDS);
    page.press("Space");
    page.wait_until("a log grows", &format!("{ENDS} !== {ends}"));
    page.wait_until("a sentence tells of a delivery", &format!("{} .includes('gave')", TOLD));
    page.assert_sound();
}

#[test]
fn a_record_shows_its_life() {
    let page = Page::open("");
    page.click(".tape.is-leader .cell:nth-of-type(3)");
    let stages = page.text(".stages");
    for stage in ["send()", "appended", "replicated", "acknowledged", "delivered"] {
        assert!(stages.contains(stage), "{stage} in:\n{stages}");
    }
    page.assert_sound();
    page.press("Escape");
    assert_eq!(page.count(".stages"), 0);
}

#[test]
fn stepping_back_and_on_again_shows_the_same() {
    let page = Page::open("");
    for _ in 0..12 {
        page.press("ArrowRight");
    }
    let (told, ends, time) = (page.eval(TOLD), page.eval(ENDS), page.text("#clock-time"));
    // Some steps are told in no sentence, so it takes a few to see the narration change.
    for _ in 0..6 {
        page.press("ArrowLeft");
    }
    assert_ne!(page.eval(TOLD), told);
    for _ in 0..6 {
        page.press("ArrowRight");
    }
    assert_eq!(page.text("#clock-time"), time);
    assert_eq!(page.eval(ENDS), ends);
    assert_eq!(page.eval(TOLD), told);
}

#[test]
fn scrubbing_back_and_to_the_newest_moment_shows_the_same() {
    let page = Page::open("");
    play_until(
        &page,
        "two seconds pass",
        "return document.querySelector('#clock-time').textContent > '00:00:1'",
    );
    for _ in 0..20 {
        page.press("ArrowRight");
    }
    let (ends, time) = (page.eval(ENDS), page.text("#clock-time"));
    page.press("Home");
    assert_ne!(page.text("#clock-time"), time);
    page.press("End");
    assert_eq!(page.text("#clock-time"), time);
    assert_eq!(page.eval(ENDS), ends);
}

#[test]
fn the_pace_can_be_taken_over_and_given_back() {
    let page = Page::open("");
    page.click_button("Faster");
    assert_ne!(page.text(".pace b"), "auto");
    page.press("0");
    assert_eq!(page.text(".pace b"), "auto");
}
