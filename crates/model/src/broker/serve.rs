//! Which part of a broker serves which request (`kafka.server.KafkaApis`).
//!
//! Invariant: before it was unfenced once, a process listens to nobody.

use super::Broker;
use super::coordinator::{creation, find_coordinator};
use super::lifecycle::BrokerState;
use super::to_controller::ControllerCall;
use super::topics::metadata;
use crate::api::{Request, Response, request};
use crate::controller::configs::preprocess;
use crate::cx::Cx;
use crate::group::caller::Caller;
use crate::ids::{Correlation, Name};
use crate::net::ConnId;

impl Broker {
    /// A request arrived.
    pub fn on_request(
        &mut self,
        conn: ConnId,
        correlation: Correlation,
        mut body: Request,
        cx: &mut Cx<'_>,
    ) {
        if !self.listens() {
            cx.close(conn);
            return;
        }
        self.meter_request(conn, &mut body);
        if self.zk.is_some() {
            match self.serve_in_zookeeper_mode(conn, correlation, body, cx) {
                Some(rest) => body = rest,
                None => return self.settle(cx),
            }
        }
        self.serve(conn, correlation, body, cx);
        self.settle(cx);
    }

    fn serve(&mut self, conn: ConnId, correlation: Correlation, body: Request, cx: &mut Cx<'_>) {
        match body {
            Request::Produce(produce) => self.serve_produce(conn, correlation, produce, cx),
            Request::Fetch(_) | Request::DeleteRecords(_) | Request::DescribeProducers(_) => {
                self.serve_data(conn, correlation, body, cx);
            }
            Request::InitProducerId(_)
            | Request::AddPartitionsToTxn(_)
            | Request::EndTxn(_)
            | Request::ListTransactions => self.serve_txn(conn, correlation, &body, cx),
            Request::WriteTxnMarkers(request) => {
                self.serve_markers(conn, correlation, &request, cx);
            }
            Request::TxnOffsetCommit(request) => {
                self.serve_txn_offsets(conn, correlation, *request, cx);
            }
            Request::JoinGroup(_)
            | Request::SyncGroup(_)
            | Request::Heartbeat(_)
            | Request::LeaveGroup(_)
            | Request::OffsetCommit(_)
            | Request::OffsetFetch(_)
            | Request::OffsetDelete(_)
            | Request::ConsumerGroupHeartbeat(_)
            | Request::ConsumerGroupDescribe(_)
            | Request::DescribeGroups(_)
            | Request::ListGroups
            | Request::DeleteGroups(_) => self.with_groups(cx, |groups, log, cx| {
                groups.handle(conn, correlation, &body, log, cx);
            }),
            Request::Share(body) => self.serve_share(conn, correlation, body, cx),
            Request::CreateTopics(_)
            | Request::CreatePartitions(_)
            | Request::DeleteTopics(_)
            | Request::ElectLeaders(_)
            | Request::AlterPartitionReassignments(_)
            | Request::AlterClientQuotas(_) => {
                self.to_controller.send(body, ControllerCall::Forward(conn, correlation), cx);
            }
            Request::IncrementalAlterConfigs(asked) => {
                self.alter_configs(conn, correlation, asked, cx);
            }
            Request::ApiVersions
            | Request::Metadata(_)
            | Request::FindCoordinator(_)
            | Request::ListOffsets(_)
            | Request::OffsetForLeaderEpoch(_) => {
                let answer = self.answer_at_once(&body, cx);
                cx.respond(conn, correlation, answer);
            }
            Request::BrokerRegistration(_)
            | Request::ControllerRegistration(_)
            | Request::BrokerHeartbeat(_)
            | Request::AlterPartition(_)
            | Request::AllocateProducerIds(_)
            | Request::RaftFetch(_)
            | Request::Vote(_)
            | Request::BeginQuorumEpoch(_)
            | Request::EndQuorumEpoch(_)
            | Request::Legacy(_) => cx.close(conn),
        }
    }

    /// Impossible values are refused here, all else is the controller's to decide.
    fn alter_configs(
        &mut self,
        conn: ConnId,
        correlation: Correlation,
        asked: request::IncrementalAlterConfigs,
        cx: &mut Cx<'_>,
    ) {
        match preprocess(&asked) {
            Err(error) => cx.respond(conn, correlation, Response::IncrementalAlterConfigs(error)),
            Ok(()) => {
                let call = ControllerCall::Forward(conn, correlation);
                self.to_controller.send(Request::IncrementalAlterConfigs(asked), call, cx);
            }
        }
    }

