//! Classic groups at their coordinator: states, protocols, static members, and whether assignments are as even and as sticky as
//! their assignors promise.
//!
//! Invariant: a group is judged by what one coordinator did with it since it has it.

use crate::board::Board;
use crate::catalogue::Id;
use kafkascope_model::group::classic::{ClassicGroup, Member};
use kafkascope_model::ids::{Bytes, Name, NodeId};
use kafkascope_model::trace::{Fact, TraceEvent};
use kafkascope_model::world::World;
use std::collections::{BTreeMap, BTreeSet};

type Owned = BTreeSet<(Name, i32)>;

/// What was seen of classic groups.
#[derive(Clone, Debug, Default)]
pub struct Rebalances {
    steps: BTreeMap<(NodeId, Name), Step>,
    /// Who had what when the group was last stable.
    stable: BTreeMap<(NodeId, Name), BTreeMap<Name, Share>>,
}

/// What a member was given, and what it had told the assignor when it last joined.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Share {
    owned: Owned,
    told: Option<Bytes>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Started,
    Formed,
    Stable,
    Empty,
}

impl Rebalances {
    /// A fact of a coordinator.
    #[allow(clippy::wildcard_enum_match_arm, reason = "few facts are about rebalances")]
    pub fn observe(&mut self, event: &TraceEvent, world: &World, board: &mut Board) {
        let (step, name) = match &event.fact {
            Fact::RebalanceStarted { group, .. } => (Step::Started, group),
            Fact::GenerationFormed { group, .. } => (Step::Formed, group),
            Fact::GroupStable { group, .. } => (Step::Stable, group),
            Fact::GroupEmpty { group, .. } => (Step::Empty, group),
            Fact::GroupConverted { group, .. } | Fact::GroupDeleted { group } => {
                return self.forget(event.node, Some(group));
            }
            Fact::CoordinatorLoaded { .. } | Fact::CoordinatorResigned { .. } | Fact::Exited(_) => {
                return self.forget(event.node, None);
            }
            _ => return,
        };
        let Some(broker) = world.broker(event.node) else { return };
        let Some(group) = broker.groups.shards().find_map(|shard| shard.groups.get(name)) else {
            return;
        };
        let key = (event.node, name.clone());
        let before = self.steps.insert(key.clone(), step);
        board.check(Id::G3, before.is_none_or(|before| may_follow(before, step)), || {
            format!("group {name} at broker {} went from {before:?} to {step:?}", event.node)
        });
        consistent(group, board);
        if step == Step::Stable {
            self.settled(key, group, board);
        }
    }

    fn forget(&mut self, node: NodeId, group: Option<&Name>) {
        let gone = |(at, of): &(NodeId, Name)| *at == node && group.is_none_or(|name| of == name);
        self.steps.retain(|key, _| !gone(key));
        self.stable.retain(|key, _| !gone(key));
    }

    fn settled(&mut self, key: (NodeId, Name), group: &ClassicGroup, board: &mut Board) {
        let protocol = group.protocol_name.as_deref().unwrap_or("");
        let own =
            |member: &Member| (member.id.clone(), member.assignment.iter().cloned().collect());
        let now: BTreeMap<Name, Owned> = group.members().map(own).collect();
        let topics =
            |member: &Member| member.subscription(protocol).topics.iter().cloned().collect();
        let subscribed: BTreeSet<BTreeSet<Name>> = group.members().map(topics).collect();
        if subscribed.len() == 1 {
            even(group, protocol, &now, board);
        }
        let share = |member: &Member| {
            let owned = member.assignment.iter().cloned().collect();
            (member.id.clone(), Share { owned, told: member.subscription(protocol).user_data })
        };
        let shares = group.members().map(share).collect();
        if subscribed.len() == 1 && protocol == "sticky" {
            self.sticky(&key, &shares, board);
        }
        self.stable.insert(key, shares);
    }

    /// Whoever stays when others go keeps what he has. A static member that has not joined again, only stayed, is taken for what it
    /// said when it last joined, and may lose what it was given since.
    fn sticky(&self, key: &(NodeId, Name), now: &BTreeMap<Name, Share>, board: &mut Board) {
        let Some(before) = self.stable.get(key) else { return };
        let all = |of: &BTreeMap<Name, Share>| -> Owned {
            of.values().flat_map(|share| &share.owned).cloned().collect()
        };
        let some_went = now.len() < before.len() && now.keys().all(|id| before.contains_key(id));
        if !some_went || all(before) != all(now) {
            return;
        }
        let lost = now.iter().find(|(id, share)| {
            let had = &before[*id];
            had.told != share.told && !had.owned.is_subset(&share.owned)
        });
        board.check(Id::A2, lost.is_none(), || {
            format!("in group {} {lost:?} had {:?}", key.1, lost.map(|(id, _)| &before[id]))
        });
    }
}

const fn may_follow(before: Step, next: Step) -> bool {
    match next {
        Step::Started => !matches!(before, Step::Started),
        Step::Formed | Step::Empty => matches!(before, Step::Started),
        Step::Stable => matches!(before, Step::Formed),
    }
}

fn consistent(group: &ClassicGroup, board: &mut Board) {
    let protocol = group.protocol_name.as_deref();
    let supported =
        protocol.is_none_or(|protocol| group.members().all(|member| member.supports(protocol)));
    let led = group.leader.as_ref().is_none_or(|leader| group.member(leader).is_some());
    let settled = matches!(group.state.name(), "CompletingRebalance" | "Stable");
    board.check(Id::G7, !settled || (supported && led), || {
        format!("group {} uses {protocol:?}, led by {:?}", group.id, group.leader)
    });
    let instances: Vec<&Name> = group.members().filter_map(|m| m.instance_id.as_ref()).collect();
    let distinct: BTreeSet<_> = instances.iter().collect();
    board.check(Id::G8, distinct.len() == instances.len(), || {
        format!("group {} has two members of one instance among {instances:?}", group.id)
    });
}

/// With equal subscriptions shares differ by one at most: of each topic with range, of all together with the others. A
/// cooperative generation may be only half of a move.
fn even(group: &ClassicGroup, protocol: &str, now: &BTreeMap<Name, Owned>, board: &mut Board) {
    let sizes = |topic: Option<&Name>| -> Vec<usize> {
        let own =
            |owned: &Owned| owned.iter().filter(|(of, _)| topic.is_none_or(|t| t == of)).count();
        now.values().map(own).collect()
    };
    let spread = |sizes: &[usize]| {
        sizes.iter().max().copied().unwrap_or(0) - sizes.iter().min().copied().unwrap_or(0)
    };
    let fair = match protocol {
        "range" => {
            let topics: BTreeSet<&Name> = now.values().flatten().map(|(topic, _)| topic).collect();
            topics.into_iter().all(|topic| spread(&sizes(Some(topic))) <= 1)
        }
        "roundrobin" | "sticky" => spread(&sizes(None)) <= 1,
        _ => return,
    };
    board.check(Id::A1, fair, || format!("group {} with {protocol}: {now:?}", group.id));
}
