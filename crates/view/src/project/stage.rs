//! The stage: which cards there are, and what is on them.
//!
//! Invariant: a card that did not change is the same `Rc` as before.

use super::{Sight, clients, limits, tapes};
use crate::directory::{Directory, NodeKind};
use crate::layout::{ClusterLayout, Shape};
use crate::picture::{Picture, ProcessWord};
use crate::ui::{Selection, UiState};
use crate::view_model::Text;
use crate::view_model::topology::{
    BrokerStatus, BrokerVm, ControllerVm, ProcessStatus, Text2, TopologyVm, WireLook, WireVm,
};
use crate::words;
use kafkascope_kernel::FlatMap;
use kafkascope_model::ids::{Name, NodeId, TopicPartition};
use kafkascope_model::net::LinkSel;
use kafkascope_model::world::{ProcessState, World};
use std::rc::Rc;

/// The most partitions on the stage; more are counted.
const MOST_PARTITIONS: usize = 24;

/// What is to be arranged.
pub(super) fn shape(
    picture: &Picture,
    directory: &Directory,
    world: &World,
    ui: &UiState,
) -> Shape {
    let partitions = partitions(picture, ui);
    let here = |id: &NodeId| !closed(picture, world, *id);
    let producers = directory.of_kind(NodeKind::Producer).filter(|(id, _)| here(id));
    let producers = producers.map(|(id, info)| {
        let mine = |tp: &&TopicPartition| {
            let topic = picture.topics.get(&tp.topic);
            topic.is_some_and(|topic| info.topics.contains(&topic.name))
        };
        (id, partitions.iter().filter(mine).copied().collect())
    });
    let brokers = directory.of_kind(NodeKind::Broker).map(|(id, _)| {
        let hosted = partitions.iter().filter(|tp| hosts(picture, id, **tp));
        (id, hosted.copied().collect())
    });
    Shape {
        producers: producers.collect(),
        brokers: brokers.collect(),
        controllers: directory.of_kind(NodeKind::Controller).map(|(id, _)| id).collect(),
        groups: groups(picture, directory, world),
    }
}

/// Whether a partition is on the stage.
pub(super) fn shows(picture: &Picture, ui: &UiState, tp: TopicPartition) -> bool {
    let Some(topic) = picture.topics.get(&tp.topic) else { return false };
    !topic.deleted && (ui.internal_topics || !topic.name.starts_with("__"))
}

/// The stage's cards and wires.
pub(super) fn topology(sight: &Sight<'_>, layout: &ClusterLayout, last: &TopologyVm) -> TopologyVm {
    let directory = sight.directory;
    let picture = &sight.observer.picture;
    let world = sight.session.world();
    let producers = directory.of_kind(NodeKind::Producer);
    let producers = producers.filter(|(id, _)| !closed(picture, world, *id));
    let producers = producers.map(|(id, info)| clients::producer(sight, layout, id, info));
    let brokers =
        directory.of_kind(NodeKind::Broker).map(|(id, _)| broker(sight, layout, id, last));
    let controllers = directory.of_kind(NodeKind::Controller);
    let controllers = controllers.map(|(id, _)| controller(sight, id));
    let groups = groups(picture, directory, world);
    let members = groups.iter().enumerate();
    let members =
        members.map(|(index, (group, members))| clients::group(sight, group, index, members));
    let hidden = all_partitions(picture, sight.ui).count().saturating_sub(MOST_PARTITIONS);
    TopologyVm {
        title: title(sight),
        producers: producers.map(|vm| shared(vm, &last.producers)).collect(),
        brokers: brokers.map(|vm| shared(vm, &last.brokers)).collect(),
        controllers: controllers.map(|vm| shared(vm, &last.controllers)).collect(),
        groups: members.map(|vm| shared(vm, &last.groups)).collect(),
        wires: wires(sight, layout),
        partitions_hidden: hidden as u32,
    }
}

/// The same `Rc` if an equal card was there before.
pub(super) fn shared<T: PartialEq>(vm: T, last: &[Rc<T>]) -> Rc<T> {
    last.iter().find(|known| ***known == vm).cloned().unwrap_or_else(|| Rc::new(vm))
}

/// Whether a client was closed in order, so that nobody looks for it any more.
fn closed(picture: &Picture, world: &World, id: NodeId) -> bool {
    let ended = picture.processes.get(&id).is_some_and(|p| p.state == ProcessWord::Ended);
    ended && world.state(id) == ProcessState::Down
}

fn hosts(picture: &Picture, broker: NodeId, tp: TopicPartition) -> bool {
    let assigned = picture.partitions.get(&tp).is_some_and(|p| p.replicas.contains(&broker));
    assigned || picture.replicas.contains_key(&(broker, tp))
}

