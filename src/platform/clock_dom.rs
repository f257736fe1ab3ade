//! The texts and bars that move with time, written past the virtual DOM.
//!
//! Invariant: the elements written here are rendered empty and never again by anyone else.

use crate::player::GroupClock;
use kafkascope_view::view_model::ClockVm;
use kafkascope_view::view_model::clock::PaceKind;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

/// The elements, found once.
pub struct ClockDom {
    clock: Element,
    time: Element,
    pace: Element,
    thumb: HtmlElement,
    done: HtmlElement,
    head: HtmlElement,
    last: ClockVm,
    group: Option<GroupClock>,
}

impl ClockDom {
    /// Finds the elements of a mounted page.
    pub fn find() -> Option<Self> {
        let html = |id: &str| by_id(id)?.dyn_into::<HtmlElement>().ok();
        Some(Self {
            clock: by_id("clock")?,
            time: by_id("clock-time")?,
            pace: by_id("clock-pace")?,
            thumb: html("thumb")?,
            done: html("track-done")?,
            head: html("track-head")?,
            last: ClockVm {
                pace: "".into(),
                time: "".into(),
                position: -1.0,
                ..ClockVm::default()
            },
            group: None,
        })
    }

    /// Writes what moves in the chart of a group. Its elements come and go with it.
    pub fn write_group(&mut self, group: Option<GroupClock>) {
        let Some(shown) = &group else {
            self.group = None;
            return;
        };
        // A chart that has just been rendered has nothing written in it yet.
        let fresh = by_id("group-paused")
            .is_some_and(|text| text.text_content().unwrap_or_default().is_empty());
        if self.group == group && !fresh {
            return;
        }
        let place = |id: &str, share: Option<f32>| {
            let Some(element) = by_id(id).and_then(|found| found.dyn_into::<HtmlElement>().ok())
            else {
                return;
            };
            let style = element.style();
            let _ = style
                .set_property("visibility", if share.is_some() { "visible" } else { "hidden" });
            let _ = style.set_property("left", &format!("{:.3}%", share.unwrap_or(0.0) * 100.0));
        };
        place("group-now", shown.now);
        place("group-head", Some(shown.head));
        for (index, paused) in shown.paused.iter().enumerate() {
            let row = index.checked_sub(1);
            if let Some(row) = row {
                place(&format!("head-{row}"), Some(shown.head));
            }
            let id = row.map(|row| format!("paused-{row}"));
            if let Some(text) = by_id(id.as_deref().unwrap_or("group-paused")) {
                text.set_text_content(Some(paused));
            }
        }
        self.group = group;
    }

    /// Writes what is different.
    pub fn write(&mut self, clock: &ClockVm) {
        if *clock.time != *self.last.time {
            self.time.set_text_content(Some(&clock.time));
        }
        if *clock.pace != *self.last.pace {
            self.pace.set_text_content(Some(&clock.pace));
        }
        if clock.kind != self.last.kind || self.last.position < 0.0 {
            let _ = self.clock.set_attribute("data-kind", word(clock.kind));
        }
        if (clock.position, clock.head) != (self.last.position, self.last.head) {
            let style = self.thumb.style();
            let _ = style.set_property("left", &format!("{:.3}%", clock.position * 100.0));
            let scale = |share: f32| format!("scaleX({share:.5})");
            let _ = self.done.style().set_property("transform", &scale(clock.position));
            let _ = self.head.style().set_property("transform", &scale(clock.head));
        }
        // A screen reader asks for the moment when it wants it; it need not follow every frame.
        if !clock.playing && (*clock.time != *self.last.time || self.last.playing) {
            let _ = self.thumb.set_attribute("aria-valuenow", &clock.at.as_ms().to_string());
            let _ = self.thumb.set_attribute("aria-valuetext", &clock.time);
        }
        self.last = clock.clone();
    }
}

fn by_id(id: &str) -> Option<Element> {
    web_sys::window()?.document()?.get_element_by_id(id)
}

const fn word(kind: PaceKind) -> &'static str {
    match kind {
        PaceKind::Paused => "paused",
        PaceKind::Manual => "manual",
        PaceKind::Slowed => "slowed",
        PaceKind::Hurrying => "hurrying",
        PaceKind::Behind => "behind",
    }
}
