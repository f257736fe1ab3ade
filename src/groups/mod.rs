//! A group through time: its chart, and the last rebalance request by request.
//!
//! Invariant: nothing here is rendered anew because time passed; the clock moves two elements and one text.

mod chart;
mod compare;
mod ladder;
mod queue;

use crate::panels::Request;
use crate::panels::why::Why;
use crate::shared::Shared;
use crate::widgets::{tone, use_cover};
use crate::wish::{Ask, Wish};
use chart::Chart;
use compare::Compare;
use kafkascope_model::workload::CommitStrategy;
use kafkascope_view::UiCommand;
use kafkascope_view::view_model::{GroupTimeVm, RequestVm, WhyVm};
use ladder::Ladder;
use queue::Queues;
use web_sys::HtmlSelectElement;
use yew::prelude::*;

/// Properties of [`Groups`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct GroupsProps {
    /// What is shown.
    pub group: Shared<GroupTimeVm>,
    /// The request that is selected in the ladder.
    pub request: Option<Shared<RequestVm>>,
    /// The open answer.
    pub why: Option<Shared<WhyVm>>,
    /// Where wishes go.
    pub ask: Ask,
}

/// The view of a group.
#[component]
pub fn Groups(props: &GroupsProps) -> Html {
    let (group, ask) = (&props.group, &props.ask);
    let view = use_cover();
    let is_wide = group.shares && props.why.is_none() && props.request.is_none();
    html! {
        <section class={classes!("groups", is_wide.then_some("is-wide"))} aria-label="A group through time" tabindex="0" ref={view}>
            <div class="groups-main">
                { head(group, ask) }
                if group.shares {
                    <Queues group={group.clone()} ask={ask.clone()} />
                } else {
                    <Chart group={group.clone()} ask={ask.clone()} />
                }
                { below(group, ask) }
                if !group.compared.is_empty() {
                    <Compare group={group.clone()} ask={ask.clone()} />
                }
            </div>
            <div class="groups-side">
                if let Some(why) = &props.why {
                    <Why why={why.clone()} ask={ask.clone()} />
                }
                if !group.shares {
                    <Ladder group={group.clone()} ask={ask.clone()} />
                }
                if let Some(request) = &props.request {
                    <Request request={request.clone()} ask={ask.clone()} />
                }
            </div>
        </section>
    }
}

/// The groups to choose from, and the way back.
fn head(group: &GroupTimeVm, ask: &Ask) -> Html {
    let tab = |name: &kafkascope_model::ids::Name| {
        let chosen = *name == group.group.name;
        let wish = UiCommand::ThroughTime(Some(name.clone()));
        let onclick = ask.reform(move |_| Wish::Do(wish.clone()));
        html! { <button class={classes!("group-tab", chosen.then_some("is-chosen"))} aria-pressed={chosen.to_string()} {onclick}>{ &**name }</button> }
    };
    let back = ask.reform(|_| Wish::Do(UiCommand::ThroughTime(None)));
    let stretch = |whole: bool, text: &'static str| {
        let chosen = group.whole == whole;
        let onclick = ask.reform(move |_| Wish::Do(UiCommand::WholeRun(whole)));
        html! { <button class={classes!("group-tab", chosen.then_some("is-chosen"))} aria-pressed={chosen.to_string()} {onclick}>{ text }</button> }
    };
    html! {
        <div class="groups-head">
            <button class="action" onclick={back}>{ "Back to the stage" }<kbd>{ "G" }</kbd></button>
            <div class="group-tabs" role="group" aria-label="Group">{ for group.others.iter().map(tab) }</div>
            if !group.shares {
                <div class="group-tabs push" role="group" aria-label="Stretch of time">
                    { stretch(false, "last minute") }{ stretch(true, "whole run") }
                </div>
            }
        </div>
    }
}

/// Members, questions, actions.
fn below(group: &GroupTimeVm, ask: &Ask) -> Html {
    let members = group.members.iter().map(|member| {
        let wish = UiCommand::Select(kafkascope_view::ui::Selection::Node(member.id));
        let onclick = ask.reform(move |_| Wish::Do(wish.clone()));
        html! {
            <button class="owner" aria-pressed={member.selected.to_string()} title={member.state.to_string()} {onclick}>
                <i class={format!("swatch member-{}", member.hue % 6)}></i>{ &*member.name }<span class={tone(kafkascope_view::view_model::Tone::Quiet)}>{ &*member.state }</span>
            </button>
        }
    });
    let questions = group.questions.iter().map(|(text, question)| {
        let wish = UiCommand::Ask(question.clone());
        let onclick = ask.reform(move |_| Wish::Do(wish.clone()));
        html! { <button class="link-button is-accent" {onclick}>{ &**text }</button> }
    });
    let actions = group.actions.iter().map(|(text, command)| {
        let wish = command.clone();
        let onclick = ask.reform(move |_| Wish::Do(wish.clone()));
        html! { <button class="action" {onclick}>{ &**text }</button> }
    });
    html! {
        <div class="groups-below">
            <div class="owners" role="group" aria-label="Members">{ for members }</div>
            <div class="groups-ask">{ for questions }{ for actions }{ commits(group, ask) }</div>
        </div>
    }
}

/// How an application may commit, in the words of Kafka's consumer.
const COMMITS: [(&str, CommitStrategy); 7] = [
    ("as configured", CommitStrategy::ByConfig),
    ("commitSync per batch", CommitStrategy::SyncPerBatch),
    ("commitSync per record", CommitStrategy::SyncPerRecord),
    ("commitAsync per batch", CommitStrategy::AsyncPerBatch),
    ("in the background, as configured", CommitStrategy::Background { workers: 4 }),
    ("pool of 4, the furthest finished", CommitStrategy::Pool { workers: 4, careful: false }),
    ("pool of 4, nothing unfinished before", CommitStrategy::Pool { workers: 4, careful: true }),
];

fn commits(group: &GroupTimeVm, ask: &Ask) -> Option<Html> {
    let now = group.commits?;
    let name = group.group.name.clone();
    let onchange = ask.reform(move |event: Event| {
        let select = event.target_dyn_into::<HtmlSelectElement>();
        let index = select.map_or(0, |select| select.selected_index().max(0)) as usize;
        Wish::Do(UiCommand::SetCommits(name.clone(), COMMITS[index.min(COMMITS.len() - 1)].1))
    });
    // A pool of another size is a pool too.
    let is_now = |way: CommitStrategy| std::mem::discriminant(&way) == std::mem::discriminant(&now);
    let exact = COMMITS.iter().any(|(_, way)| *way == now);
    let options = COMMITS.iter().map(|(text, way)| {
        let selected = if exact { *way == now } else { is_now(*way) };
        html! { <option {selected}>{ *text }</option> }
    });
    Some(html! {
        <label class="groups-commits">{ "Commits " }<select {onchange}>{ for options }</select></label>
    })
}
