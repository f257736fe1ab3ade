//! Requests that become records (`ControllerApis`).
//!
//! Invariant: a controller that is not active answers NOT_CONTROLLER and changes nothing.

use super::records::MetadataRecord;
use super::registration::{self, BrokerControlState};
use super::{
    Controller, alter_partition, configs, elect_leaders, producer_ids, quotas, reassignment, topics,
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
    pub(crate) fn serve(&mut self, body: &Request, cx: &mut Cx<'_>) -> Response {
        if !self.active && !matches!(body, Request::ApiVersions) {
            return refuse(body);
        }
        match body {
            Request::ApiVersions => Response::ApiVersions,
            Request::BrokerRegistration(request) => self.register(request, cx),
            Request::ControllerRegistration(request) => self.register_controller(*request, cx),
            Request::BrokerHeartbeat(request) => self.heartbeat(request, cx),
            Request::AlterPartition(request) => self.alter_partition(request, cx),
            Request::AllocateProducerIds(request) => self.allocate_producer_ids(request, cx),
            Request::CreateTopics(request) => self.create_topic(request, cx),
            Request::CreatePartitions(request) => self.create_partitions(request, cx),
            Request::DeleteTopics(request) => self.delete_topics(&request.names, cx),
            Request::ElectLeaders(request) => self.elect(request, cx),
            Request::IncrementalAlterConfigs(request) => self.alter_configs(request, cx),
            Request::AlterClientQuotas(request) => self.alter_quotas(request, cx),
            Request::AlterPartitionReassignments(request) => self.reassign(request, cx),
            Request::RaftFetch(_)
            | Request::Vote(_)
            | Request::BeginQuorumEpoch(_)
            | Request::EndQuorumEpoch(_)
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
            | Request::OffsetDelete(_)
            | Request::ConsumerGroupHeartbeat(_)
            | Request::ConsumerGroupDescribe(_)
            | Request::DescribeGroups(_)
            | Request::ListGroups
            | Request::DeleteGroups(_)
            | Request::AddPartitionsToTxn(_)
            | Request::EndTxn(_)
            | Request::WriteTxnMarkers(_)
            | Request::TxnOffsetCommit(_)
            | Request::ListTransactions
            | Request::DescribeProducers(_)
            | Request::DeleteRecords(_)
            | Request::Share(_)
            | Request::Legacy(_) => unreachable!("no node sends this to a controller"),
        }
    }

    fn register(&mut self, request: &request::BrokerRegistration, cx: &mut Cx<'_>) -> Response {
        let broker = request.broker_id;
        let decided = registration::register(
            &self.view(),
            request,
            &self.sessions,
            self.quorum.log.end(),
            cx.now,
            self.session_timeout(),
        );
        match decided {
            Ok((records, epoch)) => {
                self.sessions.forget(broker);
                self.decide(&[], records, ChangeReason::Fenced, cx);
                Response::BrokerRegistration(ErrorCode::None, epoch)
            }
            Err(error) => {
                cx.note(Fact::BrokerRefused { broker, error });
                Response::BrokerRegistration(error, -1)
            }
        }
    }

    fn register_controller(
        &mut self,
        request: request::ControllerRegistration,
        cx: &mut Cx<'_>,
    ) -> Response {
        let record = MetadataRecord::RegisterController {
            controller: request.controller_id,
            incarnation: request.incarnation_id,
        };
        self.decide(&[], vec![record], ChangeReason::Proposed, cx);
        Response::ControllerRegistration(ErrorCode::None)
    }

    fn heartbeat(&mut self, beat: &request::BrokerHeartbeat, cx: &mut Cx<'_>) -> Response {
        let broker = beat.broker_id;
        if let Err(error) = self.view().check_broker_epoch(broker, beat.broker_epoch) {
            cx.note(Fact::BrokerRefused { broker, error });
            return Response::BrokerHeartbeat(unheard(error));
        }
        let next = registration::next_state(&self.view(), beat, &self.sessions);
        let (records, reason) = registration::transition(&self.view(), beat, next);
        self.sessions.touch(broker, beat.broker_epoch, beat.current_metadata_offset, cx.now);
        let changed = !records.is_empty();
        let granted =
            (next == BrokerControlState::ShutdownNow).then_some(Fact::ShutdownGranted { broker });
        self.decide(granted.as_slice(), records, reason, cx);
        if next == BrokerControlState::ControlledShutdown && changed {
            self.sessions.set_shutdown_offset(broker, self.quorum.log.end() - 1);
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
                self.decide(&[], records, ChangeReason::Proposed, cx);
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
                self.decide(&[], vec![record], ChangeReason::Proposed, cx);
                (ErrorCode::None, first)
            }
            Err(error) => (error, 0),
        };
        Response::AllocateProducerIds(block(error, producer_id_start))
    }

    fn create_topic(&mut self, request: &request::CreateTopics, cx: &mut Cx<'_>) -> Response {
        let id = self.next_topic_id();
        let dice = cx.rng(Draw::Placement);
        match topics::create(&self.view(), request, id, MAX_PARTITIONS, dice) {
            Ok(records) => {
                self.decide(&[], records, ChangeReason::Created, cx);
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
                self.decide(&[], records, ChangeReason::Created, cx);
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
                    self.decide(&[], vec![record], ChangeReason::Created, cx);
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
        self.decide(&[], records, reason, cx);
        Response::ElectLeaders(ErrorCode::None, verdicts)
    }

    fn alter_configs(
        &mut self,
        request: &request::IncrementalAlterConfigs,
        cx: &mut Cx<'_>,
    ) -> Response {
        match configs::alter(&self.view(), request) {
            Ok(records) => {
                self.decide(&[], records, ChangeReason::Proposed, cx);
                Response::IncrementalAlterConfigs(ErrorCode::None)
            }
            Err(error) => Response::IncrementalAlterConfigs(error),
        }
    }

    fn alter_quotas(&mut self, request: &request::AlterClientQuotas, cx: &mut Cx<'_>) -> Response {
        match quotas::alter(request) {
            Ok(records) => {
                self.decide(&[], records, ChangeReason::Proposed, cx);
                Response::AlterClientQuotas(ErrorCode::None)
            }
            Err(error) => Response::AlterClientQuotas(error),
        }
    }

    fn reassign(
        &mut self,
        request: &request::AlterPartitionReassignments,
        cx: &mut Cx<'_>,
    ) -> Response {
        let (records, verdicts) = reassignment::alter_reassignments(&self.view(), request);
        self.decide(&[], records, ChangeReason::Reassignment, cx);
        Response::AlterPartitionReassignments(ErrorCode::None, verdicts)
    }

    /// Kafka draws a random uuid; the place of the topic's record in the log is as unique.
    fn next_topic_id(&self) -> TopicId {
        let next = u32::try_from(self.quorum.log.end() + 1).expect("a metadata log stays short");
        TopicId(next + self.legacy.unwrap_or(0))
    }
}

/// The most partitions that the largest run may hold.
const MAX_PARTITIONS: u32 = kafkascope_kernel::Limits::NATIVE.partitions;

/// A controller that does not lead answers so.
pub(crate) fn refuse(body: &Request) -> Response {
    let error = ErrorCode::NotController;
    match body {
        Request::BrokerRegistration(_) => Response::BrokerRegistration(error, -1),
        Request::ControllerRegistration(_) => Response::ControllerRegistration(error),
        Request::BrokerHeartbeat(_) => Response::BrokerHeartbeat(unheard(error)),
        Request::AlterPartition(_) => Response::AlterPartition(error, Vec::new()),
        Request::AllocateProducerIds(_) => Response::AllocateProducerIds(block(error, 0)),
        Request::CreateTopics(_) => Response::CreateTopics(error, TopicId::ZERO),
        Request::CreatePartitions(_) => Response::CreatePartitions(error),
        Request::DeleteTopics(request) => {
            Response::DeleteTopics(request.names.iter().map(|name| (name.clone(), error)).collect())
        }
        Request::ElectLeaders(_) => Response::ElectLeaders(error, Vec::new()),
        Request::IncrementalAlterConfigs(_) => Response::IncrementalAlterConfigs(error),
        Request::AlterClientQuotas(_) => Response::AlterClientQuotas(error),
        Request::AlterPartitionReassignments(_) => {
            Response::AlterPartitionReassignments(error, Vec::new())
        }
        Request::ApiVersions
        | Request::RaftFetch(_)
        | Request::Vote(_)
        | Request::BeginQuorumEpoch(_)
        | Request::EndQuorumEpoch(_)
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
        | Request::OffsetDelete(_)
        | Request::ConsumerGroupHeartbeat(_)
        | Request::ConsumerGroupDescribe(_)
        | Request::DescribeGroups(_)
        | Request::ListGroups
        | Request::DeleteGroups(_)
        | Request::AddPartitionsToTxn(_)
        | Request::EndTxn(_)
        | Request::WriteTxnMarkers(_)
        | Request::TxnOffsetCommit(_)
        | Request::ListTransactions
        | Request::DescribeProducers(_)
        | Request::DeleteRecords(_)
        | Request::Share(_)
        | Request::Legacy(_) => unreachable!("no node sends this to a controller"),
    }
}

/// What an answer becomes if the controller lost its place before the answer's records were committed.
pub(super) fn not_controller(answer: Response) -> Response {
    let error = ErrorCode::NotController;
    match answer {
        Response::BrokerRegistration(..) => Response::BrokerRegistration(error, -1),
        Response::ControllerRegistration(_) => Response::ControllerRegistration(error),
        Response::BrokerHeartbeat(_) => Response::BrokerHeartbeat(unheard(error)),
        Response::AlterPartition(..) => Response::AlterPartition(error, Vec::new()),
        Response::AllocateProducerIds(_) => Response::AllocateProducerIds(block(error, 0)),
        Response::CreateTopics(..) => Response::CreateTopics(error, TopicId::ZERO),
        Response::CreatePartitions(_) => Response::CreatePartitions(error),
        Response::DeleteTopics(topics) => {
            Response::DeleteTopics(topics.into_iter().map(|(name, _)| (name, error)).collect())
        }
        Response::ElectLeaders(..) => Response::ElectLeaders(error, Vec::new()),
        Response::IncrementalAlterConfigs(_) => Response::IncrementalAlterConfigs(error),
        Response::AlterClientQuotas(_) => Response::AlterClientQuotas(error),
        Response::AlterPartitionReassignments(..) => {
            Response::AlterPartitionReassignments(error, Vec::new())
        }
        same @ (Response::ApiVersions
        | Response::RaftFetch(_)
        | Response::Vote(_)
        | Response::BeginQuorumEpoch(_)
        | Response::EndQuorumEpoch(_)
        | Response::Metadata(_)
        | Response::Produce(_)
        | Response::Fetch(_)
        | Response::ListOffsets(_)
        | Response::OffsetForLeaderEpoch(_)
        | Response::InitProducerId(_)
        | Response::FindCoordinator(_)
        | Response::JoinGroup(_)
        | Response::SyncGroup(_)
        | Response::Heartbeat(_)
        | Response::LeaveGroup(..)
        | Response::OffsetCommit(_)
        | Response::OffsetFetch(_)
        | Response::OffsetDelete(..)
        | Response::ConsumerGroupHeartbeat(_)
        | Response::ConsumerGroupDescribe(_)
        | Response::DescribeGroups(_)
        | Response::ListGroups(..)
        | Response::DeleteGroups(_)
        | Response::AddPartitionsToTxn(_)
        | Response::EndTxn(_)
        | Response::WriteTxnMarkers(_)
        | Response::TxnOffsetCommit(_)
        | Response::ListTransactions(..)
        | Response::DescribeProducers(_)
        | Response::DeleteRecords(_)
        | Response::Share(_)
        | Response::Legacy(_)) => same,
    }
}

/// An answer to a heartbeat that was refused.
const fn unheard(error: ErrorCode) -> BrokerHeartbeat {
    BrokerHeartbeat { error, is_caught_up: false, is_fenced: true, should_shut_down: false }
}

const fn block(error: ErrorCode, producer_id_start: i64) -> AllocateProducerIds {
    let producer_id_len = if error.is_ok() { producer_ids::BLOCK_SIZE } else { 0 };
    AllocateProducerIds { error, producer_id_start, producer_id_len }
}
