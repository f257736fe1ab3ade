//! A producer's transactions (`TransactionManager` under `transaction.version` 2).
//!
//! One request to a coordinator is under way at a time, and while it is, no batch leaves. Invariant: END_TXN is sent only when
//! every batch of the transaction is done, and never for a transaction that nothing took part in.

use super::batch::ProducerIdentity;
use super::sender::ProducerCall;
use crate::api::request::{
    CoordinatorType, EndTxn, FindCoordinator, InitProducerId, TxnOffsetCommit,
};
use crate::api::{ErrorCode, Request, Response};
use crate::client::kafka_client::KafkaClient;
use crate::client::network::{Outcome, Peer};
use crate::command::GroupOffsets;
use crate::cx::Cx;
use crate::ids::{Name, NodeId};
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use kafkascope_kernel::{Micros, SimTime};

/// Where a transactional producer stands (`TransactionManager.State`); errors are Java exceptions by their short names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum State {
    Uninitialized,
    Initializing,
    Ready,
    InTransaction,
    Committing,
    Aborting,
    /// The transaction must be aborted.
    Abortable(&'static str),
    /// Nothing works any more but `close()`.
    Fatal(&'static str),
}

/// What a call throws that the state does not allow.
const ILLEGAL: &str = "IllegalStateException";

/// What an application calls.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TxnCall {
    /// `initTransactions()`.
    Init,
    /// `beginTransaction()`.
    Begin,
    /// `commitTransaction()`.
    Commit,
    /// `abortTransaction()`.
    Abort,
    /// `sendOffsetsToTransaction()`.
    SendOffsets(GroupOffsets),
}

/// A request to a coordinator, in the order of preference.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Wanted {
    Find(CoordinatorType, Name),
    Init,
    Offsets(GroupOffsets),
    End(bool),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Queued {
    wanted: Wanted,
    /// It was tried before: `retry.backoff.ms` pass first.
    again: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Stage {
    Idle,
    Connecting(Queued, Peer),
    BackingOff(Queued, Option<Peer>, SimTime),
    UnderWay(Queued),
}

/// A transactional producer's state.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Transactions {
    id: Name,
    timeout_ms: i32,
    state: State,
    queue: Vec<Queued>,
    stage: Stage,
    coordinator: Option<NodeId>,
    group_coordinator: Option<(Name, NodeId)>,
    /// A partition or a group takes part.
    started: bool,
    /// How the application's call ended, until it is told.
    result: Option<Result<(), &'static str>>,
    /// What a coordinator gave: the identity from now on.
    fresh: Option<ProducerIdentity>,
    /// When the batch of a record expires that `send()` put there and then refused.
    stray_until: Option<SimTime>,
}

/// What a turn led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// No batch may leave now.
    pub busy: bool,
    /// When to look again, as far as that depends on time.
    pub wakeup: Option<SimTime>,
}

impl TxnCall {
    /// The call's name in Java.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Init => "initTransactions",
            Self::Begin => "beginTransaction",
            Self::Commit => "commitTransaction",
            Self::Abort => "abortTransaction",
            Self::SendOffsets(_) => "sendOffsetsToTransaction",
        }
    }
}

impl Transactions {
    /// A producer that is not initialised.
    pub const fn new(id: Name, timeout_ms: i32) -> Self {
        Self {
            id,
            timeout_ms,
            state: State::Uninitialized,
            queue: Vec::new(),
            stage: Stage::Idle,
            coordinator: None,
            group_coordinator: None,
            started: false,
            result: None,
            fresh: None,
            stray_until: None,
        }
    }

    /// `transactional.id`.
    pub const fn id(&self) -> &Name {
        &self.id
    }

