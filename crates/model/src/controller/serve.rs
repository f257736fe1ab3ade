//! Requests that become records (`ControllerApis`).
//!
//! Invariant: a controller that is not active answers NOT_CONTROLLER and changes nothing.

use super::registration::{self, BrokerControlState};
use super::{
    Controller, alter_partition, configs, elect_leaders, producer_ids, reassignment,
    records::MetadataRecord, topics,
};
use crate::api::request;
use crate::api::response::{AllocateProducerIds, BrokerHeartbeat};
use crate::api::{ErrorCode, Request, Response};
use crate::cx::{Cx, Draw};
use crate::ids::{Name, TopicId};
use crate::trace::{ChangeReason, Fact};
use alloc::vec;
use alloc::vec::Vec;

impl Controller {
    /// The answer to anything but a fetch.
    pub(super) fn serve(&mut self, body: &Request, cx: &mut Cx<'_>) -> Response {
        if !self.active && !matches!(body, Request::ApiVersions) {
            return not_controller(body);
        }
        match body {
            Request::ApiVersions => Response::ApiVersions,
            Request::BrokerRegistration(request) => self.register(request, cx),
            Request::BrokerHeartbeat(request) => self.heartbeat(request, cx),
            Request::AlterPartition(request) => self.alter_partition(request, cx),
            Request::AllocateProducerIds(request) => self.allocate_producer_ids(request, cx),
            Request::CreateTopics(request) => self.create_topic(request, cx),
            Request::CreatePartitions(request) => self.create_partitions(request, cx),
            Request::DeleteTopics(request) => self.delete_topics(&request.names, cx),
            Request::ElectLeaders(request) => self.elect(request, cx),
            Request::IncrementalAlterConfigs(request) => self.alter_configs(request, cx),
            Request::AlterPartitionReassignments(request) => self.reassign(request, cx),
            Request::RaftFetch(_)
            | Request::Metadata(_)
            | Request::Produce(_)
            | Request::Fetch(_)
            | Request::ListOffsets(_)
            | Request::OffsetForLeaderEpoch(_)
            | Request::InitProducerId(_)
            | Request::FindCoordinator(_)
            | Request::JoinGroup(_)
            | Request::SyncGroup(_)
            | Request::Heartbeat(_)
            | Request::LeaveGroup(_)
            | Request::OffsetCommit(_)
            | Request::OffsetFetch(_)
            | Request::DescribeGroups(_)
            | Request::ListGroups
            | Request::DeleteGroups(_)
            | Request::DeleteRecords(_) => unreachable!("no node sends this to a controller"),
        }
    }

    fn register(&mut self, request: &request::BrokerRegistration, cx: &mut Cx<'_>) -> Response {
        let broker = request.broker_id;
        let decided = registration::register(
            &self.view(),
            request,
            &self.sessions,
            self.log.end(),
            cx.now,
            self.session_timeout(),
        );
        match decided {
            Ok((records, epoch)) => {
                self.sessions.forget(broker);
                self.write(records, ChangeReason::Fenced, cx);
                Response::BrokerRegistration(ErrorCode::None, epoch)
            }
            Err(error) => {
                cx.note(Fact::BrokerRefused { broker, error });
                Response::BrokerRegistration(error, -1)
            }
        }
    }

    fn heartbeat(&mut self, beat: &request::BrokerHeartbeat, cx: &mut Cx<'_>) -> Response {
        let broker = beat.broker_id;
        if let Err(error) = self.view().check_broker_epoch(broker, beat.broker_epoch) {
            cx.note(Fact::BrokerRefused { broker, error });
            return Response::BrokerHeartbeat(BrokerHeartbeat {
                error,
                is_caught_up: false,
                is_fenced: true,
                should_shut_down: false,
            });
        }
        let next = registration::next_state(&self.view(), beat, &self.sessions);
        let (records, reason) = registration::transition(&self.view(), beat, next);
        self.sessions.touch(broker, beat.broker_epoch, beat.current_metadata_offset, cx.now);
        let changed = !records.is_empty();
        self.write(records, reason, cx);
        if next == BrokerControlState::ControlledShutdown && changed {
            self.sessions.set_shutdown_offset(broker, self.log.end() - 1);
        }
        if next == BrokerControlState::ShutdownNow {
            cx.note(Fact::ShutdownGranted { broker });
        }
        Response::BrokerHeartbeat(BrokerHeartbeat {
            error: ErrorCode::None,
            is_caught_up: beat.current_metadata_offset >= beat.broker_epoch,
            is_fenced: matches!(next, BrokerControlState::Fenced | BrokerControlState::ShutdownNow),
            should_shut_down: next == BrokerControlState::ShutdownNow,
        })
    }

    fn alter_partition(&mut self, request: &request::AlterPartition, cx: &mut Cx<'_>) -> Response {
        match alter_partition::alter_partition(&self.view(), request) {
            Ok((records, answers)) => {
                self.write(records, ChangeReason::Proposed, cx);
                Response::AlterPartition(ErrorCode::None, answers)
            }
            Err(error) => Response::AlterPartition(error, Vec::new()),
        }
    }

    fn allocate_producer_ids(
        &mut self,
        request: &request::AllocateProducerIds,
        cx: &mut Cx<'_>,
    ) -> Response {
        let (error, producer_id_start) = match producer_ids::allocate(&self.view(), request) {
            Ok((first, record)) => {
                self.write(vec![record], ChangeReason::Proposed, cx);
                (ErrorCode::None, first)
            }
            Err(error) => (error, 0),
        };
        let producer_id_len = if error.is_ok() { producer_ids::BLOCK_SIZE } else { 0 };
        Response::AllocateProducerIds(AllocateProducerIds {
            error,
            producer_id_start,
            producer_id_len,
        })
    }

