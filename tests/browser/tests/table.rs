//! Stories of a table that is dropped on the page.
//!
//! Invariant: rows are shown before they are sent, and a row that cannot be sent is told with its line.

use kafkascope_browser_tests::Page;

/// Drops a file with this content on the page, as a hand would.
fn drop(page: &Page, name: &str, content: &str) {
    let script = format!(
        "const data = new DataTransfer();
         data.items.add(new File([{content:?}], {name:?}, {{ type: 'text/csv' }}));
         for (const kind of ['dragover', 'drop'])
           window.dispatchEvent(new DragEvent(kind, {{ dataTransfer: data, bubbles: true, cancelable: true }}));
         return true"
    );
    page.eval(&script);
}

#[test]
fn a_dropped_table_shows_where_its_keys_go_and_is_sent() {
    let page = Page::open("");
    drop(&page, "fares.csv", "rider,fare\nAlice,12\nBob,7\nAlice,30\n");
    page.wait_until(
        "the preview is there",
        "return !!document.querySelector('[role=dialog] table')",
    );
    let preview = page.text("[role=dialog]");
    for part in ["rider", "fare", "Alice", "trips-"] {
        assert!(preview.contains(part), "{part} in:\n{preview}");
    }
    page.assert_sound();
    page.click_button("Send 3 rows");
    assert_eq!(page.count("[role=dialog]"), 0);
    assert!(page.text("main").contains("fares"), "an application of its own sends the rows");
    page.assert_sound();
}

#[test]
fn a_bad_row_is_told_with_its_line_and_left_out_only_when_told_so() {
    let page = Page::open("");
    drop(&page, "fares.csv", "rider,fare\nAlice,12\nBob,7,8,9\nDana,3\n");
    page.wait_until(
        "the preview is there",
        "return !!document.querySelector('[role=dialog] table')",
    );
    assert!(page.text("[role=dialog]").contains("line 3"));
    let blocked = "return document.querySelector('[role=dialog] .action.is-main').disabled";
    assert_eq!(page.eval(blocked), true);
    page.click("[role=dialog] input[type=checkbox]");
    page.wait_until("it may be sent", &blocked.replace("return ", "return !"));
    page.click_button("Send 2 rows");
    page.assert_sound();
}

#[test]
fn what_is_no_table_is_refused_in_a_sentence() {
    let page = Page::open("");
    drop(&page, "holiday.jpg", "not a table");
    page.wait_until(
        "it says so",
        "return (document.querySelector('.toast') ?? {}).textContent?.includes('.csv') === true",
    );
    assert_eq!(page.count("[role=dialog]"), 0);
    page.assert_sound();
}
