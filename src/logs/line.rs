//! One line of a log: cells in segments, epochs below, transactions as arches, borders as pins.
//!
//! Invariant: every offset of a log has the same width, so a line is read like a ruler.

use crate::shared::Shared;
use crate::widgets::Cell;
use crate::wish::{Ask, Wish};
use kafkascope_view::UiCommand;
use kafkascope_view::ui::Selection;
use kafkascope_view::view_model::CellVm;
use kafkascope_view::view_model::log::{
    LineVm, LogCellVm, LogVm, PinKind, PinVm, StretchKind, StretchVm,
};
use yew::prelude::*;

const PITCH: f32 = 30.0;
const SIDE: f32 = 22.0;
const EDGE: f32 = 14.0;
/// Room for arches over everything else, where a log has transactions.
const ARCHES: f32 = 26.0;
/// Where arches begin, pins stand, cells lie, epochs run, and letters below them stand, seen from below the arches.
const ARCH: f32 = -6.0;
const PIN: f32 = 14.0;
const TOP: f32 = 32.0;
const BAND: f32 = TOP + SIDE + 12.0;
const LETTERS: f32 = BAND + 16.0;
const HEIGHT: f32 = LETTERS + 26.0;
/// Every so-manieth offset is written down.
const NUMBERED: i64 = 5;

/// Properties of [`Line`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct LineProps {
    /// The log.
    pub log: Shared<LogVm>,
    /// Which line.
    pub index: usize,
    /// Where wishes go.
    pub ask: Ask,
}

/// A line.
#[component]
pub fn Line(props: &LineProps) -> Html {
    let line = &props.log.lines[props.index];
    let width = EDGE * 2.0 + PITCH * props.log.per_line as f32;
    let x = |offset: i64| EDGE + PITCH * (offset - line.first) as f32;
    let arches = props.log.lines.iter().any(|line| !line.transactions.is_empty());
    let above = if arches { ARCHES } else { 0.0 };
    let height = (HEIGHT + above).to_string();
    let cells = line.cells.iter().map(|cell| button(cell, x(cell.cell.offset), above, &props.ask));
    html! {
        <div class="log-line" role="group" aria-label={line.spoken.to_string()}>
            <svg width={width.to_string()} height={height.clone()} viewBox={format!("0 {} {width} {height}", -above)} aria-hidden="true">
                { for line.segments.iter().map(|segment| boxed(segment, x)) }
                { for line.epochs.iter().map(|epoch| band(epoch, x)) }
                { for line.transactions.iter().map(|txn| arch(txn, x)) }
                { for ruler(line).map(|offset| html! { <text class="log-number" x={(x(offset) + PITCH / 2.0).to_string()} y={(LETTERS - 2.0).to_string()} text-anchor="middle">{ offset }</text> }) }
                { for line.cells.iter().map(|cell| drawn(cell, x(cell.cell.offset))) }
                { for pins(line, x) }
            </svg>
            { for cells }
        </div>
    }
}

/// A cell by itself, for the legend.
pub fn swatch(cell: CellVm) -> Html {
    html! { <svg class="log-swatch" width="18" height="18" aria-hidden="true"><Cell {cell} x={0.0} y={0.0} side={18.0} /></svg> }
}

fn drawn(cell: &LogCellVm, x: f32) -> Html {
    html! { <Cell key={cell.cell.offset} cell={cell.cell} x={x + (PITCH - SIDE) / 2.0} y={TOP} side={SIDE} /> }
}

/// What makes a cell reachable: a button over it, whose name says what is there.
fn button(cell: &LogCellVm, x: f32, above: f32, ask: &Ask) -> Html {
    let record = cell.cell.record;
    let onclick =
        ask.reform(move |_: MouseEvent| Wish::Do(UiCommand::Select(Selection::Record(record))));
    let style =
        format!("left:{x}px;top:{}px;width:{PITCH}px;height:{}px", above + TOP - 4.0, SIDE + 8.0);
    if cell.selects {
        html! { <button class="log-cell" {style} title={cell.title.to_string()} aria-label={cell.title.to_string()} aria-pressed={cell.cell.selected.to_string()} {onclick}></button> }
    } else {
        html! { <span class="log-cell" {style} title={cell.title.to_string()} role="img" aria-label={cell.title.to_string()}></span> }
    }
}

