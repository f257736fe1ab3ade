//! Sentences about transactions: from the first partition that takes part to the last marker.
//!
//! Invariant: a transactional id is called by its name, its producer by id and epoch only where the epoch matters.

#![allow(clippy::wildcard_enum_match_arm, reason = "most facts are told elsewhere")]

use super::{Context, Telling};
use crate::ui::Selection;
use crate::view_model::Tone;
use crate::words;
use kafkascope_model::ids::Name;
use kafkascope_model::trace::{Fact, TraceEvent};
use kafkascope_model::txn::TxnState;

pub(super) fn tell(event: &TraceEvent, context: &Context<'_>) -> Option<Telling> {
    let node = Selection::Node(event.node);
    Some(match &event.fact {
        Fact::TransactionMoved { transactional_id: id, state, epoch, partitions, .. } => {
            Telling::plain(moved(id, *state, *epoch, *partitions), node)
        }
        Fact::TransactionTimedOut { transactional_id: id, open_ms } => Telling::plain(
            format!("The transaction of {id} is open for {open_ms} ms: the coordinator aborts it."),
            node,
        )
        .tone(Tone::Strong),
        Fact::TransactionRefused { transactional_id: id, api, error } => {
            let text = format!("{} of {id} is refused: {}.", api.name(), error.name());
            Telling::plain(text, node)
        }
        Fact::TxnCoordinatorLoaded { transactions, .. } => {
            let count =
                words::count(u64::from(*transactions), "transactional id", "transactional ids");
            Telling::plain(format!("{} now coordinates {count}.", context.title(event.node)), node)
        }
        Fact::TransactionJoined { tp, first_offset, producer_id, .. }
            if !context.is_internal(*tp) =>
        {
            let text = format!(
                "{} takes part in the transaction of producer {producer_id}, from offset {first_offset}.",
                context.partition(*tp)
            );
            Telling::plain(text, Selection::Partition(*tp))
        }
        Fact::MarkerAppended { tp, offset, producer_id, committed, .. }
            if !context.is_internal(*tp) =>
        {
            let verb = if *committed { "committed" } else { "aborted" };
            let text = format!(
                "{} @ {offset}: a marker says that producer {producer_id} {verb}.",
                context.partition(*tp)
            );
            Telling::plain(text, Selection::Partition(*tp))
        }
        Fact::OffsetPending { group, topic, partition, offset } => {
            let text =
                format!("{topic}-{partition} up to {offset} waits in {group} for a commit marker.");
            Telling::plain(text, Selection::Group(group.clone()))
        }
        Fact::OffsetsDropped { group, .. } => {
            let text = format!("{group} drops the offsets of an aborted transaction.");
            Telling::plain(text, Selection::Group(group.clone()))
        }
        _ => return None,
    })
}

fn moved(id: &Name, state: TxnState, epoch: i16, partitions: u32) -> String {
    let count = words::count(u64::from(partitions), "partition", "partitions");
    match state {
        TxnState::Empty => format!("{id} has a producer of epoch {epoch}; older ones are fenced."),
        TxnState::Ongoing => format!("The transaction of {id} has {count}."),
        TxnState::PrepareCommit => {
            format!("{id} commits: that is decided now, {count} will be told.")
        }
        TxnState::PrepareAbort => {
            format!("{id} aborts: that is decided now, {count} will be told.")
        }
        TxnState::CompleteCommit => format!("The transaction of {id} is committed everywhere."),
        TxnState::CompleteAbort => format!("The transaction of {id} is aborted everywhere."),
        TxnState::Dead | TxnState::PrepareEpochFence => {
            format!("{id} is in state {}.", state.name())
        }
    }
}
