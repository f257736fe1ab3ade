//! The callout: one sentence that points at what just changed.
//!
//! Invariant: it never covers what it is about; the layout placed it.

use super::place;
use crate::shared::Shared;
use crate::wish::{Ask, Wish};
use kafkascope_view::layout::{Point, Rect};
use kafkascope_view::ui_command::UiCommand;
use kafkascope_view::view_model::{CalloutVm, Tone};
use yew::prelude::*;

/// Properties of [`Callout`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct CalloutProps {
    /// What is shown.
    pub callout: Shared<CalloutVm>,
    /// Where wishes go.
    pub ask: Ask,
}

/// The callout with its leg.
#[component]
pub fn Callout(props: &CalloutProps) -> Html {
    let callout = &props.callout;
    let rect = callout.rect;
    let bad = callout.tone == Tone::Bad;
    let class = classes!("callout", bad.then_some("is-bad"));
    let from = leg_from(rect, callout.leg);
    let leg = format!("M{}L{}", place::point(from), place::point(callout.leg));
    let why = callout.question.clone().map(|question| {
        let onclick = props.ask.reform(move |_| Wish::Do(UiCommand::Ask(question.clone())));
        html! { <button class="callout-why" {onclick}>{ "why?" }</button> }
    });
    html! {
        <div class={class.clone()}>
            <svg class="callout-leg" aria-hidden="true"><path d={leg} /></svg>
            <aside class="callout-box" style={place::style(rect)} aria-label="What just changed">
                <b>{ &*callout.title }</b>
                { for why }
                <span>{ &*callout.reason }</span>
            </aside>
        </div>
    }
}

/// Where the leg leaves the box: at the side, above or below.
fn leg_from(rect: Rect, leg: Point) -> Point {
    let x = leg.x.clamp(rect.x + 20.0, rect.right() - 20.0);
    if leg.x > rect.right() {
        Point::new(rect.right(), rect.y + rect.h / 2.0)
    } else if leg.y < rect.y {
        Point::new(x, rect.y)
    } else {
        Point::new(x, rect.bottom())
    }
}
