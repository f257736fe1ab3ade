//! What the page tells of the scenario with ZooKeeper.
//!
//! Invariant: where there is no quorum no sentence speaks of one, nor of heartbeats and fencing.

use super::Stage;
use crate::project::Projector;
use crate::ui::{Question, Selection, UiState};
use crate::ui_command::{ForkChange, UiCommand};
use crate::view_model::WhyVm;
use crate::view_model::topology::BrokerStatus;
use kafkascope_kernel::SimTime;
use kafkascope_model::api::ApiKey;
use kafkascope_model::ids::NodeId;
use kafkascope_scenario::{Tables, load, shipped};
use kafkascope_session::Session;
use kafkascope_wire::Wire;

fn at(ms: u64) -> Stage {
    let file = shipped().iter().find(|file| file.id == "cluster/zookeeper").expect("it is shipped");
    let script = load(file.toml, &Tables::web()).expect("it loads").script;
    let session = Session::open(script).expect("it opens");
    let projector = Projector::new("History");
    let mut stage = Stage { session, projector, ui: UiState::default() };
    stage.run_to(ms);
    stage
}

fn told(stage: &Stage) -> Vec<String> {
    let told = &stage.projector.observer().chronicle.told;
    told.iter().map(|it| it.telling.text.clone()).collect()
}

fn ask(stage: &mut Stage, question: Question) -> WhyVm {
    stage.ui.question = Some(question);
    stage.show();
    let why = stage.projector.view().why.clone().expect("an open question has an answer");
    (*why).clone()
}

/// A broker's state, its note, and whether it wears the crown.
fn card(stage: &Stage, broker: i32) -> (BrokerStatus, String, bool) {
    let topology = &stage.projector.view().topology;
    let card = topology.brokers.iter().find(|card| card.id == NodeId(broker)).expect("it is shown");
    (card.status, card.note.to_string(), card.controller)
}

#[test]
fn the_controllers_rise_and_fall_is_told_in_znodes_and_sessions() {
    let told = told(&at(130_000));
    for sentence in [
        "Broker 1 was the first to create /controller, epoch 1.",
        "ZooKeeper ended the session of broker 1, silent for 20 s: its ephemeral znodes are gone.",
        "Broker 3 was the first to create /controller, epoch 2.",
        "The controller sees that /brokers/ids/1 is gone: broker 1 leads nothing.",
        "orders-0: broker 2 elected leader, epoch 2.",
        "Broker 2 refused what broker 3 sent as the controller of epoch 2, for it knows one of epoch 3: STALE_CONTROLLER_EPOCH.",
        "Broker 3 is controller no more; its epoch was 2.",
    ] {
        assert!(told.iter().any(|text| text == sentence), "{sentence}\n{told:#?}");
    }
    for word in ["quorum", "heartbeat", "fenced", "has no leader"] {
        let found = told.iter().find(|text| text.contains(word));
        assert_eq!(found, None, "'{word}' is not of this time");
    }
}

#[test]
fn the_crown_is_on_a_brokers_card_and_goes_to_the_next_controller() {
    let mut stage = at(30_000);
    assert_eq!(card(&stage, 1), (BrokerStatus::Active, String::new(), true));
    assert!(!card(&stage, 3).2);
    stage.run_to(45_000);
    let waits = "no sign of life · zookeeper.session.timeout.ms 18000".to_string();
    assert_eq!(card(&stage, 1), (BrokerStatus::Stopped, waits, false));
    stage.run_to(60_000);
    assert_eq!(card(&stage, 1), (BrokerStatus::Stopped, "its znode is gone".to_string(), false));
    assert!(card(&stage, 3).2);
    stage.run_to(130_000);
    let crowned: Vec<_> = (1..=3).filter(|broker| card(&stage, *broker).2).collect();
    assert!(crowned.len() == 1 && crowned != [3], "broker 3 slept too long: {crowned:?}");
}

