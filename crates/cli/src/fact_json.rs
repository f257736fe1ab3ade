//! Facts as JSON objects, one a line: `at_us`, `seq`, `node`, `fact`, then the fact's own fields.
//!
//! Fields are written as the model names them, payloads as text. Invariant: every fact has a line, and a new kind of fact does
//! not compile until it is here.

use kafkascope_kernel::Micros;
use kafkascope_model::api::share::{AckType, RecordState};
use kafkascope_model::api::{ApiKey, ErrorCode};
use kafkascope_model::group::modern::reconcile::ReconcileState;
use kafkascope_model::ids::{
    Bytes, MsgId, Name, NodeId, Offset, RecordId, TopicId, TopicPartition,
};
use kafkascope_model::log::retention::WhyDeleted;
use kafkascope_model::net::{LinkSel, MessageFault, NextMessage};
use kafkascope_model::quota::QuotaKey;
use kafkascope_model::trace::{
    ChangeReason, Exit, Fact, PositionSource, SendResult, SettledBy, ThrottledSide, TraceEvent,
};
use kafkascope_model::txn::TxnState;
use kafkascope_model::workload::Outside;
use kafkascope_model::world::World;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// One line of a trace.
pub fn line(event: &TraceEvent, world: &World) -> String {
    let mut map = Map::new();
    map.insert("at_us".to_string(), json!(event.at.0));
    map.insert("seq".to_string(), json!(event.seq));
    map.insert("node".to_string(), json!(world.node_name(event.node)));
    if let Some(cause) = event.cause {
        map.insert("cause".to_string(), json!(cause.0));
    }
    fill(&event.fact, world, &mut map);
    Value::Object(map).to_string()
}

/// A value of a fact's field.
trait Shown {
    fn shown(&self, world: &World) -> Value;
}

