//! Stories of who reads what.

use super::{Ending, Tenures};
use crate::directory::{Directory, NodeInfo, NodeKind};
use kafkascope_kernel::{Micros, SimTime};
use kafkascope_model::config::ConfigTable;
use kafkascope_model::config::consumer::ConsumerConfig;
use kafkascope_model::ids::{Name, NodeId, TopicId, TopicPartition};
use kafkascope_model::trace::{Exit, Fact, TraceEvent};

const M1: i32 = 1_001;
const M2: i32 = 1_002;

struct Teller {
    tenures: Tenures,
    directory: Directory,
    seq: u64,
}

impl Teller {
    fn new() -> Self {
        let mut directory = Directory::default();
        for id in [M1, M2] {
            let mut config = ConsumerConfig::default();
            config.set("group.id", "dispatch").expect("a group id");
            let info = NodeInfo {
                name: format!("m{id}").as_str().into(),
                kind: NodeKind::Consumer,
                rack: None,
                configs: config.entries(),
                work: "".into(),
                topics: vec!["trips".into()],
            };
            directory.nodes.insert(NodeId(id), info);
        }
        Self { tenures: Tenures::default(), directory, seq: 0 }
    }

    fn at(&mut self, ms: u64, node: i32, fact: Fact) {
        let at = SimTime::from_ms(ms);
        let event = TraceEvent { at, seq: self.seq, node: NodeId(node), cause: None, fact };
        self.seq += 1;
        self.tenures.observe(&event, &self.directory);
    }

    fn gets(&mut self, ms: u64, node: i32, partitions: &[i32]) {
        self.at(ms, node, Fact::Assigned { partitions: tps(partitions).into(), generation: 1 });
    }

    fn loses(&mut self, ms: u64, node: i32, partitions: &[i32]) {
        self.at(ms, node, Fact::Revoked { partitions: tps(partitions).into(), generation: 1 });
    }

    /// "m1 0..2 - 2..3 m2 3..": readers with their seconds; a dash is a gap.
    fn row(&self, partition: i32) -> String {
        let spans = &self.tenures.groups["dispatch"].rows[&tps(&[partition])[0]];
        let text = |span: &super::Span| {
            let reader = span.reader.map_or("-".to_string(), |id| format!("m{}", id.0 - 1_000));
            let to = span.to.map_or(String::new(), |to| (to.at.as_ms() / 1_000).to_string());
            format!("{reader} {}..{to}", span.from.at.as_ms() / 1_000)
        };
        spans.iter().map(text).collect::<Vec<_>>().join(" ")
    }

    fn paused(&self, ms: u64) -> u64 {
        self.tenures.groups["dispatch"].paused(SimTime::from_ms(ms)).0 / 1_000
    }
}

fn tps(partitions: &[i32]) -> Vec<TopicPartition> {
    partitions.iter().map(|index| TopicPartition::new(TopicId(1), *index)).collect()
}

#[test]
fn an_eager_rebalance_leaves_a_gap_in_every_row() {
    let mut tell = Teller::new();
    tell.gets(1_000, M1, &[0, 1]);
    tell.loses(5_000, M1, &[0, 1]);
    tell.gets(7_000, M1, &[0]);
    tell.gets(7_000, M2, &[1]);
    assert_eq!(tell.row(0), "m1 1..5 - 5..7 m1 7..");
    assert_eq!(tell.row(1), "m1 1..5 - 5..7 m2 7..");
    assert_eq!(tell.paused(20_000), 4_000);
}

#[test]
fn a_cooperative_rebalance_stops_only_what_moves() {
    let mut tell = Teller::new();
    tell.gets(1_000, M1, &[0, 1]);
    tell.loses(5_000, M1, &[1]);
    tell.gets(8_000, M2, &[1]);
    assert_eq!(tell.row(0), "m1 1..");
    assert_eq!((tell.paused(6_000), tell.paused(20_000)), (1_000, 3_000));
}

#[test]
fn a_killed_member_is_missed_until_another_takes_over() {
    let mut tell = Teller::new();
    tell.gets(1_000, M1, &[0]);
    tell.at(4_000, M1, Fact::Exited(Exit::Killed));
    tell.gets(49_000, M2, &[0]);
    assert_eq!(tell.row(0), "m1 1..4 - 4..49 m2 49..");
    let spans = &tell.tenures.groups["dispatch"].rows[&tps(&[0])[0]];
    assert_eq!(spans[1].ending, Ending::Killed);
}

#[test]
fn a_paused_member_reads_on_unless_it_was_overtaken() {
    let mut tell = Teller::new();
    tell.gets(1_000, M1, &[0, 1]);
    tell.at(3_000, M1, Fact::Paused);
    tell.gets(50_000, M2, &[1]);
    tell.at(60_000, M1, Fact::Resumed);
    assert_eq!(tell.row(0), "m1 1..3 - 3..60 m1 60..");
    assert_eq!(tell.row(1), "m1 1..3 - 3..50 m2 50..");
}

#[test]
fn a_group_without_members_pauses_nothing() {
    let mut tell = Teller::new();
    tell.gets(1_000, M1, &[0]);
    tell.loses(5_000, M1, &[0]);
    let group: Name = "dispatch".into();
    tell.at(6_000, 1, Fact::GroupEmpty { group, generation: 2 });
    assert_eq!(tell.paused(60_000), 1_000);
}

#[test]
fn a_rebalance_begins_with_its_first_sign_and_ends_with_the_last_callback() {
    let mut tell = Teller::new();
    let group: Name = "dispatch".into();
    tell.at(900, M1, Fact::Joining { reason: "".into() });
    let reason: Name = "a new member joins".into();
    let fact = Fact::RebalanceStarted { group: group.clone(), generation: 0, reason };
    tell.at(1_000, 1, fact);
    let leader: Name = "m1".into();
    let fact = Fact::GenerationFormed { group: group.clone(), generation: 1, members: 1, leader };
    tell.at(4_000, 1, fact);
    tell.at(4_100, 1, Fact::GroupStable { group, generation: 1 });
    tell.gets(4_200, M1, &[0]);
    let known = &tell.tenures.groups["dispatch"];
    let round = known.round(SimTime::from_ms(5_000)).unwrap();
    assert_eq!((round.begin.at.as_ms(), round.started.at.as_ms()), (900, 1_000));
    assert_eq!((round.generation, round.until.as_ms()), (1, 4_200));
    assert_eq!(known.generations.len(), 1);
    assert!(known.round(SimTime::from_ms(800)).is_none());
    assert_eq!(known.paused(SimTime::from_ms(9_000)), Micros::ZERO);
}
