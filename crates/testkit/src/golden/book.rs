//! What the applications of a run have seen so far, folded from facts.
//!
//! The application side of a recording (results of `send`, a member's log) is in facts already; this keeps them where a step
//! finds them. Invariant: everything is in the order in which the application saw it.

use kafkascope_model::ids::{Bytes, LeaderEpoch, NodeId, Offset, RecordId, TopicPartition};
use kafkascope_model::trace::{Fact, SendResult, TraceEvent};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Key and value of a record.
pub type Content = (Option<Bytes>, Option<Bytes>);

/// Something a member's application saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// A callback of the rebalance listener: `assigned`, `revoked` or `lost`.
    Callback { event: &'static str, partitions: Arc<[TopicPartition]>, generation: i32 },
    /// A record that `poll()` returned.
    Delivered { record: RecordId, tp: TopicPartition, offset: Offset, epoch: LeaderEpoch },
    /// An exception out of `poll()`.
    Error { name: &'static str, generation: i32 },
}

/// What was seen.
#[derive(Clone, Debug, Default)]
pub struct Book {
    /// Every record that an application handed to `send()`.
    pub contents: BTreeMap<RecordId, Content>,
    /// Records of each producer in the order of `send()`.
    pub sent: BTreeMap<NodeId, Vec<RecordId>>,
    /// What became of a record.
    pub done: BTreeMap<RecordId, (TopicPartition, SendResult)>,
    /// What each member's application saw since its log was cleared.
    pub logs: BTreeMap<NodeId, Vec<Seen>>,
    /// Answered calls of an application, each with its name and the exception, if any.
    pub calls: BTreeMap<NodeId, Vec<(&'static str, Option<&'static str>)>>,
    /// The generation that each member was last told of.
    pub generations: BTreeMap<NodeId, i32>,
    /// Processes that ended.
    pub ended: BTreeSet<NodeId>,
}

impl Book {
    /// Takes in a fact; `generation` is the one that `node`'s consumer has, if it is one.
    #[allow(clippy::wildcard_enum_match_arm, reason = "only what applications see counts here")]
    pub fn fold(&mut self, event: TraceEvent, generation: i32) {
        let node = event.node;
        match event.fact {
            Fact::Sent { record, key, value, .. } => {
                self.contents.insert(record, (key, value));
                self.sent.entry(node).or_default().push(record);
            }
            Fact::SendDone { record, tp, result } => {
                self.done.insert(record, (tp, result));
            }
            Fact::Assigned { partitions, generation } => {
                self.callback(node, "assigned", partitions, generation);
            }
            Fact::Revoked { partitions, generation } => {
                self.callback(node, "revoked", partitions, generation);
            }
            Fact::Lost { partitions, generation } => {
                self.callback(node, "lost", partitions, generation);
            }
            Fact::Delivered { record, tp, offset, epoch } => {
                self.see(node, Seen::Delivered { record, tp, offset, epoch });
            }
            Fact::PollFailed { error } => {
                self.see(node, Seen::Error { name: error, generation });
            }
            Fact::AppCallDone { call, error } => {
                self.calls.entry(node).or_default().push((call, error));
            }
            Fact::Exited(_) => {
                self.ended.insert(node);
            }
            Fact::Starting => {
                self.ended.remove(&node);
            }
            // Everything else happens inside the cluster, where no application looks.
            _ => {}
        }
    }

    fn callback(
        &mut self,
        node: NodeId,
        event: &'static str,
        partitions: Arc<[TopicPartition]>,
        generation: i32,
    ) {
        self.generations.insert(node, generation);
        self.see(node, Seen::Callback { event, partitions, generation });
    }

    fn see(&mut self, node: NodeId, seen: Seen) {
        self.logs.entry(node).or_default().push(seen);
    }
}
