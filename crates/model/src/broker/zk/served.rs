//! What a broker in ZooKeeper mode serves besides what every broker does, and how it leaves.
//!
//! Invariant: what a controller of an older epoch sends changes nothing.

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
            Request::Legacy(LegacyRequest::ControlledShutdown { broker, .. }) => {
                let active = self.zk.as_mut().and_then(|zk| zk.active.as_mut());
                let refusal = LegacyResponse::ControlledShutdown(ErrorCode::NotController, 0);
                let Some(active) = active else {
                    cx.respond(conn, correlation, Response::Legacy(refusal));
                    return None;
                };
                let left = active.controller.begin_shutdown(broker, cx);
                let answer = LegacyResponse::ControlledShutdown(ErrorCode::None, left);
                let answer = Response::Legacy(answer);
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
            PushKind::UpdateMetadata => {}
        }
        self.forget_topics(&before, &published, cx);
        ErrorCode::None
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

    pub(in crate::broker) fn on_leave_answered(&mut self, left: u32, cx: &mut Cx<'_>) {
        let tries = self.zk.as_ref().map_or(0, |zk| zk.leave_tries);
        if left == 0 || tries > LEAVE_TRIES {
            self.say_goodbye(cx);
        } else {
            cx.arm(BrokerTimer::Zk(ZkTimer::Leave), LEAVE_RETRY);
        }
    }

    pub(super) fn on_leave_timer(&mut self, cx: &mut Cx<'_>) {
        let tries = self.zk.as_ref().map_or(0, |zk| zk.leave_tries);
        if tries > LEAVE_TRIES { self.exit(cx) } else { self.ask_to_leave(cx) }
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
