//! What happens in a script.
//!
//! Invariant: a step makes sense after those before it: only what is down is started, only what runs is ended.

use super::super::plan::{Plan, Step};
use super::Dice;

pub fn steps(dice: &mut Dice, plan: &Plan, length: u64) -> Vec<Step> {
    let count = dice.between(2, 16);
    let mut times: Vec<u64> =
        (0..count).map(|_| 5_000 + u64::from(dice.0.below(length as u32))).collect();
    times.sort_unstable();
    let mut fate = Fate { plan, down: Vec::new(), paused: Vec::new(), cut: Vec::new() };
    times.into_iter().map(|at_ms| Step { at_ms, line: fate.next(dice) }).collect()
}

/// What has happened so far, so that what comes next makes sense.
struct Fate<'a> {
    plan: &'a Plan,
    down: Vec<u32>,
    paused: Vec<u32>,
    cut: Vec<String>,
}

impl Fate<'_> {
    fn next(&mut self, dice: &mut Dice) -> String {
        match dice.0.below(20) {
            0..=8 => self.fault(dice),
            9..=14 => self.repair(dice),
            15..=17 => self.ask(dice),
            _ => self.application(dice),
        }
    }

    fn server(&self, dice: &mut Dice) -> u32 {
        let Plan { brokers, controllers, .. } = *self.plan;
        if dice.once_in(5) { 100 + dice.0.below(controllers) } else { dice.between(1, brokers) }
    }

    fn fault(&mut self, dice: &mut Dice) -> String {
        let (one, other) = (self.server(dice), self.server(dice));
        let gone = self.down.contains(&one) || self.paused.contains(&one);
        match dice.0.below(12) {
            0..=2 if !gone => {
                self.down.push(one);
                format!("kill = {one}")
            }
            3..=4 if !gone => {
                self.down.push(one);
                format!("stop = {one}")
            }
            5 if !gone => {
                self.paused.push(one);
                format!("pause = {one}")
            }
            6 if one != other => self.cut_off(&format!("[{one}, {other}]"), "\none-way = true"),
            9 => Self::tamper(dice, one, other),
            10 => self.disk(dice, other),
            11 => format!("skew-clock = {one}\nby-ms = {}", dice.pick(&[-90_000, -700, 60_000])),
            7 => format!("slow = {one}\ntransit = \"{}ms\"", dice.pick(&[20, 300, 1_500])),
            _ if one != other => self.cut_off(&format!("[{one}, {other}]"), ""),
            _ => self.cut_off(&one.to_string(), ""),
        }
    }

    /// One message between two servers is lost, late, or comes twice.
    fn tamper(dice: &mut Dice, from: u32, to: u32) -> String {
        let verb = dice.pick(&["drop", "duplicate", "delay"]);
        let api = dice.pick(&["FETCH", "ALTER_PARTITION", "BROKER_HEARTBEAT", "VOTE"]);
        let answer = if dice.once_in(2) { ", answer = true" } else { "" };
        if from == to {
            return format!("slow = {from}\ntransit = \"100ms\"");
        }
        format!("{verb} = {{ api = \"{api}\", from = {from}, to = {to}{answer} }}")
    }

    fn disk(&mut self, dice: &mut Dice, one: u32) -> String {
        if one >= 100 {
            return format!("slow-disk = {one}\nby = \"50ms\"");
        }
        let down = self.down.contains(&one) || self.paused.contains(&one);
        match dice.0.below(4) {
            0 if down && self.down.contains(&one) => format!("wipe = {one}"),
            1 if !down => {
                self.down.push(one);
                format!("power-cut = {one}")
            }
            2 if !down => format!("fill-disk = {one}"),
            _ => format!("slow-disk = {one}\nby = \"{}ms\"", dice.pick(&[20, 400])),
        }
    }

    fn cut_off(&mut self, link: &str, way: &str) -> String {
        let line = format!("cut = {link}{way}");
        self.cut.push(format!("heal = {link}{way}"));
        line
    }

    fn repair(&mut self, dice: &mut Dice) -> String {
        if !self.cut.is_empty() && dice.once_in(2) {
            return self.cut.remove(0);
        }
        if !self.paused.is_empty() && dice.once_in(2) {
            return format!("resume = {}", self.paused.remove(0));
        }
        if self.down.is_empty() {
            return self.fault(dice);
        }
        format!("start = {}", self.down.remove(0))
    }

    fn ask(&mut self, dice: &mut Dice) -> String {
        let topic = &self.plan.topics[dice.0.below(self.plan.topics.len() as u32) as usize];
        let partition = format!("\"{}-{}\"", topic.name, dice.0.below(topic.partitions));
        match dice.0.below(6) {
            0 => format!("elect-leaders = {{ partitions = [{partition}] }}"),
            1 if dice.once_in(3) => {
                format!("elect-leaders = {{ unclean = true, partitions = [{partition}] }}")
            }
            2 => {
                let before = dice.pick(&["-1", "1", "7", "20"]);
                format!("delete-records = {{ partition = {partition}, before = {before} }}")
            }
            3 => format!(
                "alter-configs = {{ topic = \"{}\", set = {{ min.insync.replicas = \"{}\" }} }}",
                topic.name,
                dice.pick(&[1, 2])
            ),
            _ => {
                let first = dice.between(1, self.plan.brokers);
                let after = |by: u32| (first + by - 1) % self.plan.brokers + 1;
                let count = dice.between(1, topic.replication_factor);
                let replicas: Vec<_> = (0..count).map(after).collect();
                format!(
                    "reassign-partitions = {{ partitions = [{{ partition = {partition}, replicas = {replicas:?} }}] }}"
                )
            }
        }
    }

    fn application(&mut self, dice: &mut Dice) -> String {
        let consumers = &self.plan.consumers;
        if consumers.is_empty() {
            return self.fault(dice);
        }
        let name = &consumers[dice.0.below(consumers.len() as u32) as usize].name;
        match dice.0.below(6) {
            4 => self.producer(dice),
            5 => format!("start = \"{name}\""),
            0 => format!("stop-polling = \"{name}\""),
            1 => format!("poll-again = \"{name}\""),
            2 => format!("stop = \"{name}\""),
            _ => format!("kill = \"{name}\""),
        }
    }
    fn producer(&self, dice: &mut Dice) -> String {
        let producers = &self.plan.producers;
        let name = &producers[dice.0.below(producers.len() as u32) as usize].name;
        let verb = dice.pick(&["kill", "pause", "resume", "start", "start"]);
        format!("{verb} = \"{name}\"")
    }
}
