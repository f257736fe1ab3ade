//! Stories told without a mouse.
//!
//! Invariant: whatever has the focus shows it, and nothing traps it.

use kafkascope_browser_tests::Page;

#[test]
fn the_help_opens_keeps_the_focus_and_gives_it_back() {
    let page = Page::open("");
    page.eval("document.querySelector('.scenario').focus()");
    page.press("?");
    assert_eq!(page.count("[role=dialog]"), 1);
    assert_eq!(page.eval("return document.activeElement.closest('[role=dialog]') !== null"), true);
    for _ in 0..4 {
        page.press("Tab");
        assert_eq!(
            page.eval("return document.activeElement.closest('[role=dialog]') !== null"),
            true
        );
    }
    page.assert_sound();
    page.press("Escape");
    assert_eq!(page.count("[role=dialog]"), 0);
    assert_eq!(page.eval("return document.activeElement.className"), "scenario");
}

#[test]
fn a_scenario_is_chosen_by_keyboard() {
    let page = Page::open("");
    page.eval("document.querySelector('.scenario').focus()");
    page.press("Enter");
    page.wait_until(
        "the choices are there",
        "return document.querySelectorAll('.choice').length > 1",
    );
    page.assert_sound();
    page.press("Tab");
    page.press("Enter");
    page.wait_until(
        "another cluster is shown",
        "return !document.querySelector('.scenario b').textContent.includes('Ride-share')",
    );
    page.assert_sound();
}

#[test]
fn tab_reaches_everything_and_shows_where_it_is() {
    let page = Page::open("");
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..140 {
        page.press("Tab");
        let at = page.eval(
            "const at = document.activeElement;
             if (at === document.body) return '';
             const style = getComputedStyle(at);
             if (style.outlineStyle === 'none' || style.outlineWidth === '0px') return 'unseen ' + at.className;
             return at.className.split(' ')[0];",
        );
        let at = at.as_str().unwrap_or_default().to_string();
        assert!(!at.starts_with("unseen"), "the focus is {at}");
        seen.insert(at);
    }
    for wanted in ["card-title", "tape", "play", "thumb", "member"] {
        assert!(seen.contains(wanted), "{wanted} among {seen:?}");
    }
}
