//! The timeline: a slider over all that was simulated, with marks for what happened.
//!
//! The thumb and the covered part are moved by the frame loop, not by the virtual DOM. Invariant: marks are buttons that go to
//! their moment; the slider works by keyboard alone.

use crate::shared::Shared;
use crate::wish::{Ask, Wish};
use kafkascope_kernel::SimTime;
use kafkascope_view::ui::Jump;
use kafkascope_view::ui_command::UiCommand;
use kafkascope_view::view_model::Tone;
use kafkascope_view::view_model::timeline::{BranchVm, MarkVm, TimelineVm};
use web_sys::Element;
use yew::prelude::*;

/// Properties of [`Timeline`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct TimelineProps {
    /// What is shown.
    pub timeline: Shared<TimelineVm>,
    /// Where wishes go.
    pub ask: Ask,
}

/// A sign's width as a share of the line.
const SIGN: f32 = 0.024;
/// How many signs stand above each other at most.
const ROWS: usize = 3;

/// The timeline.
#[component]
pub fn Timeline(props: &TimelineProps) -> Html {
    let (timeline, ask) = (&props.timeline, &props.ask);
    let track = use_node_ref();
    let dragging = use_mut_ref(|| false);
    let seek = seek_at(&track, timeline.until, ask.clone());
    let onpointerdown = {
        let (seek, dragging, track) = (seek.clone(), dragging.clone(), track.clone());
        move |event: PointerEvent| {
            *dragging.borrow_mut() = true;
            if let Some(track) = track.cast::<Element>() {
                let _ = track.set_pointer_capture(event.pointer_id());
            }
            seek(event.client_x());
        }
    };
    let onpointermove = {
        let dragging = dragging.clone();
        move |event: PointerEvent| {
            if *dragging.borrow() {
                seek(event.client_x());
            }
        }
    };
    let onpointerup = move |_: PointerEvent| *dragging.borrow_mut() = false;
    html! {
        <div class="timeline">
            <div class="marks">{ for rows(&timeline.marks).into_iter().map(|(row, mark)| sign(mark, row, ask)) }</div>
            <div class="track" ref={track} {onpointerdown} {onpointermove} {onpointerup}>
                <i class="track-head" id="track-head"></i>
                <i class="track-done" id="track-done"></i>
                <div class="thumb" id="thumb" role="slider" tabindex="0" aria-label="Moment" aria-valuemin="0"
                    aria-valuemax={timeline.until.as_ms().to_string()} aria-valuenow="0"></div>
            </div>
            <div class="labels" aria-hidden="true">
                { for timeline.marks.iter().filter(|mark| !mark.label.is_empty()).map(label) }
                { for timeline.branches.iter().map(|branch| left_future(branch, ask)) }
            </div>
            <div class="ticks mono" aria-hidden="true">
                { for timeline.ticks.iter().map(|tick| html! { <span style={left(tick.x)}>{ &*tick.text }</span> }) }
            </div>
        </div>
    }
}

fn seek_at(track: &NodeRef, until: SimTime, ask: Ask) -> impl Fn(i32) + Clone + 'static {
    let track = track.clone();
    move |client_x: i32| {
        let Some(element) = track.cast::<Element>() else { return };
        let rect = element.get_bounding_client_rect();
        let share = ((f64::from(client_x) - rect.left()) / rect.width().max(1.0)).clamp(0.0, 1.0);
        let at = SimTime((share * until.0 as f64) as u64);
        ask.emit(Wish::Do(UiCommand::Seek(Jump { at, seq: None })));
    }
}

fn left(x: f32) -> String {
    format!("left:{:.2}%", x * 100.0)
}

/// Marks that would hide each other stand above each other.
fn rows(marks: &[MarkVm]) -> Vec<(usize, &MarkVm)> {
    let mut last = [-1.0_f32; ROWS];
    let place = |mark: &'_ MarkVm, last: &mut [f32; ROWS]| {
        let row = last.iter().position(|x| mark.x - x >= SIGN).unwrap_or(ROWS - 1);
        last[row] = mark.x;
        row
    };
    marks.iter().map(|mark| (place(mark, &mut last), mark)).collect()
}

fn sign(mark: &MarkVm, row: usize, ask: &Ask) -> Html {
    let tone = match mark.kind.tone() {
        Tone::Agreed => "tone-agreed",
        Tone::Bad => "tone-bad",
        Tone::Quiet | Tone::Plain | Tone::Strong | Tone::Good => "tone-plain",
    };
    let jump = Jump { at: mark.at, seq: Some(mark.seq) };
    let onclick = ask.reform(move |_| Wish::Do(UiCommand::Seek(jump)));
    let title = mark.title.to_string();
    let style = format!("{};bottom:{}px", left(mark.x), row * 15);
    html! {
        <button key={mark.seq} class={classes!("mark", tone, (row > 0).then_some("is-raised"))} {style} aria-label={title.clone()} {title} {onclick}>
            <span aria-hidden="true">{ mark.kind.glyph() }</span>
        </button>
    }
}

fn label(mark: &MarkVm) -> Html {
    let edge = if mark.x < 0.06 {
        Some("is-first")
    } else if mark.x > 0.94 {
        Some("is-last")
    } else {
        None
    };
    html! { <span class={classes!("mark-label", edge)} style={left(mark.x)}>{ &*mark.label }</span> }
}

fn left_future(branch: &BranchVm, ask: &Ask) -> Html {
    let style = format!(
        "left:{:.2}%;width:{:.2}%",
        branch.from_x * 100.0,
        (branch.to_x - branch.from_x) * 100.0
    );
    let id = branch.id;
    let onclick = ask.reform(move |_| Wish::Do(UiCommand::Branch(id)));
    html! { <button class="left-future" tabindex="-1" {style} {onclick}><span>{ &*branch.label }</span></button> }
}
