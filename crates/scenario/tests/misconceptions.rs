//! What people believe of consumers and groups, and what happens instead: each scenario makes one belief visible.
//!
//! Invariant: every file of the folder is run here, and nothing it asks for is refused.

#![allow(clippy::wildcard_enum_match_arm, reason = "a story looks at some facts only")]

use kafkascope_kernel::{Micros, SimTime};
use kafkascope_model::api::ErrorCode;
use kafkascope_model::ids::{Offset, RecordId, TopicPartition};
use kafkascope_model::trace::{Fact, PositionSource, SendResult, TraceEvent};
use kafkascope_scenario::{Tables, load};
use kafkascope_session::Session;
use std::collections::{BTreeMap, BTreeSet};

/// A run of one file.
struct Run(Session);

type Ids = BTreeSet<RecordId>;

impl Run {
    fn of(file: &str, seconds: u64) -> Self {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios/misconceptions/");
        let text = std::fs::read_to_string(format!("{folder}{file}.toml")).expect("it is there");
        let scenario = load(&text, &Tables::web()).unwrap_or_else(|problems| {
            let told: Vec<_> = problems.iter().map(ToString::to_string).collect();
            panic!("{file}: {}", told.join("\n"))
        });
        let mut session = Session::open(scenario.script).expect("it opens");
        session.seek(SimTime::ZERO + Micros::from_ms(seconds * 1_000));
        assert!(session.refusals().is_empty(), "{file}: {:?}", session.refusals());
        Self(session)
    }

    /// What an application saw and did between two moments, in seconds.
    fn of_app<'a>(
        &'a self,
        app: &'a str,
        seconds: std::ops::Range<u64>,
    ) -> impl Iterator<Item = &'a TraceEvent> {
        let moment = |seconds: u64| SimTime::ZERO + Micros::from_ms(seconds * 1_000);
        let (from, to) = (moment(seconds.start), moment(seconds.end));
        self.0.facts_from(0).filter(move |event| {
            (from..to).contains(&event.at) && self.0.world().node_name(event.node) == app
        })
    }

    fn delivered(&self, app: &str, seconds: std::ops::Range<u64>) -> Vec<RecordId> {
        let records = self.of_app(app, seconds).filter_map(|event| match event.fact {
            Fact::Delivered { record, .. } => Some(record),
            _ => None,
        });
        records.collect()
    }

    fn processed(&self, app: &str, seconds: std::ops::Range<u64>) -> Vec<RecordId> {
        let records = self.of_app(app, seconds).filter_map(|event| match event.fact {
            Fact::Processed { record, .. } => Some(record),
            _ => None,
        });
        records.collect()
    }

    fn committed(&self, group: &str) -> BTreeMap<i32, Offset> {
        let mut committed = BTreeMap::new();
        for event in self.0.facts_from(0) {
            if let Fact::OffsetCommitted { group: of, partition, offset, .. } = &event.fact
                && &**of == group
            {
                committed.insert(*partition, *offset);
            }
        }
        committed
    }

    fn has(&self, app: &str, seconds: std::ops::Range<u64>, wanted: fn(&Fact) -> bool) -> bool {
        self.of_app(app, seconds).any(|event| wanted(&event.fact))
    }
}

fn ids(records: &[RecordId]) -> Ids {
    records.iter().copied().collect()
}

#[test]
fn what_send_took_is_gone_with_its_producer_unless_that_closes() {
    let run = Run::of("m12-sent-is-not-stored", 60);
    let sent = |app: &str| {
        run.of_app(app, 0..60).filter(|event| matches!(event.fact, Fact::Sent { .. })).count()
    };
    let acked = |app: &str| {
        let acked =
            |fact: &Fact| matches!(fact, Fact::SendDone { result: SendResult::Acked(_), .. });
        run.of_app(app, 0..60).filter(|event| acked(&event.fact)).count()
    };
    let lost = run.of_app("hasty", 0..60).find_map(|event| match &event.fact {
        Fact::BufferLost { records } => Some(records.len()),
        _ => None,
    });
    let lost = lost.expect("something was in the buffer");
    assert!((1..=6).contains(&lost), "{lost} records of half a second");
    assert_eq!(sent("hasty"), acked("hasty") + lost, "and nothing else is missing");
    assert!(!run.has("hasty", 0..60, |fact| {
        matches!(fact, Fact::SendDone { result: SendResult::Failed(_), .. })
    }));
    assert_eq!(sent("careful"), acked("careful"), "close() waits for the buffer");
    assert!(!run.has("careful", 0..60, |fact| matches!(fact, Fact::BufferLost { .. })));
}

