//! Stories of the projector on real runs.

mod zookeeper;

use super::Projector;
use crate::draw::DrawList;
use crate::ui::{Selection, UiState};
use crate::ui_command::UiCommand;
use crate::view_model::topology::{BrokerStatus, Role};
use kafkascope_kernel::{Limits, Micros, Seed, SimTime};
use kafkascope_model::command::{AdminCommand, Command, ConsumerSpec, ProducerSpec};
use kafkascope_model::ids::{NodeId, RecordId};
use kafkascope_model::net::link::NetworkProfile;
use kafkascope_model::workload::{NewRecord, Processing, Workload};
use kafkascope_model::world::WorldSpec;
use kafkascope_session::{Entry, Script, Session};
use std::rc::Rc;

const PLENTY: u32 = 10_000_000;

pub(crate) struct Stage {
    pub session: Session,
    pub projector: Projector,
    pub ui: UiState,
}

impl Stage {
    pub fn at(ms: u64) -> Self {
        let mut stage = Self::with_acks("all");
        stage.run_to(ms);
        stage
    }

    pub fn with_acks(acks: &str) -> Self {
        let session = Session::open(script(acks)).expect("the set-up is accepted");
        Self { session, projector: Projector::new("Trips"), ui: UiState::default() }
    }

    pub fn run_to(&mut self, ms: u64) {
        self.session.advance(SimTime::from_ms(ms), PLENTY);
        self.show();
    }

    pub fn show(&mut self) {
        self.projector.feed(&self.session);
        self.projector.project(&self.session, &self.ui);
    }

    fn tab(&self, broker: i32, partition: i32) -> String {
        let topology = &self.projector.view().topology;
        let card = topology.brokers.iter().find(|card| card.id == NodeId(broker)).unwrap();
        let tape = card.tapes.iter().find(|tape| tape.tp.partition == partition).unwrap();
        tape.tab.to_string()
    }
}

fn script(acks: &str) -> Script {
    let mut script = Script::new(WorldSpec {
        seed: Seed(7),
        profile: NetworkProfile::KAFKA,
        limits: Limits::NATIVE,
        epoch_ms_at_zero: 1_767_225_600_000,
    });
    script.setup.push(Command::AddController { id: NodeId(100), config: Vec::new() });
    for id in 1..=3 {
        let config = Vec::new();
        script.setup.push(Command::AddBroker { id: NodeId(id), rack: None, config });
    }
    let assignments =
        vec![vec![NodeId(1), NodeId(2), NodeId(3)], vec![NodeId(2), NodeId(3), NodeId(1)]];
    let topic = AdminCommand::CreateTopic {
        name: "trips".into(),
        partitions: -1,
        replication_factor: -1,
        assignments,
        configs: Vec::new(),
    };
    let events = ["Alice", "Bob", "Chen"].map(|rider| NewRecord {
        key: Some(rider.as_bytes().into()),
        value: Some(b"requested"[..].into()),
        ..NewRecord::default()
    });
    let workload = Workload {
        topic: "trips".into(),
        events: events.into(),
        repeat: true,
        every: Micros::from_ms(200),
        burst: 1,
        jitter: Micros::ZERO,
        first_after: Micros::ZERO,
    };
    let producer = ProducerSpec {
        app: Default::default(),
        name: "rider-app".into(),
        config: vec![("acks".into(), acks.into())],
        workload: Some(workload),
    };
    let consumer = ConsumerSpec {
        name: "dispatch-1".into(),
        config: vec![("group.id".into(), "dispatch".into())],
        subscribe: vec!["trips".into()],
        pattern: None,
        assign: Vec::new(),
        processing: Processing::default(),
    };
    let entries = [
        (1_000, Command::Admin(topic)),
        (2_000, Command::AddProducer(producer)),
        (3_000, Command::AddConsumer(consumer)),
    ];
    script.entries =
        entries.map(|(ms, command)| Entry { at: SimTime::from_ms(ms), command }).to_vec();
    script
}

#[test]
fn a_cluster_at_work_is_on_the_stage() {
    let stage = Stage::at(10_000);
    let view = stage.projector.view();
    assert_eq!(&*view.topology.title.quiet, "3 brokers · RF 3 · acks=all");
    assert!(view.topology.brokers.iter().all(|card| card.status == BrokerStatus::Active));
    assert_eq!((stage.tab(1, 0), stage.tab(2, 0)), ("L e0".to_string(), "isr".to_string()));
    assert_eq!(&*view.topology.producers[0].state, "producer · 5 records a second");
    let keys: Vec<_> = view.keys.entries.iter().map(|key| &*key.name).collect();
    assert_eq!(keys, ["Alice", "Bob", "Chen"]);
    assert!(view.ledger.acknowledged > 30 && view.ledger.acknowledged_and_lost == 0);
}

