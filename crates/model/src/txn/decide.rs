//! What a coordinator answers, state by state (`TransactionCoordinator`).
//!
//! Invariant: a refusal changes nothing; a decision changes nothing but what is pending.

use super::metadata::{Partition, Transaction, Transit, is_exhausted};
use super::state::TxnState;
use crate::api::ErrorCode;
use crate::ids::{EpochMs, ProducerEpoch, ProducerId};

/// Gives out producer ids, or says why there is none now.
pub type NewId<'a> = &'a mut dyn FnMut() -> Result<ProducerId, ErrorCode>;

/// Who asks: a producer id and its epoch.
pub type Identity = (ProducerId, ProducerEpoch);

/// The answer to whoever names a transactional id that nobody initialised.
pub const UNKNOWN_ID: ErrorCode = ErrorCode::InvalidProducerIdMapping;
/// The answer to whoever names none.
pub const NO_ID: ErrorCode = ErrorCode::InvalidRequest;

/// What follows an INIT_PRODUCER_ID that is accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Init {
    /// The producer's identity is to be written.
    Write(Transit),
    /// A transaction is open: it is aborted under this epoch first.
    Fence(ProducerEpoch),
}

/// How a transaction is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// By its producer, which has its epoch bumped (`transaction.version` 2).
    Bumping,
    /// By its producer, which keeps its epoch.
    Plain,
    /// By the coordinator: the epoch is the fence's.
    Fencing,
}

/// What of an INIT_PRODUCER_ID can be refused without looking; without a transactional id nothing can.
pub fn check_init(id: Option<&str>, timeout_ms: i32, max_timeout_ms: i32) -> ErrorCode {
    match id {
        None => ErrorCode::None,
        Some("") => NO_ID,
        Some(_) if timeout_ms <= 0 || timeout_ms > max_timeout_ms => {
            ErrorCode::InvalidTransactionTimeout
        }
        Some(_) => ErrorCode::None,
    }
}

/// INIT_PRODUCER_ID of a transactional id; `expected` is the identity that the producer has, if it has one.
pub fn init(
    txn: &mut Transaction,
    timeout_ms: i32,
    expected: Option<Identity>,
    now: EpochMs,
    new_id: NewId<'_>,
) -> Result<Init, ErrorCode> {
    if txn.pending.is_some() {
        return Err(ErrorCode::ConcurrentTransactions);
    }
    if expected.is_some_and(|(id, epoch)| !is_valid_id(txn, id, epoch)) {
        return Err(ErrorCode::ProducerFenced);
    }
    match txn.state {
        TxnState::PrepareAbort | TxnState::PrepareCommit => Err(ErrorCode::ConcurrentTransactions),
        TxnState::Ongoing => Ok(Init::Fence(txn.prepare_fence())),
        TxnState::CompleteAbort | TxnState::CompleteCommit | TxnState::Empty => {
            let used_up = txn.is_epoch_exhausted()
                && expected.is_none_or(|(_, epoch)| epoch == txn.producer_epoch);
            if used_up {
                let id = new_id()?;
                let keep_last = expected.is_some();
                return Ok(Init::Write(
                    txn.prepare_new_producer_id(id, timeout_ms, keep_last, now),
                ));
            }
            let expected = expected.map(|(_, epoch)| epoch);
            txn.prepare_next_epoch(timeout_ms, expected, now).map(Init::Write)
        }
        TxnState::Dead | TxnState::PrepareEpochFence => {
            unreachable!("never a state, only a pending one")
        }
    }
}

/// ADD_PARTITIONS_TO_TXN; `Err(NONE)` if all of them take part already.
pub fn add_partitions(
    txn: &mut Transaction,
    identity: Identity,
    partitions: &[Partition],
    now: EpochMs,
) -> Result<Transit, ErrorCode> {
    check_identity(txn, identity)?;
    if txn.pending.is_some() || txn.state.is_completing() {
        return Err(ErrorCode::ConcurrentTransactions);
    }
    let all_known = partitions.iter().all(|partition| txn.partitions.contains(partition));
    if txn.state == TxnState::Ongoing && all_known {
        return Err(ErrorCode::None);
    }
    Ok(txn.prepare_add(partitions, now))
}

/// ADD_PARTITIONS_TO_TXN that only asks whether a partition takes part.
pub fn verify(txn: &Transaction, identity: Identity, partition: &Partition) -> ErrorCode {
    if let Err(error) = check_identity(txn, identity) {
        error
    } else if txn.state.is_completing() {
        ErrorCode::ConcurrentTransactions
    } else if txn.partitions.contains(partition) {
        ErrorCode::None
    } else {
        ErrorCode::TransactionAbortable
    }
}

