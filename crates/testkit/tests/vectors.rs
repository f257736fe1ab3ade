//! Every file of vectors, held against the model. Invariant: a file without a test here fails the last test.

use kafkascope_kernel::Seed;
use kafkascope_testkit::conform::check;
use std::path::PathBuf;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors")
}

fn agrees(file: &str) {
    let text = std::fs::read_to_string(folder().join(file)).expect("the file is there");
    let checked = check(&text, Seed(1)).expect("the file is understood");
    assert!(checked.passed, "{}", checked.report);
}

macro_rules! vectors {
    ($($test:ident $file:literal;)*) => {
        $(#[test]
        fn $test() {
            agrees($file);
        })*

        #[test]
        fn every_file_has_its_test() {
            let known = [$($file),*];
            for entry in std::fs::read_dir(folder()).expect("the folder is there") {
                let name = entry.expect("readable").file_name().into_string().expect("plain names");
                assert!(known.contains(&name.as_str()), "{name} has no test");
            }
        }
    };
}

vectors! {
    logs_keep_what_kafkas_cleaner_keeps "compaction.json";
    segments_are_rolled_and_deleted_as_kafka_does "retention.json";
    followers_cut_their_logs_where_kafka_cuts_them "leader_epoch_truncation.json";
    members_reconcile_as_kafka_reconciles_them "consumer_group_848.json";
    partitions_are_dealt_as_kafka_deals_them "assignors.json";
    keys_and_groups_hash_to_the_partitions_that_kafka_computes "murmur2.json";
    leaders_and_isrs_become_what_kafka_computes "elections.json";
    duplicates_and_gaps_are_judged_as_kafka_judges_them "idempotence.json";
    transactions_hide_and_show_what_kafka_hides_and_shows "transactions.json";
    records_take_the_bytes_that_kafka_counts "record_sizes.json";
    replicas_go_where_kafka_places_them "replica_placement.json";
}
