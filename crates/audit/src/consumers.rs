//! Consumers: what they were given, held against what was shown.
//!
//! Invariant: a position is known from the fact that set it or from the record handed out last.

use crate::board::Board;
use crate::catalogue::Id;
use crate::exposed::Exposed;
use crate::taint::Taints;
use kafkascope_model::api::ErrorCode;
use kafkascope_model::command::Command;
use kafkascope_model::ids::{NodeId, Offset, RecordId, TopicPartition};
use kafkascope_model::trace::{Fact, PositionSource, TraceEvent};
use std::collections::{BTreeMap, BTreeSet};

/// What was heard of consumers.
#[derive(Clone, Debug, Default)]
pub struct Consumers {
    /// Where each stands.
    positions: BTreeMap<(NodeId, TopicPartition), Offset>,
    /// What each partition's offsets gave first.
    given: BTreeMap<(TopicPartition, Offset), RecordId>,
    /// Whose application commits what it likes.
    by_hand: BTreeSet<NodeId>,
}

impl Consumers {
    /// A command was carried out.
    pub fn command(&mut self, command: &Command) {
        if let Command::Commit { consumer, offsets: Some(_) } = command {
            self.by_hand.insert(*consumer);
        }
    }

    /// A fact of a consumer.
    #[allow(clippy::wildcard_enum_match_arm, reason = "few facts are about reading")]
    pub fn observe(
        &mut self,
        event: &TraceEvent,
        exposed: &Exposed,
        taints: &Taints,
        board: &mut Board,
    ) {
        let who = event.node;
        match &event.fact {
            Fact::PositionSet { tp, offset, source } => {
                self.reset(who, *tp, *offset, *source, taints, board);
            }
            Fact::Assigned { partitions, .. }
            | Fact::Revoked { partitions, .. }
            | Fact::Lost { partitions, .. } => {
                for tp in partitions.iter() {
                    self.positions.remove(&(who, *tp));
                }
            }
            Fact::Exited(_) => self.positions.retain(|(node, _), _| *node != who),
            Fact::Delivered { record, tp, offset, .. } => {
                self.delivered(who, *tp, *offset, *record, exposed, taints, board);
            }
            Fact::CommitAnswered { tp, offset, error: ErrorCode::None } => {
                let Some(position) = self.positions.get(&(who, *tp)) else { return };
                let by_hand = self.by_hand.contains(&who);
                board.check(Id::F5, by_hand || offset <= position, || {
                    format!("{who} committed {offset} of {tp:?}, its position is {position}")
                });
            }
            _ => {}
        }
    }

    fn reset(
        &mut self,
        who: NodeId,
        tp: TopicPartition,
        offset: Offset,
        source: PositionSource,
        taints: &Taints,
        board: &mut Board,
    ) {
        let before = self.positions.insert((who, tp), offset);
        if let (Some(before), PositionSource::Reset) = (before, source) {
            board.check_unless(Id::F3, taints.of(tp), offset <= before, || {
                format!("{who} at {before} of {tp:?} was set to {offset}")
            });
        }
    }

    #[allow(clippy::too_many_arguments, reason = "the fields of one fact")]
    fn delivered(
        &mut self,
        who: NodeId,
        tp: TopicPartition,
        offset: Offset,
        record: RecordId,
        exposed: &Exposed,
        taints: &Taints,
        board: &mut Board,
    ) {
        let shown = exposed.of(tp);
        let excuse = taints.of(tp);
        let was_shown = shown.is_some_and(|shown| offset < shown.end);
        board.check_unless(Id::F1, excuse, was_shown, || {
            format!("{who} got {offset} of {tp:?}, which nobody had committed")
        });
        let given = *self.given.entry((tp, offset)).or_insert(record);
        let first = shown.and_then(|shown| shown.records.get(&offset)).map(|(_, id)| *id);
        let same = given == record && first.is_none_or(|first| first == record);
        board.check_unless(Id::F6, excuse, same, || {
            format!("{who} got {record:?} at {offset} of {tp:?}, before that was {given:?}")
        });
        if let Some(position) = self.positions.insert((who, tp), offset + 1) {
            board.check(Id::F2, offset >= position, || {
                format!("{who} got {offset} of {tp:?} at position {position}")
            });
            let next = shown.and_then(|shown| shown.next_record(position));
            board.check_unless(Id::F3, excuse, next.is_none_or(|(next, _)| next >= offset), || {
                format!("{who} at {position} of {tp:?} got {offset}, passing over {next:?}")
            });
        }
    }
}
