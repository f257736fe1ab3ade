//! Topics come, grow and go (`ReplicationControlManager.createTopics`, `createPartitions`, `deleteTopics`).
//!
//! Invariant: a refused request leaves no record.

use super::legacy;
use super::placement::{Dice, PlacementError, UsableBroker, place};
use super::records::{MetadataRecord, PartitionState};
use super::view::View;
use crate::api::ErrorCode;
use crate::api::request::{ConfigResource, CreatePartitions, CreateTopics};
use crate::config::ConfigTable;
use crate::config::topic::TopicConfig;
use crate::ids::{Name, NodeId, TopicId, TopicPartition};
use alloc::vec::Vec;

/// The longest topic name (`Topic.MAX_NAME_LENGTH`).
const MAX_NAME_LENGTH: usize = 249;

/// Records of a new topic that shall have the id `id`.
pub fn create(
    view: &View<'_>,
    request: &CreateTopics,
    id: TopicId,
    limit: u32,
    dice: &mut dyn Dice,
) -> Result<Vec<MetadataRecord>, ErrorCode> {
    check_name(view, &request.name)?;
    let pairs = request.configs.iter().map(|(key, value)| (&**key, &**value));
    TopicConfig::from_pairs(pairs).map_err(|_| ErrorCode::InvalidConfig)?;
    let replicas = if request.assignments.is_empty() {
        placed(view, request, limit, dice)?
    } else {
        assigned(view, request)?
    };
    let mut records = Vec::new();
    records.push(MetadataRecord::Topic { id, name: request.name.clone() });
    records.extend(config_records(request));
    for (index, replicas) in (0_i32..).zip(replicas) {
        let state = fresh(view, replicas).ok_or(ErrorCode::InvalidReplicationFactor)?;
        records.push(MetadataRecord::Partition { tp: TopicPartition::new(id, index), state });
    }
    Ok(records)
}

/// Records that add partitions to a topic.
pub fn grow(
    view: &View<'_>,
    request: &CreatePartitions,
    limit: u32,
    dice: &mut dyn Dice,
) -> Result<Vec<MetadataRecord>, ErrorCode> {
    let (id, topic) = view.image.topic(&request.name).ok_or(ErrorCode::UnknownTopicOrPartition)?;
    let present = i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX);
    if request.count <= present {
        return Err(ErrorCode::InvalidPartitions);
    }
    let more = (request.count - present).unsigned_abs();
    check_limit(view, more, limit)?;
    let factor = topic.partitions.first().map_or(1, |first| first.replicas.len());
    let factor = i16::try_from(factor).unwrap_or(i16::MAX);
    let placed = place_from(view, more, factor, present.unsigned_abs(), dice)
        .map_err(|error| refused(&error))?;
    let mut records = Vec::new();
    for (index, replicas) in (present..).zip(placed) {
        let state = fresh(view, replicas).ok_or(ErrorCode::InvalidReplicationFactor)?;
        records.push(MetadataRecord::Partition { tp: TopicPartition::new(id, index), state });
    }
    Ok(records)
}

/// The record that removes a topic.
pub fn delete(view: &View<'_>, name: &Name) -> Result<MetadataRecord, ErrorCode> {
    let (id, _) = view.image.topic(name).ok_or(ErrorCode::UnknownTopicOrPartition)?;
    Ok(MetadataRecord::RemoveTopic { id })
}

/// Checks replicas given by hand; all partitions must have `factor` of them, if given (`validateManualPartitionAssignment`).
pub fn check_assignment(
    view: &View<'_>,
    replicas: &[NodeId],
    factor: Option<usize>,
) -> Result<(), ErrorCode> {
    let mut distinct = replicas.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    let registered = replicas.iter().all(|id| view.image.brokers.contains_key(id));
    let valid = !replicas.is_empty()
        && distinct.len() == replicas.len()
        && registered
        && factor.is_none_or(|factor| factor == replicas.len());
    if valid { Ok(()) } else { Err(ErrorCode::InvalidReplicaAssignment) }
}

/// Kafka's rule for names (`Topic.validate`), and no two that differ only in dots and underscores.
fn check_name(view: &View<'_>, name: &Name) -> Result<(), ErrorCode> {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let valid = !name.is_empty()
        && &**name != "."
        && &**name != ".."
        && name.len() <= MAX_NAME_LENGTH
        && name.bytes().all(legal);
    if !valid {
        return Err(ErrorCode::InvalidTopicException);
    }
    if view.image.topic_ids.contains_key(name) {
        return Err(ErrorCode::TopicAlreadyExists);
    }
    let plain = name.replace('.', "_");
    let clash = view.image.topic_ids.keys().any(|other| other.replace('.', "_") == plain);
    if clash { Err(ErrorCode::InvalidTopicException) } else { Ok(()) }
}

