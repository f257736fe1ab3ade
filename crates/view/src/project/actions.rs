//! What a wish of the user means for the cluster: model commands, or a sentence on why it cannot be.
//!
//! Invariant: nothing here changes anything; the page submits what comes out.

use super::{Projector, limits};
use crate::ui_command::{ConfigScope, UiCommand};
use kafkascope_kernel::Micros;
use kafkascope_model::api::request::ConfigResource;
use kafkascope_model::command::{
    AdminCommand, Command, ConsumerSpec, ProducerSpec, ShareConsumerSpec,
};
use kafkascope_model::ids::{Name, NodeId, TopicPartition};
use kafkascope_model::net::{LinkSel, MessageSel};
use kafkascope_model::node::Node;
use kafkascope_model::workload::{CommitStrategy, NewRecord, Processing};
use kafkascope_model::world::{ProcessState, World};

/// How much slower a slowed link is.
const SLOWER: u64 = 10;

impl Projector {
    /// The commands of the model that carry out a wish; none for wishes about the view.
    pub fn commands(&self, world: &World, wish: &UiCommand) -> Result<Vec<Command>, String> {
        let one = |command| Ok(vec![command]);
        match wish {
            UiCommand::Kill(id) => one(Command::Kill(*id)),
            UiCommand::Stop(id) => one(Command::Stop(*id)),
            UiCommand::Start(id) => one(Command::Start(*id)),
            UiCommand::Pause(id) => one(Command::Pause(*id)),
            UiCommand::Resume(id) => one(Command::Resume(*id)),
            UiCommand::Cut(link) => one(Command::Cut(*link)),
            UiCommand::Heal(link) => one(Command::Heal(*link)),
            UiCommand::Slow(link) => one(slow(world, *link)),
            UiCommand::Tamper { msg, fault, .. } => {
                one(Command::Tamper(MessageSel::UnderWay(*msg), *fault))
            }
            UiCommand::Disk(id, wish) => one(limits::disk_command(*id, *wish)),
            UiCommand::Quota { client_id, key, lifts } => {
                one(limits::quota_command(client_id, *key, *lifts))
            }
            UiCommand::SendOne { producer, key } => {
                self.send_one(world, *producer, *key).map(|c| vec![c])
            }
            UiCommand::BlockPolling { consumer, blocked } => {
                one(Command::BlockPolling { consumer: *consumer, blocked: *blocked })
            }
            UiCommand::AddMember(group) => self.add_member(world, group).map(|c| vec![c]),
            UiCommand::SetCommits(group, commits) => set_commits(world, group, *commits),
            UiCommand::CloseClient(client) => one(Command::CloseClient { client: *client }),
            UiCommand::ElectPreferred(tp) => self.elect(*tp, false).map(|c| vec![c]),
            UiCommand::ElectUnclean(tp) => self.elect(*tp, true).map(|c| vec![c]),
            UiCommand::SetConfig { scope, key, value } => {
                set_config(scope, key, value).map(|c| vec![c])
            }
            UiCommand::AddBroker => add_broker(world).map(|c| vec![c]),
            UiCommand::AddProducer(like) => add_producer(world, *like).map(|c| vec![c]),
            UiCommand::CreateTopic { name, partitions, replication_factor } => {
                one(Command::Admin(AdminCommand::CreateTopic {
                    name: name.clone(),
                    partitions: *partitions,
                    replication_factor: *replication_factor,
                    assignments: Vec::new(),
                    configs: Vec::new(),
                }))
            }
            UiCommand::PlayPause
            | UiCommand::StepForward(_)
            | UiCommand::StepBack(_)
            | UiCommand::ToStart
            | UiCommand::ToHead
            | UiCommand::Seek(_)
            | UiCommand::Slower
            | UiCommand::Faster
            | UiCommand::PaceAuto
            | UiCommand::Select(_)
            | UiCommand::Follow(_)
            | UiCommand::Ask(_)
            | UiCommand::AskWhy
            | UiCommand::Close
            | UiCommand::Closely(_)
            | UiCommand::Quorum(_)
            | UiCommand::ThroughTime(_)
            | UiCommand::WholeRun(_)
            | UiCommand::OpenPalette
            | UiCommand::ToggleProjector
            | UiCommand::ToggleInternalTopics
            | UiCommand::ToggleUnderWay
            | UiCommand::Fork { .. }
            | UiCommand::CopyLink
            | UiCommand::Branch(_) => Ok(Vec::new()),
        }
    }

