//! Consumers: what they were given, held against what was shown.
//!
//! Invariant: a position is known from the fact that set it or from the record handed out last.

use crate::board::Board;
use crate::catalogue::Id;
use crate::exposed::Exposed;
use crate::taint::Taints;
use kafkascope_model::api::ErrorCode;
use kafkascope_model::command::{AdminCommand, Command};
use kafkascope_model::config::consumer::{AutoOffsetReset, IsolationLevel};
use kafkascope_model::ids::{Name, NodeId, Offset, RecordId, TopicPartition};
use kafkascope_model::node::Node;
use kafkascope_model::trace::{Fact, PositionSource, TraceEvent};
use kafkascope_model::world::World;
use std::collections::{BTreeMap, BTreeSet};

/// Why a consumer may pass over what is there.
const LEAPS: &str = "auto.offset.reset is not earliest";

/// Why an offset may be committed that nobody has reached.
const ANEW: &str = "the topic was deleted, and another one has its name";

/// What was heard of consumers.
#[derive(Clone, Debug, Default)]
pub struct Consumers {
    /// Where each stands.
    positions: BTreeMap<(NodeId, TopicPartition), Offset>,
    /// What each partition's offsets gave first.
    given: BTreeMap<(TopicPartition, Offset), RecordId>,
    /// Whose application commits what it likes.
    by_hand: BTreeSet<NodeId>,
    /// Offsets of some group were set from outside, to whatever somebody liked.
    set_from_outside: bool,
    /// Names of topics that were deleted.
    deleted: BTreeSet<Name>,
    /// Who reads only what is committed (`isolation.level`).
    committed_only: BTreeSet<NodeId>,
    /// Whose poll() threw what only its application could put right.
    pub failed: BTreeSet<NodeId>,
    /// Who goes elsewhere than to the first record that is left when its position is out of range (`auto.offset.reset`).
    leaps: BTreeSet<NodeId>,
    /// Who is handed records of a queue, and has no position.
    shares: BTreeSet<NodeId>,
}

impl Consumers {
    /// A command was carried out.
    #[allow(clippy::wildcard_enum_match_arm, reason = "few commands set offsets")]
    pub fn command(&mut self, command: &Command) {
        match command {
            Command::Commit { consumer, offsets: Some(_) } => {
                self.by_hand.insert(*consumer);
                self.set_from_outside = true;
            }
            Command::Admin(AdminCommand::AlterGroupOffsets { .. })
            | Command::SendOffsets { .. } => self.set_from_outside = true,
            _ => {}
        }
    }

    /// A coordinator has stored an offset by the topic's name: it is one that somebody may have reached in the topic that has this
    /// name.
    #[allow(clippy::wildcard_enum_match_arm, reason = "two facts matter")]
    pub fn stored(
        &mut self,
        event: &TraceEvent,
        world: &World,
        exposed: &Exposed,
        taints: &Taints,
        board: &mut Board,
    ) {
        match &event.fact {
            Fact::TopicDeleted { topic } => self.deleted.extend(world.topic_name(*topic).cloned()),
            Fact::OffsetCommitted { group, topic, partition, offset } => {
                let Some(id) = world.topic_named(topic).filter(|_| !self.set_from_outside) else {
                    return;
                };
                let tp = TopicPartition::new(id, *partition);
                let reached = exposed.of(tp).map_or(0, |shown| shown.reached);
                let excuse = taints.of(tp).or(self.deleted.contains(topic).then_some(ANEW));
                board.check_unless(Id::F5, excuse, *offset <= reached, || {
                    format!("{group} committed {offset} of {tp:?}, which has {reached} so far")
                });
            }
            _ => {}
        }
    }

