//! Stories of replication, told with three data planes.
//!
//! Invariant: each story is one that Kafka's documentation or a recording tells.

use super::testing::{Rig, TP, state};
use crate::api::ErrorCode;
use crate::log::testing::batch;
use crate::trace::Fact;
use std::vec::Vec;

fn facts(rig: &Rig, of: i32, wanted: impl Fn(&Fact) -> bool) -> Vec<&Fact> {
    let own = rig.facts.iter().filter(|(node, _)| node.0 == of).map(|(_, fact)| fact);
    own.filter(|fact| wanted(fact)).collect()
}

#[test]
fn with_acks_all_the_answer_comes_when_the_followers_have_fetched_past_the_batch() {
    let mut rig = Rig::new(&[]);
    let answer = rig.produce(1, -1, batch(3, 0)).expect("followers fetch at once here");
    assert_eq!((answer.error, answer.base_offset), (ErrorCode::None, 0));
    assert_eq!([1, 2, 3].map(|id| rig.log_end(id)), [3, 3, 3]);
    assert_eq!(rig.high_watermark(1), 3);
    assert_eq!(rig.high_watermark(2), 0, "followers learn it with the next answer");
    rig.wait(500);
    assert_eq!([2, 3].map(|id| rig.high_watermark(id)), [3, 3]);
}

#[test]
fn a_consumer_waits_for_the_high_watermark_and_no_longer_than_it_said() {
    let mut rig = Rig::new(&[]);
    assert_eq!(rig.fetch(1, 0, 500), None);
    rig.wait(499);
    assert_eq!(rig.answers.len(), 0);
    rig.wait(1);
    assert_eq!(rig.answers.len(), 1, "an empty answer after fetch.max.wait.ms");
    rig.fetch(1, 0, 500);
    rig.produce(1, 1, batch(2, 0));
    let fetched = rig.fetch(1, 0, 500).expect("there is data now");
    assert_eq!((fetched.high_watermark, fetched.batches.len()), (2, 1));
    assert_eq!(rig.answers.len(), 4, "the parked fetch was answered too");
}

#[test]
fn below_min_insync_replicas_acks_all_is_refused_and_acks_1_stays_invisible() {
    let mut rig = Rig::new(&[("min.insync.replicas", "2")]);
    rig.kill(2);
    rig.kill(3);
    rig.change(state(&[1], 1, 0, 1));
    let refused = rig.produce(1, -1, batch(1, 0)).expect("answered at once");
    assert_eq!(refused.error, ErrorCode::NotEnoughReplicas);
    let accepted = rig.produce(1, 1, batch(1, 0)).expect("answered at once");
    assert_eq!(accepted.error, ErrorCode::None);
    assert_eq!((rig.log_end(1), rig.high_watermark(1)), (1, 0));
}

#[test]
fn the_isr_shrinks_after_the_lag_time_and_the_watermark_moves_on() {
    let mut rig = Rig::new(&[]);
    rig.produce(1, -1, batch(1, 0));
    rig.kill(3);
    assert_eq!(rig.produce(1, -1, batch(1, 0)), None, "3 is still in the ISR");
    let waiting = rig.last();
    rig.wait(30_001);
    assert_eq!(rig.produced(waiting).map(|p| p.error), Some(ErrorCode::RequestTimedOut));
    assert_eq!(rig.produce(1, -1, batch(1, 0)), None);
    let waiting = rig.last();
    rig.shrink_isrs();
    assert_eq!(rig.high_watermark(1), 1, "a proposal is not yet a fact");
    rig.accept_proposal();
    assert_eq!(rig.produced(waiting).map(|p| p.error), Some(ErrorCode::None));
    assert_eq!(rig.high_watermark(1), 3);
    assert_eq!(facts(&rig, 1, |f| matches!(f, Fact::ReplicaLagging { .. })).len(), 1);
}

#[test]
fn a_follower_that_returns_is_waited_for_as_soon_as_it_is_proposed() {
    let mut rig = Rig::new(&[]);
    rig.kill(3);
    rig.fence(3, true);
    rig.change(state(&[1, 2], 1, 0, 1));
    rig.produce(1, -1, batch(5, 0));
    assert_eq!(rig.high_watermark(1), 5);
    rig.restart(3);
    assert_eq!(rig.proposals.len(), 0, "a fenced broker may not join");
    rig.fence(3, false);
    rig.wait(500);
    assert_eq!(rig.log_end(3), 5);
    assert_eq!(rig.proposals.len(), 1, "its second fetch is at the log end");
    rig.accept_proposal();
    let isr = rig.partition(1).leadership.as_ref().map(|l| l.isr.len());
    assert_eq!(isr, Some(3));
}

#[test]
fn a_new_leader_keeps_what_was_acknowledged_and_the_old_one_cuts_off_the_rest() {
    let mut rig = Rig::new(&[]);
    rig.produce(1, -1, batch(4, 0));
    rig.wait(500);
    rig.kill(2);
    rig.kill(3);
    rig.produce(1, 1, batch(2, 0));
    assert_eq!(rig.log_end(1), 6, "acks=1 asks nobody");
    rig.kill(1);
    rig.restart(2);
    rig.restart(3);
    rig.change(state(&[2, 3], 2, 1, 1));
    rig.produce(2, -1, batch(1, 0));
    assert_eq!((rig.log_end(2), rig.log_end(3)), (5, 5));
    rig.restart(1);
    assert_eq!(rig.log_end(1), 5);
    let cut = facts(&rig, 1, |fact| matches!(fact, Fact::Truncated { .. }));
    assert_eq!(cut, [&Fact::Truncated { tp: TP, from: 6, to: 4 }]);
    assert_eq!(rig.partition(1).log.epochs().entries(), &[(0, 0), (1, 4)]);
}

#[test]
fn whoever_waits_at_a_leader_that_is_deposed_is_told_where_to_go() {
    let mut rig = Rig::new(&[]);
    rig.kill(3);
    assert_eq!(rig.produce(1, -1, batch(1, 0)), None);
    let waiting = rig.last();
    rig.change(state(&[1, 2], 2, 1, 1));
    let answer = rig.produced(waiting).expect("answered");
    assert_eq!(answer.error, ErrorCode::NotLeaderOrFollower);
    assert_eq!(answer.current_leader.map(|l| (l.leader_id.0, l.leader_epoch)), Some((2, 1)));
    let answer = rig.produce(1, 1, batch(1, 0)).expect("answered");
    assert_eq!(answer.error, ErrorCode::NotLeaderOrFollower);
}

#[test]
fn a_killed_broker_remembers_the_high_watermark_it_last_wrote_down() {
    let mut rig = Rig::new(&[]);
    rig.produce(1, -1, batch(2, 0));
    rig.brokers.get_mut(&crate::ids::NodeId(1)).expect("a broker").checkpoint();
    rig.produce(1, -1, batch(2, 0));
    rig.kill(1);
    assert_eq!((rig.log_end(1), rig.high_watermark(1)), (4, 2));
}
