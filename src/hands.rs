//! What the viewer does anywhere on the page: keys, drops, resizing, the system's wishes.
//!
//! Invariant: listeners live exactly as long as the page's root.

use crate::keys;
use crate::platform::size::SizeWatch;
use crate::platform::{files, theme};
use crate::wish::{Ask, Wish};
use gloo::events::{EventListener, EventListenerOptions};
use wasm_bindgen::JsCast;
use web_sys::{DragEvent, Element, Event, EventTarget, KeyboardEvent};

/// The listeners.
pub struct Hands {
    _size: Option<SizeWatch>,
    _listeners: Vec<EventListener>,
}

impl Hands {
    /// Begins to listen; the frame's size becomes the stage's.
    pub fn new(ask: &Ask, frame: Option<Element>) -> Self {
        let size = ask.clone();
        let resize = move |width, height| size.emit(Wish::Resize(width, height));
        let media = ask.clone();
        theme::on_change(move || media.emit(Wish::MediaChanged));
        let listeners = web_sys::window().map(|window| listen(window.unchecked_ref(), ask));
        Self {
            _size: frame.and_then(|frame| SizeWatch::new(&frame, resize)),
            _listeners: listeners.unwrap_or_default(),
        }
    }
}

fn listen(window: &EventTarget, ask: &Ask) -> Vec<EventListener> {
    let on = |name: &'static str, act: fn(&Ask, &Event)| {
        let ask = ask.clone();
        let options = EventListenerOptions::enable_prevent_default();
        EventListener::new_with_options(window, name, options, move |event| act(&ask, event))
    };
    vec![
        on("keydown", on_key),
        on("dragover", |ask, event| {
            event.prevent_default();
            ask.emit(Wish::Dropping(true));
        }),
        on("dragleave", |ask, event| {
            let event: &DragEvent = event.unchecked_ref();
            if event.related_target().is_none() {
                ask.emit(Wish::Dropping(false));
            }
        }),
        on("drop", |ask, event| {
            event.prevent_default();
            ask.emit(Wish::Dropping(false));
            if let Some(file) = files::dropped(event.unchecked_ref()) {
                files::read(&file, ask.clone());
            }
        }),
    ]
}

fn on_key(ask: &Ask, event: &Event) {
    if event.default_prevented() {
        return;
    }
    let event: &KeyboardEvent = event.unchecked_ref();
    if let Some(wish) = keys::wish(event) {
        event.prevent_default();
        ask.emit(wish);
    }
}
