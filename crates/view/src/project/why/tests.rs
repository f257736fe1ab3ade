//! Stories of questions and their answers, asked in real runs.

use super::super::tests::Stage;
use crate::ui::{Jump, Question, Selection};
use crate::ui_command::{ForkChange, UiCommand};
use crate::view_model::WhyVm;
use kafkascope_kernel::SimTime;
use kafkascope_model::command::Command;
use kafkascope_model::ids::{NodeId, RecordId, TopicPartition};
use kafkascope_model::net::LinkSel;
use kafkascope_model::trace::Fact;

fn ask(stage: &mut Stage, question: Question) -> WhyVm {
    stage.ui.question = Some(question);
    stage.show();
    let why = stage.projector.view().why.clone().expect("an open question has an answer");
    (*why).clone()
}

fn told(why: &WhyVm) -> String {
    let mut lines = vec![why.question.to_string()];
    for step in &why.steps {
        lines.push(format!("{} [{}]", step.text, step.because.as_deref().unwrap_or_default()));
    }
    lines.extend(why.verdict.iter().chain(&why.meaning).map(ToString::to_string));
    lines.join("\n")
}

/// Broker 1 leads trips-0 and is killed at ten seconds.
fn after_a_kill() -> Stage {
    let mut stage = Stage::at(10_000);
    stage.session.submit(Command::Kill(NodeId(1))).expect("broker 1 runs");
    stage.run_to(25_000);
    stage
}

#[test]
fn why_is_broker_2_leader() {
    let mut stage = after_a_kill();
    let (tp, leader) = stage.projector.first_leader().unwrap();
    let why = ask(&mut stage, Question::Leader(tp));
    let text = told(&why);
    assert_eq!(leader, NodeId(2));
    assert_eq!(&*why.question, "Why is broker 2 leader of trips-0?");
    assert!(text.contains("Broker 1 was killed. [kill broker 1]"), "{text}");
    assert!(
        text.contains("the controller fenced it. [broker.session.timeout.ms = 9000]"),
        "{text}"
    );
    assert!(text.contains("The ISR was {1, 2, 3}; the first live one was 2."), "{text}");
    assert!(text.contains("Broker 2 took over with epoch 1 at offset"), "{text}");
    assert!(why.fork.is_some());
}

#[test]
fn steps_are_jumps_and_the_answer_stays_while_one_jumps() {
    let mut stage = after_a_kill();
    let (tp, _) = stage.projector.first_leader().unwrap();
    let why = ask(&mut stage, Question::Leader(tp));
    let first = why.steps[0].jump;
    assert!(why.steps.is_sorted_by_key(|step| step.jump.at));
    stage.session.seek_fact(first.seq.unwrap());
    stage.show();
    let there = stage.projector.view().why.clone().unwrap();
    assert_eq!(there.steps.len(), why.steps.len());
    assert!(there.steps[0].current && !there.steps[1].current);
    assert_eq!(stage.session.now(), first.at);
}

#[test]
fn why_is_a_partition_under_replicated() {
    let mut stage = after_a_kill();
    let (tp, _) = stage.projector.first_leader().unwrap();
    let text = told(&ask(&mut stage, Question::Isr(tp)));
    assert!(text.starts_with("Why is trips-0 under-replicated?"), "{text}");
    assert!(text.contains("Broker 1 was killed."), "{text}");
    assert!(text.contains("The ISR shrank to {2, 3}: without broker 1."), "{text}");
    assert!(text.contains("In sync: {2, 3}; out: 1."), "{text}");
}

#[test]
fn a_follower_that_is_cut_off_lags_out_of_the_isr() {
    let mut stage = Stage::at(10_000);
    stage.session.submit(Command::Cut(LinkSel::Between(NodeId(2), NodeId(3)))).unwrap();
    stage.run_to(60_000);
    let (tp, _) = stage.projector.first_leader().unwrap();
    let text = told(&ask(&mut stage, Question::Isr(TopicPartition { partition: 1, ..tp })));
    assert!(text.contains("Broker 3 was cut off. [cut link]"), "{text}");
    assert!(text.contains("[replica.lag.time.max.ms = 30000]"), "{text}");
    assert!(text.contains("The ISR shrank to {1, 2}: without broker 3."), "{text}");
}

#[test]
fn why_could_nobody_write() {
    let mut stage = after_a_kill();
    let (tp, _) = stage.projector.first_leader().unwrap();
    let why = ask(&mut stage, Question::NotWritable(tp));
    let text = told(&why);
    assert!(text.starts_with("Why could nobody write to trips-0?"), "{text}");
    assert!(text.contains("Nobody wrote for"), "{text}");
    assert_eq!(&*why.fork.unwrap().text, "What if the controller had waited for 3 s only?");
}

#[test]
fn why_is_a_broker_fenced_before_and_after_it_is() {
    let mut stage = Stage::at(10_000);
    stage.session.submit(Command::Kill(NodeId(3))).unwrap();
    stage.run_to(12_000);
    let early = told(&ask(&mut stage, Question::Fenced(NodeId(3))));
    assert!(early.contains("The controller does not know yet"), "{early}");
    stage.run_to(25_000);
    let late = told(&ask(&mut stage, Question::Fenced(NodeId(3))));
    assert!(late.contains("Broker 3 was killed.") && late.contains("No heartbeat for"), "{late}");
}