    /// The application calls; done at once, to be waited for (`Ok(false)`), or refused.
    pub fn call(&mut self, call: &TxnCall) -> Result<bool, &'static str> {
        if !matches!((call, self.state), (TxnCall::Abort, State::Abortable(_))) {
            self.fail_with_error()?;
        }
        self.result = None;
        match (call, self.state) {
            (TxnCall::Init, State::Uninitialized) => {
                self.state = State::Initializing;
                self.want(Wanted::Init, false);
            }
            // A call that timed out is made again: it waits for the same answer.
            (TxnCall::Init, State::Initializing)
            | (TxnCall::Commit, State::Committing)
            | (TxnCall::Abort, State::Aborting) => {}
            (TxnCall::Begin, State::Ready) => {
                self.state = State::InTransaction;
                return Ok(true);
            }
            (TxnCall::Commit, State::InTransaction) => {
                self.state = State::Committing;
                self.want(Wanted::End(true), false);
            }
            (TxnCall::Abort, State::InTransaction | State::Abortable(_)) => {
                self.state = State::Aborting;
                // A commit that timed out fails with what made the transaction fail; it is not to be sent any more.
                self.queue.retain(|queued| queued.wanted != Wanted::End(true));
                self.want(Wanted::End(false), false);
            }
            (TxnCall::SendOffsets(offsets), State::InTransaction) => {
                if offsets.offsets.is_empty() {
                    return Ok(true);
                }
                self.started = true;
                self.want(Wanted::Offsets(offsets.clone()), false);
            }
            _ => return Err(ILLEGAL),
        }
        Ok(false)
    }

    /// Whether a record that was just put into a batch is one of a transaction; the exception if not
    /// (`TransactionManager.maybeAddPartition`). The batch is never sent then: it stays until `expiry`, unless the producer gave
    /// up all its batches before.
    pub fn may_send(&mut self, expiry: SimTime) -> Result<(), &'static str> {
        self.fail_with_error()?;
        if self.state == State::InTransaction {
            return Ok(());
        }
        self.stray_until.get_or_insert(expiry);
        Err(ILLEGAL)
    }

    /// `send()` failed before there was a batch: the transaction must be aborted. The exception if there is no transaction
    /// (`KafkaProducer.doSend`, `maybeTransitionToErrorState`).
    pub fn send_failed(&mut self, error: &'static str) -> Result<(), &'static str> {
        match self.state {
            State::Aborting => {}
            State::Initializing
            | State::InTransaction
            | State::Committing
            | State::Abortable(_) => self.state = State::Abortable(error),
            State::Uninitialized | State::Ready | State::Fatal(_) => return Err(ILLEGAL),
        }
        Ok(())
    }

    /// When the batch expires that is in no transaction; `flush()` waits for it.
    pub const fn stray_until(&self) -> Option<SimTime> {
        self.stray_until
    }

    /// Gives that batch up once it is time.
    pub fn expire_stray(&mut self, now: SimTime) {
        let fatal = self.fatal().is_some();
        if self.stray_until.is_some_and(|until| until <= now || fatal) {
            self.stray_until = None;
            if !fatal {
                self.batch_failed("TimeoutException");
            }
        }
    }

    /// A record of the transaction was appended to a batch.
    pub const fn joined(&mut self) {
        self.started = true;
    }

    /// How the application's call ended, once it did.
    pub const fn take_result(&mut self) -> Option<Result<(), &'static str>> {
        self.result.take()
    }

    /// What a coordinator gave since the last look: sequences begin anew under it.
    pub const fn take_identity(&mut self) -> Option<ProducerIdentity> {
        self.fresh.take()
    }

    /// Whether a commit or an abort is under way: what is still to be sent leaves at once.
    pub const fn is_completing(&self) -> bool {
        matches!(self.state, State::Committing | State::Aborting)
    }

    /// Whether a transaction is open, or being ended.
    pub const fn is_open(&self) -> bool {
        matches!(
            self.state,
            State::InTransaction | State::Committing | State::Aborting | State::Abortable(_)
        )
    }

    /// The exception that ends everything.
    pub const fn fatal(&self) -> Option<&'static str> {
        if let State::Fatal(error) = self.state { Some(error) } else { None }
    }

    /// With what exception batches fail that were not sent yet; none while they may be sent.
    pub const fn gives_up_with(&self) -> Option<&'static str> {
        match self.state {
            State::Abortable(error) => Some(error),
            State::Aborting => Some("TransactionAbortedException"),
            State::Uninitialized
            | State::Initializing
            | State::Ready
            | State::InTransaction
            | State::Committing
            | State::Fatal(_) => None,
        }
    }

    /// A batch failed for good (`maybeTransitionToErrorState`).
    pub fn batch_failed(&mut self, error: &'static str) {
        let fatal = matches!(
            error,
            "ClusterAuthorizationException"
                | "TransactionalIdAuthorizationException"
                | "ProducerFencedException"
                | "UnsupportedVersionException"
        );
        self.state = match self.state {
            _ if fatal => State::Fatal(error),
            State::Aborting => State::Aborting,
            State::Initializing
            | State::InTransaction
            | State::Committing
            | State::Abortable(_) => State::Abortable(error),
            // The sender's thread poisons the producer by a transition that cannot be.
            State::Uninitialized | State::Ready | State::Fatal(_) => State::Fatal(ILLEGAL),
        };
    }

    /// Goes as far as it can now (`Sender.maybeSendAndPollTransactionalRequest`).
    pub fn advance(
        &mut self,
        client: &mut KafkaClient<ProducerCall>,
        identity: ProducerIdentity,
        has_incomplete: bool,
        backoff: Micros,
        cx: &mut Cx<'_>,
    ) -> Turn {
        const BUSY: Turn = Turn { busy: true, wakeup: None };
        loop {
            match core::mem::replace(&mut self.stage, Stage::Idle) {
                under_way @ Stage::UnderWay(_) => {
                    self.stage = under_way;
                    return BUSY;
                }
                Stage::Idle => {
                    let Some(next) = self.next(has_incomplete) else {
                        return Turn { busy: false, wakeup: None };
                    };
                    self.stage = self.find_place(next, client, backoff, cx);
                }
                Stage::Connecting(queued, peer) => {
                    if client.ready(peer, cx) {
                        let wait = if queued.again { backoff } else { Micros::ZERO };
                        self.stage = Stage::BackingOff(queued, Some(peer), cx.now + wait);
                    } else if client.connection_failed(peer) {
                        client.metadata.request_update(ErrorCode::NetworkException, cx);
                        self.look_up(&queued.wanted);
                        self.stage = Stage::BackingOff(queued, None, cx.now + backoff);
                    } else {
                        self.stage = Stage::Connecting(queued, peer);
                        return BUSY;
                    }
                }
                Stage::BackingOff(queued, peer, until) if until > cx.now => {
                    self.stage = Stage::BackingOff(queued, peer, until);
                    return Turn { busy: true, wakeup: Some(until) };
                }
                Stage::BackingOff(queued, Some(peer), _) if client.can_send(peer) => {
                    let body = self.request(&queued.wanted, identity);
                    client.send(peer, body, ProducerCall::Transactional, cx);
                    self.stage = Stage::UnderWay(queued);
                }
                Stage::BackingOff(queued, ..) => self.want(queued.wanted, true),
            }
        }
    }

    /// The request under way came back.
    pub fn on_answer(&mut self, outcome: Outcome) {
        let Stage::UnderWay(queued) = core::mem::replace(&mut self.stage, Stage::Idle) else {
            return;
        };
        let Outcome::Answered(body) = outcome else {
            self.look_up(&queued.wanted);
            return self.want(queued.wanted, true);
        };
        let error = body.first_error();
        if !error.is_ok() {
            return self.refused(queued.wanted, error);
        }
        match (queued.wanted, body) {
            (Wanted::Find(CoordinatorType::Group, group), Response::FindCoordinator(found)) => {
                self.group_coordinator = found.first().map(|row| (group, row.node_id));
            }
            (Wanted::Find(..), Response::FindCoordinator(found)) => {
                self.coordinator = found.first().map(|row| row.node_id);
            }
            (Wanted::Init, Response::InitProducerId(body)) => {
                let (id, epoch) = (body.producer_id, body.producer_epoch);
                self.fresh = Some(ProducerIdentity { id, epoch });
                self.state = State::Ready;
                self.result = Some(Ok(()));
            }
            (Wanted::End(_), Response::EndTxn(body)) => {
                let (id, epoch) = (body.producer_id, body.producer_epoch);
                self.fresh = (id >= 0).then_some(ProducerIdentity { id, epoch });
                self.complete();
            }
            _ => self.result = Some(Ok(())),
        }
    }

    fn fail_with_error(&self) -> Result<(), &'static str> {
        let (State::Abortable(error) | State::Fatal(error)) = self.state else { return Ok(()) };
        Err(match error {
            "ProducerFencedException" | "InvalidProducerEpochException" | ILLEGAL => error,
            _ => "KafkaException",
        })
    }

    fn want(&mut self, wanted: Wanted, again: bool) {
        let at = self.queue.partition_point(|other| priority(&other.wanted) <= priority(&wanted));
        self.queue.insert(at, Queued { wanted, again });
    }

    /// The most urgent request that may be sent (`TransactionManager.nextRequest`).
    fn next(&mut self, has_incomplete: bool) -> Option<Queued> {
        loop {
            let first = self.queue.first()?;
            let ends = matches!(first.wanted, Wanted::End(_));
            if ends && has_incomplete {
                return None;
            }
            let queued = self.queue.remove(0);
            let find = matches!(queued.wanted, Wanted::Find(..));
            let spared = find && matches!(self.state, State::Abortable(_));
            if let State::Abortable(error) | State::Fatal(error) = self.state
                && !spared
            {
                self.result = Some(Err(error));
                continue;
            }
            if ends && !self.started {
                self.complete();
                continue;
            }
            return Some(queued);
        }
    }

    fn complete(&mut self) {
        self.state = State::Ready;
        self.started = false;
        self.result = Some(Ok(()));
    }

    /// Where a request goes; if nobody knows, that is asked first.
    fn find_place(
        &mut self,
        queued: Queued,
        client: &KafkaClient<ProducerCall>,
        backoff: Micros,
        cx: &mut Cx<'_>,
    ) -> Stage {
        let known = match &queued.wanted {
            Wanted::Find(..) => match client.least_loaded(cx) {
                Some(peer) => return Stage::Connecting(queued, peer),
                None => return Stage::BackingOff(queued, None, cx.now + backoff),
            },
            Wanted::Init | Wanted::End(_) => self.coordinator,
            Wanted::Offsets(offsets) => self
                .group_coordinator
                .as_ref()
                .filter(|(group, _)| *group == offsets.group_id)
                .map(|(_, node)| *node),
        };
        match known {
            Some(node) => Stage::Connecting(queued, Peer::broker(node)),
            None => {
                self.look_up(&queued.wanted);
                self.want(queued.wanted, true);
                Stage::Idle
            }
        }
    }

    /// The coordinator of a request is looked for, whoever it was.
    fn look_up(&mut self, wanted: &Wanted) {
        let find = match wanted {
            Wanted::Find(..) => return,
            Wanted::Init | Wanted::End(_) => {
                self.coordinator = None;
                Wanted::Find(CoordinatorType::Transaction, self.id.clone())
            }
            Wanted::Offsets(offsets) => {
                self.group_coordinator = None;
                Wanted::Find(CoordinatorType::Group, offsets.group_id.clone())
            }
        };
        if !self.queue.iter().any(|queued| queued.wanted == find) {
            self.want(find, false);
        }
    }

    fn refused(&mut self, wanted: Wanted, error: ErrorCode) {
        let elsewhere =
            matches!(error, ErrorCode::NotCoordinator | ErrorCode::CoordinatorNotAvailable);
        if elsewhere || error.is_retriable() {
            if elsewhere {
                self.look_up(&wanted);
            }
            return self.want(wanted, true);
        }
        let offsets = matches!(wanted, Wanted::Offsets(_));
        #[allow(clippy::wildcard_enum_match_arm, reason = "all others are one to the application")]
        let exception = match error {
            ErrorCode::InvalidProducerEpoch => ErrorCode::ProducerFenced.exception(),
            ErrorCode::UnknownMemberId | ErrorCode::IllegalGeneration if offsets => {
                "CommitFailedException"
            }
            ErrorCode::ProducerFenced
            | ErrorCode::InvalidTxnState
            | ErrorCode::TransactionalIdAuthorizationFailed
            | ErrorCode::TransactionAbortable
            | ErrorCode::FencedInstanceId
            | ErrorCode::UnknownProducerId
            | ErrorCode::InvalidProducerIdMapping => error.exception(),
            _ => "KafkaException",
        };
        let abortable = matches!(
            error,
            ErrorCode::TransactionAbortable
                | ErrorCode::FencedInstanceId
                | ErrorCode::UnknownProducerId
                | ErrorCode::InvalidProducerIdMapping
        ) || exception == "CommitFailedException";
        self.state = if abortable { State::Abortable(exception) } else { State::Fatal(exception) };
        self.result = Some(Err(exception));
    }

    fn request(&self, wanted: &Wanted, identity: ProducerIdentity) -> Request {
        let transactional_id = self.id.clone();
        let (producer_id, producer_epoch) = (identity.id, identity.epoch);
        match wanted {
            Wanted::Find(key_type, key) => {
                let (key_type, keys) = (*key_type, vec![key.clone()]);
                Request::FindCoordinator(FindCoordinator { key_type, keys })
            }
            Wanted::Init => Request::InitProducerId(InitProducerId {
                transactional_id: Some(transactional_id),
                transaction_timeout_ms: self.timeout_ms,
                producer_id: -1,
                producer_epoch: -1,
            }),
            Wanted::End(committed) => {
                let committed = *committed;
                let body = EndTxn { transactional_id, producer_id, producer_epoch, committed };
                Request::EndTxn(body)
            }
            Wanted::Offsets(group) => Request::TxnOffsetCommit(Box::new(TxnOffsetCommit {
                transactional_id,
                group_id: group.group_id.clone(),
                producer_id,
                producer_epoch,
                generation_id: group.generation_id,
                member_id: group.member_id.clone(),
                group_instance_id: group.group_instance_id.clone(),
                offsets: group.offsets.iter().map(|(t, p, o)| (t.clone(), *p, *o, -1)).collect(),
            })),
        }
    }
}

const fn priority(wanted: &Wanted) -> u8 {
    match wanted {
        Wanted::Find(..) => 0,
        Wanted::Init => 1,
        Wanted::Offsets(_) => 2,
        Wanted::End(_) => 3,
    }
}
