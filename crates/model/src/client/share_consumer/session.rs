//! A share session with one broker, as the client keeps it (`ShareSessionHandler`).
//!
//! Invariant: what the session's request names is exactly how the wanted partitions differ from what the broker knows.

use crate::api::share::{AckBatch, AckType};
use crate::ids::{Offset, TopicPartition};
use alloc::vec;
use alloc::vec::Vec;
use kafkascope_kernel::FlatMap;

/// What was said of records, by partition and offset.
pub(super) type Acks = FlatMap<TopicPartition, FlatMap<Offset, AckType>>;

/// A session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Session {
    /// The epoch of the next request; 0 begins a session.
    pub epoch: i32,
    /// What the broker knows.
    pub partitions: Vec<TopicPartition>,
}

/// What a SHARE_FETCH says of partitions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Named {
    pub partitions: Vec<(TopicPartition, Vec<AckBatch>)>,
    pub forgotten: Vec<TopicPartition>,
    pub renews: bool,
}

impl Session {
    /// What to name so that the broker fetches `wanted` and hears of `acks`.
    pub fn name(&mut self, wanted: &[TopicPartition], acks: Acks) -> Named {
        let mut named = Named::default();
        let added: Vec<TopicPartition> = if self.epoch == 0 {
            self.partitions = wanted.to_vec();
            self.partitions.clone()
        } else {
            named.forgotten =
                self.partitions.iter().filter(|tp| !wanted.contains(tp)).copied().collect();
            let added: Vec<TopicPartition> =
                wanted.iter().filter(|tp| !self.partitions.contains(tp)).copied().collect();
            self.partitions.retain(|tp| wanted.contains(tp));
            self.partitions.extend(&added);
            added
        };
        named.renews = acks.values().flat_map(FlatMap::values).any(|ack| *ack == AckType::Renew);
        named.partitions = added.into_iter().map(|tp| (tp, Vec::new())).collect();
        for (tp, acks) in acks {
            let batches = batches_of(&acks);
            match named.partitions.iter_mut().find(|(own, _)| *own == tp) {
                Some(row) => row.1 = batches,
                None => named.partitions.push((tp, batches)),
            }
        }
        named
    }

    /// The broker answered: the next request continues the session.
    pub fn advance(&mut self) {
        self.epoch = if self.epoch == i32::MAX { 1 } else { self.epoch + 1 };
    }

    /// The session is lost: the next request begins a new one.
    pub fn restart(&mut self) {
        self.epoch = 0;
    }
}

/// Neighbouring offsets together, with one type where they agree (`Acknowledgements.getAcknowledgementBatches`).
pub(super) fn batches_of(acks: &FlatMap<Offset, AckType>) -> Vec<AckBatch> {
    let mut batches: Vec<AckBatch> = Vec::new();
    for (offset, ack) in acks {
        match batches.last_mut() {
            Some(batch) if batch.last + 1 == *offset => {
                batch.last = *offset;
                batch.types.push(*ack);
            }
            Some(_) | None => {
                batches.push(AckBatch { first: *offset, last: *offset, types: vec![*ack] });
            }
        }
    }
    for batch in &mut batches {
        if batch.types.iter().all(|ack| *ack == batch.types[0]) {
            batch.types.truncate(1);
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::TopicId;

    fn tp(partition: i32) -> TopicPartition {
        TopicPartition::new(TopicId(1), partition)
    }

    #[test]
    fn a_session_names_only_what_changed() {
        let mut session = Session::default();
        assert_eq!(session.name(&[tp(0), tp(1)], Acks::new()).partitions.len(), 2);
        session.advance();
        let named = session.name(&[tp(1), tp(2)], Acks::new());
        assert_eq!(named.partitions, [(tp(2), Vec::new())]);
        assert_eq!(named.forgotten, [tp(0)]);
        session.advance();
        assert_eq!(session.name(&[tp(1), tp(2)], Acks::new()), Named::default());
        session.restart();
        assert_eq!(session.name(&[tp(1), tp(2)], Acks::new()).partitions.len(), 2);
    }

    #[test]
    fn answers_that_agree_take_one_type_for_all() {
        let acks = [
            (3, AckType::Accept),
            (4, AckType::Accept),
            (6, AckType::Release),
            (7, AckType::Accept),
        ];
        let batches = batches_of(&acks.into_iter().collect());
        let types = |batch: &AckBatch| (batch.first, batch.last, batch.types.len());
        assert_eq!(batches.iter().map(types).collect::<Vec<_>>(), [(3, 4, 1), (6, 7, 2)]);
    }
}
