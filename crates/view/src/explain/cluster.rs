//! Sentences about processes, links, brokers, controllers and topics.
//!
//! Invariant: what a user did is told as done ("was killed"), what the cluster did names who did it.

#![allow(clippy::wildcard_enum_match_arm, reason = "most facts are told elsewhere")]

use super::{Context, Joint, Telling};
use crate::ui::{Question, Selection};
use crate::view_model::Tone;
use crate::view_model::timeline::MarkKind;
use crate::words;
use kafkascope_kernel::Micros;
use kafkascope_model::ids::{LeaderEpoch, NodeId, TopicPartition};
use kafkascope_model::net::LinkSel;
use kafkascope_model::trace::{ChangeReason, Exit, Fact, TraceEvent};

pub(super) fn tell(event: &TraceEvent, context: &Context<'_>) -> Option<Telling> {
    let node = event.node;
    match &event.fact {
        Fact::Starting | Fact::Exited(_) | Fact::Paused | Fact::Resumed => process(event, context),
        Fact::LinkCut(_) | Fact::LinkSlowed(..) | Fact::LinkHealed(_) => link(event, context),
        Fact::BrokerFenced { broker, silent } => Some(fenced(*broker, *silent, context)),
        Fact::BrokerUnfenced { broker } => Some(unfenced(*broker, context)),
        Fact::BrokerRefused { broker, error } => {
            let text = format!("The controller refused broker {broker}: {}.", error.name());
            let topic = format!("refused {broker}");
            Some(Telling::plain(text, Selection::Node(*broker)).once_in_a_while(topic))
        }
        Fact::ShutdownBegan { broker } => {
            let text = format!(
                "Broker {broker} asks to shut down: the controller moves its leaderships away."
            );
            Some(Telling::plain(text, Selection::Node(*broker)))
        }
        Fact::ControllerElected { epoch } => {
            let text = format!("{} leads the metadata quorum, epoch {epoch}.", context.title(node));
            let telling = Telling::plain(text, Selection::Node(node)).tone(Tone::Strong);
            Some(telling.marked(MarkKind::Controller, format!("epoch {epoch}")))
        }
        Fact::ControllerResigned { .. } => {
            let text = format!("{} steps down as the quorum's leader.", context.title(node));
            Some(Telling::plain(text, Selection::Node(node)))
        }
        Fact::TopicCreated { name, partitions, replication_factor, .. } => {
            let partitions =
                words::count(u64::from(partitions.unsigned_abs()), "partition", "partitions");
            let copies = u64::from(replication_factor.unsigned_abs());
            let copies = words::count(copies, "replica", "replicas");
            Some(Telling::plain(
                format!("Topic {name} was created: {partitions}, {copies} each."),
                Selection::None,
            ))
        }
        Fact::TopicDeleted { topic } => {
            let name = &context.before.topics.get(topic)?.name;
            Some(Telling::plain(format!("Topic {name} was deleted."), Selection::None))
        }
        Fact::LeaderElected { tp, leader, epoch, reason } => {
            leader_elected(*tp, *leader, *epoch, *reason, context)
        }
        Fact::IsrChanged { tp, isr, reason, .. } => isr_changed(*tp, isr, *reason, context),
        Fact::ConfigChanged { resource, key, value } => {
            let text = match value {
                Some(value) => format!("{key} of {resource} is {value} from now on."),
                None => format!("{key} of {resource} is back at its default."),
            };
            Some(Telling::plain(text, Selection::None))
        }
        _ => None,
    }
}

fn process(event: &TraceEvent, context: &Context<'_>) -> Option<Telling> {
    let node = event.node;
    let (title, name) = (context.title(node), context.name(node));
    let known = context.before.processes.contains_key(&node);
    let about = Selection::Node(node);
    let telling = |text: String, tone| Telling::plain(text, about.clone()).tone(tone);
    Some(match &event.fact {
        Fact::Starting if !known => return None,
        Fact::Starting => telling(format!("{title} starts again."), Tone::Strong)
            .marked(MarkKind::Restart, format!("{name} starts")),
        Fact::Exited(Exit::Killed) => telling(format!("{title} was killed."), Tone::Bad)
            .marked(MarkKind::Fault, format!("{name} killed")),
        Fact::Exited(Exit::PowerLost) => telling(format!("{title} lost its power."), Tone::Bad)
            .marked(MarkKind::Fault, format!("{name} without power")),
        Fact::Exited(Exit::Halted) => {
            telling(format!("{title} halted: it cannot go on."), Tone::Bad)
                .marked(MarkKind::Fault, format!("{name} halted"))
        }
        Fact::Exited(Exit::Clean) => telling(format!("{title} ended in order."), Tone::Plain)
            .marked(MarkKind::Fault, format!("{name} ends")),
        Fact::Paused => {
            let text = format!("{title} stands still (SIGSTOP); its connections stay open.");
            telling(text, Tone::Bad).marked(MarkKind::Fault, format!("{name} paused"))
        }
        _ => telling(format!("{title} goes on."), Tone::Strong)
            .marked(MarkKind::Restart, format!("{name} goes on")),
    })
}