#[test]
fn zookeeper_shows_its_sessions_and_znodes() {
    let mut stage = at(60_000);
    stage.ui.selection = Selection::Node(NodeId(100));
    stage.show();
    let inspector = stage.projector.view().inspector.clone().expect("it is selected");
    assert_eq!((&*inspector.title, &*inspector.subtitle), ("zookeeper", "keeps the metadata"));
    let quorum = inspector.actions.iter().any(|it| it.label.contains("metadata log"));
    assert!(!quorum, "there is none to look at");
    let rows: Vec<_> = inspector.rows.iter().map(|row| (&*row.label, &*row.value)).collect();
    assert_eq!(rows[0], ("sessions of brokers", "2, 3"));
    assert!(rows.contains(&("/controller", "broker 3")), "{rows:?}");
    assert!(rows.contains(&("/controller_epoch", "2")) && rows.contains(&("/brokers/ids", "2, 3")));
}

#[test]
fn pushes_and_znodes_are_read_field_by_field() {
    let stage = at(58_000);
    let session = &stage.session;
    let mut witness = session.witness(SimTime::from_ms(55_900));
    assert!(witness.follow(session.script(), SimTime::from_ms(57_000), 1_000_000));
    let wire = Wire::new(session.world());
    let said: Vec<_> = witness
        .exchanges()
        .iter()
        .map(|it| (it.request.key(), it.conn.server.0, format!("{:?}", wire.request(&it.request))))
        .collect();
    let find = |key: ApiKey, parts: &[&str]| {
        let fits = |text: &str| parts.iter().all(|part| text.contains(part));
        let found = said.iter().find(|(of, _, text)| *of == key && fits(text));
        assert!(found.is_some(), "{key:?} with {parts:?} in {said:#?}");
    };
    find(ApiKey::LeaderAndIsr, &["controllerEpoch", "brokerEpoch", "topicStates", "orders"]);
    find(ApiKey::UpdateMetadata, &["liveBrokers", "partitionStates"]);
    find(ApiKey::Zookeeper, &["multi", "create /controller, ephemeral"]);
    find(ApiKey::Zookeeper, &["setData /brokers/topics/orders/partitions/0/state"]);
}

#[test]
fn why_a_broker_does_not_serve_is_answered_by_its_session() {
    let mut stage = at(45_000);
    let early = ask(&mut stage, Question::Fenced(NodeId(1)));
    let verdict = early.verdict.as_deref().unwrap_or_default();
    assert_eq!(verdict, "The controller does not know yet: ZooKeeper waits for 18 s of silence.");
    stage.run_to(60_000);
    let why = ask(&mut stage, Question::Fenced(NodeId(1)));
    assert_eq!(&*why.question, "Why does broker 1 not serve?");
    let steps: Vec<_> = why.steps.iter().map(|it| (&*it.text, it.because.as_deref())).collect();
    let ended =
        "Silent for 20 s: ZooKeeper ended its session, and the controller missed its znode.";
    assert_eq!(steps.last(), Some(&(ended, Some("zookeeper.session.timeout.ms = 18000"))));
    assert_eq!(why.verdict.as_deref(), Some("/brokers/ids/1 is gone, so it leads nothing."));
}

#[test]
fn what_if_zookeeper_had_waited_for_less() {
    let mut stage = at(60_000);
    let orders = stage.session.world().topic_named("orders").expect("it is there");
    let tp = kafkascope_model::ids::TopicPartition::new(orders, 0);
    let why = ask(&mut stage, Question::NotWritable(tp));
    assert!(why.meaning.as_deref().is_some_and(|it| it.contains("a session that did not end")));
    let fork = why.fork.expect("the session may be shorter");
    assert_eq!(&*fork.text, "What if ZooKeeper had waited for 6 s only?");
    let UiCommand::Fork { jump, change } = fork.command else { panic!("{fork:?}") };
    assert!(matches!(change, ForkChange::Config { .. }), "{change:?}");
    let script = stage.projector.forked(&stage.session, jump, &change).expect("it is a broker's");
    let changed = script.setup.iter().any(|command| format!("{command:?}").contains("6000"));
    assert!(changed, "{:?}", script.setup);
}
