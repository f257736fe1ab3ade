//! The words of the group view: what a protocol does, what a request of a rebalance says and means.
//!
//! Invariant: requests are called by Kafka's names, members by their applications'.

#![allow(clippy::wildcard_enum_match_arm, reason = "most requests are not about groups")]

use super::super::Sight;
use super::setting;
use crate::tenure::Ending;
use crate::words;
use kafkascope_model::api::request::ConsumerGroupHeartbeat;
use kafkascope_model::api::{ErrorCode, Request, Response, response};
use kafkascope_model::ids::Name;
use kafkascope_model::world::Exchange;

/// A line of the ladder in words.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// On the line.
    pub text: String,
    /// What it means.
    pub meaning: String,
    /// One sentence more.
    pub more: String,
    /// Whether it is a refusal.
    pub bad: bool,
}

/// "eager · range", "consumer · uniform".
pub(super) fn protocol(sight: &Sight<'_>, group: &str) -> String {
    if is_modern(sight, group) {
        let assignor = setting(sight, group, "group.remote.assignor").unwrap_or("");
        let assignor = if matches!(assignor, "" | "null") { "uniform" } else { assignor };
        return format!("consumer protocol · {assignor}");
    }
    let assignors = setting(sight, group, "partition.assignment.strategy").unwrap_or("range");
    let first = assignors.split(',').next().unwrap_or(assignors);
    let word = if is_cooperative(assignors) { "cooperative" } else { "eager" };
    format!("{word} · {}", short_assignor(first))
}

/// `range` for `org.apache.kafka.clients.consumer.RangeAssignor`.
fn short_assignor(name: &str) -> &str {
    let class = name.rsplit('.').next().unwrap_or(name);
    match class {
        "RangeAssignor" => "range",
        "RoundRobinAssignor" => "roundrobin",
        "StickyAssignor" => "sticky",
        "CooperativeStickyAssignor" => "cooperative-sticky",
        other => other,
    }
}

/// What a rebalance does under this protocol.
pub(super) fn lesson(sight: &Sight<'_>, group: &str) -> &'static str {
    if is_modern(sight, group) {
        "the coordinator moves single partitions; everyone else goes on reading"
    } else if is_cooperative(setting(sight, group, "partition.assignment.strategy").unwrap_or("")) {
        "only what moves stops, and it waits for a second round"
    } else {
        "every member lets go of everything, whenever one comes or goes"
    }
}

fn is_modern(sight: &Sight<'_>, group: &str) -> bool {
    setting(sight, group, "group.protocol")
        .is_some_and(|value| value.eq_ignore_ascii_case("consumer"))
}

/// Members rebalance eagerly as long as one of their common assignors does; the first named decides here.
fn is_cooperative(assignors: &str) -> bool {
    let first = assignors.split(',').next().unwrap_or(assignors);
    short_assignor(first) == "cooperative-sticky"
}

/// "generation 4", "epoch 4".
pub(super) fn generation(sight: &Sight<'_>, group: &str, number: i32) -> String {
    let word = if is_modern(sight, group) { "epoch" } else { "generation" };
    format!("{word} {number}")
}

/// How a span's title goes on.
pub(super) const fn ending(ending: Ending) -> &'static str {
    match ending {
        Ending::Open => "",
        Ending::Revoked => "; then onPartitionsRevoked",
        Ending::Lost => "; then onPartitionsLost",
        Ending::Killed => "; then it was killed",
        Ending::Closed => "; then it was closed",
        Ending::Paused => "; then it stood still",
        Ending::Overtaken => "; then another member had it, and it did not know",
    }
}

