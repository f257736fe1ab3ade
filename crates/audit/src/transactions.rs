//! Transactions: how their coordinators move them, and what their partitions are told.
//!
//! Invariant: what is judged is durable; a coordinator's intentions are nobody's business.

use crate::board::Board;
use crate::catalogue::Id;
use crate::eyes;
use crate::truth::Truth;
use kafkascope_model::broker::Broker;
use kafkascope_model::ids::{Name, NodeId, ProducerEpoch, ProducerId, TopicPartition};
use kafkascope_model::trace::{Fact, TraceEvent};
use kafkascope_model::txn::metadata::Transaction;
use kafkascope_model::txn::{TXN_TOPIC, TxnState};
use kafkascope_model::world::World;
use std::collections::{BTreeMap, BTreeSet};

/// What was heard of transactions.
#[derive(Clone, Debug, Default)]
pub struct Transactions {
    /// The last durable state of each transactional id.
    states: BTreeMap<Name, Known>,
    /// How each transaction was decided, by producer and the epoch that its markers carry.
    decided: BTreeMap<(ProducerId, ProducerEpoch), bool>,
    /// Partitions of each transaction that was decided, and has no marker yet.
    waiting: BTreeMap<(ProducerId, ProducerEpoch), BTreeSet<TopicPartition>>,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    producer_id: ProducerId,
    epoch: ProducerEpoch,
    state: TxnState,
}

impl Transactions {
    /// A fact of a coordinator or a leader; `broker` is the one that states it. Coordinators may have forgotten something if
    /// `lost` says why.
    #[allow(clippy::wildcard_enum_match_arm, reason = "few facts are about transactions")]
    pub fn observe(
        &mut self,
        event: &TraceEvent,
        broker: Option<&Broker>,
        truth: &Truth,
        lost: Option<&'static str>,
        board: &mut Board,
    ) {
        if broker.is_some_and(|broker| is_replaced(broker, &event.fact, truth)) {
            if let Fact::TransactionMoved { transactional_id, .. } = &event.fact {
                self.states.remove(transactional_id);
            }
            return;
        }
        match &event.fact {
            Fact::TransactionMoved { transactional_id, producer_id, epoch, state, .. } => {
                let next = Known { producer_id: *producer_id, epoch: *epoch, state: *state };
                if let Some(broker) = broker {
                    self.markers(transactional_id, next, broker, truth, board);
                }
                self.moved(transactional_id, next, lost, board);
            }
            Fact::TxnCoordinatorLoaded { partition, .. } => {
                if let Some(broker) = broker {
                    self.loaded(broker, *partition);
                }
            }
            Fact::MarkerAppended { tp, producer_id, epoch, committed, .. } => {
                if let Some(waiting) = self.waiting.get_mut(&(*producer_id, *epoch)) {
                    waiting.remove(tp);
                }
                let decided = *self.decided.entry((*producer_id, *epoch)).or_insert(*committed);
                board.check(Id::T3, decided == *committed, || {
                    let word = |committed| if committed { "committed" } else { "aborted" };
                    let (told, was) = (word(*committed), word(decided));
                    format!("{tp:?} is told that producer {producer_id}, epoch {epoch}, {told}; it {was}")
                });
            }
            _ => {}
        }
    }

    /// A decided transaction is complete once every partition has its marker.
    fn markers(
        &mut self,
        id: &Name,
        next: Known,
        broker: &Broker,
        truth: &Truth,
        board: &mut Board,
    ) {
        let key = (next.producer_id, next.epoch);
        match next.state {
            TxnState::PrepareCommit | TxnState::PrepareAbort => {
                let found = broker.txns.shards().find_map(|shard| shard.transactions.get(id));
                let names = found.filter(|found| found.state == next.state).map(|f| &f.partitions);
                let tp = |(topic, partition): &(Name, i32)| {
                    let topic = truth.image.topic_ids.get(topic)?;
                    Some(TopicPartition::new(*topic, *partition))
                };
                let all = names.into_iter().flatten().filter_map(tp).collect();
                self.waiting.insert(key, all);
            }
            TxnState::CompleteCommit | TxnState::CompleteAbort => {
                let Some(mut waiting) = self.waiting.remove(&key) else { return };
                waiting.retain(|tp| truth.partition(*tp).is_some());
                board.check(Id::T4, waiting.is_empty(), || {
                    format!("{id} is complete, and {waiting:?} have no marker")
                });
            }
            TxnState::Empty | TxnState::Ongoing | TxnState::Dead | TxnState::PrepareEpochFence => {}
        }
    }

