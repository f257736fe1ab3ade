//! One script, lived to its end and judged.
//!
//! Invariant: the scenario that is lived is the one that [`Plan::to_toml`] prints.

use super::plan::{APPLICATIONS, Plan, READER};
use super::reference::{Promise, Reference};
use kafkascope_audit::{Line, Replay, Verdict};
use kafkascope_kernel::SimTime;
use kafkascope_model::client::producer::Producer;
use kafkascope_model::config::producer::Acks;
use kafkascope_model::ids::{NodeId, Offset, RecordId, TopicPartition};
use kafkascope_model::node::Node;
use kafkascope_model::world::World;
use kafkascope_scenario::{Tables, load};
use std::collections::BTreeSet;

/// How many events a script may take; more is a storm.
const MOST_EVENTS: u64 = 3_000_000;

/// What kind of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The simulation itself broke.
    Crash,
    /// Something that must come about did not.
    Liveness,
    /// Something was wrong.
    Correctness,
}

/// What failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What kind.
    pub kind: Kind,
    /// A property's id, or who complains.
    pub name: String,
    /// In a sentence.
    pub what: String,
}

/// What came of a script.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Events handled.
    pub events: u64,
    /// Records acknowledged.
    pub records: u64,
    /// The auditor's verdicts.
    pub lines: Vec<Line>,
    /// What failed first, if anything.
    pub failure: Option<Failure>,
}

/// Lives a script.
pub fn run(plan: &Plan) -> Outcome {
    let text = plan.to_toml();
    let scenario = match load(&text, &Tables::native()) {
        Ok(scenario) => scenario,
        Err(problems) => return broken("scenario", format!("{problems:?}\n{text}")),
    };
    let mut replay = match Replay::new(scenario.script) {
        Ok(replay) => replay,
        Err(refused) => return broken("setup", refused.to_string()),
    };
    let mut reference = Reference::default();
    let quiet = SimTime::from_ms(plan.relief_ms + super::plan::QUIET_MS);
    let mut done = replay.advance_with(quiet, MOST_EVENTS, |event| reference.observe(event));
    replay.after_quiet();
    let end = SimTime::from_ms(plan.end_ms());
    done = done && replay.advance_with(end, MOST_EVENTS, |event| reference.observe(event));
    if !done {
        return broken("storm", format!("more than {MOST_EVENTS} events"));
    }
    replay.take_stock();
    let lines: Vec<Line> = replay.lines().collect();
    let failure = violated(&lines).or_else(|| compare(plan, &replay, &mut reference));
    Outcome {
        events: replay.world().events_handled(),
        records: reference.acknowledged(),
        lines,
        failure,
    }
}

fn broken(name: &str, what: String) -> Outcome {
    let failure = Failure { kind: Kind::Crash, name: name.into(), what };
    Outcome { failure: Some(failure), ..Outcome::default() }
}

fn violated(lines: &[Line]) -> Option<Failure> {
    let violations = lines.iter().filter_map(|line| match &line.verdict {
        Verdict::Violated(finding) => Some((finding, line.property)),
        Verdict::Unseen | Verdict::Holds | Verdict::Excused(_) => None,
    });
    let (finding, property) = violations.min_by_key(|(finding, _)| finding.seq)?;
    let liveness = property.name.starts_with('V');
    Some(Failure {
        kind: if liveness { Kind::Liveness } else { Kind::Correctness },
        name: property.name.into(),
        what: format!("{} At {} ms: {}", property.sentence, finding.at.as_ms(), finding.what),
    })
}

fn compare(plan: &Plan, replay: &Replay, reference: &mut Reference) -> Option<Failure> {
    let world = replay.world();
    for consumer in &plan.consumers {
        if let Some(id) = world.client_named(&consumer.name) {
            reference.groups.insert(id, consumer.group.as_str().into());
        }
    }
    for application in &plan.applications {
        if let Some(id) = world.client_named(&application.name) {
            reference.groups.insert(id, APPLICATIONS.into());
        }
    }
    let reader = world.client_named(READER)?;
    // What nobody leads cannot be read; whether somebody should lead it is the auditor's question.
    let tainted = |tp: TopicPartition| {
        replay.auditor().excuse(tp).is_some() || !replay.auditor().has_leader(tp)
    };
    let outputs = plan.applications.iter().map(|it| format!("{}-out", it.name));
    let names = plan.producers.iter().map(|p| p.name.clone()).chain(outputs);
    let named = |name: &String| {
        let text = format!("\"{name}\"");
        plan.steps.iter().any(|step| step.line.contains(&text))
    };
    let disturbed: BTreeSet<NodeId> =
        names.filter(named).filter_map(|name| world.client_named(&name)).collect();
    let renamed = reference.renamed.clone();
    let compacted = |tp: TopicPartition| {
        let name = world.topic_name(tp.topic);
        plan.topics.iter().any(|t| t.is_compacted() && name.is_some_and(|name| **name == *t.name))
    };
    let promise = |id: NodeId, tp: TopicPartition| {
        let quiet = !tainted(tp) && !disturbed.contains(&id);
        producer(world, id).map_or(NOTHING, |p| Promise {
            kept: quiet && !compacted(tp) && p.config.acks == Acks::All,
            ..promise(p, quiet, renamed.contains(&id))
        })
    };
    let start = |tp: TopicPartition| log_start(world, tp);
    let topic_of = |tp: TopicPartition| world.topic_name(tp.topic).cloned();
    let clean = |tp: TopicPartition| !tainted(tp) && !compacted(tp) && !tainted_offsets(replay);
    let may_be_hidden = |record: RecordId| {
        let by = record.producer().and_then(|id| producer(world, id));
        by.is_some_and(|p| p.config.transactional_id.is_some())
    };
    let verdict = reference
        .judge(reader, promise, start)
        .and_then(|()| reference.judge_group(reader, topic_of, clean, may_be_hidden));
    let what = verdict.err()?;
    Some(Failure { kind: Kind::Correctness, name: "reference".into(), what })
}

const NOTHING: Promise = Promise { kept: false, once: false, ordered: false };

fn promise(producer: &Producer, quiet: bool, renamed: bool) -> Promise {
    let config = &producer.config;
    let idempotent = config.is_idempotent();
    Promise {
        kept: quiet && config.acks == Acks::All,
        once: quiet && idempotent && !renamed,
        ordered: quiet && !renamed && (idempotent || config.max_in_flight == 1),
    }
}

#[allow(clippy::wildcard_enum_match_arm, reason = "one role of several")]
fn producer(world: &World, id: NodeId) -> Option<&Producer> {
    match &world.process(id)?.node {
        Node::Producer(producer) => Some(producer),
        _ => None,
    }
}

/// The largest log start of any replica: what is below may be gone.
#[allow(clippy::wildcard_enum_match_arm, reason = "one role of several")]
fn log_start(world: &World, tp: TopicPartition) -> Offset {
    let starts = world.processes().filter_map(|(_, process)| match &process.node {
        Node::Broker(broker) => broker.replicas.replicas.get(tp).map(|r| r.log.log_start()),
        _ => None,
    });
    starts.max().unwrap_or(0)
}

fn tainted_offsets(replay: &Replay) -> bool {
    let Some(topic) = replay.world().topic_named("__consumer_offsets") else { return false };
    (0..50).any(|index| replay.auditor().excuse(TopicPartition::new(topic, index)).is_some())
}
