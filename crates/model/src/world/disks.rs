//! What may happen to a machine: power, disk and clock.
//!
//! Invariant: everything here can be undone by another command, except that what a disk has lost stays lost.

use super::{ProcessState, World};
use crate::broker::Broker;
use crate::command::CommandError;
use crate::disk::WRITE_BACK_EVERY;
use crate::ids::{NodeId, TopicPartition};
use crate::node::Node;
use crate::trace::{Exit, Fact};
use alloc::string::ToString;
use kafkascope_kernel::Micros;

type Outcome = Result<(), CommandError>;

/// How far a clock may be wrong: ten years.
const MOST_SKEW_MS: i64 = 315_360_000_000;
/// How long a write may take.
const SLOWEST: Micros = Micros::from_ms(600_000);

impl World {
    /// How much longer writing takes on a broker's disk.
    pub fn slow_disk_of(&self, id: NodeId) -> Micros {
        self.slow_disks.get(&id).copied().unwrap_or(Micros::ZERO)
    }

    pub(super) fn cut_power(&mut self, nodes: &[NodeId]) -> Outcome {
        if nodes.is_empty() {
            return Err(CommandError::Invalid("say whose power goes".to_string()));
        }
        for id in nodes {
            self.require_known(*id)?;
            if id.is_client() {
                return Err(CommandError::WrongKind {
                    node: *id,
                    wanted: "a broker or controller",
                });
            }
        }
        for id in nodes {
            self.catch_up_write_back(*id);
            self.exit(*id, Exit::PowerLost);
        }
        for id in nodes {
            let lost = self.broker_mut(*id).map(|broker| broker.replicas.lose_power());
            for (tp, from, to) in lost.into_iter().flatten() {
                self.note(*id, None, Fact::TailLost { tp, from, to });
            }
        }
        Ok(())
    }

    pub(super) fn wipe(&mut self, id: NodeId) -> Outcome {
        self.require(id, ProcessState::Down, "stopped")?;
        self.require_broker(id)?.wipe();
        self.note(id, None, Fact::DiskWiped);
        Ok(())
    }

    pub(super) fn slow_disk(&mut self, id: NodeId, by: Micros) -> Outcome {
        self.require_broker(id)?;
        if by > SLOWEST {
            let text = "a write takes ten minutes longer at most";
            return Err(CommandError::Invalid(text.to_string()));
        }
        self.slow_disks.insert(id, by);
        self.note(id, None, Fact::DiskSlowed(by));
        Ok(())
    }

    pub(super) fn fill_disk(&mut self, id: NodeId) -> Outcome {
        self.require_broker(id)?.replicas.disk_full = true;
        self.note(id, None, Fact::DiskFilled);
        Ok(())
    }

    pub(super) fn heal_disk(&mut self, id: NodeId) -> Outcome {
        self.require_broker(id)?.replicas.disk_full = false;
        self.slow_disks.remove(&id);
        self.note(id, None, Fact::DiskHealed);
        Ok(())
    }

    pub(super) fn corrupt(
        &mut self,
        id: NodeId,
        topic: &str,
        partition: i32,
        offset: i64,
    ) -> Outcome {
        let tp = self.topic_named(topic).map(|topic| TopicPartition::new(topic, partition));
        let broker = self.require_broker(id)?;
        let broken = tp.and_then(|tp| {
            let log = &mut broker.replicas.replicas.get_mut(tp)?.log;
            Some((tp, log.corrupt(offset)?))
        });
        let Some((tp, base_offset)) = broken else {
            let text =
                alloc::format!("broker {id} has no offset {offset} of {topic}-{partition} on disk");
            return Err(CommandError::Invalid(text));
        };
        self.note(id, None, Fact::BatchCorrupted { tp, base_offset });
        Ok(())
    }

    pub(super) fn skew_clock(&mut self, id: NodeId, by_ms: i64) -> Outcome {
        self.require_known(id)?;
        if !(-MOST_SKEW_MS..=MOST_SKEW_MS).contains(&by_ms) {
            let text = "a clock is wrong by ten years at most";
            return Err(CommandError::Invalid(text.to_string()));
        }
        self.processes.get_mut(&id).expect("known").clock_skew_ms = by_ms;
        self.note(id, None, Fact::ClockSkewed { by_ms });
        Ok(())
    }

    /// A process that stands still or is gone writes nothing back itself, but its operating system does.
    pub(super) fn catch_up_write_back(&mut self, id: NodeId) {
        /// After so many rounds nothing is dirty any more.
        const ENOUGH: u64 = 8;
        let Some(process) = self.processes.get_mut(&id) else { return };
        if !matches!(process.state, ProcessState::Down | ProcessState::Paused) {
            return;
        }
        let rounds = self.now.since(process.since).0 / WRITE_BACK_EVERY.0;
        if let Node::Broker(broker) = &mut process.node {
            (0..rounds.min(ENOUGH)).for_each(|_| broker.replicas.write_back());
        }
    }

    fn broker_mut(&mut self, id: NodeId) -> Option<&mut Broker> {
        match &mut self.processes.get_mut(&id)?.node {
            Node::Broker(broker) => Some(broker),
            Node::Controller(_)
            | Node::Producer(_)
            | Node::Consumer(_)
            | Node::ShareConsumer(_)
            | Node::Admin(_)
            | Node::Zookeeper(_) => None,
        }
    }

    fn require_broker(&mut self, id: NodeId) -> Result<&mut Broker, CommandError> {
        self.require_known(id)?;
        self.broker_mut(id).ok_or(CommandError::WrongKind { node: id, wanted: "a broker" })
    }
}
