//! Stories of records that wait.
//!
//! Invariant: one broker leads every partition, so that order is the accumulator's own.

use super::*;
use crate::api::Response;
use crate::client::metadata::{Metadata, MetadataConfig};
use crate::client::testing::{Bench, metadata_of};
use alloc::vec;

const NODE: NodeId = NodeId(1);

struct Story {
    bench: Bench,
    accumulator: RecordAccumulator,
    metadata: Metadata,
    appended: u32,
}

impl Story {
    fn new(partitions: usize, change: impl FnOnce(&mut AccumulatorConfig)) -> Self {
        let mut config = AccumulatorConfig {
            one_a_request: false,
            batch_size: 16_384,
            linger: Micros::from_ms(5),
            buffer_memory: 33_554_432,
            max_request_size: 1_048_576,
            delivery_timeout: Micros::from_ms(120_000),
            adaptive: true,
            availability_timeout: None,
        };
        change(&mut config);
        let metadata_config = MetadataConfig {
            retry_backoff_ms: 100,
            retry_backoff_max_ms: 1_000,
            max_age: Micros::from_ms(300_000),
            max_idle: None,
            allow_auto_create: true,
        };
        let mut story = Self {
            bench: Bench::new(),
            accumulator: RecordAccumulator::new(config),
            metadata: Metadata::new(metadata_config, vec![NODE]),
            appended: 0,
        };
        story.metadata.add_topic(&"t".into(), SimTime::ZERO);
        let (_, asked) = story.metadata.new_request(SimTime::ZERO);
        let answer = metadata_of("t", 1, &vec![(1, 0); partitions]);
        let Response::Metadata(answer) = answer else { unreachable!("made just now") };
        let metadata = &mut story.metadata;
        story.bench.run(|cx| metadata.update(asked, answer, cx));
        story
    }

    fn append(&mut self, partition: Option<i32>, value_bytes: usize) -> Appended {
        self.appended += 1;
        let id = RecordId::of(NodeId(1_001), self.appended);
        let record = NewRecord {
            key: Some([0_u8; 2].as_slice().into()),
            value: Some(vec![0_u8; value_bytes].into()),
            ..NewRecord::default()
        };
        let name: Name = "t".into();
        let known = self.metadata.cluster().topic("t").expect("fetched");
        let accumulator = &mut self.accumulator;
        self.bench.run(|cx| accumulator.append((&name, known), partition, (id, &record, 0), cx))
    }

    fn ready(&mut self) -> Ready {
        self.accumulator.ready(self.metadata.cluster(), self.bench.now)
    }

    fn drain(&mut self) -> Vec<BatchId> {
        self.accumulator.drain(NODE, self.metadata.cluster(), None, self.bench.now)
    }

    fn partitions(&self, drained: &[BatchId]) -> Vec<i32> {
        drained.iter().map(|id| self.accumulator.batches[id].slot.partition).collect()
    }
}

#[test]
fn a_batch_takes_what_fits_by_kafkas_own_count() {
    let mut story = Story::new(1, |config| config.batch_size = 300);
    for _ in 0..9 {
        story.append(Some(0), 40);
    }
    let sizes: Vec<(u32, u32)> = story
        .accumulator
        .batches
        .values()
        .map(|batch| (batch.count(), batch.size_bytes()))
        .collect();
    assert_eq!(sizes, [(4, 257), (4, 257), (1, 110)]);
}

#[test]
fn a_half_full_batch_lingers_and_a_full_one_does_not() {
    let mut story = Story::new(1, |config| config.batch_size = 300);
    story.append(Some(0), 40);
    let ready = story.ready();
    assert_eq!((ready.nodes.len(), ready.next_check), (0, Some(SimTime::from_ms(5))));
    story.bench.wait_ms(5);
    assert!(story.ready().nodes.contains(&NODE));
    story.bench.wait_ms(1);
    for _ in 0..4 {
        story.append(Some(0), 40);
    }
    assert!(story.ready().nodes.contains(&NODE), "a second batch began");
}

