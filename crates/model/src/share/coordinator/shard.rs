//! One partition of the share coordinator's topic (`ShareCoordinatorShard`).
//!
//! Invariant: a leader or a group coordinator that was succeeded changes nothing any more.

use super::records::{self, Stored};
use super::state::ShareState;
use crate::api::ErrorCode;
use crate::api::share::{StateSummary, StoredState, WrittenState};
use crate::controller::image::MetadataImage;
use crate::group::{OffsetsLog, OffsetsRecord};
use crate::ids::{EpochMs, LeaderEpoch, Offset, TopicId};
use crate::share::ShareKey;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use kafkascope_kernel::FlatMap;

/// `share.coordinator.snapshot.update.records.per.snapshot`.
const UPDATES_PER_SNAPSHOT: i32 = 500;

/// What a row of a request is answered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Row {
    Done,
    State(StoredState),
    Summary(StateSummary),
}

/// An append that is not durable yet, and the row of a request that waits for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Pending {
    pub until: Offset,
    pub request: u32,
    pub row: u32,
}

/// A partition of the topic that this broker leads.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ShareShard {
    /// Which partition.
    pub partition: i32,
    /// Whether it has been read to its end.
    pub is_loaded: bool,
    /// Share partitions.
    pub states: FlatMap<ShareKey, ShareState>,
    pub(super) pending: VecDeque<Pending>,
}

impl ShareShard {
    pub(super) const fn loading(partition: i32) -> Self {
        Self { partition, is_loaded: false, states: FlatMap::new(), pending: VecDeque::new() }
    }

    pub(super) fn load(&mut self, log: &dyn OffsetsLog) {
        for batch in log.batches(self.partition) {
            for record in batch.records.iter() {
                let key = record.key.as_deref().unwrap_or_default();
                if let Some(stored) = records::read(key, record.value.as_deref()) {
                    self.replay(stored);
                }
            }
        }
        self.is_loaded = true;
    }

    fn replay(&mut self, stored: Stored) {
        match stored {
            Stored::Snapshot(key, Some(state)) => {
                self.states.insert(key, state);
            }
            Stored::Snapshot(key, None) => {
                self.states.remove(&key);
            }
            Stored::Update(key, written) => {
                if let Some(state) = self.states.get_mut(&key) {
                    state.updates += 1;
                    state.merge(&written);
                }
            }
        }
    }

    pub(super) fn initialize(
        &mut self,
        key: &ShareKey,
        state_epoch: i32,
        start_offset: Offset,
        image: &MetadataImage,
        now: EpochMs,
    ) -> Result<OffsetsRecord, ErrorCode> {
        exists(key, image)?;
        let known = self.states.get(key);
        if known.is_some_and(|known| known.state_epoch > state_epoch) {
            return Err(ErrorCode::FencedStateEpoch);
        }
        let snapshot_epoch = known.map_or(0, |known| known.snapshot_epoch + 1);
        let state = ShareState::initialized(state_epoch, start_offset, snapshot_epoch);
        let record = records::snapshot(key, &state, now);
        self.states.insert(key.clone(), state);
        Ok(record)
    }

    /// The leader's own epoch is written down if it is news.
    pub(super) fn read(
        &mut self,
        key: &ShareKey,
        leader_epoch: LeaderEpoch,
        image: &MetadataImage,
    ) -> Result<(StoredState, Option<OffsetsRecord>), ErrorCode> {
        let state = self.state_for(key, leader_epoch, image)?;
        let stored = state.stored();
        if leader_epoch < 0 || state.leader_epoch == leader_epoch {
            return Ok((stored, None));
        }
        let written = WrittenState {
            tp: key.tp,
            state_epoch: state.state_epoch,
            leader_epoch,
            start_offset: state.start_offset,
            delivery_complete_count: state.delivery_complete_count,
            batches: Vec::new(),
        };
        state.updates += 1;
        state.merge(&written);
        Ok((stored, Some(records::update(key, state.snapshot_epoch, &written))))
    }

    pub(super) fn write(
        &mut self,
        key: &ShareKey,
        written: &WrittenState,
        image: &MetadataImage,
        now: EpochMs,
    ) -> Result<OffsetsRecord, ErrorCode> {
        let state = self.state_for(key, written.leader_epoch, image)?;
        if written.state_epoch >= 0 && state.state_epoch > written.state_epoch {
            return Err(ErrorCode::FencedStateEpoch);
        }
        state.merge(written);
        if state.updates >= UPDATES_PER_SNAPSHOT {
            state.updates = 0;
            state.snapshot_epoch += 1;
            return Ok(records::snapshot(key, state, now));
        }
        state.updates += 1;
        Ok(records::update(key, state.snapshot_epoch, written))
    }

    /// What there is; nothing is not an error.
    pub(super) fn summary(
        &self,
        key: &ShareKey,
        image: &MetadataImage,
    ) -> Result<StateSummary, ErrorCode> {
        exists(key, image)?;
        let none = StateSummary {
            state_epoch: 0,
            leader_epoch: 0,
            start_offset: -1,
            delivery_complete_count: -1,
        };
        Ok(self.states.get(key).map_or(none, ShareState::summary))
    }

    pub(super) fn delete(&mut self, key: &ShareKey) -> Option<OffsetsRecord> {
        self.states.remove(key).map(|_| records::tombstone(key))
    }

    /// The topic is gone, and with it what was kept of it.
    pub(super) fn forget_topic(&mut self, topic: TopicId) -> Vec<OffsetsRecord> {
        let gone = self.states.keys().filter(|key| key.tp.topic == topic);
        let records = gone.map(records::tombstone).collect();
        self.states.retain(|key, _| key.tp.topic != topic);
        records
    }

    fn state_for(
        &mut self,
        key: &ShareKey,
        leader_epoch: LeaderEpoch,
        image: &MetadataImage,
    ) -> Result<&mut ShareState, ErrorCode> {
        let state = self.states.get_mut(key).ok_or(ErrorCode::InvalidRequest)?;
        if leader_epoch >= 0 && state.leader_epoch > leader_epoch {
            return Err(ErrorCode::FencedLeaderEpoch);
        }
        exists(key, image)?;
        Ok(state)
    }
}

fn exists(key: &ShareKey, image: &MetadataImage) -> Result<(), ErrorCode> {
    image.partition(key.tp).map(|_| ()).ok_or(ErrorCode::UnknownTopicOrPartition)
}
