//! What SHARE_FETCH brought, until `poll()` takes it (`ShareCompletedFetch`, `ShareFetchCollector`).
//!
//! Invariant: every acquired offset comes out once, as a record or as a gap.

use crate::api::share::SharedPartition;
use crate::ids::{LeaderEpoch, NodeId, Offset, RecordId, TopicPartition};
use alloc::collections::VecDeque;
use alloc::vec::Vec;

/// A record handed to the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Handed {
    pub record: RecordId,
    pub tp: TopicPartition,
    pub offset: Offset,
    pub epoch: LeaderEpoch,
    /// The broker that it came from.
    pub node: NodeId,
    /// How often it was delivered, this time included.
    pub delivery_count: i16,
}

/// One partition's answer that is not used up yet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Completed {
    tp: TopicPartition,
    node: NodeId,
    /// Records and gaps, batch of the log by batch of the log.
    batches: VecDeque<Vec<Handed>>,
    gaps: Vec<Offset>,
}

/// Answers that wait to be handed out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Inbox(VecDeque<Completed>);

impl Inbox {
    /// Takes in one partition's answer.
    pub fn push(&mut self, node: NodeId, answer: &SharedPartition) {
        let tp = answer.tp;
        let mut wanted: Vec<(Offset, i16, bool)> = Vec::new();
        for part in &answer.acquired {
            wanted.extend((part.first..=part.last).map(|at| (at, part.delivery_count, false)));
        }
        let mut batches = VecDeque::new();
        for batch in answer.batches.iter().filter(|batch| batch.control.is_none()) {
            let mut records = Vec::new();
            for record in batch.records.iter() {
                let offset = batch.offset_of(record);
                let Ok(at) = wanted.binary_search_by_key(&offset, |wanted| wanted.0) else {
                    continue;
                };
                wanted[at].2 = true;
                let (record, epoch) = (record.id, batch.leader_epoch);
                let delivery_count = wanted[at].1;
                records.push(Handed { record, tp, offset, epoch, node, delivery_count });
            }
            if !records.is_empty() {
                batches.push_back(records);
            }
        }
        let gaps = wanted.iter().filter(|wanted| !wanted.2).map(|wanted| wanted.0).collect();
        self.0.push_back(Completed { tp, node, batches, gaps });
    }

    /// About `limit` records, rounded up to the end of a batch; offsets without a record come along.
    pub fn take(
        &mut self,
        limit: usize,
    ) -> (VecDeque<Handed>, Vec<(NodeId, TopicPartition, Offset)>) {
        let (mut taken, mut gaps) = (VecDeque::new(), Vec::new());
        while taken.len() < limit
            && let Some(completed) = self.0.front_mut()
        {
            let (node, tp) = (completed.node, completed.tp);
            gaps.extend(completed.gaps.drain(..).map(|offset| (node, tp, offset)));
            match completed.batches.pop_front() {
                Some(records) => taken.extend(records),
                None => {
                    self.0.pop_front();
                }
            }
        }
        while self.0.front().is_some_and(|completed| completed.batches.is_empty()) {
            self.0.pop_front();
        }
        (taken, gaps)
    }
}
