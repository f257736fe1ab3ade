//! The inspector: state, configs and actions of what is selected.
//!
//! Invariant: an action that cannot be done stays, and says why not.

use crate::shared::Shared;
use crate::widgets::{Icon, IconName, tone};
use crate::wish::{Ask, Wish};
use kafkascope_view::ui::Selection;
use kafkascope_view::ui_command::UiCommand;
use kafkascope_view::view_model::inspector::{ActionVm, ConfigVm, InspectorVm, RowVm};
use yew::prelude::*;

/// Properties of [`Inspector`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct InspectorProps {
    /// What is shown.
    pub inspector: Shared<InspectorVm>,
    /// Where wishes go.
    pub ask: Ask,
}

/// The inspector.
#[component]
pub fn Inspector(props: &InspectorProps) -> Html {
    let (inspector, ask) = (&props.inspector, &props.ask);
    let close = ask.reform(|_| Wish::Close);
    html! {
        <section class="panel is-answer inspector" aria-label={format!("About {}", props.inspector.title)} tabindex="0">
            <div class="panel-head">
                <h2 id="inspector-title">{ &*inspector.title }</h2>
                <span class={classes!("push", tone(inspector.tone))}>{ &*inspector.subtitle }</span>
                <button class="icon-button is-small" aria-label="Close" onclick={close}><Icon name={IconName::Close} /></button>
            </div>
            <div class="actions">{ for inspector.actions.iter().map(|action| button(action, ask)) }</div>
            { for questions(inspector, ask) }
            <dl class="facts">{ for inspector.rows.iter().map(|row| state(row, ask)) }</dl>
            { for configs(&inspector.configs) }
        </section>
    }
}

fn button(action: &ActionVm, ask: &Ask) -> Html {
    let refused = action.refused.clone();
    let command = action.command.clone();
    let onclick = ask.reform(move |_| match &refused {
        Some(reason) => Wish::Say(reason.clone()),
        None => Wish::Do(command.clone()),
    });
    let title = action.refused.as_ref().map(ToString::to_string);
    html! {
        <button class="action" {onclick} {title} aria-disabled={action.refused.is_some().to_string()}>
            { &*action.label }
            if let Some(key) = action.key { <kbd>{ key }</kbd> }
        </button>
    }
}

fn questions(inspector: &InspectorVm, ask: &Ask) -> Vec<Html> {
    let first = inspector.questions.first().cloned();
    let button = first.map(|question| {
        let onclick = ask.reform(move |_| Wish::Do(UiCommand::Ask(question.clone())));
        html! { <button class="link-button is-accent" {onclick}>{ "Why is it so?" }</button> }
    });
    button.into_iter().collect()
}

fn state(row: &RowVm, ask: &Ask) -> Html {
    let link = row.link.clone();
    let value = if link == Selection::None {
        html! { &*row.value }
    } else {
        let onclick = ask.reform(move |_| Wish::Do(UiCommand::Select(link.clone())));
        html! { <button class="fact-link" {onclick}>{ &*row.value }</button> }
    };
    html! {
        <div><dt>{ &*row.label }</dt><dd class={classes!("mono", tone(row.tone))}>{ value }</dd></div>
    }
}

/// Changed configs first; the others are folded.
fn configs(all: &[ConfigVm]) -> Option<Html> {
    if all.is_empty() {
        return None;
    }
    let (plain, changed): (Vec<_>, Vec<_>) = all.iter().partition(|config| config.is_default);
    let row = |config: &&ConfigVm| {
        let title = format!("{} · {}", config.kind, config.doc);
        let mark = if config.is_default {
            html! { <span class="card-quiet">{ " default" }</span> }
        } else {
            html! { <span class="card-quiet">{ format!(" default {}", config.default) }</span> }
        };
        html! { <div {title}><dt class="mono">{ config.key }</dt><dd><b class="mono">{ &*config.value }</b>{ mark }</dd></div> }
    };
    Some(html! {
        <>
            if !changed.is_empty() {
                <h3>{ "Configured" }</h3>
                <dl class="configs">{ for changed.iter().map(row) }</dl>
            }
            <details>
                <summary>{ format!("{} configs at Kafka's defaults", plain.len()) }</summary>
                <dl class="configs">{ for plain.iter().map(row) }</dl>
            </details>
        </>
    })
}
