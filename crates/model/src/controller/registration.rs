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
    let (mut epoch, mut fenced) = (end, true);
    let mut records = Vec::new();
    if let Some(held) = held {
        let same = held.incarnation == request.incarnation_id;
        let alive = sessions.is_valid(broker, held.epoch, now, timeout);
        if alive && !same {
            return Err(ErrorCode::DuplicateBrokerRegistration);
        }
        if same {
            (epoch, fenced) = (held.epoch, held.fenced);
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
        fenced,
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

#[cfg(test)]
mod tests {
    use super::super::testing::{Desk, ids};
    use super::*;
    use crate::ids::NodeId;

    const TIMEOUT: Micros = Micros::from_ms(9_000);

    fn request(incarnation_id: u64, previous_broker_epoch: BrokerEpoch) -> BrokerRegistration {
        BrokerRegistration {
            broker_id: NodeId(1),
            incarnation_id,
            rack: None,
            previous_broker_epoch,
        }
    }

    /// Broker 1 of three, which was heard of at 10 s.
    fn heard() -> (Desk, Sessions, BrokerEpoch) {
        let desk = Desk::with_topic(3, &[&[1, 2, 3]]);
        let epoch = desk.image.brokers[&NodeId(1)].epoch;
        let mut sessions = Sessions::default();
        sessions.touch(NodeId(1), epoch, 0, SimTime::from_ms(10_000));
        (desk, sessions, epoch)
    }

    #[test]
    fn an_id_is_taken_until_the_session_of_its_last_process_ends() {
        let (desk, sessions, epoch) = heard();
        let held = desk.image.brokers[&NodeId(1)].incarnation;
        let duplicate = Some(ErrorCode::DuplicateBrokerRegistration);
        // incarnation, moment, what becomes of it
        let cases = [
            (99, 10_500, duplicate),
            (99, 19_000, duplicate),
            (99, 19_001, None),
            (held, 10_500, None),
        ];
        for (incarnation, ms, refusal) in cases {
            let now = SimTime::from_ms(ms);
            let decided =
                register(&desk.view(), &request(incarnation, -1), &sessions, 50, now, TIMEOUT);
            assert_eq!(decided.as_ref().err().copied(), refusal, "{incarnation} at {ms}");
            if let Ok((_, new_epoch)) = decided {
                assert_eq!(new_epoch, if incarnation == held { epoch } else { 50 });
            }
        }
    }

    #[test]
    fn a_broker_that_asks_again_stays_what_it_was() {
        let (mut desk, sessions, epoch) = heard();
        let held = desk.image.brokers[&NodeId(1)].clone();
        assert!(!held.fenced, "it serves");
        let again = request(held.incarnation, -1);
        let now = SimTime::from_ms(10_500);
        let (records, _) =
            register(&desk.view(), &again, &sessions, 50, now, TIMEOUT).expect("its own id");
        desk.apply(&records);
        assert_eq!(desk.image.brokers[&NodeId(1)], held, "epoch {epoch}");
    }

    #[test]
    fn after_a_crash_a_broker_is_out_of_every_isr_and_elr_after_a_clean_stop_only_of_isrs() {
        let (mut desk, sessions, epoch) = heard();
        for broker in [2, 3, 1] {
            let records = broker_changes::fence(&desk.view(), NodeId(broker));
            desk.apply(&records);
        }
        assert_eq!(desk.partition(0).elr, ids(&[1]), "the last one out");
        let now = SimTime::from_ms(60_000);
        for (previous, elr) in [(epoch, ids(&[1])), (-1, ids(&[]))] {
            let decided =
                register(&desk.view(), &request(99, previous), &sessions, 50, now, TIMEOUT);
            let (records, _) = decided.expect("the old process is gone");
            let mut after = Desk { image: desk.image.clone(), node: desk.node.clone() };
            after.apply(&records);
            assert_eq!(after.partition(0).elr, elr);
            assert!(after.image.brokers[&NodeId(1)].fenced);
        }
    }

    #[test]
    fn heartbeats_lead_a_broker_from_fenced_to_serving_and_out_again() {
        use BrokerControlState::{ControlledShutdown, Fenced, ShutdownNow, Unfenced};
        // fenced, leaving, leads, wants the fence, wants to end, caught up, next state
        let cases = [
            (true, false, true, true, false, true, Fenced),
            (true, false, true, false, false, false, Fenced),
            (true, false, true, false, false, true, Unfenced),
            (true, false, true, false, true, true, ShutdownNow),
            (false, false, true, false, false, true, Unfenced),
            (false, false, true, true, false, true, Fenced),
            (false, false, true, false, true, true, ControlledShutdown),
            (false, false, false, false, true, true, ShutdownNow),
            (false, false, true, true, true, true, ShutdownNow),
            (false, true, true, false, true, true, ControlledShutdown),
            (false, true, false, false, true, true, ShutdownNow),
        ];
        for (fenced, leaving, leads, want_fence, want_shut_down, caught_up, next) in cases {
            let mut desk = Desk::with_topic(3, &[if leads { &[1, 2, 3] } else { &[2, 1, 3] }]);
            let broker = desk.image.brokers.get_mut(&NodeId(1)).expect("it is registered");
            (broker.fenced, broker.in_controlled_shutdown) = (fenced, leaving);
            let beat = BrokerHeartbeat {
                broker_id: NodeId(1),
                broker_epoch: broker.epoch,
                current_metadata_offset: broker.epoch - i64::from(!caught_up),
                want_fence,
                want_shut_down,
            };
            let got = next_state(&desk.view(), &beat, &Sessions::default());
            assert_eq!(got, next, "{beat:?}, fenced {fenced}, leaving {leaving}, leads {leads}");
        }
    }
}
