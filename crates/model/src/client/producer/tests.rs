//! Stories of a producer whose brokers are played by the test.
//!
//! Invariant: the scripted brokers answer at once and in order.

use super::*;
use crate::api::response::{self, ProducedPartition};
use crate::api::{ErrorCode, Request};
use crate::client::testing::{Bench, Sent, metadata_of};
use crate::config::ConfigTable;
use crate::ids::{RecordId, TopicId, TopicPartition};
use crate::log::Batch;
use crate::trace::SendResult;
use alloc::vec;

/// A value so long that only one of it fits where one fits.
const LONG: &str = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz";
const TP: TopicPartition = TopicPartition::new(TopicId(1), 0);

struct Story {
    bench: Bench,
    producer: Producer,
}

impl Story {
    fn new(configs: &[(&str, &str)]) -> Self {
        let config = ProducerConfig::from_pairs(configs.iter().copied()).expect("valid configs");
        let spec = ProducerSpec {
            app: Default::default(),
            name: "shop".into(),
            config: Vec::new(),
            workload: None,
        };
        let bootstrap = [1, 2, 3].map(NodeId).to_vec();
        let producer = Producer::new(NodeId(1_001), spec, config, bootstrap);
        let mut story = Self { bench: Bench::new(), producer };
        story.bench.run(|cx| story.producer.start(cx));
        story
    }

    fn send(&mut self, values: &[&str]) {
        let records: Vec<NewRecord> = values.iter().map(|value| record(value)).collect();
        let producer = &mut self.producer;
        self.bench.run(|cx| producer.send(&"t".into(), &records, cx));
    }

    fn answer(&mut self, to: &Sent, body: Response) {
        let producer = &mut self.producer;
        self.bench.run(|cx| producer.on_response(to.to, to.lane, to.correlation, body, cx));
    }

    /// What a healthy cluster answers; none to a PRODUCE.
    fn usual(body: &Request, leaders: &[(i32, i32)]) -> Option<Response> {
        if matches!(body, Request::Metadata(_)) {
            Some(metadata_of("t", 1, leaders))
        } else if matches!(body, Request::InitProducerId(_)) {
            Some(identity(ErrorCode::None))
        } else {
            matches!(body, Request::ApiVersions).then_some(Response::ApiVersions)
        }
    }

    /// Answers what a healthy cluster would, until there is a PRODUCE; none if nothing more is asked.
    fn next_produce(
        &mut self,
        leaders: &[(i32, i32)],
    ) -> Option<(Sent, Vec<(TopicPartition, Batch)>)> {
        while let Some(sent) = self.bench.next() {
            match Self::usual(&sent.body, leaders) {
                Some(body) => self.answer(&sent, body),
                None => {
                    let Request::Produce(produce) = &sent.body else { unreachable!("{sent:?}") };
                    return Some((sent.clone(), produce.partitions.clone()));
                }
            }
        }
        None
    }

    /// Lets time run to the next timer, and that timer fire.
    fn tick(&mut self) {
        let (timer, at) = self.bench.timers.iter().min_by_key(|(_, at)| **at).expect("armed");
        let (timer, at) = (timer.clone(), *at);
        self.bench.timers.remove(&timer);
        self.bench.now = at.max(self.bench.now);
        let crate::node::Timer::Producer(timer) = timer else { unreachable!("its own timers") };
        let producer = &mut self.producer;
        self.bench.run(|cx| producer.on_timer(timer, cx));
    }

    /// Like `next_produce`, letting time run while nothing is asked.
    fn wait_for_produce(&mut self, leaders: &[(i32, i32)]) -> (Sent, Batch) {
        for _ in 0..1_000 {
            if let Some((sent, mut partitions)) = self.next_produce(leaders) {
                return (sent, partitions.remove(0).1);
            }
            self.tick();
        }
        unreachable!("no PRODUCE came")
    }

