//! Sentences about groups and consumers.
//!
//! Invariant: members are called by their applications' names, not by member ids.

#![allow(clippy::wildcard_enum_match_arm, reason = "most facts are told elsewhere")]

use super::{Context, Telling};
use crate::ui::{Question, Selection};
use crate::view_model::Tone;
use crate::view_model::timeline::MarkKind;
use crate::words;
use kafkascope_model::ids::{Name, NodeId, TopicPartition};
use kafkascope_model::trace::{Fact, PositionSource, TraceEvent};

pub(super) fn tell(event: &TraceEvent, context: &Context<'_>) -> Option<Telling> {
    match &event.fact {
        Fact::MemberJoining { .. }
        | Fact::RebalanceStarted { .. }
        | Fact::GenerationFormed { .. }
        | Fact::GroupStable { .. }
        | Fact::GroupEmpty { .. }
        | Fact::GroupDeleted { .. }
        | Fact::MemberLeft { .. }
        | Fact::MemberExpired { .. }
        | Fact::GroupRefused { .. } => coordinator(event, context),
        Fact::GroupEpoch { .. }
        | Fact::TargetAssigned { .. }
        | Fact::MemberStep { .. }
        | Fact::GroupConverted { .. } => modern(event, context),
        _ => consumer(event, context),
    }
}

fn coordinator(event: &TraceEvent, context: &Context<'_>) -> Option<Telling> {
    let group = |name: &Name| Selection::Group(name.clone());
    Some(match &event.fact {
        Fact::MemberJoining { group: name, client, member, .. } => {
            let known = context.before.groups.get(name).is_some_and(|g| g.client(member).is_some());
            let who = context.title(*client);
            let verb = if known { "joins again" } else { "asks to join" };
            Telling::plain(format!("{who} {verb}: group {name}."), group(name))
        }
        Fact::RebalanceStarted { group: name, reason, .. } => {
            let reason = words::shortened(reason, 60);
            let text = if reason.is_empty() {
                format!("Group {name} rebalances.")
            } else {
                format!("Group {name} rebalances: {}.", reason.trim_end_matches('.'))
            };
            Telling::plain(text, group(name))
                .tone(Tone::Strong)
                .marked(MarkKind::Rebalance, format!("{name} rebalances"))
                .called_out(
                    format!("{name} rebalances."),
                    "Nobody commits for the old generation any more.",
                    Some(Question::Rebalanced(name.clone())),
                )
        }
        Fact::GenerationFormed { group: name, generation, members, leader } => {
            let members = words::count(u64::from(*members), "member", "members");
            let known = context.before.groups.get(name).and_then(|known| known.client(leader));
            let leads = known.map_or_else(String::new, |client| {
                format!("; {} leads and computes the assignment", context.name(client))
            });
            Telling::plain(
                format!("{name}: generation {generation} has {members}{leads}."),
                group(name),
            )
        }
        Fact::GroupStable { group: name, generation } => {
            let text =
                format!("{name} is stable: everyone has an assignment in generation {generation}.");
            Telling::plain(text, group(name)).tone(Tone::Strong)
        }
        Fact::GroupEmpty { group: name, .. } => {
            Telling::plain(format!("{name} has no members left."), group(name)).tone(Tone::Strong)
        }
        Fact::GroupDeleted { group: name } => {
            let text = format!("{name} is deleted, with all that was committed for it.");
            Telling::plain(text, group(name)).tone(Tone::Strong)
        }
        Fact::MemberLeft { group: name, member, .. } => {
            let who = who(name, member, context);
            Telling::plain(format!("{who} left {name}."), group(name))
        }
        Fact::MemberExpired { group: name, member } => {
            let who = who(name, member, context);
            let text = format!(
                "{who} was silent for session.timeout.ms: the coordinator removed it from {name}."
            );
            Telling::plain(text, group(name))
                .tone(Tone::Bad)
                .marked(MarkKind::Fault, format!("{who} expired"))
        }
        Fact::GroupRefused { group: name, api, error } => {
            let text = format!("{name}: {} was answered with {}.", api.name(), error.name());
            let topic = format!("group {name} {} {}", api.name(), error.name());
            Telling::plain(text, group(name)).tone(Tone::Quiet).once_in_a_while(topic)
        }
        _ => return None,
    })
}

