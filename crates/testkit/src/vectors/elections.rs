//! What becomes of one partition as brokers come and go: event by event, with its leader, ISR, ELR and epochs.
//!
//! Invariant: every event goes through the controller's own functions, and only their records change the partition.

use super::Tally;
use crate::problem::{Problem, typed};
use kafkascope_model::api::ErrorCode;
use kafkascope_model::api::request::{
    AlterPartition, AlterPartitionItem, AlterPartitionReassignments, ElectLeaders,
};
use kafkascope_model::config::broker::BrokerConfig;
use kafkascope_model::controller::image::MetadataImage;
use kafkascope_model::controller::records::{MetadataRecord, PartitionState};
use kafkascope_model::controller::view::View;
use kafkascope_model::controller::{alter_partition, broker_changes, elect_leaders, reassignment};
use kafkascope_model::ids::{Name, NodeId, TopicId, TopicPartition};
use serde::Deserialize;
use serde_json::{Map, Value, json};

const TP: TopicPartition = TopicPartition::new(TopicId(1), 0);

/// Whether a document holds these vectors.
pub fn is(document: &Value) -> bool {
    let first = document.get("cases").and_then(Value::as_array).and_then(|cases| cases.first());
    first.is_some_and(|case| case.get("elr_enabled").is_some())
}

/// Runs every case.
pub fn run(document: &Value) -> Result<Tally, Problem> {
    let file: File = typed(document)?;
    let mut tally = Tally::default();
    for (at, case) in file.cases.iter().enumerate() {
        let place = format!("/cases/{at}");
        run_case(&mut tally, case).map_err(|problem| problem.below(&place))?;
    }
    Ok(tally)
}

fn run_case(tally: &mut Tally, case: &Case) -> Result<(), Problem> {
    let mut stage = Stage::new(case);
    for (at, (event, expected)) in case.events.iter().zip(&case.expected).enumerate() {
        let before = stage.partition();
        let outcome =
            stage.happen(event).map_err(|reason| Problem::at(format!("/events/{at}"), reason))?;
        let got = described(event, &before, &stage.partition(), outcome);
        let asked = got.into_iter().filter(|(key, _)| expected.contains_key(key));
        let name = format!("{}, event {at} {event}", case.id);
        tally.case(name, &json!(expected), &Value::Object(asked.collect()));
    }
    Ok(())
}

fn described(
    event: &Value,
    before: &PartitionState,
    after: &PartitionState,
    outcome: ErrorCode,
) -> Map<String, Value> {
    let ids = |list: &[NodeId]| list.iter().map(|id| id.0).collect::<Vec<_>>();
    let mut map = Map::new();
    let mut put = |key: &str, value: Value| map.insert(key.to_string(), value);
    put("event", event.clone());
    put("leader", json!(after.leader.0));
    put("isr", json!(ids(&after.isr)));
    put("replicas", json!(ids(&after.replicas)));
    put("leader_epoch", json!(after.leader_epoch));
    put("partition_epoch", json!(after.partition_epoch));
    put("elr", json!(ids(&after.elr)));
    put("last_known_elr", json!(ids(&after.last_known_elr)));
    put("adding", json!(ids(&after.adding)));
    put("removing", json!(ids(&after.removing)));
    put("leader_recovery_state", json!(if after.recovering { "RECOVERING" } else { "RECOVERED" }));
    if !outcome.is_ok() {
        put("result", json!(outcome.name()));
    } else if before == after {
        put("result", json!("no change"));
    }
    map
}

#[derive(Deserialize)]
struct File {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    id: String,
    replicas: Vec<i32>,
    elr_enabled: bool,
    unclean_enabled: bool,
    min_insync_replicas: i32,
    initial: Initial,
    events: Vec<Value>,
    expected: Vec<Map<String, Value>>,
}

#[derive(Deserialize)]
struct Initial {
    leader: i32,
    isr: Vec<i32>,
    leader_epoch: i32,
    partition_epoch: i32,
}

/// A controller's image with one partition.
struct Stage {
    image: MetadataImage,
    node: BrokerConfig,
    elr_enabled: bool,
}

impl Stage {
    fn new(case: &Case) -> Self {
        let node = BrokerConfig {
            min_insync_replicas: case.min_insync_replicas,
            unclean_leader_election_enable: case.unclean_enabled,
            ..BrokerConfig::default()
        };
        let mut stage =
            Self { image: MetadataImage::default(), node, elr_enabled: case.elr_enabled };
        let most = case.replicas.iter().max().copied().unwrap_or(0);
        for id in 1..=most + 1 {
            stage.register(NodeId(id), false);
        }
        stage.apply(&[
            MetadataRecord::Topic { id: TP.topic, name: "t".into() },
            MetadataRecord::Partition { tp: TP, state: case.state() },
        ]);
        stage
    }

    fn partition(&self) -> PartitionState {
        self.image.partition(TP).expect("it was created").clone()
    }

