//! What Kafka guarantees of its assignors, on random groups.
//!
//! Invariant: a law that Kafka does not keep is not asked for.

use kafkascope_kernel::{FlatMap, FlatSet};
use kafkascope_kernel::{Prng, Seed};
use kafkascope_model::api::request::Subscription;
use kafkascope_model::config::consumer::Assignor;
use kafkascope_model::group::assignor::{
    AssignedMember, Assignment, Partition, Topics, assign, sticky_user_data,
};
use kafkascope_model::group::modern::assignor::{GroupSpec, MemberSpec, ServerAssignor, Targets};
use kafkascope_model::ids::{Name, TopicId, TopicPartition};

fn group(rng: &mut Prng, alike: bool) -> GroupSpec {
    let topics = rng.between(1, 5) as u32;
    let partitions = (1..=topics).map(|id| (TopicId(id), rng.between(1, 12) as i32)).collect();
    let all: FlatSet<TopicId> = (1..=topics).map(TopicId).collect();
    let member = |index: u64, rng: &mut Prng| {
        let some = all.iter().copied().filter(|_| rng.below(2) > 0).collect();
        MemberSpec {
            id: format!("m{index}").into(),
            instance_id: None,
            topics: if alike { all.clone() } else { some },
            assigned: FlatSet::new(),
        }
    };
    let count = rng.between(1, 9);
    GroupSpec { members: (0..count).map(|index| member(index, rng)).collect(), partitions }
}

fn wanted(group: &GroupSpec) -> FlatSet<TopicPartition> {
    let topics: FlatSet<TopicId> =
        group.members.iter().flat_map(|member| member.topics.iter().copied()).collect();
    topics
        .into_iter()
        .flat_map(|topic| (0..group.partitions[&topic]).map(move |p| TopicPartition::new(topic, p)))
        .collect()
}

fn each_has_one_owner_who_wants_it(group: &GroupSpec, targets: &Targets) {
    let given: Vec<TopicPartition> = targets.values().flatten().copied().collect();
    let set: FlatSet<TopicPartition> = given.iter().copied().collect();
    assert_eq!(given.len(), set.len(), "nothing has two owners");
    assert_eq!(set, wanted(group), "nothing is left out");
    for member in &group.members {
        let strange = targets[&member.id].iter().find(|tp| !member.topics.contains(&tp.topic));
        assert_eq!(strange, None, "{} did not ask for it", member.id);
    }
}

fn spread(targets: &Targets) -> usize {
    let sizes = || targets.values().map(FlatSet::len);
    sizes().max().unwrap_or(0) - sizes().min().unwrap_or(0)
}

fn with_previous(group: &GroupSpec, targets: &Targets) -> GroupSpec {
    let mut next = group.clone();
    for member in &mut next.members {
        member.assigned = targets.get(&member.id).cloned().unwrap_or_default();
    }
    next
}

#[test]
fn server_assignors_give_each_wanted_partition_to_one_member_that_wants_it() {
    let mut rng = Seed(1).stream("server-assignors", 0);
    for round in 0..400 {
        let mut group = group(&mut rng, round % 2 == 0);
        for assignor in [ServerAssignor::Uniform, ServerAssignor::Range] {
            let first = assignor.assign(&group);
            each_has_one_owner_who_wants_it(&group, &first);
            group = with_previous(&group, &first);
            group.members.remove(0);
            if !group.members.is_empty() {
                each_has_one_owner_who_wants_it(&group, &assignor.assign(&group));
            }
            group.members.push(MemberSpec {
                id: "new".into(),
                instance_id: None,
                topics: group.partitions.keys().copied().collect(),
                assigned: FlatSet::new(),
            });
            each_has_one_owner_who_wants_it(&group, &assignor.assign(&group));
        }
    }
}

#[test]
fn uniform_balances_equal_subscriptions_and_moves_only_what_balance_asks_for() {
    let mut rng = Seed(2).stream("server-assignors", 0);
    for _ in 0..300 {
        let group = group(&mut rng, true);
        let first = ServerAssignor::Uniform.assign(&group);
        assert!(spread(&first) <= 1, "{first:?}");
        let again = ServerAssignor::Uniform.assign(&with_previous(&group, &first));
        assert_eq!(again, first, "a second look changes nothing");
        let mut grown = with_previous(&group, &first);
        grown.members.push(MemberSpec { id: "x".into(), ..grown.members[0].clone() });
        grown.members.last_mut().expect("just put in").assigned = FlatSet::new();
        let next = ServerAssignor::Uniform.assign(&grown);
        assert!(spread(&next) <= 1);
        let moved = |id: &Name| next[id].difference(&first[id]).count();
        assert!(group.members.iter().all(|member| moved(&member.id) == 0), "only surplus moves");
    }
}

#[test]
fn uniform_settles_unequal_subscriptions_and_then_stays() {
    let mut rng = Seed(3).stream("server-assignors", 0);
    for _ in 0..300 {
        let group = group(&mut rng, false);
        let first = ServerAssignor::Uniform.assign(&group);
        let again = ServerAssignor::Uniform.assign(&with_previous(&group, &first));
        assert_eq!(again, first);
    }
}

