//! Stories of one log, closely, on a real run.

use super::super::tests::Stage;
use crate::ui::Selection;
use crate::view_model::log::{LogVm, PinKind};
use std::rc::Rc;

fn closely(at_ms: u64) -> Stage {
    let mut stage = Stage::at(at_ms);
    stage.show();
    let replicas = stage.projector.observer().picture.replicas.iter();
    let (_, tp) = replicas.max_by_key(|(_, log)| log.log_end).map(|(key, _)| *key).expect("a log");
    stage.ui.closely = Some(tp);
    stage.show();
    stage
}

fn shown(stage: &Stage) -> Rc<LogVm> {
    stage.projector.view().log.clone().expect("the log is shown")
}

#[test]
fn every_offset_has_its_place_and_the_leaders_watermark_its_pin() {
    let stage = closely(25_000);
    let log = shown(&stage);
    let offsets: Vec<i64> =
        log.lines.iter().flat_map(|line| &line.cells).map(|cell| cell.cell.offset).collect();
    assert!(offsets.len() > 3, "{offsets:?}");
    assert!(offsets.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{offsets:?}");
    let pins: Vec<_> = log.lines.iter().flat_map(|line| &line.pins).map(|pin| pin.kind).collect();
    assert_eq!(pins.iter().filter(|kind| **kind == PinKind::HighWatermark).count(), 1);
    assert!(log.lines.windows(2).all(|pair| pair[0].end == pair[1].first));
    assert_eq!(log.per_line, 25, "two thirds of a wide page");
    assert!(log.subtitle.starts_with("leader"), "{}", log.subtitle);
    assert_eq!(&*log.readers[0].name, "read_uncommitted");
}

#[test]
fn another_replica_is_shown_when_it_is_selected() {
    let mut stage = closely(25_000);
    let log = shown(&stage);
    let other = log.replicas.iter().find(|tab| !tab.chosen).expect("there are followers");
    let crate::ui_command::UiCommand::Select(Selection::Replica(id, tp)) = other.wish else {
        panic!("{:?}", other.wish)
    };
    stage.ui.selection = Selection::Replica(id, tp);
    stage.show();
    assert!(shown(&stage).subtitle.starts_with("follower"), "{}", shown(&stage).subtitle);
}

#[test]
fn time_alone_changes_nothing_in_it() {
    let mut stage = closely(25_000);
    let before = shown(&stage);
    stage.show();
    assert!(Rc::ptr_eq(&before, &shown(&stage)));
}
