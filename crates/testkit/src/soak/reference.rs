//! The reference model: what applications were told, and what one who reads everything must then find.
//!
//! It knows nothing of brokers, leaders or epochs: lists of records, as an application would keep them. Invariant: it is fed by
//! facts of clients only.

use kafkascope_model::ids::{Name, NodeId, Offset, RecordId, TopicPartition};
use kafkascope_model::trace::{Fact, PositionSource, SendResult, TraceEvent};
use std::collections::{BTreeMap, BTreeSet};

/// What is promised to a producer's application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Promise {
    /// Acknowledged records can be read.
    pub kept: bool,
    /// Each once.
    pub once: bool,
    /// In the order of sending.
    pub ordered: bool,
}

/// Everything applications know.
#[derive(Clone, Debug, Default)]
pub struct Reference {
    sent: BTreeSet<RecordId>,
    acked: BTreeMap<RecordId, (TopicPartition, Offset)>,
    /// What each application was given, in order.
    given: BTreeMap<NodeId, BTreeMap<TopicPartition, Vec<(Offset, RecordId)>>>,
    commits: BTreeMap<(Name, Name, i32), Offset>,
    /// Where `auto.offset.reset` put an application, the furthest for each partition: it knows of nothing below. A leader's log may
    /// begin later than that of whoever leads after it.
    resets: BTreeMap<(NodeId, TopicPartition), Offset>,
    identified: BTreeSet<NodeId>,
    /// Producers that went on under another epoch: nothing is promised of what was under way then.
    pub renamed: BTreeSet<NodeId>,
    /// Groups by member, as their applications were started.
    pub groups: BTreeMap<NodeId, Name>,
}

impl Reference {
    /// A fact; only those of clients and durable commits count.
    #[allow(clippy::wildcard_enum_match_arm, reason = "applications see little")]
    pub fn observe(&mut self, event: &TraceEvent) {
        match &event.fact {
            Fact::Sent { record, .. } => {
                self.sent.insert(*record);
            }
            Fact::SendDone { record, tp, result: SendResult::Acked(offset) } if *offset >= 0 => {
                self.acked.insert(*record, (*tp, *offset));
            }
            Fact::ProducerIdAssigned { .. } if !self.identified.insert(event.node) => {
                self.renamed.insert(event.node);
            }
            Fact::Delivered { record, tp, offset, .. } => {
                let of = self.given.entry(event.node).or_default().entry(*tp).or_default();
                of.push((*offset, *record));
            }
            Fact::PositionSet { tp, offset, source: PositionSource::Reset } => {
                let furthest = self.resets.entry((event.node, *tp)).or_insert(0);
                *furthest = (*offset).max(*furthest);
            }
            Fact::OffsetCommitted { group, topic, partition, offset } => {
                self.commits.insert((group.clone(), topic.clone(), *partition), *offset);
            }
            _ => {}
        }
    }

    /// How many records were acknowledged.
    pub fn acknowledged(&self) -> u64 {
        self.acked.len() as u64
    }

    /// What is wrong with what `reader`, who read everything from the log starts on, found; `promise` tells what a producer
    /// may expect of a partition, `start` where a partition begins.
    pub fn judge(
        &self,
        reader: NodeId,
        promise: impl Fn(NodeId, TopicPartition) -> Promise,
        start: impl Fn(TopicPartition) -> Offset,
    ) -> Result<(), String> {
        let none = BTreeMap::new();
        let read = self.given.get(&reader).unwrap_or(&none);
        for (record, (tp, offset)) in &self.acked {
            let Some(producer) = record.producer() else { continue };
            let found = read.get(tp).is_some_and(|all| all.iter().any(|(_, id)| id == record));
            if promise(producer, *tp).kept && !found && *offset >= start(*tp) {
                return Err(format!("{record:?}, acknowledged at {tp:?} {offset}, is not there"));
            }
        }
        for (tp, records) in read {
            self.judge_partition(*tp, start(*tp), records, &promise)?;
        }
        Ok(())
    }

    fn judge_partition(
        &self,
        tp: TopicPartition,
        start: Offset,
        records: &[(Offset, RecordId)],
        promise: &impl Fn(NodeId, TopicPartition) -> Promise,
    ) -> Result<(), String> {
        let mut seen = BTreeSet::new();
        let mut last: BTreeMap<NodeId, RecordId> = BTreeMap::new();
        for (offset, record) in records {
            let Some(producer) = record.producer() else { continue };
            let promise = promise(producer, tp);
            if !self.sent.contains(record) {
                return Err(format!("nobody sent {record:?}, which is at {tp:?} {offset}"));
            }
            if !seen.insert(*record) {
                if promise.once {
                    return Err(format!("{record:?} is at {tp:?} {offset} again"));
                }
                continue;
            }
            // Of a batch that was sent twice, the log may begin within the first copy.
            let comparable = promise.once || start == 0;
            if promise.ordered && comparable && self.acked.contains_key(record) {
                let before = last.insert(producer, *record);
                if before.is_some_and(|before| before > *record) {
                    return Err(format!("{record:?} is at {tp:?} {offset}, behind {before:?}"));
                }
            }
        }
        Ok(())
    }

