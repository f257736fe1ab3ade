//! Files that are dropped on the page or chosen.
//!
//! Invariant: a file is read only up to a limit; what it holds never leaves the page.

use crate::wish::{Ask, Wish};
use kafkascope_view::words;
use std::rc::Rc;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{DragEvent, File};

/// The most bytes that are read.
const LIMIT: f64 = 16.0 * 1024.0 * 1024.0;

/// Reads a file and asks the page to show it.
pub fn read(file: &File, ask: Ask) {
    if file.size() > LIMIT {
        let text = format!(
            "{} is larger than {} MB; please drop a smaller part of it.",
            file.name(),
            words::grouped((LIMIT / 1024.0 / 1024.0) as u64)
        );
        ask.emit(Wish::Say(text.into()));
        return;
    }
    let name = file.name();
    let content = file.text();
    spawn_local(async move {
        let text = JsFuture::from(content).await.ok().and_then(|text| text.as_string());
        match text {
            Some(text) => ask.emit(Wish::File(Rc::new((name, text)))),
            None => ask.emit(Wish::Say(format!("{name} could not be read as text.").into())),
        }
    });
}

/// The first file of a drop.
pub fn dropped(event: &DragEvent) -> Option<File> {
    event.data_transfer()?.files()?.get(0)
}
