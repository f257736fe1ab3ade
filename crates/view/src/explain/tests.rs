//! Stories as they are told.

use super::*;
use crate::narrate::narrate;
use crate::testing::{T0, Teller};
use crate::view_model::NarrationVm;
use kafkascope_kernel::Micros;
use kafkascope_model::api::ErrorCode;
use kafkascope_model::ids::Name;
use kafkascope_model::trace::{ChangeReason, Exit, Fact, SendResult};
use std::sync::Arc;

fn story(tell: &Teller) -> Vec<String> {
    let context = tell.context();
    let narration =
        narrate(&facts_of(tell), &tell.observer.chronicle, &context, &NarrationVm::default());
    narration.lines.iter().map(|line| line.text.to_string()).collect()
}

#[test]
fn ordinary_traffic_is_told_step_by_step() {
    let mut tell = Teller::cluster(2);
    let id = tell.append(1, 0, 1, 4)[0];
    tell.replicate(2, 0, 1);
    tell.fact(1, Fact::HighWatermark { tp: T0, from: 0, to: 1 });
    tell.fact(1_001, Fact::SendDone { record: id, tp: T0, result: SendResult::Acked(0) });
    let lines = story(&tell);
    assert_eq!(
        lines[lines.len() - 5..],
        [
            "1 record sent.",
            "Broker 1 appended 1 record to trips-0: offset 0, epoch 4.",
            "Broker 2 fetched trips-0 from offset 0: its log now ends at 1.",
            "trips-0: the high watermark is 1, so consumers may read up to 0.",
            "rider-app is told that its record is trips-0 @ 0.",
        ]
    );
}

#[test]
fn the_newest_send_names_key_value_and_partition() {
    let mut tell = Teller::cluster(1);
    tell.send(&["Alice"]);
    let lines = story(&tell);
    assert_eq!(
        lines.last().unwrap(),
        "rider-app called send(): Alice, trip requested → murmur2 → trips-0."
    );
}

#[test]
fn a_failover_is_told_in_full_and_the_traffic_before_it_summarised() {
    let mut tell = Teller::cluster(3);
    let ids = tell.append(1, 0, 3, 4);
    for record in &ids[..2] {
        let result = SendResult::Acked(0);
        tell.fact(1_001, Fact::SendDone { record: *record, tp: T0, result });
    }
    tell.replicate(2, 0, 3);
    tell.fact(1, Fact::Exited(Exit::Killed));
    tell.wait_ms(9_000);
    let silent = Micros::from_ms(9_000);
    tell.fact(100, Fact::BrokerFenced { broker: NodeId(1), silent });
    let isr: Arc<[NodeId]> = [2, 3].map(NodeId).into();
    let reason = ChangeReason::Fenced;
    tell.at_once(100, Fact::IsrChanged { tp: T0, isr, elr: Arc::new([]), reason });
    tell.at_once(100, Fact::LeaderElected { tp: T0, leader: NodeId(2), epoch: 5, reason });
    tell.fact(2, Fact::BecameLeader { tp: T0, epoch: 5, log_end: 3 });
    let error = ErrorCode::NotLeaderOrFollower;
    tell.fact(1_001, Fact::MetadataRequested { because: error });
    tell.fact(1_001, Fact::MetadataRequested { because: error });
    let records: Arc<[_]> = ids[2..].into();
    let leader = NodeId(2);
    tell.fact(1_001, Fact::BatchSent { tp: T0, records, base_sequence: 2, leader, attempt: 1 });
    let lines = story(&tell);
    assert_eq!(
        lines[lines.len() - 6..],
        [
            "Broker 1 was killed.",
            "The controller fenced broker 1: 9 s without a heartbeat.",
            "trips-0: ISR shrinks to {2, 3}; broker 2 elected leader, epoch 5.",
            "Broker 2 took over trips-0 with epoch 5 at offset 3.",
            "rider-app was told NOT_LEADER_OR_FOLLOWER and asks for metadata.",
            "rider-app sends the record of trips-0 again, to broker 2, same sequence numbers.",
        ]
    );
}

#[test]
fn a_loss_is_told_with_a_callout_that_asks_why() {
    let mut tell = Teller::cluster(2);
    let last = tell.append(1, 0, 1, 4)[0];
    tell.fact(1_001, Fact::SendDone { record: last, tp: T0, result: SendResult::Acked(0) });
    tell.fact(1, Fact::Exited(Exit::Killed));
    tell.elect(2, 5, ChangeReason::Fenced, 0);
    let told = &tell.observer.chronicle.told.last().unwrap().telling;
    assert_eq!(
        told.text,
        "Broker 2 took over trips-0 with epoch 5 at offset 0. \
         1 acknowledged record is lost: broker 2 never had it."
    );
    let remark = told.callout.as_ref().unwrap();
    assert_eq!(remark.title, "Broker 2 is now leader of trips-0, epoch 5.");
    assert_eq!(remark.question, Some(Question::RecordLost(last)));
    assert_eq!(told.mark, Some((MarkKind::Loss, "1 lost".into())));
}

#[test]
fn a_rebalance_is_told_with_names_not_member_ids() {
    let mut tell = Teller::cluster(1);
    tell.join("dispatch", 1_002);
    let group: Name = "dispatch".into();
    let (generation, reason) = (2, "a new member joined".into());
    tell.fact(1, Fact::RebalanceStarted { group: group.clone(), generation, reason });
    tell.fact(1, Fact::MemberExpired { group, member: "m-1002".into() });
    let lines = story(&tell);
    assert_eq!(
        lines[lines.len() - 6..],
        [
            "dispatch-1 asks to join: group dispatch.",
            "dispatch: generation 1 has 1 member; dispatch-1 leads and computes the assignment.",
            "dispatch is stable: everyone has an assignment in generation 1.",
            "dispatch-1 reads trips-0.",
            "Group dispatch rebalances: a new member joined.",
            "dispatch-1 was silent for session.timeout.ms: the coordinator removed it from dispatch.",
        ]
    );
}

#[test]
fn no_fact_is_told_twice_and_unchanged_lines_are_shared() {
    let mut tell = Teller::cluster(2);
    tell.append(1, 0, 6, 4);
    let context = tell.context();
    let chronicle = &tell.observer.chronicle;
    let first = narrate(&facts_of(&tell), chronicle, &context, &NarrationVm::default());
    let second = narrate(&facts_of(&tell), chronicle, &context, &first);
    assert!(first.lines.iter().zip(&second.lines).all(|(a, b)| std::rc::Rc::ptr_eq(a, b)));
    let mut seqs: Vec<_> = first.lines.iter().map(|line| line.seq).collect();
    seqs.dedup();
    assert_eq!(seqs.len(), first.lines.len());
}

fn facts_of(tell: &crate::testing::Teller) -> Vec<&kafkascope_model::trace::TraceEvent> {
    tell.facts.iter().collect()
}
