//! What is read off the model where the recorder asked its own process, or the cluster's processes, without a request.
//!
//! Invariant: only these functions look inside a node; nothing here changes one.

use super::action::Tp;
use super::stage::{Stage, Stop};
use kafkascope_model::client::consumer::Consumer;
use kafkascope_model::controller::Controller;
use kafkascope_model::controller::image::MetadataImage;
use kafkascope_model::group::OFFSETS_TOPIC;
use kafkascope_model::group::coordinator::partition_for;
use kafkascope_model::ids::{LeaderEpoch, NodeId, Offset, TopicPartition};
use kafkascope_model::node::Node;
use kafkascope_model::world::ProcessState;

impl Stage {
    /// Whether a node takes connections; controllers do as soon as they run.
    pub fn has_port(&self, id: NodeId) -> bool {
        self.world.state(id) == ProcessState::Running
            && match self.node(id) {
                Some(Node::Broker(broker)) => broker.listens(),
                Some(
                    Node::Controller(_)
                    | Node::Producer(_)
                    | Node::Consumer(_)
                    | Node::ShareConsumer(_)
                    | Node::Admin(_)
                    | Node::Zookeeper(_),
                ) => true,
                None => false,
            }
    }

    /// The metadata of a broker that runs, the same that its answers are made of.
    pub fn image(&self) -> Option<&MetadataImage> {
        let ids = self.world.broker_ids();
        let runs = |id: &NodeId| self.has_port(*id);
        ids.into_iter().filter(runs).find_map(|id| match self.node(id) {
            Some(Node::Broker(broker)) => Some(&**broker.metadata.image()),
            Some(
                Node::Controller(_)
                | Node::Producer(_)
                | Node::Consumer(_)
                | Node::ShareConsumer(_)
                | Node::Admin(_)
                | Node::Zookeeper(_),
            )
            | None => None,
        })
    }

    /// The broker that coordinates a group.
    pub fn coordinator_of(&self, group: &str) -> Option<NodeId> {
        let image = self.image()?;
        let (id, topic) = image.topic(OFFSETS_TOPIC)?;
        let count = i32::try_from(topic.partitions.len()).ok()?;
        let state = image.partition(TopicPartition::new(id, partition_for(group, count)))?;
        Some(state.leader)
    }

    /// The quorum's leader with its epoch.
    pub fn quorum_leader(&self) -> (NodeId, LeaderEpoch) {
        let running = |id: &NodeId| self.world.state(*id) == ProcessState::Running;
        let controllers = self.world.controller_ids().into_iter().filter(running);
        let active = controllers.filter_map(|id| self.controller(id)).find(|one| one.is_active());
        active.map_or((NodeId::NONE, -1), |one| (one.id, one.epoch()))
    }

    fn controller(&self, id: NodeId) -> Option<&Controller> {
        match self.node(id) {
            Some(Node::Controller(controller)) => Some(controller),
            Some(
                Node::Broker(_)
                | Node::Producer(_)
                | Node::Consumer(_)
                | Node::ShareConsumer(_)
                | Node::Admin(_)
                | Node::Zookeeper(_),
            )
            | None => None,
        }
    }

    /// The generation that a consumer's application sees, -1 without one; after `close()` the last one that it saw.
    pub fn generation(&self, id: NodeId) -> i32 {
        let told = self.consumer(id).map_or(-1, Consumer::told_generation);
        if told >= 0 { told } else { self.book.generations.get(&id).copied().unwrap_or(-1) }
    }

    /// The position of a consumer in a partition, if it has a valid one.
    pub fn position(&self, consumer: NodeId, tp: &Tp) -> Option<Offset> {
        let mut assigned = self.consumer(consumer)?.assignment();
        let own =
            assigned.find(|own| *own.partition.0 == *tp.topic && own.partition.1 == tp.partition);
        own?.fetch_position().map(|position| position.offset)
    }

    /// The partitions that a consumer has, as Java sorts their names.
    pub fn assignment(&self, consumer: NodeId) -> Vec<Tp> {
        let assigned = self.consumer(consumer).into_iter().flat_map(Consumer::assignment);
        let mut partitions: Vec<Tp> = assigned
            .map(|own| Tp { topic: own.partition.0.to_string(), partition: own.partition.1 })
            .collect();
        partitions.sort_by_key(ToString::to_string);
        partitions
    }

    fn consumer(&self, id: NodeId) -> Option<&Consumer> {
        match self.node(id) {
            Some(Node::Consumer(consumer)) => Some(consumer),
            Some(
                Node::Broker(_)
                | Node::Controller(_)
                | Node::Producer(_)
                | Node::ShareConsumer(_)
                | Node::Admin(_)
                | Node::Zookeeper(_),
            )
            | None => None,
        }
    }

    /// Makes the internal offsets topic exist and load, as the recorder did: by asking for a group that is not there.
    pub fn warm_up(&mut self) -> Result<(), Stop> {
        let group = "warm-up".into();
        self.ask(kafkascope_model::command::AdminCommand::DescribeGroup { group }).map(|_| ())
    }
}