/// END_TXN, or an abort by the coordinator; `Err(NONE)` if it was done before.
pub fn end(
    txn: &mut Transaction,
    identity: Identity,
    commit: bool,
    ending: Ending,
    now: EpochMs,
    new_id: NewId<'_>,
) -> Result<Transit, ErrorCode> {
    match ending {
        Ending::Fencing => Ok(end_fenced(txn, identity.1, now)),
        Ending::Plain => end_plain(txn, identity, commit, now),
        Ending::Bumping => end_bumping(txn, identity, commit, now, new_id),
    }
}

/// A producer may name its id, or the one before if that one's epochs were used up: a retry whose answer was lost.
fn is_valid_id(txn: &Transaction, id: ProducerId, epoch: ProducerEpoch) -> bool {
    txn.producer_epoch == -1
        || id == txn.producer_id
        || id == txn.previous_producer_id && is_exhausted(epoch)
}

fn check_identity(txn: &Transaction, (id, epoch): Identity) -> Result<(), ErrorCode> {
    if txn.producer_id != id {
        Err(ErrorCode::InvalidProducerIdMapping)
    } else if txn.producer_epoch != epoch {
        Err(ErrorCode::ProducerFenced)
    } else {
        Ok(())
    }
}

/// The fence took the pending place; the abort takes it over, with the fence's epoch and no further bump.
fn end_fenced(txn: &mut Transaction, epoch: ProducerEpoch, now: EpochMs) -> Transit {
    assert!(txn.pending == Some(TxnState::PrepareEpochFence), "a fence comes first");
    txn.pending = None;
    txn.producer_epoch = epoch;
    txn.last_producer_epoch = -1;
    let mut transit = txn.prepare_end(false, false, -1, now);
    transit.epoch_bumps = true;
    transit
}

fn end_plain(
    txn: &mut Transaction,
    identity: Identity,
    commit: bool,
    now: EpochMs,
) -> Result<Transit, ErrorCode> {
    check_identity(txn, identity)?;
    if txn.pending.is_some() {
        return Err(ErrorCode::ConcurrentTransactions);
    }
    match (txn.state, commit) {
        (TxnState::Ongoing, _) => Ok(txn.prepare_end(commit, false, -1, now)),
        (TxnState::CompleteCommit, true) | (TxnState::CompleteAbort, false) => Err(ErrorCode::None),
        _ => Err(unfit(txn.state, commit)),
    }
}

fn end_bumping(
    txn: &mut Transaction,
    (id, epoch): Identity,
    commit: bool,
    now: EpochMs,
    new_id: NewId<'_>,
) -> Result<Transit, ErrorCode> {
    if txn.pending.is_some() {
        return Err(ErrorCode::ConcurrentTransactions);
    }
    let over = txn.previous_producer_id == id
        && epoch == ProducerEpoch::MAX - 1
        && txn.producer_epoch == 0;
    let bumped = epoch.checked_add(1) == Some(txn.producer_epoch);
    if txn.producer_id != id && !over {
        return Err(ErrorCode::InvalidProducerIdMapping);
    }
    let current = epoch == txn.producer_epoch;
    let fits = match txn.state {
        TxnState::PrepareCommit | TxnState::PrepareAbort => bumped,
        TxnState::CompleteCommit | TxnState::CompleteAbort => bumped || over || current,
        TxnState::Ongoing | TxnState::Empty | TxnState::Dead | TxnState::PrepareEpochFence => {
            current
        }
    };
    if !fits {
        return Err(ErrorCode::ProducerFenced);
    }
    let again = bumped || over;
    match (txn.state, commit) {
        (TxnState::CompleteCommit, true) | (TxnState::CompleteAbort, false) if again => {
            return Err(ErrorCode::None);
        }
        (TxnState::Ongoing, _) => {}
        (TxnState::Empty | TxnState::CompleteCommit | TxnState::CompleteAbort, false) if !again => {
        }
        _ => return Err(unfit(txn.state, commit)),
    }
    let next = if txn.is_epoch_exhausted() { new_id()? } else { -1 };
    Ok(txn.prepare_end(commit, true, next, now))
}

/// The same decision is on its way, or it is another one.
const fn unfit(state: TxnState, commit: bool) -> ErrorCode {
    match (state, commit) {
        (TxnState::PrepareCommit, true) | (TxnState::PrepareAbort, false) => {
            ErrorCode::ConcurrentTransactions
        }
        _ => ErrorCode::InvalidTxnState,
    }
}
