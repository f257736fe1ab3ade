//! Sentences about a cluster that keeps its metadata in ZooKeeper: sessions, znodes, and a controller that is a broker.
//!
//! What a controller states is told here if a broker states it, for then there is no quorum and nothing is fenced. Invariant: no
//! sentence speaks of heartbeats.

#![allow(clippy::wildcard_enum_match_arm, reason = "everything else is told elsewhere")]

use super::{Context, Telling};
use crate::ui::Selection;
use crate::view_model::Tone;
use crate::view_model::timeline::MarkKind;
use crate::words;
use kafkascope_model::ids::{LeaderEpoch, NodeId};
use kafkascope_model::trace::{Fact, TraceEvent};

pub(super) fn tell(event: &TraceEvent, context: &Context<'_>) -> Option<Telling> {
    let node = event.node;
    match &event.fact {
        Fact::SessionExpired { broker, silent } => {
            let silent = words::span(*silent);
            let text = format!(
                "ZooKeeper ended the session of broker {broker}, silent for {silent}: its ephemeral znodes are gone."
            );
            let telling = Telling::plain(text, Selection::Node(*broker)).tone(Tone::Strong);
            Some(telling.marked(MarkKind::Fault, format!("broker {broker}: session over")))
        }
        Fact::EphemeralInTheWay { broker } => {
            let text = format!(
                "Broker {broker} cannot register: /brokers/ids/{broker} is still there, of a session that has not ended."
            );
            let telling = Telling::plain(text, Selection::Node(*broker)).tone(Tone::Bad);
            Some(telling.marked(MarkKind::Fault, format!("broker {broker}: id taken")))
        }
        Fact::StaleControllerRefused { controller, epoch, known } => {
            Some(stale(node, *controller, (*epoch, *known), context))
        }
        _ if node.is_broker() => by_the_controller(event, context),
        _ => None,
    }
}

/// What a broker states as the controller.
fn by_the_controller(event: &TraceEvent, context: &Context<'_>) -> Option<Telling> {
    let (node, title) = (event.node, context.title(event.node));
    match &event.fact {
        Fact::ControllerElected { epoch } => {
            let text = format!("{title} was the first to create /controller, epoch {epoch}.");
            let telling = Telling::plain(text, Selection::Node(node)).tone(Tone::Strong);
            Some(telling.marked(MarkKind::Controller, format!("epoch {epoch}")))
        }
        Fact::ControllerResigned { epoch } => {
            let text = format!("{title} is controller no more; its epoch was {epoch}.");
            Some(Telling::plain(text, Selection::Node(node)))
        }
        Fact::BrokerFenced { broker, .. } => {
            let text = format!(
                "The controller sees that /brokers/ids/{broker} is gone: broker {broker} leads nothing."
            );
            let telling = Telling::plain(text, Selection::Node(*broker)).tone(Tone::Strong);
            Some(telling.marked(MarkKind::Fault, format!("broker {broker} gone")))
        }
        Fact::BrokerUnfenced { broker } => {
            let text =
                format!("The controller sees /brokers/ids/{broker}: broker {broker} serves.");
            Some(Telling::plain(text, Selection::Node(*broker)))
        }
        _ => None,
    }
}

fn stale(
    node: NodeId,
    controller: NodeId,
    (epoch, known): (LeaderEpoch, LeaderEpoch),
    context: &Context<'_>,
) -> Telling {
    let text = format!(
        "{} refused what broker {controller} sent as the controller of epoch {epoch}, for it knows one of epoch {known}: STALE_CONTROLLER_EPOCH.",
        context.title(node)
    );
    let telling = Telling::plain(text, Selection::Node(controller)).tone(Tone::Strong);
    telling.marked(MarkKind::Controller, format!("epoch {epoch} refused"))
}
