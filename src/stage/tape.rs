//! One replica as a tape of cells: the log is the hero.
//!
//! Invariant: the same x is the same offset in every replica of the page.

use super::place;
use crate::shared::Shared;
use crate::widgets::Cell;
use crate::wish::{Ask, Wish};
use kafkascope_model::ids::{Offset, RecordId};
use kafkascope_view::layout::geometry::round;
use kafkascope_view::layout::{Rect, TapeBox};
use kafkascope_view::ui::Selection;
use kafkascope_view::ui_command::UiCommand;
use kafkascope_view::view_model::Text;
use kafkascope_view::view_model::topology::{PennantVm, Role, TapeVm};
use wasm_bindgen::JsCast;
use web_sys::Element;
use yew::prelude::*;

/// Properties of [`Tape`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct TapeProps {
    /// What is shown.
    pub tape: Shared<TapeVm>,
    /// Where it is on the stage.
    pub place: TapeBox,
    /// The broker's card, in which it stands.
    pub card: Rect,
    /// Whose replica it is.
    pub broker: Text,
    /// Whether there is little room.
    pub narrow: bool,
    /// Where wishes go.
    pub ask: Ask,
}

/// A replica.
#[component]
pub fn Tape(props: &TapeProps) -> Html {
    let (tape, place) = (&props.tape, &props.place);
    let at = |rect| place::style(place::within(rect, props.card));
    let role = role_class(tape.role);
    let class = classes!("tape", role, tape.selected.then_some("is-selected"));
    let name = if props.narrow { &tape.short_name } else { &tape.name };
    let (topic, index) = name.rsplit_once('-').unwrap_or((name, ""));
    let tab = classes!("tab", role, tape.glow.then_some("is-glowing"));
    let onclick = pick(props);
    let tp = format!("{}", tape.name);
    html! {
        <div class={classes!("replica", role)} data-tape={tp}>
            <span class="tape-name" style={at(place.name)} aria-hidden="true">
                <span class="tape-topic">{ topic }</span><span>{ format!("-{index}") }</span>
            </span>
            <span class={tab} style={at(place.tab)} aria-hidden="true">{ &*tape.tab }</span>
            <button {class} style={at(place.rect)} aria-label={spoken(props)} {onclick}>{ cells(tape, place) }</button>
            { over(tape, place, at(place.rect)) }
            { for number(props, place.high_watermark_x, tape.high_watermark, "tape-number is-hw") }
            { for number(props, place.log_end_x, tape.log_end, "tape-number") }
        </div>
    }
}

const fn role_class(role: Role) -> &'static str {
    match role {
        Role::Leader => "is-leader",
        Role::InSync => "is-isr",
        Role::OutOfSync => "is-out",
        Role::Offline => "is-offline",
    }
}

/// What a screen reader says.
fn spoken(props: &TapeProps) -> String {
    let tape = &props.tape;
    let role = match tape.role {
        Role::Leader => "leader",
        Role::InSync => "follower, in sync",
        Role::OutOfSync => "follower, out of sync",
        Role::Offline => "offline",
    };
    format!(
        "{} on {}: {role}, log end {}, high watermark {}",
        tape.name, props.broker, tape.log_end, tape.high_watermark
    )
}

/// A click on a cell selects its record, elsewhere the replica.
fn pick(props: &TapeProps) -> Callback<MouseEvent> {
    let (ask, tp, place) = (props.ask.clone(), props.tape.tp, props.place.broker);
    Callback::from(move |event: MouseEvent| {
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let cell = target.and_then(|target| target.closest("[data-record]").ok().flatten());
        let record = cell.and_then(|cell| cell.get_attribute("data-record")?.parse().ok());
        let selection = match record.map(RecordId) {
            Some(record) if record != RecordId::INTERNAL => Selection::Record(record),
            Some(_) | None => Selection::Replica(place, tp),
        };
        ask.emit(Wish::Do(UiCommand::Select(selection)));
    })
}

fn number(
    props: &TapeProps,
    right: Option<f32>,
    value: Offset,
    class: &'static str,
) -> Option<Html> {
    let rect = props.place.rect;
    let style = format!(
        "right:{}px;top:{}px;line-height:{}px",
        round(props.card.right() - right? - 1.0),
        round(rect.y - props.card.y - 1.0),
        round(rect.h)
    );
    Some(html! { <span {class} {style} aria-hidden="true">{ value }</span> })
}

