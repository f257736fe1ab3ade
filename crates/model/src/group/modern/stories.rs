//! Stories of a group of the consumer protocol, told through its coordinator.
//!
//! Invariant: members say no more than real ones do.

use crate::api::request::{ConsumerGroupHeartbeat, OffsetCommit};
use crate::api::{ErrorCode, Request, Response, response};
use crate::config::broker::MigrationPolicy;
use crate::group::testing::Story;
use crate::ids::{Name, TopicId, TopicPartition};
use alloc::vec;
use alloc::vec::Vec;

fn partitions(list: &[i32]) -> Vec<TopicPartition> {
    list.iter().map(|partition| TopicPartition::new(TopicId(2), *partition)).collect()
}

fn joining(member: &str) -> ConsumerGroupHeartbeat {
    ConsumerGroupHeartbeat {
        group_id: "g".into(),
        member_id: member.into(),
        member_epoch: 0,
        instance_id: None,
        rack_id: None,
        rebalance_timeout_ms: 300_000,
        subscribed_topic_names: Some(vec!["t".into()]),
        subscribed_topic_regex: None,
        server_assignor: None,
        topic_partitions: Some(Vec::new()),
        client_id: member.into(),
    }
}

fn staying(member: &str, member_epoch: i32, owned: Option<&[i32]>) -> ConsumerGroupHeartbeat {
    ConsumerGroupHeartbeat {
        member_epoch,
        rebalance_timeout_ms: -1,
        subscribed_topic_names: None,
        topic_partitions: owned.map(partitions),
        ..joining(member)
    }
}

impl Story {
    fn modern(&mut self, body: ConsumerGroupHeartbeat) -> response::ConsumerGroupHeartbeat {
        self.ask(8, &Request::ConsumerGroupHeartbeat(body.into()));
        match self.take(8) {
            Some(Response::ConsumerGroupHeartbeat(answer)) => answer,
            other => panic!("not an answer to CONSUMER_GROUP_HEARTBEAT: {other:?}"),
        }
    }

    /// Error, epoch and assignment.
    fn told(&mut self, body: ConsumerGroupHeartbeat) -> (ErrorCode, i32, Option<Vec<i32>>) {
        let answer = self.modern(body);
        let assignment = answer.assignment.map(|list| list.iter().map(|tp| tp.partition).collect());
        (answer.error, answer.member_epoch, assignment)
    }
}

const OK: ErrorCode = ErrorCode::None;

#[test]
fn a_partition_moves_only_after_its_owner_has_said_that_it_gave_it_up() {
    let mut story = Story::new();
    assert_eq!(story.told(joining("a")), (OK, 2, Some(vec![0, 1, 2])));
    story.wait_ms(1_000);
    assert_eq!(story.told(joining("b")), (OK, 3, Some(vec![])), "everything is taken");
    assert_eq!(story.told(staying("a", 2, None)), (OK, 2, Some(vec![0, 1])));
    assert_eq!(story.told(staying("b", 3, Some(&[]))), (OK, 3, None), "not given up yet");
    assert_eq!(story.told(staying("a", 2, Some(&[0, 1]))), (OK, 3, None));
    assert_eq!(story.told(staying("b", 3, None)), (OK, 3, Some(vec![2])));
}

#[test]
fn a_member_that_does_not_give_up_in_time_is_removed_and_fenced() {
    let mut story = Story::new();
    story.told(ConsumerGroupHeartbeat { rebalance_timeout_ms: 10_000, ..joining("a") });
    story.wait_ms(1_000);
    story.told(joining("b"));
    assert_eq!(story.told(staying("a", 2, None)).2, Some(vec![0, 1]));
    story.wait_ms(9_999);
    assert_eq!(story.told(staying("a", 2, None)).0, OK);
    story.wait_ms(1);
    assert_eq!(story.told(staying("a", 2, None)).0, ErrorCode::UnknownMemberId);
    assert_eq!(story.told(staying("b", 3, None)), (OK, 4, Some(vec![0, 1, 2])));
}

