//! Stories told from the ledger's side.

use super::*;
use crate::testing::{T0, Teller};
use kafkascope_kernel::SimTime;
use kafkascope_model::trace::{ChangeReason, Exit, Fact, SendResult};
use kafkascope_model::workload::Outside;

/// Broker 1 leads and has one record more than broker 2; then it is killed and 2 takes over.
fn failover(acked: bool) -> (Teller, RecordId) {
    let mut tell = Teller::cluster(2);
    tell.append(1, 0, 2, 4);
    tell.replicate(2, 0, 2);
    let last = tell.append(1, 2, 1, 4)[0];
    if acked {
        tell.fact(1_001, Fact::SendDone { record: last, tp: T0, result: SendResult::Acked(2) });
    }
    tell.wait_ms(500);
    tell.fact(1, Fact::Exited(Exit::Killed));
    tell.wait_ms(9_000);
    tell.elect(2, 5, ChangeReason::Fenced, 2);
    (tell, last)
}

#[test]
fn acks_1_loses_what_the_leader_alone_had_acknowledged() {
    let (tell, last) = failover(true);
    let ledger = tell.ledger();
    assert_eq!((ledger.tally().acknowledged, ledger.tally().lost), (1, 1));
    let life = ledger.life(last).unwrap();
    assert_eq!(life.verdict(), Verdict::Lost);
    let loss = life.loss.unwrap();
    assert_eq!((loss.had_it, loss.leader, loss.log_end), (NodeId(1), NodeId(2), 2));
    assert_eq!(ledger.lost(), [last]);
}

#[test]
fn what_was_never_acknowledged_is_dropped_and_sent_again_not_lost() {
    let (mut tell, last) = failover(false);
    assert_eq!(tell.ledger().tally().lost, 0);
    assert_eq!(tell.ledger().life(last).unwrap().verdict(), Verdict::Dropped);
    tell.append_again(2, 2, &[last], 5);
    tell.fact(1_001, Fact::SendDone { record: last, tp: T0, result: SendResult::Acked(2) });
    let life = tell.ledger().life(last).unwrap();
    assert_eq!((life.verdict(), life.duplicate), (Verdict::Safe, None));
}

#[test]
fn an_answer_that_arrives_after_the_new_leader_began_is_a_loss_too() {
    let (mut tell, last) = failover(false);
    tell.fact(1_001, Fact::SendDone { record: last, tp: T0, result: SendResult::Acked(2) });
    assert_eq!(tell.ledger().tally().lost, 1);
}

#[test]
fn an_old_leader_that_comes_back_uncleanly_brings_its_records_back() {
    let (mut tell, last) = failover(true);
    tell.elect(1, 6, ChangeReason::Unclean, 3);
    assert_eq!((tell.ledger().tally().lost, tell.ledger().lost().len()), (0, 0));
    assert_eq!(tell.ledger().life(last).unwrap().verdict(), Verdict::Safe);
}

#[test]
fn a_partition_without_a_leader_is_not_writable_until_one_begins() {
    let (tell, _) = failover(true);
    let closed = tell.ledger().not_writable(T0, SimTime::END);
    assert!((9_000..9_100).contains(&closed.as_ms()), "{closed:?}");
}

#[test]
fn a_retry_without_idempotence_is_a_duplicate_and_may_reorder() {
    let mut tell = Teller::cluster(1);
    let ids = tell.send(&["Alice", "Bob"]);
    tell.append_again(1, 0, &ids[1..], 4);
    tell.append_again(1, 1, &ids[..1], 4);
    tell.append_again(1, 2, &ids[1..], 4);
    let ledger = tell.ledger();
    assert_eq!((ledger.tally().duplicated, ledger.tally().reordered), (1, 1));
    assert_eq!(ledger.life(ids[0]).unwrap().verdict(), Verdict::Reordered);
    assert_eq!(ledger.life(ids[1]).unwrap().verdict(), Verdict::Duplicated);
}

#[test]
fn the_same_group_gets_a_record_again_another_group_does_not() {
    let mut tell = Teller::cluster(1);
    let ids = tell.append(1, 0, 1, 4);
    tell.join("dispatch", 1_002);
    tell.join("analytics", 1_003);
    for consumer in [1_002, 1_003, 1_002] {
        tell.deliver(consumer, 0, 1);
    }
    let tally = tell.ledger().tally();
    assert_eq!((tally.delivered, tally.delivered_again), (3, 1));
    assert!(tell.ledger().life(ids[0]).unwrap().deliveries[2].again);
}

#[test]
fn what_is_done_outside_kafka_is_counted_each_time_unless_it_is_known_there() {
    for knows_again in [false, true] {
        let mut tell = Teller::cluster(1);
        let id = tell.append(1, 0, 1, 4)[0];
        tell.join("till", 1_002);
        tell.join("mailer", 1_003);
        for consumer in [1_002, 1_002, 1_003] {
            tell.fact(consumer, Fact::SideEffect { record: id, kind: Outside::Mail, knows_again });
        }
        let count = tell.ledger().tally().effects[&Outside::Mail];
        let done = if knows_again { 2 } else { 3 };
        assert_eq!((count.done, count.again + count.known), (done, 1));
        assert_eq!(count.known, u64::from(knows_again), "each group has effects of its own");
    }
}

#[test]
fn every_stage_of_an_ordinary_life_has_its_moment() {
    let mut tell = Teller::cluster(2);
    let id = tell.append(1, 0, 1, 4)[0];
    tell.replicate(2, 0, 1);
    tell.fact(1, Fact::HighWatermark { tp: T0, from: 0, to: 1 });
    tell.fact(1_001, Fact::SendDone { record: id, tp: T0, result: SendResult::Acked(0) });
    tell.join("dispatch", 1_002);
    tell.deliver(1_002, 0, 1);
    tell.fact(1_002, Fact::Processed { record: id, tp: T0, offset: 0 });
    let (group, topic): (Name, Name) = ("dispatch".into(), "trips".into());
    tell.fact(1, Fact::OffsetCommitted { group, topic, partition: 0, offset: 1 });
    let life = tell.ledger().life(id).unwrap();
    let moments = [
        life.sent.seq,
        life.batched.unwrap().seq,
        life.flights[0].moment.seq,
        life.appends[0].moment.seq,
        life.replicated[0].1.seq,
        life.visible.unwrap().seq,
        life.acked.unwrap().0.seq,
        life.deliveries[0].moment.seq,
        life.processed[0].1.seq,
        life.committed[0].1.seq,
    ];
    assert!(moments.is_sorted(), "{moments:?}");
    assert_eq!(life.verdict(), Verdict::Safe);
}

#[test]
fn keys_have_faces_in_order_of_first_appearance() {
    let mut tell = Teller::cluster(1);
    let ids = tell.send(&["Alice", "Bob", "Alice"]);
    let faces: Vec<_> = ids.iter().map(|id| tell.ledger().face(*id)).collect();
    assert_eq!(faces, [Face::of_key(0), Face::of_key(1), Face::of_key(0)]);
    assert_eq!(tell.ledger().keys().len(), 2);
}