fn placed(
    view: &View<'_>,
    request: &CreateTopics,
    limit: u32,
    dice: &mut dyn Dice,
) -> Result<Vec<Vec<NodeId>>, ErrorCode> {
    if request.replication_factor < -1 || request.replication_factor == 0 {
        return Err(ErrorCode::InvalidReplicationFactor);
    }
    if request.num_partitions < -1 || request.num_partitions == 0 {
        return Err(ErrorCode::InvalidPartitions);
    }
    let partitions = match request.num_partitions {
        -1 => view.node.num_partitions,
        given => given,
    };
    let factor = match request.replication_factor {
        -1 => i16::try_from(view.node.default_replication_factor).unwrap_or(i16::MAX),
        given => given,
    };
    check_limit(view, partitions.unsigned_abs(), limit)?;
    place_from(view, partitions.unsigned_abs(), factor, 0, dice).map_err(|error| refused(&error))
}

fn assigned(view: &View<'_>, request: &CreateTopics) -> Result<Vec<Vec<NodeId>>, ErrorCode> {
    if request.replication_factor != -1 || request.num_partitions != -1 {
        return Err(ErrorCode::InvalidRequest);
    }
    let factor = request.assignments.first().map(Vec::len);
    for replicas in &request.assignments {
        check_assignment(view, replicas, factor)?;
        if fresh(view, replicas.clone()).is_none() {
            return Err(ErrorCode::InvalidReplicaAssignment);
        }
    }
    Ok(request.assignments.clone())
}

/// More partitions than a run may hold are refused as a policy of this cluster.
fn check_limit(view: &View<'_>, more: u32, limit: u32) -> Result<(), ErrorCode> {
    let present =
        view.image.topics.values().map(|topic| topic.partitions.len() as u64).sum::<u64>();
    if present + u64::from(more) > u64::from(limit) {
        return Err(ErrorCode::PolicyViolation);
    }
    Ok(())
}

fn place_from(
    view: &View<'_>,
    partitions: u32,
    factor: i16,
    present: u32,
    dice: &mut dyn Dice,
) -> Result<Vec<Vec<NodeId>>, PlacementError> {
    if view.places_as_3x {
        return legacy::place_from(&usable(view), partitions, factor, present, dice);
    }
    place(&usable(view), partitions, factor, dice)
}

fn usable(view: &View<'_>) -> Vec<UsableBroker> {
    let staying = view.image.brokers.iter().filter(|(_, broker)| !broker.in_controlled_shutdown);
    let usable = staying.map(|(id, broker)| UsableBroker {
        id: *id,
        rack: broker.rack.clone(),
        fenced: broker.fenced,
    });
    usable.collect()
}

const fn refused(error: &PlacementError) -> ErrorCode {
    match error {
        PlacementError::NotPositive(_)
        | PlacementError::TooFewBrokers { .. }
        | PlacementError::NotAboveZero
        | PlacementError::MoreThanAvailable { .. }
        | PlacementError::RacksIncomplete
        | PlacementError::AllFenced => ErrorCode::InvalidReplicationFactor,
    }
}

/// A new partition: whoever of its replicas serves is in sync, the first of them leads; none if nobody serves.
fn fresh(view: &View<'_>, replicas: Vec<NodeId>) -> Option<PartitionState> {
    let isr: Vec<_> = replicas.iter().copied().filter(|id| view.image.is_active(*id)).collect();
    let leader = *isr.first()?;
    Some(PartitionState {
        replicas,
        isr,
        elr: Vec::new(),
        last_known_elr: Vec::new(),
        leader,
        leader_epoch: 0,
        partition_epoch: 0,
        adding: Vec::new(),
        removing: Vec::new(),
        recovering: false,
    })
}

fn config_records(request: &CreateTopics) -> impl Iterator<Item = MetadataRecord> {
    request.configs.iter().map(|(key, value)| MetadataRecord::Config {
        resource: ConfigResource::Topic(request.name.clone()),
        key: key.clone(),
        value: Some(value.clone()),
    })
}

#[cfg(test)]
mod tests {
    use super::super::broker_changes;
    use super::super::testing::{Desk, TOPIC, ids};
    use super::*;
    use alloc::vec;
    use kafkascope_kernel::Seed;

    fn asked(name: &str, partitions: i32, factor: i16) -> CreateTopics {
        CreateTopics {
            name: name.into(),
            num_partitions: partitions,
            replication_factor: factor,
            assignments: Vec::new(),
            configs: Vec::new(),
            timeout_ms: 1_000,
        }
    }

    fn create_on(desk: &Desk, request: &CreateTopics) -> Result<Vec<MetadataRecord>, ErrorCode> {
        let mut dice = Seed(1).stream("placement", 0);
        create(&desk.view(), request, TopicId(7), 1_000, &mut dice)
    }

