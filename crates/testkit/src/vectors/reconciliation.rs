//! How members of a consumer-protocol group come from what they have to what they should have (KIP-848).
//!
//! Invariant: every heartbeat of a case goes through the coordinator's own step.

use super::Tally;
use crate::problem::{Problem, typed};
use kafkascope_kernel::FlatSet;
use kafkascope_model::group::modern::reconcile::{CurrentAssignment, ReconcileState};
use kafkascope_model::ids::{TopicId, TopicPartition};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

type Partitions = FlatSet<TopicPartition>;

/// Whether a document holds these vectors.
pub fn is(document: &Value) -> bool {
    document.pointer("/cases/0/events/0/0").is_some_and(|event| event == "target")
}

/// Runs every case.
pub fn run(document: &Value) -> Result<Tally, Problem> {
    let file: File = typed(document)?;
    let mut tally = Tally::default();
    for (at, case) in file.cases.iter().enumerate() {
        let mut group = Group::default();
        for (event, expected) in case.events.iter().zip(&case.expected) {
            let got = group.play(event).ok_or_else(|| {
                Problem::at(format!("/cases/{at}/events"), "neither a target nor a heartbeat")
            })?;
            tally.case(format!("{}, {event}", case.id), expected, &got);
        }
    }
    Ok(tally)
}

#[derive(Deserialize)]
struct File {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    id: String,
    events: Vec<Value>,
    expected: Vec<Value>,
}

#[derive(Default)]
struct Group {
    epoch: i32,
    targets: BTreeMap<String, Partitions>,
    members: BTreeMap<String, CurrentAssignment>,
}

impl Group {
    fn play(&mut self, event: &Value) -> Option<Value> {
        match event.get(0)?.as_str()? {
            "target" => {
                self.epoch = i32::try_from(event.get(1)?.as_i64()?).ok()?;
                let targets = event.get(2)?.as_object()?.iter();
                let targets =
                    targets.map(|(member, list)| Some((member.clone(), partitions(list)?)));
                self.targets = targets.collect::<Option<_>>()?;
                Some(Value::Null)
            }
            "heartbeat" => {
                let member = event.get(1)?.as_str()?;
                Some(self.heartbeat(member, partitions(event.get(2)?).as_ref()))
            }
            _ => None,
        }
    }

    fn heartbeat(&mut self, id: &str, owned: Option<&Partitions>) -> Value {
        let joins = !self.members.contains_key(id);
        let before = self.members.remove(id).unwrap_or_default();
        let taken: Partitions = self
            .members
            .values()
            .flat_map(|other| other.assigned.union(&other.pending_revocation).copied())
            .collect();
        let target = self.targets.get(id).cloned().unwrap_or_default();
        let after = before.next(self.epoch, &target, owned, |tp| taken.contains(&tp));
        let told = joins || after.assigned != before.assigned;
        let shown = json!({
            "member_epoch": after.epoch,
            "state": name(after.state),
            "assigned": numbers(&after.assigned),
            "pending_revocation": numbers(&after.pending_revocation),
            "assignment_in_response": told,
        });
        self.members.insert(id.to_owned(), after);
        shown
    }
}

const fn name(state: ReconcileState) -> &'static str {
    match state {
        ReconcileState::Stable => "STABLE",
        ReconcileState::UnrevokedPartitions => "UNREVOKED_PARTITIONS",
        ReconcileState::UnreleasedPartitions => "UNRELEASED_PARTITIONS",
    }
}

fn partitions(list: &Value) -> Option<Partitions> {
    let numbers = list.as_array()?.iter();
    let tp = |number: &Value| {
        Some(TopicPartition::new(TopicId(1), i32::try_from(number.as_i64()?).ok()?))
    };
    numbers.map(tp).collect()
}

fn numbers(partitions: &Partitions) -> Vec<i32> {
    partitions.iter().map(|tp| tp.partition).collect()
}
