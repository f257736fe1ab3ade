//! Taking records back: acknowledged, released by their member or its session, or because the lock ran out
//! (`SharePartition.acknowledge`, `releaseAcquiredRecords`, `releaseAcquisitionLockOnTimeout`).
//!
//! Invariant: a request's acknowledgements of one partition hold all together or not at all.

use super::{Settled, SharePartition, ToWrite, merged};
use crate::api::ErrorCode;
use crate::api::share::{AckBatch, AckType, RecordState, StateBatch};
use crate::ids::{Name, Offset};
use crate::share::ShareLimits;
use crate::share::in_flight::{InFlightBatch, InFlightState};
use crate::trace::SettledBy;
use alloc::vec::Vec;
use kafkascope_kernel::SimTime;

/// What an acknowledgement makes of a record; none renews its lock.
const fn state_after(ack: AckType) -> Option<RecordState> {
    match ack {
        AckType::Accept => Some(RecordState::Acknowledged),
        AckType::Release => Some(RecordState::Available),
        AckType::Gap | AckType::Reject => Some(RecordState::Archived),
        AckType::Renew => None,
    }
}

impl SharePartition {
    /// A member acknowledges; what must be stored before that holds, or why it cannot.
    pub fn acknowledge(
        &mut self,
        member: &Name,
        batches: &[AckBatch],
        limits: ShareLimits,
        now: SimTime,
    ) -> Result<Option<ToWrite>, ErrorCode> {
        let (start, mut changed) = (self.start_offset, Vec::new());
        for batch in batches.iter().filter(|batch| batch.last >= start) {
            if let Err(error) = self.acknowledge_batch(member, batch, limits, now, &mut changed) {
                self.end_changes(&changed, false, limits, now);
                return Err(error);
            }
        }
        Ok(self.write(changed, SettledBy::Acknowledgement))
    }

    /// A member's session ended: what it has is released; what must be stored for that.
    pub fn release_all_of(&mut self, member: &Name, limits: ShareLimits) -> Option<ToWrite> {
        let mine = |state: &InFlightState| state.member.as_ref() == Some(member);
        let changed = self.take_back(limits, true, mine);
        self.write(changed, SettledBy::SessionEnd)
    }

    /// Locks that ran out are released at once; what must be stored for that, and what has changed by now.
    pub fn release_expired(
        &mut self,
        limits: ShareLimits,
        now: SimTime,
    ) -> (Option<ToWrite>, Settled) {
        let changed = self.take_back(limits, false, |state| state.is_expired(now));
        let any_available = changed.iter().any(|batch| batch.state == RecordState::Available);
        self.looks_back |= any_available;
        let by = SettledBy::LockExpiry;
        let settled = Settled { batches: merged(changed.clone()), by, moved: false };
        (self.write(changed, by), settled)
    }

    fn acknowledge_batch(
        &mut self,
        member: &Name,
        ack: &AckBatch,
        limits: ShareLimits,
        now: SimTime,
        changed: &mut Vec<StateBatch>,
    ) -> Result<(), ErrorCode> {
        let start = self.start_offset;
        let floor = self.floor(ack.first).or_else(|| {
            let moved = ack.first < start && ack.last >= start;
            self.floor(start).filter(|_| moved)
        });
        let from = floor.ok_or(ErrorCode::InvalidRecordState)?.first;
        let last = self.batches.range(from..=ack.last).next_back();
        let end = last.map_or(-1, |(_, batch)| batch.last);
        if end < ack.first || ack.last > end || ack.types.is_empty() {
            return Err(ErrorCode::InvalidRequest);
        }
        let mut finished = 0;
        let mut verdict = Ok(());
        for (_, batch) in self.batches.range_mut(from..=ack.last) {
            if batch.last < start {
                continue;
            }
            let at = changed.len();
            verdict = acknowledge_in(batch, member, ack, start, limits, now, changed);
            let terminal = changed[at..].iter().filter(|batch| batch.state.is_terminal());
            finished += terminal.map(|batch| super::count(batch.first, batch.last)).sum::<i32>();
            if verdict.is_err() {
                break;
            }
        }
        self.delivery_complete_count += finished;
        verdict
    }

    /// Releases what `concerned` says; what changed.
    fn take_back(
        &mut self,
        limits: ShareLimits,
        reversible: bool,
        concerned: impl Fn(&InFlightState) -> bool,
    ) -> Vec<StateBatch> {
        let start = self.start_offset;
        let mut changed = Vec::new();
        for batch in self.batches.values_mut() {
            let (whole, batch_first, batch_last) =
                (batch.offsets.is_none(), batch.first, batch.last);
            if whole && concerned(&batch.whole) && batch.first < start && batch.last >= start {
                batch.split();
            }
            for (first, last, state) in batch.states_in_mut(batch_first, batch_last) {
                if !concerned(state) {
                    continue;
                }
                let below = last < start;
                let to = if below { RecordState::Archived } else { RecordState::Available };
                let limit = limits.delivery_count;
                let now = if reversible {
                    state.begin_change(to, limit)
                } else {
                    let now = state.give_up(to, limit);
                    state.lock_until = if now.is_some() { None } else { state.lock_until };
                    now
                };
                if let Some(now) = now {
                    let delivery_count = state.delivery_count;
                    changed.push(StateBatch { first, last, state: now, delivery_count });
                }
            }
        }
        let finished = changed.iter().filter(|batch| batch.state.is_terminal());
        let finished: i32 = finished.map(|batch| self.counted(batch.first, batch.last)).sum();
        self.delivery_complete_count += finished;
        changed
    }
}

fn acknowledge_in(
    batch: &mut InFlightBatch,
    member: &Name,
    ack: &AckBatch,
    start: Offset,
    limits: ShareLimits,
    now: SimTime,
    changed: &mut Vec<StateBatch>,
) -> Result<(), ErrorCode> {
    let whole = batch.offsets.is_none();
    if whole && (batch.whole.member.as_ref() != Some(member) || batch.whole.is_changing()) {
        return Err(ErrorCode::InvalidRecordState);
    }
    let starts_within = batch.first < start && batch.last >= start;
    if whole && (!batch.is_within(ack.first, ack.last) || ack.types.len() > 1 || starts_within) {
        batch.split();
    }
    for (first, last, state) in batch.states_in_mut(ack.first.max(start), ack.last) {
        let own = state.member.as_ref() == Some(member);
        if state.state != RecordState::Acquired || state.is_changing() || !own {
            return Err(ErrorCode::InvalidRecordState);
        }
        let at = usize::try_from(first - ack.first).unwrap_or(0);
        let kind = if ack.types.len() > 1 { ack.types.get(at) } else { ack.types.first() };
        let kind = *kind.ok_or(ErrorCode::InvalidRequest)?;
        let Some(to) = state_after(kind) else {
            if !limits.renews {
                return Err(ErrorCode::InvalidRecordState);
            }
            state.lock_until = Some(now + limits.lock());
            continue;
        };
        if let Some(now) = state.begin_change(to, limits.delivery_count) {
            let delivery_count = state.delivery_count;
            changed.push(StateBatch { first, last, state: now, delivery_count });
        }
    }
    Ok(())
}
