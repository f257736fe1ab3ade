//! The shipped scenarios.
//!
//! Invariant: choosing one begins it anew; nothing of the run before remains.

use crate::widgets::Modal;
use crate::wish::{Ask, Wish};
use kafkascope_view::view_model::Text;
use yew::prelude::*;

/// One scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// Its file's name.
    pub id: Text,
    /// Its title.
    pub title: Text,
    /// What it shows.
    pub about: Text,
}

/// Properties of [`Scenarios`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct ScenariosProps {
    /// All of them.
    pub choices: Vec<Choice>,
    /// The one that is open.
    pub open: Text,
    /// Where wishes go.
    pub ask: Ask,
}

/// The picker.
#[component]
pub fn Scenarios(props: &ScenariosProps) -> Html {
    let choices = props.choices.iter().map(|choice| {
        let id = choice.id.clone();
        let current = choice.id == props.open;
        let onclick = props.ask.reform(move |_| Wish::Scenario(id.clone()));
        html! {
            <li><button class="choice" {onclick} aria-current={current.to_string()} data-autofocus={current.then_some("")}>
                <b>{ &*choice.title }</b><span>{ &*choice.about }</span>
            </button></li>
        }
    });
    html! {
        <Modal title="Scenarios" ask={props.ask.clone()}>
            <ul class="choices">{ for choices }</ul>
        </Modal>
    }
}
