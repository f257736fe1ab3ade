//! An ADD_PARTITIONS_TO_TXN that is being answered, one transaction after another.
//!
//! Invariant: it is answered once, when every transaction in it is decided.

use super::coordinator::TransactionCoordinator;
use crate::api::request::AddPartitionsToTxn;
use crate::api::response::PartitionErrors;
use crate::api::{ErrorCode, Response};
use crate::cx::Cx;
use crate::group::caller::Caller;
use crate::ids::Name;
use crate::net::ConnId;
use alloc::vec;
use alloc::vec::Vec;

/// A request with what is decided so far.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Adding {
    caller: Caller,
    open: u32,
    answer: Vec<(Name, PartitionErrors)>,
}

impl Adding {
    pub(super) fn new(request: &AddPartitionsToTxn, caller: Caller) -> Self {
        let rows = request.transactions.iter().map(|added| {
            let rows = added.partitions.iter();
            let rows = rows.map(|(topic, index)| (topic.clone(), *index, ErrorCode::None));
            (added.transactional_id.clone(), rows.collect())
        });
        Self { caller, open: request.transactions.len() as u32, answer: rows.collect() }
    }

    pub(super) fn gone(&mut self, conn: ConnId) {
        self.caller.gone(conn);
    }
}

impl TransactionCoordinator {
    /// One transaction of a request is decided, the same for all its partitions.
    pub(super) fn added_all(&mut self, number: u32, index: u32, error: ErrorCode, cx: &mut Cx<'_>) {
        let Some(adding) = self.adding.get(&number) else { return };
        let count = adding.answer.get(index as usize).map_or(0, |(_, rows)| rows.len());
        self.added(number, index, &vec![error; count], cx);
    }

    /// One transaction of a request is decided.
    pub(super) fn added(&mut self, number: u32, index: u32, errors: &[ErrorCode], cx: &mut Cx<'_>) {
        let Some(adding) = self.adding.get_mut(&number) else { return };
        if let Some((_, rows)) = adding.answer.get_mut(index as usize) {
            for (row, error) in rows.iter_mut().zip(errors) {
                row.2 = *error;
            }
        }
        adding.open = adding.open.saturating_sub(1);
        if adding.open == 0
            && let Some(Adding { caller, answer, .. }) = self.adding.remove(&number)
        {
            caller.answer(Response::AddPartitionsToTxn(answer), cx);
        }
    }
}
