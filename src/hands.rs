//! What the viewer does anywhere on the page: keys, drops, resizing, the system's wishes.
//!
//! Invariant: listeners live exactly as long as the page's root.

use crate::keys;
use crate::platform::size::SizeWatch;
use crate::platform::{files, theme};
use crate::wish::{Ask, Wish};
use gloo::events::{EventListener, EventListenerOptions};
use std::cell::Cell;
use std::rc::Rc;
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
    // Whether the focus is where it is because the viewer went there by keyboard.
    let walked = Rc::new(Cell::new(true));
    let options = EventListenerOptions::enable_prevent_default;
    let keydown = {
        let (ask, walked) = (ask.clone(), walked.clone());
        EventListener::new_with_options(window, "keydown", options(), move |event| {
            let event: &KeyboardEvent = event.unchecked_ref();
            walked.set(walked.get() || event.key() == "Tab");
            on_key(&ask, event, walked.get());
        })
    };
    let on_release = {
        let walked = walked.clone();
        EventListener::new_with_options(window, "keyup", options(), move |event| {
            let key: &KeyboardEvent = event.unchecked_ref();
            if key.key() == " " && !walked.get() && !keys::is_typing(key) {
                event.prevent_default();
            }
        })
    };
    let pointer = EventListener::new(window, "pointerdown", move |_| walked.set(false));
    vec![
        keydown,
        on_release,
        pointer,
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

fn on_key(ask: &Ask, event: &KeyboardEvent, walked: bool) {
    if event.default_prevented() {
        return;
    }
    if let Some(wish) = keys::wish(event, walked) {
        event.prevent_default();
        ask.emit(wish);
    }
}
