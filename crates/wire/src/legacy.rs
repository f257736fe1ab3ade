//! What a controller in ZooKeeper mode pushes, with Kafka's field names of 3.9, and what brokers ask of ZooKeeper.
//!
//! ZooKeeper's own protocol is no part of Kafka, so an ask is told by its znodes. Invariant: a push names the epochs of its
//! controller and of the broker that it is for.

use crate::Wire;
use crate::fields::{by_topic, ids};
use crate::value::{Value, json};
use kafkascope_model::api::legacy::{
    LegacyRequest, LegacyResponse, Push, PushKind, ZAnswer, ZAsk, ZNode, ZPath, ZScope, ZWrite,
};
use kafkascope_model::api::request::ConfigResource;
use kafkascope_model::controller::records::{MetadataRecord, PartitionState};
use kafkascope_model::ids::TopicPartition;

impl Wire<'_> {
    pub(super) fn legacy_request(&self, request: &LegacyRequest) -> Value {
        match request {
            LegacyRequest::Push(kind, push) => self.push(*kind, push),
            LegacyRequest::ControlledShutdown { broker, epoch } => {
                json!({ "brokerId": broker.0, "brokerEpoch": epoch })
            }
            LegacyRequest::Zk { session, ask, .. } => self.ask(*session, ask),
        }
    }

    pub(super) fn legacy_response(&self, response: &LegacyResponse) -> Value {
        match response {
            LegacyResponse::Push(_, error) => json!({ "errorCode": error.code() }),
            LegacyResponse::ControlledShutdown(error, left) => {
                json!({ "errorCode": error.code(), "remainingPartitions": left })
            }
            LegacyResponse::Zk(answer) => self.answer(answer),
        }
    }

    fn push(&self, kind: PushKind, push: &Push) -> Value {
        let states = push.records.iter().filter_map(|record| {
            let (MetadataRecord::Partition { tp, state }
            | MetadataRecord::PartitionChange { tp, state }) = &**record
            else {
                return None;
            };
            Some((self.topic_name(tp.topic), state_of(kind, *tp, state)))
        });
        let live = push.records.iter().filter_map(|record| {
            let MetadataRecord::RegisterBroker { broker, .. } = &**record else { return None };
            Some(json!({ "id": broker.0 }))
        });
        json!({
            "controllerId": push.controller.0, "controllerEpoch": push.controller_epoch,
            "brokerEpoch": push.broker_epoch, "type": if push.whole { "full" } else { "incremental" },
            "topicStates": by_topic("topicName", "partitionStates", states),
            "liveBrokers": live.collect::<Vec<_>>(),
        })
    }

    fn ask(&self, session: u64, ask: &ZAsk) -> Value {
        let (what, paths) = match ask {
            ZAsk::Connect(timeout) => {
                return json!({ "connect": "a new session", "timeOut": timeout.as_ms() });
            }
            ZAsk::Ping => ("ping", Vec::new()),
            ZAsk::Close => ("closeSession", Vec::new()),
            ZAsk::Watch => ("watches", Vec::new()),
            ZAsk::Read(scope) => ("read", vec![read(*scope).to_string()]),
            ZAsk::Multi(writes) => ("multi", writes.iter().map(|it| self.write(it)).collect()),
        };
        let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
        json!({ "session": session.to_string(), "operation": what, "znodes": paths })
    }

    fn write(&self, write: &ZWrite) -> String {
        match write {
            ZWrite::Create { path, ephemeral: true, .. } => {
                format!("create {}, ephemeral", self.path(path))
            }
            ZWrite::Create { path, .. } => format!("create {}", self.path(path)),
            ZWrite::Set { path, .. } => format!("setData {}", self.path(path)),
            ZWrite::Delete { path } => format!("delete {}", self.path(path)),
            ZWrite::DeleteTopic { topic } => {
                format!("delete /brokers/topics/{}", self.topic_name(*topic))
            }
            ZWrite::Check { path, version } => {
                format!("check {} has version {version}", self.path(path))
            }
        }
    }

    fn answer(&self, answer: &ZAnswer) -> Value {
        match answer {
            ZAnswer::Connected(session) => json!({ "session": session.to_string() }),
            ZAnswer::Done(zxid) => json!({ "zxid": zxid }),
            ZAnswer::Failed(path) => json!({ "failed": self.path(path) }),
            ZAnswer::Expired => json!({ "failed": "the session has expired" }),
            ZAnswer::Nodes(nodes) => {
                let node = |node: &ZNode| json!({ "path": self.path(&node.path), "version": node.version, "czxid": node.czxid });
                json!({ "znodes": nodes.iter().map(node).collect::<Vec<_>>() })
            }
            ZAnswer::Events(paths) => {
                let paths: Vec<String> = paths.iter().map(|path| self.path(path)).collect();
                json!({ "changed": paths.iter().map(String::as_str).collect::<Vec<_>>() })
            }
        }
    }

    fn path(&self, path: &ZPath) -> String {
        match path {
            ZPath::Controller => "/controller".to_string(),
            ZPath::ControllerEpoch => "/controller_epoch".to_string(),
            ZPath::Broker(id) => format!("/brokers/ids/{id}"),
            ZPath::ProducerIds => "/latest_producer_id_block".to_string(),
            ZPath::Topic(topic) => format!("/brokers/topics/{}", self.topic_name(*topic)),
            ZPath::State(tp) => {
                let (topic, partition) = (self.topic_name(tp.topic), tp.partition);
                format!("/brokers/topics/{topic}/partitions/{partition}/state")
            }
            ZPath::Config(ConfigResource::Topic(name), key) => {
                format!("/config/topics/{name}: {key}")
            }
            ZPath::Config(ConfigResource::Group(name), key) => {
                format!("/config/groups/{name}: {key}")
            }
            ZPath::Config(ConfigResource::Broker(id), key) => {
                let whose = id.map_or_else(|| "<default>".to_string(), |id| id.to_string());
                format!("/config/brokers/{whose}: {key}")
            }
            ZPath::Quota(entity, _) => format!("/config of {entity}"),
        }
    }
}

const fn read(scope: ZScope) -> &'static str {
    match scope {
        ZScope::Controller => "/controller, /controller_epoch",
        ZScope::Brokers => "/brokers/ids",
        ZScope::All => "everything",
    }
}

fn state_of(kind: PushKind, tp: TopicPartition, state: &PartitionState) -> Value {
    match kind {
        PushKind::StopReplica => json!({
            "partitionIndex": tp.partition, "leaderEpoch": state.leader_epoch,
            "deletePartition": true,
        }),
        PushKind::LeaderAndIsr | PushKind::UpdateMetadata => json!({
            "partitionIndex": tp.partition, "leader": state.leader.0,
            "leaderEpoch": state.leader_epoch, "isr": ids(&state.isr),
            "partitionEpoch": state.partition_epoch, "replicas": ids(&state.replicas),
        }),
    }
}
