//! The broker that won the race: it decides, has ZooKeeper write it down, and pushes it to the brokers (`KafkaController`).
//!
//! Every write checks `/controller_epoch`, so a controller that another has followed can write no more. Invariant: nothing is
//! pushed, and nobody is answered, before ZooKeeper has it.

use super::pushes::Pushes;
use super::{Purpose, Zk, ZkTimer};
use crate::api::legacy::{Push, PushKind, ZAsk, ZData, ZNode, ZPath, ZWrite};
use crate::broker::{Broker, BrokerTimer};
use crate::controller::Controller;
use crate::controller::image::MetadataImage;
use crate::controller::legacy::{LiveBroker, records_of};
use crate::controller::records::MetadataRecord;
use crate::cx::Cx;
use crate::ids::{BrokerEpoch, LeaderEpoch, NodeId, Offset};
use crate::net::ConnId;
use crate::trace::Fact;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use kafkascope_kernel::{FlatMap, Micros};

/// How long a new controller waits before it looks for leaders that are not the preferred ones.
const FIRST_BALANCE: Micros = Micros::from_ms(5_000);

/// A controller in office.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct ActiveController {
    pub(super) controller: Controller,
    pub(super) pushes: Pushes,
    epoch: LeaderEpoch,
    /// What the brokers have been told, or will be by what waits in the channels.
    told: MetadataImage,
    /// Brokers that get pushes, by the epoch under which they registered.
    live: FlatMap<NodeId, BrokerEpoch>,
    /// How far ZooKeeper was asked to write.
    asked: Offset,
    written: Offset,
}

impl ActiveController {
    pub(super) fn on_client_gone(&mut self, conn: ConnId) {
        self.controller.forget_client(conn);
    }

    pub(super) fn depose(&mut self, cx: &mut Cx<'_>) {
        cx.note(Fact::ControllerResigned { epoch: self.epoch });
        self.controller.depose(cx);
    }

    fn push(
        &mut self,
        me: NodeId,
        to: NodeId,
        kind: PushKind,
        records: &[Arc<MetadataRecord>],
        whole: bool,
        cx: &mut Cx<'_>,
    ) {
        let (controller, controller_epoch) = (me, self.epoch);
        let broker_epoch = self.told.brokers.get(&to).map_or(-1, |broker| broker.epoch);
        let records = records.into();
        let push = Push { controller, controller_epoch, broker_epoch, whole, records };
        self.pushes.push(to, kind, push, cx);
    }

    /// What ZooKeeper has written reaches the brokers: first what is new for each as a replica, then what all answer to clients.
    fn tell(&mut self, me: NodeId, records: &[Arc<MetadataRecord>], cx: &mut Cx<'_>) {
        let before = self.told.clone();
        for record in records {
            let at = self.told.next_offset;
            self.told.apply(at, self.epoch, record);
        }
        let known = self.told.brokers.iter();
        let live: FlatMap<NodeId, BrokerEpoch> = known.map(|(id, it)| (*id, it.epoch)).collect();
        for (gone, _) in self.live.iter().filter(|(id, epoch)| live.get(*id) != Some(*epoch)) {
            self.pushes.forget(*gone);
        }
        for (broker, epoch) in live.iter().map(|(id, epoch)| (*id, *epoch)) {
            if self.live.get(&broker) != Some(&epoch) {
                self.welcome(me, broker, cx);
                continue;
            }
            let hosted = of_replica(records, &before, broker);
            if !hosted.is_empty() {
                self.push(me, broker, PushKind::LeaderAndIsr, &hosted, false, cx);
            }
            let lost = no_more_of(records, &before, broker);
            if !lost.is_empty() {
                self.push(me, broker, PushKind::StopReplica, &lost, false, cx);
            }
            self.push(me, broker, PushKind::UpdateMetadata, records, false, cx);
        }
        self.live = live;
    }

    /// A broker that is new to this controller gets everything.
    fn welcome(&mut self, me: NodeId, broker: NodeId, cx: &mut Cx<'_>) {
        let all: Vec<_> = records_of(&self.told).into_iter().map(Arc::new).collect();
        self.push(me, broker, PushKind::UpdateMetadata, &all, true, cx);
        self.push(me, broker, PushKind::LeaderAndIsr, &all, true, cx);
    }
}

impl Broker {
    /// The race is won, and everything was read: who is alive is looked at, then everybody is told.
    pub(super) fn take_office(&mut self, epoch: LeaderEpoch, nodes: &[ZNode], cx: &mut Cx<'_>) {
        let me = self.id;
        let newest = nodes.iter().map(|node| node.czxid).max().unwrap_or(0);
        let mut image = MetadataImage::default();
        for node in nodes {
            if let ZData::Record(record) = &node.data {
                let at = image.next_offset;
                image.apply(at, epoch, record);
            }
        }
        cx.note(Fact::ControllerElected { epoch });
        let ids_from = u32::try_from(newest).unwrap_or(u32::MAX / 2);
        let told = image.clone();
        let controller = Controller::in_zookeeper(me, self.config.clone(), epoch, image, ids_from);
        let active = ActiveController {
            controller,
            pushes: Pushes::default(),
            epoch,
            told,
            live: FlatMap::new(),
            asked: 0,
            written: 0,
        };
        let rebalances = self.config.auto_leader_rebalance_enable;
        let Some(zk) = &mut self.zk else { return };
        zk.active = Some(Box::new(active));
        zk.controller = Some(me);
        zk.heard_epoch = epoch;
        if rebalances {
            cx.arm(BrokerTimer::Zk(ZkTimer::Balance), FIRST_BALANCE);
        }
        self.to_controller.set_controller(Some(me), cx);
        let alive: Vec<LiveBroker> = nodes.iter().filter_map(live_broker).collect();
        if let Some(active) = self.zk.as_mut().and_then(|zk| zk.active.as_mut()) {
            active.controller.take_office(&alive, cx);
        }
    }

