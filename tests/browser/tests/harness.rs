//! The harness itself: that it sees what it is there to see.
//!
//! A check that never fails proves nothing, so here is something wrong for each of them.
//!
//! Invariant: these stories change the page only in their own browser.

use kafkascope_browser_tests::Page;

#[test]
fn axe_finds_a_button_without_a_name() {
    let page = Page::open("");
    page.eval("document.querySelector('main').append(document.createElement('button'))");
    let rules: Vec<_> = page.axe().into_iter().map(|violation| violation.rule).collect();
    assert_eq!(rules, ["button-name"]);
}

#[test]
fn the_console_tells_errors_and_breaches_of_the_policy() {
    let page = Page::open("");
    page.eval("console.error('something broke')");
    page.eval(
        "const script = document.createElement('script');
         script.textContent = 'window.slipped = true';
         document.body.append(script);",
    );
    let errors = page.console_errors().join("\n");
    assert!(errors.contains("something broke"), "{errors}");
    assert!(errors.contains("Content Security Policy"), "{errors}");
    assert_eq!(page.eval("return window.slipped === undefined"), true);
}

#[test]
fn keys_and_clicks_arrive() {
    let page = Page::open("");
    page.eval(
        "const button = document.createElement('button');
         button.id = 'count';
         button.textContent = 'Count';
         Object.assign(button.style, { position: 'fixed', top: 0, left: 0, zIndex: 99 });
         button.onclick = () => button.dataset.clicks = Number(button.dataset.clicks ?? 0) + 1;
         window.onkeydown = (event) => button.dataset.key = event.key + event.shiftKey;
         document.querySelector('main').append(button);",
    );
    page.click_button("Count");
    page.press("Enter");
    assert_eq!(page.attribute("#count", "data-clicks").as_deref(), Some("2"));
    page.press("Shift+ArrowLeft");
    assert_eq!(page.attribute("#count", "data-key").as_deref(), Some("ArrowLefttrue"));
}
