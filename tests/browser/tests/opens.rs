//! The first story: somebody opens the page.
//!
//! Invariant: whatever else the page can do, it opens without an error, for everybody.

use kafkascope_browser_tests::{Page, View};

#[test]
fn the_page_opens_and_says_what_it_is() {
    let page = Page::open("");
    assert!(page.title().contains("Kafkascope"), "the title is '{}'", page.title());
    assert_eq!(page.count("h1"), 1);
    assert!(page.text("h1").contains("Kafkascope"));
    page.assert_sound();
}

#[test]
fn it_opens_on_a_phone_in_the_dark() {
    let page = Page::open_in(View::PHONE.dark().still(), "");
    assert_eq!(page.eval("return innerWidth"), 390);
    assert_eq!(page.eval("return matchMedia('(prefers-color-scheme: dark)').matches"), true);
    assert_eq!(page.eval("return matchMedia('(prefers-reduced-motion: reduce)').matches"), true);
    page.assert_sound();
}

#[test]
fn its_policy_admits_no_inline_script() {
    let page = Page::open("");
    let policy =
        "return document.querySelector('meta[http-equiv=Content-Security-Policy]').content";
    let policy = page.eval(policy);
    let policy = policy.as_str().expect("a policy");
    let scripts = policy.split("; ").find(|part| part.starts_with("script-src "));
    assert_eq!(scripts, Some("script-src 'self' 'wasm-unsafe-eval'"));
    assert_eq!(page.count("[nonce]"), 0);
}
