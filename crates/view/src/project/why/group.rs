//! Why a group rebalanced, why a member has the partitions it has, why a group lags.
//!
//! Invariant: members are called by their applications' names.

#![allow(clippy::wildcard_enum_match_arm, reason = "an answer looks for a few facts only")]

use super::super::Sight;
use super::super::clients;
use super::answer::{Answer, Step};
use super::cluster::{harm, harms};
use crate::picture::Moment;
use crate::ui_command::ConfigScope;
use crate::view_model::Tone;
use crate::words;
use kafkascope_kernel::Micros;
use kafkascope_model::ids::{Name, NodeId, TopicPartition};
use kafkascope_model::trace::{Fact, TraceEvent};

/// Why a group rebalanced last.
pub(super) fn rebalanced(sight: &Sight<'_>, group: &Name) -> Option<Answer> {
    let started = sight.last(u64::MAX, |event| starts(event, group))?;
    let mut steps = trigger(sight, group, started);
    steps.push(started_step(group, started));
    let stable = sight.next(
        started.seq,
        |event| matches!(&event.fact, Fact::GroupStable { group: of, .. } if of == group),
    );
    steps.extend(formed(sight, group, started));
    steps.extend(stable.map(|event| Step::new(Moment::of(event), "Everyone has an assignment.")));
    let answer = Answer::new(format!("Why did {group} rebalance?"), steps);
    let until = stable.map_or_else(|| sight.now(), |event| event.at);
    let paused = until.since(started.at);
    let verdict = match stable {
        Some(_) => format!("It took {}.", words::span(paused)),
        None => format!("It has lasted for {} so far.", words::span(paused)),
    };
    let answer = answer.verdict(Tone::Agreed, verdict);
    let meaning =
        "In an eager rebalance nobody reads until everyone has joined and has an assignment.";
    Some(answer.meaning(meaning))
}

pub(super) fn starts(event: &TraceEvent, group: &Name) -> bool {
    matches!(&event.fact, Fact::RebalanceStarted { group: of, .. } if of == group)
}

pub(super) fn started_step(group: &Name, event: &TraceEvent) -> Step {
    let reason = match &event.fact {
        Fact::RebalanceStarted { reason, .. } => words::shortened(reason, 90),
        _ => String::new(),
    };
    let text = if reason.is_empty() {
        format!("The coordinator began a rebalance of {group}.")
    } else {
        format!("The coordinator began a rebalance: {}.", reason.trim_end_matches('.'))
    };
    Step::new(Moment::of(event), text)
}

fn formed(sight: &Sight<'_>, group: &Name, started: &TraceEvent) -> Option<Step> {
    let event = sight.next(
        started.seq,
        |event| matches!(&event.fact, Fact::GenerationFormed { group: of, .. } if of == group),
    )?;
    let Fact::GenerationFormed { generation, members, .. } = &event.fact else { return None };
    let members = words::count(u64::from(*members), "member", "members");
    let text = format!("Generation {generation} formed with {members}.");
    let consumer = sight.observer.picture.groups.get(group)?.members.first().map(|(_, id)| *id);
    let setting =
        consumer.and_then(|id| sight.directory.setting(id, "partition.assignment.strategy"));
    Some(Step::new(Moment::of(event), text).because(setting))
}

/// Who came, left or fell silent, so that the group rebalanced.
pub(super) fn trigger(sight: &Sight<'_>, group: &Name, started: &TraceEvent) -> Vec<Step> {
    // A join is told in the same moment as the rebalance it starts, before or after it.
    let around = |event: &TraceEvent| started.at.since(event.at) == Micros::ZERO;
    let before = sight.last(started.seq, |event| moves(event, group)).filter(|e| around(e));
    let after = || sight.next(started.seq, |event| moves(event, group)).filter(|e| around(e));
    let Some(event) = before.or_else(after) else { return Vec::new() };
    let moment = Moment::of(event);
    match &event.fact {
        Fact::MemberJoining { client, .. } => {
            vec![Step::new(moment, format!("{} asked to join.", sight.title(*client)))]
        }
        Fact::MemberLeft { member, .. } => {
            let (who, client) = who(sight, group, member, event.seq);
            let left = Step::new(moment, format!("{who} left the group."));
            let closed = client
                .and_then(|id| sight.last(event.seq, |e| harms(e, id)).map(|e| harm(sight, e, id)));
            closed.into_iter().chain([left]).collect()
        }
        Fact::MemberExpired { member, .. } => {
            let (who, client) = who(sight, group, member, event.seq);
            let setting = client.and_then(|id| sight.directory.setting(id, "session.timeout.ms"));
            let text = format!("{who} was silent for that long: the coordinator removed it.");
            let expired = Step::new(moment, text).because(setting);
            let harmed = client
                .and_then(|id| sight.last(event.seq, |e| harms(e, id)).map(|e| harm(sight, e, id)));
            harmed.into_iter().chain([expired]).collect()
        }
        _ => Vec::new(),
    }
}