#[test]
fn flushing_hurries_everything() {
    let mut story = Story::new(1, |_| {});
    story.append(Some(0), 40);
    assert!(story.ready().nodes.is_empty());
    story.accumulator.flushing = true;
    assert!(story.ready().nodes.contains(&NODE));
}

#[test]
fn a_request_takes_one_batch_a_partition_and_the_next_begins_where_it_ended() {
    let mut story = Story::new(3, |config| {
        config.batch_size = 300;
        config.max_request_size = 600;
    });
    for partition in [0, 1, 2, 0, 1, 2] {
        for _ in 0..4 {
            story.append(Some(partition), 40);
        }
    }
    let mut turns = Vec::new();
    for _ in 0..3 {
        let drained = story.drain();
        turns.push(story.partitions(&drained));
    }
    assert_eq!(turns, [[0, 1], [2, 0], [1, 2]], "two batches of 257 bytes fit a request");
}

#[test]
fn a_full_buffer_takes_no_new_batch_until_one_is_done() {
    let mut story = Story::new(2, |config| {
        config.batch_size = 300;
        config.buffer_memory = 300;
    });
    assert!(matches!(story.append(Some(0), 40), Appended::Yes { wake: true, .. }));
    assert!(matches!(story.append(Some(0), 40), Appended::Yes { wake: false, .. }));
    assert_eq!(story.append(Some(1), 40), Appended::BufferFull);
    story.accumulator.flushing = true;
    let drained = story.drain();
    assert_eq!(story.append(Some(1), 40), Appended::BufferFull, "sent is not done");
    story.accumulator.remove(drained[0]);
    assert!(matches!(story.append(Some(1), 40), Appended::Yes { .. }));
}

#[test]
fn a_muted_partition_waits_and_a_retry_backs_off() {
    let mut story = Story::new(1, |config| config.linger = Micros::ZERO);
    story.append(Some(0), 40);
    let slot = Slot { topic: "t".into(), partition: 0 };
    story.accumulator.mute(&slot, true);
    assert!(story.ready().nodes.is_empty() && story.drain().is_empty());
    story.accumulator.mute(&slot, false);
    let id = story.drain()[0];
    let (now, wait) = (story.bench.now, Micros::from_ms(100));
    story.accumulator.batches.get_mut(&id).expect("not done").put_back(now, wait);
    story.accumulator.put_back(id);
    assert!(story.drain().is_empty());
    assert_eq!(story.ready().next_check, Some(SimTime::from_ms(100)));
    story.bench.wait_ms(100);
    assert_eq!(story.drain(), [id]);
}

#[test]
fn keyless_records_avoid_a_broker_that_takes_nothing() {
    let mut story = Story::new(3, |config| {
        config.availability_timeout = Some(Micros::from_ms(100));
        config.batch_size = 300;
    });
    for partition in 0..3 {
        story.append(Some(partition), 40);
    }
    let node = NODE;
    story.accumulator.note_latency(node, true, story.bench.now);
    story.bench.wait_ms(101);
    story.accumulator.note_latency(node, false, story.bench.now);
    assert!(is_slow(story.accumulator.latencies.get(&node), Some(Micros::from_ms(100))));
    story.accumulator.note_latency(node, true, story.bench.now);
    assert!(!is_slow(story.accumulator.latencies.get(&node), Some(Micros::from_ms(100))));
}

#[test]
fn keyless_records_fill_one_partition_after_the_other() {
    let mut story = Story::new(3, |config| config.batch_size = 300);
    let mut switches = 0;
    let mut last = None;
    for _ in 0..60 {
        let Appended::Yes { tp, .. } = story.append(None, 40) else { unreachable!("room enough") };
        switches += u32::from(last.is_some_and(|last| last != tp.partition));
        last = Some(tp.partition);
    }
    assert!(
        (3..=15).contains(&switches),
        "about every sixth record, two times of three: {switches}"
    );
}