    /// The broker that leads the first partition on the stage; the wish behind the K key.
    pub fn first_leader(&self) -> Option<(TopicPartition, NodeId)> {
        let picture = &self.observer.picture;
        let mut shown = picture.partitions.iter().filter(|(tp, _)| {
            picture.topics.get(&tp.topic).is_some_and(|topic| !topic.name.starts_with("__"))
        });
        let (tp, partition) = shown.next()?;
        let broker =
            if partition.leader == NodeId::NONE { partition.previous? } else { partition.leader };
        Some((*tp, broker))
    }

    /// The first group on the stage, with its members.
    pub fn first_group(&self) -> Option<(Name, Vec<NodeId>)> {
        self.shape.groups.first().cloned()
    }

    /// The groups on the stage, with their members.
    pub fn groups(&self) -> Vec<(Name, Vec<NodeId>)> {
        self.shape.groups.clone()
    }

    fn send_one(
        &self,
        world: &World,
        producer: NodeId,
        key: Option<u8>,
    ) -> Result<Command, String> {
        let Some(Node::Producer(known)) = world.process(producer).map(|process| &process.node)
        else {
            return Err(format!("{} is not a producer", self.directory.name(producer)));
        };
        let topic = known.spec.workload.as_ref().map(|workload| workload.topic.clone());
        let first = self.observer.picture.topics.values().find(|t| !t.name.starts_with("__"));
        let topic = topic.or_else(|| first.map(|topic| topic.name.clone()));
        let topic = topic
            .ok_or_else(|| "there is no topic to send to yet; create one first".to_string())?;
        let key = match key {
            Some(index) => self.observer.ledger.keys().get(usize::from(index)).cloned(),
            None => None,
        };
        let record =
            NewRecord { key, value: Some(b"sent by hand"[..].into()), ..NewRecord::default() };
        Ok(Command::Send { producer, topic, records: vec![record] })
    }

    fn add_member(&self, world: &World, group: &Name) -> Result<Command, String> {
        let is_member = |spec: &ConsumerSpec| {
            spec.config.iter().any(|(key, value)| &**key == "group.id" && value == group)
        };
        let specs = world.processes().filter_map(|(_, process)| match &process.node {
            Node::Consumer(consumer) if is_member(&consumer.spec) => Some(&consumer.spec),
            Node::Consumer(_)
            | Node::ShareConsumer(_)
            | Node::Broker(_)
            | Node::Controller(_)
            | Node::Producer(_)
            | Node::Admin(_)
            | Node::Zookeeper(_) => None,
        });
        if let Some(command) = add_share_member(world, group) {
            return Ok(command);
        }
        let like = specs.last().ok_or_else(|| format!("nobody reads as group {group} here"))?;
        let name = free_name(world, &like.name);
        Ok(Command::AddConsumer(ConsumerSpec { name, ..like.clone() }))
    }

    fn elect(&self, tp: TopicPartition, unclean: bool) -> Result<Command, String> {
        let topic = self.observer.picture.topics.get(&tp.topic);
        let topic = topic.ok_or_else(|| "that topic is gone".to_string())?.name.clone();
        let partitions = vec![(topic, tp.partition)];
        Ok(Command::Admin(AdminCommand::ElectLeaders { unclean, partitions }))
    }
}

/// Every member that runs commits in another way from now on.
fn set_commits(
    world: &World,
    group: &Name,
    commits: CommitStrategy,
) -> Result<Vec<Command>, String> {
    let members = super::groups::members(world, group);
    let commands: Vec<_> = members
        .map(|(consumer, now)| {
            let processing = Processing { commits, ..now };
            Command::SetProcessing { consumer, processing }
        })
        .collect();
    if commands.is_empty() {
        Err(format!("nobody reads as group {group} now"))
    } else {
        Ok(commands)
    }
}

