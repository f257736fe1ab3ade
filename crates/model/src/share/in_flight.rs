//! Records between the start and the end of a share partition (`InFlightState`, `InFlightBatch`).
//!
//! A batch that was acquired together has one state, until its records part ways. Invariant: a change that is being stored can be
//! taken back, and nothing else changes the record meanwhile.

use crate::api::share::RecordState;
use crate::ids::{Name, Offset};
use kafkascope_kernel::{FlatMap, SimTime};

/// The state of one record, or of several that were treated alike.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InFlightState {
    /// Where it stands.
    pub state: RecordState,
    /// How often it was delivered.
    pub delivery_count: i16,
    /// Whose it is while it is acquired.
    pub member: Option<Name>,
    /// When the lock ends.
    pub lock_until: Option<SimTime>,
    /// What it was before a change that is not stored yet.
    before: Option<(RecordState, Option<Name>)>,
    /// Archived for good, whatever becomes of a change.
    is_gone: bool,
}

impl InFlightState {
    /// A state as it was stored.
    pub const fn stored(state: RecordState, delivery_count: i16) -> Self {
        Self { state, delivery_count, member: None, lock_until: None, before: None, is_gone: false }
    }

    /// A record that is delivered for the first time.
    pub fn acquired(member: Name, until: SimTime) -> Self {
        let fresh = Self::stored(RecordState::Acquired, 1);
        Self { member: Some(member), lock_until: Some(until), ..fresh }
    }

    /// Whether a member may have it now.
    pub fn is_available(&self) -> bool {
        self.state == RecordState::Available && !self.is_changing()
    }

    /// Whether a change of it is being stored.
    pub const fn is_changing(&self) -> bool {
        self.before.is_some()
    }

    /// Whether it is final, and stored so.
    pub const fn is_settled(&self) -> bool {
        self.state.is_terminal() && !self.is_changing()
    }

    /// Whether the lock ran out.
    pub fn is_expired(&self, now: SimTime) -> bool {
        self.state == RecordState::Acquired
            && !self.is_changing()
            && self.lock_until.is_some_and(|at| at <= now)
    }

    /// When its lock is to be looked at. What runs out while a change is being stored is seen to when that fails.
    pub fn next_look(&self, now: SimTime) -> Option<SimTime> {
        let is_watched = |at: &SimTime| match self.is_changing() {
            true => *at > now,
            false => self.state == RecordState::Acquired,
        };
        self.lock_until.filter(is_watched)
    }

    /// Gives it to a member, if it is available.
    pub fn acquire(&mut self, member: &Name, until: SimTime) -> bool {
        if !self.is_available() {
            return false;
        }
        self.state = RecordState::Acquired;
        self.delivery_count += 1;
        self.member = Some(member.clone());
        self.lock_until = Some(until);
        true
    }

    /// Takes it from its member; a record that was delivered often enough is archived instead of released. The new state, if
    /// it was acquired at all.
    pub fn give_up(&mut self, to: RecordState, delivery_limit: i16) -> Option<RecordState> {
        if self.is_changing() || self.state != RecordState::Acquired {
            return None;
        }
        let spent = to == RecordState::Available && self.delivery_count >= delivery_limit;
        self.state = if spent { RecordState::Archived } else { to };
        self.member = None;
        Some(self.state)
    }

    /// The same, as a change that is to be stored first.
    pub fn begin_change(&mut self, to: RecordState, delivery_limit: i16) -> Option<RecordState> {
        let before = (self.state, self.member.clone());
        let state = self.give_up(to, delivery_limit)?;
        self.before = Some(before);
        Some(state)
    }

    /// The change was stored, or could not be; whether it could not, and its lock has run out meanwhile.
    pub fn end_change(&mut self, stored: bool, delivery_limit: i16, now: SimTime) -> bool {
        let Some((state, member)) = self.before.take() else { return false };
        if stored || self.is_gone {
            self.lock_until = None;
        } else if self.lock_until.is_some_and(|at| at <= now) {
            let spent = self.delivery_count >= delivery_limit;
            self.state = if spent { RecordState::Archived } else { RecordState::Available };
            self.lock_until = None;
            return true;
        } else {
            self.state = state;
            self.member = member;
        }
        false
    }

    /// Nobody will ever get it.
    pub fn archive(&mut self) {
        self.is_gone = true;
        self.state = RecordState::Archived;
        self.member = None;
        self.lock_until = None;
    }
}