    /// A group that commits what it was given has been given everything that `reader` finds below its commits, but for records of
    /// transactions that may have been aborted.
    pub fn judge_group(
        &self,
        reader: NodeId,
        topic_of: impl Fn(TopicPartition) -> Option<Name>,
        clean: impl Fn(TopicPartition) -> bool,
        may_be_hidden: impl Fn(RecordId) -> bool,
    ) -> Result<(), String> {
        let Some(read) = self.given.get(&reader) else { return Ok(()) };
        for (tp, records) in read.iter().filter(|(tp, _)| clean(**tp)) {
            let Some(topic) = topic_of(*tp) else { continue };
            for ((group, _, _), commit) in self
                .commits
                .iter()
                .filter(|((_, of, partition), _)| *of == topic && *partition == tp.partition)
            {
                let members = || self.groups.iter().filter(|(_, of)| *of == group);
                let resets =
                    members().filter_map(|(member, _)| self.resets.get(&(*member, *tp)).copied());
                let known_from = resets.max().unwrap_or(0);
                let given: BTreeSet<_> = members()
                    .filter_map(|(member, _)| self.given.get(member)?.get(tp))
                    .flatten()
                    .map(|(_, record)| *record)
                    .collect();
                let skipped = records.iter().find(|(offset, id)| {
                    (known_from..*commit).contains(offset)
                        && !given.contains(id)
                        && !may_be_hidden(*id)
                });
                if let Some((offset, record)) = skipped {
                    return Err(format!(
                        "group {group} committed {commit} of {tp:?} and never got {record:?} at {offset}"
                    ));
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kafkascope_kernel::SimTime;
    use kafkascope_model::ids::TopicId;

    const P: NodeId = NodeId(1_001);
    const READER: NodeId = NodeId(1_002);
    const T0: TopicPartition = TopicPartition::new(TopicId(1), 0);
    const ALL: Promise = Promise { kept: true, once: true, ordered: true };

    fn told(acked: &[u32], read: &[u32]) -> Result<(), String> {
        told_from(0, ALL, acked, read)
    }

    fn told_from(
        start: Offset,
        promise: Promise,
        acked: &[u32],
        read: &[u32],
    ) -> Result<(), String> {
        let mut reference = Reference::default();
        let mut tell = |node, fact| {
            reference.observe(&TraceEvent { at: SimTime::ZERO, seq: 0, node, cause: None, fact });
        };
        for count in 1..=4 {
            let record = RecordId::of(P, count);
            tell(P, Fact::Sent { record, topic: "t".into(), key: None, value: None });
        }
        for (offset, count) in (0..).zip(acked) {
            let result = SendResult::Acked(offset);
            tell(P, Fact::SendDone { record: RecordId::of(P, *count), tp: T0, result });
        }
        for (offset, count) in (start..).zip(read) {
            let record = RecordId::of(P, *count);
            tell(READER, Fact::Delivered { record, tp: T0, offset, epoch: 0 });
        }
        reference.judge(READER, |_, _| promise, |_| start)
    }

    #[test]
    fn what_was_acknowledged_is_found_once_and_in_order() {
        assert_eq!(told(&[1, 2, 3], &[1, 2, 3]), Ok(()));
        assert_eq!(told(&[1, 3], &[1, 2, 3]), Ok(()), "an unanswered record may be there");
        for (acked, read) in [(&[1, 2][..], &[1][..]), (&[1], &[1, 1]), (&[2, 1], &[2, 1])] {
            assert!(told(acked, read).is_err(), "{acked:?} {read:?}");
        }
        assert!(told(&[], &[9]).is_err(), "nobody sent it");
    }

    #[test]
    fn a_group_knows_of_nothing_below_where_a_reset_put_it() {
        const MEMBER: NodeId = NodeId(1_003);
        let told = |put_at: Offset| {
            let mut reference = Reference::default();
            reference.groups.insert(MEMBER, "g".into());
            let mut tell = |node, fact| {
                let (at, cause) = (SimTime::ZERO, None);
                reference.observe(&TraceEvent { at, seq: 0, node, cause, fact });
            };
            let source = PositionSource::Reset;
            tell(MEMBER, Fact::PositionSet { tp: T0, offset: put_at, source });
            let given = |offset: Offset, count| {
                let record = RecordId::of(P, count);
                Fact::Delivered { record, tp: T0, offset, epoch: 0 }
            };
            tell(MEMBER, given(2, 3));
            let (group, topic) = ("g".into(), "t".into());
            tell(P, Fact::OffsetCommitted { group, topic, partition: 0, offset: 3 });
            for (offset, count) in [(1, 2), (2, 3)] {
                tell(READER, given(offset, count));
            }
            reference.judge_group(READER, |_| Some("t".into()), |_| true, |_| false)
        };
        assert_eq!(told(2), Ok(()));
        assert!(told(1).is_err(), "it skipped what it had to be given");
    }

    #[test]
    fn a_log_may_begin_within_the_first_copy_of_what_was_sent_twice() {
        let twice = Promise { once: false, ..ALL };
        assert_eq!(told_from(1, twice, &[1, 2], &[2, 1, 2]), Ok(()));
        assert!(told_from(0, twice, &[1, 2], &[2, 1, 2]).is_err(), "nothing was deleted");
    }
}
