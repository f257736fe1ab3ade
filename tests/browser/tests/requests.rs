//! Stories of single requests: what is under way, what one says both ways, and what becomes of the run when one is lost.
//!
//! Invariant: everything here is done by keyboard.

use kafkascope_browser_tests::{Page, View};

const SCREENS: [(&str, View); 4] = [
    ("desktop-light", View::DESKTOP),
    ("desktop-dark", View::DESKTOP.dark()),
    ("phone-light", View::PHONE),
    ("small-dark", View { width: 320, height: 640, ..View::DESKTOP.dark() }),
];

const FIRST: &str = "return document.querySelector('.way-row b')?.textContent ?? ''";

/// A page on which time stands still while a batch is on its way, with the list of what is under way.
fn producing(view: View) -> Page {
    let page = Page::ready(view);
    page.press("m");
    for _ in 0..60 {
        if page.eval(FIRST) == "PRODUCE" {
            return page;
        }
        page.press("ArrowRight");
    }
    panic!("the applications of the first scenario send");
}

/// The batch's request, opened.
fn opened(view: View) -> Page {
    let page = producing(view);
    page.eval("document.querySelector('.way-row').focus()");
    page.press("Enter");
    page.wait_until("the request is shown", "return document.querySelector('.request')");
    page
}

fn field(page: &Page, name: &str) -> String {
    let script = format!(
        "const rows = [...document.querySelectorAll('.wire-fields div')];
         return rows.find((row) => row.querySelector('dt').textContent === '{name}')?.querySelector('dd').textContent ?? ''"
    );
    page.eval(&script).as_str().unwrap_or_default().to_string()
}

#[test]
fn a_request_in_flight_is_read_field_by_field_with_the_keyboard() {
    let page = opened(View::DESKTOP);
    assert_eq!(field(&page, "requestApiKey"), "0 PRODUCE");
    assert_eq!(field(&page, "requestApiVersion"), "13");
    assert_eq!(field(&page, "acks"), "-1");
    assert!(page.text(".message:last-of-type").contains("Not yet"));
    page.assert_sound();
    page.press("Escape");
    assert!(page.count(".way-row") > 0);
    page.press("Escape");
    assert_eq!(page.count(".under-way"), 0);
}

#[test]
fn a_lost_request_is_told_in_a_sentence_and_sent_again() {
    let page = opened(View::DESKTOP);
    page.click_button("Lose it");
    assert!(page.text(".narration").contains("A message was lost"), "{}", page.text(".narration"));
    assert!(page.text(".request-steps").contains("lost on its way"));
    assert_eq!(field(&page, "requestApiKey"), "0 PRODUCE");
    page.assert_sound();
}

#[test]
fn what_has_arrived_is_lost_by_going_back_and_the_old_future_is_kept() {
    let page = opened(View::DESKTOP);
    let sent = page.text("#clock");
    for _ in 0..12 {
        page.press("ArrowRight");
    }
    page.wait_until(
        "the answer is shown too",
        "return document.querySelectorAll('.wire-fields').length === 2",
    );
    page.click_button("lose it");
    assert!(page.text("#clock") <= sent, "back to when it left");
    assert!(page.text(".request-steps").contains("lost on its way"));
    assert_eq!(page.count(".left-future"), 1);
    page.assert_sound();
}

#[test]
fn pictures_of_a_request() {
    for (name, view) in SCREENS {
        let page = producing(view);
        page.screenshot(&format!("under-way-{name}"));
        page.eval("document.querySelector('.way-row').click()");
        page.screenshot(&format!("request-{name}"));
        for _ in 0..12 {
            page.press("ArrowRight");
        }
        page.screenshot(&format!("request-{name}-answered"));
    }
}
