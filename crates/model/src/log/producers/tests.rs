//! Stories of producers as a log knows them. Invariant: a batch is taken once.

use super::*;
use crate::log::testing::batch;

fn idempotent(sequence: i32, count: i32, epoch: ProducerEpoch) -> Batch {
    Batch { producer_id: 7, producer_epoch: epoch, base_sequence: sequence, ..batch(count, 0) }
}

fn transactional(sequence: i32, epoch: ProducerEpoch) -> Batch {
    Batch { transactional: true, ..idempotent(sequence, 1, epoch) }
}

fn marker(epoch: ProducerEpoch, coordinator_epoch: i32) -> Batch {
    EndMarker { control: ControlType::Commit, coordinator_epoch }.batch(7, epoch, 0)
}

fn check(states: &ProducerStates, batch: &Batch) -> Verdict {
    states.check(batch, &Terms::default())
}

#[test]
fn sequences_must_follow_each_other_and_repeats_are_recognized() {
    use ErrorCode::{InvalidProducerEpoch, OutOfOrderSequenceNumber};
    let mut states = ProducerStates::default();
    assert_eq!(check(&states, &idempotent(40, 1, 1)), Verdict::New, "an unknown producer");
    for sequence in 0..6 {
        let mut next = idempotent(sequence, 1, 1);
        next.base_offset = 100 + i64::from(sequence);
        assert_eq!(check(&states, &next), Verdict::New);
        states.update(&next);
    }
    let Verdict::Duplicate(found) = check(&states, &idempotent(1, 1, 1)) else {
        panic!("the fifth last batch is remembered")
    };
    assert_eq!(found.base_offset, 101);
    let refused = [
        (idempotent(0, 1, 1), OutOfOrderSequenceNumber),
        (idempotent(7, 1, 1), OutOfOrderSequenceNumber),
        (idempotent(6, 1, 0), InvalidProducerEpoch),
        (idempotent(6, 1, 2), OutOfOrderSequenceNumber),
    ];
    for (batch, error) in refused {
        assert_eq!(check(&states, &batch), Verdict::Refused(error));
    }
    assert_eq!(check(&states, &idempotent(6, 3, 1)), Verdict::New);
    assert_eq!(check(&states, &idempotent(0, 1, 2)), Verdict::New, "a new epoch begins at 0");
}

#[test]
fn sequence_numbers_wrap_at_the_largest_integer() {
    let mut states = ProducerStates::default();
    states.update(&idempotent(i32::MAX - 1, 3, 0));
    assert_eq!(check(&states, &idempotent(1, 1, 0)), Verdict::New);
}

#[test]
fn a_silent_producer_is_forgotten_unless_its_transaction_is_open() {
    let mut states = ProducerStates::default();
    states.update(&idempotent(0, 1, 0));
    states.expire(99, 100);
    assert_eq!(states.entries().count(), 1);
    states.expire(100, 100);
    assert_eq!(states.entries().count(), 0);
    states.update(&transactional(0, 0));
    states.expire(1_000, 100);
    assert_eq!(states.entries().count(), 1);
}

#[test]
fn a_second_version_marker_has_a_higher_epoch_than_the_data_and_a_repeat_of_it_does_no_harm() {
    let mut states = ProducerStates::default();
    states.update(&transactional(0, 4));
    let terms = Terms { origin: Origin::Coordinator, transaction_version: 2, ..Terms::default() };
    let refused = Verdict::Refused(ErrorCode::InvalidProducerEpoch);
    assert_eq!(states.check(&marker(4, 0), &terms), refused);
    assert_eq!(
        states.check(&marker(4, 0), &Terms { transaction_version: 1, ..terms }),
        Verdict::New
    );
    assert_eq!(states.check(&marker(5, 0), &terms), Verdict::New);
    states.update(&marker(5, 3));
    assert_eq!(states.check(&marker(5, 3), &terms), Verdict::New);
    let fenced = Verdict::Refused(ErrorCode::TransactionCoordinatorFenced);
    assert_eq!(states.check(&marker(5, 2), &terms), fenced);
    assert_eq!(check(&states, &transactional(1, 4)), refused, "a straggler");
    let (_, state) = states.entries().next().expect("known");
    assert_eq!((state.epoch, state.last_sequence(), state.txn_first_offset), (5, -1, None));
}

#[test]
fn a_marker_written_meanwhile_makes_a_guard_void() {
    let mut states = ProducerStates::default();
    let first = transactional(0, 0);
    let guard = states.begin_verification(&first, true, 0).expect("nothing is open");
    let terms = |guard| Terms { guard, ..Terms::default() };
    let missing = states.check(&first, &terms(Guard::Missing));
    assert_eq!(missing, Verdict::Refused(ErrorCode::InvalidTxnState));
    assert_eq!(states.check(&first, &terms(guard)), Verdict::New);
    states.update(&marker(1, 0));
    let late = states.check(&transactional(0, 1), &terms(guard));
    assert_eq!(late, Verdict::Refused(ErrorCode::InvalidTxnState));
    let again = states.begin_verification(&transactional(0, 1), true, 0).expect("nothing is open");
    assert_ne!(again, guard);
    states.update(&transactional(0, 1));
    assert_eq!(states.begin_verification(&transactional(1, 1), true, 0), None, "open by now");
}

#[test]
fn a_marker_of_the_epoch_that_waits_leaves_the_next_transactions_guard_alone() {
    let mut states = ProducerStates::default();
    states.update(&transactional(0, 0));
    let next = transactional(0, 1);
    let guard =
        states.begin_verification(&next, true, 0).expect("the open one is of another epoch");
    states.update(&marker(1, 0));
    assert_eq!(states.check(&next, &Terms { guard, ..Terms::default() }), Verdict::New);
    let mut first_version = ProducerStates::default();
    let guard = first_version.begin_verification(&next, false, 0).expect("nothing is open");
    first_version.update(&marker(1, 0));
    let refused = first_version.check(&next, &Terms { guard, ..Terms::default() });
    assert_eq!(refused, Verdict::Refused(ErrorCode::InvalidTxnState));
}

#[test]
fn an_old_epoch_is_told_so_before_it_is_asked_for_its_guard() {
    let mut states = ProducerStates::default();
    states.update(&marker(3, 0));
    let terms = Terms { guard: Guard::Missing, ..Terms::default() };
    let refused = states.check(&transactional(0, 2), &terms);
    assert_eq!(refused, Verdict::Refused(ErrorCode::InvalidProducerEpoch));
}