#[test]
fn range_deals_contiguous_ranges_whatever_the_order_of_members() {
    let mut rng = Seed(4).stream("server-assignors", 0);
    for round in 0..300 {
        let group = group(&mut rng, round % 2 == 0);
        let targets = ServerAssignor::Range.assign(&group);
        for (topic, count) in &group.partitions {
            let of_topic = |set: &FlatSet<TopicPartition>| {
                set.iter()
                    .filter(|tp| tp.topic == *topic)
                    .map(|tp| tp.partition)
                    .collect::<Vec<_>>()
            };
            let readers = group.members.iter().filter(|member| member.topics.contains(topic));
            let parts: Vec<Vec<i32>> = readers.map(|m| of_topic(&targets[&m.id])).collect();
            for part in &parts {
                assert!(part.windows(2).all(|pair| pair[1] == pair[0] + 1), "{part:?}");
                let quota = *count as usize / parts.len();
                assert!((quota..=quota + 1).contains(&part.len()));
            }
        }
        let mut shuffled = group.clone();
        rng.shuffle(&mut shuffled.members);
        assert_eq!(ServerAssignor::Range.assign(&shuffled), targets);
    }
}

#[test]
fn range_and_roundrobin_of_clients_do_not_look_at_the_order_of_members() {
    let mut rng = Seed(5).stream("client-assignors", 0);
    for _ in 0..300 {
        let topics: Topics = (0..rng.between(1, 4))
            .map(|n| (format!("t{n}").into(), vec![FlatSet::new(); rng.between(1, 9) as usize]))
            .collect();
        let names: Vec<Name> = topics.keys().cloned().collect();
        let mut members: Vec<AssignedMember> = (0..rng.between(1, 6))
            .map(|n| AssignedMember {
                id: format!("m{n}").into(),
                instance_id: (rng.below(4) == 0).then(|| format!("i{}", 9 - n).into()),
                subscription: Subscription {
                    topics: names.iter().filter(|_| rng.below(3) > 0).cloned().collect(),
                    ..Subscription::default()
                },
            })
            .collect();
        for assignor in [Assignor::Range, Assignor::RoundRobin] {
            let first = assign(assignor, &topics, &members);
            rng.shuffle(&mut members);
            let again: FlatMap<_, _> = assign(assignor, &topics, &members);
            assert_eq!(again, first);
        }
    }
}

/// Some topics, and members that all want all of them; what each has had is in its subscription.
fn alike(rng: &mut Prng) -> (Topics, Vec<AssignedMember>) {
    let topics: Topics = (0..rng.between(1, 4))
        .map(|n| (format!("t{n}").into(), vec![FlatSet::new(); rng.between(1, 9) as usize]))
        .collect();
    let wanted: Vec<Name> = topics.keys().cloned().collect();
    let member = |n| AssignedMember {
        id: format!("m{n}").into(),
        instance_id: None,
        subscription: Subscription { topics: wanted.clone(), ..Subscription::default() },
    };
    let count = rng.between(1, 6);
    (topics, (0..count).map(member).collect())
}

/// What members say of themselves after an assignment, in the words of either assignor.
fn after(members: &mut [AssignedMember], assignment: &Assignment, generation: i32) {
    for member in members {
        let owned = assignment.get(&member.id).cloned().unwrap_or_default();
        member.subscription.user_data = Some(sticky_user_data(&owned, generation));
        member.subscription.owned_partitions = owned;
        member.subscription.generation_id = generation;
    }
}

/// Assigns until nothing is on its way from one member to another.
fn settle(
    assignor: Assignor,
    topics: &Topics,
    members: &mut [AssignedMember],
    generation: i32,
) -> FlatMap<Name, FlatSet<Partition>> {
    let all: usize = topics.values().map(Vec::len).sum();
    for round in generation..generation + 2 {
        let next = assign(assignor, topics, members);
        after(members, &next, round);
        if next.values().map(Vec::len).sum::<usize>() == all {
            return next.into_iter().map(|(id, of)| (id, of.into_iter().collect())).collect();
        }
    }
    panic!("after the second round everything has its owner")
}

#[test]
fn sticky_assignors_of_clients_balance_and_move_only_what_balance_asks_for() {
    let mut rng = Seed(6).stream("client-assignors", 0);
    for round in 0..400 {
        let assignor = [Assignor::Sticky, Assignor::CooperativeSticky][round % 2];
        let (topics, mut members) = alike(&mut rng);
        let first = settle(assignor, &topics, &mut members, 1);
        let balanced = |of: &FlatMap<Name, FlatSet<Partition>>| {
            let sizes = || of.values().map(FlatSet::len);
            sizes().max().unwrap() - sizes().min().unwrap() <= 1
        };
        assert!(balanced(&first), "{first:?}");
        let again = settle(assignor, &topics, &mut members, 3);
        assert_eq!(again, first, "a second look changes nothing");
        let leaver = members.remove(rng.below(members.len() as u32) as usize);
        if members.is_empty() {
            continue;
        }
        let fewer = settle(assignor, &topics, &mut members, 5);
        assert!(balanced(&fewer));
        for (member, kept) in &fewer {
            let lost = first[member].difference(kept).count();
            assert_eq!(lost, 0, "{} left; {member} loses nothing", leaver.id);
        }
    }
}

#[test]
fn a_cooperative_member_never_gets_what_another_has_not_given_up() {
    let mut rng = Seed(7).stream("client-assignors", 0);
    for _ in 0..400 {
        let (topics, mut members) = alike(&mut rng);
        settle(Assignor::CooperativeSticky, &topics, &mut members, 1);
        let newcomer = AssignedMember {
            id: "new".into(),
            instance_id: None,
            subscription: Subscription {
                topics: members[0].subscription.topics.clone(),
                ..Subscription::default()
            },
        };
        members.push(newcomer);
        let next = assign(Assignor::CooperativeSticky, &topics, &members);
        for member in &members {
            let others = members.iter().filter(|other| other.id != member.id);
            let owned: FlatSet<_> =
                others.flat_map(|other| other.subscription.owned_partitions.clone()).collect();
            let taken = next[&member.id].iter().find(|partition| owned.contains(*partition));
            assert_eq!(taken, None, "{} would read it beside its owner", member.id);
        }
    }
}
