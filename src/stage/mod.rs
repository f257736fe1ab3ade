//! The stage: applications that send, the cluster, groups that read; structure as HTML and SVG, motion on one canvas above.
//!
//! Invariant: everything stands where the layout says, so the canvas and the structure agree to the pixel.

mod broker;
mod callout;
mod controller;
mod group;
mod member;
mod place;
mod producer;
mod tape;
mod wires;

use crate::panels;
use crate::shared::Shared;
use crate::wish::{Ask, Wish};
use broker::BrokerCard;
use callout::Callout;
use controller::ControllerChip;
use group::GroupCard;
use kafkascope_view::ViewModel;
use kafkascope_view::layout::{Card, ClusterLayout, Mode};
use kafkascope_view::ui::Selection;
use kafkascope_view::ui_command::UiCommand;
use producer::ProducerCard;
use wasm_bindgen::JsCast;
use web_sys::Element;
use wires::Wires;
use yew::prelude::*;

/// Properties of [`Stage`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct StageProps {
    /// What is shown.
    pub view: Shared<ViewModel>,
    /// Where wishes go.
    pub ask: Ask,
    /// The canvas on which motion is painted.
    pub canvas: NodeRef,
    /// The element whose size decides the layout.
    pub frame: NodeRef,
    /// Whether another view covers it.
    pub covered: bool,
    /// What stands on the right: answers, or what to try.
    pub aside: Html,
    /// What stands on the left below the applications.
    pub below: Html,
}

/// The stage.
#[component]
pub fn Stage(props: &StageProps) -> Html {
    let layout = &props.view.layout;
    let mode = match layout.mode {
        Mode::Wide => "is-wide",
        Mode::Narrow => "is-narrow",
        Mode::Projector => "is-projector",
    };
    let size =
        format!("width:{}px;height:{}px;--scale:{}", layout.width, layout.height, layout.scale);
    let onclick = touch(props.ask.clone());
    html! {
        <section class={classes!("stage-frame", props.covered.then_some("is-covered"))} aria-label="The cluster" ref={props.frame.clone()} tabindex="-1">
            <div class={classes!("stage", mode)} style={size} {onclick}>
                <Wires wires={Shared::from(&props.view.topology)} width={layout.width} height={layout.height} />
                { cards(props) }
                { for panels::place_rest("left-rest", layout.left_rest, &props.below) }
                { for panels::place_rest("right-rest", layout.right_rest, &props.aside) }
                <canvas class="motion" ref={props.canvas.clone()} aria-hidden="true"></canvas>
                if let Some(callout) = &props.view.callout {
                    <Callout callout={Shared::from(callout)} ask={props.ask.clone()} />
                }
            </div>
            if layout.right_rest.is_none() && layout.mode != Mode::Projector {
                <div class="rest-below">{ props.aside.clone() }{ props.below.clone() }</div>
            }
        </section>
    }
}

/// A click on nothing else may be meant for something that flies.
fn touch(ask: Ask) -> impl Fn(MouseEvent) {
    move |event: MouseEvent| {
        let Some(target) = event.target().and_then(|target| target.dyn_into::<Element>().ok())
        else {
            return;
        };
        if target.closest("button, a, .panel").ok().flatten().is_some() {
            return;
        }
        let Some(stage) = target.closest(".stage").ok().flatten() else { return };
        let rect = stage.get_bounding_client_rect();
        let x = f64::from(event.client_x()) - rect.left();
        let y = f64::from(event.client_y()) - rect.top();
        ask.emit(Wish::Touch(x as f32, y as f32));
    }
}

fn cards(props: &StageProps) -> Html {
    let (topology, layout) = (&props.view.topology, Shared::from(&props.view.layout));
    let ask = &props.ask;
    let producers = topology.producers.iter().map(|producer| {
        html! { <ProducerCard key={producer.id.0} producer={Shared::from(producer)} layout={layout.clone()} ask={ask.clone()} /> }
    });
    let controllers = topology.controllers.iter().map(|controller| {
        html! { <ControllerChip key={controller.id.0} controller={Shared::from(controller)} layout={layout.clone()} ask={ask.clone()} /> }
    });
    let brokers = topology.brokers.iter().map(|broker| {
        html! { <BrokerCard key={broker.id.0} broker={Shared::from(broker)} layout={layout.clone()} ask={ask.clone()} /> }
    });
    let groups = topology.groups.iter().map(|group| {
        html! { <GroupCard key={group.group.to_string()} group={Shared::from(group)} layout={layout.clone()} ask={ask.clone()} /> }
    });
    html! {
        <>
            <div role="group" aria-label="Applications that send">{ for producers }</div>
            <div role="group" aria-label="Controllers">{ for controllers }</div>
            <div role="group" aria-label="Brokers">{ for brokers }</div>
            <div role="group" aria-label="Groups that read">{ for groups }</div>
        </>
    }
}

/// A click that selects something.
fn select(ask: &Ask, selection: Selection) -> Callback<MouseEvent> {
    ask.reform(move |_| Wish::Do(UiCommand::Select(selection.clone())))
}

/// A card's place, if it has one.
fn card_style(layout: &ClusterLayout, card: &Card) -> Option<String> {
    layout.card(card).map(|found| place::style(found.rect))
}