    /// A new coordinator goes on with what is in its log. The last step there need not have been told, since whoever wrote it may
    /// have been replaced before it was durable; from there on it is judged anew. Within the same moment it may have gone on to a
    /// state of the same name already, with another epoch.
    fn loaded(&mut self, broker: &Broker, partition: i32) {
        let shard = broker.txns.shards().find(|shard| shard.partition == partition);
        let Some(shard) = shard else { return };
        self.states.retain(|id, known| {
            shard.transactions.get(id).is_none_or(|found| {
                found.state == known.state && found.producer_epoch == known.epoch
            })
        });
    }

    fn moved(&mut self, id: &Name, next: Known, lost: Option<&'static str>, board: &mut Board) {
        let before = self.states.insert(id.clone(), next);
        match next.state {
            TxnState::PrepareCommit | TxnState::PrepareAbort => {
                let committed = next.state == TxnState::PrepareCommit;
                self.decided.insert((next.producer_id, next.epoch), committed);
            }
            TxnState::Dead => {
                self.states.remove(id);
            }
            TxnState::Empty
            | TxnState::Ongoing
            | TxnState::CompleteCommit
            | TxnState::CompleteAbort
            | TxnState::PrepareEpochFence => {}
        }
        let Some(before) = before else { return };
        board.check_unless(Id::T1, lost, may_follow(before.state, next.state), || {
            format!("{id} went from {} to {}", before.state.name(), next.state.name())
        });
        let rises = before.producer_id != next.producer_id || before.epoch <= next.epoch;
        board.check(Id::T9, rises, || {
            format!("{id} went from epoch {} to {}", before.epoch, next.epoch)
        });
    }
}

/// A leader has begun to write for a transaction, so its coordinator has the partition in it, or had when it was asked.
pub fn joined(
    leader: NodeId,
    tp: TopicPartition,
    producer: ProducerId,
    (world, truth): (&World, &Truth),
    board: &mut Board,
) {
    // Who was replaced without knowing it may believe what was true once.
    let replica = eyes::replica(world, leader, tp).zip(truth.partition(tp));
    if replica.is_none_or(|(replica, state)| replica.leader_epoch != state.leader_epoch) {
        return;
    }
    let Some(name) = world.topic_name(tp.topic) else { return };
    let known = |txn: &&Transaction| txn.producer_id == producer;
    let mut found = eyes::brokers(world)
        .flat_map(|(_, broker)| broker.txns.shards())
        .flat_map(|shard| shard.transactions.values())
        .filter(known)
        .peekable();
    if found.peek().is_none() {
        return;
    }
    let part = (name.clone(), tp.partition);
    let has = found.any(|txn| txn.partitions.contains(&part));
    board.check(Id::T11, has, || {
        format!("{producer} wrote to {tp:?}, which is in no transaction of it")
    });
}

/// Whether a coordinator speaks of a partition that another leads by now: what it learns late was durable before that one began.
#[allow(clippy::wildcard_enum_match_arm, reason = "two facts are about a coordinator's partition")]
fn is_replaced(broker: &Broker, fact: &Fact, truth: &Truth) -> bool {
    let mut shards = broker.txns.shards();
    let partition = match fact {
        Fact::TxnCoordinatorLoaded { partition, .. } => Some(*partition),
        Fact::TransactionMoved { transactional_id, .. } => shards
            .find(|shard| shard.transactions.contains_key(transactional_id))
            .map(|shard| shard.partition),
        _ => return false,
    };
    let topic = truth.image.topic_ids.get(TXN_TOPIC);
    let leader = topic.zip(partition).and_then(|(topic, partition)| {
        truth.partition(TopicPartition::new(*topic, partition)).map(|state| state.leader)
    });
    leader != Some(broker.id)
}

