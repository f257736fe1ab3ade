//! Stories of a cluster retold from its facts.

use super::*;
use crate::testing::{T0, Teller};
use kafkascope_model::trace::ChangeReason;

#[test]
fn a_follower_holds_what_its_leader_appended() {
    let mut tell = Teller::cluster(3);
    let records = tell.append(1, 0, 2, 4);
    tell.replicate(2, 0, 2);
    let picture = tell.picture();
    assert_eq!(picture.record_at(NodeId(2), T0, 0), Some(records[0]));
    assert_eq!(picture.record_at(NodeId(2), T0, 1), Some(records[1]));
    assert_eq!(picture.record_at(NodeId(3), T0, 0), None);
    assert_eq!(picture.replicas[&(NodeId(2), T0)].log_end, 2);
}

#[test]
fn a_deposed_leader_cuts_off_what_nobody_else_has() {
    let mut tell = Teller::cluster(2);
    tell.append(1, 0, 3, 0);
    tell.replicate(2, 0, 2);
    tell.fact(
        100,
        Fact::LeaderElected { tp: T0, leader: NodeId(2), epoch: 5, reason: ChangeReason::Fenced },
    );
    tell.fact(2, Fact::BecameLeader { tp: T0, epoch: 5, log_end: 2 });
    let fresh = tell.append(2, 2, 1, 5);
    tell.fact(1, Fact::BecameFollower { tp: T0, epoch: 5, leader: NodeId(2) });
    tell.fact(1, Fact::Truncated { tp: T0, from: 3, to: 2 });
    tell.replicate(1, 2, 3);
    let picture = tell.picture();
    assert_eq!(picture.record_at(NodeId(1), T0, 2), Some(fresh[0]));
    assert_eq!(picture.replicas[&(NodeId(1), T0)].cut.as_ref().unwrap().1, 2);
    assert_eq!(picture.leader(T0), Some(NodeId(2)));
    assert_eq!(picture.partitions[&T0].previous, Some(NodeId(1)));
}

#[test]
fn batches_are_cut_in_the_middle_when_the_log_is() {
    let mut tell = Teller::cluster(1);
    tell.append(1, 0, 5, 0);
    tell.fact(1, Fact::Truncated { tp: T0, from: 5, to: 2 });
    let picture = tell.picture();
    let replica = &picture.replicas[&(NodeId(1), T0)];
    assert_eq!((replica.log_end, replica.records(0, 9).count()), (2, 2));
}

#[test]
fn a_group_has_its_members_positions_and_commits() {
    let mut tell = Teller::cluster(1);
    tell.append(1, 0, 3, 0);
    tell.join("dispatch", 1_002);
    tell.deliver(1_002, 0, 2);
    tell.fact(
        1,
        Fact::OffsetCommitted {
            group: "dispatch".into(),
            topic: "trips".into(),
            partition: 0,
            offset: 1,
        },
    );
    let picture = tell.picture();
    let group = &picture.groups["dispatch"];
    assert_eq!((group.state, group.members.len()), ("Stable", 1));
    assert_eq!(picture.consumers[&NodeId(1_002)].positions[&T0], Some(2));
    assert_eq!(group.committed[&("trips".into(), 0)].1, 1);
    assert_eq!(picture.consumers[&NodeId(1_002)].in_hand.len(), 2);
}
