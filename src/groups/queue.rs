//! A share group's partitions as queues: a cell a record, from where the group stands on.
//!
//! Invariant: a cell bears a sign beside its colour, and says in words what both mean.

use crate::shared::Shared;
use crate::wish::{Ask, Wish};
use kafkascope_view::view_model::GroupTimeVm;
use kafkascope_view::view_model::queue::{QueueCellVm, QueueState, QueueVm};
use yew::prelude::*;

/// Every so-manieth offset is written down.
const NUMBERED: i64 = 5;

/// Properties of [`Queues`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct QueuesProps {
    /// What is shown.
    pub group: Shared<GroupTimeVm>,
    /// Where wishes go.
    pub ask: Ask,
}

/// All partitions.
#[component]
pub fn Queues(props: &QueuesProps) -> Html {
    let (group, ask) = (&props.group, &props.ask);
    html! {
        <div class="panel chart queues">
            <div class="chart-head">
                <span class={classes!("letter", format!("group-{}", group.group.hue % 6))} aria-hidden="true">{ &*group.group.letter }</span>
                <h2>{ format!("{} · {}", group.group.name, group.protocol) }</h2>
                <span class={crate::widgets::tone(group.tone)}>{ &*group.state }</span>
                <p class="card-quiet">{ &*group.lesson }</p>
            </div>
            { for group.queues.iter().map(|queue| row(queue, ask)) }
            if group.queues.is_empty() {
                <p class="card-quiet">{ "Nothing was handed out yet." }</p>
            }
            { legend() }
        </div>
    }
}

fn row(queue: &QueueVm, ask: &Ask) -> Html {
    let first = queue.cells.first().map_or(0, |cell| cell.offset);
    let cells = queue.cells.iter().map(|each| {
        let numbered = each.offset == first || each.offset % NUMBERED == 0;
        cell(each, numbered, ask)
    });
    html! {
        <div class="share-queue" role="group" aria-label={format!("{}: {}", queue.name, queue.summary)}>
            <p><b class="mono">{ &*queue.name }</b><span class="card-quiet">{ &*queue.summary }</span></p>
            <div class="share-cells">
                { for cells }
                if queue.more > 0 {
                    <span class="card-quiet">{ format!("and {} more", queue.more) }</span>
                }
            </div>
        </div>
    }
}

fn cell(cell: &QueueCellVm, numbered: bool, ask: &Ask) -> Html {
    let look = match cell.state {
        QueueState::Waiting => "is-waiting",
        QueueState::Acquired => "is-acquired",
        QueueState::Available => "is-available",
        QueueState::Acknowledged => "is-acknowledged",
        QueueState::Archived => "is-archived",
    };
    let sign = match cell.state {
        QueueState::Waiting => "",
        QueueState::Acquired => &*cell.mark,
        QueueState::Available => "↺",
        QueueState::Acknowledged => "✓",
        QueueState::Archived => "✕",
    };
    let again = match cell.deliveries {
        0 | 1 => String::new(),
        times => format!("×{times}"),
    };
    let hue = cell.hue.map(|hue| format!("member-{}", hue % 6));
    let select = cell.wish.clone().map(Wish::Do);
    let onclick = select.map(|wish| ask.reform(move |_: MouseEvent| wish.clone()));
    html! {
        <button class={classes!("share-cell", look, hue)} title={cell.title.to_string()} aria-label={format!("{sign}{again} {}", cell.title)} data-offset={numbered.then(|| cell.offset.to_string())} {onclick}>
            <b>{ sign }</b>
            <small>{ again.clone() }</small>
        </button>
    }
}

fn legend() -> Html {
    let entry = |look: &'static str, sign: &'static str, text: &'static str| {
        html! { <span><i class={classes!("share-cell", look)} aria-hidden="true"><b>{ sign }</b></i>{ text }</span> }
    };
    html! {
        <p class="share-legend card-quiet">
            { entry("is-waiting", "", "not handed out") }
            { entry("is-acquired", "1", "with member 1") }
            { entry("is-available", "↺", "came back") }
            { entry("is-acknowledged", "✓", "accepted") }
            { entry("is-archived", "✕", "given up") }
            <span>{ "×3: handed out three times; five is the most" }</span>
        </p>
    }
}
