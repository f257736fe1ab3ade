//! Which key does what.
//!
//! Invariant: keys with Ctrl, Alt or Meta are left to the browser, and so is everything typed into a field.

use crate::wish::{Dialog, Wish};
use kafkascope_view::ui::StepKind;
use kafkascope_view::ui_command::UiCommand;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent};

/// The keys with what they do, as the help shows them.
pub const HELP: [(&str, &str); 21] = [
    ("Space", "Play or pause"),
    ("← →", "Step back, step to the next fact"),
    ("Shift ← →", "Step by marks of the timeline"),
    ("Home End", "To the start, to the newest moment"),
    ("- +", "Slower, faster"),
    ("0", "Let the page choose the pace"),
    ("K", "Kill what is selected, or the leader of the first partition"),
    ("S", "Start the selected process again"),
    ("A", "Add a consumer"),
    ("R", "Remove a consumer"),
    ("N", "Send one record from the selected producer"),
    ("F", "Follow the selected record"),
    ("W", "Why is it so?"),
    ("G", "A group through time, or back to the stage"),
    ("L", "One log, closely, or back to the stage"),
    ("Q", "The controllers and their log, or back to the stage"),
    ("M", "The requests under way, to be read and struck"),
    ("V", "What Kafka promises, and whether it held"),
    ("I", "Show or hide Kafka's own topics"),
    ("B", "Projector: bigger type, fewer panels"),
    ("Esc", "Close what is open"),
];

/// What a key asks for; none if it is not one of the page's. `walked` says whether the focus came where it is by keyboard.
pub fn wish(event: &KeyboardEvent, walked: bool) -> Option<Wish> {
    if presses_button(event, walked)
        || event.ctrl_key()
        || event.alt_key()
        || event.meta_key()
        || is_typing(event)
    {
        return None;
    }
    let step = if event.shift_key() { StepKind::Mark } else { StepKind::Fact };
    let key = event.key();
    Some(match key.to_lowercase().as_str() {
        " " => Wish::Do(UiCommand::PlayPause),
        "arrowright" => Wish::Do(UiCommand::StepForward(step)),
        "arrowleft" => Wish::Do(UiCommand::StepBack(step)),
        "home" => Wish::Do(UiCommand::ToStart),
        "end" => Wish::Do(UiCommand::ToHead),
        "-" | "_" => Wish::Do(UiCommand::Slower),
        "+" | "=" => Wish::Do(UiCommand::Faster),
        "0" => Wish::Do(UiCommand::PaceAuto),
        "?" => Wish::Open(Dialog::Help),
        "v" => Wish::Open(Dialog::Audit),
        "escape" => Wish::Close,
        letter => {
            let mut all = letter.chars();
            let only =
                all.next().filter(|first| first.is_ascii_lowercase() && all.next().is_none());
            Wish::Letter(only?.to_ascii_uppercase())
        }
    })
}

fn target(event: &KeyboardEvent) -> Option<HtmlElement> {
    event.target()?.dyn_into().ok()
}

/// Whether a field has the focus that the key is for. A choice has no use for Escape once its list is closed.
pub fn is_typing(event: &KeyboardEvent) -> bool {
    let is_field = |tag: &str| match tag {
        "INPUT" | "TEXTAREA" => true,
        "SELECT" => event.key() != "Escape",
        _ => false,
    };
    target(event).is_some_and(|target| is_field(&target.tag_name()))
}

/// Space presses the button that the viewer went to by keyboard. After a click the focus is on a button too, but the viewer
/// looks at the stage, and Space means time.
pub fn presses_button(event: &KeyboardEvent, walked: bool) -> bool {
    let is_button =
        |target: HtmlElement| matches!(target.tag_name().as_str(), "BUTTON" | "SUMMARY");
    event.key() == " " && walked && target(event).is_some_and(is_button)
}