#[test]
fn epochs_fence_who_is_ahead_or_behind_and_forgive_a_lost_answer() {
    let mut story = Story::new();
    story.told(joining("a"));
    story.wait_ms(1_000);
    story.told(joining("b"));
    story.told(staying("a", 2, None));
    assert_eq!(story.told(staying("a", 2, Some(&[0, 1]))).1, 3);
    assert_eq!(story.told(staying("a", 2, Some(&[0, 1]))), (OK, 3, None), "the answer was lost");
    assert_eq!(story.told(staying("a", 2, None)).0, ErrorCode::FencedMemberEpoch);
    assert_eq!(story.told(staying("a", 4, None)).0, ErrorCode::FencedMemberEpoch);
    let id: Name = "a".into();
    assert_eq!(story.commit(1, &id, 2, 7), ErrorCode::StaleMemberEpoch);
    assert_eq!(story.commit(1, &id, 3, 7), OK);
    assert_eq!(story.commit(1, &"x".into(), 3, 7), ErrorCode::UnknownMemberId);
}

#[test]
fn a_silent_member_is_missed_after_its_session() {
    let mut story = Story::new();
    story.told(joining("a"));
    story.wait_ms(30_000);
    story.told(joining("b"));
    story.wait_ms(14_999);
    story.told(staying("b", 3, None));
    story.wait_ms(1);
    assert_eq!(story.told(staying("b", 3, None)), (OK, 4, Some(vec![0, 1, 2])));
    assert_eq!(story.told(staying("a", 2, None)).0, ErrorCode::UnknownMemberId);
}

#[test]
fn the_next_coordinator_knows_epochs_targets_and_assignments_from_the_log() {
    let mut story = Story::new();
    story.told(joining("a"));
    story.wait_ms(1_000);
    story.told(joining("b"));
    story.told(staying("a", 2, None));
    let before = story.coordinator.consumer_group("g").expect("known").clone();
    story.fail_over();
    let refused = ErrorCode::CoordinatorLoadInProgress;
    assert_eq!(story.told(staying("a", 2, None)).0, refused);
    story.wait_ms(10);
    let after = story.coordinator.consumer_group("g").expect("known");
    assert_eq!((after.epoch, after.target_epoch), (before.epoch, before.target_epoch));
    assert!(after.members().eq(before.members()) && after.targets == before.targets);
    assert_eq!(story.told(staying("a", 2, Some(&[0, 1]))), (OK, 3, None), "it goes on");
    assert_eq!(story.told(staying("b", 3, None)), (OK, 3, Some(vec![2])));
}

#[test]
fn what_could_not_be_stored_has_not_happened() {
    let mut story = Story::new();
    story.told(joining("a"));
    story.wait_ms(1_000);
    story.log.replicated = false;
    story.ask(8, &Request::ConsumerGroupHeartbeat(joining("b").into()));
    assert!(story.take(8).is_none(), "the answer waits for the replicas");
    story.wait_ms(5_000);
    let Some(Response::ConsumerGroupHeartbeat(answer)) = story.take(8) else {
        panic!("it is told that it took too long");
    };
    assert_eq!(answer.error, ErrorCode::CoordinatorNotAvailable);
    story.log.replicated = true;
    story.replicate();
    assert_eq!(story.told(staying("a", 2, None)).2, Some(vec![0, 1]), "it counts after all");
}

#[test]
fn a_static_member_keeps_its_partitions_while_it_is_away() {
    let mut story = Story::new();
    let instance = |body: ConsumerGroupHeartbeat| ConsumerGroupHeartbeat {
        instance_id: Some("i".into()),
        ..body
    };
    story.told(instance(joining("a")));
    story.wait_ms(1_000);
    let thief = instance(joining("b"));
    assert_eq!(story.told(thief.clone()).0, ErrorCode::UnreleasedInstanceId);
    assert_eq!(story.told(instance(staying("a", -2, None))), (OK, -2, None));
    assert_eq!(story.told(thief), (OK, 2, Some(vec![0, 1, 2])), "no rebalance");
    assert_eq!(story.told(instance(staying("a", 2, None))).0, ErrorCode::FencedInstanceId);
    assert_eq!(story.told(instance(staying("b", -1, None))), (OK, -1, None));
    let group = story.coordinator.consumer_group("g").expect("known");
    assert_eq!((group.epoch, group.size()), (3, 0));
}