fn moves(event: &TraceEvent, group: &Name) -> bool {
    matches!(
        &event.fact,
        Fact::MemberJoining { group: of, .. } | Fact::MemberLeft { group: of, .. } | Fact::MemberExpired { group: of, .. } if of == group
    )
}

/// A member's name, and its client; a member that is gone is found by how it joined.
fn who(sight: &Sight<'_>, group: &Name, member: &Name, before: u64) -> (String, Option<NodeId>) {
    let known = sight.observer.picture.groups.get(group).and_then(|known| known.client(member));
    let joined = || {
        let event = sight.last(
            before,
            |event| matches!(&event.fact, Fact::MemberJoining { member: of, .. } if of == member),
        )?;
        match &event.fact {
            Fact::MemberJoining { client, .. } => Some(*client),
            _ => None,
        }
    };
    let client = known.or_else(joined);
    (client.map_or_else(|| member.to_string(), |id| sight.title(id)), client)
}

/// Why a member has the partitions it has: what it lost and gained last.
pub(super) fn assignment(sight: &Sight<'_>, consumer: NodeId) -> Option<Answer> {
    let name = sight.name(consumer);
    let assigned = sight.last(u64::MAX, |event| {
        event.node == consumer && matches!(event.fact, Fact::Assigned { .. })
    });
    let revoked = sight.last(u64::MAX, |event| {
        event.node == consumer && matches!(event.fact, Fact::Revoked { .. } | Fact::Lost { .. })
    });
    let group: Name = sight.directory.config(consumer, "group.id").unwrap_or("").into();
    let newest = assigned.into_iter().chain(revoked).max_by_key(|event| event.seq)?;
    let started = sight.last(newest.seq, |event| starts(event, &group));
    let mut steps = Vec::new();
    if let Some(started) = started {
        steps.extend(trigger(sight, &group, started));
        steps.push(started_step(&group, started));
    }
    steps.extend(revoked.map(|event| given_up(sight, event)));
    steps.extend(assigned.map(|event| given(sight, event)));
    let known = sight.observer.picture.consumers.get(&consumer)?;
    let has: Vec<_> = known.positions.keys().map(|tp| sight.partition(*tp)).collect();
    let question = if has.is_empty() {
        format!("Why does {name} read nothing?")
    } else {
        format!("Why does {name} read {}?", words::list(&has))
    };
    let answer = Answer::new(question, steps);
    Some(share(sight, answer, &group, consumer, has.len()))
}

fn share(sight: &Sight<'_>, answer: Answer, group: &Name, consumer: NodeId, has: usize) -> Answer {
    let picture = &sight.observer.picture;
    let members = picture.groups.get(group).map_or(1, |known| known.members.len().max(1)) as u64;
    let topics = sight.directory.nodes.get(&consumer).map(|info| info.topics.clone());
    let all = picture.partitions.keys().filter(|tp| {
        let topic = picture.topics.get(&tp.topic);
        topic.is_some_and(|topic| topics.iter().flatten().any(|name| *name == topic.name))
    });
    let partitions = all.count() as u64;
    let verdict = format!(
        "{} for {}.",
        words::count(partitions, "partition", "partitions"),
        words::count(members, "member", "members")
    );
    if has == 0 && members > partitions {
        answer
            .verdict(Tone::Agreed, verdict)
            .meaning("A partition has one reader in a group: members beyond their number wait.")
    } else {
        answer
            .verdict(Tone::Agreed, verdict)
            .meaning("The group's leader computes who reads what; the coordinator hands it out.")
    }
}

pub(super) fn given_up(sight: &Sight<'_>, event: &TraceEvent) -> Step {
    let (partitions, word) = match &event.fact {
        Fact::Revoked { partitions, .. } => (partitions, "let go of"),
        Fact::Lost { partitions, .. } => (partitions, "had lost"),
        _ => return Step::new(Moment::of(event), ""),
    };
    let text = format!("{} {word} {}.", sight.title(event.node), names(sight, partitions));
    Step::new(Moment::of(event), text).because("onPartitionsRevoked".to_string())
}