fn all_partitions(picture: &Picture, ui: &UiState) -> impl Iterator<Item = TopicPartition> {
    picture.partitions.keys().copied().filter(|tp| shows(picture, ui, *tp))
}

fn partitions(picture: &Picture, ui: &UiState) -> Vec<TopicPartition> {
    all_partitions(picture, ui).take(MOST_PARTITIONS).collect()
}

/// Groups by name, each with its consumers; consumers without a group have a card of their own name.
pub(super) fn groups(
    picture: &Picture,
    directory: &Directory,
    world: &World,
) -> Vec<(Name, Vec<NodeId>)> {
    let mut groups: FlatMap<Name, Vec<NodeId>> = FlatMap::new();
    for (id, info) in directory.of_kind(NodeKind::Consumer) {
        let group = match directory.config(id, "group.id") {
            Some(group) if !group.is_empty() && group != "null" => group.into(),
            Some(_) | None => Name::from(&*info.name),
        };
        let members = groups.entry(group).or_default();
        if !closed(picture, world, id) {
            members.push(id);
        }
    }
    groups.into_iter().collect()
}

fn title(sight: &Sight<'_>) -> Text2 {
    let brokers = sight.directory.of_kind(NodeKind::Broker).count() as u64;
    let topics = sight.observer.picture.topics.values();
    let factor = topics.filter(|topic| !topic.name.starts_with("__")).map(|t| t.replication_factor);
    let mut quiet = vec![words::count(brokers, "broker", "brokers")];
    quiet.extend(factor.max().map(|factor| format!("RF {factor}")));
    let producer = sight.directory.of_kind(NodeKind::Producer).next();
    quiet.extend(
        producer.and_then(|(id, _)| {
            Some(format!("acks={}", acks(sight.directory.config(id, "acks")?)))
        }),
    );
    Text2 { main: sight.title.into(), quiet: quiet.join(" · ").as_str().into() }
}

/// Kafka's -1 reads as "all".
pub(super) fn acks(value: &str) -> &str {
    if value == "-1" { "all" } else { value }
}

fn broker(sight: &Sight<'_>, layout: &ClusterLayout, id: NodeId, last: &TopologyVm) -> BrokerVm {
    let picture = &sight.observer.picture;
    let known = last.brokers.iter().find(|broker| broker.id == id);
    let tapes = layout.tapes.iter().filter(|tape| tape.broker == id);
    let tapes = tapes.map(|tape| {
        let vm = tapes::tape(sight, tape);
        match known {
            Some(known) => shared(vm, &known.tapes),
            None => Rc::new(vm),
        }
    });
    let info = &sight.directory.nodes[&id];
    let rack = info.rack.as_ref().map_or_else(String::new, |rack| format!("rack {rack}"));
    let coordinated = picture.groups.iter().filter(|(_, group)| group.coordinator == Some(id));
    BrokerVm {
        id,
        name: info.name.clone(),
        rack: rack.as_str().into(),
        status: status(sight, id),
        controller: picture.active_controller.is_some_and(|(active, _)| active == id),
        note: note(sight, id),
        tapes: tapes.collect(),
        coordinates: coordinated.map(|(name, _)| clients::letter(name)).collect(),
        selected: sight.is_selected(&Selection::Node(id)),
    }
}

/// How a broker is, in one word.
pub(super) fn status(sight: &Sight<'_>, id: NodeId) -> BrokerStatus {
    let picture = &sight.observer.picture;
    let known = picture.brokers.get(&id).copied().unwrap_or_default();
    let world = sight.session.world();
    // Without a quorum nobody is fenced: a broker whose znode is gone is what its process is.
    let fenced = known.fenced && world.zookeeper().is_none();
    match world.state(id) {
        ProcessState::Paused if fenced => BrokerStatus::Fenced,
        ProcessState::Paused => BrokerStatus::Paused,
        ProcessState::Down if fenced => BrokerStatus::Fenced,
        ProcessState::Down => BrokerStatus::Stopped,
        ProcessState::Stopping => BrokerStatus::ShuttingDown,
        ProcessState::Starting => BrokerStatus::Starting,
        ProcessState::Running if known.shutting_down => BrokerStatus::ShuttingDown,
        ProcessState::Running if known.registered && !known.fenced => BrokerStatus::Active,
        ProcessState::Running if fenced && known.silent.is_some() => BrokerStatus::Fenced,
        ProcessState::Running => BrokerStatus::Starting,
    }
}

