//! The focus of a view that covers the stage.
//!
//! What the stage shows cannot have the focus behind it. Invariant: such a view has the focus when it opens, and when it closes
//! the focus is where it was, unless it has gone elsewhere by then.

use crate::platform::focus;
use gloo::timers::callback::Timeout;
use web_sys::HtmlElement;
use yew::prelude::*;

/// The reference for the view's own element.
#[hook]
pub fn use_cover() -> NodeRef {
    let view = use_node_ref();
    use_effect_with((), {
        let view = view.clone();
        move |()| {
            let before = focus::current();
            if let Some(element) = view.cast::<HtmlElement>() {
                let _ = element.focus();
            }
            // The stage takes a focus again only once it is shown again.
            move || {
                Timeout::new(0, move || give_back(before)).forget();
            }
        }
    });
    view
}

fn give_back(before: Option<HtmlElement>) {
    if let Some(element) = before.filter(|_| focus::is_lost()) {
        let _ = element.focus();
    }
}
