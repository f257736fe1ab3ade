//! What to try, while nothing is selected.
//!
//! Invariant: every hint is a button that does it, with its key.

use crate::wish::{Ask, Dialog, Wish};
use kafkascope_view::ui_command::UiCommand;
use yew::prelude::*;

/// Properties of [`Welcome`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct WelcomeProps {
    /// Where wishes go.
    pub ask: Ask,
}

/// The hints.
#[component]
pub fn Welcome(props: &WelcomeProps) -> Html {
    let hint = |wish: Wish, text: &'static str, key: &'static str| {
        let onclick = props.ask.reform(move |_| wish.clone());
        html! {
            <li><button class="hint" {onclick}><span>{ text }</span><kbd>{ key }</kbd></button></li>
        }
    };
    html! {
        <section class="panel welcome" aria-labelledby="welcome-title">
            <h2 id="welcome-title">{ "Try this" }</h2>
            <ul>
                { hint(Wish::Do(UiCommand::PlayPause), "Let time run, or stop it", "Space") }
                { hint(Wish::Kill, "Kill the leader of the first partition", "K") }
                { hint(Wish::AddConsumer, "Add a consumer and watch the rebalance", "A") }
                { hint(Wish::RemoveConsumer, "Let a consumer leave", "R") }
                { hint(Wish::Letter('L'), "Look at one log closely", "L") }
                { hint(Wish::Do(UiCommand::ToggleUnderWay), "Read the requests under way", "M") }
                { hint(Wish::Open(Dialog::Help), "How to read the picture", "?") }
            </ul>
            <p class="card-quiet">{ "Click a record to see its life, anything else to see its state. Drop a CSV on the page to send your own data." }</p>
        </section>
    }
}