fn link(event: &TraceEvent, context: &Context<'_>) -> Option<Telling> {
    let (sel, text, kind, word) = match &event.fact {
        Fact::LinkCut(sel) => (sel, "was cut: nothing passes.".to_string(), MarkKind::Fault, "cut"),
        Fact::LinkSlowed(sel, transit) => {
            let text = format!("is slow: {} a message.", words::span(*transit));
            (sel, text, MarkKind::Fault, "slow")
        }
        Fact::LinkHealed(sel) => (sel, "is as it was.".to_string(), MarkKind::Restart, "healed"),
        _ => return None,
    };
    let (what, about) = match sel {
        LinkSel::Between(a, b) => (
            format!("The link between {} and {}", context.name(*a), context.name(*b)),
            Selection::Link(*a, *b),
        ),
        LinkSel::OneWay(a, b) => (
            format!("The way from {} to {}", context.name(*a), context.name(*b)),
            Selection::Link(*a, *b),
        ),
        LinkSel::Around(node) => {
            (format!("Every link of {}", context.name(*node)), Selection::Node(*node))
        }
    };
    let tone = if kind == MarkKind::Fault { Tone::Bad } else { Tone::Strong };
    Some(
        Telling::plain(format!("{what} {text}"), about)
            .tone(tone)
            .marked(kind, format!("link {word}")),
    )
}

fn fenced(broker: NodeId, silent: Micros, context: &Context<'_>) -> Telling {
    let about = Selection::Node(broker);
    let leaving = context.before.brokers.get(&broker).is_some_and(|known| known.shutting_down);
    if leaving || silent == Micros::ZERO {
        return Telling::plain(
            format!("The controller fenced broker {broker}: it is leaving."),
            about,
        );
    }
    let text = format!(
        "The controller fenced broker {broker}: {} without a heartbeat.",
        words::span(silent)
    );
    Telling::plain(text, about)
        .tone(Tone::Strong)
        .marked(MarkKind::Fault, format!("broker {broker} fenced"))
}

fn unfenced(broker: NodeId, context: &Context<'_>) -> Telling {
    let before = context.before.processes.get(&broker);
    let again = before.is_some_and(|process| process.since.seq > 0 && process.since.at.0 > 0);
    let text = if again {
        format!("Broker {broker} serves again: the controller unfenced it.")
    } else {
        format!("Broker {broker} serves: the controller unfenced it.")
    };
    Telling::plain(text, Selection::Node(broker))
}

fn leader_elected(
    tp: TopicPartition,
    leader: NodeId,
    epoch: LeaderEpoch,
    reason: ChangeReason,
    context: &Context<'_>,
) -> Option<Telling> {
    if reason == ChangeReason::Created {
        return None;
    }
    let moved = context.before.leader(tp) != Some(leader);
    if context.is_internal(tp) {
        let topic = &context.before.topics.get(&tp.topic)?.name;
        let tail = format!("of {topic} changed leader.");
        return moved.then(|| many(&tail));
    }
    if !moved {
        return None;
    }
    let name = context.partition(tp);
    let about = Selection::Partition(tp);
    if leader == NodeId::NONE && context.before.may_be_led(tp) {
        // A step on the way, in ZooKeeper mode: whom the ISR still has is elected at the same moment.
        return None;
    }
    if leader == NodeId::NONE {
        let text = format!("{name} has no leader: no member of its ISR is alive.");
        let telling = Telling::plain(text, about).tone(Tone::Bad);
        return Some(
            telling
                .joined(Joint::Leader(tp))
                .marked(MarkKind::Election, format!("{name}: nobody"))
                .called_out(
                    format!("Nobody leads {name}."),
                    "Only a member of the ISR may lead, and none is alive.",
                    Some(Question::NotWritable(tp)),
                ),
        );
    }
    let how = match reason {
        ChangeReason::Preferred => "takes its leadership back",
        ChangeReason::Unclean => "elected leader uncleanly",
        ChangeReason::Created
        | ChangeReason::Fenced
        | ChangeReason::Unfenced
        | ChangeReason::ControlledShutdown
        | ChangeReason::Proposed
        | ChangeReason::Reassignment => "elected leader",
    };
    let text = format!("{name}: broker {leader} {how}, epoch {epoch}.");
    let tone = if reason == ChangeReason::Unclean { Tone::Bad } else { Tone::Strong };
    let telling = Telling::plain(text, about).tone(tone).joined(Joint::Leader(tp));
    Some(telling.marked(MarkKind::Election, format!("epoch {epoch}")))
}

fn isr_changed(
    tp: TopicPartition,
    isr: &[NodeId],
    reason: ChangeReason,
    context: &Context<'_>,
) -> Option<Telling> {
    let before = context.before.partitions.get(&tp).map_or(0, |known| known.isr.len());
    if reason == ChangeReason::Created || before == isr.len() {
        return None;
    }
    if context.is_internal(tp) {
        return None;
    }
    let name = context.partition(tp);
    let verb = if isr.len() < before { "shrinks" } else { "grows" };
    let text = format!("{name}: ISR {verb} to {}.", words::set(isr));
    let telling = Telling::plain(text, Selection::Partition(tp)).joined(Joint::Isr(tp));
    Some(telling.marked(MarkKind::Isr, format!("ISR {}", words::set(isr))))
}

fn many(tail: &str) -> Telling {
    let text = format!("1 partition {tail}");
    Telling::plain(text, Selection::None).joined(Joint::Many(1, tail.to_string()))
}