    /// Learns how the consumer that a fact is about reads.
    #[allow(clippy::wildcard_enum_match_arm, reason = "only who reads has a way of reading")]
    pub fn meet(&mut self, event: &TraceEvent, world: &World) {
        if !matches!(event.fact, Fact::PositionSet { .. } | Fact::Delivered { .. }) {
            return;
        }
        match world.process(event.node).map(|process| &process.node) {
            Some(Node::Consumer(consumer)) => {
                if consumer.config.isolation_level == IsolationLevel::ReadCommitted {
                    self.committed_only.insert(event.node);
                }
                if consumer.config.auto_offset_reset != AutoOffsetReset::Earliest {
                    self.leaps.insert(event.node);
                }
            }
            Some(Node::ShareConsumer(_)) => {
                self.shares.insert(event.node);
            }
            _ => {}
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
                self.reset(who, *tp, *offset, *source, exposed, taints, board);
            }
            Fact::Assigned { partitions, .. }
            | Fact::Revoked { partitions, .. }
            | Fact::Lost { partitions, .. } => {
                for tp in partitions.iter() {
                    self.positions.remove(&(who, *tp));
                }
            }
            Fact::PollFailed { .. } => {
                self.failed.insert(who);
            }
            Fact::Exited(_) => self.positions.retain(|(node, _), _| *node != who),
            Fact::Delivered { record, tp, offset, .. } => {
                self.delivered(who, *tp, *offset, *record, exposed, taints, board);
            }
            Fact::CommitAnswered { tp, offset, error: ErrorCode::None } => {
                let Some(position) = self.positions.get(&(who, *tp)) else { return };
                let by_hand = self.by_hand.contains(&who);
                // Markers and what was compacted away are stepped over without a word.
                let shown = exposed.of(*tp);
                let committed = self.committed_only.contains(&who);
                let next = shown.and_then(|shown| shown.next_record(*position, committed));
                let reach = next.map_or(shown.map_or(*position, |s| s.end), |(next, _)| next);
                let may_be = *offset <= reach.max(*position);
                board.check_unless(Id::F5, taints.of(*tp), by_hand || may_be, || {
                    format!("{who} committed {offset} of {tp:?}, its position is {position}")
                });
            }
            _ => {}
        }
    }

    #[allow(clippy::too_many_arguments, reason = "the fields of one fact")]
    fn reset(
        &mut self,
        who: NodeId,
        tp: TopicPartition,
        offset: Offset,
        source: PositionSource,
        exposed: &Exposed,
        taints: &Taints,
        board: &mut Board,
    ) {
        let before = self.positions.insert((who, tp), offset);
        if let (Some(before), PositionSource::Reset) = (before, source) {
            let committed = self.committed_only.contains(&who);
            let next = exposed.of(tp).and_then(|shown| shown.next_record(before, committed));
            let passed = next.filter(|(next, _)| *next < offset);
            let excuse = taints.of(tp).or(self.leaps.contains(&who).then_some(LEAPS));
            board.check_unless(Id::F3, excuse, passed.is_none(), || {
                format!("{who} at {before} of {tp:?} was set to {offset}, passing over {passed:?}")
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
        let was_shown = shown.is_some_and(|shown| offset < shown.reached);
        board.check(Id::F1, was_shown, || {
            format!("{who} got {offset} of {tp:?}, which nobody had committed")
        });
        let given = *self.given.entry((tp, offset)).or_insert(record);
        let first = shown.and_then(|shown| shown.records.get(&offset)).map(|(_, id)| *id);
        let same = given == record && first.is_none_or(|first| first == record);
        board.check_unless(Id::F6, excuse, same, || {
            format!("{who} got {record:?} at {offset} of {tp:?}, before that was {given:?}")
        });
        if self.shares.contains(&who) {
            return;
        }
        let committed = self.committed_only.contains(&who);
        if committed {
            let open = shown.is_some_and(|shown| shown.is_uncommitted(offset));
            board.check_unless(Id::T5, excuse, !open, || {
                format!("{who} got {offset} of {tp:?}, whose transaction was not committed")
            });
        }
        if let Some(position) = self.positions.insert((who, tp), offset + 1) {
            board.check(Id::F2, offset >= position, || {
                format!("{who} got {offset} of {tp:?} at position {position}")
            });
            let next = shown.and_then(|shown| shown.next_record(position, committed));
            board.check_unless(Id::F3, excuse, next.is_none_or(|(next, _)| next >= offset), || {
                format!("{who} at {position} of {tp:?} got {offset}, passing over {next:?}")
            });
        }
    }
}
