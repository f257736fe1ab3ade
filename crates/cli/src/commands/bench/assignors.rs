//! Assignors on groups as large as Kafka's own benchmarks have them.
//!
//! Every member reads every topic; then one more joins. Invariant: what is timed is the assignment alone, not the making of the
//! group.

use super::say_time;
use kafkascope_kernel::FlatSet;
use kafkascope_model::api::request::Subscription;
use kafkascope_model::config::consumer::Assignor;
use kafkascope_model::group::assignor::{AssignedMember, Assignment, Topics, assign};
use kafkascope_model::group::modern::assignor::{GroupSpec, MemberSpec, ServerAssignor, Targets};
use kafkascope_model::ids::{Name, TopicId};
use std::time::{Duration, Instant};

/// How large a group is.
#[derive(Clone, Copy, Debug)]
struct Size {
    members: i32,
    topics: i32,
    /// Of each topic.
    partitions: i32,
}

const SIZES: [Size; 2] = [
    Size { members: 1_000, topics: 100, partitions: 100 },
    Size { members: 10_000, topics: 100, partitions: 1_000 },
];
/// The best of so many.
const ROUNDS: usize = 5;

pub fn run() {
    for size in SIZES {
        let of = format!("{} x {}", size.members, size.topics * size.partitions);
        let (all, one_more) = uniform(size);
        say_time(&format!("uniform, {of}, from nothing"), all);
        say_time(&format!("uniform, {of}, one more member"), one_more);
        let (all, one_more) = cooperative(size);
        say_time(&format!("cooperative-sticky, {of}, from nothing"), all);
        say_time(&format!("cooperative-sticky, {of}, one more member"), one_more);
    }
}

fn uniform(size: Size) -> (Duration, Duration) {
    let topics: FlatSet<TopicId> = (1..=size.topics as u32).map(TopicId).collect();
    let partitions = topics.iter().map(|topic| (*topic, size.partitions)).collect();
    let member = |id: Name| MemberSpec {
        id,
        instance_id: None,
        topics: topics.clone(),
        assigned: FlatSet::new(),
    };
    let members = (0..size.members).map(|index| member(name(index)));
    let mut group = GroupSpec { members: members.collect(), partitions };
    let (all, targets): (_, Targets) = best(|| ServerAssignor::Uniform.assign(&group));
    for member in &mut group.members {
        member.assigned.clone_from(&targets[&member.id]);
    }
    group.members.push(member(name(size.members)));
    let (one_more, _) = best(|| ServerAssignor::Uniform.assign(&group));
    (all, one_more)
}

fn cooperative(size: Size) -> (Duration, Duration) {
    let names: Vec<Name> = (0..size.topics).map(|index| format!("t{index:04}").into()).collect();
    let replicas = vec![FlatSet::new(); size.partitions as usize];
    let topics: Topics = names.iter().map(|topic| (topic.clone(), replicas.clone())).collect();
    let member = |id: Name| AssignedMember {
        id,
        instance_id: None,
        subscription: Subscription { topics: names.clone(), ..Subscription::default() },
    };
    let mut members: Vec<_> = (0..size.members).map(|index| member(name(index))).collect();
    let deal = |members: &[AssignedMember]| assign(Assignor::CooperativeSticky, &topics, members);
    let (all, mut first): (_, Assignment) = best(|| deal(&members));
    for member in &mut members {
        member.subscription.owned_partitions = first.remove(&member.id).unwrap_or_default();
        member.subscription.generation_id = 1;
    }
    members.push(member(name(size.members)));
    let (one_more, _) = best(|| deal(&members));
    (all, one_more)
}

fn name(index: i32) -> Name {
    format!("member-{index:05}").into()
}

fn best<T>(work: impl Fn() -> T) -> (Duration, T) {
    let timed = || {
        let begun = Instant::now();
        let result = work();
        (begun.elapsed(), result)
    };
    let mut best = timed();
    for _ in 1..ROUNDS {
        let next = timed();
        if next.0 < best.0 {
            best = next;
        }
    }
    best
}