    fn done(&self) -> Vec<(RecordId, SendResult)> {
        let results = self.bench.facts.iter().filter_map(|fact| {
            let Fact::SendDone { record, result, .. } = fact else { return None };
            Some((*record, *result))
        });
        results.collect()
    }
}

fn record(value: &str) -> NewRecord {
    NewRecord { value: Some(value.as_bytes().into()), partition: Some(0), ..NewRecord::default() }
}

fn identity(error: ErrorCode) -> Response {
    let (producer_id, producer_epoch) = if error.is_ok() { (1_000, 0) } else { (-1, -1) };
    Response::InitProducerId(response::InitProducerId { error, producer_id, producer_epoch })
}

fn produced(error: ErrorCode, base_offset: i64) -> Response {
    let partition = ProducedPartition {
        record_errors: Vec::new(),
        tp: TP,
        error,
        base_offset,
        log_append_time: -1,
        log_start_offset: 0,
        current_leader: None,
    };
    Response::Produce(response::Produce { partitions: vec![partition], throttle_time_ms: 0 })
}

fn record_id(count: u32) -> RecordId {
    RecordId::of(NodeId(1_001), count)
}

#[test]
fn a_producer_greets_asks_for_metadata_gets_an_id_and_only_then_sends() {
    let mut story = Story::new(&[]);
    story.send(&["a", "b"]);
    let mut asked = Vec::new();
    let mut refused = false;
    for _ in 0..30 {
        let Some(sent) = story.bench.next() else {
            story.tick();
            continue;
        };
        asked.push(sent.body.key().name());
        let Some(mut body) = Story::usual(&sent.body, &[(2, 0)]) else { break };
        if matches!(body, Response::InitProducerId(_)) && !refused {
            refused = true;
            body = identity(ErrorCode::CoordinatorLoadInProgress);
        }
        story.answer(&sent, body);
    }
    asked.dedup();
    let expected = [
        "API_VERSIONS",
        "METADATA",
        "INIT_PRODUCER_ID",
        "API_VERSIONS",
        "INIT_PRODUCER_ID",
        "API_VERSIONS",
        "PRODUCE",
    ];
    let fits = asked == expected || asked == [&expected[..5], &expected[6..]].concat();
    assert!(fits, "{asked:?}");
    assert!(story.bench.now.as_ms() >= 100, "the refused request waits retry.backoff.ms");
}

#[test]
fn records_sent_together_share_a_batch_and_learn_their_offsets() {
    let mut story = Story::new(&[("acks", "1")]);
    story.send(&["a", "b", "c"]);
    let (sent, batch) = story.wait_for_produce(&[(2, 0)]);
    assert_eq!((sent.to, batch.records.len(), batch.size_bytes), (NodeId(2), 3, 61 + 3 * 8));
    assert_eq!((batch.producer_id, batch.base_sequence), (-1, -1));
    story.answer(&sent, produced(ErrorCode::None, 40));
    let expected = [1, 2, 3].map(|n| (record_id(n), SendResult::Acked(39 + i64::from(n))));
    assert_eq!(story.done(), expected);
}

#[test]
fn a_stale_leader_costs_a_refresh_and_the_same_batch_goes_to_the_new_one() {
    let mut story = Story::new(&[]);
    story.send(&["a"]);
    let (first, batch) = story.wait_for_produce(&[(1, 0)]);
    story.answer(&first, produced(ErrorCode::NotLeaderOrFollower, -1));
    let (second, again) = story.wait_for_produce(&[(2, 1)]);
    assert_eq!((first.to, second.to), (NodeId(1), NodeId(2)));
    assert_eq!(batch, again, "sequence and all");
    assert!(
        story
            .bench
            .facts
            .contains(&Fact::MetadataRequested { because: ErrorCode::NotLeaderOrFollower })
    );
}

