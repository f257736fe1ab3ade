//! Handing records out (`SharePartition.acquire`).
//!
//! Records that came back go first, then new ones while there is room; whole batches of the log are acquired together. A record
//! that failed often travels with ever fewer others, on its last attempt alone. Invariant: a record that is handed out was
//! available or new.

use super::SharePartition;
use crate::api::share::{Acquired, RecordState};
use crate::ids::{Name, Offset};
use crate::log::Batch;
use crate::share::ShareLimits;
use crate::share::in_flight::{InFlightBatch, InFlightState};
use alloc::vec::Vec;
use kafkascope_kernel::SimTime;

/// Who wants how much, and what was read for it.
#[derive(Clone, Copy, Debug)]
pub struct Taken<'a> {
    /// The member.
    pub member: &'a Name,
    /// How many records, rounded up to the end of a batch.
    pub max_records: i32,
    /// The most records of one acquired batch.
    pub batch_size: i32,
    /// Where was read from.
    pub fetch_offset: Offset,
    /// What was read.
    pub batches: &'a [Batch],
    /// What configs allow.
    pub limits: ShareLimits,
    /// The simulated moment.
    pub now: SimTime,
}

impl Taken<'_> {
    fn until(&self) -> SimTime {
        self.now + self.limits.lock()
    }

    /// From this delivery on, records travel with fewer others.
    fn throttled_from(&self) -> i16 {
        ((self.limits.delivery_count + 1) / 2).max(2)
    }
}

/// How far one fetch goes.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    first: Offset,
    last: Offset,
    /// How many more.
    room: i64,
}

impl SharePartition {
    /// Hands out of what was read; what the member gets.
    pub fn acquire(&mut self, taken: &Taken<'_>) -> Vec<Acquired> {
        let (Some(first), Some(last)) = (taken.batches.first(), taken.batches.last()) else {
            return Vec::new();
        };
        if taken.max_records <= 0 || last.last_offset() < self.start_offset {
            return Vec::new();
        }
        let mut bounds = self.bounds(taken, first.base_offset, last.last_offset());
        if bounds.room <= 0 {
            return Vec::new();
        }
        self.archive_stale(taken.fetch_offset, first.base_offset);
        let base = self.base_of(first.base_offset);
        let from = base.min(first.base_offset);
        let keys: Vec<Offset> = match from <= bounds.last {
            true => self.batches.range(from..=bounds.last).map(|(key, _)| *key).collect(),
            false => Vec::new(),
        };
        let mut acquired = Vec::new();
        if keys.is_empty() {
            self.acquire_new(taken, base, bounds.last, &mut bounds.room, &mut acquired);
        } else {
            self.acquire_among(taken, &keys, base, bounds, &mut acquired);
        }
        acquired
    }

    /// New records are acquired only while there is room; what lies below the end always may be.
    fn bounds(&self, taken: &Taken<'_>, first: Offset, last: Offset) -> Bounds {
        let wanted = i64::from(taken.max_records);
        let room = wanted.min(i64::from(taken.limits.record_locks) - self.in_flight());
        if room > 0 {
            Bounds { first, last, room }
        } else if taken.fetch_offset <= self.end_offset {
            let room = wanted.min(self.end_offset - taken.fetch_offset + 1);
            Bounds { first, last: last.min(self.end_offset), room }
        } else {
            Bounds { first, last, room: 0 }
        }
    }

    /// What was asked for and is not in the log was compacted away.
    fn archive_stale(&mut self, fetch_offset: Offset, base: Offset) {
        if fetch_offset < base {
            self.looks_back |= self.archive(fetch_offset, base, RecordState::Available, true);
        }
    }

    fn base_of(&self, offset: Offset) -> Offset {
        match self.floor(offset) {
            None => offset.max(self.start_offset),
            Some(batch) if batch.last >= offset => batch.first,
            Some(_) => offset,
        }
    }

    /// Goes through what is in flight already, then on to new records.
    fn acquire_among(
        &mut self,
        taken: &Taken<'_>,
        keys: &[Offset],
        base: Offset,
        bounds: Bounds,
        acquired: &mut Vec<Acquired>,
    ) {
        let mut room = bounds.room;
        let mut next = base;
        for key in keys {
            if room <= 0 {
                break;
            }
            if self.active_gap().is_some() {
                if next < *key {
                    self.acquire_new(taken, next, key - 1, &mut room, acquired);
                }
                next = self.batches[key].last + 1;
                if room <= 0 {
                    break;
                }
            }
            room = self.acquire_again(taken, *key, Bounds { room, ..bounds }, acquired);
        }
        let last = keys.last().map_or(base, |key| self.batches[key].last);
        if room > 0 && last < bounds.last {
            self.acquire_new(taken, last + 1, bounds.last, &mut room, acquired);
        }
        if let Some(last) = acquired.last() {
            self.pass_gap(last.last + 1);
        }
    }

