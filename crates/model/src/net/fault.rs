//! Faults of single messages: one under way, or the next of its kind, is lost, doubled or late.
//!
//! TCP hands over a stream without gaps. So a message that is lost takes with it whatever follows the same way, until the
//! connection is given up and opened anew; a late one holds up what follows it; a doubled request is served twice, and the
//! second answer is nobody's. Invariant: without faults nothing here is ever looked at.

use super::ConnId;
use super::LinkSel;
use crate::api::ApiKey;
use crate::ids::{MsgId, NodeId};
use alloc::vec::Vec;
use kafkascope_kernel::{FlatMap, FlatSet, Micros};

/// Which message a fault is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessageSel {
    /// One that is under way.
    UnderWay(MsgId),
    /// The next that leaves.
    Next(NextMessage),
}

/// The next message of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NextMessage {
    /// Requests of this API, or the answers to them.
    pub api: ApiKey,
    /// Whether the answer is meant.
    pub answer: bool,
    /// Who sends it.
    pub from: NodeId,
    /// Who is to get it.
    pub to: NodeId,
}

/// What happens to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MessageFault {
    /// It is lost.
    Drop,
    /// It arrives twice.
    Duplicate,
    /// It arrives so much later.
    Delay(Micros),
}

/// One direction of one connection: towards its server, or back.
pub type Way = (ConnId, bool);

/// The faults that wait for their message, and what past ones have left behind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct MessageFaults {
    waiting: Vec<(NextMessage, MessageFault)>,
    /// Ways on which something was lost, each with the life of the connection that it belongs to.
    gaps: FlatMap<Way, u32>,
    /// Second copies of requests, whose answers nobody waits for.
    copies: FlatSet<MsgId>,
}

impl MessageFaults {
    /// Whether there is nothing to look for.
    pub const fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.gaps.is_empty()
    }

    /// Faults that wait for their message, oldest first.
    pub fn waiting(&self) -> &[(NextMessage, MessageFault)] {
        &self.waiting
    }

    /// Lets a fault wait for its message; a newer one for the same message takes its place.
    pub fn wait(&mut self, next: NextMessage, fault: MessageFault) {
        self.waiting.retain(|(known, _)| *known != next);
        self.waiting.push((next, fault));
    }

    /// The fault of a message that leaves now; it waits no longer.
    pub fn take(&mut self, message: NextMessage) -> Option<MessageFault> {
        let index = self.waiting.iter().position(|(next, _)| *next == message)?;
        Some(self.waiting.remove(index).1)
    }

    /// Forgets faults that wait for messages on these links.
    pub fn heal(&mut self, sel: LinkSel) {
        self.waiting.retain(|(next, _)| !sel.covers(next.from, next.to));
    }

    /// Nothing that follows this way in this life of its connection will arrive.
    pub fn open_gap(&mut self, way: Way, life: u32) {
        self.gaps.insert(way, life);
    }

    /// Whether a message that leaves this way is lost with an earlier one. A new life of the connection ends the gap.
    pub fn swallows(&mut self, way: Way, life: u32) -> bool {
        let Some(broken) = self.gaps.get(&way).copied() else { return false };
        if broken < life {
            self.gaps.remove(&way);
        }
        broken >= life
    }

    /// A request was doubled.
    pub fn add_copy(&mut self, copy: MsgId) {
        self.copies.insert(copy);
    }

    /// Whether a request that was served is a second copy; asked once.
    pub fn take_copy(&mut self, request: MsgId) -> bool {
        !self.copies.is_empty() && self.copies.remove(&request)
    }
}