    #[test]
    fn topics_are_refused_for_kafkas_reasons() {
        use ErrorCode::{
            InvalidConfig, InvalidPartitions, InvalidReplicaAssignment, InvalidReplicationFactor,
            InvalidRequest, InvalidTopicException, None, PolicyViolation, TopicAlreadyExists,
        };
        let long = "x".repeat(250);
        let assigned = |lists: &[&[i32]]| CreateTopics {
            assignments: lists.iter().map(|list| ids(list)).collect(),
            ..asked("new", -1, -1)
        };
        let with = |key: &str, value: &str| CreateTopics {
            configs: vec![(key.into(), value.into())],
            ..asked("new", 1, 1)
        };
        let cases = [
            (asked("new", 3, 3), None),
            (asked("new", -1, -1), None),
            (asked("t", 1, 1), TopicAlreadyExists),
            (asked("a.b", 1, 1), InvalidTopicException),
            (asked("", 1, 1), InvalidTopicException),
            (asked("..", 1, 1), InvalidTopicException),
            (asked("a b", 1, 1), InvalidTopicException),
            (asked(&long, 1, 1), InvalidTopicException),
            (asked("new", 0, 1), InvalidPartitions),
            (asked("new", -2, 1), InvalidPartitions),
            (asked("new", 1, 0), InvalidReplicationFactor),
            (asked("new", 1, 4), InvalidReplicationFactor),
            (asked("new", 1_000, 1), PolicyViolation),
            (with("min.insync.replicas", "2"), None),
            (with("min.insync.replicas", "0"), InvalidConfig),
            (with("no.such.thing", "0"), InvalidConfig),
            (assigned(&[&[1, 2], &[2, 3]]), None),
            (assigned(&[&[1, 2], &[2]]), InvalidReplicaAssignment),
            (assigned(&[&[1, 1]]), InvalidReplicaAssignment),
            (assigned(&[&[9]]), InvalidReplicaAssignment),
            (CreateTopics { num_partitions: 1, ..assigned(&[&[1]]) }, InvalidRequest),
            (CreateTopics { replication_factor: 1, ..assigned(&[&[1]]) }, InvalidRequest),
        ];
        let mut desk = Desk::with_topic(3, &[&[1, 2, 3]]);
        desk.apply(&[MetadataRecord::Topic { id: TopicId(901), name: "a_b".into() }]);
        for (request, verdict) in cases {
            let got = create_on(&desk, &request).err().unwrap_or_default();
            assert_eq!(got, verdict, "{request:?}");
        }
    }

    #[test]
    fn a_fenced_broker_gets_replicas_but_neither_leads_nor_is_in_sync() {
        let mut desk = Desk::new(3);
        let records = broker_changes::fence(&desk.view(), NodeId(2));
        desk.apply(&records);
        let records = create_on(&desk, &asked("new", 6, 3)).expect("three are registered");
        desk.apply(&records);
        for state in &desk.image.topics[&TopicId(7)].partitions {
            assert_eq!(state.replicas.len(), 3);
            assert!(!state.isr.contains(&NodeId(2)) && state.isr.len() == 2);
            assert_eq!(state.leader, state.replicas[0]);
        }
        for broker in [1, 3] {
            let records = broker_changes::fence(&desk.view(), NodeId(broker));
            desk.apply(&records);
        }
        let refused = create_on(&desk, &asked("more", 1, 1)).err();
        assert_eq!(refused, Some(ErrorCode::InvalidReplicationFactor), "nobody serves");
    }

    #[test]
    fn topics_grow_and_never_shrink() {
        let desk = Desk::with_topic(3, &[&[1, 2], &[2, 3]]);
        let grown = |count| {
            let mut dice = Seed(1).stream("placement", 0);
            let request = CreatePartitions { name: "t".into(), count };
            grow(&desk.view(), &request, 1_000, &mut dice)
        };
        assert_eq!(grown(2), Err(ErrorCode::InvalidPartitions));
        assert_eq!(grown(1), Err(ErrorCode::InvalidPartitions));
        let records = grown(4).expect("two more");
        let added = records.iter().map(|record| {
            let MetadataRecord::Partition { tp, state } = record else { panic!("{record:?}") };
            (tp.partition, state.replicas.len())
        });
        assert_eq!(added.collect::<Vec<_>>(), [(2, 2), (3, 2)]);
        assert_eq!(
            delete(&desk.view(), &"t".into()),
            Ok(MetadataRecord::RemoveTopic { id: TOPIC })
        );
        let unknown = delete(&desk.view(), &"u".into());
        assert_eq!(unknown, Err(ErrorCode::UnknownTopicOrPartition));
    }
}