fn note(sight: &Sight<'_>, id: NodeId) -> Text {
    let picture = &sight.observer.picture;
    let known = picture.brokers.get(&id).copied().unwrap_or_default();
    let has_zookeeper = sight.session.world().zookeeper().is_some();
    let key = session_key(sight);
    let timeout = sight.directory.config(id, key).unwrap_or_default();
    let down = picture.processes.get(&id).filter(|process| {
        matches!(process.state, ProcessWord::Killed | ProcessWord::Ended | ProcessWord::Paused)
    });
    let text = match (known.silent, down) {
        (Some(_), _) if known.fenced && has_zookeeper => "its znode is gone".to_string(),
        (Some(silent), _) if known.fenced => {
            format!("fenced after {} without a heartbeat", words::span(silent))
        }
        (None, Some(_)) if known.registered && !known.fenced => {
            format!("no sign of life · {key} {timeout}")
        }
        (Some(_) | None, _) => limits::disk(sight.session.world(), id),
    };
    text.as_str().into()
}

/// The config that says how long a silent broker is waited for.
pub(super) fn session_key(sight: &Sight<'_>) -> &'static str {
    match sight.session.world().zookeeper() {
        Some(_) => "zookeeper.session.timeout.ms",
        None => "broker.session.timeout.ms",
    }
}

fn controller(sight: &Sight<'_>, id: NodeId) -> ControllerVm {
    let active = sight.observer.picture.active_controller;
    let leads = active.filter(|(leader, _)| *leader == id);
    let state = match leads {
        _ if sight.session.world().zookeeper() == Some(id) => "keeps the metadata".to_string(),
        Some((_, epoch)) => format!("active controller, epoch {epoch}"),
        None => "controller".to_string(),
    };
    ControllerVm {
        id,
        name: sight.directory.name(id),
        active: leads.is_some(),
        state: state.as_str().into(),
        status: process_status(sight, id),
        selected: sight.is_selected(&Selection::Node(id)),
    }
}

/// Whether a process runs, in the user's words.
pub(super) fn process_status(sight: &Sight<'_>, id: NodeId) -> ProcessStatus {
    match sight.session.world().state(id) {
        ProcessState::Starting => ProcessStatus::Starting,
        ProcessState::Running => ProcessStatus::Running,
        ProcessState::Stopping => ProcessStatus::Stopping,
        ProcessState::Paused => ProcessStatus::Paused,
        ProcessState::Down => ProcessStatus::Stopped,
    }
}

fn wires(sight: &Sight<'_>, layout: &ClusterLayout) -> Vec<WireVm> {
    let picture = &sight.observer.picture;
    let mut wires = Vec::new();
    for queue in &layout.queues {
        let own = queue.tp.into_iter();
        let all = layout.tapes.iter().map(|tape| tape.tp);
        let tps: Vec<_> = if queue.tp.is_some() { own.collect() } else { all.collect() };
        for tp in tps {
            push_wire(sight, layout, queue.producer, tp, &mut wires);
        }
    }
    for member in &layout.members {
        let positions = picture.consumers.get(&member.id).map(|consumer| &consumer.positions);
        for tp in positions.into_iter().flat_map(FlatMap::keys) {
            push_wire(sight, layout, member.id, *tp, &mut wires);
        }
    }
    wires
}

fn push_wire(
    sight: &Sight<'_>,
    layout: &ClusterLayout,
    client: NodeId,
    tp: TopicPartition,
    wires: &mut Vec<WireVm>,
) {
    if !sight.shows(tp) {
        return;
    }
    let Some(broker) = sight.observer.picture.leader(tp) else { return };
    let Some(curve) = layout.client_way(client, broker, Some(tp)) else { return };
    let known =
        wires.iter().any(|wire| (wire.client, wire.broker, wire.tp) == (client, broker, Some(tp)));
    if !known {
        let look = look(sight, client, broker, tp);
        wires.push(WireVm { client, broker, tp: Some(tp), look, curve });
    }
}

fn look(sight: &Sight<'_>, client: NodeId, broker: NodeId, tp: TopicPartition) -> WireLook {
    use crate::picture::LinkChange;
    let links = &sight.observer.picture.links;
    let change =
        links.iter().find(|(sel, _)| covers(*sel, client, broker)).map(|(_, change)| change);
    let ends = [
        Selection::Node(client),
        Selection::Node(broker),
        Selection::Partition(tp),
        Selection::Link(client, broker),
    ];
    match change {
        Some(LinkChange::Cut) => WireLook::Cut,
        Some(LinkChange::Slowed(_)) => WireLook::Slowed,
        None if ends.contains(&sight.ui.selection) => WireLook::Selected,
        None => WireLook::Faint,
    }
}

fn covers(sel: LinkSel, a: NodeId, b: NodeId) -> bool {
    sel.covers(a, b) || sel.covers(b, a)
}
