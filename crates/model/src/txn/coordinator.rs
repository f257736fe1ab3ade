//! The transaction coordinator of a broker (`TransactionCoordinator`).
//!
//! It answers for the partitions of `__transaction_state` that its broker leads. Invariant: it never answers for a partition that
//! it has not loaded.

use super::adding::Adding;
use super::decide::{self, Ending, Init};
use super::log::{TXN_TOPIC, TxnLog};
use super::markers::MarkerQueue;
use super::metadata::{Transaction, Transit};
use super::shard::{Done, Outcome, Shard, is_forgettable};
use crate::api::request::{AddPartitionsToTxn, EndTxn, InitProducerId};
use crate::api::response::{self, ListedTransaction};
use crate::api::{ApiKey, ErrorCode, Response};
use crate::broker::BrokerTimer;
use crate::cx::Cx;
use crate::group::caller::Caller;
use crate::group::partition_for;
use crate::ids::{LeaderEpoch, Name, Offset};
use crate::net::ConnId;
use crate::node::Timer;
use crate::trace::Fact;
use alloc::vec;
use alloc::vec::Vec;
use kafkascope_kernel::{FlatMap, FlatSet, Micros, SimTime};

/// How long it takes to read a partition of the transaction log after an election.
const LOAD_TIME: Micros = Micros::from_ms(10);

/// A timer of a transaction coordinator; the broker passes each to [`TransactionCoordinator::on_timer`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TxnTimer {
    /// A partition has been read to its end.
    Loaded(i32),
    /// Appends to a partition have waited for `request.timeout.ms`.
    Write(i32),
    /// Time to look for transactions that took too long.
    Abort,
    /// Time to look for transactional ids that nobody uses.
    Expire,
    /// Time to look after markers.
    Markers,
}

impl From<TxnTimer> for Timer {
    fn from(timer: TxnTimer) -> Self {
        Self::Broker(BrokerTimer::Txn(timer))
    }
}

/// A broker's transaction coordinator.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct TransactionCoordinator {
    pub(super) shards: FlatMap<i32, Shard>,
    pub(super) markers: MarkerQueue,
    pub(super) adding: FlatMap<u32, Adding>,
    pub(super) adds_made: u32,
    /// Complete transactions whose last record could not be written yet.
    pub(super) unfinished: FlatSet<Name>,
    /// When its broker came up: what it looks after regularly it looks after at whole intervals from then on.
    started_at: SimTime,
}

impl TransactionCoordinator {
    /// The broker has its first metadata (`TransactionCoordinator.startup`).
    pub fn start(&mut self, now: SimTime) {
        self.started_at = now;
    }

    /// When something is due that is seen to at whole intervals, whoever leads what meanwhile.
    fn arm(&self, timer: TxnTimer, every_ms: i32, cx: &mut Cx<'_>) {
        let every = Micros::from_config_ms(i64::from(every_ms)).0.max(1);
        let into = cx.now.since(self.started_at).0 % every;
        cx.arm(timer, Micros(every - into));
    }

    /// Answers an INIT_PRODUCER_ID with a transactional id, now or later.
    pub fn init(
        &mut self,
        request: &InitProducerId,
        caller: Caller,
        log: &mut dyn TxnLog,
        cx: &mut Cx<'_>,
    ) {
        let id = request.transactional_id.clone().unwrap_or_else(|| "".into());
        let timeout = request.transaction_timeout_ms;
        let checked =
            decide::check_init(Some(&id), timeout, log.config().transaction_max_timeout_ms);
        let expected =
            (request.producer_id >= 0).then_some((request.producer_id, request.producer_epoch));
        let now = cx.epoch_ms();
        let decided = if checked.is_ok() {
            self.transaction_or_new(&id, timeout, log, now).and_then(|txn| {
                decide::init(txn, timeout, expected, now, &mut || log.new_producer_id())
            })
        } else {
            Err(checked)
        };
        match decided {
            Err(error) => refuse_init(&id, error, caller, cx),
            Ok(Init::Write(transit)) => self.store(id, transit, Done::Init(caller), log, cx),
            Ok(Init::Fence(epoch)) => self.abort_fenced(&id, epoch, Some(caller), log, cx),
        }
    }

