//! Scripts that once broke the simulation, or the auditor's idea of Kafka, and a few that nobody wrote.
//!
//! Invariant: a script stays here with what it showed.

use kafkascope_audit::{Replay, Verdict};
use kafkascope_kernel::SimTime;
use kafkascope_scenario::{Tables, load};
use kafkascope_testkit::soak::{generate, run};
use std::path::PathBuf;

/// Lives a script for two minutes; the violations, and whether anything was acknowledged.
fn lived(name: &str) -> (Vec<String>, u64) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/scripts/{name}.toml"));
    let text = std::fs::read_to_string(path).expect("the script is there");
    let scenario = load(&text, &Tables::native()).expect("the script loads");
    let mut replay = Replay::new(scenario.script).expect("its set-up is accepted");
    assert!(replay.advance(SimTime::from_ms(112_000), 1_000_000), "{name} never ends");
    replay.after_quiet();
    assert!(replay.advance(SimTime::from_ms(120_000), 1_000_000), "{name} never ends");
    replay.take_stock();
    let violated = replay.auditor().lines().filter_map(|line| match line.verdict {
        Verdict::Violated(finding) => Some(format!("{}: {}", line.property.name, finding.what)),
        Verdict::Unseen | Verdict::Holds | Verdict::Excused(_) => None,
    });
    (violated.collect(), replay.world().events_handled())
}

macro_rules! scripts {
    ($($test:ident $file:literal;)*) => {
        $(#[test]
        fn $test() {
            let (violated, events) = lived($file);
            assert_eq!(violated, Vec::<String>::new());
            assert!(events > 1_000, "{events} events");
        })*
    };
}

scripts! {
    a_client_whom_nobody_answers_waits_instead_of_beginning_anew_for_ever "nobody-answers-10";
    it_waits_too_where_brokers_come_and_go "nobody-answers-21";
    a_request_that_an_older_connection_brings_late_disturbs_no_newer_one "request-of-an-older-connection";
    the_coordinators_answer_to_an_older_request_lets_no_newer_one_pass "answer-to-an-older-request";
    a_follower_gives_up_a_batch_that_begins_before_its_own_end "batch-across-the-end";
    a_power_cut_below_a_deleted_records_batch_begins_the_log_anew "power-cut-within-a-batch";
    a_leader_that_woke_up_proposes_an_isr_again_after_its_stale_one_was_refused "isr-change-out-of-date";
    a_follower_that_begins_within_a_batch_has_all_of_it "log-begins-within-a-batch";
    a_follower_that_begins_anew_forgets_what_it_had_before "follower-begins-anew";
    a_coordinator_that_is_cut_off_goes_on_to_generations_that_count_for_nobody "coordinator-cut-off";
    a_commit_may_be_stored_though_nobody_was_told "commit-nobody-heard-of";
    a_leader_may_wait_for_a_replica_that_was_moved_away "moved-away-from-the-leader";
    a_static_member_that_did_not_join_in_time_gives_nothing_up "static-member-out-of-time";
    a_static_member_that_did_not_join_in_time_loses_what_it_was_given_since "static-member-given-less";
    a_followers_open_transaction_may_lie_below_where_the_log_begins "deleted-below-a-transaction";
    an_answer_to_the_life_before_is_no_answer_to_a_client_that_was_started_anew "started-anew-meanwhile";
    a_new_coordinator_may_complete_within_the_moment_in_which_it_reads_what_was_decided "completed-at-once";
    a_member_may_be_given_partitions_of_topics_it_has_no_metadata_of "assigned-before-metadata";
    who_was_elected_uncleanly_may_lack_a_transactions_marker "marker-never-copied";
    a_share_partition_opened_anew_takes_no_answer_to_its_former_life "share-partition-opened-anew";
    a_lock_that_runs_out_while_a_change_is_being_stored_is_told_when_that_fails "lock-ran-out-meanwhile";
    a_leader_that_has_not_heard_of_a_larger_min_isr_may_acknowledge_what_is_lost "min-isr-unheard-of";
    who_lost_power_before_it_joined_an_isr_may_lack_what_is_shown_then "power-cut-before-joining";
    an_application_whose_member_was_fenced_commits_nothing_in_nobodys_name "fenced-application";
    a_commit_that_timed_out_is_not_sent_before_the_abort_that_follows_it "commit-given-up";
    an_application_may_commit_in_transactions_under_the_newer_protocol "application-of-the-newer-protocol";
    an_application_commits_offsets_of_topics_that_metadata_has_forgotten "topic-forgotten-in-hand";
    a_coordinator_of_the_past_tells_an_application_to_begin_too_early "coordinator-of-the-past";
    an_application_that_is_handed_a_batch_at_once_still_wakes_up "handed-back-at-once";
    no_batch_expires_while_the_producer_asks_for_its_id "no-producer-id";
}

#[test]
fn scripts_that_nobody_wrote_break_no_promise() {
    for seed in 0..40 {
        let outcome = run(&generate(seed));
        assert_eq!(outcome.failure, None, "seed {seed}");
    }
}
