//! Why a broker is fenced, and why an ISR is what it is.
//!
//! Invariant: the chain begins with what happened to a process or a link, if something did.

#![allow(clippy::wildcard_enum_match_arm, reason = "an answer looks for a few facts only")]

use super::super::Sight;
use super::super::stage::session_key;
use super::answer::{Answer, Step};
use crate::picture::Moment;
use crate::ui_command::ConfigScope;
use crate::view_model::Tone;
use crate::words;
use kafkascope_kernel::Micros;
use kafkascope_model::ids::{NodeId, TopicPartition};
use kafkascope_model::net::LinkSel;
use kafkascope_model::trace::{ChangeReason, Exit, Fact, TraceEvent};

/// Why the controller fenced a broker.
pub(super) fn fenced(sight: &Sight<'_>, broker: NodeId) -> Option<Answer> {
    let title = sight.title(broker);
    let steps = downfall(sight, broker, u64::MAX);
    let is_fenced = sight.observer.picture.brokers.get(&broker).is_some_and(|known| known.fenced);
    if !is_fenced {
        let answer = Answer::new(format!("Why does {} not answer?", sight.name(broker)), steps);
        let timeout = words::span(session_timeout(sight, broker));
        let verdict = match has_zookeeper(sight) {
            true => {
                format!(
                    "The controller does not know yet: ZooKeeper waits for {timeout} of silence."
                )
            }
            false => {
                format!(
                    "The controller does not know yet: it waits for {timeout} without a heartbeat."
                )
            }
        };
        return Some(answer.verdict(Tone::Agreed, verdict));
    }
    if has_zookeeper(sight) {
        return Some(unregistered(sight, broker, steps));
    }
    let answer = Answer::new(format!("Why is {} fenced?", sight.name(broker)), steps);
    let leads = sight.observer.picture.partitions.values().any(|known| known.leader == broker);
    let verdict = if leads {
        "It still leads what nobody else may lead."
    } else {
        "It leads nothing while it is fenced, and clients are not sent to it."
    };
    let meaning = format!(
        "{title} is unfenced when it has caught up with the metadata and its heartbeats arrive."
    );
    Some(answer.verdict(Tone::Agreed, verdict).meaning(meaning))
}

/// Why a broker's znode is gone, in ZooKeeper mode.
fn unregistered(sight: &Sight<'_>, broker: NodeId, steps: Vec<Step>) -> Answer {
    let answer = Answer::new(format!("Why does {} not serve?", sight.name(broker)), steps);
    let verdict = format!("/brokers/ids/{broker} is gone, so it leads nothing.");
    let meaning = format!(
        "{} serves again when it has a session and has made its znode anew.",
        sight.title(broker)
    );
    answer.verdict(Tone::Agreed, verdict).meaning(meaning)
}

pub(super) fn has_zookeeper(sight: &Sight<'_>) -> bool {
    sight.session.world().zookeeper().is_some()
}

/// What happened to a broker until the fact of number `before`: its end, or what cut it off, and its fencing.
pub(super) fn downfall(sight: &Sight<'_>, broker: NodeId, before: u64) -> Vec<Step> {
    let served = sight.last(before, |event| unfences(event, broker)).map_or(0, |event| event.seq);
    let fencing = sight.last(before, |event| fences(event, broker)).filter(|e| e.seq > served);
    let until = fencing.map_or(before, |event| event.seq);
    let cause = sight.last(until, |event| harms(event, broker)).filter(|event| {
        // What the broker has recovered from is no cause.
        let healed = sight.last(until, |later| heals(later, broker));
        healed.is_none_or(|healed| healed.seq < event.seq)
            && (event.seq > served || fencing.is_some())
    });
    let mut steps: Vec<Step> = cause.into_iter().map(|event| harm(sight, event, broker)).collect();
    steps.extend(fencing.map(|event| fence_step(sight, event, broker)));
    steps
}

fn fences(event: &TraceEvent, id: NodeId) -> bool {
    matches!(event.fact, Fact::BrokerFenced { broker, .. } if broker == id)
}

fn unfences(event: &TraceEvent, id: NodeId) -> bool {
    matches!(event.fact, Fact::BrokerUnfenced { broker } if broker == id)
}

/// Whether a fact can be why a process is not heard of any more.
pub(super) fn harms(event: &TraceEvent, id: NodeId) -> bool {
    match &event.fact {
        Fact::Exited(_) | Fact::Paused => event.node == id,
        Fact::ShutdownBegan { broker } => *broker == id,
        Fact::LinkCut(sel) | Fact::LinkSlowed(sel, _) => touches(*sel, id),
        _ => false,
    }
}

/// Whether an end of a link is this node.
fn touches(sel: LinkSel, id: NodeId) -> bool {
    match sel {
        LinkSel::Between(a, b) | LinkSel::OneWay(a, b) => a == id || b == id,
        LinkSel::Around(node) => node == id,
    }
}

