//! A dialog that covers the page and keeps the focus.
//!
//! Invariant: while it is open the focus stays inside, Escape closes it, and the focus returns to where it was.

use crate::platform::focus;
use crate::widgets::{Icon, IconName};
use crate::wish::{Ask, Wish};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;
use yew::prelude::*;

/// Properties of [`Modal`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct ModalProps {
    /// What it is called.
    pub title: AttrValue,
    /// Where wishes go.
    pub ask: Ask,
    /// What is in it.
    pub children: Html,
}

/// A modal dialog.
#[component]
pub fn Modal(props: &ModalProps) -> Html {
    let inside = use_node_ref();
    use_effect_with((), {
        let inside = inside.clone();
        move |()| {
            let before = focus::current();
            if let Some(element) = inside.cast::<HtmlElement>() {
                focus::first_within(&element);
            }
            move || {
                if let Some(element) = before {
                    let _ = element.focus();
                }
            }
        }
    });
    let onkeydown = {
        let (inside, ask) = (inside.clone(), props.ask.clone());
        move |event: KeyboardEvent| match event.key().as_str() {
            "Escape" => {
                event.prevent_default();
                event.stop_propagation();
                ask.emit(Wish::Close);
            }
            "Tab" => {
                if let Some(element) = inside.cast::<HtmlElement>() {
                    focus::keep_within(&element, &event);
                }
            }
            _ => event.stop_propagation(),
        }
    };
    let close = props.ask.reform(|_: MouseEvent| Wish::Close);
    let onclick = {
        let ask = props.ask.clone();
        move |event: MouseEvent| {
            let target = event.target().and_then(|target| target.dyn_into::<HtmlElement>().ok());
            if target.is_some_and(|target| target.class_name() == "veil") {
                ask.emit(Wish::Close);
            }
        }
    };
    html! {
        <div class="veil" {onclick}>
            <div class="dialog" role="dialog" aria-modal="true" aria-labelledby="dialog-title" ref={inside} {onkeydown}>
                <div class="dialog-head">
                    <h2 id="dialog-title">{ &props.title }</h2>
                    <button class="icon-button" aria-label="Close" onclick={close}><Icon name={IconName::Close} /></button>
                </div>
                { props.children.clone() }
            </div>
        </div>
    }
}