#[test]
fn too_few_replicas_are_waited_for_until_the_delivery_timeout() {
    let mut story = Story::new(&[("delivery.timeout.ms", "5000"), ("request.timeout.ms", "2000")]);
    story.send(&["a"]);
    let mut sent_at = Vec::new();
    while story.done().is_empty() {
        match story.next_produce(&[(1, 0)]) {
            Some((sent, _)) => {
                sent_at.push(story.bench.now);
                story.answer(&sent, produced(ErrorCode::NotEnoughReplicas, -1));
            }
            None => story.tick(),
        }
    }
    assert_eq!(story.done(), [(record_id(1), SendResult::Failed("TimeoutException"))]);
    let gaps: Vec<u64> = sent_at.windows(2).map(|pair| (pair[1] - pair[0]).as_ms()).collect();
    for (gap, expected) in gaps.iter().zip([100, 200, 400, 800, 1_000, 1_000]) {
        assert!(gap * 10 >= expected * 8 && gap * 10 <= expected * 12, "{gaps:?}");
    }
    assert!(gaps.len() >= 6);
}

#[test]
fn a_gap_in_the_log_bumps_the_epoch_and_numbers_anew_from_zero() {
    let mut story = Story::new(&[]);
    story.send(&["a", "b"]);
    let (sent, batch) = story.wait_for_produce(&[(1, 0)]);
    assert_eq!((batch.producer_epoch, batch.base_sequence), (0, 0));
    story.answer(&sent, produced(ErrorCode::None, 0));
    story.send(&["c"]);
    let (sent, batch) = story.wait_for_produce(&[(1, 0)]);
    assert_eq!((batch.producer_epoch, batch.base_sequence), (0, 2));
    story.answer(&sent, produced(ErrorCode::OutOfOrderSequenceNumber, -1));
    let (sent, batch) = story.wait_for_produce(&[(1, 0)]);
    assert_eq!((batch.producer_id, batch.producer_epoch, batch.base_sequence), (1_000, 1, 0));
    story.answer(&sent, produced(ErrorCode::None, 1));
    assert_eq!(story.done().last(), Some(&(record_id(3), SendResult::Acked(1))));
}

#[test]
fn a_batch_that_is_too_large_is_cut_and_sent_again_at_once() {
    let mut story = Story::new(&[("linger.ms", "1000"), ("batch.size", "200")]);
    story.send(&["aaaaaaaaaaaaaaaaaaaaaaaaa"; 3]);
    let (sent, batch) = story.wait_for_produce(&[(1, 0)]);
    assert_eq!(batch.records.len(), 3);
    story.answer(&sent, produced(ErrorCode::MessageTooLarge, -1));
    let (sent, part) = story.wait_for_produce(&[(1, 0)]);
    assert_eq!((part.records.len(), part.base_sequence), (3, 0), "as large as batch.size allows");
    story.answer(&sent, produced(ErrorCode::None, 0));
    assert_eq!(story.done().len(), 3);
}

#[test]
fn a_part_that_is_still_too_large_is_cut_in_halves() {
    let mut story = Story::new(&[("linger.ms", "1000"), ("batch.size", "200")]);
    story.send(&["aaaaaaaaaaaaaaaaaaaaaaaaa"; 3]);
    let (sent, _) = story.wait_for_produce(&[(1, 0)]);
    story.answer(&sent, produced(ErrorCode::MessageTooLarge, -1));
    let (sent, part) = story.wait_for_produce(&[(1, 0)]);
    assert_eq!(part.records.len(), 3, "as large as batch.size allows");
    story.answer(&sent, produced(ErrorCode::MessageTooLarge, -1));
    for (sequence, count) in [(0, 1), (1, 1), (2, 1)] {
        let (sent, part) = story.wait_for_produce(&[(1, 0)]);
        assert_eq!((part.records.len(), part.base_sequence), (count, sequence));
        story.answer(&sent, produced(ErrorCode::None, i64::from(sequence)));
    }
    assert_eq!(story.done().len(), 3);
}

