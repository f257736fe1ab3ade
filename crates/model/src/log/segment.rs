//! One segment of a log: a file of batches with a base offset (`org.apache.kafka.storage.internals.log.LogSegment`).
//!
//! Batches lie in shared chunks, so that a snapshot of a world copies at most the chunk being filled. Invariant: chunks are
//! never empty, and the offsets of their batches rise.

use super::Batch;
use crate::config::topic::TopicConfig;
use crate::ids::{EpochMs, Offset};
use alloc::sync::Arc;
use alloc::vec::Vec;

/// How many batches a chunk holds.
const CHUNK: usize = 32;

/// A part of a log.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Segment {
    /// The offset its file is named after.
    pub base_offset: Offset,
    /// Bytes of its batches.
    pub size_bytes: u64,
    /// Timestamp of its first batch; -1 while empty.
    pub first_timestamp: EpochMs,
    /// Largest timestamp in it; -1 while empty.
    pub max_timestamp: EpochMs,
    /// Wall clock when it was created.
    pub created: EpochMs,
    chunks: Vec<Arc<Vec<Batch>>>,
}

impl Segment {
    /// An empty segment.
    pub const fn new(base_offset: Offset, created: EpochMs) -> Self {
        Self {
            base_offset,
            size_bytes: 0,
            first_timestamp: -1,
            max_timestamp: -1,
            created,
            chunks: Vec::new(),
        }
    }

    /// Whether it holds nothing.
    pub const fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// What retention takes for its age: its largest timestamp, else when it was created (`LogSegment.largestTimestamp`).
    pub const fn largest_timestamp(&self) -> EpochMs {
        if self.max_timestamp >= 0 { self.max_timestamp } else { self.created }
    }

    /// Whether a new segment must begin before a batch of this size and timestamp (`LogSegment.shouldRoll`).
    pub fn should_roll(&self, batch: &Batch, now: EpochMs, config: &TopicConfig) -> bool {
        self.should_roll_with(batch, now, config, self.roll_jitter(config))
    }

    /// The same with a given jitter, in milliseconds.
    pub fn should_roll_with(
        &self,
        batch: &Batch,
        now: EpochMs,
        config: &TopicConfig,
        jitter: i64,
    ) -> bool {
        if self.is_empty() {
            return false;
        }
        let full = self.size_bytes + u64::from(batch.size_bytes)
            > config.segment_bytes.unsigned_abs().into();
        let waited = if self.first_timestamp >= 0 {
            batch.max_timestamp - self.first_timestamp
        } else {
            now - self.created
        };
        let span = batch.base_offset + i64::from(batch.last_offset_delta) - self.base_offset;
        let patience = config.segment_ms - jitter;
        full || waited > patience || span > i64::from(i32::MAX)
    }

    /// How much of `segment.ms` this segment does without: at random in Kafka, here drawn from its offset and time.
    fn roll_jitter(&self, config: &TopicConfig) -> i64 {
        let most = config.segment_jitter_ms.min(config.segment_ms);
        if most <= 0 {
            return 0;
        }
        let mixed =
            (self.base_offset ^ self.created).unsigned_abs().wrapping_mul(0x9e37_79b9_7f4a_7c15);
        ((mixed >> 33) % most.unsigned_abs()) as i64
    }

    /// Adds a batch behind the others.
    pub fn push(&mut self, batch: Batch) {
        if self.is_empty() {
            self.first_timestamp = batch.max_timestamp;
        }
        self.max_timestamp = self.max_timestamp.max(batch.max_timestamp);
        self.size_bytes += u64::from(batch.size_bytes);
        match self.chunks.last_mut() {
            Some(chunk) if chunk.len() < CHUNK => Arc::make_mut(chunk).push(batch),
            Some(_) | None => {
                let mut chunk = Vec::with_capacity(CHUNK);
                chunk.push(batch);
                self.chunks.push(Arc::new(chunk));
            }
        }
    }

    /// The batches from the one that holds `offset`, or the first after it.
    pub fn batches_from(&self, offset: Offset) -> impl Iterator<Item = &Batch> {
        let first = self.chunks.partition_point(|chunk| ends_below(chunk, offset));
        let skip = self
            .chunks
            .get(first)
            .map_or(0, |chunk| chunk.partition_point(|batch| batch.last_offset() < offset));
        self.chunks[first..].iter().flat_map(|chunk| chunk.iter()).skip(skip)
    }

    /// Every batch in order.
    pub fn batches(&self) -> impl Iterator<Item = &Batch> {
        self.chunks.iter().flat_map(|chunk| chunk.iter())
    }

    /// The last batch.
    pub fn last_batch(&self) -> Option<&Batch> {
        self.chunks.last().and_then(|chunk| chunk.last())
    }

    /// Breaks the batch that holds `offset`: where it begins.
    pub fn corrupt(&mut self, offset: Offset) -> Option<Offset> {
        let chunk = self.chunks.iter_mut().find(|chunk| !ends_below(chunk, offset))?;
        let batch = Arc::make_mut(chunk).iter_mut().find(|batch| batch.last_offset() >= offset)?;
        batch.corrupt = true;
        Some(batch.base_offset)
    }

    /// Removes every batch that reaches `offset` or beyond.
    pub fn truncate(&mut self, offset: Offset) {
        while let Some(chunk) = self.chunks.last_mut() {
            let keep = chunk.partition_point(|batch| batch.last_offset() < offset);
            if keep == chunk.len() {
                break;
            }
            if keep == 0 {
                self.chunks.pop();
            } else {
                Arc::make_mut(chunk).truncate(keep);
            }
        }
        self.measure();
    }

    fn measure(&mut self) {
        let (mut size, mut first, mut max) = (0, -1, -1);
        for batch in self.batches() {
            if size == 0 {
                first = batch.max_timestamp;
            }
            size += u64::from(batch.size_bytes);
            max = batch.max_timestamp.max(max);
        }
        (self.size_bytes, self.first_timestamp, self.max_timestamp) = (size, first, max);
    }
}

fn ends_below(chunk: &[Batch], offset: Offset) -> bool {
    chunk.last().is_some_and(|batch| batch.last_offset() < offset)
}
