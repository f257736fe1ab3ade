//! Transactions as one log has them: who is open, what is decided, and how far readers of committed records may read.
//!
//! Every log is read again by itself, batch by batch, without asking what its broker keeps in memory. Invariant: it equals what
//! a reader of the whole log would know.

use kafkascope_model::ids::{Offset, ProducerEpoch, ProducerId};
use kafkascope_model::log::Batch;
use kafkascope_model::log::batch::ControlType;
use std::collections::BTreeMap;

/// What one log says of transactions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogTransactions {
    /// Open ones: epoch and first offset.
    open: BTreeMap<ProducerId, (ProducerEpoch, Offset)>,
    /// Decided ones whose marker may not be replicated yet: first offset and the marker's.
    decided: Vec<(Offset, Offset)>,
    /// The newest epoch that a batch or a marker of a transactional producer carried.
    newest: BTreeMap<ProducerId, ProducerEpoch>,
    /// Aborted ones, in the order of their markers.
    aborted: Vec<Aborted>,
}

/// A transaction that was aborted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Aborted {
    /// Whose.
    pub producer: ProducerId,
    /// Its first record.
    pub first: Offset,
    /// Its marker.
    pub marker: Offset,
}

/// What is wrong with a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// A second transaction of a producer began before a marker ended the first.
    TwoOpen,
    /// A producer of an older epoch wrote.
    Fenced,
}

impl LogTransactions {
    /// The next batch of a log that begins at `log_start`.
    ///
    /// What is open from below it may be a replaced leader's, which nobody could compare with any other log.
    pub fn written(&mut self, batch: &Batch, log_start: Offset) -> Option<Wrong> {
        if !batch.transactional && batch.control.is_none() {
            return None;
        }
        let (id, epoch) = (batch.producer_id, batch.producer_epoch);
        let fenced = self.newest.get(&id).is_some_and(|newest| epoch < *newest);
        let newest = self.newest.entry(id).or_insert(epoch);
        *newest = epoch.max(*newest);
        let wrong = fenced.then_some(Wrong::Fenced);
        match batch.control {
            None => {
                let (of, first) = *self.open.entry(id).or_insert((epoch, batch.base_offset));
                wrong.or((of != epoch && first >= log_start).then_some(Wrong::TwoOpen))
            }
            Some(ControlType::Commit | ControlType::Abort) => {
                if let Some((_, first)) = self.open.remove(&id) {
                    self.decided.push((first, batch.base_offset));
                    if batch.control == Some(ControlType::Abort) {
                        let marker = batch.base_offset;
                        self.aborted.push(Aborted { producer: id, first, marker });
                    }
                }
                wrong
            }
            Some(ControlType::LeaderChange) => None,
        }
    }

    /// Aborted ones that overlap a range of offsets.
    pub fn aborted_in(&self, from: Offset, to: Offset) -> impl Iterator<Item = &Aborted> {
        let after = self.aborted.partition_point(|gone| gone.marker < from);
        self.aborted[after..].iter().filter(move |gone| gone.first < to)
    }

    /// Below it every transaction is decided and its marker replicated.
    pub fn last_stable(&mut self, high_watermark: Offset) -> Offset {
        self.decided.retain(|(_, marker)| *marker >= high_watermark);
        let open = self.open.values().map(|(_, first)| *first);
        let undecided = self.decided.iter().map(|(first, _)| *first);
        open.chain(undecided).min().map_or(high_watermark, |first| first.min(high_watermark))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kafkascope_model::log::{Codec, TimestampType};

    fn batch(base_offset: Offset, epoch: ProducerEpoch, control: Option<ControlType>) -> Batch {
        Batch {
            base_offset,
            last_offset_delta: 0,
            leader_epoch: 0,
            producer_id: 7,
            producer_epoch: epoch,
            base_sequence: 0,
            max_timestamp: 0,
            timestamp_type: TimestampType::CreateTime,
            codec: Codec::None,
            transactional: true,
            control,
            delete_horizon: -1,
            corrupt: false,
            size_bytes: 100,
            records: [].into(),
        }
    }

    #[test]
    fn readers_wait_for_the_marker_and_for_its_replication() {
        let mut log = LogTransactions::default();
        assert_eq!(log.written(&batch(3, 0, None), 0), None);
        assert_eq!(log.last_stable(5), 3);
        assert_eq!(log.written(&batch(5, 1, Some(ControlType::Commit)), 0), None);
        assert_eq!(log.last_stable(5), 3, "the marker is not replicated");
        assert_eq!(log.last_stable(6), 6);
    }

    #[test]
    fn an_old_epoch_and_a_second_transaction_are_noticed() {
        let mut log = LogTransactions::default();
        log.written(&batch(0, 1, None), 0);
        assert_eq!(log.written(&batch(1, 2, None), 0), Some(Wrong::TwoOpen));
        assert_eq!(log.written(&batch(2, 1, None), 0), Some(Wrong::Fenced));
    }

    #[test]
    fn what_is_open_from_below_the_log_start_is_not_compared() {
        let mut log = LogTransactions::default();
        log.written(&batch(0, 1, None), 0);
        assert_eq!(log.written(&batch(7, 2, None), 7), None);
    }
}