pub(super) fn given(sight: &Sight<'_>, event: &TraceEvent) -> Step {
    let Fact::Assigned { partitions, generation } = &event.fact else {
        return Step::new(Moment::of(event), "");
    };
    let what = names(sight, partitions);
    let text = format!("{} got {what} in generation {generation}.", sight.title(event.node));
    let setting = sight.directory.setting(event.node, "partition.assignment.strategy");
    Step::new(Moment::of(event), text).because(setting)
}

fn names(sight: &Sight<'_>, partitions: &[TopicPartition]) -> String {
    let mut partitions: Vec<_> = partitions.to_vec();
    partitions.sort();
    let names: Vec<_> = partitions.iter().map(|tp| sight.partition(*tp)).collect();
    words::list(&names)
}

/// Why a group lags.
pub(super) fn lag(sight: &Sight<'_>, group: &Name) -> Option<Answer> {
    let picture = &sight.observer.picture;
    let groups = super::super::stage::groups(picture, sight.directory, sight.session.world());
    let (_, members) = groups.iter().find(|(name, _)| name == group)?;
    let behind = |id: &NodeId| {
        let known = picture.consumers.get(id);
        let positions = known.into_iter().flat_map(|known| &known.positions);
        positions.map(|(tp, at)| clients::lag(sight, *tp, *at)).sum::<i64>()
    };
    let total: i64 = members.iter().map(behind).sum();
    let slowest = members.iter().copied().max_by_key(behind);
    let mut steps = Vec::new();
    if let Some(started) = sight.last(u64::MAX, |event| starts(event, group)) {
        steps.push(started_step(group, started));
    }
    if let Some(id) = slowest {
        steps.extend(sight.last(u64::MAX, |e| harms(e, id)).map(|event| harm(sight, event, id)));
        steps.extend(last_read(sight, id));
    }
    steps.extend(last_append(sight, slowest));
    let question = if total > 0 {
        format!("Why does {group} lag?")
    } else {
        format!("Why does {group} not lag?")
    };
    let answer = Answer::new(question, steps);
    let verdict = words::count(total.unsigned_abs(), "record", "records");
    let tone = if total > 0 { Tone::Agreed } else { Tone::Good };
    let answer = answer.verdict(tone, format!("{verdict} behind the high watermarks."));
    let Some(id) = slowest else { return Some(answer.meaning("It has no members.")) };
    Some(pace(sight, answer, group, id))
}

/// What the slowest member's application can do, against what comes in.
fn pace(sight: &Sight<'_>, answer: Answer, group: &Name, id: NodeId) -> Answer {
    let work = sight.directory.nodes.get(&id).map(|info| info.work.clone()).unwrap_or_default();
    let state = sight.observer.picture.groups.get(group).map_or("", |known| known.state);
    if matches!(state, "PreparingRebalance" | "CompletingRebalance") {
        return answer.meaning("The group rebalances, and nobody reads meanwhile.");
    }
    if work.is_empty() {
        return answer
            .meaning("It reads as fast as records become visible; what is left is on its way.");
    }
    let answer = answer.meaning(format!(
        "{} works {work}; more than that a second and it falls behind.",
        sight.title(id)
    ));
    let scope = ConfigScope::Node(id);
    answer.what_if("What if a poll returned at most 10 records?", scope, "max.poll.records", "10")
}

fn last_read(sight: &Sight<'_>, id: NodeId) -> Option<Step> {
    let event = sight
        .last(u64::MAX, |event| event.node == id && matches!(event.fact, Fact::Delivered { .. }))?;
    let Fact::Delivered { tp, offset, .. } = &event.fact else { return None };
    let text = format!("{} read {} up to {offset}.", sight.title(id), sight.partition(*tp));
    let setting = sight.directory.setting(id, "max.poll.records");
    Some(Step::new(Moment::of(event), text).because(setting))
}

fn last_append(sight: &Sight<'_>, reader: Option<NodeId>) -> Option<Step> {
    let positions = &sight.observer.picture.consumers.get(&reader?)?.positions;
    let event = sight.last(
        u64::MAX,
        |event| matches!(&event.fact, Fact::Appended { tp, .. } if positions.contains_key(tp)),
    )?;
    let Fact::Appended { tp, base_offset, records, .. } = &event.fact else { return None };
    let end = base_offset + records.len() as i64;
    Some(Step::new(Moment::of(event), format!("{} ended at {end}.", sight.partition(*tp))))
}