#[test]
fn members_share_partitions_not_records() {
    let run = Run::of("m08-members-share-partitions", 40);
    let each = ["desk-1", "desk-2", "desk-3"].map(|app| run.delivered(app, 0..40).len());
    let busy: Vec<usize> = each.iter().copied().filter(|count| *count > 0).collect();
    assert_eq!(busy, [100], "one reads everything, the others nothing: {each:?}");
    assert_eq!(run.delivered("audit", 0..40).len(), 100, "another group gets it all again");
}

#[test]
fn a_reset_is_for_groups_without_a_valid_offset() {
    let run = Run::of("m15-reset-is-for-newcomers", 70);
    assert_eq!(run.delivered("late", 0..70).len(), 0, "latest is the end, not the newest record");
    assert_eq!(run.delivered("early", 0..45).len(), 10);
    assert_eq!(run.delivered("early", 45..70).len(), 0, "earliest does not rewind");
    let committed =
        |fact: &Fact| matches!(fact, Fact::PositionSet { source: PositionSource::Committed, .. });
    assert!(run.has("early", 50..70, committed), "the committed offset decided");
}

#[test]
fn without_commits_records_come_again_only_after_a_restart() {
    let run = Run::of("m16-commits-are-for-restarts", 80);
    let before = run.delivered("reader", 0..40);
    assert_eq!((before.len(), ids(&before).len()), (20, 20), "each once, though none committed");
    assert_eq!(run.committed("readers"), BTreeMap::new());
    assert_eq!(ids(&run.delivered("reader", 40..80)), ids(&before), "and all of them again");
}

/// Records that were delivered, and never processed although the group went on past them.
fn lost(run: &Run, app: &str) -> usize {
    let delivered = ids(&run.delivered(app, 0..200));
    delivered.difference(&ids(&run.processed(app, 0..200))).count()
}

fn doubled(run: &Run, app: &str) -> usize {
    let processed = run.processed(app, 0..200);
    processed.len() - ids(&processed).len()
}

#[test]
fn a_commit_covers_everything_before_it() {
    let run = Run::of("m17-a-commit-is-a-bookmark", 200);
    assert!(lost(&run, "hasty") > 0, "what was unfinished behind the commit is skipped");
    assert_eq!(lost(&run, "careful"), 0);
    assert!(doubled(&run, "careful") > 0, "at the price of doing some twice");
}

#[test]
fn auto_commit_counts_what_poll_returned_as_done() {
    let run = Run::of("m18-auto-commit-commits-positions", 200);
    assert_eq!(lost(&run, "in-line"), 0);
    assert!(doubled(&run, "in-line") > 0);
    assert!(lost(&run, "handed-off") > 0, "committed, and never worked on");
}

#[test]
fn a_group_that_stays_away_loses_its_offsets() {
    let run = Run::of("m19-offsets-expire", 300);
    for app in ["rewinder", "skipper"] {
        assert_eq!(run.delivered(app, 0..30).len(), 10, "{app}");
    }
    assert_eq!(run.delivered("rewinder", 200..300).len(), 15, "everything again");
    assert_eq!(run.delivered("skipper", 200..300).len(), 0, "what came meanwhile is missed");
}

#[test]
fn a_bad_record_blocks_its_partition_until_somebody_handles_it() {
    let run = Run::of("m20-a-bad-record-blocks-its-partition", 60);
    assert_eq!(run.committed("strict"), BTreeMap::from([(0, 15), (1, 4)]), "1 stands still");
    let stuck = |app: &&str| {
        let failed = |fact: &Fact| matches!(fact, Fact::PollFailed { .. });
        run.has(app, 0..60, failed)
    };
    assert_eq!(["strict-1", "strict-2"].iter().filter(|app| stuck(app)).count(), 1);
    assert_eq!(run.committed("tidy"), BTreeMap::from([(0, 15), (1, 15)]));
    let copied = run.of_app("tidy", 0..60).filter(
        |event| matches!(&event.fact, Fact::Sent { topic, .. } if &**topic == "invoices.dlt"),
    );
    assert_eq!(copied.count(), 1);
}

#[test]
fn heartbeats_do_not_excuse_from_polling() {
    let run = Run::of("m22-polling-is-proof-of-life", 400);
    let expired = run.0.facts_from(0).any(|e| matches!(e.fact, Fact::MemberExpired { .. }));
    assert!(!expired, "no session ended");
    let lost =
        |fact: &Fact| matches!(fact, Fact::Lost { partitions, .. } if !partitions.is_empty());
    let workers = ["encoder-1", "encoder-2"];
    assert!(workers.iter().all(|app| run.has(app, 0..400, lost)), "yet both were thrown out");
    let of = |app: &str| run.processed(app, 0..400);
    let both: Vec<RecordId> = workers.iter().flat_map(|app| of(app)).collect();
    assert!(both.len() > ids(&both).len() + 50, "and did the same work twice");
}