#[test]
fn an_unknown_topic_blocks_send_until_max_block_ms() {
    let mut story = Story::new(&[("max.block.ms", "1000")]);
    story.send(&["a"]);
    while story.done().is_empty() {
        match story.bench.next() {
            Some(sent) => {
                let mut body = Story::usual(&sent.body, &[]).expect("nothing can be sent");
                if let Response::Metadata(body) = &mut body {
                    body.topics[0].error = ErrorCode::UnknownTopicOrPartition;
                }
                story.answer(&sent, body);
            }
            None => story.tick(),
        }
    }
    assert_eq!(story.done(), [(record_id(1), SendResult::Failed("TimeoutException"))]);
    assert_eq!(story.bench.now.as_ms(), 1_000);
    assert!(story.bench.facts.contains(&Fact::SendBlocked { record: record_id(1) }));
}

#[test]
fn no_acknowledgement_is_waited_for_with_acks_zero() {
    let mut story = Story::new(&[("acks", "0")]);
    story.send(&["a"]);
    story.wait_for_produce(&[(1, 0)]);
    assert_eq!(story.done(), [(record_id(1), SendResult::Acked(-1))]);
}

#[test]
fn closing_sends_what_lingers_and_then_ends() {
    let mut story = Story::new(&[("linger.ms", "60000")]);
    story.wait_until_quiet();
    let producer = &mut story.producer;
    let workload = Workload {
        topic: "t".into(),
        events: [record("a")].into(),
        repeat: false,
        every: Micros::from_ms(1),
        burst: 1,
        jitter: Micros::ZERO,
        first_after: Micros::ZERO,
    };
    story.bench.run(|cx| producer.set_workload(Some(workload), cx));
    assert!(story.next_produce(&[(1, 0)]).is_none(), "it lingers");
    let producer = &mut story.producer;
    story.bench.run(|cx| producer.shut_down(cx));
    let (sent, _) = story.wait_for_produce(&[(1, 0)]);
    assert!(!story.bench.exited);
    story.answer(&sent, produced(ErrorCode::None, 0));
    assert!(story.bench.exited && story.done().len() == 1);
}

#[test]
fn a_killed_application_loses_what_it_had_not_sent_and_goes_on_counting() {
    let mut story = Story::new(&[]);
    story.send(&["a"]);
    story.producer.kill();
    assert!(!story.producer.sender().accumulator.has_incomplete());
    let producer = &mut story.producer;
    story.bench.requests.clear();
    story.bench.run(|cx| producer.start(cx));
    story.send(&["b"]);
    let (_, batch) = story.wait_for_produce(&[(1, 0)]);
    assert_eq!(batch.records[0].id, record_id(2));
}

#[test]
fn batches_under_way_are_retried_in_the_order_of_their_sequences_one_at_a_time() {
    let mut story = Story::new(&[("linger.ms", "0"), ("batch.size", "1")]);
    story.send(&[LONG; 3]);
    let mut first = Vec::new();
    for _ in 0..3 {
        let (sent, batch) = story.wait_for_produce(&[(1, 0)]);
        first.push((sent, batch.base_sequence));
    }
    assert_eq!(first.iter().map(|(_, base)| *base).collect::<Vec<_>>(), [0, 1, 2]);
    story.answer(&first[0].0, produced(ErrorCode::NotLeaderOrFollower, -1));
    story.answer(&first[1].0, produced(ErrorCode::OutOfOrderSequenceNumber, -1));
    story.answer(&first[2].0, produced(ErrorCode::OutOfOrderSequenceNumber, -1));
    for expected in 0..3 {
        let (sent, batch) = story.wait_for_produce(&[(2, 1)]);
        assert_eq!((batch.base_sequence, batch.producer_epoch), (expected, 0));
        assert!(story.next_produce(&[(2, 1)]).is_none(), "the others wait for this one");
        story.answer(&sent, produced(ErrorCode::None, i64::from(expected)));
    }
    assert_eq!(story.done().len(), 3);
}

