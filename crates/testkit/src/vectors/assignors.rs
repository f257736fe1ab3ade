//! How partitions are dealt to members.
//!
//! Invariant: cases go through the functions that a group's leader and its coordinator use; those of share groups are left out.

use super::Tally;
use crate::problem::{Problem, typed};
use kafkascope_kernel::FlatSet;
use kafkascope_model::api::request::Subscription;
use kafkascope_model::config::ConfigValue;
use kafkascope_model::config::consumer::Assignor;
use kafkascope_model::group::assignor::{
    self, AssignedMember, Partition, Topics, sticky_user_data,
};
use kafkascope_model::group::modern::assignor::{GroupSpec, MemberSpec, ServerAssignor};
use kafkascope_model::ids::{TopicId, TopicPartition};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Whether a document holds these vectors.
pub fn is(document: &Value) -> bool {
    document.pointer("/cases/0/assignor").is_some_and(Value::is_string)
}

/// Runs every case of an assignor that members run.
pub fn run(document: &Value) -> Result<Tally, Problem> {
    let file: File = typed(document)?;
    let mut tally = Tally::default();
    for case in &file.cases {
        let Some(expected) = &case.expected else { continue };
        let dealt = match (Assignor::parse(&case.assignor), server_assignor(&case.assignor)) {
            (Ok(assignor), _) => case.deal(assignor),
            (Err(_), Some(assignor)) => case.deal_at_server(assignor),
            (Err(_), None) => continue,
        };
        tally.case(&*case.id, &json!(sorted(expected)), &json!(dealt));
    }
    Ok(tally)
}

fn server_assignor(name: &str) -> Option<ServerAssignor> {
    ServerAssignor::named(name.strip_prefix("server-")?)
}

#[derive(Deserialize)]
struct File {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    id: String,
    assignor: String,
    topics: BTreeMap<String, Topic>,
    members: Vec<Member>,
    /// Absent where Kafka threw: nobody leads a group without members.
    expected: Option<BTreeMap<String, Vec<String>>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Topic {
    Count(usize),
    Racks { partitions: usize, replica_racks: Vec<BTreeSet<String>> },
}

#[derive(Deserialize)]
struct Member {
    id: String,
    topics: Vec<String>,
    instance_id: Option<String>,
    rack: Option<String>,
    #[serde(default)]
    previous: Vec<String>,
    generation: Option<i32>,
}

impl Case {
    fn deal(&self, assignor: Assignor) -> BTreeMap<String, Vec<String>> {
        let topics: Topics =
            self.topics.iter().map(|(name, topic)| (name.as_str().into(), topic.racks())).collect();
        let members: Vec<_> = self.members.iter().map(|member| member.as_seen(assignor)).collect();
        let dealt = assignor::assign(assignor, &topics, &members);
        let named = dealt.into_iter().map(|(member, partitions)| {
            let names = partitions.into_iter().map(|(topic, index)| format!("{topic}-{index}"));
            (member.to_string(), names.collect())
        });
        sorted(&named.collect())
    }
}

impl Case {
    /// Topics are known by number there, in the order of their names.
    fn deal_at_server(&self, assignor: ServerAssignor) -> BTreeMap<String, Vec<String>> {
        let names: Vec<&String> = self.topics.keys().collect();
        let id = |name: &str| {
            let place = names.iter().position(|known| *known == name)?;
            Some(TopicId(u32::try_from(place).ok()? + 1))
        };
        let tp = |name: &String| {
            let (topic, index) = partition(name)?;
            Some(TopicPartition::new(id(&topic)?, index))
        };
        let member = |member: &Member| MemberSpec {
            id: member.id.as_str().into(),
            instance_id: member.instance_id.as_deref().map(Into::into),
            topics: member.topics.iter().filter_map(|name| id(name)).collect(),
            assigned: member.previous.iter().filter_map(tp).collect(),
        };
        let counts = self.topics.iter().filter_map(|(name, topic)| {
            Some((id(name)?, i32::try_from(topic.racks().len()).ok()?))
        });
        let group = GroupSpec {
            members: self.members.iter().map(member).collect(),
            partitions: counts.collect(),
        };
        let shown =
            |tp: TopicPartition| format!("{}-{}", names[tp.topic.0 as usize - 1], tp.partition);
        let named = assignor.assign(&group).into_iter().map(|(member, partitions)| {
            (member.to_string(), partitions.into_iter().map(shown).collect())
        });
        sorted(&named.collect())
    }
}

impl Topic {
    fn racks(&self) -> Vec<FlatSet<kafkascope_model::ids::Name>> {
        match self {
            Self::Count(count) => vec![FlatSet::new(); *count],
            Self::Racks { partitions, replica_racks } => {
                let racks = |racks: &BTreeSet<String>| {
                    racks.iter().map(|rack| rack.as_str().into()).collect()
                };
                let mut list: Vec<_> = replica_racks.iter().map(racks).collect();
                list.resize(*partitions, FlatSet::new());
                list
            }
        }
    }
}

impl Member {
    /// The sticky assignor reads its past from user data, the others from the subscription.
    fn as_seen(&self, assignor: Assignor) -> AssignedMember {
        let previous: Vec<Partition> =
            self.previous.iter().filter_map(|name| partition(name)).collect();
        let generation = self.generation.unwrap_or(-1);
        let remembers = assignor == Assignor::Sticky
            && (self.generation.is_some() || !self.previous.is_empty());
        let subscription = Subscription {
            topics: self.topics.iter().map(|topic| topic.as_str().into()).collect(),
            user_data: remembers.then(|| sticky_user_data(&previous, generation)),
            owned_partitions: previous,
            generation_id: generation,
            rack_id: self.rack.as_deref().map(Into::into),
        };
        AssignedMember {
            id: self.id.as_str().into(),
            instance_id: self.instance_id.as_deref().map(Into::into),
            subscription,
        }
    }
}

fn partition(name: &str) -> Option<Partition> {
    let (topic, index) = name.rsplit_once('-')?;
    Some((topic.into(), index.parse().ok()?))
}

fn sorted(assignment: &BTreeMap<String, Vec<String>>) -> BTreeMap<String, Vec<String>> {
    let mut sorted = assignment.clone();
    sorted.values_mut().for_each(|partitions| partitions.sort());
    sorted
}
