//! One request, both ways: header and fields as Kafka names them, and what can be done to it.
//!
//! Invariant: fields stand in the order of the wire; a moment that is known is a button that goes there.

use crate::shared::Shared;
use crate::widgets::{FaceIcon, Icon, IconName, tone};
use crate::wish::{Ask, Wish};
use kafkascope_view::UiCommand;
use kafkascope_view::ui::Selection;
use kafkascope_view::view_model::RequestVm;
use kafkascope_view::view_model::request::{FieldVm, MessageVm, StepVm};
use yew::prelude::*;

/// Properties of [`Request`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct RequestProps {
    /// What is shown.
    pub request: Shared<RequestVm>,
    /// Where wishes go.
    pub ask: Ask,
}

/// A request.
#[component]
pub fn Request(props: &RequestProps) -> Html {
    let (request, ask) = (&props.request, &props.ask);
    let close = ask.reform(|_| Wish::Close);
    html! {
        <section class="panel is-answer request" aria-labelledby="request-title" tabindex="0">
            <div class="panel-head">
                <h2 id="request-title" class="mono">{ &*request.api }</h2>
                <span class="push tone-quiet">{ &*request.ends }</span>
                <button class="icon-button is-small" aria-label="Close" onclick={close}><Icon name={IconName::Close} /></button>
            </div>
            <p class="card-quiet request-purpose">{ request.purpose }</p>
            <ol class="request-steps">{ for request.steps.iter().map(|step| moment(step, ask)) }</ol>
            { message("Request", &request.asked, carried(request, request.asks, ask), ask) }
            { message("Response", &request.answered, carried(request, !request.asks, ask), ask) }
        </section>
    }
}

fn moment(step: &StepVm, ask: &Ask) -> Html {
    let state = match (step.bad, step.done) {
        (true, _) => "is-bad",
        (false, true) => "is-done",
        (false, false) => "is-ahead",
    };
    let inside = html! {
        <><i aria-hidden="true"></i><span>{ &*step.name }</span><span class="mono">{ &*step.time }</span></>
    };
    match step.jump {
        Some(jump) => {
            let onclick = ask.reform(move |_| Wish::Do(UiCommand::Seek(jump)));
            html! { <li class={state}><button title="Go there" {onclick}>{ inside }</button></li> }
        }
        None => html! { <li class={state}><span>{ inside }</span></li> },
    }
}

/// The records it carries; each leads to its life.
fn carried(request: &RequestVm, here: bool, ask: &Ask) -> Option<Html> {
    if !here || request.records.is_empty() {
        return None;
    }
    let records = request.records.iter().enumerate().map(|(index, (face, id))| {
        let id = *id;
        let onclick = ask.reform(move |_| Wish::Do(UiCommand::Select(Selection::Record(id))));
        let label = format!("Record {}", index + 1);
        html! { <button class="request-record" aria-label={label} title="Its life" {onclick}><FaceIcon face={*face} side={18} /></button> }
    });
    Some(html! {
        <div class="request-records" role="group" aria-label="Records it carries">
            { for records }
            if request.records_more > 0 {
                <span class="card-quiet">{ format!("+{}", request.records_more) }</span>
            }
        </div>
    })
}

fn message(title: &'static str, message: &MessageVm, carried: Option<Html>, ask: &Ask) -> Html {
    let faults = message.faults.iter().map(|action| {
        let wish = action.command.clone();
        let onclick = ask.reform(move |_| Wish::Do(wish.clone()));
        html! { <button class="action" {onclick}>{ &*action.label }</button> }
    });
    html! {
        <section class={classes!("message", message.selected.then_some("is-selected"))} aria-label={title}>
            <div class="message-head"><h3>{ title }</h3>{ for carried }</div>
            if !message.faults.is_empty() {
                <div class="actions" role="group" aria-label={if message.back { "Go back to when it left, and" } else { "Strike this one message" }}>
                    if message.back { <span class="card-quiet">{ "Go back, and" }</span> }
                    { for faults }
                </div>
            }
            if message.absent.is_empty() {
                <dl class="wire-fields mono">{ for message.fields.iter().map(field) }</dl>
            } else {
                <p class="card-quiet">{ &*message.absent }</p>
            }
            if message.more > 0 {
                <p class="card-quiet">{ format!("and {} fields more", message.more) }</p>
            }
        </section>
    }
}

fn field(field: &FieldVm) -> Html {
    let style = format!("padding-left:{}px", u32::from(field.depth) * 10);
    let class = field.header.then_some("is-header");
    html! {
        <div {class} {style}><dt>{ &*field.name }</dt><dd class={tone(field.tone)}>{ &*field.value }</dd></div>
    }
}