fn heals(event: &TraceEvent, id: NodeId) -> bool {
    match &event.fact {
        Fact::Starting | Fact::Resumed => event.node == id,
        Fact::LinkHealed(sel) => touches(*sel, id),
        _ => false,
    }
}

/// What happened to a process, as a step.
pub(super) fn harm(sight: &Sight<'_>, event: &TraceEvent, id: NodeId) -> Step {
    let (title, name) = (sight.title(id), sight.name(id));
    let (text, because) = match &event.fact {
        Fact::Exited(Exit::Killed) => (format!("{title} was killed."), format!("kill {name}")),
        Fact::Exited(Exit::PowerLost) => {
            (format!("{title} lost its power."), format!("power-cut {name}"))
        }
        Fact::Exited(Exit::Halted) => {
            (format!("{title} halted: its disk failed."), format!("fill-disk {name}"))
        }
        Fact::Exited(Exit::Clean) => (format!("{title} ended in order."), format!("stop {name}")),
        Fact::Paused => (format!("{title} stood still."), format!("pause {name}")),
        Fact::ShutdownBegan { .. } => (
            format!("{title} asked to shut down."),
            "controlled.shutdown.enable = true".to_string(),
        ),
        Fact::LinkSlowed(_, transit) => (
            format!("{title} was behind a slow link."),
            format!("{} a message", words::span(*transit)),
        ),
        _ => (format!("{title} was cut off."), "cut link".to_string()),
    };
    Step::new(Moment::of(event), text).because(because)
}

fn fence_step(sight: &Sight<'_>, event: &TraceEvent, broker: NodeId) -> Step {
    if has_zookeeper(sight) {
        return session_step(sight, event, broker);
    }
    let silent = match event.fact {
        Fact::BrokerFenced { silent, .. } => silent,
        _ => Micros::ZERO,
    };
    let moment = Moment::of(event);
    if silent == Micros::ZERO {
        return Step::new(moment, "The controller fenced it: it was leaving.");
    }
    let key = "broker.session.timeout.ms";
    let setting = sight.directory.setting(event.node, key);
    let text = format!("No heartbeat for {}: the controller fenced it.", words::span(silent));
    Step::new(moment, text).because(setting.or_else(|| sight.directory.setting(broker, key)))
}

/// How a broker's session ended before a controller missed its znode.
fn session_step(sight: &Sight<'_>, missed: &TraceEvent, broker: NodeId) -> Step {
    let served = sight.last(missed.seq, |event| unfences(event, broker)).map_or(0, |it| it.seq);
    let ends = |event: &TraceEvent| matches!(event.fact, Fact::SessionExpired { broker: id, .. } if id == broker);
    let ended = sight.last(missed.seq, ends).filter(|event| event.seq > served);
    match ended {
        Some(TraceEvent { fact: Fact::SessionExpired { silent, .. }, .. }) => {
            let text = format!(
                "Silent for {}: ZooKeeper ended its session, and the controller missed its znode.",
                words::span(*silent)
            );
            let setting = sight.directory.setting(broker, session_key(sight));
            Step::new(Moment::of(missed), text).because(setting)
        }
        _ => {
            let text = "It closed its session, and the controller missed its znode.";
            Step::new(Moment::of(missed), text)
        }
    }
}

/// How long a silent broker is waited for: the active controller's patience, or what the broker agreed on with ZooKeeper.
fn session_timeout(sight: &Sight<'_>, broker: NodeId) -> Micros {
    let active = sight.observer.picture.active_controller.map(|(id, _)| id);
    let whose = if has_zookeeper(sight) { Some(broker) } else { active };
    let value = whose.and_then(|id| sight.directory.config(id, session_key(sight)));
    Micros::from_ms(value.and_then(|value| value.parse().ok()).unwrap_or(9_000))
}

/// Why the ISR of a partition is what it is: for each replica that is out, how it left.
pub(super) fn isr(sight: &Sight<'_>, tp: TopicPartition) -> Option<Answer> {
    let known = sight.observer.picture.partitions.get(&tp)?;
    let name = sight.partition(tp);
    let out: Vec<_> = known.replicas.iter().copied().filter(|id| !known.isr.contains(id)).collect();
    let in_sync = words::set(&known.isr);
    if out.is_empty() {
        return Some(whole_isr(sight, tp, &name, &in_sync));
    }
    let mut steps = Vec::new();
    for id in &out {
        steps.extend(departure(sight, tp, *id));
    }
    let question = format!("Why is {name} under-replicated?");
    let minimum = sight.topic_config(tp, "min.insync.replicas");
    let least = minimum.as_ref().and_then(|value| value.parse::<usize>().ok()).unwrap_or(1);
    let ids: Vec<_> = out.iter().map(ToString::to_string).collect();
    let verdict = format!("In sync: {in_sync}; out: {}.", words::list(&ids));
    let writable = known.isr.len() >= least && known.leader != NodeId::NONE;
    let meaning = if writable {
        format!(
            "With min.insync.replicas = {least}, acks=all still succeeds; what is acknowledged now is on {} only.",
            words::count(known.isr.len() as u64, "broker", "brokers")
        )
    } else {
        format!(
            "With min.insync.replicas = {least}, a produce with acks=all is refused: NOT_ENOUGH_REPLICAS."
        )
    };
    let tone = if writable { Tone::Agreed } else { Tone::Bad };
    Some(Answer::new(question, steps).verdict(tone, verdict).meaning(meaning))
}

