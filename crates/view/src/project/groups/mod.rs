//! The view of a group through time.
//!
//! It knows the run as far as it was simulated, also what lies ahead of the session's moment after one has gone back; it folds
//! and reads requests only while it is shown. Invariant: nothing in it changes merely because time passes.

mod chart;
mod compare;
mod ladder;
mod queue;
mod say;
#[cfg(test)]
mod tests;

use super::Sight;
use crate::tenure::Tenures;
use crate::view_model::GroupTimeVm;
use kafkascope_model::command::ConsumerSpec;
use kafkascope_model::ids::{Name, NodeId};
use kafkascope_model::node::Node;
use kafkascope_model::workload::Processing;
use kafkascope_model::world::{ProcessState, World};
use kafkascope_session::Session;
use ladder::Ladder;

/// What is kept from one projection to the next.
#[derive(Debug, Default)]
pub(super) struct GroupLens {
    tenures: Tenures,
    ladder: Ladder,
}

impl GroupLens {
    /// The group that the user wishes to see; none if there is no such wish.
    pub fn show(&mut self, sight: &Sight<'_>) -> Option<GroupTimeVm> {
        let wished = sight.ui.through_time.as_ref()?;
        self.catch_up(sight);
        let others: Vec<Name> = names(sight);
        let group = others.iter().find(|name| *name == wished).or_else(|| others.first());
        let Some(group) = group.cloned() else { return Some(chart::nobody()) };
        let empty = crate::tenure::GroupTenure::default();
        let tenure = self.tenures.groups.get(&group).unwrap_or(&empty);
        let mut view = chart::chart(sight, &group, tenure, others);
        queue::show(sight, &group, &mut view);
        view.compared = compare::all(sight, &self.tenures, &view);
        view.commits = members(sight.session.world(), &group).map(|(_, now)| now.commits).next();
        view.ladder = self.ladder.show(sight, &group, tenure);
        Some(view)
    }

    fn catch_up(&mut self, sight: &Sight<'_>) {
        let trace = sight.session.trace();
        if !self.tenures.belongs_to(trace) {
            *self = Self::default();
        }
        let facts = trace.range(self.tenures.seen(), trace.end());
        self.tenures.feed(facts, sight.directory);
    }
}

/// Groups with members or a history, by name.
fn names(sight: &Sight<'_>) -> Vec<Name> {
    let world = sight.session.world();
    let shown = super::stage::groups(&sight.observer.picture, sight.directory, world);
    let mut names: Vec<Name> = shown.into_iter().map(|(name, _)| name).collect();
    names.retain(|name| !name.is_empty());
    names.dedup();
    names
}

/// The members of a group that run, with what their applications do.
pub(super) fn members<'a>(
    world: &'a World,
    group: &'a str,
) -> impl Iterator<Item = (NodeId, Processing)> {
    let is_member = move |spec: &ConsumerSpec| {
        spec.config.iter().any(|(key, value)| &**key == "group.id" && **value == *group)
    };
    world.processes().filter_map(move |(id, process)| match &process.node {
        Node::Consumer(consumer)
            if is_member(&consumer.spec)
                && matches!(process.state, ProcessState::Running | ProcessState::Paused) =>
        {
            Some((id, consumer.processing()))
        }
        Node::Consumer(_)
        | Node::Broker(_)
        | Node::Controller(_)
        | Node::Producer(_)
        | Node::ShareConsumer(_)
        | Node::Admin(_)
        | Node::Zookeeper(_) => None,
    })
}

/// The configured protocol of a group: of its first consumer.
fn setting<'a>(sight: &Sight<'a>, group: &str, key: &str) -> Option<&'a str> {
    let directory = sight.directory;
    let of = |id: &kafkascope_model::ids::NodeId| directory.config(*id, "group.id") == Some(group);
    let member = directory.nodes.keys().rev().find(|id| of(id))?;
    directory.config(*member, key)
}

/// The farthest moment of a session's run that is known.
fn known_until(session: &Session) -> kafkascope_kernel::SimTime {
    session.head().max(session.now())
}
