//! Stories of what a viewer does to the cluster: kill, restart, add, remove, cut.
//!
//! Invariant: each is one keystroke or one click, and explained as it happens.

use kafkascope_browser_tests::Page;

const TOLD: &str =
    "return [...document.querySelectorAll('.sentence-text')].map((s) => s.textContent).join('\\n')";

fn count_of(page: &Page, label: &str) -> String {
    let script = format!(
        "const rows = [...document.querySelectorAll('.counts dl div')];
         return rows.find((row) => row.querySelector('dt').textContent === '{label}')?.querySelector('dd').textContent ?? ''"
    );
    page.eval(&script).as_str().unwrap_or_default().to_string()
}

#[test]
fn the_leader_of_trips_0_dies_and_nothing_acknowledged_is_lost() {
    let page = Page::open("");
    let leader = "return document.querySelector(\"[data-tape='trips-0'] .tape.is-leader\").closest('section').dataset.node";
    let before = page.eval(leader);
    page.press("k");
    let dead = format!("section.broker.is-down[data-node='{}']", before.as_str().unwrap());
    assert_eq!(page.count(&dead), 1);
    page.press("Space");
    page.wait_until(
        "a new leader has a higher epoch",
        "const tab = document.querySelector(\"[data-tape='trips-0'] .tab.is-leader\");
         return tab && /e[1-9]/.test(tab.textContent)",
    );
    assert_ne!(page.eval(leader), before);
    assert!(page.text(&format!("{dead} .badge.tone-bad")).contains("fenced"));
    let told = page.eval(TOLD).to_string();
    assert!(told.contains("trips-0"), "{told}");
    page.press("Space");
    assert_eq!(count_of(&page, "acknowledged and lost"), "0");
    page.assert_sound();
}

#[test]
fn a_killed_broker_starts_again_and_comes_back_into_the_isr() {
    let page = Page::open("");
    page.click("section.broker .card-title");
    page.press("k");
    page.press("s");
    page.press("Space");
    page.wait_until(
        "nobody is down",
        "return document.querySelectorAll('section.broker.is-down').length === 0",
    );
}

#[test]
fn a_consumer_comes_and_goes_and_both_rebalance() {
    let page = Page::open("");
    let members = page.count(".group .member");
    page.press("a");
    page.press("Space");
    page.wait_until(
        "the group rebalances with one member more",
        &format!(
            "return document.querySelectorAll('.group .member').length === {} &&
                  document.querySelectorAll('.mark').length > 0",
            members + 1
        ),
    );
    page.wait_until("it is stable again", "return [...document.querySelectorAll('.group .badge')].every((b) => b.textContent === 'Stable')");
    page.press("r");
    page.wait_until(
        "one is gone",
        &format!("return document.querySelectorAll('.group .member').length === {members}"),
    );
    page.press("Space");
    page.assert_sound();
}

#[test]
fn everything_on_the_stage_can_be_inspected_by_keyboard() {
    let page = Page::open("");
    for css in [
        "section.broker .card-title",
        "section.producer .card-title",
        "section.group .card-title",
        ".member",
        ".chip",
        ".tape",
    ] {
        page.eval(&format!("document.querySelector(\"{css}\").focus()"));
        page.press("Enter");
        page.wait_until("the inspector opens", "return document.querySelector('.inspector h2')");
        assert!(page.count(".inspector .action") > 0, "{css} offers nothing");
        page.press("Escape");
    }
}

#[test]
fn what_cannot_be_done_says_why() {
    let page = Page::open("");
    page.click("section.broker .card-title");
    page.press("s");
    assert!(page.text(".toast").contains("process"), "{}", page.text(".toast"));
}

#[test]
fn editing_the_past_keeps_the_old_future() {
    let page = Page::open("");
    page.hurry_to("00:00:50");
    page.press("Home");
    page.wait_until(
        "the past is shown",
        "return document.querySelector('#clock-time').textContent < '00:00:50'",
    );
    page.press("k");
    page.wait_until(
        "the old future is kept",
        "return document.querySelectorAll('.left-future').length === 1",
    );
}
