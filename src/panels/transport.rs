//! The transport: play, pause, step, speed.
//!
//! Invariant: the play button says what it will do, to eyes and ears alike.

use crate::widgets::{Icon, IconName};
use crate::wish::{Ask, Wish};
use kafkascope_view::ui::{PaceWish, StepKind};
use kafkascope_view::ui_command::UiCommand;
use yew::prelude::*;

/// Properties of [`Transport`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct TransportProps {
    /// Whether time runs.
    pub playing: bool,
    /// Whether nobody has pressed Play yet.
    pub fresh: bool,
    /// How fast.
    pub pace: PaceWish,
    /// The branch that is shown.
    pub branch: AttrValue,
    /// Where wishes go.
    pub ask: Ask,
}

/// The buttons.
#[component]
pub fn Transport(props: &TransportProps) -> Html {
    let play = props.ask.reform(|_| Wish::Do(UiCommand::PlayPause));
    let (label, icon) =
        if props.playing { ("Pause", IconName::Pause) } else { ("Play", IconName::Play) };
    let inviting = props.fresh && !props.playing;
    let pace = match props.pace {
        PaceWish::Auto => "auto".to_string(),
        PaceWish::PerMille(speed) => speed_text(speed),
    };
    let auto = props.pace == PaceWish::Auto;
    html! {
        <div class="transport" role="group" aria-label="Time">
            <div class="transport-keys">
                { button(props, UiCommand::ToStart, IconName::ToStart) }
                { button(props, UiCommand::StepBack(StepKind::Fact), IconName::StepBack) }
                <button class={classes!("play", inviting.then_some("is-inviting"))} aria-label={label} onclick={play}><Icon name={icon} /></button>
                { button(props, UiCommand::StepForward(StepKind::Fact), IconName::StepForward) }
                { button(props, UiCommand::ToHead, IconName::ToHead) }
            </div>
            if inviting {
                <span class="invitation" aria-hidden="true">{ "Press Play" }</span>
            }
            <div class="pace">
                <span>{ "pace" }</span>
                { text_button(props, UiCommand::Slower, "−") }
                <b class="mono">{ pace }</b>
                { text_button(props, UiCommand::Faster, "+") }
                if !auto {
                    { text_button(props, UiCommand::PaceAuto, "auto") }
                }
            </div>
            if !props.branch.is_empty() {
                <span class="branch push">{ format!("branch: {}", props.branch) }</span>
            }
        </div>
    }
}

fn button(props: &TransportProps, command: UiCommand, name: IconName) -> Html {
    let label = command.label();
    let title = command.key().map(|key| format!("{label} ({key})"));
    let onclick = props.ask.reform(move |_| Wish::Do(command.clone()));
    html! { <button class="icon-button" aria-label={label} {title} {onclick}><Icon {name} /></button> }
}

fn text_button(props: &TransportProps, command: UiCommand, text: &'static str) -> Html {
    let label = command.label();
    let onclick = props.ask.reform(move |_| Wish::Do(command.clone()));
    html! { <button class="pace-button" aria-label={label} title={label} {onclick}>{ text }</button> }
}

/// Thousandths of real time as people say it.
fn speed_text(per_mille: u32) -> String {
    match per_mille {
        1_000 => "real time".to_string(),
        0..1_000 => format!("1/{}", 1_000 / per_mille.max(1)),
        _ => format!("{}×", per_mille / 1_000),
    }
}
