//! An application that sends in transactions: when it begins one, how it ends it, and what it does when that fails.
//!
//! Written as Kafka's documentation has it: after an exception that can be aborted it aborts and tries the same records again;
//! after a fatal one it closes. Invariant: a record is sent only while a transaction is open.

use super::transactions::TxnCall;
use crate::command::GroupOffsets;
use crate::ids::{Name, NodeId};
use crate::workload::{NewRecord, TxnPlan};
use alloc::vec::Vec;

/// Something to send, and where.
pub(super) type Output = (Name, NewRecord);

/// What comes next.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Next {
    /// This call.
    Call(TxnCall),
    /// Everything for a consumer's batch: the records, then their offsets.
    Answer(Vec<NewRecord>, GroupOffsets),
    /// The next event.
    Event,
    /// Nothing, for good.
    Nothing,
}

/// What the application does after a call returned.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Then {
    /// It goes on.
    GoOn,
    /// It sends these again.
    Again(Vec<Output>),
    /// It tells the consumer whose records these were, whether the transaction was committed.
    Report(NodeId, bool),
    /// It closes.
    Close,
}

/// A consumer's batch that is to be answered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Job {
    consumer: NodeId,
    records: Vec<NewRecord>,
    offsets: GroupOffsets,
}

/// An application's plan, and how far it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Plan {
    plan: TxnPlan,
    initialised: bool,
    /// A call that timed out is made again.
    again: Option<TxnCall>,
    open: bool,
    /// Which transaction is open, or was last, counted from 1.
    number: u32,
    /// What was sent in the open one.
    sent: Vec<Output>,
    must_abort: bool,
    over: bool,
    job: Option<Job>,
    /// Whose records the open transaction answers.
    consumer: Option<NodeId>,
}

impl Plan {
    pub const fn new(plan: TxnPlan) -> Self {
        Self {
            plan,
            initialised: false,
            again: None,
            open: false,
            number: 0,
            sent: Vec::new(),
            must_abort: false,
            over: false,
            job: None,
            consumer: None,
        }
    }

    /// Whether it forgot a transaction, or cannot go on.
    pub const fn is_over(&self) -> bool {
        self.over
    }

    /// A consumer's batch is to be answered in a transaction of its own.
    pub fn answer(&mut self, consumer: NodeId, records: Vec<NewRecord>, offsets: GroupOffsets) {
        self.job = Some(Job { consumer, records, offsets });
    }

    /// The consumer that waits for a transaction; it waits no longer.
    pub fn take_consumer(&mut self) -> Option<NodeId> {
        let job = self.job.take().map(|job| job.consumer);
        self.consumer.take().or(job)
    }

    /// What comes next; whether an event is `due`, and whether there is none left.
    pub fn next(&mut self, due: bool, none_left: bool) -> Next {
        if self.over {
            return Next::Nothing;
        }
        if let Some(call) = self.again.take() {
            return Next::Call(call);
        }
        if !self.initialised {
            return Next::Call(TxnCall::Init);
        }
        if !self.open {
            if let Some(job) = self.job.take() {
                self.consumer = Some(job.consumer);
                return Next::Answer(job.records, job.offsets);
            }
            return if due { Next::Call(TxnCall::Begin) } else { Next::Event };
        }
        let full = self.sent.len() as u64 >= u64::from(self.plan.records);
        let done = full || self.consumer.is_some() || none_left && !self.sent.is_empty();
        if self.must_abort {
            Next::Call(TxnCall::Abort)
        } else if !done {
            Next::Event
        } else if self.number == self.plan.hang_at {
            self.over = true;
            Next::Nothing
        } else {
            let every = self.plan.abort_every;
            let abort = every > 0 && self.number.is_multiple_of(every);
            Next::Call(if abort { TxnCall::Abort } else { TxnCall::Commit })
        }
    }

    /// A record was handed to `send()`.
    pub fn sent(&mut self, topic: &Name, record: &NewRecord) {
        if self.consumer.is_none() {
            self.sent.push((topic.clone(), record.clone()));
        }
    }

    /// `send()` threw, since the transaction has failed.
    pub const fn send_failed(&mut self) {
        self.must_abort = true;
    }

    /// A call returned.
    pub fn returned(&mut self, call: &str, result: Result<(), &'static str>) -> Then {
        match (call, result) {
            ("initTransactions", Ok(())) => self.initialised = true,
            ("initTransactions", Err("TimeoutException")) => self.again = Some(TxnCall::Init),
            ("beginTransaction", Ok(())) => {
                self.open = true;
                self.must_abort = false;
                self.number += 1;
                self.sent.clear();
            }
            ("commitTransaction", Err("TimeoutException")) => self.again = Some(TxnCall::Commit),
            ("abortTransaction", Err("TimeoutException")) => self.again = Some(TxnCall::Abort),
            ("commitTransaction" | "abortTransaction", Ok(())) => return self.ended(call),
            (_, Ok(())) => {}
            ("sendOffsetsToTransaction" | "commitTransaction", Err(error)) if !is_fatal(error) => {
                self.must_abort = true;
            }
            (_, Err(_)) => {
                self.over = true;
                return Then::Close;
            }
        }
        Then::GoOn
    }

    fn ended(&mut self, call: &str) -> Then {
        self.open = false;
        let again = core::mem::take(&mut self.must_abort);
        let sent = core::mem::take(&mut self.sent);
        match self.consumer.take() {
            Some(consumer) => Then::Report(consumer, call == "commitTransaction"),
            None if again => Then::Again(sent),
            None => Then::GoOn,
        }
    }
}

fn is_fatal(error: &str) -> bool {
    matches!(
        error,
        "ProducerFencedException"
            | "IllegalStateException"
            | "TransactionalIdAuthorizationException"
    )
}