/// A request of a member; none if it is not part of a rebalance.
pub(super) fn request(exchange: &Exchange, who: &str) -> Option<Said> {
    let said = |text: &str, meaning: String, more: &str| Said {
        text: text.to_string(),
        meaning,
        more: more.to_string(),
        bad: false,
    };
    Some(match &exchange.request {
        Request::JoinGroup(join) if join.member_id.is_empty() => said(
            "JoinGroup (no member id)",
            format!("{who} asks to join and has no member id yet."),
            "The coordinator gives it one and lets it ask again (KIP-394).",
        ),
        Request::JoinGroup(join) => {
            let more = if join.reason.is_empty() {
                "It names its assignors and its topics.".to_string()
            } else {
                format!("Its reason: {}.", words::shortened(&join.reason, 90))
            };
            said("JoinGroup", format!("{who} asks to be in the next generation."), &more)
        }
        Request::SyncGroup(sync) if !sync.assignments.is_empty() => said(
            "SyncGroup (the assignment)",
            format!("{who} leads: it hands in what everyone shall read."),
            "The coordinator knows nothing of assignors; it only passes this on.",
        ),
        Request::SyncGroup(_) => said(
            "SyncGroup",
            format!("{who} waits for its part of the assignment."),
            "It is answered when the leader has handed in everyone's.",
        ),
        Request::Heartbeat(_) => said(
            "Heartbeat",
            format!("{who} says that it is there."),
            "heartbeat.interval.ms: how late a member can learn of a rebalance.",
        ),
        Request::LeaveGroup(leave) => {
            let reason = leave.members.first().map_or("", |(_, _, reason)| reason);
            let more = format!("Its reason: {}.", words::shortened(reason, 90));
            said(
                "LeaveGroup",
                format!("{who} says goodbye, so nobody waits for its time-out."),
                &more,
            )
        }
        Request::OffsetFetch(_) => said(
            "OffsetFetch",
            format!("{who} asks where to begin in what it got."),
            "Without a committed offset auto.offset.reset decides.",
        ),
        Request::FindCoordinator(_) => said(
            "FindCoordinator",
            format!("{who} asks which broker coordinates the group."),
            "The leader of the partition of __consumer_offsets that the group's name hashes to.",
        ),
        Request::ConsumerGroupHeartbeat(beat) => modern_heartbeat(beat, who),
        _ => return None,
    })
}

/// KIP-848: one request for everything; the epoch says what it is meant for.
fn modern_heartbeat(beat: &ConsumerGroupHeartbeat, who: &str) -> Said {
    let (what, meaning, more) = match (beat.member_epoch, &beat.topic_partitions) {
        (0, _) => (
            "epoch 0: join",
            "joins",
            "It names its topics; the coordinator computes the assignment.",
        ),
        (-1, _) => ("epoch -1: leave", "leaves", "What it had can be given away at once."),
        (-2, _) => (
            "epoch -2: back soon",
            "leaves for a while",
            "A static member: what it had is kept until its session ends.",
        ),
        (_, Some(_)) => (
            "I own",
            "acknowledges what it owns now",
            "Only what everyone before has given up is handed on.",
        ),
        (_, None) => ("", "says that it is there", "The answer says what it shall have."),
    };
    let text = match (what, &beat.topic_partitions) {
        ("", _) => "ConsumerGroupHeartbeat".to_string(),
        ("I own", Some(owned)) => {
            let mut parts: Vec<_> = owned.iter().map(|tp| tp.partition.to_string()).collect();
            parts.sort();
            let parts = if parts.is_empty() { "nothing".to_string() } else { parts.join(" ") };
            format!("Heartbeat (I own {parts})")
        }
        (what, _) => format!("Heartbeat ({what})"),
    };
    Said {
        text,
        meaning: format!("ConsumerGroupHeartbeat: {who} {meaning}."),
        more: more.to_string(),
        bad: false,
    }
}

/// What the coordinator answers, if it says more than that it heard.
fn modern_answer(beat: &response::ConsumerGroupHeartbeat, who: &str) -> Option<Said> {
    let assigned = beat.assignment.as_ref()?;
    let mut parts: Vec<_> = assigned.iter().map(|tp| tp.partition.to_string()).collect();
    parts.sort();
    let parts = if parts.is_empty() { "nothing".to_string() } else { parts.join(" ") };
    Some(Said {
        text: format!("epoch {}: shall have {parts}", beat.member_epoch),
        meaning: format!("{who} is in epoch {} and shall have: {parts}.", beat.member_epoch),
        more: "It gives up what is not named, and takes what is new once its owner has let go."
            .to_string(),
        bad: false,
    })
}

