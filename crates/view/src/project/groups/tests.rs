//! Stories of the group view on a real run.

use super::super::tests::Stage;
use crate::ui_command::UiCommand;
use crate::view_model::GroupTimeVm;
use crate::view_model::group_time::LineKind;
use std::rc::Rc;

fn shown(stage: &Stage) -> Rc<GroupTimeVm> {
    stage.projector.view().group.clone().expect("the group is shown")
}

fn grown() -> Stage {
    let mut stage = Stage::at(10_000);
    stage.ui.through_time = Some("dispatch".into());
    stage.show();
    let wish = UiCommand::AddMember("dispatch".into());
    for command in stage.projector.commands(stage.session.world(), &wish).unwrap() {
        stage.session.submit(command).unwrap();
    }
    stage.run_to(18_000);
    stage
}

#[test]
fn a_second_member_pauses_every_partition_of_an_eager_group() {
    let view = shown(&grown());
    assert_eq!(&*view.protocol, "eager · range");
    assert_eq!(view.rows.len(), 2);
    for row in &view.rows {
        let gaps = row.bars.iter().filter(|bar| bar.hue.is_none()).count();
        assert_eq!((row.bars.len(), gaps), (3, 1), "{:#?}", row.bars);
        assert!(row.bars.windows(2).all(|pair| (pair[0].x + pair[0].w - pair[1].x).abs() < 0.001));
    }
    assert!(view.price.paused.0 > 0 && view.price.unread == 0);
    assert_eq!(view.members.len(), 2);
}

#[test]
fn the_ladder_tells_the_rebalance_request_by_request() {
    let view = shown(&grown());
    let texts: Vec<_> = view.ladder.lines.iter().map(|line| &*line.text).collect();
    let mut rest = texts.iter();
    for wanted in [
        "JoinGroup (no member id)",
        "MEMBER_ID_REQUIRED (79)",
        "REBALANCE_IN_PROGRESS (27)",
        "onPartitionsRevoked: 0 1",
        "generation 2, you lead: 2 members",
        "SyncGroup (the assignment)",
        "onPartitionsAssigned: 1",
    ] {
        assert!(rest.any(|text| *text == wanted), "{wanted} in its place among {texts:#?}");
    }
    assert!(view.ladder.lines.windows(2).all(|pair| pair[0].jump.at <= pair[1].jump.at));
}

#[test]
fn a_line_moves_the_clock_and_says_what_it_means() {
    let mut stage = grown();
    let line = shown(&stage)
        .ladder
        .lines
        .iter()
        .find(|line| line.kind == LineKind::Answer)
        .cloned()
        .unwrap();
    stage.ui.selection = line.about.clone();
    stage.session.seek(line.jump.at);
    stage.show();
    let view = shown(&stage);
    assert!(view.ladder.told.is_some());
    assert!(view.ladder.lines.iter().any(|line| line.ahead), "what comes after is still known");
    assert_eq!(view.rows.len(), 2);
}

#[test]
fn nothing_changes_while_time_stands_still() {
    let mut stage = grown();
    let before = shown(&stage);
    stage.show();
    assert!(Rc::ptr_eq(&before, &shown(&stage)));
}