/// The cells, seen from the tape's corner.
fn cells(tape: &TapeVm, place: &TapeBox) -> Html {
    let (w, h) = (place.rect.w.to_string(), place.rect.h.to_string());
    let side = place.cell;
    let y = (place.rect.h - side) / 2.0;
    let cells = tape.cells.iter().map(|cell| {
        let x = place.offset_x(cell.offset, tape.window_first) - place.rect.x;
        html! { <Cell key={cell.offset} cell={*cell} {x} {y} {side} /> }
    });
    html! {
        <svg width={w} height={h} aria-hidden="true">
            if let Some(band) = &tape.band {
                { for band_bars(band, place) }
            }
            { for cells }
        </svg>
    }
}

/// Pin, ruler and pennants. They stand above the button, so that their letters are no part of its name.
fn over(tape: &TapeVm, place: &TapeBox, style: String) -> Html {
    let h = place.rect.h;
    let x = |offset: Offset| place.offset_x(offset, tape.window_first) - place.rect.x;
    let pin_x = round(x(tape.high_watermark) - (place.pitch - place.cell) / 2.0);
    let pin_seen = tape.high_watermark >= tape.window_first && tape.role != Role::Offline;
    let ruled = place.ruler && tape.role == Role::Leader;
    let offsets = tape.ruler.iter().filter(|_| ruled);
    let pennants = tape.pennants.iter().enumerate().map(|(index, pennant)| {
        pennant_mark(pennant, flags_before(&tape.pennants, index), x(pennant.position), place)
    });
    html! {
        <svg class="tape-over" {style} aria-hidden="true">
            { for offsets.map(|offset| ruler(x(*offset) + place.cell / 2.0, h, *offset)) }
            { for pennants }
            if pin_seen {
                { pin(pin_x, h) }
            }
        </svg>
    }
}

fn band_bars(band: &[u8; 10], place: &TapeBox) -> Vec<Html> {
    let width = place.rect.w / 10.0;
    let bar = |(index, share): (usize, &u8)| {
        let x = round(index as f32 * width).to_string();
        let opacity = format!("opacity:{}", round(f32::from(*share) / 255.0));
        html! { <rect class="band" {x} y="1" width={round(width - 1.0).to_string()} height={(place.rect.h - 2.0).to_string()} style={opacity} /> }
    };
    band.iter().enumerate().map(bar).collect()
}

fn ruler(x: f32, h: f32, offset: Offset) -> Html {
    html! { <text class="ruler" x={round(x).to_string()} y={(h + 11.0).to_string()}>{ offset }</text> }
}

fn pin(x: f32, h: f32) -> Html {
    let d = format!("M{} -4h6l-3 4zM{} -2v{}", x - 3.0, x, h + 4.0);
    html! { <path class="pin" {d} /> }
}

/// How many pennants stand so near before this one that their flags would hide each other.
fn flags_before(pennants: &[PennantVm], index: usize) -> usize {
    let here = pennants[index].position;
    pennants[..index].iter().filter(|other| other.position == here).count()
}

/// The pennant stands on the left edge of the cell that is read next; flags of one position hang side by side.
fn pennant_mark(pennant: &PennantVm, before: usize, x: f32, place: &TapeBox) -> Html {
    let h = place.rect.h;
    let x = round(x - (place.pitch - place.cell) / 2.0);
    let class = classes!("pennant", format!("group-{}", pennant.hue % 6));
    let small = !place.ruler;
    let (top, flag) = if small { (h - 8.0, 9.0) } else { (h - 10.0, 12.0) };
    let x = x + before as f32 * (flag + 2.0);
    html! {
        <g {class} transform={format!("translate({x} 0)")}>
            if before == 0 { <path d={format!("M0 {top}v{}", if small { 8.0 } else { 12.0 })} /> }
            <rect y={(if small { h - 7.0 } else { h + 1.0 }).to_string()} width={(flag + 1.0).to_string()} height={flag.to_string()} />
            <text x={(flag / 2.0 + 0.5).to_string()} y={(if small { h } else { h + flag - 2.0 }).to_string()}>{ &*pennant.letter }</text>
        </g>
    }
}