/// An answer; none if it says nothing new.
pub(super) fn answer(exchange: &Exchange, who: &str, leader: &str) -> Option<Said> {
    let response = exchange.response.as_ref()?;
    let error = response.first_error();
    if !error.is_ok() {
        return Some(refusal(error, who));
    }
    let said =
        |text: String, meaning: String, more: String| Said { text, meaning, more, bad: false };
    Some(match response {
        Response::JoinGroup(join) if join.members.is_empty() => said(
            format!("generation {}", join.generation_id),
            format!("{who} is in generation {}.", join.generation_id),
            format!("{leader} leads and computes the assignment."),
        ),
        Response::JoinGroup(join) => {
            let members = words::count(join.members.len() as u64, "member", "members");
            let assignor = join.protocol_name.as_deref().unwrap_or("");
            said(
                format!("generation {}, you lead: {members}", join.generation_id),
                format!(
                    "All have asked to join, so the round closes: generation {}.",
                    join.generation_id
                ),
                format!(
                    "{who} joined first: it leads and computes the assignment with {assignor}."
                ),
            )
        }
        Response::SyncGroup(sync) => {
            let parts = partitions(&sync.assignment);
            said(
                parts.clone(),
                format!("{who} gets {parts}."),
                "onPartitionsAssigned follows.".to_string(),
            )
        }
        Response::LeaveGroup(..) => {
            said("goodbye".to_string(), format!("{who} is no member any more."), String::new())
        }
        Response::OffsetFetch(fetch) => {
            let known = fetch.offsets.iter().filter(|(_, _, offset, _, _)| *offset >= 0);
            let offsets: Vec<_> = known
                .map(|(topic, partition, offset, ..)| format!("{topic}-{partition} @ {offset}"))
                .collect();
            let text = if offsets.is_empty() {
                "nothing committed".to_string()
            } else {
                words::list(&offsets)
            };
            said(
                words::shortened(&text, 44),
                format!("{who} goes on where the group had committed: {text}."),
                String::new(),
            )
        }
        Response::ConsumerGroupHeartbeat(beat) => return modern_answer(beat, who),
        _ => return None,
    })
}

fn refusal(error: ErrorCode, who: &str) -> Said {
    let (meaning, more) = match error.name() {
        "MEMBER_ID_REQUIRED" => (
            "It has an id now and has to ask again with it.",
            "So that a member whose first answer got lost leaves no ghost in the group (KIP-394).",
        ),
        "REBALANCE_IN_PROGRESS" => (
            "That is how a member learns of a rebalance.",
            "It has until rebalance.timeout to join; Java uses max.poll.interval.ms for it.",
        ),
        "UNKNOWN_MEMBER_ID" => (
            "The coordinator does not know it any more: it was removed.",
            "It drops what it has (onPartitionsLost) and joins anew.",
        ),
        "ILLEGAL_GENERATION" => (
            "The group has gone on to another generation without it.",
            "What it commits now is refused.",
        ),
        "FENCED_INSTANCE_ID" => {
            ("Another process has taken its group.instance.id.", "It may not go on.")
        }
        "NOT_COORDINATOR" => (
            "This broker does not coordinate the group any more.",
            "The member asks for its coordinator again.",
        ),
        "COORDINATOR_LOAD_IN_PROGRESS" => (
            "The coordinator still reads its part of __consumer_offsets.",
            "The member tries again.",
        ),
        "COORDINATOR_NOT_AVAILABLE" => {
            ("No broker coordinates the group at the moment.", "The member tries again.")
        }
        "FENCED_MEMBER_EPOCH" => (
            "Its epoch is not the coordinator's: it was fenced.",
            "It drops what it has and joins anew.",
        ),
        _ => ("The coordinator refuses.", ""),
    };
    Said {
        text: format!("{} ({})", error.name(), error.code()),
        meaning: format!("{who} is told {}. {meaning}", error.name()),
        more: more.to_string(),
        bad: true,
    }
}

/// "orders-0 orders-1", or "nothing".
fn partitions(assignment: &[(Name, i32)]) -> String {
    let mut names: Vec<_> =
        assignment.iter().map(|(topic, partition)| format!("{topic}-{partition}")).collect();
    names.sort();
    if names.len() > 4 {
        let more = names.split_off(4).len();
        names.push(format!("+{more}"));
    }
    if names.is_empty() { "nothing".to_string() } else { names.join(" ") }
}