    /// Takes what is available of one batch; how much room is left.
    fn acquire_again(
        &mut self,
        taken: &Taken<'_>,
        key: Offset,
        bounds: Bounds,
        acquired: &mut Vec<Acquired>,
    ) -> i64 {
        let batch = self.batches.get_mut(&key).expect("listed just now");
        let throttled = is_throttled(batch, bounds, taken.throttled_from());
        if throttled && !acquired.is_empty() {
            return 0;
        }
        let whole = batch.offsets.is_none();
        if whole && !batch.whole.is_available() {
            return bounds.room;
        }
        if whole && batch.is_within(bounds.first, bounds.last) && !throttled {
            batch.whole.acquire(taken.member, taken.until());
            let (first, last) = (batch.first, batch.last);
            let delivery_count = batch.whole.delivery_count;
            acquired.push(Acquired { first, last, delivery_count });
            return bounds.room - batch.len();
        }
        batch.split();
        let count = acquire_subset(batch, bounds, taken, acquired);
        if throttled && count > 0 { 0 } else { bounds.room - count }
    }

    /// Takes new records `first ..= last`, up to the end of a batch of the log once there is no more room.
    fn acquire_new(
        &mut self,
        taken: &Taken<'_>,
        first: Offset,
        last: Offset,
        room: &mut i64,
        acquired: &mut Vec<Acquired>,
    ) {
        let mut first = first;
        if self.batches.is_empty() && self.end_offset > first {
            first = self.end_offset;
        }
        let mut end = last;
        if *room < end - first + 1 {
            end = end_of_batch(taken.batches, first + *room - 1);
            if self.active_gap().is_some() {
                end = end.min(last);
            }
        }
        if end < first {
            return;
        }
        for (first, last) in portions(taken.batches, first, end, i64::from(taken.batch_size)) {
            let state = InFlightState::acquired(taken.member.clone(), taken.until());
            self.batches.insert(first, InFlightBatch::new(first, last, state));
            acquired.push(Acquired { first, last, delivery_count: 1 });
        }
        if self.batches.keys().next() == Some(&first) {
            self.start_offset = first;
        }
        self.end_offset = self.end_offset.max(end);
        self.pass_gap(end + 1);
        *room -= end - first + 1;
    }
}

/// Whether something in it has failed so often that it travels with fewer others.
fn is_throttled(batch: &InFlightBatch, bounds: Bounds, from: i16) -> bool {
    let whole = batch.offsets.is_none();
    let concerned = |first: Offset| whole || (bounds.first..=bounds.last).contains(&first);
    let mut states = batch.states();
    states.any(|(first, _, state)| {
        concerned(first) && state.is_available() && state.delivery_count >= from
    })
}

fn acquire_subset(
    batch: &mut InFlightBatch,
    bounds: Bounds,
    taken: &Taken<'_>,
    acquired: &mut Vec<Acquired>,
) -> i64 {
    let (until, limit, from) = (taken.until(), taken.limits.delivery_count, taken.throttled_from());
    let (size, mut count, mut most) = (batch.len(), 0, None);
    let mut parts: Vec<Acquired> = Vec::new();
    for (offset, state) in batch.split().range_mut(bounds.first..=bounds.last) {
        let before = state.delivery_count;
        if !state.is_available() {
            continue;
        }
        if limit > 2 && before == limit - 1 && count > 0 {
            break;
        }
        if before >= from && most.is_none() {
            most = Some((size >> (before - from + 1)).max(1));
        }
        state.acquire(taken.member, until);
        let delivery_count = state.delivery_count;
        match parts.last_mut() {
            Some(part) if part.last + 1 == *offset && part.delivery_count == delivery_count => {
                part.last = *offset;
            }
            Some(_) | None => {
                parts.push(Acquired { first: *offset, last: *offset, delivery_count })
            }
        }
        count += 1;
        if (limit > 2 && delivery_count == limit) || most == Some(count) {
            break;
        }
    }
    acquired.extend(parts);
    count
}

/// The end of the batch that holds an offset.
fn end_of_batch(batches: &[Batch], offset: Offset) -> Offset {
    let holder = batches.iter().rev().find(|batch| batch.base_offset <= offset);
    holder.map(Batch::last_offset).filter(|last| offset <= *last).unwrap_or(offset)
}

/// Splits offsets where batches of the log begin, once a portion is large enough.
fn portions(batches: &[Batch], first: Offset, last: Offset, size: i64) -> Vec<(Offset, Offset)> {
    let mut portions = Vec::new();
    let mut begin = first;
    if last - first + 1 > size {
        for batch in batches.iter().filter(|batch| batch.base_offset <= last) {
            if batch.base_offset - begin >= size {
                portions.push((begin, batch.base_offset - 1));
                begin = batch.base_offset;
            }
        }
    }
    portions.push((begin, last));
    portions
}