    /// Who is alive has changed.
    pub(super) fn see_brokers(&mut self, nodes: &[ZNode], cx: &mut Cx<'_>) {
        let alive: Vec<LiveBroker> = nodes.iter().filter_map(live_broker).collect();
        if let Some(active) = self.zk.as_mut().and_then(|zk| zk.active.as_mut()) {
            active.controller.see_brokers(&alive, cx);
        }
    }

    /// After every event: what was decided is written.
    pub(in crate::broker) fn settle_zk(&mut self, cx: &mut Cx<'_>) {
        let Some(zk) = &mut self.zk else { return };
        let Some(active) = &mut zk.active else { return };
        let end = active.controller.decided_end();
        if active.written == end {
            // A decision that changes nothing has nothing to wait for.
            active.controller.written_up_to(end, cx);
        }
        if active.asked == end || active.asked > active.written {
            return;
        }
        let records = active.controller.decided_since(active.asked);
        active.asked = end;
        let writes = writes_of(&records, zk.epoch.1);
        zk.ask(ZAsk::Multi(writes), Purpose::Write(end), cx);
    }

    pub(super) fn on_written(&mut self, end: Offset, cx: &mut Cx<'_>) {
        let me = self.id;
        let Some(active) = self.zk.as_mut().and_then(|zk| zk.active.as_mut()) else { return };
        let mut records = active.controller.decided_since(active.written);
        records.truncate(usize::try_from(end - active.written).unwrap_or(0));
        active.written = end;
        active.controller.written_up_to(end, cx);
        active.tell(me, &records, cx);
    }
}

impl Zk {
    /// Brokers that this controller takes for alive.
    pub fn live(&self) -> impl Iterator<Item = NodeId> {
        self.active.iter().flat_map(|active| active.live.keys().copied())
    }
}

fn live_broker(node: &ZNode) -> Option<LiveBroker> {
    let (ZPath::Broker(id), ZData::Broker { rack, incarnation }) = (&node.path, &node.data) else {
        return None;
    };
    Some(LiveBroker { id: *id, epoch: node.czxid, incarnation: *incarnation, rack: rack.clone() })
}

/// States of partitions that a broker has replicas of, with whom it needs to know for them.
fn of_replica(
    records: &[Arc<MetadataRecord>],
    before: &MetadataImage,
    broker: NodeId,
) -> Vec<Arc<MetadataRecord>> {
    let mut news = false;
    let mut kept = Vec::new();
    for record in records {
        #[expect(clippy::wildcard_enum_match_arm, reason = "only these concern a replica")]
        let concerns = match &**record {
            MetadataRecord::RegisterBroker { .. }
            | MetadataRecord::UnregisterBroker { .. }
            | MetadataRecord::Config { .. }
            | MetadataRecord::Topic { .. } => true,
            MetadataRecord::Partition { state, .. } => {
                news |= state.replicas.contains(&broker);
                true
            }
            MetadataRecord::PartitionChange { tp, state } => {
                let old = before.partition(*tp);
                let newer = old.is_none_or(|old| {
                    old.leader_epoch < state.leader_epoch || old.replicas != state.replicas
                });
                let concerns = newer && state.replicas.contains(&broker);
                news |= concerns;
                concerns
            }
            _ => false,
        };
        if concerns {
            kept.push(Arc::clone(record));
        }
    }
    if news { kept } else { Vec::new() }
}

/// What takes replicas away from a broker.
fn no_more_of(
    records: &[Arc<MetadataRecord>],
    before: &MetadataImage,
    broker: NodeId,
) -> Vec<Arc<MetadataRecord>> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "only these take replicas away")]
    let takes = |record: &&Arc<MetadataRecord>| match &***record {
        MetadataRecord::RemoveTopic { .. } => true,
        MetadataRecord::PartitionChange { tp, state } => {
            let had = before.partition(*tp).is_some_and(|old| old.replicas.contains(&broker));
            had && !state.replicas.contains(&broker)
        }
        _ => false,
    };
    records.iter().filter(takes).cloned().collect()
}

/// How records are written into znodes, if `/controller_epoch` still has `version`.
fn writes_of(records: &[Arc<MetadataRecord>], version: i32) -> Vec<ZWrite> {
    let mut writes = alloc::vec![ZWrite::Check { path: ZPath::ControllerEpoch, version }];
    for record in records {
        let set = |path| ZWrite::Set { path, data: ZData::Record(Arc::clone(record)) };
        #[expect(clippy::wildcard_enum_match_arm, reason = "the others are in no znode")]
        let write = match &**record {
            MetadataRecord::Topic { id, .. } => set(ZPath::Topic(*id)),
            MetadataRecord::Partition { tp, .. } => set(ZPath::State(*tp)),
            MetadataRecord::PartitionChange { tp, state } => {
                let whole = MetadataRecord::Partition { tp: *tp, state: state.clone() };
                ZWrite::Set { path: ZPath::State(*tp), data: ZData::Record(Arc::new(whole)) }
            }
            MetadataRecord::RemoveTopic { id } => ZWrite::DeleteTopic { topic: *id },
            MetadataRecord::Config { resource, key, .. } => {
                set(ZPath::Config(resource.clone(), key.clone()))
            }
            MetadataRecord::ClientQuota { entity, key, .. } => {
                set(ZPath::Quota(entity.clone(), *key))
            }
            MetadataRecord::ProducerIds { .. } => set(ZPath::ProducerIds),
            _ => continue,
        };
        writes.push(write);
    }
    writes
}
