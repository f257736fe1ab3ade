//! A call that asks every broker (`AllBrokersStrategy`): who there is says METADATA, then each is asked.
//!
//! A broker that was listed, but is not in what the client itself knows of the cluster, cannot be asked; Kafka's client then tries to
//! look up that one broker, which this kind of look-up does not allow, and fails with an `IllegalArgumentException` that says
//! `Unexpected key set`. Invariant: every broker listed is asked once, or told as one that could not be.

use super::call::{Ending, Verdicts};
use crate::api::response::ListedTransaction;
use crate::api::{ErrorCode, Response};
use crate::ids::{Name, NodeId};
use alloc::collections::VecDeque;
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;

/// What became of it so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Survey {
    left: VecDeque<NodeId>,
    rows: Vec<ListedTransaction>,
    /// The first failure, and whose it is.
    failure: Option<(Name, ErrorCode)>,
}

impl Survey {
    /// These are to be asked.
    pub(super) fn of(brokers: impl Iterator<Item = NodeId>) -> Self {
        let mut left: Vec<NodeId> = brokers.collect();
        left.sort_unstable();
        Self { left: left.into(), ..Self::default() }
    }

    /// Who is to be asked next.
    pub(super) fn next(&mut self) -> Option<NodeId> {
        self.left.pop_front()
    }

    /// One of them answered.
    pub(super) fn take(&mut self, response: Response) {
        let Response::ListTransactions(error, rows) = response else {
            unreachable!("LIST_TRANSACTIONS is answered by its own kind")
        };
        if error.is_ok() {
            self.rows.extend(rows);
        } else {
            self.failure.get_or_insert(("cluster".into(), error));
        }
    }

    /// One of them is not in the cluster any more, or not yet.
    pub(super) fn miss(&mut self, broker: NodeId) {
        let name = broker.0.to_string().as_str().into();
        self.failure.get_or_insert((name, ErrorCode::UnknownServerError));
    }

    /// How it ends; a broker that could not be asked is named, with UNKNOWN_SERVER_ERROR.
    pub(super) fn end(&mut self) -> Ending {
        let told: Verdicts = match self.failure.take() {
            Some(failure) => return (vec![failure], None),
            None => vec![("cluster".into(), ErrorCode::None)],
        };
        let rows = core::mem::take(&mut self.rows);
        (told, Some(Response::ListTransactions(ErrorCode::None, rows)))
    }
}
