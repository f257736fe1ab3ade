//! Where the focus is, and keeping it in a dialog.
//!
//! Invariant: only elements that can be seen get the focus.

use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent};

const FOCUSABLE: &str =
    "button:not(:disabled), input, select, textarea, a[href], [tabindex]:not([tabindex='-1'])";

/// The element with the focus.
pub fn current() -> Option<HtmlElement> {
    let document = web_sys::window()?.document()?;
    document.active_element()?.dyn_into().ok()
}

/// Whether nothing on the page has it.
pub fn is_lost() -> bool {
    current().is_none_or(|element| element.tag_name() == "BODY")
}

/// Focuses the marked element, or the first that can be.
pub fn first_within(element: &HtmlElement) {
    let marked = element.query_selector("[data-autofocus]").ok().flatten();
    let target = marked.and_then(|found| found.dyn_into().ok());
    if let Some(target) = target.or_else(|| all(element).into_iter().next()) {
        let _ = target.focus();
    }
}

/// Turns Tab around at the ends.
pub fn keep_within(element: &HtmlElement, event: &KeyboardEvent) {
    let all = all(element);
    let (Some(first), Some(last), Some(now)) = (all.first(), all.last(), current()) else { return };
    let (edge, other) = if event.shift_key() { (first, last) } else { (last, first) };
    if now == *edge {
        event.prevent_default();
        let _ = other.focus();
    }
}

fn all(element: &HtmlElement) -> Vec<HtmlElement> {
    let Ok(nodes) = element.query_selector_all(FOCUSABLE) else { return Vec::new() };
    (0..nodes.length()).filter_map(|index| nodes.item(index)?.dyn_into().ok()).collect()
}
