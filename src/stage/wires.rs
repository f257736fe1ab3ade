//! The wires: faint until something travels on them or an end of them is selected.
//!
//! Invariant: a cut wire is dashed, so it is not told by its colour alone.

use crate::shared::Shared;
use kafkascope_view::view_model::TopologyVm;
use kafkascope_view::view_model::topology::{WireLook, WireVm};
use yew::prelude::*;

/// Properties of [`Wires`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct WiresProps {
    /// Whose wires.
    pub wires: Shared<TopologyVm>,
    /// The stage's width.
    pub width: f32,
    /// The stage's height.
    pub height: f32,
}

/// All wires, below the cards.
#[component]
pub fn Wires(props: &WiresProps) -> Html {
    html! {
        <svg class="wires" width={props.width.to_string()} height={props.height.to_string()} aria-hidden="true">
            { for props.wires.wires.iter().map(wire) }
        </svg>
    }
}

fn wire(wire: &WireVm) -> Html {
    let look = match wire.look {
        WireLook::Faint => "wire",
        WireLook::InUse => "wire is-used",
        WireLook::Selected => "wire is-selected",
        WireLook::Slowed => "wire is-slowed",
        WireLook::Cut => "wire is-cut",
    };
    let tp = wire.tp.map_or((0, -1), |tp| (tp.topic.0, tp.partition));
    let key = format!("{}-{}-{tp:?}", wire.client, wire.broker);
    html! { <path {key} class={look} d={wire.curve.path()} /> }
}