/// Groups of the consumer protocol.
fn modern(event: &TraceEvent, context: &Context<'_>) -> Option<Telling> {
    let about = |name: &Name| Selection::Group(name.clone());
    Some(match &event.fact {
        Fact::GroupEpoch { group: name, epoch, reason } => {
            let text = format!("{name} is at epoch {epoch}: {reason}.");
            Telling::plain(text, about(name))
                .tone(Tone::Strong)
                .marked(MarkKind::Rebalance, format!("{name}: epoch {epoch}"))
        }
        Fact::TargetAssigned { group: name, epoch, members, assignor } => {
            let members = words::count(u64::from(*members), "member", "members");
            let text = format!(
                "The coordinator deals {name}'s partitions anew for epoch {epoch}: {assignor}, {members}."
            );
            Telling::plain(text, about(name))
        }
        Fact::MemberStep { group: name, member, epoch, assigned, to_revoke, .. } => {
            let who = who(name, member, context);
            let text = if to_revoke.is_empty() {
                let what = if assigned.is_empty() {
                    "nothing yet".to_owned()
                } else {
                    partition_list(assigned, context)
                };
                format!("{who} reaches epoch {epoch} of {name} and may read {what}.")
            } else {
                let what = partition_list(to_revoke, context);
                format!("{who} has to give up {what} before it leaves epoch {epoch} of {name}.")
            };
            Telling::plain(text, about(name))
        }
        Fact::GroupConverted { group: name, to, epoch } => {
            let text =
                format!("{name} goes on with the {to} protocol; generation {epoch} is its epoch.");
            Telling::plain(text, about(name)).tone(Tone::Strong)
        }
        _ => return None,
    })
}

fn consumer(event: &TraceEvent, context: &Context<'_>) -> Option<Telling> {
    let node = event.node;
    let (name, about) = (context.title(node), Selection::Node(node));
    let names = |partitions: &[TopicPartition]| partition_list(partitions, context);
    Some(match &event.fact {
        Fact::Assigned { partitions, .. } if partitions.is_empty() => {
            Telling::plain(format!("{name} gets no partition."), about)
        }
        Fact::Assigned { partitions, .. } => {
            Telling::plain(format!("{name} reads {}.", names(partitions)), about)
        }
        Fact::Revoked { partitions, .. } if !partitions.is_empty() => {
            Telling::plain(format!("{name} lets go of {}.", names(partitions)), about)
        }
        Fact::Lost { partitions, .. } if !partitions.is_empty() => {
            let text = format!("{name} has lost {}: it was no member any more.", names(partitions));
            Telling::plain(text, about).tone(Tone::Bad)
        }
        Fact::CoordinatorLost { error } => {
            let text = format!("{name} has lost its coordinator: {}.", error.name());
            Telling::plain(text, about)
                .tone(Tone::Bad)
                .once_in_a_while(format!("coordinator {node}"))
        }
        Fact::PositionSet { tp, offset, source } => match source {
            PositionSource::Committed => return None,
            PositionSource::Reset => {
                let text = format!(
                    "{name} starts {} at {offset}: auto.offset.reset.",
                    context.partition(*tp)
                );
                Telling::plain(text, about)
            }
            PositionSource::Seek => {
                let text = format!("{name} seeks {} to {offset}.", context.partition(*tp));
                Telling::plain(text, about)
            }
        },
        Fact::ProcessingFailed { tp, offset, then, .. } => {
            let place = context.partition(*tp);
            let text =
                format!("{name} cannot decode the record at {offset} of {place}: it will {then}.");
            Telling::plain(text, about)
                .tone(Tone::Bad)
                .once_in_a_while(format!("poison {node} {tp:?} {offset}"))
        }
        Fact::CommitAnswered { error, .. } if !error.is_ok() => {
            let text = format!("{name}'s commit was refused: {}.", error.name());
            Telling::plain(text, about).tone(Tone::Bad).once_in_a_while(format!("commit {node}"))
        }
        _ => return None,
    })
}

fn who(group: &Name, member: &Name, context: &Context<'_>) -> String {
    let client = context.before.groups.get(group).and_then(|known| known.client(member));
    client.map_or_else(|| member.to_string(), |client: NodeId| context.title(client))
}

fn partition_list(partitions: &[TopicPartition], context: &Context<'_>) -> String {
    let mut partitions: Vec<_> = partitions.to_vec();
    partitions.sort();
    let mut names: Vec<_> = partitions.iter().map(|tp| context.partition(*tp)).collect();
    if names.len() > 6 {
        let more = names.split_off(5).len();
        names.push(format!("{more} more"));
    }
    words::list(&names)
}
