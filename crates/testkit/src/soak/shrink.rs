//! Shrinking: from a script that fails to the smallest one found that fails in the same way.
//!
//! Invariant: every plan on the way fails, with the same name.

use super::plan::Plan;

/// How many scripts a shrink may live.
const MOST: u32 = 600;

/// The smallest script for which `fails` still holds.
pub fn shrink(plan: &Plan, mut fails: impl FnMut(&Plan) -> bool) -> Plan {
    let mut best = plan.clone();
    let mut tries = 0;
    while let Some(smaller) = candidates(&best).into_iter().find(|candidate| {
        tries += 1;
        tries <= MOST && fails(candidate)
    }) {
        best = smaller;
    }
    best
}

/// Plans with a little less in them, the boldest first.
fn candidates(plan: &Plan) -> Vec<Plan> {
    let mut all = Vec::new();
    let count = plan.steps.len();
    for size in [count / 2, count / 4, 1] {
        for from in (0..count).step_by(size.max(1)).filter(|_| size > 0) {
            all.push(with(plan, |p| drop(p.steps.drain(from..(from + size).min(count)))));
        }
    }
    for index in 0..plan.applications.len() {
        all.push(with(plan, |p| drop(p.applications.remove(index))));
    }
    for index in 0..plan.consumers.len() {
        all.push(with(plan, |p| drop(p.consumers.remove(index))));
    }
    for index in (0..plan.producers.len()).filter(|_| plan.producers.len() > 1) {
        all.push(with(plan, |p| drop(p.producers.remove(index))));
    }
    for index in 0..plan.producers.len() {
        if plan.producers[index].count > 3 {
            all.push(with(plan, |p| p.producers[index].count /= 2));
        }
        for pair in 0..plan.producers[index].config.len() {
            all.push(with(plan, |p| drop(p.producers[index].config.remove(pair))));
        }
    }
    if plan.topics.len() > 1 {
        all.push(with(plan, |p| drop(p.topics.pop())));
    }
    for index in 0..plan.topics.len() {
        for pair in 0..plan.topics[index].config.len() {
            all.push(with(plan, |p| drop(p.topics[index].config.remove(pair))));
        }
        if plan.topics[index].partitions > 1 {
            all.push(with(plan, |p| p.topics[index].partitions -= 1));
        }
    }
    for pair in 0..plan.config.len() {
        all.push(with(plan, |p| drop(p.config.remove(pair))));
    }
    if plan.controllers > 1 {
        all.push(with(plan, |p| p.controllers = 1));
    }
    all.retain(makes_sense);
    all
}

fn with(plan: &Plan, change: impl FnOnce(&mut Plan)) -> Plan {
    let mut smaller = plan.clone();
    change(&mut smaller);
    smaller
}

/// Whether everything that is named is there.
fn makes_sense(plan: &Plan) -> bool {
    let topic = |name: &str| plan.topics.iter().any(|topic| topic.name == name);
    let client = |line: &str| {
        let quoted = line.split('"').nth(1).unwrap_or("");
        !line.contains("= \"c") || plan.consumers.iter().any(|c| c.name == quoted)
    };
    let application = |line: &str| {
        let quoted = line.split('"').nth(1).unwrap_or("");
        let name = quoted.trim_end_matches("-out");
        let numbered = name.strip_prefix('a').is_some_and(|rest| rest.parse::<u32>().is_ok());
        !numbered || plan.applications.iter().any(|it| it.name == name)
    };
    plan.producers.iter().all(|p| topic(&p.topic))
        && plan.consumers.iter().all(|c| c.topics.iter().all(|name| topic(name)))
        && plan.applications.iter().all(|it| topic(&it.input) && topic(&it.output))
        && plan.steps.iter().all(|step| client(&step.line) && application(&step.line))
}

#[cfg(test)]
mod tests {
    use super::super::{generate, run};
    use super::*;

    #[test]
    fn a_script_shrinks_to_what_makes_it_fail() {
        let plan = (0..).map(generate).find(|plan| {
            plan.steps.len() > 8 && plan.steps.iter().any(|step| step.line == "kill = 1")
        });
        let plan = plan.expect("seeds do not run out");
        let small = shrink(&plan, |p| p.steps.iter().any(|step| step.line == "kill = 1"));
        assert_eq!((small.steps.len(), small.consumers.len(), small.producers.len()), (1, 0, 1));
        assert_eq!(run(&small).failure, None);
    }
}
