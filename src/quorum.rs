//! The controllers, closely: a table of the metadata log, one column for each voter.
//!
//! Invariant: nothing here is rendered anew because time passed; what a cell shows by its shape its title says in words.

use crate::shared::Shared;
use crate::widgets::{tone, use_cover};
use crate::wish::{Ask, Wish};
use kafkascope_view::UiCommand;
use kafkascope_view::view_model::QuorumVm;
use kafkascope_view::view_model::log::KnownVm;
use kafkascope_view::view_model::quorum::{Held, MetadataRowVm, VoterVm};
use yew::prelude::*;

/// Properties of [`Quorum`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct QuorumProps {
    /// What is shown.
    pub quorum: Shared<QuorumVm>,
    /// Where wishes go.
    pub ask: Ask,
}

/// The view of the quorum.
#[component]
pub fn Quorum(props: &QuorumProps) -> Html {
    let (quorum, ask) = (&props.quorum, &props.ask);
    let view = use_cover();
    let back = ask.reform(|_| Wish::Do(UiCommand::Quorum(false)));
    html! {
        <section class="groups quorum" aria-label="The controllers and their log" tabindex="0" ref={view}>
            <div class="groups-main">
                <div class="groups-head">
                    <button class="action" onclick={back}>{ "Back to the stage" }<kbd>{ "Q" }</kbd></button>
                </div>
                <div class="panel log">
                    <div class="chart-head">
                        <h2 class="mono">{ "__cluster_metadata" }</h2>
                        <p class={tone(quorum.tone)}>{ &*quorum.subtitle }</p>
                    </div>
                    <ul class="voters">{ for quorum.voters.iter().map(|it| voter(it, ask)) }</ul>
                    { table(quorum) }
                    if quorum.earlier > 0 {
                        <p class="card-quiet">{ format!("{} records before these are not shown", quorum.earlier) }</p>
                    }
                </div>
            </div>
            <div class="groups-side">
                { known(quorum) }
                { legend() }
            </div>
        </section>
    }
}

fn voter(voter: &VoterVm, ask: &Ask) -> Html {
    let wish = voter.wish.clone();
    let onclick = ask.reform(move |_| Wish::Do(wish.clone()));
    let class = classes!("voter", voter.chosen.then_some("is-chosen"));
    html! {
        <li key={voter.id.0}>
            <button {class} aria-pressed={voter.chosen.to_string()} {onclick}>
                <b>{ &*voter.name }</b>
                <span class={tone(voter.tone)}>{ &*voter.role }</span>
                <span class="card-quiet">{ &*voter.text }</span>
            </button>
        </li>
    }
}

fn table(quorum: &QuorumVm) -> Html {
    let column = |it: &VoterVm| html! { <th scope="col" class="mono">{ it.id.0 }</th> };
    html! {
        <div class="metadata-frame" tabindex="0" role="region" aria-label="Records of the metadata log, the newest first">
            <table class="metadata">
                <thead>
                    <tr>
                        <th scope="col">{ "Offset" }</th>
                        <th scope="col" class="metadata-epoch">{ "Epoch" }</th>
                        { for quorum.voters.iter().map(column) }
                        <th scope="col">{ "Record" }</th>
                    </tr>
                </thead>
                <tbody>{ for quorum.rows.iter().map(row) }</tbody>
            </table>
        </div>
    }
}

fn row(row: &MetadataRowVm) -> Html {
    let class = (row.kind == "NoOp").then_some("is-quiet");
    html! {
        <tr key={row.offsets.to_string()} {class}>
            <td class="mono">{ &*row.offsets }</td>
            <td class="metadata-epoch mono">{ row.epoch }</td>
            { for row.held.iter().map(|held| html! { <td>{ mark(*held) }</td> }) }
            <td class="metadata-record"><span class="metadata-kind mono">{ row.kind }</span>{ " " }{ &*row.text }</td>
        </tr>
    }
}

fn mark(held: Held) -> Html {
    let shape = match held {
        Held::Nothing => "is-nothing",
        Held::Other => "is-other",
        Held::Written => "is-written",
        Held::Committed => "is-committed",
    };
    html! { <i class={classes!("held", shape)} role="img" aria-label={held.text()} title={held.text()}></i> }
}

fn known(quorum: &QuorumVm) -> Html {
    let row = |row: &KnownVm| {
        html! { <div><dt>{ &*row.label }</dt><dd class={tone(row.tone)}>{ &*row.value }</dd></div> }
    };
    html! {
        <div class="panel log-known">
            <h2>{ "What it means" }</h2>
            { for quorum.says.iter().map(|text| html! { <p>{ &**text }</p> }) }
            <h2>{ "Brokers" }</h2>
            <dl class="log-rows">{ for quorum.brokers.iter().map(row) }</dl>
        </div>
    }
}

fn legend() -> Html {
    let item = |held: Held, text: &'static str| html! { <li>{ mark(held) }{ text }</li> };
    html! {
        <div class="panel log-known">
            <h2>{ "What is what" }</h2>
            <ul class="log-legend">
                { item(Held::Committed, "a majority has it, and this voter knows") }
                { item(Held::Written, "it is in this voter's log") }
                { item(Held::Nothing, "this voter does not have it yet") }
                { item(Held::Other, "another record has this offset here: it will go") }
            </ul>
        </div>
    }
}