#[test]
fn why_is_a_record_not_acknowledged() {
    let mut stage = Stage::at(10_000);
    for id in [1, 2, 3] {
        stage.session.submit(Command::Pause(NodeId(id))).unwrap();
    }
    stage.run_to(12_000);
    let open = stage.projector.observer().ledger.lives().find(|(_, life)| life.acked.is_none());
    let (record, _) = open.expect("a record that nobody answered");
    stage.ui.selection = Selection::Record(record);
    let text = told(&ask(&mut stage, Question::NotVisible(record)));
    assert!(text.starts_with("Why is this record not acknowledged?"), "{text}");
    assert!(text.contains("rider-app put it into a batch: its key chose trips-"), "{text}");
    let offered = stage.projector.view().record.as_ref().unwrap().question.clone();
    assert_eq!(offered, Some(Question::NotVisible(record)));
}

#[test]
fn why_did_the_group_rebalance_and_a_member_lose_a_partition() {
    let mut stage = Stage::at(10_000);
    let wish = UiCommand::AddMember("dispatch".into());
    for command in stage.projector.commands(stage.session.world(), &wish).unwrap() {
        stage.session.submit(command).unwrap();
    }
    stage.run_to(20_000);
    let text = told(&ask(&mut stage, Question::Rebalanced("dispatch".into())));
    assert!(text.contains("dispatch-2 asked to join."), "{text}");
    assert!(text.contains("Generation 2 formed with 2 members."), "{text}");
    let text = told(&ask(&mut stage, Question::Assignment(NodeId(1_002))));
    assert!(text.contains("dispatch-1 let go of trips-0 and trips-1."), "{text}");
    assert!(text.contains("2 partitions for 2 members."), "{text}");
    let text = told(&ask(&mut stage, Question::Lag("dispatch".into())));
    assert!(text.contains("behind the high watermarks."), "{text}");
}

#[test]
fn what_is_not_known_has_an_answer_too() {
    let mut stage = Stage::at(5_000);
    let why = ask(&mut stage, Question::RecordLost(RecordId::of(NodeId(1_001), 99_999)));
    assert!(why.verdict.is_some() && why.steps.is_empty());
}

#[test]
fn an_acknowledged_record_that_acks_1_lost_is_explained() {
    let mut stage = Stage::with_acks("1");
    stage.run_to(10_000);
    for follower in [1, 3] {
        let link = LinkSel::Between(NodeId(2), NodeId(follower));
        stage.session.submit(Command::Cut(link)).unwrap();
    }
    stage.run_to(12_000);
    stage.session.submit(Command::Kill(NodeId(2))).unwrap();
    stage.run_to(30_000);
    let lost = stage.projector.observer().ledger.lost().first().copied();
    let record = lost.expect("an acknowledged record that only broker 2 had");
    let why = ask(&mut stage, Question::RecordLost(record));
    let text = told(&why);
    assert!(text.contains("rider-app was told: acknowledged. [acks = 1]"), "{text}");
    assert!(text.contains("Broker 2 was killed."), "{text}");
    assert_eq!(&*why.fork.unwrap().text, "What if acks had been all?");
    let facts = stage.session.trace();
    let known = |at: SimTime, seq| facts.get(seq).is_some_and(|fact| fact.at == at);
    assert!(why.steps.iter().all(|step| known(step.jump.at, step.jump.seq.unwrap())));
    assert!(matches!(
        facts.get(why.steps[0].jump.seq.unwrap()).unwrap().fact,
        Fact::Appended { .. }
    ));
}

#[test]
fn what_if_acks_had_been_1_is_lived_again_beside_the_run_that_was() {
    let mut stage = Stage::at(10_000);
    for follower in [1, 3] {
        stage.session.submit(Command::Cut(LinkSel::Between(NodeId(2), NodeId(follower)))).unwrap();
    }
    stage.run_to(12_000);
    stage.session.submit(Command::Kill(NodeId(2))).unwrap();
    stage.run_to(30_000);
    assert_eq!(stage.projector.view().ledger.acknowledged_and_lost, 0);
    let (tp, _) = stage.projector.first_leader().unwrap();
    let why = ask(&mut stage, Question::Leader(TopicPartition { partition: 1, ..tp }));
    let fork = why.fork.expect("acks can be other ones");
    let UiCommand::Fork { jump, change } = fork.command else { panic!("{fork:?}") };
    let script = stage.projector.forked(&stage.session, jump, &change).unwrap();
    stage.session.relive(script).unwrap();
    stage.show();
    assert_eq!(stage.session.now(), SimTime::from_ms(30_000));
    assert!(stage.projector.view().ledger.acknowledged_and_lost > 0);
    assert_eq!(stage.projector.view().timeline.branches.len(), 1);
    stage.session.switch(0);
    stage.show();
    assert_eq!(stage.projector.view().ledger.acknowledged_and_lost, 0);
}

#[test]
fn a_kill_can_be_left_undone() {
    let mut stage = after_a_kill();
    let jump = Jump { at: SimTime::from_ms(10_000), seq: None };
    let script = stage.projector.forked(&stage.session, jump, &ForkChange::Undo).unwrap();
    stage.session.relive(script).unwrap();
    stage.show();
    assert_eq!(stage.projector.first_leader().unwrap().1, NodeId(1));
    let never = Jump { at: SimTime::from_ms(1), seq: None };
    assert!(stage.projector.forked(&stage.session, never, &ForkChange::Undo).is_err());
}
