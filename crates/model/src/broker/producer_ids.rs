//! Producer ids, taken from blocks that the controller hands out (`RPCProducerIdManager`).
//!
//! Invariant: an id is given once in the life of a cluster; what is left of a block when the broker dies is lost.

use crate::api::ErrorCode;
use crate::api::response::AllocateProducerIds;
use crate::ids::ProducerId;

/// The blocks that a broker holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ProducerIds {
    current: Block,
    next: Option<Block>,
    /// Somebody needed an id since the last look.
    wanted: bool,
    requested: bool,
}

/// A range of ids: the next to be given, where it ends, and at which id another block is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Block {
    next: ProducerId,
    end: ProducerId,
    prefetch_at: ProducerId,
}

impl ProducerIds {
    /// A new id, or `COORDINATOR_LOAD_IN_PROGRESS` while there is none.
    pub fn generate(&mut self) -> Result<ProducerId, ErrorCode> {
        self.wanted = true;
        if self.current.next >= self.current.end {
            self.current = self.next.take().ok_or(ErrorCode::CoordinatorLoadInProgress)?;
        }
        self.current.next += 1;
        Ok(self.current.next - 1)
    }

    /// Whether the controller should be asked for a block now; counts it as asked.
    pub fn should_request(&mut self) -> bool {
        let wanted = core::mem::take(&mut self.wanted);
        let due = wanted && !self.requested && self.next.is_none() && self.current.is_running_out();
        self.requested |= due;
        due
    }

    /// The controller answered.
    pub fn on_block(&mut self, answer: &AllocateProducerIds) {
        self.requested = false;
        if answer.error.is_ok() {
            let (start, len) = (answer.producer_id_start, i64::from(answer.producer_id_len));
            let prefetch_at = start + len * 9 / 10;
            self.next = Some(Block { next: start, end: start + len, prefetch_at });
        }
    }
}

impl Block {
    const fn is_running_out(&self) -> bool {
        self.next > self.prefetch_at || self.next >= self.end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(start: ProducerId) -> AllocateProducerIds {
        AllocateProducerIds {
            error: ErrorCode::None,
            producer_id_start: start,
            producer_id_len: 10,
        }
    }

    #[test]
    fn the_first_ask_fails_and_fetches_a_block_and_the_next_block_comes_in_time() {
        let mut ids = ProducerIds::default();
        assert_eq!(ids.generate(), Err(ErrorCode::CoordinatorLoadInProgress));
        assert!(ids.should_request());
        assert!(!ids.should_request(), "one request at a time");
        ids.on_block(&block(1_000));
        for id in 1_000..1_009 {
            assert_eq!(ids.generate(), Ok(id));
            assert!(!ids.should_request());
        }
        assert_eq!(ids.generate(), Ok(1_009));
        assert!(ids.should_request(), "nine tenths are used up");
        ids.on_block(&block(3_000));
        assert_eq!(ids.generate(), Ok(3_000));
    }
}
