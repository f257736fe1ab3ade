//! Stories of a cluster that keeps its metadata in ZooKeeper.
//!
//! Invariant: a controller is a broker there, and the page never speaks of a quorum.

use kafkascope_browser_tests::{Page, View};

const CROWNED: &str = "return [...document.querySelectorAll('section.broker')].filter((it) => it.textContent.includes('♛')).map((it) => it.dataset.node).join()";

#[test]
fn the_crown_goes_to_another_broker_once_the_session_is_over() {
    let page = Page::stopped(View::DESKTOP, "History", "00:00:41");
    assert_eq!(page.eval(CROWNED), "", "nobody knows yet that the controller is dead");
    assert!(page.text("section.broker[data-node='1']").contains("zookeeper.session.timeout.ms"));
    let page = Page::stopped(View::DESKTOP, "History", "00:01:02");
    assert_eq!(page.eval(CROWNED), "3");
    assert!(page.text("section.broker[data-node='1']").contains("its znode is gone"));
    page.screenshot("history-light");
    page.assert_sound();
}

#[test]
fn zookeeper_tells_its_znodes_by_keyboard_and_there_is_no_quorum_to_be_shown() {
    let page = Page::stopped(View::DESKTOP.dark(), "History", "00:01:02");
    page.walk_to("[data-node='100']");
    assert!(page.spoken(":focus").1.contains("keeps the metadata"), "{:?}", page.spoken(":focus"));
    page.press("Enter");
    page.wait_until("the inspector", "return document.querySelector('.inspector h2')");
    let told = page.text(".inspector");
    for part in ["/controller", "broker 3", "/controller_epoch", "/brokers/ids", "2, 3"] {
        assert!(told.contains(part), "{part} in:\n{told}");
    }
    page.screenshot("history-znodes-dark");
    page.assert_sound();
    page.press("q");
    assert!(page.text(".toast").contains("ZooKeeper"), "{}", page.text(".toast"));
    assert_eq!(page.count(".quorum"), 0);
}
