//! Stories of groups side by side: what the same restart costs each of them, and how an application commits.
//!
//! Invariant: everything here is done by keyboard, and said in words.

use kafkascope_browser_tests::{Page, View};

const CARD: &str = "section.group .card-title";
const CHOSEN: &str = "return document.querySelector('.group-tab.is-chosen').textContent";
const STAGE: &str = "return !document.querySelector('.groups')";

/// Four groups of which each was restarted member by member, through time; the focus was on a group's card.
fn restarted(view: View) -> Page {
    let page = Page::stopped(view, "rolling restart", "00:02:40");
    page.walk_to(CARD);
    page.press("g");
    page.wait_until(
        "four groups are compared",
        "return document.querySelectorAll('.compare-row').length === 4",
    );
    page
}

/// The groups, in the order of their rows.
fn groups(page: &Page) -> Vec<String> {
    let names = page.eval(
        "return [...document.querySelectorAll('.compare-name b')].map((it) => it.textContent)",
    );
    let names: Vec<_> = names.as_array().cloned().unwrap_or_default();
    names.iter().map(|name| name.as_str().unwrap_or_default().to_string()).collect()
}

/// What a row says its group paid, in partition-seconds.
fn price(page: &Page, group: &str) -> f64 {
    let script = format!(
        "const row = [...document.querySelectorAll('.compare-row')].find((row) => row.querySelector('b').textContent === '{group}');
         return row.querySelector('.compare-price b').textContent"
    );
    let text = page.eval(&script);
    let text = text.as_str().unwrap_or_default();
    text.trim_end_matches(|it: char| !it.is_ascii_digit())
        .parse()
        .unwrap_or_else(|_| panic!("{text:?}"))
}

/// Escape leaves the view, and the focus is where it was before.
fn back_on_the_card(page: &Page) {
    page.press("Escape");
    page.wait_until("the stage is back", STAGE);
    let focused = format!("return document.activeElement.matches({CARD:?})");
    page.wait_until("the focus is back", &focused);
}

#[test]
fn the_price_of_a_rolling_restart_is_compared_by_keyboard_and_the_focus_comes_back() {
    let page = restarted(View::DESKTOP);
    assert_eq!(page.spoken(":focus"), ("region".into(), "A group through time".into()));
    page.walk_to(".compare-row");
    for group in groups(&page) {
        assert_eq!(page.spoken(":focus").0, "button");
        let name = page.spoken(":focus").1;
        assert!(name.starts_with(&format!("{group} ")), "its name comes first: {name}");
        assert!(name.contains("partition-seconds"), "a number needs its unit: {name}");
        page.press("Enter");
        page.wait_until("it is chosen", &format!("{CHOSEN} === '{group}'"));
        assert_eq!(
            page.attribute(".compare-row.is-chosen", "aria-pressed").as_deref(),
            Some("true")
        );
        assert_eq!(
            page.eval("return document.activeElement.className.includes('is-chosen')"),
            true
        );
        page.press("Tab");
    }
    assert!(price(&page, "eager") > price(&page, "static"), "eager stops everyone");
    page.screenshot("compare-keyboard");
    page.assert_sound();
    back_on_the_card(&page);
}

#[test]
fn the_four_rows_fit_a_phone() {
    let page = restarted(View::PHONE);
    assert_eq!(page.eval("return document.documentElement.scrollWidth <= innerWidth"), true);
    page.assert_sound();
}

#[test]
fn how_an_application_commits_is_chosen_by_keyboard() {
    let page = Page::ready(View::DESKTOP);
    page.hurry_to("00:00:08");
    page.walk_to(CARD);
    page.press("g");
    page.walk_to(".groups-commits select");
    assert_eq!(page.spoken(":focus"), ("combobox".into(), "Commits".into()));
    let now = "return document.querySelector('.groups-commits select').value";
    assert_eq!(page.eval(now), "as configured");
    page.press("ArrowDown");
    page.wait_until("it is taken", &format!("{now} === 'commitSync per batch'"));
    page.assert_sound();
    back_on_the_card(&page);
    page.press("g");
    page.wait_until(
        "it is remembered",
        &format!("return (() => {{ {now} }})() === 'commitSync per batch'"),
    );
}
