//! Producers, transactions, faults, controllers: each scenario of the folder shows one thing, and is held to it.
//!
//! Invariant: nothing that a file of the folder asks for is refused.

#![allow(clippy::wildcard_enum_match_arm, reason = "a story looks at some facts only")]

use kafkascope_kernel::{Micros, SimTime};
use kafkascope_model::api::Request;
use kafkascope_model::ids::RecordId;
use kafkascope_model::trace::{Fact, SendResult, TraceEvent};
use kafkascope_scenario::{Tables, load};
use kafkascope_session::Session;
use std::collections::{BTreeMap, BTreeSet};

/// A run of one file.
struct Run(Session);

impl Run {
    fn of(file: &str, seconds: u64) -> Self {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios/cluster/");
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

    fn facts(&self) -> impl Iterator<Item = &TraceEvent> {
        self.0.facts_from(0)
    }

    /// What one node stated.
    fn of_node<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a TraceEvent> {
        self.facts().filter(move |event| self.0.world().node_name(event.node) == name)
    }

    /// Values by record.
    fn values(&self) -> BTreeMap<RecordId, String> {
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        let sent = self.facts().filter_map(|event| match &event.fact {
            Fact::Sent { record, value: Some(value), .. } => Some((*record, text(value))),
            _ => None,
        });
        sent.collect()
    }

    fn values_sent(&self, app: &str) -> Vec<String> {
        let values = self.values();
        let sent = self.of_node(app).filter_map(|event| match &event.fact {
            Fact::Sent { record, .. } => values.get(record).cloned(),
            _ => None,
        });
        sent.collect()
    }

    /// What an application was given, in order.
    fn values_read(&self, app: &str) -> Vec<String> {
        let values = self.values();
        let read = self.of_node(app).filter_map(|event| match &event.fact {
            Fact::Delivered { record, .. } => values.get(record).cloned(),
            _ => None,
        });
        read.collect()
    }

    /// The longest time between two records that an application was given.
    fn longest_silence(&self, app: &str) -> Micros {
        let given = self.of_node(app).filter(|it| matches!(it.fact, Fact::Delivered { .. }));
        let times: Vec<_> = given.map(|event| event.at).collect();
        times.windows(2).map(|pair| pair[1].since(pair[0])).max().unwrap_or_default()
    }

    /// The brokers that an application fetched from between two seconds.
    fn asked_by(&self, app: &str, (from, to): (u64, u64)) -> Vec<i32> {
        let second = |seconds: u64| SimTime::from_ms(seconds * 1_000);
        let mut witness = self.0.witness(second(from));
        assert!(witness.follow(self.0.script(), second(to), 1_000_000), "it gets there");
        let asked = witness.exchanges().iter().filter(|exchange| exchange.sent_at >= second(from));
        let fetches = asked.filter(|exchange| matches!(exchange.request, Request::Fetch(_)));
        let own = fetches.filter(|it| self.0.world().node_name(it.conn.client) == app);
        own.map(|exchange| exchange.conn.server.0).collect()
    }

    /// The partitions in which an application's keys ended.
    fn partitions_of_keys(&self, app: &str) -> BTreeMap<String, BTreeSet<i32>> {
        let mut keys = BTreeMap::new();
        let mut found: BTreeMap<String, BTreeSet<i32>> = BTreeMap::new();
        for event in self.of_node(app) {
            match &event.fact {
                Fact::Sent { record, key: Some(key), .. } => {
                    keys.insert(*record, String::from_utf8_lossy(key).into_owned());
                }
                Fact::Batched { record, tp, .. } => {
                    found.entry(keys[record].clone()).or_default().insert(tp.partition);
                }
                _ => {}
            }
        }
        found
    }
}

#[test]
fn a_key_goes_to_another_partition_under_librdkafka_unless_it_is_told_to_hash_as_java_does() {
    let run = Run::of("same-key-other-partition", 60);
    let java = run.partitions_of_keys("java-app");
    let c = run.partitions_of_keys("c-app");
    assert_eq!((java.len(), c.len()), (6, 6));
    assert!(java.values().chain(c.values()).all(|partitions| partitions.len() == 1));
    let differ = java.iter().filter(|(key, partitions)| c[*key] != **partitions).count();
    assert!(differ >= 3, "{java:?} {c:?}");
    assert_eq!(run.partitions_of_keys("c-app-alike"), java);
    let table = run.partitions_of_keys("table-app");
    assert_eq!((&table["vip"], &table["alice"]), (&BTreeSet::from([5]), &java["alice"]));
    assert!(run.partitions_of_keys("turns-app")["alice"].len() > 4, "keys are ignored");
}

#[test]
fn read_committed_gets_no_record_of_an_aborted_transaction_and_read_uncommitted_gets_all() {
    let run = Run::of("transactions", 60);
    let sent = run.values_sent("bank");
    assert_eq!(sent.len(), 120);
    // The last record of each aborted transaction never left: abort drops what was not sent yet.
    assert_eq!(run.values_read("plain").len(), 110);
    let strict = run.values_read("strict");
    assert_eq!(strict.len(), 80, "ten of thirty transactions were aborted");
    let markers = |wanted: bool| {
        let is = |event: &&TraceEvent| matches!(event.fact, Fact::MarkerAppended { committed, .. } if committed == wanted);
        run.facts().filter(is).count()
    };
    assert!(markers(true) >= 20 && markers(false) >= 10);
}

#[test]
fn a_hanging_transaction_holds_read_committed_back_until_its_time_out() {
    let run = Run::of("hanging-transaction", 100);
    let silent = run.longest_silence("strict");
    assert!(silent >= Micros::from_ms(18_000), "{silent:?}");
    let timed_out =
        run.facts().filter(|event| matches!(event.fact, Fact::TransactionTimedOut { .. }));
    assert_eq!(timed_out.count(), 1);
    let read = run.values_read("strict");
    assert_eq!(read.iter().filter(|value| value.starts_with("shop")).count(), 100);
    let forgetful: Vec<_> = read.iter().filter(|value| value.starts_with("forgetful")).collect();
    assert_eq!(forgetful.len(), 6, "two transactions were committed, the third was not");
}

#[test]
fn a_zombie_is_fenced_by_its_successor_and_closes() {
    let run = Run::of("zombie-producer", 90);
    let thrown: Vec<_> = run
        .of_node("first")
        .filter_map(|event| match event.fact {
            Fact::AppCallDone { error: Some(error), .. } => Some(error),
            _ => None,
        })
        .collect();
    assert_eq!(thrown, ["InvalidProducerEpochException", "ProducerFencedException"]);
    assert!(run.of_node("first").any(|event| matches!(event.fact, Fact::ClientClosed)));
    let read = run.values_read("checker");
    let first = read.iter().filter(|value| value.starts_with("first")).count();
    assert_eq!(first % 8, 0, "whole transactions only");
    assert!(read.iter().filter(|value| value.starts_with("second")).count() >= 20);
}

#[test]
fn consume_transform_produce_answers_each_record_once_although_it_is_killed_and_aborts() {
    let run = Run::of("exactly-once", 90);
    let mut read = run.values_read("archive");
    assert_eq!(read.len(), 100);
    read.sort();
    read.dedup();
    assert_eq!(read.len(), 100, "no order is answered twice");
    let worked = run.of_node("biller").filter(|it| matches!(it.fact, Fact::Processed { .. }));
    assert!(worked.count() > 110, "what was aborted was worked on again");
}

#[test]
fn a_share_group_works_together_on_the_partition_that_a_consumer_group_gives_to_one() {
    let run = Run::of("queue-and-log", 120);
    let read = |name: &str| {
        let members = (1..=3).map(|number| format!("{name}-{number}"));
        members.map(|member| run.values_read(&member)).collect::<Vec<_>>()
    };
    let desks = read("desk");
    let busy: Vec<_> = desks.iter().filter(|values| !values.is_empty()).collect();
    assert_eq!((busy.len(), busy[0].len()), (1, 200), "one desk does all the work");
    let workers = read("worker");
    let each: Vec<_> = workers.iter().map(Vec::len).collect();
    assert!(each.iter().all(|count| *count >= 10), "everyone works: {each:?}");
    let different: BTreeSet<_> = workers.iter().flatten().collect();
    assert_eq!(different.len(), 200, "nothing is left out, not even what the dead one held");
    let given: usize = workers.iter().map(Vec::len).sum();
    assert!(given > 200 + 200 / 20 - 1, "what is released comes again: {given}");
}

#[test]
fn without_a_majority_of_controllers_records_flow_and_nothing_is_decided() {
    let run = Run::of("loss-of-quorum", 130);
    let (lost, back) = (SimTime::from_ms(22_600), SimTime::from_ms(75_000));
    let decided = run.facts().filter(|event| event.at > lost && event.at < back).any(|event| {
        matches!(event.fact, Fact::TopicCreated { .. } | Fact::IsrChanged { .. })
            || matches!(event.fact, Fact::LeaderElected { .. })
    });
    assert!(!decided, "two of three are needed");
    let read = run.of_node("packer").filter(|it| matches!(it.fact, Fact::Delivered { .. }));
    let meanwhile = read.filter(|event| event.at > lost && event.at < SimTime::from_ms(45_000));
    assert!(meanwhile.count() >= 40, "data goes on");
    let created = run.facts().find(
        |event| matches!(&event.fact, Fact::TopicCreated { name, .. } if &**name == "returns"),
    );
    assert!(created.is_some_and(|event| event.at > back), "what waited is decided");
    assert_eq!(run.values_read("packer").len(), 200);
}

#[test]
fn replicas_are_spread_over_racks_and_a_consumer_reads_beside_itself() {
    let run = Run::of("racks", 100);
    let placed = run.facts().filter_map(|event| match &event.fact {
        Fact::ReplicasChanged { replicas, .. } => Some(replicas.len()),
        _ => None,
    });
    assert_eq!(placed.take(3).collect::<Vec<_>>(), [3, 3, 3]);
    // While all is well, while rack b has no power, and after.
    let beside = |app: &str, seconds: (u64, u64)| {
        let asked = run.asked_by(app, seconds);
        asked.iter().filter(|broker| **broker == 2).count() * 100 / asked.len()
    };
    let near = [(20, 39), (46, 54), (75, 90)].map(|seconds| beside("near", seconds));
    // It asks the leaders again from time to time.
    assert!(near[0] > 80 && near[1] == 0 && near[2] > 80, "{near:?} % of its fetches");
    assert!(beside("anywhere", (20, 39)) < 50);
}

#[test]
fn a_disk_fails_and_copies_keep_what_was_acknowledged_until_all_disks_fail() {
    let run = Run::of("disks", 120);
    let all_dark = SimTime::from_ms(90_000);
    let before = || run.facts().take_while(move |event| event.at < all_dark);
    let acked: BTreeSet<_> = before().filter_map(acknowledged).collect();
    let read: BTreeSet<_> = before().filter_map(delivered).collect();
    assert!(acked.is_subset(&read) && acked.len() > 300, "nothing is lost while copies live");
    assert!(before().any(|event| matches!(event.fact, Fact::LogDirFailed)));
    let partition = |tp| run.0.world().partition_name(tp);
    let kept =
        run.facts().filter(|event| event.at == all_dark).filter_map(|event| match event.fact {
            Fact::TailLost { tp, to, .. } if partition(tp) == "ledger-0" => Some(to),
            _ => None,
        });
    let most = usize::try_from(kept.max().expect("tails are lost")).expect("offsets count up");
    assert!(most < acked.len(), "{most} of {} were on any disk", acked.len());
}

#[test]
fn a_quota_slows_the_greedy_one_down_without_an_error() {
    let run = Run::of("quotas", 120);
    let (set, lifted) = (SimTime::from_ms(25_000), SimTime::from_ms(60_000));
    let bytes = |name: &str| {
        let acked = run.of_node(name).filter(|it| it.at > set && it.at < lifted);
        acked.filter_map(acknowledged).count()
    };
    // 35 seconds of 1000 bytes: of some 110 bytes a record, a bit more than 300.
    let (greedy, modest) = (bytes("greedy"), bytes("modest"));
    assert!((200..600).contains(&greedy) && modest == 70, "{greedy} and {modest}");
    let failed = run
        .facts()
        .filter(|event| matches!(event.fact, Fact::SendDone { result: SendResult::Failed(_), .. }));
    assert_eq!((failed.count(), run.values_read("copier").len()), (0, 2_560));
}

#[test]
fn keyless_records_turn_away_from_a_slow_broker_if_the_producer_adapts() {
    let run = Run::of("adaptive-partitioning", 60);
    let to_the_slow_one = |name: &str| {
        let batched = run.of_node(name).filter(|event| event.at > SimTime::from_ms(25_000));
        let partitions = batched.filter_map(|event| match event.fact {
            Fact::Batched { tp, .. } => Some(tp.partition),
            _ => None,
        });
        let partitions: Vec<_> = partitions.collect();
        partitions.iter().filter(|partition| **partition == 2).count() * 100 / partitions.len()
    };
    let (adaptive, fixed) = (to_the_slow_one("adaptive"), to_the_slow_one("fixed"));
    assert!(adaptive < 33 && fixed > 50, "{adaptive} % and {fixed} %");
}

#[test]
fn retention_believes_the_time_that_a_record_carries() {
    let run = Run::of("whose-clock", 90);
    let names = |event: &TraceEvent| match &event.fact {
        Fact::SegmentDeleted { tp, .. } => Some(run.0.world().partition_name(*tp)),
        _ => None,
    };
    let lost: BTreeSet<String> = run.facts().filter_map(names).collect();
    assert_eq!(lost, BTreeSet::from(["by-sender-0".to_string()]));
}

#[test]
fn a_throttled_move_copies_no_faster_than_its_rate() {
    let run = Run::of("throttled-reassignment", 80);
    let copied = |from_ms: u64, to_ms: u64| {
        let (from, to) = (SimTime::from_ms(from_ms), SimTime::from_ms(to_ms));
        let at_four = run.of_node("broker 4").filter(move |it| it.at >= from && it.at < to);
        let records = at_four.filter_map(|event| match event.fact {
            Fact::Replicated { tp, base_offset, next_offset } => {
                let rides = run.0.world().partition_name(tp) == "rides-0";
                rides.then_some(next_offset - base_offset)
            }
            _ => None,
        });
        records.sum::<i64>()
    };
    // 30 seconds of 4000 bytes, of which the ISR takes some; each record has about 190.
    let (slowly, at_once) = (copied(45_000, 75_000), copied(75_000, 76_000));
    assert!((200..640).contains(&slowly) && at_once > slowly / 5, "{slowly}, then {at_once}");
    let silence = run.longest_silence("map");
    assert!(silence < Micros::from_ms(1_000), "nobody else feels it: {silence:?}");
}

#[test]
fn with_zookeeper_a_controller_is_missed_when_its_session_ends_and_refused_when_it_slept() {
    let run = Run::of("zookeeper", 160);
    let in_office: Vec<_> = run
        .facts()
        .filter_map(|event| match event.fact {
            Fact::ControllerElected { epoch } => Some((event.node.0, epoch, event.at)),
            _ => None,
        })
        .collect();
    let who: Vec<_> = in_office.iter().map(|(node, epoch, _)| (*node, *epoch)).collect();
    assert_eq!(who[..2], [(1, 1), (3, 2)]);
    assert!(who.len() == 3 && who[2].0 != 3 && who[2].1 == 3, "{who:?}");
    let second = |seconds: u64| SimTime::from_ms(seconds * 1_000);
    let missed = in_office[1].2.since(second(40));
    assert!(missed > Micros::from_ms(16_000) && missed < Micros::from_ms(16_100), "{missed:?}");
    assert!(in_office[2].2 > second(90) && in_office[2].2 < second(120));
    let elected = run.facts().filter(|event| event.at > second(40) && event.at < second(60));
    let heirs: BTreeSet<_> = elected
        .filter_map(|event| match event.fact {
            Fact::LeaderElected { tp, leader, .. } => {
                Some((run.0.world().partition_name(tp), leader.0))
            }
            _ => None,
        })
        .collect();
    assert!(heirs.contains(&("orders-0".to_string(), 2)), "what broker 1 led: {heirs:?}");
    let refused: Vec<_> = run
        .facts()
        .filter_map(|event| match event.fact {
            Fact::StaleControllerRefused { controller, epoch, known } => {
                Some((event.node.0, controller.0, epoch, known))
            }
            _ => None,
        })
        .collect();
    let stale = refused.iter().all(|it| *it == (2, 3, 2, 3));
    assert!(stale && !refused.is_empty(), "broker 2 knows epoch 3, broker 3 sent 2: {refused:?}");
    let (sent, read) = (run.values_sent("shop"), run.values_read("packer"));
    assert!(read.len() + 5 > sent.len() && read.len() > 600, "{} of {}", read.len(), sent.len());
}

fn acknowledged(event: &TraceEvent) -> Option<RecordId> {
    match event.fact {
        Fact::SendDone { record, result: SendResult::Acked(_), .. } => Some(record),
        _ => None,
    }
}

fn delivered(event: &TraceEvent) -> Option<RecordId> {
    match event.fact {
        Fact::Delivered { record, .. } => Some(record),
        _ => None,
    }
}
