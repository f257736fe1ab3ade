//! Stories of a group through time: ownership, its gaps, the rebalance request by request.
//!
//! Invariant: whatever the chart shows is said in words too.

use kafkascope_browser_tests::{Page, View};

/// A page whose first group has lived through one more member, stopped, and is shown through time.
fn rebalanced(view: View) -> Page {
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
    page.wait_until(
        "everyone reads again",
        "return document.querySelector('.chart-head').textContent.includes('Stable')",
    );
    page.press("Space");
    page
}

#[test]
fn a_rebalance_costs_an_area_that_is_seen_and_a_number() {
    let page = rebalanced(View::DESKTOP);
    assert!(page.text(".chart-price").contains("partition-seconds"));
    let spoken = page.attribute(".bar-own.is-gap", "aria-label").unwrap_or_default();
    assert!(spoken.contains("Nobody read"), "{spoken}");
    page.assert_sound();
}

#[test]
fn a_line_of_the_ladder_explains_itself_and_moves_the_clock() {
    let page = rebalanced(View::DESKTOP);
    let before = page.text("#clock");
    page.eval("document.querySelector('.ladder-line').focus()");
    page.press("Enter");
    assert_ne!(page.text("#clock"), before);
    assert!(!page.text(".ladder-told").is_empty());
    page.assert_sound();
    page.press("Escape");
    page.press("Escape");
    page.wait_until("the stage is back", "return !document.querySelector('.groups')");
}

/// A page on which a share group works on a partition that a consumer group reads too.
fn queue(view: View) -> Page {
    let page = Page::ready(view);
    page.choose("A queue beside a log");
    page.hurry();
    page.press("Space");
    page.press("g");
    page.wait_until("there are tabs", "return document.querySelectorAll('.group-tab').length > 2");
    page.eval("[...document.querySelectorAll('.group-tab')].find((it) => it.textContent === 'workers').click()");
    page.wait_until(
        "records are handed out, and some come again",
        "return document.querySelectorAll('.share-cell.is-acquired small').length > 4 && /\\d+ to come again/.test(document.querySelector('.share-queue').textContent)",
    );
    page.press("Space");
    page
}

#[test]
fn a_share_group_shows_each_partition_as_a_queue() {
    for (name, view) in [
        ("queue-light", View::DESKTOP),
        ("queue-dark", View::DESKTOP.dark()),
        ("queue-phone", View::PHONE),
    ] {
        let page = queue(view);
        page.screenshot(name);
        let spoken = page.attribute(".share-queue .share-cell.is-acquired", "aria-label");
        assert!(spoken.unwrap_or_default().contains("has it"));
        page.eval("document.querySelector('.share-queue .share-cell.is-acquired').focus()");
        page.press("Enter");
        page.wait_until("the record is selected", "return !!document.querySelector('.record')");
        page.assert_sound();
    }
}