/// Neighbouring records that were acquired or stored together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InFlightBatch {
    /// First offset.
    pub first: Offset,
    /// Last offset.
    pub last: Offset,
    /// Their state while they have one.
    pub whole: InFlightState,
    /// Their states since they parted.
    pub offsets: Option<FlatMap<Offset, InFlightState>>,
}

impl InFlightBatch {
    /// Records with one state.
    pub const fn new(first: Offset, last: Offset, whole: InFlightState) -> Self {
        Self { first, last, whole, offsets: None }
    }

    /// How many offsets it has.
    pub const fn len(&self) -> i64 {
        self.last - self.first + 1
    }

    /// Never: a batch has at least one offset.
    pub const fn is_empty(&self) -> bool {
        false
    }

    /// Gives each record a state of its own.
    pub fn split(&mut self) -> &mut FlatMap<Offset, InFlightState> {
        let (first, last, whole) = (self.first, self.last, &self.whole);
        self.offsets
            .get_or_insert_with(|| (first..=last).map(|offset| (offset, whole.clone())).collect())
    }

    /// Each state with the offsets that have it.
    pub fn states(&self) -> impl Iterator<Item = (Offset, Offset, &InFlightState)> {
        let whole = self.offsets.is_none().then_some((self.first, self.last, &self.whole));
        let parts = self.offsets.iter().flatten().map(|(offset, state)| (*offset, *offset, state));
        whole.into_iter().chain(parts)
    }

    /// Each state that concerns some of these offsets, with all the offsets that have it, to change it.
    pub fn states_in_mut(
        &mut self,
        first: Offset,
        last: Offset,
    ) -> impl Iterator<Item = (Offset, Offset, &mut InFlightState)> {
        let concerned = self.offsets.is_none() && self.last >= first && self.first <= last;
        let whole = concerned.then_some((self.first, self.last, &mut self.whole));
        let parts = self.offsets.iter_mut().filter(move |_| first <= last);
        let parts = parts.flat_map(move |offsets| offsets.range_mut(first..=last));
        whole.into_iter().chain(parts.map(|(offset, state)| (*offset, *offset, state)))
    }

    /// The state of one offset.
    pub fn state_of(&self, offset: Offset) -> &InFlightState {
        let own = self.offsets.as_ref().and_then(|offsets| offsets.get(&offset));
        own.unwrap_or(&self.whole)
    }

    /// Whether it lies within these offsets.
    pub const fn is_within(&self, first: Offset, last: Offset) -> bool {
        self.first >= first && self.last <= last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: i16 = 5;

    fn acquired(delivery_count: i16) -> InFlightState {
        let state = InFlightState::acquired("m".into(), SimTime::from_ms(30_000));
        InFlightState { delivery_count, ..state }
    }

    #[test]
    fn a_record_that_was_delivered_often_enough_is_archived_instead_of_released() {
        for (count, to) in [(4, RecordState::Available), (5, RecordState::Archived)] {
            let mut state = acquired(count);
            assert_eq!(state.give_up(RecordState::Available, LIMIT), Some(to), "{count}");
            assert_eq!(state.give_up(RecordState::Available, LIMIT), None, "nobody has it now");
        }
    }

    #[test]
    fn a_change_that_could_not_be_stored_is_taken_back_unless_the_lock_ran_out_meanwhile() {
        for (ms, expected) in [(1, RecordState::Acquired), (30_000, RecordState::Available)] {
            let mut state = acquired(1);
            state.begin_change(RecordState::Acknowledged, LIMIT);
            assert!(state.is_changing());
            state.end_change(false, LIMIT, SimTime::from_ms(ms));
            assert_eq!((state.state, state.is_changing()), (expected, false), "at {ms} ms");
        }
    }

    #[test]
    fn a_lock_is_watched_while_a_change_is_being_stored_for_the_change_may_fail() {
        let (before, end) = (SimTime::from_ms(29_999), SimTime::from_ms(30_000));
        let mut state = acquired(1);
        assert_eq!(state.next_look(end), Some(end));
        state.begin_change(RecordState::Acknowledged, LIMIT);
        assert_eq!(state.next_look(before), Some(end));
        assert_eq!(state.next_look(end), None, "the answer to the change sees to it");
        state.end_change(false, LIMIT, before);
        assert_eq!(state.next_look(before), Some(end));
    }
}
