//! Applications that read, work and write in transactions, and brokers that look after their logs often: in some scripts.
//!
//! They are drawn from a stream of their own, so whatever else a seed stands for stays as it is. Invariant: whoever is ended or
//! put to sleep here is brought back here.

use super::super::plan::{Application, Pairs, Plan, Step, Topic};
use super::Dice;
use kafkascope_kernel::Seed;

/// Where such applications write to.
const OUTPUT: &str = "out";

pub fn add(seed: u64, plan: &mut Plan, length: u64) {
    let mut dice = Dice(Seed(seed).stream("soak-applications", 0));
    if dice.once_in(4) {
        plan.config.push(("log.retention.check.interval.ms", "5000".into()));
        plan.config.push(("log.initial.task.delay.ms", "1000".into()));
    }
    if !dice.once_in(4) {
        return;
    }
    let input = plan.topics[0].name.clone();
    plan.topics.push(Topic {
        name: OUTPUT.into(),
        partitions: dice.pick(&[1, 2]),
        replication_factor: plan.brokers.min(3),
        config: vec![("min.insync.replicas", dice.text(&["1", "2"]))],
    });
    let newer = dice.once_in(3);
    let count = dice.pick(&[1, 2]);
    plan.applications = (1..=count).map(|index| one(&mut dice, &input, newer, index)).collect();
    for _ in 0..dice.between(0, 5) {
        let at_ms = 5_000 + u64::from(dice.0.below(u32::try_from(length).unwrap_or(u32::MAX)));
        let step = |at_ms: u64, line: String| Step { at_ms, line };
        let (down, up) = fate(&mut dice, plan);
        let later = u64::from(dice.between(200, 9_000));
        plan.steps.extend([step(at_ms, down), step(at_ms + later, up)]);
    }
    plan.steps.sort_by_key(|step| step.at_ms);
}

fn one(dice: &mut Dice, input: &str, newer: bool, index: u32) -> Application {
    let mut config: Pairs = vec![
        ("auto.offset.reset", "earliest".into()),
        ("isolation.level", dice.text(&["read_committed", "read_committed", "read_uncommitted"])),
        ("max.poll.records", dice.text(&["1", "5", "20"])),
        ("max.poll.interval.ms", "12000".into()),
    ];
    if newer {
        config.push(("group.protocol", "consumer".into()));
    } else {
        config.push(("session.timeout.ms", "6000".into()));
        config.push(("heartbeat.interval.ms", "500".into()));
    }
    Application {
        name: format!("a{index}"),
        input: input.to_string(),
        output: OUTPUT.into(),
        per_record_ms: u64::from(dice.pick(&[0_u32, 10, 60])),
        abort_every: dice.pick(&[0, 0, 3]),
        config,
        out_config: vec![
            ("transactional.id", format!("a{index}")),
            ("transaction.timeout.ms", dice.text(&["5000", "15000"])),
            ("request.timeout.ms", "3000".into()),
            ("delivery.timeout.ms", dice.text(&["8000", "20000"])),
            ("max.block.ms", "8000".into()),
        ],
    }
}

/// What happens to one of an application's two halves, and what undoes it.
fn fate(dice: &mut Dice, plan: &Plan) -> (String, String) {
    let count = u32::try_from(plan.applications.len()).expect("few");
    let name = &plan.applications[dice.0.below(count) as usize].name;
    let half = if dice.once_in(2) { name.clone() } else { format!("{name}-out") };
    match dice.0.below(4) {
        0 => (format!("kill = \"{half}\""), format!("start = \"{half}\"")),
        1 => (format!("pause = \"{half}\""), format!("resume = \"{half}\"")),
        2 => (format!("stop-polling = \"{name}\""), format!("poll-again = \"{name}\"")),
        _ => {
            let link = format!("[{}, \"{half}\"]", dice.between(1, plan.brokers));
            (format!("cut = {link}"), format!("heal = {link}"))
        }
    }
}