fn ruler(line: &LineVm) -> impl Iterator<Item = i64> {
    (line.first..line.end).filter(|offset| offset % NUMBERED == 0)
}

fn boxed(segment: &StretchVm, x: impl Fn(i64) -> f32) -> Html {
    let active = segment.kind == StretchKind::ActiveSegment;
    let class = classes!("log-segment", active.then_some("is-active"));
    let (left, right) = (x(segment.from) + 1.0, x(segment.to) - 1.0);
    let width = (right - left).max(2.0);
    let text = (!segment.open_ends.0).then(|| segment.text.clone());
    html! {
        <g>
            <rect {class} x={left.to_string()} y={(TOP - 6.0).to_string()} width={width.to_string()} height={(SIDE + 12.0).to_string()} rx="6" />
            if let Some(text) = text {
                <text class="log-file" x={left.to_string()} y={(LETTERS + 18.0).to_string()}>{ &*text }</text>
            }
        </g>
    }
}

fn band(epoch: &StretchVm, x: impl Fn(i64) -> f32) -> Html {
    let (left, right) = (x(epoch.from) + 1.0, x(epoch.to) - 1.0);
    html! {
        <g>
            <rect class="log-epoch" x={left.to_string()} y={BAND.to_string()} width={(right - left).max(2.0).to_string()} height="3" rx="1.5" />
            <text class="log-epoch-name" visibility={(right - left < 60.0).then_some("hidden")} x={right.to_string()} y={(LETTERS + 18.0).to_string()} text-anchor="end">{ &*epoch.text }</text>
        </g>
    }
}

/// An arch from a transaction's first record to its marker.
fn arch(txn: &StretchVm, x: impl Fn(i64) -> f32) -> Html {
    let class = match txn.kind {
        StretchKind::Committed => "is-committed",
        StretchKind::Aborted => "is-aborted",
        StretchKind::Open
        | StretchKind::Segment
        | StretchKind::ActiveSegment
        | StretchKind::Epoch => "is-open",
    };
    let middle = |offset: i64| x(offset) + PITCH / 2.0;
    let (left, right) = (middle(txn.from), middle(txn.to - 1).max(middle(txn.from) + 4.0));
    let foot = TOP - 10.0;
    let (begin, finish) = txn.open_ends;
    let rise = if begin { format!("M{left} {ARCH}") } else { format!("M{left} {foot}V{ARCH}") };
    let fall =
        if finish || txn.kind == StretchKind::Open { String::new() } else { format!("V{foot}") };
    let d = format!("{rise}H{right}{fall}");
    let place = ((left + right) / 2.0).to_string();
    html! {
        <g class={classes!("log-txn", class)}>
            <path {d} />
            <text x={place} y={(ARCH - 6.0).to_string()} text-anchor="middle">{ &*txn.text }</text>
        </g>
    }
}

/// Pins of one place stand above each other.
fn pins(line: &LineVm, x: impl Fn(i64) -> f32) -> Vec<Html> {
    let mut sorted: Vec<&PinVm> = line.pins.iter().collect();
    sorted.sort_by_key(|pin| (pin.at, pin.kind));
    let mut last = f32::MIN;
    let mut row = 0.0;
    let one = |pin: &&PinVm| {
        let at = x(pin.at);
        row = if at - last < 90.0 { row + 12.0 } else { 0.0 };
        last = at;
        self::pin(pin, at, row)
    };
    sorted.iter().map(one).collect()
}

fn pin(pin: &PinVm, x: f32, row: f32) -> Html {
    let class = match pin.kind {
        PinKind::HighWatermark => "is-hw",
        PinKind::LastStable => "is-lso",
        PinKind::LogStart => "is-start",
        PinKind::OnDisk => "is-disk",
    };
    let (top, bottom) = (PIN + 4.0, TOP + SIDE + 9.0);
    let below = matches!(pin.kind, PinKind::LogStart | PinKind::OnDisk);
    let y = if below { HEIGHT - 2.0 } else { PIN - row.min(24.0) + 1.0 };
    html! {
        <g class={classes!("log-pin", class)}>
            <path d={format!("M{x} {top}V{bottom}")} />
            <text x={(x + 4.0).to_string()} y={y.to_string()}>{ &*pin.text }</text>
        </g>
    }
}
