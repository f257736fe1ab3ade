//! Which part of a broker serves which request (`kafka.server.KafkaApis`).
//!
//! Invariant: before it was unfenced once, a process listens to nobody.

use super::Broker;
use super::coordinator::{creation, find_coordinator};
use super::lifecycle::BrokerState;
use super::to_controller::ControllerCall;
use super::topics::metadata;
use crate::api::{Request, Response, request};
use crate::cx::Cx;
use crate::group::OFFSETS_TOPIC;
use crate::ids::{Correlation, Name};
use crate::net::ConnId;

impl Broker {
    /// A request arrived.
    pub fn on_request(
        &mut self,
        conn: ConnId,
        correlation: Correlation,
        body: Request,
        cx: &mut Cx<'_>,
    ) {
        if !self.listens() {
            cx.close(conn);
            return;
        }
        match body {
            Request::Produce(_) | Request::Fetch(_) | Request::DeleteRecords(_) => {
                self.serve_data(conn, correlation, body, cx);
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
            | Request::DeleteGroups(_) => self.with_groups(|groups, log| {
                groups.handle(conn, correlation, &body, log, cx);
            }),
            Request::CreateTopics(_)
            | Request::CreatePartitions(_)
            | Request::DeleteTopics(_)
            | Request::ElectLeaders(_)
            | Request::AlterPartitionReassignments(_)
            | Request::IncrementalAlterConfigs(_) => {
                self.to_controller.send(body, ControllerCall::Forward(conn, correlation), cx);
            }
            Request::ApiVersions => cx.respond(conn, correlation, Response::ApiVersions),
            Request::Metadata(request) => {
                let answer = self.metadata(&request, cx);
                cx.respond(conn, correlation, answer);
            }
            Request::FindCoordinator(request) => {
                let answer = self.find_coordinator(&request, cx);
                cx.respond(conn, correlation, answer);
            }
            Request::ListOffsets(request) => {
                let (replicas, env) = self.data_plane();
                cx.respond(conn, correlation, replicas.list_offsets(&request, &env));
            }
            Request::OffsetForLeaderEpoch(request) => {
                let (replicas, env) = self.data_plane();
                cx.respond(conn, correlation, replicas.offset_for_leader_epoch(&request, &env));
            }
            Request::InitProducerId(request) => {
                let transactional = request.transactional_id.is_some();
                let answer = Response::InitProducerId(self.generate_producer_id(transactional, cx));
                cx.respond(conn, correlation, answer);
            }
            Request::BrokerRegistration(_)
            | Request::BrokerHeartbeat(_)
            | Request::AlterPartition(_)
            | Request::AllocateProducerIds(_)
            | Request::RaftFetch(_)
            | Request::Vote(_)
            | Request::BeginQuorumEpoch(_)
            | Request::EndQuorumEpoch(_) => cx.close(conn),
        }
        self.settle(cx);
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
            Request::Produce(produce) => {
                replicas.handle_produce(conn, correlation, produce, &env, cx);
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
        if missing {
            self.create(OFFSETS_TOPIC.into(), cx);
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
