//! The first stories: somebody opens the page.
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
fn it_opens_on_the_ride_share_cluster_paused_and_invites_to_play() {
    let page = Page::open("");
    assert!(page.text(".scenario").contains("Ride-share"));
    assert_eq!(page.text("#clock-pace"), "paused");
    assert_eq!(page.count(".play.is-inviting[aria-label=Play]"), 1);
    assert_eq!(page.count("section.broker"), 3);
    assert!(page.count("section.producer") >= 1 && page.count("section.group") >= 2);
    let leaders =
        "return document.querySelectorAll(\"[data-tape^='trips-'] .tape.is-leader\").length";
    assert_eq!(page.eval(leaders), 3);
}

#[test]
fn while_it_is_paused_nothing_runs() {
    let page = Page::open("");
    page.eval(
        "window.frames_asked = 0;
         const ask = window.requestAnimationFrame.bind(window);
         window.requestAnimationFrame = (call) => { window.frames_asked += 1; return ask(call); };",
    );
    let clock = page.text("#clock-time");
    page.eval_later("setTimeout(arguments[0], 600)");
    assert_eq!(page.eval("return window.frames_asked"), 0);
    assert_eq!(page.text("#clock-time"), clock);
    page.press("Space");
    page.wait_until("frames are asked for", "return window.frames_asked > 5");
    page.press("Space");
    page.wait_until(
        "it stands still",
        "return document.querySelector('#clock-pace').textContent === 'paused'",
    );
    page.eval("window.frames_asked = 0");
    page.eval_later("setTimeout(arguments[0], 600)");
    assert_eq!(page.eval("return window.frames_asked"), 0);
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
fn no_screen_is_too_narrow_or_shuts_anybody_out() {
    for width in [1440, 1024, 390, 320] {
        for dark in [false, true] {
            let page = Page::open_in(View { width, height: 844, dark, still: false }, "");
            assert_eq!(
                page.eval("return document.documentElement.scrollWidth <= innerWidth"),
                true,
                "{width}"
            );
            page.assert_sound();
        }
    }
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
