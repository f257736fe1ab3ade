//! Why a broker leads a partition, and why nobody could write to one.
//!
//! Invariant: an election is explained by what happened to the leader before, and by who was in the ISR.

#![allow(clippy::wildcard_enum_match_arm, reason = "an answer looks for a few facts only")]

use super::super::Sight;
use super::super::stage::session_key;
use super::answer::{Answer, Step};
use super::cluster::{controller_scope, downfall, has_zookeeper};
use crate::ledger::Life;
use crate::picture::Moment;
use crate::ui_command::ConfigScope;
use crate::view_model::Tone;
use crate::words;
use kafkascope_model::ids::{LeaderEpoch, NodeId, RecordId, TopicPartition};
use kafkascope_model::trace::{ChangeReason, Fact, TraceEvent};

/// An election as the trace has it.
struct Election<'a> {
    event: &'a TraceEvent,
    leader: NodeId,
    epoch: LeaderEpoch,
    reason: ChangeReason,
}

/// Why a broker leads, or nobody.
pub(super) fn leader(sight: &Sight<'_>, tp: TopicPartition) -> Option<Answer> {
    let election = election(sight, tp, u64::MAX)?;
    if election.leader == NodeId::NONE {
        return not_writable(sight, tp);
    }
    let name = sight.partition(tp);
    let leader = election.leader;
    let question = format!("Why is {} leader of {name}?", sight.name(leader));
    let began = sight.next(election.event.seq, |event| {
        event.node == leader
            && matches!(&event.fact, Fact::BecameLeader { tp: at, epoch, .. } if *at == tp && *epoch == election.epoch)
    });
    let old = sight.last(election.event.seq, |event| is_election(event, tp));
    let old = old.and_then(leader_of).filter(|old| *old != NodeId::NONE);
    let mut steps = before(sight, tp, &election, old);
    steps.push(chosen(sight, tp, &election));
    steps.extend(began.map(|event| took_over(sight, event, &election)));
    let answer = Answer::new(question, steps);
    Some(match began {
        Some(event) => outcome(sight, answer, event, leader),
        None => answer,
    })
}

fn election<'a>(sight: &Sight<'a>, tp: TopicPartition, before: u64) -> Option<Election<'a>> {
    let event = sight.last(before, |event| is_election(event, tp))?;
    match &event.fact {
        Fact::LeaderElected { leader, epoch, reason, .. } => {
            Some(Election { event, leader: *leader, epoch: *epoch, reason: *reason })
        }
        _ => None,
    }
}

fn is_election(event: &TraceEvent, tp: TopicPartition) -> bool {
    matches!(&event.fact, Fact::LeaderElected { tp: at, .. } if *at == tp)
}

const fn leader_of(event: &TraceEvent) -> Option<NodeId> {
    match &event.fact {
        Fact::LeaderElected { leader, .. } => Some(*leader),
        _ => None,
    }
}

/// What led to the election.
fn before(
    sight: &Sight<'_>,
    tp: TopicPartition,
    election: &Election<'_>,
    old: Option<NodeId>,
) -> Vec<Step> {
    let seq = election.event.seq;
    match election.reason {
        ChangeReason::Created => {
            let created = sight.last(seq + 1, |event| {
                matches!(&event.fact, Fact::TopicCreated { topic, .. } if *topic == tp.topic)
            });
            let step = |event| Step::new(Moment::of(event), "The topic was created.");
            created.map(step).into_iter().collect()
        }
        ChangeReason::Unfenced => {
            let unfenced = sight.last(seq + 1, |event| {
                matches!(event.fact, Fact::BrokerUnfenced { broker } if broker == election.leader)
            });
            let text = format!("{} came back.", sight.title(election.leader));
            unfenced.map(|event| Step::new(Moment::of(event), text)).into_iter().collect()
        }
        ChangeReason::Fenced
        | ChangeReason::ControlledShutdown
        | ChangeReason::Proposed
        | ChangeReason::Preferred
        | ChangeReason::Unclean
        | ChangeReason::Reassignment => {
            old.map(|old| downfall(sight, old, seq + 1)).unwrap_or_default()
        }
    }
}

