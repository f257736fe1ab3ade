//! How each action is carried out, and what its answer is.
//!
//! One file for each part of the cluster that a script may speak to. Invariant: an action without an arm here does not compile.

mod cli;
mod groups;
mod members;
mod nodes;
mod producers;
mod reading;
mod topics;
mod transactions;
mod watching;

use super::action::Action;
use super::script::Step;
use super::stage::{Stage, Stop};
use kafkascope_kernel::Micros;
use serde_json::{Value, json};

/// Carries out a step; the answer is written as the recorder writes it.
pub(super) fn carry_out(stage: &mut Stage, step: &Step) -> Result<Value, Stop> {
    let app = step.app.as_str();
    match &step.action {
        Action::CreateTopic(args) => topics::create(stage, args),
        Action::CreatePartitions(args) => topics::create_partitions(stage, args),
        Action::DeleteTopic(args) => topics::delete(stage, args),
        Action::Topics(_) => watching::topics(stage),
        Action::DescribeTopic(args) => watching::describe_topic(stage, &args.topic),
        Action::AlterConfig(args) => topics::alter_config(stage, args),
        Action::Offsets(args) => watching::offsets(stage, args),
        Action::Producer(args) => producers::open(stage, app, args),
        Action::CloseProducer(args) => producers::close(stage, app, &args.name),
        Action::Send(args) => producers::send(stage, app, args),
        Action::Txn(args) => transactions::call(stage, app, args),
        Action::TxnOffsets(args) => transactions::offsets(stage, app, args),
        Action::Transactions(_) => transactions::list(stage),
        Action::ProducersState(args) => transactions::producers_state(stage, &args.tp),
        Action::Member(args) => members::open(stage, app, args),
        Action::MemberLog(args) => members::log(stage, app, args),
        Action::MemberState(args) => members::state(stage, app, &args.name),
        Action::MemberCommit(args) => members::commit(stage, app, args),
        Action::MemberSeek(args) => members::seek(stage, app, args),
        Action::MemberBlock(args) => members::block(stage, app, args),
        Action::MemberClose(args) => members::close(stage, app, &args.name),
        Action::KillApp(args) => members::kill_app(stage, &args.app),
        Action::Group(args) => groups::describe(stage, &args.group),
        Action::GroupOffsets(args) => groups::offsets(stage, &args.group),
        Action::AlterOffsets(args) => groups::alter_offsets(stage, args),
        Action::DeleteGroup(args) => groups::delete(stage, &args.group),
        Action::RemoveMembers(args) => groups::remove_members(stage, args),
        Action::Elect(args) => topics::elect(stage, args),
        Action::Reassign(args) => topics::reassign(stage, args),
        Action::DeleteRecords(args) => topics::delete_records(stage, args),
        Action::Quorum(_) => watching::quorum(stage),
        Action::Brokers(_) => watching::brokers(stage),
        Action::Read(args) => reading::read(stage, args),
        Action::ReadAll(args) => reading::read_all(stage, args, step.observed.as_ref()),
        Action::KillNode(args) => nodes::kill(stage, args.node),
        Action::StopNode(args) => nodes::stop(stage, args.node),
        Action::PauseNode(args) => nodes::pause(stage, args.node),
        Action::ResumeNode(args) => nodes::resume(stage, args.node),
        Action::StartNode(args) => nodes::start(stage, args.node),
        Action::Wait(args) => {
            stage.advance(Micros::from_ms(args.ms));
            Ok(done())
        }
        Action::Cli(args) => cli::run(stage, args),
    }
}

/// The answer of opening a client: Kafka's own constructor refuses some configs.
fn opened(outcome: Result<kafkascope_model::ids::NodeId, Stop>) -> Result<Value, Stop> {
    match outcome {
        Ok(_) => Ok(done()),
        Err(Stop::Config(refusal)) => {
            Ok(json!({ "error": "ConfigException", "message": refusal.reason }))
        }
        Err(stop) => Err(stop),
    }
}

/// The answer of a call that succeeded and has nothing to tell.
fn done() -> Value {
    json!({})
}

/// The answer of a call that failed with a Java exception.
fn failed(exception: &str) -> Value {
    json!({ "error": exception })
}

/// `done` or `failed`.
fn verdict(exception: Option<&str>) -> Value {
    exception.map_or_else(done, failed)
}
