//! Light or dark: the system's wish, unless the viewer chose.
//!
//! Invariant: the choice lasts as long as the page; nothing is stored.

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

const DARK: &str = "(prefers-color-scheme: dark)";
const STILL: &str = "(prefers-reduced-motion: reduce)";

/// Whether less motion is wished for.
pub fn is_still() -> bool {
    asks(STILL)
}

/// The other theme from now on.
pub fn toggle() {
    let root = web_sys::window().and_then(|w| w.document()).and_then(|d| d.document_element());
    let Some(root) = root else { return };
    let dark = root.get_attribute("data-theme").map_or_else(|| asks(DARK), |now| now == "dark");
    let _ = root.set_attribute("data-theme", if dark { "light" } else { "dark" });
}

/// Calls back whenever the system's wishes change, as long as the page lives.
pub fn on_change(call: impl Fn() + Clone + 'static) {
    for query in [DARK, STILL] {
        let list = web_sys::window().and_then(|window| window.match_media(query).ok().flatten());
        let Some(list) = list else { continue };
        let call = call.clone();
        let closure = Closure::<dyn Fn()>::new(call);
        let _ = list.add_event_listener_with_callback("change", closure.as_ref().unchecked_ref());
        closure.forget();
    }
}

fn asks(query: &str) -> bool {
    let list = web_sys::window().and_then(|window| window.match_media(query).ok().flatten());
    list.is_some_and(|list| list.matches())
}
