//! Every recording of a real Kafka, played again on the model. Invariant: a file without a test here fails the last test.

use kafkascope_kernel::Seed;
use kafkascope_testkit::conform::check;
use std::path::PathBuf;

/// Chance decides transit times and ids, never what a client sees.
const SEEDS: [u64; 3] = [1, 2, 3];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden")
}

fn agrees(file: &str) {
    let text = std::fs::read_to_string(folder().join(file)).expect("the file is there");
    for seed in SEEDS {
        let checked = check(&text, Seed(seed)).expect("the file is understood");
        assert!(checked.passed, "with seed {seed}: {}", checked.report);
    }
}

macro_rules! recordings {
    ($($test:ident $file:literal;)*) => {
        $(#[test]
        fn $test() {
            agrees($file);
        })*

        #[test]
        fn every_recording_has_its_test() {
            let known = [$($file),*];
            for entry in std::fs::read_dir(folder()).expect("the folder is there") {
                let name = entry.expect("readable").file_name().into_string().expect("plain names");
                let is_recording = name.ends_with(".json") && !name.ends_with(".trace.json");
                assert!(!is_recording || known.contains(&name.as_str()), "{name} has no test");
            }
        }
    };
}

recordings! {
    with_acks_all_a_dead_leader_loses_nothing "failover-acks-all.json";
    with_acks_1_a_dead_leader_takes_its_own_records_with_it "acks1-leader-loss.json";
    a_controlled_shutdown_hands_leaderships_over_first "controlled-shutdown.json";
    a_broker_that_comes_back_within_its_session_must_wait_for_its_end "fast-restart.json";
    below_min_insync_replicas_only_weaker_acks_are_served "min-insync-replicas.json";
    keys_decide_partitions "keyed-partitioning.json";
    range_assigns_eagerly_generation_by_generation "group-range.json";
    a_member_without_partitions_takes_part_in_rebalances "group-idle-member.json";
    positions_come_from_commits_or_the_reset_strategy "offset-reset.json";
    a_reassignment_moves_replicas_one_by_one "reassignment.json";
    a_partition_without_isr_waits_for_an_eligible_leader "offline-partition.json";
    an_unclean_election_gives_up_records "unclean-election.json";
    the_next_leader_of_the_offsets_partition_coordinates_its_groups "coordinator-failover.json";
    a_killed_member_is_missed_after_its_session "member-crash.json";
    a_static_member_comes_back_without_a_rebalance "static-membership.json";
    the_default_assignors_start_with_range "group-default.json";
    a_new_group_waits_for_more_members "initial-rebalance-delay.json";
    a_quorum_elects_another_controller_and_stops_without_majority "controller-quorum.json";
    old_segments_go_when_their_time_has_come "retention-by-time.json";
    a_consumer_reads_from_the_follower_in_its_rack "follower-fetching.json";
    cooperative_members_keep_what_they_have "group-cooperative-sticky.json";
    of_every_key_the_newest_record_stays "compaction.json";
    members_of_the_consumer_protocol_converge_one_by_one "group-consumer-uniform.json";
    a_group_moves_to_the_consumer_protocol_while_it_works "group-migration.json";
    a_paused_leader_is_fenced_and_truncates_what_it_took_too_late "zombie-leader.json";
    replicas_that_leave_below_min_isr_stay_eligible_until_they_come_back_unclean "eligible-leader-replicas.json";
    a_broker_that_stopped_in_order_stays_eligible_and_may_lead "eligible-leader-clean.json";
    who_was_moved_away_stays_eligible_and_stands_in_the_way_of_a_reassignment "elr-after-reassignment.json";
    another_min_insync_replicas_while_nobody_leads_leaves_only_an_unclean_election "min-isr-change-while-leaderless.json";
    who_was_moved_away_and_back_may_lead_without_the_data "elr-of-another-partition.json";
    after_a_crash_of_all_brokers_the_last_known_leader_leads "whole-cluster-crash.json";
    a_preferred_leader_gets_its_leadership_back_by_itself "auto-leader-rebalance.json";
    only_an_unclean_election_by_hand_makes_a_stale_replica_lead "unclean-election-by-hand.json";
    more_partitions_move_keys_and_are_found_by_consumers "add-partitions.json";
    a_topic_deleted_and_made_anew_is_another_topic "delete-topic.json";
    offsets_are_found_by_time_also_below_the_log_start "offsets-by-time.json";
    old_segments_go_when_the_log_is_too_large "retention-by-size.json";
    an_application_that_does_not_poll_leaves_its_group "max-poll-interval.json";
    a_slow_member_is_evicted_and_its_work_done_again "rebalance-reprocessing.json";
    round_robin_deals_the_partitions_of_all_topics "group-roundrobin.json";
    sticky_members_keep_what_they_can "group-sticky.json";
    an_administrator_edits_offsets_and_removes_members "admin-offsets.json";
    positions_can_be_sought_without_a_group "seek-and-assign.json";
    positions_are_committed_by_the_clock_and_at_rebalances "auto-commit.json";
    limits_and_configs_of_topics_hold_at_once "topic-limits.json";
    steps_at_random_1 "random-1.json";
    steps_at_random_2 "random-2.json";
    steps_at_random_3 "random-3.json";
    steps_at_random_4 "random-4.json";
    steps_at_random_5 "random-5.json";
    steps_at_random_7 "random-7.json";
    steps_at_random_9 "random-9.json";
    an_administrators_calls_at_random_1 "random-admin-1.json";
    an_administrators_calls_at_random_2 "random-admin-2.json";
    a_broker_that_came_back_cannot_be_asked_before_the_client_knows_of_it "admin-after-restart.json";
    transactions_at_random_1 "random-txn-1.json";
    transactions_at_random_2 "random-txn-2.json";
    transactions_at_random_while_brokers_die "random-txn-3.json";
    a_classic_group_at_random "random-classic-1.json";
    a_consumer_group_at_random "random-consumer-1.json";
    three_members_of_a_consumer_group_at_random "random-consumer-2.json";
    a_consumer_group_at_random_while_brokers_die "random-consumer-3.json";
    a_group_of_both_protocols_at_random "random-mixed-1.json";
    a_static_member_takes_its_group_back_to_the_classic_protocol "random-mixed-2.json";
    bad_sends_and_topics_are_refused_in_kafkas_words "bad-sends.json";
    members_of_a_share_group_read_one_partition_together "share-group.json";
    the_tools_of_share_groups_tell_and_move_its_state "share-tools.json";
}