    /// Answers an END_TXN, now or later.
    pub fn end(&mut self, request: &EndTxn, caller: Caller, log: &mut dyn TxnLog, cx: &mut Cx<'_>) {
        let id = &request.transactional_id;
        let identity = (request.producer_id, request.producer_epoch);
        let (committed, now) = (request.committed, cx.epoch_ms());
        let ending = Ending::Bumping;
        let decided = self.transaction(id, log).and_then(|txn| {
            decide::end(txn, identity, committed, ending, now, &mut || log.new_producer_id())
        });
        match decided {
            Ok(transit) => self.store(id.clone(), transit, Done::End(Some(caller)), log, cx),
            Err(ErrorCode::None) => {
                let answer = self.identity_after(id, log);
                caller.answer(Response::EndTxn(answer), cx);
            }
            Err(error) => refuse_end(id, error, caller, cx),
        }
    }

    /// Answers an ADD_PARTITIONS_TO_TXN, now or later.
    pub fn add_partitions(
        &mut self,
        request: &AddPartitionsToTxn,
        caller: Caller,
        log: &mut dyn TxnLog,
        cx: &mut Cx<'_>,
    ) {
        let number = self.adds_made;
        self.adds_made = number.wrapping_add(1);
        self.adding.insert(number, Adding::new(request, caller));
        for (index, added) in (0_u32..).zip(&request.transactions) {
            let identity = (added.producer_id, added.producer_epoch);
            let (partitions, now) = (&added.partitions, cx.epoch_ms());
            let decided = self.transaction(&added.transactional_id, log).and_then(|txn| {
                if added.verify_only {
                    let verify = |partition| decide::verify(txn, identity, partition);
                    let errors = partitions.iter().map(verify);
                    Ok(Err(errors.collect::<Vec<_>>()))
                } else {
                    decide::add_partitions(txn, identity, partitions, now).map(Ok)
                }
            });
            match decided {
                Ok(Ok(transit)) => {
                    let done = Done::Add(number, index);
                    self.store(added.transactional_id.clone(), transit, done, log, cx);
                }
                Ok(Err(errors)) => self.added(number, index, &errors, cx),
                Err(error) => {
                    if !error.is_ok() {
                        note_refusal(
                            &added.transactional_id,
                            ApiKey::AddPartitionsToTxn,
                            error,
                            cx,
                        );
                    }
                    self.added(number, index, &vec![error; partitions.len()], cx);
                }
            }
        }
    }

    /// Every transactional id here, as the admin client sees it; partitions still being read are told by the error.
    pub fn list(&self) -> Response {
        let loaded = self.shards.values().all(|shard| shard.is_loaded);
        let error = if loaded { ErrorCode::None } else { ErrorCode::CoordinatorLoadInProgress };
        let listed = self.shards.values().flat_map(|shard| {
            let rows: Vec<&Transaction> = shard.transactions.values().collect();
            crate::group::java_order::sort_by_name(rows, |txn| &*txn.transactional_id)
        });
        let row = |txn: &Transaction| ListedTransaction {
            transactional_id: txn.transactional_id.clone(),
            producer_id: txn.producer_id,
            transaction_state: txn.state.name(),
        };
        Response::ListTransactions(error, listed.map(row).collect())
    }

    /// A timer of this coordinator is due.
    pub fn on_timer(&mut self, timer: TxnTimer, log: &mut dyn TxnLog, cx: &mut Cx<'_>) {
        match timer {
            TxnTimer::Loaded(partition) => self.load(partition, log, cx),
            TxnTimer::Write(partition) => {
                if let Some(shard) = self.shards.get_mut(&partition) {
                    let outcomes = shard.on_write_timer(cx);
                    self.follow_up(outcomes, log, cx);
                }
            }
            TxnTimer::Abort => self.abort_timed_out(log, cx),
            TxnTimer::Expire => self.expire(log, cx),
            TxnTimer::Markers => {
                self.markers.time_out(cx);
                for id in core::mem::take(&mut self.unfinished) {
                    self.complete(&id, log, cx);
                }
                self.pump_markers(log, cx);
            }
        }
    }

    /// The broker now leads a partition of the transaction log, perhaps as before under another epoch: it is loaded, then served.
    pub fn on_elected(
        &mut self,
        partition: i32,
        epoch: LeaderEpoch,
        log: &mut dyn TxnLog,
        cx: &mut Cx<'_>,
    ) {
        self.on_resigned(partition, log, cx);
        if self.shards.is_empty() {
            self.arm(TxnTimer::Abort, log.config().transaction_abort_interval_ms, cx);
            self.arm(TxnTimer::Expire, log.config().transaction_remove_expired_interval_ms, cx);
        }
        self.shards.insert(partition, Shard::loading(partition, epoch));
        cx.arm(TxnTimer::Loaded(partition), LOAD_TIME);
    }

