//! A group through time: its chart, and the last rebalance request by request.
//!
//! Invariant: nothing here is rendered anew because time passed; the clock moves two elements and one text.

mod chart;
mod ladder;

use crate::panels::why::Why;
use crate::shared::Shared;
use crate::widgets::tone;
use crate::wish::{Ask, Wish};
use chart::Chart;
use kafkascope_view::UiCommand;
use kafkascope_view::view_model::{GroupTimeVm, WhyVm};
use ladder::Ladder;
use yew::prelude::*;

/// Properties of [`Groups`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct GroupsProps {
    /// What is shown.
    pub group: Shared<GroupTimeVm>,
    /// The open answer.
    pub why: Option<Shared<WhyVm>>,
    /// Where wishes go.
    pub ask: Ask,
}

/// The view of a group.
#[component]
pub fn Groups(props: &GroupsProps) -> Html {
    let (group, ask) = (&props.group, &props.ask);
    html! {
        <section class="groups" aria-label="A group through time" tabindex="0">
            <div class="groups-main">
                { head(group, ask) }
                <Chart group={group.clone()} ask={ask.clone()} />
                { below(group, ask) }
            </div>
            <div class="groups-side">
                if let Some(why) = &props.why {
                    <Why why={why.clone()} ask={ask.clone()} />
                }
                <Ladder group={group.clone()} ask={ask.clone()} />
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
            <div class="group-tabs push" role="group" aria-label="Stretch of time">
                { stretch(false, "last minute") }{ stretch(true, "whole run") }
            </div>
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
            <div class="groups-ask">{ for questions }{ for actions }</div>
        </div>
    }
}