    fn view(&self) -> View<'_> {
        View { elr_enabled: self.elr_enabled, ..View::new(&self.image, &self.node) }
    }

    fn apply(&mut self, records: &[MetadataRecord]) {
        for record in records {
            self.image.apply(self.image.next_offset, 1, record);
        }
    }

    fn register(&mut self, broker: NodeId, fenced: bool) {
        let epoch = self.image.next_offset;
        let incarnation = epoch.unsigned_abs();
        self.apply(&[MetadataRecord::RegisterBroker {
            broker,
            epoch,
            incarnation,
            rack: None,
            fenced,
        }]);
    }

    /// Lets an event happen; the error it was refused with.
    fn happen(&mut self, event: &Value) -> Result<ErrorCode, String> {
        let kind = event.get(0).and_then(Value::as_str).ok_or("an event begins with its name")?;
        let argument = event.get(1);
        match kind {
            "fence" => self.leave(broker(argument)?, broker_changes::fence),
            "controlled_shutdown" => {
                self.leave(broker(argument)?, broker_changes::begin_controlled_shutdown);
            }
            "unfence" => self.come_back(broker(argument)?),
            "alter_isr" => return Ok(self.alter_isr(brokers(argument)?)),
            "elect_preferred" => return Ok(self.elect(false)),
            "elect_unclean" => return Ok(self.elect(true)),
            "reassign" => return Ok(self.reassign(brokers(argument)?)),
            other => return Err(format!("there is no event '{other}'")),
        }
        Ok(ErrorCode::None)
    }

    fn leave(&mut self, id: NodeId, how: fn(&View<'_>, NodeId) -> Vec<MetadataRecord>) {
        let records = how(&self.view(), id);
        self.apply(&records);
    }

    /// After a controlled shutdown a broker comes back fenced, as a new process.
    fn come_back(&mut self, id: NodeId) {
        if self.image.brokers[&id].in_controlled_shutdown {
            self.leave(id, broker_changes::fence);
            self.register(id, true);
        }
        if self.image.brokers[&id].fenced {
            self.leave(id, broker_changes::unfence);
        }
    }

    fn alter_isr(&mut self, isr: Vec<NodeId>) -> ErrorCode {
        let partition = self.partition();
        let leader = partition.leader;
        let broker_epoch = self.image.brokers.get(&leader).map_or(-1, |broker| broker.epoch);
        let item = AlterPartitionItem {
            tp: TP,
            leader_epoch: partition.leader_epoch,
            new_isr: isr.into_iter().map(|id| (id, -1)).collect(),
            leader_recovery_state: 0,
            partition_epoch: partition.partition_epoch,
        };
        let request = AlterPartition { broker_id: leader, broker_epoch, partitions: vec![item] };
        match alter_partition::alter_partition(&self.view(), &request) {
            Ok((records, answers)) => {
                self.apply(&records);
                // The leader moved with the change, which was accepted nonetheless.
                let moved = answers[0].error == ErrorCode::NewLeaderElected;
                if moved { ErrorCode::None } else { answers[0].error }
            }
            Err(error) => error,
        }
    }

    fn elect(&mut self, unclean: bool) -> ErrorCode {
        let request = ElectLeaders { unclean, partitions: Some(vec![("t".into(), 0)]) };
        let (records, verdicts) = elect_leaders::elect_leaders(&self.view(), &request);
        self.apply(&records);
        verdicts[0].2
    }

    fn reassign(&mut self, target: Vec<NodeId>) -> ErrorCode {
        let partitions: Vec<(Name, i32, Option<Vec<NodeId>>)> = vec![("t".into(), 0, Some(target))];
        let request = AlterPartitionReassignments { partitions };
        let (records, verdicts) = reassignment::alter_reassignments(&self.view(), &request);
        self.apply(&records);
        verdicts[0].2
    }
}

impl Case {
    fn state(&self) -> PartitionState {
        let ids = |list: &[i32]| list.iter().copied().map(NodeId).collect::<Vec<_>>();
        PartitionState {
            replicas: ids(&self.replicas),
            isr: ids(&self.initial.isr),
            elr: Vec::new(),
            last_known_elr: Vec::new(),
            leader: NodeId(self.initial.leader),
            leader_epoch: self.initial.leader_epoch,
            partition_epoch: self.initial.partition_epoch,
            adding: Vec::new(),
            removing: Vec::new(),
            recovering: false,
        }
    }
}

fn broker(argument: Option<&Value>) -> Result<NodeId, String> {
    let id = argument.and_then(Value::as_i64).and_then(|id| i32::try_from(id).ok());
    id.map(NodeId).ok_or_else(|| "this event names a broker".to_string())
}

fn brokers(argument: Option<&Value>) -> Result<Vec<NodeId>, String> {
    let list = argument.and_then(Value::as_array).ok_or("this event lists brokers")?;
    list.iter().map(|id| broker(Some(id))).collect()
}
