//! A broker: its card with the replicas it holds.
//!
//! Invariant: a broker that is down is hatched, dashed and says so in words; colour alone never tells it.

use super::tape::Tape;
use super::{place, select};
use crate::shared::Shared;
use crate::widgets::tone;
use crate::wish::Ask;
use kafkascope_view::layout::{Card, ClusterLayout, Mode};
use kafkascope_view::ui::Selection;
use kafkascope_view::view_model::topology::{BrokerStatus, BrokerVm};
use yew::prelude::*;

/// Properties of [`BrokerCard`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct BrokerProps {
    /// What is shown.
    pub broker: Shared<BrokerVm>,
    /// Where everything is.
    pub layout: Shared<ClusterLayout>,
    /// Where wishes go.
    pub ask: Ask,
}

/// A broker's card.
#[component]
pub fn BrokerCard(props: &BrokerProps) -> Html {
    let broker = &props.broker;
    let Some(card) = props.layout.card(&Card::Node(broker.id)) else { return Html::default() };
    let state = match broker.status {
        BrokerStatus::Starting | BrokerStatus::Active | BrokerStatus::ShuttingDown => None,
        BrokerStatus::Fenced | BrokerStatus::Stopped => Some("is-down"),
        BrokerStatus::Paused => Some("is-paused"),
    };
    let class = classes!("card", "broker", state, broker.selected.then_some("is-selected"));
    let tapes = broker.tapes.iter().filter_map(|tape| {
        let place = *props.layout.tape(broker.id, tape.tp)?;
        let key = format!("{}-{}", tape.tp.topic.0, tape.tp.partition);
        Some(html! {
            <Tape {key} tape={Shared::from(tape)} {place} card={card.rect} broker={broker.name.clone()} narrow={props.layout.mode == Mode::Narrow} ask={props.ask.clone()} />
        })
    });
    html! {
        <section {class} style={place::style(card.rect)} aria-label={broker.name.clone()} data-node={broker.id.to_string()}>
            { head(props) }
            { column_heads(props) }
            { for tapes }
        </section>
    }
}

fn head(props: &BrokerProps) -> Html {
    let broker = &props.broker;
    let onclick = select(&props.ask, Selection::Node(broker.id));
    let narrow = props.layout.mode == Mode::Narrow;
    html! {
        <header class="card-head">
            <button class="card-title" {onclick} aria-pressed={broker.selected.to_string()}>{ &*broker.name }</button>
            if !broker.rack.is_empty() && !narrow {
                <span class="card-quiet">{ &*broker.rack }</span>
            }
            if broker.controller {
                <span class="badge tone-agreed"><span aria-hidden="true">{ "♛ " }</span>{ if narrow { "controller" } else { "active controller" } }</span>
            }
            <span class={classes!("badge", tone(broker.status.tone()))}>{ broker.status.word() }</span>
            if !broker.note.is_empty() {
                <span class="card-note tone-bad">{ &*broker.note }</span>
            }
            if !broker.coordinates.is_empty() {
                <span class="card-quiet" title="coordinator of these groups">{ format!("coordinates {}", broker.coordinates.join(", ")) }</span>
            }
        </header>
    }
}

/// HW and LEO above the numbers of the first tape.
fn column_heads(props: &BrokerProps) -> Html {
    let id = Card::Node(props.broker.id);
    let first =
        props.broker.tapes.first().and_then(|tape| props.layout.tape(props.broker.id, tape.tp));
    let (Some(card), Some(first)) = (props.layout.card(&id), first) else { return Html::default() };
    let head = |right: Option<f32>, text: &'static str, title: &'static str| {
        right.map(|right| {
            let style = format!("right:{}px", card.rect.right() - right - 1.0);
            html! { <abbr class="column-head" {style} {title}>{ text }</abbr> }
        })
    };
    html! {
        <>
            { for head(first.high_watermark_x, "HW", "high watermark") }
            { for head(first.log_end_x, "LEO", "log end offset") }
        </>
    }
}
