//! The top bar: what this is, which scenario, what time it is, and where everything else is.
//!
//! The clock's texts are written by the frame loop. Invariant: the bar never wraps; what has no room is in the help.

use crate::widgets::{Icon, IconName};
use crate::wish::{Ask, Dialog, Wish};
use kafkascope_view::ui_command::UiCommand;
use kafkascope_view::view_model::Text;
use yew::prelude::*;

/// Properties of [`Header`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct HeaderProps {
    /// "Ride-share".
    pub title: Text,
    /// "3 brokers · RF 3 · acks=all".
    pub subtitle: Text,
    /// Where wishes go.
    pub ask: Ask,
}

/// The top bar.
#[component]
pub fn Header(props: &HeaderProps) -> Html {
    let wish = |wish: Wish| props.ask.reform(move |_: MouseEvent| wish.clone());
    html! {
        <header class="bar">
            <div class="bar-side">
                <h1 class="brand"><Logo /><span>{ "Kafkascope" }</span></h1>
                <span class="divider" aria-hidden="true"></span>
                <button class="scenario" onclick={wish(Wish::Open(Dialog::Scenarios))} aria-haspopup="dialog">
                    <b>{ &*props.title }</b><span>{ &*props.subtitle }</span>
                </button>
            </div>
            <div class="clock" id="clock" role="timer" aria-label="Simulated time">
                <div class="clock-time" id="clock-time"></div>
                <div class="clock-pace" id="clock-pace"></div>
            </div>
            <nav class="bar-side" aria-label="More">
                <button class="link-button is-accent" onclick={wish(Wish::Do(UiCommand::AskWhy))}>{ "Why?" }</button>
                <button class="link-button" onclick={wish(Wish::Groups)}>{ "Groups" }</button>
                <button class="link-button" onclick={wish(Wish::Open(Dialog::Audit))} aria-haspopup="dialog">{ "Promises" }</button>
                <button class="link-button" onclick={wish(Wish::Open(Dialog::Scenarios))} aria-haspopup="dialog">{ "Scenarios" }</button>
                <OpenFile class="link-button" ask={props.ask.clone()} />
                <button class="link-button" onclick={wish(Wish::Open(Dialog::Help))} aria-haspopup="dialog">{ "Help " }<kbd>{ "?" }</kbd></button>
                <button class="icon-button" aria-label="Light or dark" onclick={wish(Wish::ToggleTheme)}><Icon name={IconName::Theme} /></button>
                <button class="icon-button is-narrow-only" aria-label="Menu" aria-haspopup="dialog" onclick={wish(Wish::Open(Dialog::Menu))}><Icon name={IconName::Menu} /></button>
            </nav>
        </header>
    }
}

/// Properties of [`OpenFile`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct OpenFileProps {
    /// The button's class.
    pub class: &'static str,
    /// Where wishes go.
    pub ask: Ask,
}

/// A button that lets one choose a table; dropping it on the page does the same.
#[component]
pub fn OpenFile(props: &OpenFileProps) -> Html {
    let input = use_node_ref();
    let onclick = {
        let input = input.clone();
        move |_: MouseEvent| {
            if let Some(input) = input.cast::<web_sys::HtmlInputElement>() {
                input.click();
            }
        }
    };
    let onchange = {
        let (input, ask) = (input.clone(), props.ask.clone());
        move |_: Event| {
            let Some(input) = input.cast::<web_sys::HtmlInputElement>() else { return };
            if let Some(file) = input.files().and_then(|files| files.get(0)) {
                crate::platform::files::read(&file, ask.clone());
            }
            input.set_value("");
        }
    };
    html! {
        <>
            <button class={props.class} {onclick}>{ "Your data" }</button>
            <input type="file" hidden={true} accept=".csv,.ndjson,.jsonl,.json,text/csv,application/json" ref={input} {onchange} aria-label="A table" />
        </>
    }
}

/// Three nodes and their wires: a K.
#[component]
fn Logo() -> Html {
    html! {
        <svg viewBox="0 0 22 24" aria-hidden="true">
            <g class="brand-ink" stroke-width="2.4" stroke-linecap="round">
                <path d="M5 4v16M6 12l10 7" />
                <circle cx="5" cy="4" r="2.3" /><circle cx="5" cy="20" r="2.3" /><circle cx="17" cy="19.5" r="2.3" />
            </g>
            <g class="brand-accent" stroke-width="2.4" stroke-linecap="round"><path d="M6.5 11.5L15 5" /><circle cx="17" cy="4.2" r="2.3" /></g>
        </svg>
    }
}