/// How often a member that stayed had to give up a partition, and partition-seconds without a reader, in a group.
fn stopped(run: &Run, group: &str, from: SimTime) -> (usize, u64) {
    let mut since: BTreeMap<TopicPartition, SimTime> = BTreeMap::new();
    let closed: BTreeSet<(SimTime, String)> = run
        .0
        .facts_from(0)
        .filter(|event| matches!(event.fact, Fact::ClientClosed))
        .map(|event| (event.at, run.0.world().node_name(event.node).to_string()))
        .collect();
    let (mut total, mut given_up) = (Micros::ZERO, 0);
    for event in run.0.facts_from(0) {
        let app = run.0.world().node_name(event.node).to_string();
        if event.at < from || !app.starts_with(&format!("{group}-")) {
            continue;
        }
        match &event.fact {
            Fact::Assigned { partitions, .. } => {
                let gaps = partitions.iter().filter_map(|tp| since.remove(tp));
                total = gaps.fold(total, |total, since| total + event.at.since(since));
            }
            Fact::Revoked { partitions, .. } => {
                since.extend(partitions.iter().map(|tp| (*tp, event.at)));
                let soon = event.at + Micros::from_ms(500);
                let leaves =
                    closed.iter().any(|(at, of)| *of == app && (event.at..soon).contains(at));
                given_up += if leaves { 0 } else { partitions.len() };
            }
            _ => {}
        }
    }
    (given_up, total.as_ms() / 1_000)
}

#[test]
fn what_a_restart_stops_depends_on_the_protocol() {
    let run = Run::of("m23-what-a-restart-stops", 200);
    let from = SimTime::ZERO + Micros::from_ms(55_000);
    let groups = ["eager", "cooperative", "static", "modern"];
    let [eager, cooperative, fixed, modern] = groups.map(|group| stopped(&run, group, from));
    println!("eager {eager:?}, cooperative {cooperative:?}, static {fixed:?}, modern {modern:?}");
    assert!(eager.0 >= 4 * 6, "everything stops at each rebalance");
    assert!(cooperative.0 <= 2 * 3 && modern.0 <= 2 * 3, "only what goes to who is back");
    assert_eq!(fixed, (0, 3 * 2 * 5), "what is down for five seconds is not read, that is all");
    let rebalances = |group: &str| {
        let of = run.0.facts_from(0).filter(|event| event.at > from);
        of.filter(|event| {
            matches!(&event.fact, Fact::RebalanceStarted { group: of, .. } if &**of == group)
        })
        .count()
    };
    assert_eq!(rebalances("static"), 0, "nobody else notices");
    assert!(rebalances("eager") >= 3, "each goodbye is one, and most returns");
}

#[test]
fn everyone_under_one_group_id_rebalances_together() {
    let run = Run::of("m24-a-group-id-is-a-membership", 90);
    let gives_up =
        |fact: &Fact| matches!(fact, Fact::Revoked { partitions, .. } if !partitions.is_empty());
    assert!(run.has("billing", 39..60, gives_up), "though nothing of it moved");
    let refused = |fact: &Fact| {
        let error = ErrorCode::UnknownMemberId;
        matches!(fact, Fact::CommitAnswered { error: e, .. } if *e == error)
    };
    assert!(run.has("by-hand", 70..90, refused), "assign() makes no member");
}

#[test]
fn who_has_read_everything_may_still_have_lag() {
    let run = Run::of("m21-lag-need-not-reach-zero", 60);
    for app in ["by-record", "by-position"] {
        assert_eq!(run.delivered(app, 0..60).len(), 3, "{app} reads all there is");
    }
    let marker = run.0.facts_from(0).find_map(|event| match &event.fact {
        Fact::MarkerAppended { offset, .. } => Some(*offset),
        _ => None,
    });
    assert_eq!(marker, Some(3), "the marker takes an offset");
    assert_eq!(run.committed("by-record"), BTreeMap::from([(0, 3)]), "lag 1, forever");
    assert_eq!(run.committed("by-position"), BTreeMap::from([(0, 4)]), "lag 0");
}

/// How often an application had something done outside Kafka, and for how many records.
fn outside(run: &Run, app: &str) -> (usize, usize) {
    let done: Vec<RecordId> = run
        .of_app(app, 0..100)
        .filter_map(|event| match event.fact {
            Fact::SideEffect { record, .. } => Some(record),
            _ => None,
        })
        .collect();
    (done.len(), ids(&done).len())
}

#[test]
fn a_transaction_takes_back_receipts_but_no_charges() {
    let run = Run::of("m35-exactly-once-ends-at-kafka", 100);
    let receipts = run.delivered("book", 0..100);
    assert_eq!((receipts.len(), ids(&receipts).len()), (240, 240), "one receipt for each payment");
    for app in ["plain", "careful"] {
        let (asked, payments) = outside(&run, app);
        assert_eq!(payments, 120, "{app}");
        assert!(asked > payments, "{app} asked for some charges a second time");
    }
}
