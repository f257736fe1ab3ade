//! Stories of the controllers and their log, on real runs.

use super::super::tests::Stage;
use super::super::{Projector, UiState};
use crate::view_model::QuorumVm;
use crate::view_model::Tone;
use crate::view_model::quorum::Held;
use kafkascope_kernel::{Limits, Seed, SimTime};
use kafkascope_model::command::Command;
use kafkascope_model::ids::NodeId;
use kafkascope_model::net::link::NetworkProfile;
use kafkascope_model::world::WorldSpec;
use kafkascope_session::{Entry, Script, Session};
use std::rc::Rc;

/// Three controllers and a broker; whoever is named dies after twenty seconds.
fn three_controllers(dead: &[i32]) -> Stage {
    let mut script = Script::new(WorldSpec {
        seed: Seed(7),
        profile: NetworkProfile::KAFKA,
        limits: Limits::NATIVE,
        epoch_ms_at_zero: 1_767_225_600_000,
    });
    for id in [100, 101, 102].map(NodeId) {
        script.setup.push(Command::AddController { id, config: Vec::new() });
    }
    script.setup.push(Command::AddBroker { id: NodeId(1), rack: None, config: Vec::new() });
    for id in dead {
        let at = SimTime::from_ms(20_000);
        script.insert(Entry { at, command: Command::Kill(NodeId(*id)) });
    }
    let session = Session::open(script).expect("the set-up is accepted");
    let ui = UiState { quorum: true, ..UiState::default() };
    Stage { session, projector: Projector::new("Three"), ui }
}

fn shown(stage: &mut Stage, ms: u64) -> Rc<QuorumVm> {
    stage.run_to(ms);
    stage.projector.view().quorum.clone().expect("it is shown")
}

#[test]
fn every_record_is_told_and_every_voter_has_it() {
    let mut stage = three_controllers(&[]);
    let quorum = shown(&mut stage, 15_000);
    assert_eq!(&*quorum.subtitle, "Controller 100 leads epoch 1; 2 of 3 voters are a majority.");
    let roles: Vec<&str> = quorum.voters.iter().map(|voter| &*voter.role).collect();
    assert_eq!(roles, ["leader", "follower", "follower"]);
    let texts: Vec<&str> = quorum.rows.iter().map(|row| &*row.text).collect();
    assert!(texts.contains(&"broker 1 is unfenced: it serves"), "{texts:#?}");
    assert_eq!(texts.last(), Some(&"controller 100 leads from here on"));
    let old = &quorum.rows[2..];
    assert!(old.iter().all(|row| row.held.iter().all(|held| *held == Held::Committed)));
    assert_eq!((quorum.earlier, &*quorum.brokers[0].label), (0, "Broker 1"));
}

#[test]
fn what_a_lonely_voter_writes_is_never_committed() {
    let mut stage = three_controllers(&[101, 102]);
    let before = shown(&mut stage, 19_900);
    assert_eq!(before.tone, Tone::Plain);
    let quorum = shown(&mut stage, 40_000);
    assert_eq!(&*quorum.subtitle, "Nobody leads; 2 of 3 voters are a majority.");
    assert_eq!(quorum.tone, Tone::Bad);
    assert!(
        quorum.says[0].starts_with("Only 1 of 3 voters lives, 2 are needed"),
        "{}",
        quorum.says[0]
    );
    let newest = &quorum.rows[0].held;
    assert!(newest[0] <= Held::Written && newest[1] == Held::Nothing, "{newest:?}");
}

#[test]
fn idle_records_are_one_row() {
    let mut stage = Stage::at(25_000);
    stage.ui.quorum = true;
    let quorum = shown(&mut stage, 60_000);
    let idle = quorum.rows.iter().filter(|row| row.kind == "NoOp");
    let folded = idle.filter(|row| row.offsets.contains('–')).count();
    assert!((1..6).contains(&folded), "{folded} rows");
    assert!(quorum.rows.windows(2).all(|pair| pair[0].offsets != pair[1].offsets));
}