    /// The broker no longer leads a partition, or the topic was deleted.
    pub fn on_resigned(&mut self, partition: i32, log: &mut dyn TxnLog, cx: &mut Cx<'_>) {
        if let Some(shard) = self.shards.remove(&partition) {
            self.markers.forget_shard(partition);
            let outcomes = shard.unload(cx);
            self.follow_up(outcomes, log, cx);
        }
    }

    /// The high watermark of a partition that this broker leads moved.
    pub fn on_high_watermark(
        &mut self,
        partition: i32,
        high_watermark: Offset,
        log: &mut dyn TxnLog,
        cx: &mut Cx<'_>,
    ) {
        if let Some(shard) = self.shards.get_mut(&partition) {
            let outcomes = shard.on_high_watermark(high_watermark, cx);
            self.follow_up(outcomes, log, cx);
        }
    }

    /// A client's connection ended: what is parked on it gets no answer.
    pub fn on_client_gone(&mut self, conn: ConnId) {
        for shard in self.shards.values_mut() {
            shard.on_client_gone(conn);
        }
        for adding in self.adding.values_mut() {
            adding.gone(conn);
        }
    }

    /// Partitions of the transaction log that this broker serves or loads.
    pub fn shards(&self) -> impl Iterator<Item = &Shard> {
        self.shards.values()
    }

    pub(super) fn transaction(
        &mut self,
        id: &Name,
        log: &dyn TxnLog,
    ) -> Result<&mut Transaction, ErrorCode> {
        if id.is_empty() {
            return Err(decide::NO_ID);
        }
        let shard = self.shard_for(id, log)?;
        shard.transactions.get_mut(id).ok_or(decide::UNKNOWN_ID)
    }

    pub(super) fn shard_for(
        &mut self,
        id: &str,
        log: &dyn TxnLog,
    ) -> Result<&mut Shard, ErrorCode> {
        let topic = log.image().topic(TXN_TOPIC).map(|(_, topic)| topic.partitions.len() as i32);
        let partition = partition_for(id, topic.ok_or(ErrorCode::NotCoordinator)?);
        let shard = self.shards.get_mut(&partition).ok_or(ErrorCode::NotCoordinator)?;
        if shard.is_loaded { Ok(shard) } else { Err(ErrorCode::CoordinatorLoadInProgress) }
    }

    /// Writes a change and follows up what is durable by then.
    pub(super) fn store(
        &mut self,
        id: Name,
        transit: Transit,
        done: Done,
        log: &mut dyn TxnLog,
        cx: &mut Cx<'_>,
    ) {
        let Ok(shard) = self.shard_for(&id, log) else { return };
        let outcomes = shard.store(id, Some(transit), done, log, cx);
        self.follow_up(outcomes, log, cx);
    }

    /// An open transaction is aborted under an epoch that its producer does not have.
    pub(super) fn abort_fenced(
        &mut self,
        id: &Name,
        epoch: crate::ids::ProducerEpoch,
        caller: Option<Caller>,
        log: &mut dyn TxnLog,
        cx: &mut Cx<'_>,
    ) {
        let now = cx.epoch_ms();
        let decided = self.transaction(id, log).and_then(|txn| {
            let (identity, ending) = ((txn.producer_id, epoch), Ending::Fencing);
            decide::end(txn, identity, false, ending, now, &mut || log.new_producer_id())
        });
        if let Ok(transit) = decided {
            self.store(id.clone(), transit, Done::Fence(caller), log, cx);
        }
    }

    fn transaction_or_new(
        &mut self,
        id: &Name,
        timeout_ms: i32,
        log: &mut dyn TxnLog,
        now: i64,
    ) -> Result<&mut Transaction, ErrorCode> {
        let known = self.shard_for(id, log)?.transactions.contains_key(id);
        let producer_id = if known { -1 } else { log.new_producer_id()? };
        let shard = self.shard_for(id, log)?;
        let new = || Transaction::new(id.clone(), producer_id, timeout_ms, now);
        Ok(shard.transactions.entry(id.clone()).or_insert_with(new))
    }

    fn load(&mut self, partition: i32, log: &mut dyn TxnLog, cx: &mut Cx<'_>) {
        let Some(shard) = self.shards.get_mut(&partition) else { return };
        for id in shard.load(log, cx) {
            self.send_markers(&id, log, cx);
        }
    }

