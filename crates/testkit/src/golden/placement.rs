//! Where the internal offsets topic's leaders happened to be when a run was recorded.
//!
//! Kafka places that topic by chance, and whoever leads a partition of it coordinates that partition's groups. A replay puts
//! the leaders where the recording saw its coordinators, in the order in which it saw them. Invariant: nothing but that topic's
//! placement is decided here.

use super::action::{Action, Group};
use super::script::{Cluster, GoldenRun};
use kafkascope_model::command::AdminCommand;
use kafkascope_model::group::OFFSETS_TOPIC;
use kafkascope_model::group::coordinator::partition_for;
use kafkascope_model::ids::NodeId;
use serde_json::Value;
use std::collections::BTreeMap;

/// How the offsets topic must be created; none where chance has no choice or the recording tells nothing.
pub fn offsets_topic(run: &GoldenRun) -> Option<AdminCommand> {
    let wanted = coordinators(run);
    if run.cluster.brokers < 2 || wanted.is_empty() {
        return None;
    }
    let count = number(&run.cluster, "offsets.topic.num.partitions", 50);
    let replicas =
        number(&run.cluster, "offsets.topic.replication.factor", run.cluster.brokers.min(3));
    let by_partition: BTreeMap<i32, Vec<i32>> =
        wanted.into_iter().map(|(group, seen)| (partition_for(&group, count), seen)).collect();
    let assignment = |partition: i32| {
        let first = by_partition.get(&partition).cloned().unwrap_or_default();
        let all = (0..run.cluster.brokers).map(|at| (partition + at) % run.cluster.brokers + 1);
        let rest: Vec<i32> = all.filter(|id| !first.contains(id)).collect();
        first.into_iter().chain(rest).take(replicas.max(1) as usize).map(NodeId).collect()
    };
    let pair = |key: &str, value: &str| (key.into(), value.into());
    Some(AdminCommand::CreateTopic {
        name: OFFSETS_TOPIC.into(),
        partitions: -1,
        replication_factor: -1,
        assignments: (0..count).map(assignment).collect(),
        configs: vec![pair("cleanup.policy", "compact"), pair("segment.bytes", "104857600")],
    })
}

/// Each group's coordinators as they were observed, each once.
fn coordinators(run: &GoldenRun) -> BTreeMap<String, Vec<i32>> {
    let mut seen: BTreeMap<String, Vec<i32>> = BTreeMap::new();
    for step in &run.steps {
        let Action::Group(Group { group }) = &step.action else { continue };
        let told = step.observed.as_ref().and_then(|answer| answer.get("coordinator"));
        let id = told.and_then(Value::as_i64).and_then(|id| i32::try_from(id).ok());
        let known = id.filter(|id| (1..=run.cluster.brokers).contains(id));
        let list = seen.entry(group.clone()).or_default();
        list.extend(known.filter(|id| !list.contains(id)));
    }
    seen.retain(|_, list| !list.is_empty());
    seen
}

fn number(cluster: &Cluster, key: &str, default: i32) -> i32 {
    cluster.config.get(key).and_then(|text| text.parse().ok()).unwrap_or(default)
}
