//! A controller of the metadata quorum as a chip above the brokers.
//!
//! Invariant: exactly the active one wears the crown.

use super::{card_style, select};
use crate::shared::Shared;
use crate::wish::Ask;
use kafkascope_view::layout::{Card, ClusterLayout};
use kafkascope_view::ui::Selection;
use kafkascope_view::view_model::topology::{ControllerVm, ProcessStatus};
use yew::prelude::*;

/// Properties of [`ControllerChip`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct ControllerProps {
    /// What is shown.
    pub controller: Shared<ControllerVm>,
    /// Where everything is.
    pub layout: Shared<ClusterLayout>,
    /// Where wishes go.
    pub ask: Ask,
}

/// A controller's chip.
#[component]
pub fn ControllerChip(props: &ControllerProps) -> Html {
    let controller = &props.controller;
    let card = Card::Node(controller.id);
    let Some(style) = card_style(&props.layout, &card) else { return Html::default() };
    let down = matches!(controller.status, ProcessStatus::Stopped | ProcessStatus::Paused);
    let class = classes!(
        "card",
        "chip",
        controller.active.then_some("is-active"),
        down.then_some("is-down"),
        controller.selected.then_some("is-selected")
    );
    let onclick = select(&props.ask, Selection::Node(controller.id));
    html! {
        <button {class} {style} {onclick} aria-pressed={controller.selected.to_string()} data-node={controller.id.to_string()}>
            if controller.active {
                <span class="crown" aria-hidden="true">{ "♛" }</span>
            }
            <b>{ &*controller.name }</b>
            <span class="card-quiet">{ &*controller.state }</span>
        </button>
    }
}