/// Why the controller chose this one.
fn chosen(sight: &Sight<'_>, tp: TopicPartition, election: &Election<'_>) -> Step {
    let leader = election.leader;
    let event = election.event;
    let isr = sight.last(
        event.seq,
        |event| matches!(&event.fact, Fact::IsrChanged { tp: at, .. } if *at == tp),
    );
    let isr = isr.and_then(|event| match &event.fact {
        Fact::IsrChanged { isr, .. } => Some(words::set(isr)),
        _ => None,
    });
    let isr = isr.unwrap_or_else(|| "its replicas".to_string());
    let unclean = sight.topic_setting(tp, "unclean.leader.election.enable");
    let (text, because) = match election.reason {
        ChangeReason::Created => {
            (format!("Broker {leader} is the first of its replicas: the preferred leader."), None)
        }
        ChangeReason::Preferred => (
            format!("Broker {leader} is the preferred leader, and in the ISR again."),
            sight.directory.setting(event.node, "leader.imbalance.check.interval.seconds"),
        ),
        ChangeReason::Unclean => (
            format!(
                "Nobody in the ISR was alive: broker {leader} was taken although it may lack records."
            ),
            unclean,
        ),
        ChangeReason::Unfenced => {
            (format!("Broker {leader} was in the ISR when the last leader went."), unclean)
        }
        ChangeReason::Fenced
        | ChangeReason::ControlledShutdown
        | ChangeReason::Proposed
        | ChangeReason::Reassignment => {
            (format!("The ISR was {isr}; the first live one was {leader}."), unclean)
        }
    };
    Step::new(Moment::of(event), text).because(because)
}

fn took_over(sight: &Sight<'_>, event: &TraceEvent, election: &Election<'_>) -> Step {
    let epoch = election.epoch;
    let log_end = match event.fact {
        Fact::BecameLeader { log_end, .. } => log_end,
        _ => 0,
    };
    let text =
        format!("{} took over with epoch {epoch} at offset {log_end}.", sight.title(event.node));
    let because = match epoch {
        ..=0 => format!("LeaderEpoch {epoch}"),
        _ => format!("LeaderEpoch {} → {epoch}", epoch - 1),
    };
    Step::new(Moment::of(event), text).because(because)
}

/// What the change of leader came to for the records that the new one lacks.
fn outcome(sight: &Sight<'_>, answer: Answer, began: &TraceEvent, leader: NodeId) -> Answer {
    let gone: Vec<(RecordId, &Life)> = sight
        .observer
        .ledger
        .lives()
        .filter(|(_, life)| life.loss.is_some_and(|loss| loss.moment.seq == began.seq))
        .collect();
    let acks_all = producer(sight, "all").or_else(|| producer(sight, "-1"));
    let Some((_, first)) = gone.first() else {
        let answer = answer.verdict(Tone::Good, "It has every record that was acknowledged.");
        return match acks_all {
            Some(id) => {
                answer.what_if("What if acks had been 1?", ConfigScope::Node(id), "acks", "1")
            }
            None => answer,
        };
    };
    let records = words::count(gone.len() as u64, "record was", "records were");
    let loss = first.loss.map_or((NodeId::NONE, 0), |loss| (loss.had_it, loss.offset));
    let verdict = format!("{records} on {} only, from offset {} on.", sight.name(loss.0), loss.1);
    let lost = gone.iter().filter(|(_, life)| life.is_acknowledged()).count() as u64;
    if lost > 0 {
        let meaning = format!(
            "{} acknowledged and {} lost: acks=1 waits for the leader alone.",
            words::count(lost, "of them was", "of them were"),
            if lost == 1 { "is" } else { "are" }
        );
        let id = gone.iter().find_map(|(id, _)| id.producer());
        let answer = answer.verdict(Tone::Bad, verdict).meaning(meaning);
        return match id {
            Some(id) => {
                answer.what_if("What if acks had been all?", ConfigScope::Node(id), "acks", "all")
            }
            None => answer,
        };
    }
    let meaning = format!(
        "Never acknowledged, so {} sends again what broker {leader} lacks.",
        gone.iter()
            .find_map(|(id, _)| id.producer())
            .map_or_else(|| "the producer".to_string(), |id| sight.name(id))
    );
    let answer = answer.verdict(Tone::Bad, verdict).meaning(meaning);
    match acks_all {
        Some(id) => answer.what_if("What if acks had been 1?", ConfigScope::Node(id), "acks", "1"),
        None => answer,
    }
}