#[test]
fn whoever_waits_for_an_instance_to_be_released_commits_as_a_stranger() {
    let mut story = Story::new();
    let body = ConsumerGroupHeartbeat { instance_id: Some("i".into()), ..joining("a") };
    story.told(body);
    let commit = |member: &str, epoch| OffsetCommit {
        group_id: "g".into(),
        generation_id_or_member_epoch: epoch,
        member_id: member.into(),
        group_instance_id: Some("i".into()),
        offsets: Vec::new(),
        topic_ids: Vec::new(),
    };
    let group = story.coordinator.consumer_group("g").expect("known");
    let epoch = group.epoch;
    assert_eq!(group.accept_commit(&commit("b", -1)), ErrorCode::UnknownMemberId);
    assert_eq!(group.accept_commit(&commit("a", epoch - 1)), ErrorCode::StaleMemberEpoch);
    assert_eq!(group.accept_commit(&commit("a", epoch)), OK);
}

#[test]
fn requests_that_make_no_sense_are_refused() {
    let cases = [
        (ConsumerGroupHeartbeat { group_id: "".into(), ..joining("a") }, ErrorCode::InvalidRequest),
        (
            ConsumerGroupHeartbeat { rebalance_timeout_ms: -1, ..joining("a") },
            ErrorCode::InvalidRequest,
        ),
        (
            ConsumerGroupHeartbeat { topic_partitions: Some(partitions(&[0])), ..joining("a") },
            ErrorCode::InvalidRequest,
        ),
        (
            ConsumerGroupHeartbeat { server_assignor: Some("sticky".into()), ..joining("a") },
            ErrorCode::UnsupportedAssignor,
        ),
        (
            ConsumerGroupHeartbeat { subscribed_topic_regex: Some("(".into()), ..joining("a") },
            ErrorCode::InvalidRegularExpression,
        ),
        (staying("a", 5, None), ErrorCode::GroupIdNotFound),
    ];
    for (body, error) in cases {
        let mut story = Story::new();
        assert_eq!(story.told(body.clone()).0, error, "{body:?}");
    }
}

#[test]
fn a_pattern_takes_in_topics_that_come_later() {
    let mut story = Story::new();
    let body = ConsumerGroupHeartbeat {
        subscribed_topic_names: None,
        subscribed_topic_regex: Some("t.*".into()),
        ..joining("a")
    };
    assert_eq!(story.told(body), (OK, 2, Some(vec![0, 1, 2])));
    story.wait_ms(1_000);
    let image = &mut story.log.image;
    let topic = image.topics[&TopicId(2)].clone();
    image.topic_ids.insert("t-new".into(), TopicId(3));
    image
        .topics
        .insert(TopicId(3), crate::controller::image::TopicImage { name: "t-new".into(), ..topic });
    image.next_offset += 1;
    let answer = story.modern(staying("a", 2, None));
    assert_eq!((answer.member_epoch, answer.assignment.map(|list| list.len())), (3, Some(6)));
}

#[test]
fn a_group_goes_back_to_the_classic_protocol_when_its_last_modern_member_leaves() {
    let mut story = Story::new();
    let classic = story.stable_member(1);
    assert_eq!(story.told(joining("n")).1, 2, "the generation becomes the epoch");
    assert_eq!(story.heartbeat(1, &classic, 1), ErrorCode::RebalanceInProgress);
    story.join(1, &classic);
    story.told(staying("n", -1, None));
    assert!(story.coordinator.consumer_group("g").is_none());
    let group = story.coordinator.group("g").expect("classic again");
    assert_eq!((group.generation, group.size()), (3, 1));
    assert_eq!(story.join(1, &classic).expect("the only member").generation_id, 4);
}

#[test]
fn a_policy_keeps_groups_from_changing_their_protocol() {
    let mut story = Story::new();
    story.log.config.group_consumer_migration_policy = MigrationPolicy::Disabled;
    story.stable_member(1);
    assert_eq!(story.told(joining("n")).0, ErrorCode::GroupIdNotFound);
}