/// Which durable state may come after which (`TransactionState.VALID_PREVIOUS_STATES`; an abort without partitions is one).
const fn may_follow(before: TxnState, next: TxnState) -> bool {
    use TxnState::{
        CompleteAbort, CompleteCommit, Dead, Empty, Ongoing, PrepareAbort, PrepareCommit,
        PrepareEpochFence,
    };
    match next {
        Empty | Dead => matches!(before, Empty | CompleteCommit | CompleteAbort),
        Ongoing => matches!(before, Ongoing | Empty | CompleteCommit | CompleteAbort),
        PrepareCommit => matches!(before, Ongoing),
        PrepareAbort => {
            matches!(before, Ongoing | PrepareEpochFence | Empty | CompleteCommit | CompleteAbort)
        }
        CompleteCommit => matches!(before, PrepareCommit),
        CompleteAbort => matches!(before, PrepareAbort),
        // Never written.
        PrepareEpochFence => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board::Verdict;
    use kafkascope_kernel::SimTime;
    use kafkascope_model::ids::TopicId;

    /// What becomes of a property after some facts.
    fn verdict(id: Id, facts: Vec<Fact>) -> Verdict {
        let mut board = Board::new();
        let mut transactions = Transactions::default();
        for (seq, fact) in (0..).zip(facts) {
            let event =
                TraceEvent { at: SimTime::from_ms(seq), seq, node: NodeId(1), cause: None, fact };
            transactions.observe(&event, None, &Truth::default(), None, &mut board);
        }
        let line = board.lines().find(|line| line.property.id == id);
        line.expect("it is in the catalogue").verdict
    }

    fn moved(epoch: ProducerEpoch, state: TxnState) -> Fact {
        let transactional_id = "biller".into();
        Fact::TransactionMoved { transactional_id, producer_id: 7, epoch, state, partitions: 1 }
    }

    fn marker(partition: i32, epoch: ProducerEpoch, committed: bool) -> Fact {
        let tp = TopicPartition::new(TopicId(1), partition);
        Fact::MarkerAppended { tp, offset: 5, producer_id: 7, epoch, committed }
    }

    #[test]
    fn a_transaction_is_prepared_before_it_is_complete() {
        let through = [TxnState::Empty, TxnState::Ongoing, TxnState::PrepareCommit];
        let mut facts: Vec<_> = through.map(|state| moved(1, state)).to_vec();
        facts.push(moved(2, TxnState::CompleteCommit));
        assert_eq!(verdict(Id::T1, facts.clone()), Verdict::Holds);
        facts.remove(2);
        assert!(matches!(verdict(Id::T1, facts), Verdict::Violated(_)));
    }

    #[test]
    fn epochs_of_a_transactional_id_do_not_fall() {
        let facts = vec![moved(3, TxnState::Empty), moved(2, TxnState::Ongoing)];
        assert!(matches!(verdict(Id::T9, facts), Verdict::Violated(_)));
    }

    #[test]
    fn every_partition_hears_the_same_outcome_and_it_is_the_prepared_one() {
        let prepared = || vec![moved(1, TxnState::Ongoing), moved(1, TxnState::PrepareAbort)];
        let told = |outcomes: [bool; 2]| {
            let markers = (0..).zip(outcomes).map(|(p, committed)| marker(p, 1, committed));
            prepared().into_iter().chain(markers).collect::<Vec<_>>()
        };
        assert_eq!(verdict(Id::T3, told([false, false])), Verdict::Holds);
        assert!(matches!(verdict(Id::T3, told([false, true])), Verdict::Violated(_)));
        let unheard = vec![marker(0, 1, true), marker(1, 1, false)];
        assert!(matches!(verdict(Id::T3, unheard), Verdict::Violated(_)));
    }
}