/// The first producer whose `acks` are these.
fn producer(sight: &Sight<'_>, acks: &str) -> Option<NodeId> {
    let mut producers = sight.directory.of_kind(crate::directory::NodeKind::Producer);
    producers.find(|(id, _)| sight.directory.config(*id, "acks") == Some(acks)).map(|(id, _)| id)
}

/// Why nobody can or could write to a partition.
pub(super) fn not_writable(sight: &Sight<'_>, tp: TopicPartition) -> Option<Answer> {
    let known = sight.observer.picture.partitions.get(&tp)?;
    let name = sight.partition(tp);
    let closed = sight.observer.ledger.tally().closed_since(tp);
    let election = election(sight, tp, u64::MAX)?;
    let old = if known.leader == NodeId::NONE {
        known.previous
    } else {
        known.previous.or(Some(known.leader))
    };
    let mut steps = old.map(|old| downfall(sight, old, election.event.seq + 1)).unwrap_or_default();
    if election.leader == NodeId::NONE {
        let isr = words::set(&known.isr);
        let text = format!("No member of the ISR {isr} was alive: nobody may lead.");
        let because = sight.topic_setting(tp, "unclean.leader.election.enable");
        steps.push(Step::new(Moment::of(election.event), text).because(because));
    } else if closed.is_none() {
        let text = format!(
            "{} was elected leader, epoch {}.",
            sight.title(election.leader),
            election.epoch
        );
        steps.push(Step::new(Moment::of(election.event), text));
    }
    let (tense, ended) = if closed.is_some() {
        ("can", "Nobody writes since")
    } else {
        ("could", "Nobody wrote for")
    };
    let answer = Answer::new(format!("Why {tense} nobody write to {name}?"), steps);
    let span = sight.observer.ledger.not_writable(tp, sight.now());
    let answer = answer.verdict(Tone::Bad, format!("{ended} {}.", words::span(span)));
    let answer = if election.leader == NodeId::NONE {
        answer.meaning("It is writable again when a member of the ISR comes back, or after an unclean election.")
    } else {
        let awaited = match has_zookeeper(sight) {
            true => "a session that did not end",
            false => "a heartbeat that did not come",
        };
        answer.meaning(format!(
            "Producers wait and send again; most of it was the wait for {awaited}."
        ))
    };
    let waits =
        if has_zookeeper(sight) { old.map(ConfigScope::Node) } else { controller_scope(sight) };
    Some(match (election.leader == NodeId::NONE, waits, sight.topic_scope(tp)) {
        (true, _, Some(topic)) => {
            let key = "unclean.leader.election.enable";
            answer.what_if("What if an unclean election had been allowed?", topic, key, "true")
        }
        (false, Some(broker), _) if has_zookeeper(sight) => {
            let text = "What if ZooKeeper had waited for 6 s only?";
            answer.what_if(text, broker, session_key(sight), "6000")
        }
        (false, Some(controller), _) => {
            let text = "What if the controller had waited for 3 s only?";
            answer.what_if(text, controller, session_key(sight), "3000")
        }
        (_, _, _) => answer,
    })
}
