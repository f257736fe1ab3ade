//! What a broker in ZooKeeper mode serves besides what every broker does, and how it leaves.
//!
//! Invariant: what a controller of an older epoch sends changes nothing, and neither does what was meant for an earlier
//! registration of this broker.

use super::{LEAVE_RETRY, LEAVE_TRIES, Purpose, ZkTimer};
use crate::api::legacy::{LegacyRequest, LegacyResponse, Push, PushKind, ZAsk};
use crate::api::{ErrorCode, Request, Response};
use crate::broker::metadata::Published;
use crate::broker::to_controller::ControllerCall;
use crate::broker::{Broker, BrokerTimer};
use crate::controller::serve::refuse;
use crate::cx::Cx;
use crate::ids::Correlation;
use crate::net::ConnId;
use crate::trace::Fact;
use alloc::sync::Arc;

impl Broker {
    /// Serves what is for the controller, or from it; everything else comes back.
    #[expect(clippy::wildcard_enum_match_arm, reason = "every other request is any broker's")]
    pub(in crate::broker) fn serve_in_zookeeper_mode(
        &mut self,
        conn: ConnId,
        correlation: Correlation,
        body: Request,
        cx: &mut Cx<'_>,
    ) -> Option<Request> {
        match body {
            Request::Legacy(LegacyRequest::Push(kind, push)) => {
                let error = self.on_push(kind, &push, cx);
                let answer = LegacyResponse::Push(kind, error);
                cx.respond(conn, correlation, Response::Legacy(answer));
            }
            Request::Legacy(LegacyRequest::ControlledShutdown { broker, epoch }) => {
                let active = self.zk.as_mut().and_then(|zk| zk.active.as_mut());
                let refusal = LegacyResponse::ControlledShutdown(ErrorCode::NotController, 0);
                let Some(active) = active else {
                    cx.respond(conn, correlation, Response::Legacy(refusal));
                    return None;
                };
                let (error, left) = match active.controller.begin_shutdown(broker, epoch, cx) {
                    Ok(left) => (ErrorCode::None, left),
                    Err(error) => (error, 0),
                };
                let answer = Response::Legacy(LegacyResponse::ControlledShutdown(error, left));
                active.controller.answer_when_committed(conn, correlation, answer, cx);
            }
            Request::AlterPartition(_)
            | Request::AllocateProducerIds(_)
            | Request::CreateTopics(_)
            | Request::CreatePartitions(_)
            | Request::DeleteTopics(_)
            | Request::ElectLeaders(_)
            | Request::AlterPartitionReassignments(_)
            | Request::IncrementalAlterConfigs(_)
            | Request::AlterClientQuotas(_) => {
                match self.zk.as_mut().and_then(|zk| zk.active.as_mut()) {
                    None => cx.respond(conn, correlation, refuse(&body)),
                    Some(active) => {
                        let answer = active.controller.serve(&body, cx);
                        active.controller.answer_when_committed(conn, correlation, answer, cx);
                    }
                }
            }
            other => return Some(other),
        }
        None
    }

    fn on_push(&mut self, kind: PushKind, push: &Push, cx: &mut Cx<'_>) -> ErrorCode {
        let Some(zk) = &mut self.zk else { return ErrorCode::None };
        if push.broker_epoch < self.lifecycle.epoch() {
            return ErrorCode::StaleBrokerEpoch;
        }
        if push.controller_epoch < zk.heard_epoch {
            cx.note(Fact::StaleControllerRefused {
                controller: push.controller,
                epoch: push.controller_epoch,
                known: zk.heard_epoch,
            });
            return ErrorCode::StaleControllerEpoch;
        }
        zk.heard_epoch = push.controller_epoch;
        let before = Arc::clone(self.metadata.image());
        self.metadata.on_pushed(&push.records, push.whole);
        let published =
            if push.whole { Published::Image } else { Published::Records(push.records.to_vec()) };
        match kind {
            PushKind::LeaderAndIsr | PushKind::StopReplica => self.on_metadata(&published, cx),
            PushKind::UpdateMetadata => {
                if let Some(zk) = &mut self.zk {
                    zk.controller = Some(push.controller);
                }
                self.recall_controller(cx);
            }
        }
        self.forget_topics(&before, &published, cx);
        ErrorCode::None
    }

    /// Who refused to be the controller is asked again, unless another is known by then: only pushes and ZooKeeper tell of one.
    pub(in crate::broker) fn recall_controller(&mut self, cx: &mut Cx<'_>) {
        if let Some(zk) = &self.zk {
            self.to_controller.set_controller(zk.controller, cx);
        }
    }

    /// SIGTERM: the controller is asked to move what this broker leads.
    pub(in crate::broker) fn leave_zookeeper(&mut self, cx: &mut Cx<'_>) {
        let listens = self.listens();
        let Some(zk) = &mut self.zk else { return };
        if !listens || zk.controller.is_none() || !self.config.controlled_shutdown_enable {
            return self.say_goodbye(cx);
        }
        self.lifecycle.leave(false);
        self.ask_to_leave(cx);
    }

    fn ask_to_leave(&mut self, cx: &mut Cx<'_>) {
        if let Some(zk) = &mut self.zk {
            zk.leave_tries += 1;
        }
        let (broker, epoch) = (self.id, self.lifecycle.epoch());
        let body = Request::Legacy(LegacyRequest::ControlledShutdown { broker, epoch });
        self.to_controller.send(body, ControllerCall::Leave, cx);
        cx.arm(BrokerTimer::Zk(ZkTimer::Leave), LEAVE_RETRY.scale(2, 1));
    }

