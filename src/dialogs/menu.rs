//! What a narrow top bar has no room for.
//!
//! Invariant: everything a wide screen offers in its top bar is here too.

use crate::panels::header::OpenFile;
use crate::widgets::Modal;
use crate::wish::{Ask, Dialog, Wish};
use kafkascope_view::UiCommand;
use yew::prelude::*;

/// Properties of [`Menu`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct MenuProps {
    /// Where wishes go.
    pub ask: Ask,
}

/// The menu.
#[component]
pub fn Menu(props: &MenuProps) -> Html {
    let item = |wish: Wish, text: &'static str| {
        let onclick = props.ask.reform(move |_| wish.clone());
        html! { <li><button class="choice" {onclick}>{ text }</button></li> }
    };
    html! {
        <Modal title="Menu" ask={props.ask.clone()}>
            <ul class="choices">
                { item(Wish::Open(Dialog::Scenarios), "Scenarios") }
                <li><OpenFile class="choice" ask={props.ask.clone()} /></li>
                { item(Wish::Groups, "A group through time, or back to the stage") }
                { item(Wish::Letter('L'), "A log, closely, or back to the stage") }
                { item(Wish::Letter('Q'), "The controllers and their log, or back to the stage") }
                { item(Wish::Do(UiCommand::ToggleUnderWay), "The requests under way, to be read and struck") }
                { item(Wish::Open(Dialog::Audit), "What Kafka promises, and whether it held") }
                { item(Wish::Kill, "Kill the leader of the first partition") }
                { item(Wish::AddConsumer, "Add a consumer") }
                { item(Wish::RemoveConsumer, "Remove a consumer") }
                { item(Wish::Do(UiCommand::ToggleInternalTopics), "Show or hide Kafka's own topics") }
                { item(Wish::Open(Dialog::Help), "Help") }
            </ul>
        </Modal>
    }
}
