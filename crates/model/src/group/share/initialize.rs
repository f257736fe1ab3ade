//! Making partitions of subscribed topics known to the share coordinator before they are assigned
//! (`maybeCreateInitializeShareGroupStateRequest`, `initializeShareGroupState`).
//!
//! Invariant: a partition is assigned only after the share coordinator said that it keeps its state.

use super::{Initialized, ShareGroup};
use crate::controller::image::MetadataImage;
use crate::ids::{EpochMs, Name, TopicId, TopicPartition};
use alloc::vec::Vec;
use kafkascope_kernel::{FlatMap, FlatSet};

/// How long an answer may take before the request is made again (`group.share.initialize.retry.interval.ms`).
const RETRY_MS: i64 = 30_000;

impl ShareGroup {
    /// Partitions that are neither shared nor about to be (`subscribedTopicsChangeMap`); they are about to be now.
    pub(super) fn begin_initializing(
        &mut self,
        image: &MetadataImage,
        now: EpochMs,
    ) -> Vec<TopicPartition> {
        let mut begun = Vec::new();
        for name in self.topics() {
            let Some((topic, known)) = image.topic(&name) else { continue };
            let count = i32::try_from(known.partitions.len()).unwrap_or(i32::MAX);
            let under_way = self.initializing.get(&topic).filter(|own| now - own.at < RETRY_MS);
            let done = self.initialized.get(&topic);
            let settled: FlatSet<i32> = [under_way, done]
                .into_iter()
                .flatten()
                .flat_map(|own| own.partitions.iter().copied())
                .collect();
            let missing: FlatSet<i32> = (0..count).filter(|at| !settled.contains(at)).collect();
            if missing.is_empty() {
                continue;
            }
            begun.extend(missing.iter().map(|index| TopicPartition::new(topic, *index)));
            merge(
                &mut self.initializing,
                topic,
                Initialized { name, partitions: missing, at: now },
            );
        }
        self.waiting.extend(begun.iter().copied());
        begun
    }

    /// The share coordinator answered for one partition; whether that was the last answer that was waited for.
    pub fn on_initialized(&mut self, tp: TopicPartition, ok: bool, now: EpochMs) -> bool {
        if !self.waiting.remove(&tp) {
            return false;
        }
        self.failed |= !ok;
        self.arrived.insert(tp);
        if !self.waiting.is_empty() {
            return false;
        }
        let failed = core::mem::take(&mut self.failed);
        for tp in core::mem::take(&mut self.arrived) {
            self.end_initializing(tp, !failed, now);
        }
        true
    }

    /// A partition is shared from now on.
    pub fn share(&mut self, tp: TopicPartition, name: Name, now: EpochMs) {
        let partitions = FlatSet::from([tp.partition]);
        merge(&mut self.initialized, tp.topic, Initialized { name, partitions, at: now });
    }

    /// Topics that are gone are shared no more.
    pub fn forget_topic(&mut self, topic: TopicId) -> bool {
        let known = self.initialized.remove(&topic).is_some();
        self.initializing.remove(&topic).is_some() || known
    }

    /// The answers to what a former coordinator asked will not come here.
    pub fn restart_initializing(&mut self) {
        self.waiting.clear();
        self.arrived.clear();
    }

    fn end_initializing(&mut self, tp: TopicPartition, ok: bool, now: EpochMs) {
        let Some(under_way) = self.initializing.get_mut(&tp.topic) else { return };
        under_way.partitions.remove(&tp.partition);
        let name = under_way.name.clone();
        if under_way.partitions.is_empty() {
            self.initializing.remove(&tp.topic);
        }
        if ok {
            let partitions = FlatSet::from([tp.partition]);
            merge(&mut self.initialized, tp.topic, Initialized { name, partitions, at: now });
        }
    }
}

fn merge(map: &mut FlatMap<TopicId, Initialized>, topic: TopicId, news: Initialized) {
    match map.get_mut(&topic) {
        Some(known) => {
            known.partitions.extend(news.partitions);
            known.at = news.at;
        }
        None => {
            map.insert(topic, news);
        }
    }
}
