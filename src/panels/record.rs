//! The life of one record as a waterfall of stages.
//!
//! Invariant: a stage that was reached is a button that goes to its moment.

use crate::shared::Shared;
use crate::widgets::{FaceIcon, Icon, IconName, tone};
use crate::wish::{Ask, Wish};
use kafkascope_view::ui::Jump;
use kafkascope_view::ui_command::UiCommand;
use kafkascope_view::view_model::RecordVm;
use kafkascope_view::view_model::record::{StageState, StageVm};
use yew::prelude::*;

/// Properties of [`Record`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct RecordProps {
    /// What is shown.
    pub record: Shared<RecordVm>,
    /// Where wishes go.
    pub ask: Ask,
}

/// A record's life.
#[component]
pub fn Record(props: &RecordProps) -> Html {
    let (record, ask) = (&props.record, &props.ask);
    let close = ask.reform(|_| Wish::Close);
    html! {
        <section class="panel is-answer record" aria-labelledby="record-title" tabindex="0">
            <div class="panel-head">
                <FaceIcon face={record.face} side={20} />
                <h2 id="record-title">{ &*record.title }</h2>
                <button class="icon-button is-small push" aria-label="Close" onclick={close}><Icon name={IconName::Close} /></button>
            </div>
            <p class="card-quiet record-place"><span>{ &*record.sender }</span><span class="mono">{ &*record.place }</span></p>
            <ol class="stages">{ for record.stages.iter().map(|stage| row(stage, ask)) }</ol>
            if let Some(verdict) = &record.verdict {
                <p class={classes!("verdict", tone(verdict.tone))}>{ &*verdict.text }</p>
            }
            <div class="actions">{ follow(record, ask) }{ for why(record, ask) }</div>
        </section>
    }
}

fn row(stage: &StageVm, ask: &Ask) -> Html {
    let state = match stage.state {
        StageState::Done => "is-done",
        StageState::Current => "is-current",
        StageState::Ahead => "is-ahead",
        StageState::Failed => "is-failed",
        StageState::Skipped => "is-skipped",
    };
    let bar = format!(
        "left:{}%;width:{}%",
        stage.bar.0 * 100.0,
        (stage.bar.1 - stage.bar.0).max(0.01) * 100.0
    );
    let inside = html! {
        <>
            <i class="stage-dot" aria-hidden="true"></i>
            <span class="stage-name">{ &*stage.name }</span>
            <span class="stage-time mono">{ &*stage.time }</span>
            if stage.at.is_some() { <i class="stage-bar" aria-hidden="true"><i style={bar}></i></i> }
        </>
    };
    let inside = match stage.at {
        None => inside,
        Some(at) => {
            let jump = Jump { at, seq: stage.seq };
            let onclick = ask.reform(move |_| Wish::Do(UiCommand::Seek(jump)));
            html! { <button class="stage-row" {onclick} title="Go to this moment">{ inside }</button> }
        }
    };
    html! { <li class={classes!("stage-step", state)}>{ inside }</li> }
}

fn follow(record: &RecordVm, ask: &Ask) -> Html {
    let wish = if record.followed { None } else { Some(record.record) };
    let onclick = ask.reform(move |_| Wish::Do(UiCommand::Follow(wish)));
    let label = UiCommand::Follow(wish).label();
    html! { <button class="action" {onclick}>{ label }<kbd>{ "F" }</kbd></button> }
}

fn why(record: &RecordVm, ask: &Ask) -> Option<Html> {
    let question = record.question.clone()?;
    let onclick = ask.reform(move |_| Wish::Do(UiCommand::Ask(question.clone())));
    Some(html! { <button class="action" {onclick}>{ "Why?" }</button> })
}
