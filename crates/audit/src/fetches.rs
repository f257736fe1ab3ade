//! Answers to FETCH: what a server gives of what it has.
//!
//! An answer is held against the server's log as it was before the step and as it is after it; what both have was there when the
//! server looked. Invariant: what is given is judged by the log alone, not by what else the answer says.

use crate::board::Board;
use crate::catalogue::Id;
use crate::eyes;
use crate::logs::Logs;
use kafkascope_model::api::request::{Fetch, FetchPartition};
use kafkascope_model::api::response::{self, FetchedPartition};
use kafkascope_model::broker::partition::Partition;
use kafkascope_model::ids::{NodeId, Offset, TopicPartition};
use kafkascope_model::log::Batch;
use kafkascope_model::world::World;

/// A server, who asked it, and what is known of its logs.
pub struct Served<'a> {
    pub server: NodeId,
    pub fetch: &'a Fetch,
    pub world: &'a World,
    pub logs: &'a Logs,
}

impl Served<'_> {
    /// The answer has just left.
    pub fn answered(&self, answer: &response::Fetch, board: &mut Board) {
        for told in answer.partitions.iter().filter(|told| !told.batches.is_empty()) {
            let Some(replica) = eyes::replica(self.world, self.server, told.tp) else { continue };
            if !self.fetch.replica_id.is_broker() {
                self.shown(told, replica, board);
            }
            if self.fetch.read_committed {
                self.aborted(told, replica, board);
            }
        }
        let throttled = answer.throttle_time_ms > 0 || self.throttles();
        if answer.error.is_ok() && !throttled {
            self.not_empty(answer, board);
        }
    }

    /// A consumer is given nothing that is not replicated, or not decided if it reads only what is committed.
    fn shown(&self, told: &FetchedPartition, replica: &Partition, board: &mut Board) {
        let end = self.end(replica);
        let last = told.batches.last().map_or(0, Batch::next_offset);
        board.check(Id::F1, last <= end, || {
            let server = self.server;
            format!("broker {server} gave {:?} up to {last}, may be read is {end}", told.tp)
        });
    }

    /// Whoever has an offset beyond its data gets the first batch, however large.
    fn not_empty(&self, answer: &response::Fetch, board: &mut Board) {
        let told = |tp: TopicPartition| answer.partitions.iter().find(|told| told.tp == tp);
        let given = |tp: TopicPartition| told(tp).is_some_and(|told| !told.batches.is_empty());
        let first = self.fetch.partitions.iter().find(|want| {
            given(want.tp) || (told(want.tp).is_none_or(is_plain) && self.has_data(want))
        });
        let Some(first) = first else { return };
        board.check(Id::F8, given(first.tp), || {
            let (from, tp) = (first.fetch_offset, first.tp);
            format!("broker {} gave nothing of {tp:?} from {from} on, and has it", self.server)
        });
    }

    /// Whether the server has something from the wanted offset on, and had it before.
    fn has_data(&self, want: &FetchPartition) -> bool {
        let replica = eyes::replica(self.world, self.server, want.tp);
        let before = self.logs.before(self.server, want.tp);
        let (Some(replica), Some(before)) = (replica, before) else { return false };
        let (_, high_watermark, log_end) = before.marks;
        let had = match self.fetch {
            Fetch { replica_id, .. } if replica_id.is_broker() => log_end,
            Fetch { read_committed: true, .. } => before.stable,
            Fetch { .. } => high_watermark,
        };
        let end = had.min(self.end(replica));
        let from = want.fetch_offset;
        let first = eyes::batches(&replica.log, from).next();
        from >= replica.log.log_start() && first.is_some_and(|first| first.base_offset < end)
    }

    /// Every aborted transaction that the given range overlaps is named, or its records would count.
    fn aborted(&self, told: &FetchedPartition, replica: &Partition, board: &mut Board) {
        let want = self.fetch.partitions.iter().find(|want| want.tp == told.tp);
        let known = self.logs.before(self.server, told.tp);
        let (Some(want), Some(known), Some(last)) = (want, known, told.batches.last()) else {
            return;
        };
        let compacts = replica.config.cleanup_policy.compacts();
        for gone in known.transactions.aborted_in(want.fetch_offset, last.next_offset()) {
            // Of a compacted log nobody has to know a transaction whose records are gone.
            let own = told.batches.iter().find(|batch| {
                batch.producer_id == gone.producer
                    && batch.control.is_none()
                    && (gone.first..gone.marker).contains(&batch.base_offset)
            });
            let first =
                if compacts { own.map(|batch| batch.base_offset) } else { Some(gone.first) };
            let Some(first) = first else { continue };
            let named = told.aborted_transactions.iter().any(|(producer, from)| {
                *producer == gone.producer && (*from == gone.first || compacts && *from <= first)
            });
            board.check(Id::T10, named, || {
                let from = want.fetch_offset;
                format!("{:?} from {from} on was given without a word of {gone:?}", told.tp)
            });
        }
    }

    /// Up to where this fetcher may read.
    fn end(&self, replica: &Partition) -> Offset {
        if self.fetch.replica_id.is_broker() {
            replica.log.log_end()
        } else if self.fetch.read_committed {
            replica.log.last_stable_offset()
        } else {
            replica.log.high_watermark()
        }
    }

    /// Whether a follower may be given nothing because of a quota.
    fn throttles(&self) -> bool {
        let rate =
            self.world.broker(self.server).map(|b| b.config.leader_replication_throttled_rate);
        self.fetch.replica_id.is_broker() && rate.is_some_and(|rate| rate < i64::MAX)
    }
}

/// Whether an answer sends nobody elsewhere and refuses nothing.
fn is_plain(told: &FetchedPartition) -> bool {
    told.error.is_ok()
        && told.diverging_epoch.is_none()
        && told.preferred_read_replica == NodeId::NONE
}