    fn create_topic(&mut self, request: &request::CreateTopics, cx: &mut Cx<'_>) -> Response {
        let id = self.next_topic_id();
        let dice = cx.rng(Draw::Placement);
        match topics::create(&self.view(), request, id, MAX_PARTITIONS, dice) {
            Ok(records) => {
                self.note_created(request, id, &records, cx);
                self.write(records, ChangeReason::Created, cx);
                Response::CreateTopics(ErrorCode::None, id)
            }
            Err(error) => Response::CreateTopics(error, TopicId::ZERO),
        }
    }

    fn create_partitions(
        &mut self,
        request: &request::CreatePartitions,
        cx: &mut Cx<'_>,
    ) -> Response {
        let dice = cx.rng(Draw::Placement);
        match topics::grow(&self.view(), request, MAX_PARTITIONS, dice) {
            Ok(records) => {
                self.write(records, ChangeReason::Created, cx);
                Response::CreatePartitions(ErrorCode::None)
            }
            Err(error) => Response::CreatePartitions(error),
        }
    }

    fn delete_topics(&mut self, names: &[Name], cx: &mut Cx<'_>) -> Response {
        let mut answers = Vec::new();
        for name in names {
            let error = match topics::delete(&self.view(), name) {
                Ok(record) => {
                    self.write(vec![record], ChangeReason::Created, cx);
                    ErrorCode::None
                }
                Err(error) => error,
            };
            answers.push((name.clone(), error));
        }
        Response::DeleteTopics(answers)
    }

    fn elect(&mut self, request: &request::ElectLeaders, cx: &mut Cx<'_>) -> Response {
        let (records, verdicts) = elect_leaders::elect_leaders(&self.view(), request);
        let reason = if request.unclean { ChangeReason::Unclean } else { ChangeReason::Preferred };
        self.write(records, reason, cx);
        Response::ElectLeaders(ErrorCode::None, verdicts)
    }

    fn alter_configs(
        &mut self,
        request: &request::IncrementalAlterConfigs,
        cx: &mut Cx<'_>,
    ) -> Response {
        match configs::alter(&self.view(), request) {
            Ok(records) => {
                self.write(records, ChangeReason::Proposed, cx);
                Response::IncrementalAlterConfigs(ErrorCode::None)
            }
            Err(error) => Response::IncrementalAlterConfigs(error),
        }
    }

    fn reassign(
        &mut self,
        request: &request::AlterPartitionReassignments,
        cx: &mut Cx<'_>,
    ) -> Response {
        let (records, verdicts) = reassignment::alter_reassignments(&self.view(), request);
        self.write(records, ChangeReason::Reassignment, cx);
        Response::AlterPartitionReassignments(ErrorCode::None, verdicts)
    }

    /// Kafka draws a random uuid; the place of the topic's record in the log is as unique.
    fn next_topic_id(&self) -> TopicId {
        TopicId(u32::try_from(self.log.end() + 1).expect("a metadata log stays short"))
    }

    fn note_created(
        &self,
        request: &request::CreateTopics,
        topic: TopicId,
        records: &[MetadataRecord],
        cx: &mut Cx<'_>,
    ) {
        let mut partitions = 0;
        let mut replication_factor = 0;
        for record in records {
            if let MetadataRecord::Partition { state, .. } = record {
                partitions += 1;
                replication_factor = i32::try_from(state.replicas.len()).unwrap_or(i32::MAX);
            }
        }
        let name = request.name.clone();
        cx.note(Fact::TopicCreated { topic, name, partitions, replication_factor });
    }
}

/// The most partitions that the largest run may hold.
const MAX_PARTITIONS: u32 = kafkascope_kernel::Limits::NATIVE.partitions;

fn not_controller(body: &Request) -> Response {
    let error = ErrorCode::NotController;
    match body {
        Request::BrokerRegistration(_) => Response::BrokerRegistration(error, -1),
        Request::BrokerHeartbeat(_) => Response::BrokerHeartbeat(BrokerHeartbeat {
            error,
            is_caught_up: false,
            is_fenced: true,
            should_shut_down: false,
        }),
        Request::AlterPartition(_) => Response::AlterPartition(error, Vec::new()),
        Request::AllocateProducerIds(_) => Response::AllocateProducerIds(AllocateProducerIds {
            error,
            producer_id_start: 0,
            producer_id_len: 0,
        }),
        Request::CreateTopics(_) => Response::CreateTopics(error, TopicId::ZERO),
        Request::CreatePartitions(_) => Response::CreatePartitions(error),
        Request::DeleteTopics(request) => {
            Response::DeleteTopics(request.names.iter().map(|name| (name.clone(), error)).collect())
        }
        Request::ElectLeaders(_) => Response::ElectLeaders(error, Vec::new()),
        Request::IncrementalAlterConfigs(_) => Response::IncrementalAlterConfigs(error),
        Request::AlterPartitionReassignments(_) => {
            Response::AlterPartitionReassignments(error, Vec::new())
        }
        Request::ApiVersions
        | Request::RaftFetch(_)
        | Request::Metadata(_)
        | Request::Produce(_)
        | Request::Fetch(_)
        | Request::ListOffsets(_)
        | Request::OffsetForLeaderEpoch(_)
        | Request::InitProducerId(_)
        | Request::FindCoordinator(_)
        | Request::JoinGroup(_)
        | Request::SyncGroup(_)
        | Request::Heartbeat(_)
        | Request::LeaveGroup(_)
        | Request::OffsetCommit(_)
        | Request::OffsetFetch(_)
        | Request::DescribeGroups(_)
        | Request::ListGroups
        | Request::DeleteGroups(_)
        | Request::DeleteRecords(_) => unreachable!("no node sends this to a controller"),
    }
}