fn whole_isr(sight: &Sight<'_>, tp: TopicPartition, name: &str, in_sync: &str) -> Answer {
    let changed =
        sight.last(u64::MAX, |e| matches!(&e.fact, Fact::IsrChanged { tp: at, .. } if *at == tp));
    let caught_up = sight.last(
        changed.map_or(u64::MAX, |event| event.seq),
        |event| matches!(&event.fact, Fact::ReplicaCaughtUp { tp: at, .. } if *at == tp),
    );
    let mut steps = Vec::new();
    if let Some(TraceEvent { fact: Fact::ReplicaCaughtUp { replica, .. }, .. }) = caught_up
        && let Some(event) = caught_up
    {
        let text = format!("{} had fetched up to the leader's log end.", sight.title(*replica));
        steps.push(Step::new(Moment::of(event), text));
    }
    steps.extend(changed.map(|event| {
        Step::new(Moment::of(event), format!("The controller made the ISR {in_sync}."))
    }));
    let answer = Answer::new(format!("Why is every replica of {name} in sync?"), steps);
    let setting = sight.directory.setting(NodeId(1), "replica.lag.time.max.ms");
    let meaning = format!(
        "A follower stays in the ISR as long as it catches up within {}.",
        setting.unwrap_or_else(|| "replica.lag.time.max.ms".to_string())
    );
    answer.verdict(Tone::Good, format!("{in_sync} all have what is committed.")).meaning(meaning)
}

/// How a replica left the ISR.
fn departure(sight: &Sight<'_>, tp: TopicPartition, replica: NodeId) -> Vec<Step> {
    let left = sight.last(u64::MAX, |event| leaves(sight, event, tp, replica));
    let Some(left) = left else { return downfall(sight, replica, u64::MAX) };
    let (reason, isr) = match &left.fact {
        Fact::IsrChanged { reason, isr, .. } => (*reason, isr.clone()),
        _ => return Vec::new(),
    };
    let mut steps = match reason {
        ChangeReason::Proposed => lagging(sight, tp, replica, left.seq),
        _ => downfall(sight, replica, left.seq + 1),
    };
    let text = format!("The ISR shrank to {}: without {}.", words::set(&isr), sight.name(replica));
    steps.push(Step::new(Moment::of(left), text));
    steps
}

/// Whether this fact took the replica out of the ISR: the change before it had it in.
fn leaves(sight: &Sight<'_>, event: &TraceEvent, tp: TopicPartition, replica: NodeId) -> bool {
    let Fact::IsrChanged { tp: at, isr, .. } = &event.fact else { return false };
    if *at != tp || isr.contains(&replica) {
        return false;
    }
    let before =
        sight.last(event.seq, |e| matches!(&e.fact, Fact::IsrChanged { tp: at, .. } if *at == tp));
    before.is_none_or(
        |before| matches!(&before.fact, Fact::IsrChanged { isr, .. } if isr.contains(&replica)),
    )
}

fn lagging(sight: &Sight<'_>, tp: TopicPartition, replica: NodeId, before: u64) -> Vec<Step> {
    let lag = sight.last(before, |event| {
        matches!(&event.fact, Fact::ReplicaLagging { tp: at, replica: who, .. } if *at == tp && *who == replica)
    });
    let Some(event) = lag else { return Vec::new() };
    let cause = sight.last(event.seq, |event| harms(event, replica));
    let mut steps: Vec<_> = cause.into_iter().map(|event| harm(sight, event, replica)).collect();
    let setting = sight.directory.setting(event.node, "replica.lag.time.max.ms");
    let text = format!(
        "{} had not caught up for that long: the leader proposed to drop it.",
        sight.title(replica)
    );
    steps.push(Step::new(Moment::of(event), text).because(setting));
    steps
}

/// The controller as the scope of a config, if there is one.
pub(super) fn controller_scope(sight: &Sight<'_>) -> Option<ConfigScope> {
    sight.observer.picture.active_controller.map(|(id, _)| ConfigScope::Node(id))
}