#[test]
fn the_same_offset_is_at_the_same_x_in_every_replica() {
    let stage = Stage::at(30_000);
    for card in &stage.projector.view().topology.brokers {
        for tape in &card.tapes {
            let window = stage.projector.windows.get(tape.tp);
            assert_eq!((tape.window_first, tape.capacity), (window.first, window.capacity));
        }
    }
}

#[test]
fn a_killed_leader_is_fenced_and_its_follower_takes_over_with_a_higher_epoch() {
    let mut stage = Stage::at(10_000);
    let (tp, leader) = stage.projector.first_leader().expect("there is a topic");
    let kill = UiCommand::Kill(leader);
    for command in stage.projector.commands(stage.session.world(), &kill).unwrap() {
        stage.session.submit(command).unwrap();
    }
    stage.run_to(11_000);
    let dead = stage.projector.view().topology.brokers[0].clone();
    assert_eq!((dead.id, dead.status), (leader, BrokerStatus::Stopped));
    assert!(dead.note.contains("broker.session.timeout.ms"));
    stage.run_to(40_000);
    let view = stage.projector.view();
    assert_eq!(view.topology.brokers[0].status, BrokerStatus::Fenced);
    assert_eq!(view.topology.brokers[0].tapes[0].role, Role::Offline);
    assert_eq!(stage.tab(2, tp.partition), "L e1");
    assert_eq!(view.ledger.acknowledged_and_lost, 0);
    let told: Vec<_> = view.narration.lines.iter().map(|line| &*line.text).collect();
    assert!(view.timeline.marks.len() >= 2, "killed and elected are marked: {told:?}");
}

#[test]
fn panels_that_did_not_change_are_the_same_as_before() {
    let mut stage = Stage::at(10_000);
    let before = stage.projector.view().clone();
    stage.show();
    let after = stage.projector.view();
    assert!(Rc::ptr_eq(&before.topology, &after.topology));
    assert!(Rc::ptr_eq(&before.layout, &after.layout));
    assert!(Rc::ptr_eq(&before.timeline, &after.timeline));
    assert!(Rc::ptr_eq(&before.narration, &after.narration));
}

#[test]
fn going_back_shows_what_was_shown_then() {
    let mut stage = Stage::at(8_000);
    let then = stage.projector.view().clone();
    stage.run_to(20_000);
    stage.session.seek(SimTime::from_ms(8_000));
    stage.show();
    assert_eq!(stage.projector.view().topology, then.topology);
    assert_eq!(stage.projector.view().ledger, then.ledger);
}

#[test]
fn batches_fly_as_capsules_and_replicas_fall() {
    let mut stage = Stage::at(10_000);
    let (mut capsules, mut drops) = (0, 0);
    let mut list = DrawList::default();
    for step in 1..4_000 {
        stage.session.advance(SimTime(10_000_000 + step * 100), PLENTY);
        stage.projector.feed(&stage.session);
        stage.projector.draw(&stage.session, &stage.ui, &mut list);
        capsules += list.capsules.len();
        drops += list.drops.len();
    }
    assert!(capsules > 0 && drops > 0, "{capsules} capsules, {drops} drops");
}

#[test]
fn a_selected_record_shows_its_life() {
    let mut stage = Stage::at(10_000);
    stage.ui.selection = Selection::Record(RecordId::of(NodeId(1_001), 3));
    stage.show();
    let record = stage.projector.view().record.clone().expect("the third record");
    assert_eq!(&*record.title, "Chen · requested");
    assert!(record.stages.iter().take(7).all(|stage| stage.at.is_some()), "{:#?}", record.stages);
}

#[test]
fn everything_on_the_stage_can_be_inspected() {
    let mut stage = Stage::at(10_000);
    let (tp, leader) = stage.projector.first_leader().unwrap();
    let selections = [
        Selection::Node(leader),
        Selection::Node(NodeId(100)),
        Selection::Node(NodeId(1_001)),
        Selection::Node(NodeId(1_002)),
        Selection::Group("dispatch".into()),
        Selection::Partition(tp),
        Selection::Replica(leader, tp),
        Selection::Link(NodeId(1), NodeId(2)),
    ];
    for selection in selections {
        stage.ui.selection = selection.clone();
        stage.show();
        let shown = stage.projector.view().inspector.clone();
        assert!(shown.is_some_and(|shown| !shown.actions.is_empty()), "{selection:?}");
    }
}

#[test]
fn one_more_member_gets_the_next_name() {
    let stage = Stage::at(10_000);
    let wish = UiCommand::AddMember("dispatch".into());
    let commands = stage.projector.commands(stage.session.world(), &wish).unwrap();
    let [Command::AddConsumer(spec)] = &commands[..] else { panic!("{commands:?}") };
    assert_eq!(&*spec.name, "dispatch-2");
    let nobody = UiCommand::AddMember("nobody".into());
    assert!(stage.projector.commands(stage.session.world(), &nobody).is_err());
}