    /// Questions that are never waited for.
    #[expect(clippy::wildcard_enum_match_arm, reason = "every other request is answered elsewhere")]
    fn answer_at_once(&mut self, body: &Request, cx: &mut Cx<'_>) -> Response {
        match body {
            Request::ApiVersions => Response::ApiVersions,
            Request::Metadata(request) => self.metadata(request, cx),
            Request::FindCoordinator(request) => self.find_coordinator(request, cx),
            Request::ListOffsets(request) => {
                let (replicas, env) = self.data_plane();
                replicas.list_offsets(request, &env)
            }
            Request::OffsetForLeaderEpoch(request) => {
                let (replicas, env) = self.data_plane();
                replicas.offset_for_leader_epoch(request, &env)
            }
            other => unreachable!("{} is answered elsewhere", other.key().name()),
        }
    }

    /// What the transaction coordinator answers, now or later; a producer id without a transactional id any broker gives.
    #[expect(clippy::wildcard_enum_match_arm, reason = "every other request is answered elsewhere")]
    fn serve_txn(
        &mut self,
        conn: ConnId,
        correlation: Correlation,
        body: &Request,
        cx: &mut Cx<'_>,
    ) {
        let caller = Caller::new(conn, correlation);
        match body {
            Request::InitProducerId(request) if request.transactional_id.is_none() => {
                let answer = self.generate_producer_id();
                caller.answer(Response::InitProducerId(answer), cx);
            }
            Request::InitProducerId(request) => {
                self.with_txns(cx, |txns, log, cx| txns.init(request, caller, log, cx));
            }
            Request::AddPartitionsToTxn(request) => {
                self.with_txns(cx, |txns, log, cx| txns.add_partitions(request, caller, log, cx));
            }
            Request::EndTxn(request) => {
                self.with_txns(cx, |txns, log, cx| txns.end(request, caller, log, cx));
            }
            Request::ListTransactions => caller.answer(self.txns.list(), cx),
            other => unreachable!("not about transactions: {other:?}"),
        }
    }

    /// What the partitions themselves answer, now or later.
    #[expect(clippy::wildcard_enum_match_arm, reason = "every other request is answered elsewhere")]
    fn serve_data(
        &mut self,
        conn: ConnId,
        correlation: Correlation,
        body: Request,
        cx: &mut Cx<'_>,
    ) {
        let (replicas, env) = self.data_plane();
        match body {
            Request::DescribeProducers(request) => {
                cx.respond(conn, correlation, replicas.describe_producers(&request, &env));
            }
            Request::Fetch(fetch) => replicas.handle_fetch(conn, correlation, fetch, &env, cx),
            Request::DeleteRecords(request) => {
                replicas.handle_delete_records(conn, correlation, &request, &env, cx);
            }
            other => unreachable!("not about data: {other:?}"),
        }
    }

    fn metadata(&mut self, request: &request::Metadata, cx: &mut Cx<'_>) -> Response {
        let (_, env) = self.data_plane();
        let (answer, missing) = metadata(request, &env, cx);
        for name in missing {
            self.create(name, cx);
        }
        answer
    }

    fn find_coordinator(
        &mut self,
        request: &request::FindCoordinator,
        cx: &mut Cx<'_>,
    ) -> Response {
        let (_, env) = self.data_plane();
        let (answer, missing) = find_coordinator(request, &env);
        if let Some(topic) = missing {
            self.create(topic.into(), cx);
        }
        answer
    }

    /// Asks the controller for a topic, unless that was done already.
    fn create(&mut self, name: Name, cx: &mut Cx<'_>) {
        if self.creating.insert(name.clone()) {
            let body = Request::CreateTopics(creation(name.clone(), &self.config));
            self.to_controller.send(body, ControllerCall::AutoCreate(name), cx);
        }
    }

    /// Whether its port takes requests.
    pub const fn listens(&self) -> bool {
        match self.lifecycle.state() {
            BrokerState::Running
            | BrokerState::PendingControlledShutdown
            | BrokerState::ShuttingDown => true,
            BrokerState::NotRunning | BrokerState::Starting | BrokerState::Recovery => false,
        }
    }
}