    fn abort_timed_out(&mut self, log: &mut dyn TxnLog, cx: &mut Cx<'_>) {
        let now = cx.epoch_ms();
        let late = |txn: &&mut Transaction| txn.has_timed_out(now);
        let all = self.shards.values_mut().filter(|shard| shard.is_loaded);
        let mut fenced = Vec::new();
        for txn in all.flat_map(|shard| shard.transactions.values_mut()).filter(late) {
            cx.note(Fact::TransactionTimedOut {
                transactional_id: txn.transactional_id.clone(),
                open_ms: now - txn.started_at,
            });
            fenced.push((txn.transactional_id.clone(), txn.prepare_fence()));
        }
        for (id, epoch) in fenced {
            self.abort_fenced(&id, epoch, None, log, cx);
        }
        if !self.shards.is_empty() {
            self.arm(TxnTimer::Abort, log.config().transaction_abort_interval_ms, cx);
        }
    }

    fn expire(&mut self, log: &mut dyn TxnLog, cx: &mut Cx<'_>) {
        let before = cx.epoch_ms() - i64::from(log.config().transactional_id_expiration_ms);
        let mut outcomes = Vec::new();
        for shard in self.shards.values_mut().filter(|shard| shard.is_loaded) {
            let mut unused = Vec::new();
            for txn in shard.transactions.values_mut().filter(|txn| is_forgettable(txn, before)) {
                txn.pending = Some(super::TxnState::Dead);
                unused.push(txn.transactional_id.clone());
            }
            for id in unused {
                outcomes.extend(shard.store(id, None, Done::Expire, log, cx));
            }
        }
        self.follow_up(outcomes, log, cx);
        if !self.shards.is_empty() {
            self.arm(TxnTimer::Expire, log.config().transaction_remove_expired_interval_ms, cx);
        }
    }

    /// What follows changes that are durable, or failed.
    fn follow_up(&mut self, outcomes: Vec<Outcome>, log: &mut dyn TxnLog, cx: &mut Cx<'_>) {
        for Outcome { id, transit, done, error } in outcomes {
            match done {
                Done::Init(caller) => match transit.filter(|_| error.is_ok()) {
                    Some(transit) => {
                        let body = response::InitProducerId {
                            error,
                            producer_id: transit.producer_id,
                            producer_epoch: transit.producer_epoch,
                        };
                        caller.answer(Response::InitProducerId(body), cx);
                    }
                    None => refuse_init(&id, error, caller, cx),
                },
                Done::Add(number, index) => self.added_all(number, index, error, cx),
                Done::End(caller) => {
                    match caller {
                        Some(caller) if error.is_ok() => {
                            let answer = self.identity_after(&id, log);
                            caller.answer(Response::EndTxn(answer), cx);
                        }
                        Some(caller) => refuse_end(&id, error, caller, cx),
                        None => {}
                    }
                    if error.is_ok() {
                        self.send_markers(&id, log, cx);
                    }
                }
                Done::Fence(caller) => {
                    if let Some(caller) = caller {
                        let told =
                            if error.is_ok() { ErrorCode::ConcurrentTransactions } else { error };
                        refuse_init(&id, told, caller, cx);
                    }
                    if error.is_ok() {
                        self.send_markers(&id, log, cx);
                    }
                }
                Done::Complete => {
                    if error == ErrorCode::CoordinatorNotAvailable {
                        self.unfinished.insert(id);
                        self.pump_markers(log, cx);
                    }
                }
                Done::Expire => {}
            }
        }
    }

    /// Who the producer is for its next transaction.
    fn identity_after(&mut self, id: &Name, log: &dyn TxnLog) -> response::EndTxn {
        let (producer_id, producer_epoch) = match self.transaction(id, log) {
            Ok(txn) if txn.next_producer_id >= 0 => (txn.next_producer_id, 0),
            Ok(txn) => (txn.producer_id, txn.producer_epoch),
            Err(_) => (-1, -1),
        };
        response::EndTxn { error: ErrorCode::None, producer_id, producer_epoch }
    }
}

pub(super) fn note_refusal(id: &Name, api: ApiKey, error: ErrorCode, cx: &mut Cx<'_>) {
    cx.note(Fact::TransactionRefused { transactional_id: id.clone(), api, error });
}

fn refuse_init(id: &Name, error: ErrorCode, caller: Caller, cx: &mut Cx<'_>) {
    note_refusal(id, ApiKey::InitProducerId, error, cx);
    let body = response::InitProducerId { error, producer_id: -1, producer_epoch: -1 };
    caller.answer(Response::InitProducerId(body), cx);
}

fn refuse_end(id: &Name, error: ErrorCode, caller: Caller, cx: &mut Cx<'_>) {
    note_refusal(id, ApiKey::EndTxn, error, cx);
    let body = response::EndTxn { error, producer_id: -1, producer_epoch: -1 };
    caller.answer(Response::EndTxn(body), cx);
}