#[test]
fn a_batch_that_expired_after_it_was_sent_costs_the_epoch() {
    let mut story = Story::new(&[("delivery.timeout.ms", "1000"), ("request.timeout.ms", "500")]);
    story.send(&["a"]);
    while story.done().is_empty() {
        match story.next_produce(&[(1, 0)]) {
            Some((sent, _)) => story.answer(&sent, produced(ErrorCode::NotEnoughReplicas, -1)),
            None => story.tick(),
        }
    }
    story.send(&["b"]);
    let (_, batch) = story.wait_for_produce(&[(1, 0)]);
    assert_eq!((batch.producer_epoch, batch.base_sequence), (1, 0));
}

#[test]
fn with_one_request_under_way_a_partition_waits_for_its_answer() {
    let mut story = Story::new(&[
        ("max.in.flight.requests.per.connection", "1"),
        ("batch.size", "1"),
        ("enable.idempotence", "false"),
    ]);
    story.send(&[LONG; 2]);
    let (first, batch) = story.wait_for_produce(&[(1, 0)]);
    assert!(story.next_produce(&[(1, 0)]).is_none());
    story.answer(&first, produced(ErrorCode::NotLeaderOrFollower, -1));
    let (_, again) = story.wait_for_produce(&[(2, 1)]);
    assert_eq!(batch.records[0].id, again.records[0].id, "the first stays the first");
}

#[test]
fn a_silent_broker_is_hung_up_on_and_the_batch_goes_elsewhere() {
    let mut story = Story::new(&[]);
    story.send(&["a"]);
    let (_, batch) = story.wait_for_produce(&[(1, 0)]);
    let sent_at = story.bench.now;
    let (second, again) = story.wait_for_produce(&[(2, 1)]);
    assert_eq!((batch, second.to), (again, NodeId(2)));
    assert_eq!((story.bench.now - sent_at).as_ms() / 1_000, 30, "request.timeout.ms");
    assert_eq!(story.bench.closed, [NodeId(1)]);
}

#[test]
fn a_full_buffer_blocks_send_until_a_batch_is_acknowledged() {
    let mut story = Story::new(&[("buffer.memory", "100"), ("batch.size", "100")]);
    story.send(&["a", "b", "c", "d", "e", "f"]);
    let (sent, batch) = story.wait_for_produce(&[(1, 0)]);
    assert_eq!(batch.records.len(), 4, "61 + 4 * 8 bytes fit, a fifth does not");
    assert!(story.bench.facts.contains(&Fact::SendBlocked { record: record_id(5) }));
    story.answer(&sent, produced(ErrorCode::None, 0));
    let (_, batch) = story.wait_for_produce(&[(1, 0)]);
    assert_eq!(batch.records[0].id, record_id(5));
}

#[test]
fn a_record_that_is_too_large_fails_before_it_is_sent() {
    let mut story = Story::new(&[("max.request.size", "90")]);
    story.send(&["aaaaaaaaaaaaaaaaaaaa"]);
    while story.done().is_empty() {
        assert!(story.next_produce(&[(1, 0)]).is_none());
    }
    assert_eq!(story.done(), [(record_id(1), SendResult::Failed("RecordTooLargeException"))]);
}

#[test]
fn a_record_that_no_producer_record_can_be_made_of_fails_at_once() {
    let mut story = Story::new(&[]);
    let producer = &mut story.producer;
    let wrong = [
        NewRecord { partition: Some(-1), ..record("a") },
        NewRecord { timestamp: Some(-1), ..record("b") },
    ];
    story.bench.run(|cx| producer.send(&"t".into(), &wrong, cx));
    let expected = [1, 2].map(|n| (record_id(n), SendResult::Failed("IllegalArgumentException")));
    assert_eq!(story.done(), expected);
}

impl Story {
    fn wait_until_quiet(&mut self) {
        while self.next_produce(&[(1, 0)]).is_some() {}
    }
}
