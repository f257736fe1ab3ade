//! Registration and heartbeats of brokers (`ClusterControlManager`, `ReplicationControlManager.processBrokerHeartbeat`).
//!
//! Invariant: a broker id belongs to one process at a time.

use super::broker_changes;
use super::records::MetadataRecord;
use super::sessions::Sessions;
use super::view::View;
use crate::api::ErrorCode;
use crate::api::request::{BrokerHeartbeat, BrokerRegistration};
use crate::ids::{BrokerEpoch, Offset};
use crate::trace::ChangeReason;
use alloc::vec;
use alloc::vec::Vec;
use kafkascope_kernel::{Micros, SimTime};

/// Where a heartbeat takes a broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BrokerControlState {
    /// Serves no client.
    Fenced,
    /// Serves.
    Unfenced,
    /// Hands over.
    ControlledShutdown,
    /// May end.
    ShutdownNow,
}

/// Records of a registration, and the broker's epoch.
pub fn register(
    view: &View<'_>,
    request: &BrokerRegistration,
    sessions: &Sessions,
    end: Offset,
    now: SimTime,
    timeout: Micros,
) -> Result<(Vec<MetadataRecord>, BrokerEpoch), ErrorCode> {
    let broker = request.broker_id;
    let held = view.image.brokers.get(&broker);
    let mut epoch = end;
    let mut records = Vec::new();
    if let Some(held) = held {
        let same = held.incarnation == request.incarnation_id;
        let alive = sessions.is_valid(broker, held.epoch, now, timeout);
        if alive && !same && !held.in_controlled_shutdown {
            return Err(ErrorCode::DuplicateBrokerRegistration);
        }
        if same {
            epoch = held.epoch;
        } else if held.epoch == request.previous_broker_epoch {
            records = broker_changes::clean_return(view, broker);
        } else {
            records = broker_changes::unclean_return(view, broker);
        }
    }
    records.push(MetadataRecord::RegisterBroker {
        broker,
        epoch,
        incarnation: request.incarnation_id,
        rack: request.rack.clone(),
        fenced: true,
    });
    Ok((records, epoch))
}

/// The state that a heartbeat leads to (`BrokerHeartbeatManager.calculateNextBrokerState`).
pub fn next_state(
    view: &View<'_>,
    beat: &BrokerHeartbeat,
    sessions: &Sessions,
) -> BrokerControlState {
    let broker = &view.image.brokers[&beat.broker_id];
    let leads = || broker_changes::has_leaderships(view, beat.broker_id);
    if broker.fenced {
        return if beat.want_shut_down {
            BrokerControlState::ShutdownNow
        } else if !beat.want_fence && beat.current_metadata_offset >= broker.epoch {
            BrokerControlState::Unfenced
        } else {
            BrokerControlState::Fenced
        };
    }
    if broker.in_controlled_shutdown {
        return if leads() || !sessions.others_know(beat.broker_id, view.image) {
            BrokerControlState::ControlledShutdown
        } else {
            BrokerControlState::ShutdownNow
        };
    }
    match (beat.want_fence, beat.want_shut_down) {
        (true, true) => BrokerControlState::ShutdownNow,
        (true, false) => BrokerControlState::Fenced,
        (false, true) if leads() => BrokerControlState::ControlledShutdown,
        (false, true) => BrokerControlState::ShutdownNow,
        (false, false) => BrokerControlState::Unfenced,
    }
}

/// Records that bring a broker from its present state to `next`, and why.
pub fn transition(
    view: &View<'_>,
    beat: &BrokerHeartbeat,
    next: BrokerControlState,
) -> (Vec<MetadataRecord>, ChangeReason) {
    let id = beat.broker_id;
    let broker = &view.image.brokers[&id];
    match next {
        BrokerControlState::Fenced if !broker.fenced => {
            (broker_changes::fence(view, id), ChangeReason::Fenced)
        }
        BrokerControlState::ShutdownNow if !broker.fenced => {
            (broker_changes::fence(view, id), ChangeReason::ControlledShutdown)
        }
        BrokerControlState::Unfenced if broker.fenced => {
            (broker_changes::unfence(view, id), ChangeReason::Unfenced)
        }
        BrokerControlState::ControlledShutdown => {
            (broker_changes::begin_controlled_shutdown(view, id), ChangeReason::ControlledShutdown)
        }
        BrokerControlState::Fenced
        | BrokerControlState::ShutdownNow
        | BrokerControlState::Unfenced => (vec![], ChangeReason::Unfenced),
    }
}
