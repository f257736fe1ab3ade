//! Where replicas of new partitions go, draw for draw.
//!
//! The striped placer is that of 4.x; the cases of `AdminUtils`, which 4.x no longer has, go through the placer of the ZooKeeper
//! mode. Invariant: what chance would decide comes from the case: Kafka's own generators with a seed, or a fixed start.

use super::Tally;
use crate::problem::{Problem, typed};
use kafkascope_model::controller::legacy::place_from;
use kafkascope_model::controller::placement::{Dice, PlacementError, UsableBroker, place};
use kafkascope_model::ids::NodeId;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Whether a document holds these vectors.
pub fn is(document: &Value) -> bool {
    first_case(document).is_some_and(|case| case.get("algorithm").is_some())
}

/// Runs every case.
pub fn run(document: &Value) -> Result<Tally, Problem> {
    let file: File = typed(document)?;
    let mut tally = Tally::default();
    for (at, case) in file.cases.iter().enumerate() {
        let below = |problem: Problem| problem.below(&format!("/cases/{at}"));
        if is_striped(case) {
            run_striped(&mut tally, &typed(case).map_err(below)?);
        } else {
            run_legacy(&mut tally, &typed(case).map_err(below)?);
        }
    }
    Ok(tally)
}

fn run_striped(tally: &mut Tally, case: &Striped) {
    let brokers: Vec<_> = case.brokers.iter().map(Broker::usable).collect();
    let mut dice = case.random.dice();
    let placed = place(&brokers, case.partitions, case.replication_factor, &mut dice);
    let placed = placed.map(|placed| lists(&placed)).map_err(|error| json!(error.to_string()));
    if let Some(error) = &case.expected_error {
        tally.case(&*case.id, &json!(error.message), &told(placed));
    } else if let Some(counts) = &case.expected_counts {
        tally.case(&*case.id, &json!(counts), &told(placed.map(|placed| counted(&placed))));
    } else {
        tally.case(&*case.id, &json!(case.expected), &told(placed));
    }
}

/// `fixedStartIndex` takes the place of both numbers that `AdminUtils` draws.
fn run_legacy(tally: &mut Tally, case: &Legacy) {
    let brokers: Vec<_> = case.brokers.iter().map(Broker::usable).collect();
    let present = u32::try_from(case.start_partition_id).unwrap_or(0);
    let start = u32::try_from(case.fixed_start_index).unwrap_or(0);
    let (partitions, factor) = (case.partitions, case.replication_factor);
    let placed = place_from(&brokers, partitions, factor, present, &mut FixedStart(start));
    let by_partition = |placed: Vec<Vec<NodeId>>| -> BTreeMap<u32, Vec<i32>> {
        (present..).zip(lists(&placed)).collect()
    };
    let placed = placed.map(by_partition).map_err(|error: PlacementError| json!(error.to_string()));
    match &case.expected_error {
        Some(error) => tally.case(&*case.id, &json!(error.message), &told(placed)),
        None => tally.case(&*case.id, &json!(case.expected), &told(placed)),
    }
}

/// What was placed, or why nothing was.
fn told(placed: Result<impl Serialize, Value>) -> Value {
    placed.map_or_else(|refusal| refusal, |placed| json!(placed))
}

fn lists(placed: &[Vec<NodeId>]) -> Vec<Vec<i32>> {
    placed.iter().map(|list| list.iter().map(|id| id.0).collect()).collect()
}

/// How often each list came.
fn counted(lists: &[Vec<i32>]) -> BTreeMap<String, u32> {
    let mut counts = BTreeMap::new();
    for list in lists {
        let words: Vec<_> = list.iter().map(i32::to_string).collect();
        *counts.entry(words.join(",")).or_insert(0) += 1;
    }
    counts
}

fn first_case(document: &Value) -> Option<&Value> {
    document.get("cases")?.as_array()?.first()
}

fn is_striped(case: &Value) -> bool {
    case.get("algorithm").and_then(Value::as_str) == Some("striped")
}

#[derive(Deserialize)]
struct File {
    cases: Vec<Value>,
}

#[derive(Deserialize)]
struct Striped {
    id: String,
    brokers: Vec<Broker>,
    partitions: u32,
    replication_factor: i16,
    random: Random,
    expected: Option<Vec<Vec<i32>>>,
    expected_counts: Option<BTreeMap<String, u32>>,
    expected_error: Option<Refusal>,
}

#[derive(Deserialize)]
struct Legacy {
    id: String,
    brokers: Vec<Broker>,
    partitions: u32,
    replication_factor: i16,
    fixed_start_index: i64,
    start_partition_id: i64,
    expected: Option<BTreeMap<u32, Vec<i32>>>,
    expected_error: Option<Refusal>,
}

/// Always the same number.
struct FixedStart(u32);

impl Dice for FixedStart {
    fn below(&mut self, _: u32) -> u32 {
        self.0
    }
}

#[derive(Deserialize)]
struct Refusal {
    message: String,
}

#[derive(Deserialize)]
struct Broker {
    id: i32,
    rack: Option<String>,
    #[serde(default)]
    fenced: bool,
}

impl Broker {
    fn usable(&self) -> UsableBroker {
        let rack = self.rack.as_deref().map(Into::into);
        UsableBroker { id: NodeId(self.id), rack, fenced: self.fenced }
    }
}

#[derive(Deserialize)]
struct Random {
    kind: Kind,
    seed: u64,
}

#[derive(Clone, Copy, Deserialize)]
enum Kind {
    /// `org.apache.kafka.server.util.MockRandom`.
    MockRandom,
    #[serde(rename = "java.util.Random")]
    Java,
}

/// One of Java's generators.
struct JavaDice {
    kind: Kind,
    state: u64,
}

impl Random {
    const fn dice(&self) -> JavaDice {
        let state = match self.kind {
            Kind::MockRandom => self.seed,
            Kind::Java => (self.seed ^ 0x5_DEEC_E66D) & MASK,
        };
        JavaDice { kind: self.kind, state }
    }
}

/// `java.util.Random` has 48 bits.
const MASK: u64 = (1 << 48) - 1;

impl JavaDice {
    /// The generator's next 31 bits.
    const fn next(&mut self) -> u32 {
        match self.kind {
            Kind::MockRandom => {
                self.state =
                    self.state.wrapping_mul(2_862_933_555_777_941_757).wrapping_add(3_037_000_493);
                (self.state >> 33) as u32
            }
            Kind::Java => {
                self.state = self.state.wrapping_mul(0x5_DEEC_E66D).wrapping_add(0xB) & MASK;
                (self.state >> 17) as u32
            }
        }
    }
}

impl Dice for JavaDice {
    /// `java.util.Random.nextInt`.
    fn below(&mut self, bound: u32) -> u32 {
        if bound.is_power_of_two() {
            return ((u64::from(bound) * u64::from(self.next())) >> 31) as u32;
        }
        loop {
            let bits = self.next();
            let value = bits % bound;
            if bits - value + (bound - 1) <= i32::MAX as u32 {
                return value;
            }
        }
    }
}
