//! An application that sends: its card with what its accumulator holds.
//!
//! Invariant: a record waiting here has the face it will have everywhere.

use super::{card_style, place, select};
use crate::shared::Shared;
use crate::widgets::{Cell, FaceIcon, tone};
use crate::wish::Ask;
use kafkascope_view::layout::{Card, ClusterLayout, Mode, QueueBox, Rect};
use kafkascope_view::ui::Selection;
use kafkascope_view::view_model::topology::{ProcessStatus, ProducerVm, QueueVm};
use yew::prelude::*;

/// Properties of [`ProducerCard`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct ProducerProps {
    /// What is shown.
    pub producer: Shared<ProducerVm>,
    /// Where everything is.
    pub layout: Shared<ClusterLayout>,
    /// Where wishes go.
    pub ask: Ask,
}

/// Width of a small letter, for keeping cells and notes apart.
const LETTER: f32 = 6.4;

/// A producer's card.
#[component]
pub fn ProducerCard(props: &ProducerProps) -> Html {
    let producer = &props.producer;
    let card = Card::Node(producer.id);
    let Some(style) = card_style(&props.layout, &card) else { return Html::default() };
    let down = matches!(producer.status, ProcessStatus::Stopped | ProcessStatus::Paused);
    let class = classes!(
        "card",
        "producer",
        down.then_some("is-down"),
        producer.selected.then_some("is-selected")
    );
    let onclick = select(&props.ask, Selection::Node(producer.id));
    let narrow = props.layout.mode == Mode::Narrow;
    html! {
        <section {class} {style} aria-label={producer.name.clone()} data-node={producer.id.to_string()}>
            <header class="card-head">
                <button class="card-title" {onclick} aria-pressed={producer.selected.to_string()}>{ &*producer.name }</button>
                if narrow {
                    <span class="faces" aria-hidden="true">{ for waiting(producer) }</span>
                }
            </header>
            if !narrow {
                <p class={classes!("card-state", tone(producer.tone))}>{ &*producer.state }</p>
                { for queues(props) }
                <p class="card-foot mono">{ &*producer.footer }</p>
            }
        </section>
    }
}

/// The first few records that wait, whatever their partition.
fn waiting(producer: &ProducerVm) -> Vec<Html> {
    let cells = producer.queues.iter().flat_map(|queue| &queue.cells);
    cells.take(3).map(|cell| html! { <FaceIcon face={cell.face} side={16} /> }).collect()
}

fn queues(props: &ProducerProps) -> Vec<Html> {
    let Some(card) = props.layout.card(&Card::Node(props.producer.id)) else { return Vec::new() };
    let row = |queue: &QueueVm| {
        let mut places = props.layout.queues.iter();
        let place =
            places.find(|row| row.producer == props.producer.id && row.tp == Some(queue.tp))?;
        Some(queue_row(queue, place, card.rect))
    };
    props.producer.queues.iter().filter_map(row).collect()
}

fn queue_row(queue: &QueueVm, place: &QueueBox, card: Rect) -> Html {
    let style = place::style(place::within(place.rect, card));
    let side = place.cell;
    let left = place.cells_x - place.rect.x + 4.0;
    let y = (place.rect.h - side) / 2.0;
    // The note on the right needs room, so a full row shows fewer cells.
    let note = queue.note.chars().count() as f32 * LETTER;
    let room = |note: f32| ((place.rect.w - left - note) / (side + 4.0)).max(0.0) as usize;
    let shown = queue.cells.len().min(room(note));
    let hidden = queue.cells.len() + queue.more as usize - shown;
    let shown = if hidden > 0 { shown.min(room(note + 4.0 * LETTER)) } else { shown };
    let hidden = queue.cells.len() + queue.more as usize - shown;
    let cells = queue.cells.iter().take(shown).enumerate().map(|(index, cell)| {
        let x = left + index as f32 * (side + 4.0);
        html! { <Cell key={cell.record.0} cell={*cell} {x} {y} {side} /> }
    });
    let (w, h) = (place.rect.w.to_string(), place.rect.h.to_string());
    html! {
        <div class="queue" {style}>
            <span class="queue-name mono">{ &*queue.name }</span>
            <svg width={w} height={h} role="img" aria-label={format!("{} waiting", queue.cells.len() as u32 + queue.more)}>{ for cells }</svg>
            <span class={classes!("queue-note", tone(queue.tone))}>
                if hidden > 0 { { format!("+{hidden} ") } }
                { &*queue.note }
            </span>
        </div>
    }
}