macro_rules! plain {
    ($($type:ty),*) => {
        $(impl Shown for $type {
            fn shown(&self, _world: &World) -> Value {
                json!(self)
            }
        })*
    };
}
plain!(i16, i32, i64, u32, u64, bool, &'static str);

macro_rules! as_written {
    ($($type:ty => |$value:ident, $world:ident| $shown:expr;)*) => {
        $(impl Shown for $type {
            fn shown(&self, $world: &World) -> Value {
                let $value = self;
                json!($shown)
            }
        })*
    };
}
as_written! {
    Name => |value, _world| **value;
    Bytes => |value, _world| String::from_utf8_lossy(value);
    MsgId => |value, _world| value.0;
    NodeId => |value, _world| value.0;
    TopicId => |value, _world| value.0;
    RecordId => |value, _world| value.0;
    Micros => |value, _world| value.0;
    ApiKey => |value, _world| value.name();
    ErrorCode => |value, _world| value.name();
    TxnState => |value, _world| value.name();
    TopicPartition => |value, world| world.partition_name(*value);
    QuotaKey => |value, _world| value.name();
    Exit => |value, _world| format!("{value:?}");
    ChangeReason => |value, _world| format!("{value:?}");
    WhyDeleted => |value, _world| format!("{value:?}");
    Arc<[(Offset, Offset)]> => |value, _world| value.to_vec();
    ThrottledSide => |value, _world| format!("{value:?}");
    PositionSource => |value, _world| format!("{value:?}");
    ReconcileState => |value, _world| format!("{value:?}");
    LinkSel => |value, _world| format!("{value:?}");
    MessageFault => |value, _world| format!("{value:?}");
    NextMessage => |value, _world| json!({
        "api": value.api.name(),
        "answer": value.answer,
        "from": value.from.0,
        "to": value.to.0,
    });
    Outside => |value, _world| value.name();
    AckType => |value, _world| format!("{value:?}");
    RecordState => |value, _world| format!("{value:?}");
    SettledBy => |value, _world| format!("{value:?}");
    SendResult => |value, _world| match value {
        SendResult::Acked(offset) => json!({ "offset": offset }),
        SendResult::Failed(error) => json!({ "error": error }),
    };
}

impl<T: Shown> Shown for Option<T> {
    fn shown(&self, world: &World) -> Value {
        self.as_ref().map_or(Value::Null, |value| value.shown(world))
    }
}

impl<T: Shown> Shown for Arc<[T]> {
    fn shown(&self, world: &World) -> Value {
        self.iter().map(|value| value.shown(world)).collect()
    }
}

macro_rules! facts {
    (
        fields { $($fact:ident { $($field:ident),* };)* }
        parts { $($tuple:ident($($part:ident),*);)* }
        bare { $($unit:ident;)* }
    ) => {
        fn fill(fact: &Fact, world: &World, map: &mut Map<String, Value>) {
            let mut put = |key: &str, value: Value| map.insert(key.to_string(), value);
            match fact {
                $(Fact::$fact { $($field),* } => {
                    put("fact", json!(stringify!($fact)));
                    $(put(stringify!($field), $field.shown(world));)*
                })*
                $(Fact::$tuple($($part),*) => {
                    put("fact", json!(stringify!($tuple)));
                    $(put(stringify!($part), $part.shown(world));)*
                })*
                $(Fact::$unit => {
                    put("fact", json!(stringify!($unit)));
                })*
            }
        }
    };
}

facts! {
    fields {
    MessageStruck { msg, message, fault };
    ClockSkewed { by_ms };
    SessionExpired { broker, silent };
    EphemeralInTheWay { broker };
    ControllerRaceLost { winner };
    StaleControllerRefused { controller, epoch, known };
    BatchCorrupted { tp, base_offset };
    CorruptionFound { tp, base_offset };
    FetchGivenUp { tp, base_offset };
    TailLost { tp, from, to };
    LogRecovered { tp, from, to };
    RequestSent { msg, to, api, bytes };
    ResponseSent { msg, to, api, error };
    Disconnected { peer };
    Sent { record, topic, key, value };
    Batched { record, tp, by_key };
    BatchSent { tp, records, base_sequence, leader, attempt };
    BatchRetried { tp, first, count, error };
    SendDone { record, tp, result };
    ProducerIdAssigned { id, epoch };
    SendBlocked { record };
    MetadataUpdated { tp, leader, epoch };
    MetadataRequested { because };
    RequestTimedOut { api, to };
    Appended { tp, base_offset, records, epoch };
    DuplicateBatch { tp, base_offset };
    AppendRefused { tp, error };
    Replicated { tp, base_offset, next_offset };
    HighWatermark { tp, from, to };
    LastStable { tp, to };
    TransactionMoved { transactional_id, producer_id, epoch, state, partitions };
    TransactionTimedOut { transactional_id, open_ms };
    TransactionRefused { transactional_id, api, error };
    TxnCoordinatorLoaded { partition, transactions };
    TransactionJoined { tp, first_offset, producer_id, epoch };
    MarkerAppended { tp, offset, producer_id, epoch, committed };
    OffsetPending { group, topic, partition, offset };
    OffsetsDropped { group, producer_id };
    Truncated { tp, from, to };
    LogStart { tp, to };
    SegmentRolled { tp, base_offset };
    SegmentDeleted { tp, base_offset, why };
    Compacted { tp, up_to, gone };
    BecameLeader { tp, epoch, log_end };
    BecameFollower { tp, epoch, leader };
    ReplicaLagging { tp, replica, lag };
    ReplicaCaughtUp { tp, replica };
    IsrProposalAnswered { tp, error };
    ReplicaHosted { tp, hosted };
    BrokerRegistered { broker, epoch };
    BrokerRefused { broker, error };
    BrokerFenced { broker, silent };
    BrokerUnfenced { broker };
    ShutdownBegan { broker };
    ShutdownGranted { broker };
    ControllerElected { epoch };
    ControllerCandidate { epoch };
    ControllerResigned { epoch };
    TopicCreated { topic, name, partitions, replication_factor };
    TopicDeleted { topic };
    LeaderElected { tp, leader, epoch, reason };
    IsrChanged { tp, isr, elr, reason };
    ReplicasChanged { tp, replicas };
    QuotaChanged { entity, key, value };
    Throttled { client, key, ms };
    ReplicationThrottled { side };
    ConfigChanged { resource, key, value };
    MetadataApplied { offset };
    MemberJoining { group, member, client, reason };
    RebalanceStarted { group, generation, reason };
    GenerationFormed { group, generation, members, leader };
    GroupStable { group, generation };
    GroupEmpty { group, generation };
    GroupDeleted { group };
    MemberLeft { group, member, reason };
    MemberExpired { group, member };
    GroupRefused { group, api, error };
    CoordinatorLoaded { partition, groups };
    CoordinatorResigned { partition };
    GroupEpoch { group, epoch, reason };
    TargetAssigned { group, epoch, members, assignor };
    MemberStep { group, member, epoch, step, assigned, to_revoke };
    GroupConverted { group, to, epoch };
    OffsetCommitted { group, topic, partition, offset };
    ShareGroupEpoch { group, epoch, members, reason };
    ShareAssigned { group, member, client, epoch, partitions };
    SharePartitionLoaded { group, tp, start };
    ShareAcquired { group, member, tp, first, last, delivery_count };
    ShareLockRenewed { group, member, tp, first, last };
    ShareSettled { group, tp, first, last, state, delivery_count, by };
    ShareAnswered { record, tp, offset, answer };
    ShareStartMoved { group, tp, to };
    CoordinatorFound { coordinator };
    CoordinatorLost { error };
    Joining { reason };
    Assigned { partitions, generation };
    Revoked { partitions, generation };
    Lost { partitions, generation };
    PositionSet { tp, offset, source };
    Delivered { record, tp, offset, epoch };
    BufferLost { records };
    SideEffect { record, kind, knows_again };
    Processed { record, tp, offset };
    ProcessingFailed { record, tp, offset, then };
    PollFailed { error };
    CommitAnswered { tp, offset, error };
    AppCallDone { call, error };
    AdminAnswered { api, target, error };
    }
    parts {
    Exited(how);
    LinkCut(link);
    LinkSlowed(link, transit);
    LinkHealed(link);
    MessageAimedAt(next, fault);
    DiskSlowed(by);
    }
    bare {
    Starting;
    Paused;
    Resumed;
    BrokerStarted;
    ClientClosed;
    DiskWiped;
    DiskFilled;
    DiskHealed;
    LogDirFailed;
    }
}