    pub(in crate::broker) fn on_leave_answered(
        &mut self,
        error: ErrorCode,
        left: u32,
        cx: &mut Cx<'_>,
    ) {
        let tries = self.zk.as_ref().map_or(0, |zk| zk.leave_tries);
        if (error.is_ok() && left == 0) || tries >= LEAVE_TRIES {
            self.say_goodbye(cx);
        } else {
            cx.arm(BrokerTimer::Zk(ZkTimer::Leave), LEAVE_RETRY);
        }
    }

    pub(super) fn on_leave_timer(&mut self, cx: &mut Cx<'_>) {
        match self.zk.as_ref().map_or(0, |zk| zk.leave_tries) {
            tries if tries < LEAVE_TRIES => self.ask_to_leave(cx),
            LEAVE_TRIES => self.say_goodbye(cx),
            _ => self.exit(cx),
        }
    }

    /// The session ends, and its ephemeral znodes with it: everybody knows at once.
    fn say_goodbye(&mut self, cx: &mut Cx<'_>) {
        self.lifecycle.leave(true);
        let Some(zk) = &mut self.zk else { return };
        zk.leave_tries = LEAVE_TRIES + 1;
        if zk.session.is_none() {
            return self.exit(cx);
        }
        zk.ask(ZAsk::Close, Purpose::Goodbye, cx);
        cx.arm(BrokerTimer::Zk(ZkTimer::Leave), LEAVE_RETRY);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Zk;
    use super::*;
    use crate::config::broker::BrokerConfig;
    use crate::controller::records::MetadataRecord;
    use crate::cx::{Effect, Streams};
    use crate::ids::{BrokerEpoch, LeaderEpoch, NodeId, TopicId};
    use alloc::vec::Vec;
    use kafkascope_kernel::{Seed, SimTime};

    /// Broker 3, which registered with the 40th change of the tree and has heard of controller epoch 2.
    fn broker() -> Broker {
        let mut broker = Broker::new(NodeId(3), None, BrokerConfig::default(), Vec::new())
            .with_zookeeper(NodeId(100));
        broker.lifecycle.serve_as(40);
        let zk = broker.zk.as_mut().expect("just set");
        (zk.heard_epoch, zk.controller) = (2, Some(NodeId(2)));
        broker
    }

    /// What a broker answers to a push that names a topic, and what it states.
    fn pushed(
        broker: &mut Broker,
        kind: PushKind,
        controller_epoch: LeaderEpoch,
        broker_epoch: BrokerEpoch,
    ) -> (ErrorCode, Vec<Fact>) {
        let topic = MetadataRecord::Topic { id: TopicId(1), name: "t".into() };
        let records = [Arc::new(topic)].into();
        let controller = NodeId(1);
        let push = Push { controller, controller_epoch, broker_epoch, whole: false, records };
        let (mut streams, mut out) = (Streams::new(Seed(1)), Vec::new());
        let (now, me, cause) = (SimTime::ZERO, broker.id, None);
        let streams = &mut streams;
        let mut cx = Cx { now, me, cause, epoch_ms_at_zero: 0, streams, out: &mut out };
        let error = broker.on_push(kind, &push, &mut cx);
        let facts = out.into_iter().filter_map(|effect| {
            let Effect::Note(fact) = effect else { return None };
            Some(fact)
        });
        (error, facts.collect())
    }

    const KINDS: [PushKind; 3] =
        [PushKind::LeaderAndIsr, PushKind::UpdateMetadata, PushKind::StopReplica];

    #[test]
    fn nothing_that_a_controller_of_an_older_epoch_sends_is_taken() {
        for kind in KINDS {
            let mut broker = broker();
            let (error, facts) = pushed(&mut broker, kind, 1, 40);
            assert_eq!(error, ErrorCode::StaleControllerEpoch, "{kind:?}");
            let refused =
                Fact::StaleControllerRefused { controller: NodeId(1), epoch: 1, known: 2 };
            assert_eq!(facts, [refused], "{kind:?}");
            assert!(broker.metadata.image().topics.is_empty(), "{kind:?}");
            assert_eq!(broker.zk().and_then(Zk::controller), Some(NodeId(2)), "{kind:?}");
        }
    }

    #[test]
    fn what_was_meant_for_an_earlier_registration_is_not_taken_but_the_controller_may_know_more() {
        for kind in KINDS {
            let mut broker = broker();
            let (error, _) = pushed(&mut broker, kind, 2, 39);
            assert_eq!(error, ErrorCode::StaleBrokerEpoch, "{kind:?}");
            assert!(broker.metadata.image().topics.is_empty(), "{kind:?}");
            let (error, _) = pushed(&mut broker, kind, 2, 41);
            assert_eq!(error, ErrorCode::None, "{kind:?}");
        }
    }

    #[test]
    fn a_controller_of_a_newer_epoch_makes_itself_known_by_its_metadata() {
        let mut broker = broker();
        assert_eq!(pushed(&mut broker, PushKind::UpdateMetadata, 3, 40).0, ErrorCode::None);
        assert_eq!(broker.zk().and_then(Zk::controller), Some(NodeId(1)));
        let (error, _) = pushed(&mut broker, PushKind::LeaderAndIsr, 2, 40);
        assert_eq!(error, ErrorCode::StaleControllerEpoch, "the one before it is over");
    }
}