fn slow(world: &World, link: LinkSel) -> Command {
    let usual = world.spec().profile.latency;
    Command::Slow(link, Micros(usual.0.saturating_mul(SLOWER)))
}

fn set_config(scope: &ConfigScope, key: &Name, value: &Name) -> Result<Command, String> {
    let resource = match scope {
        ConfigScope::Topic(topic) => ConfigResource::Topic(topic.clone()),
        ConfigScope::Node(id) if id.is_broker() => ConfigResource::Broker(Some(*id)),
        ConfigScope::Node(_) => {
            return Err(
                "a client reads its configs when it starts; close it and add another".to_string()
            );
        }
    };
    let configs = vec![(key.clone(), Some(value.clone()))];
    Ok(Command::Admin(AdminCommand::AlterConfigs { resource, configs }))
}

fn add_broker(world: &World) -> Result<Command, String> {
    let id = world.broker_ids().last().map_or(1, |last| last.0 + 1);
    let like = world.broker_ids().last().and_then(|id| world.process(*id));
    let config = match like.map(|process| &process.node) {
        Some(Node::Broker(broker)) => changed_configs(broker.started_with()),
        Some(
            Node::Controller(_)
            | Node::Producer(_)
            | Node::Consumer(_)
            | Node::ShareConsumer(_)
            | Node::Admin(_)
            | Node::Zookeeper(_),
        )
        | None => Vec::new(),
    };
    Ok(Command::AddBroker { id: NodeId(id), rack: None, config })
}

fn changed_configs<T: kafkascope_model::config::ConfigTable>(table: &T) -> Vec<(Name, Name)> {
    let changed = table.entries().into_iter().filter(|entry| !entry.is_default());
    changed.map(|entry| (Name::from(entry.key), Name::from(entry.value.as_str()))).collect()
}

fn add_producer(world: &World, like: NodeId) -> Result<Command, String> {
    let Some(Node::Producer(known)) = world.process(like).map(|process| &process.node) else {
        return Err("choose a producer to add another like it".to_string());
    };
    let name = free_name(world, &known.spec.name);
    Ok(Command::AddProducer(ProducerSpec { name, ..known.spec.clone() }))
}

/// One more member of a share group like the last one; none if it is no share group.
fn add_share_member(world: &World, group: &Name) -> Option<Command> {
    let is_member = |spec: &&ShareConsumerSpec| {
        spec.config.iter().any(|(key, value)| &**key == "group.id" && value == group)
    };
    let nodes = world.processes().map(|(_, process)| &process.node);
    let specs = nodes.filter_map(|node| match node {
        Node::ShareConsumer(consumer) => Some(&consumer.spec),
        Node::Broker(_)
        | Node::Controller(_)
        | Node::Producer(_)
        | Node::Consumer(_)
        | Node::Admin(_)
        | Node::Zookeeper(_) => None,
    });
    let like = specs.filter(is_member).last()?;
    let name = free_name(world, &like.name);
    Some(Command::AddShareConsumer(ShareConsumerSpec { name, ..like.clone() }))
}

/// "dispatch-3" after "dispatch-2"; "rider-app-2" after "rider-app".
fn free_name(world: &World, like: &str) -> Name {
    let (stem, number) = match like.rsplit_once('-') {
        Some((stem, digits)) => (stem, digits.parse::<u32>().ok()),
        None => (like, None),
    };
    let stem = if number.is_some() { stem } else { like };
    let taken = |name: &str| {
        world.client_named(name).is_some_and(|id| world.state(id) != ProcessState::Down)
    };
    let mut next = number.map_or(2, |number| number.saturating_add(1));
    while taken(&format!("{stem}-{next}")) {
        next += 1;
    }
    format!("{stem}-{next}").as_str().into()
}
