//! Stories of the request inspector on a real run.

use super::super::tests::Stage;
use crate::ui::Selection;
use crate::ui_command::UiCommand;
use crate::view_model::request::{FieldVm, RequestVm};
use kafkascope_kernel::SimTime;
use kafkascope_model::api::{ApiKey, Request};
use kafkascope_model::command::Command;
use kafkascope_model::ids::MsgId;
use kafkascope_model::net::{MessageFault, MessageSel, Payload};
use std::rc::Rc;

/// A stage at a moment at which a batch flies to its leader, with the batch selected.
fn producing() -> (Stage, MsgId) {
    let mut stage = Stage::at(10_000);
    for ms in 10_001..30_000 {
        stage.run_to(ms);
        let world = stage.session.world();
        let found = world
            .flights()
            .find(|one| matches!(&one.payload, Payload::Request(Request::Produce(_))))
            .map(|one| (one.id, one.sent_at));
        if let Some((msg, sent)) = found {
            stage.ui.selection = Selection::Message(msg, sent);
            stage.show();
            return (stage, msg);
        }
    }
    panic!("the producer of this stage sends");
}

fn shown(stage: &Stage) -> Rc<RequestVm> {
    stage.projector.view().request.clone().expect("the request is shown")
}

fn value(fields: &[FieldVm], name: &str) -> String {
    let field = fields.iter().find(|field| &*field.name == name);
    field.unwrap_or_else(|| panic!("{name} among {fields:#?}")).value.to_string()
}

#[test]
fn a_request_in_flight_shows_header_and_fields_as_kafka_names_them() {
    let view = shown(&producing().0);
    assert_eq!(&*view.api, "PRODUCE");
    let fields = &view.asked.fields;
    assert_eq!(value(fields, "requestApiKey"), "0 PRODUCE");
    assert_eq!(value(fields, "requestApiVersion"), "13");
    assert!(!value(fields, "clientId").is_empty());
    assert_eq!(value(fields, "acks"), "-1");
    assert!(fields.iter().position(|field| &*field.name == "acks") > Some(3), "after the header");
    assert!(!view.records.is_empty() && !view.answered.absent.is_empty());
    assert_eq!(view.asked.faults.len(), 3);
}

#[test]
fn after_its_answer_the_same_request_shows_both_ways() {
    let (mut stage, _) = producing();
    let asked = shown(&stage).asked.fields.clone();
    let later = stage.session.now().0 / 1_000 + 200;
    stage.run_to(later);
    let view = shown(&stage);
    assert_eq!(view.asked.fields, asked);
    assert!(view.answered.absent.is_empty());
    assert_eq!(value(&view.answered.fields, "errorCode"), "0 NONE");
    assert_eq!(
        value(&view.answered.fields, "correlationId"),
        value(&view.asked.fields, "correlationId")
    );
    assert!(view.steps.iter().all(|step| step.done));
}

#[test]
fn a_lost_request_is_told_and_keeps_its_fields() {
    let (mut stage, msg) = producing();
    let wish = shown(&stage).asked.faults[0].command.clone();
    let commands = stage.projector.commands(stage.session.world(), &wish).unwrap();
    let fault = Command::Tamper(MessageSel::UnderWay(msg), MessageFault::Drop);
    assert_eq!(commands, [fault]);
    for command in commands {
        stage.session.submit(command).unwrap();
    }
    stage.show();
    let view = shown(&stage);
    assert!(view.steps.iter().any(|step| step.bad), "{:#?}", view.steps);
    assert_eq!(value(&view.asked.fields, "requestApiKey"), "0 PRODUCE");
    let told = &stage.projector.view().narration.lines;
    assert!(told.iter().any(|sentence| sentence.text.contains("PRODUCE")), "{told:#?}");
}

#[test]
fn the_list_of_what_is_under_way_leads_to_every_message() {
    let (mut stage, msg) = producing();
    stage.ui.under_way = true;
    stage.show();
    let list = stage.projector.view().under_way.clone().expect("the list is shown");
    assert!(list.rows.iter().any(|row| row.about == Selection::Message(msg, sent(row))));
    assert_eq!(list.rows[0].api, ApiKey::Produce.name(), "what carries records comes first");
    let wish = UiCommand::Select(list.rows[0].about.clone());
    assert!(matches!(wish, UiCommand::Select(Selection::Message(..))));
}

fn sent(row: &crate::view_model::request::UnderWayRowVm) -> SimTime {
    let Selection::Message(_, sent) = row.about else { panic!("a message") };
    sent
}
