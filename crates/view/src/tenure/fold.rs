//! From facts to spans, generations and rebalances.
//!
//! Invariant: only a member's own callbacks, and its end, change who reads; what the coordinator thinks is told by rounds.

#![allow(clippy::wildcard_enum_match_arm, reason = "most facts are not about groups")]

use super::{Ending, GroupTenure, MOST, Round, Span, Tenures};
use crate::directory::Directory;
use crate::picture::{Moment, group_of};
use kafkascope_kernel::{Micros, SimTime};
use kafkascope_model::ids::{Name, NodeId, TopicPartition};
use kafkascope_model::trace::{Exit, Fact, TraceEvent};

/// How long a close may take from its first callback to its end.
const CLOSING: Micros = Micros::from_ms(1_000);

impl Tenures {
    /// Folds facts that follow the last one.
    pub fn feed<'a>(&mut self, facts: impl Iterator<Item = &'a TraceEvent>, directory: &Directory) {
        let mut last = None;
        for event in facts {
            self.observe(event, directory);
            last = Some(event);
        }
        if let Some(last) = last {
            self.seen = last.seq + 1;
            self.last = Some(last.clone());
        }
    }

    /// Folds one fact.
    pub(super) fn observe(&mut self, event: &TraceEvent, directory: &Directory) {
        if let Some(name) = group_of(&event.fact) {
            self.groups.entry(name.clone()).or_default().coordinator(event);
        } else if event.node.is_client() && is_about_reading(&event.fact) {
            self.member(event, directory);
        }
    }

    fn member(&mut self, event: &TraceEvent, directory: &Directory) {
        let (node, now) = (event.node, Moment::of(event));
        let name = match directory.config(node, "group.id") {
            Some(name) if !name.is_empty() => Name::from(name),
            Some(_) | None => return,
        };
        let group = self.groups.entry(name).or_default();
        match &event.fact {
            Fact::Joining { .. } => group.first_sign(now),
            Fact::Assigned { partitions, generation } => {
                self.asleep.remove(&node);
                group.assigned(node, partitions, *generation, now);
            }
            Fact::Revoked { partitions, .. } => {
                group.give_up(node, partitions, Ending::Revoked, now);
            }
            Fact::Lost { partitions, .. } => group.give_up(node, partitions, Ending::Lost, now),
            Fact::Exited(exit) => {
                let ending = match exit {
                    Exit::Killed | Exit::PowerLost | Exit::Halted => Ending::Killed,
                    Exit::Clean => Ending::Closed,
                };
                self.asleep.remove(&node);
                group.end(node, ending, now);
            }
            Fact::ClientClosed => {
                group.end(node, Ending::Closed, now);
            }
            Fact::Paused => {
                let had = group.end(node, Ending::Paused, now);
                self.asleep.insert(node, had);
            }
            Fact::Resumed => {
                for tp in self.asleep.remove(&node).unwrap_or_default() {
                    group.wakes(node, tp, now);
                }
            }
            _ => {}
        }
    }
}

/// Whether a client's fact can change who reads.
const fn is_about_reading(fact: &Fact) -> bool {
    matches!(
        fact,
        Fact::Joining { .. }
            | Fact::Assigned { .. }
            | Fact::Revoked { .. }
            | Fact::Lost { .. }
            | Fact::Exited(_)
            | Fact::ClientClosed
            | Fact::Paused
            | Fact::Resumed
    )
}

impl GroupTenure {
    fn coordinator(&mut self, event: &TraceEvent) {
        let now = Moment::of(event);
        match &event.fact {
            Fact::MemberJoining { .. } | Fact::MemberLeft { .. } | Fact::MemberExpired { .. } => {
                self.first_sign(now);
            }
            Fact::RebalanceStarted { generation, reason, .. } => {
                self.started(*generation, reason, now);
            }
            Fact::GenerationFormed { generation, .. } => self.formed(*generation, now),
            Fact::GroupStable { generation, .. } => {
                self.formed(*generation, now);
                self.settled(now);
            }
            Fact::GroupEmpty { generation, .. } => {
                self.formed(*generation, now);
                self.settled(now);
                self.abandoned(now);
            }
            _ => {}
        }
    }

    /// Something happens that may lead to a rebalance.
    fn first_sign(&mut self, now: Moment) {
        if self.current().is_none() {
            self.sign.get_or_insert(now);
        }
    }

    fn current(&mut self) -> Option<&mut Round> {
        self.rounds.last_mut().filter(|round| round.stable.is_none())
    }

    fn started(&mut self, generation: i32, reason: &Name, now: Moment) {
        let begin = self.sign.take().unwrap_or(now);
        if let Some(round) = self.current() {
            (round.generation, round.until) = (generation, now.at);
            return;
        }
        if self.rounds.len() >= MOST {
            self.left_out += 1;
            self.rounds.remove(0);
        }
        let (reason, until) = (reason.clone(), now.at);
        self.rounds.push(Round { begin, started: now, reason, generation, stable: None, until });
    }

    fn formed(&mut self, generation: i32, now: Moment) {
        if self.generations.last().is_none_or(|(_, last)| *last != generation) {
            self.generations.push((now, generation));
        }
        if let Some(round) = self.current() {
            (round.generation, round.until) = (generation, now.at);
        }
    }

    fn settled(&mut self, now: Moment) {
        self.sign = None;
        if let Some(round) = self.current() {
            (round.stable, round.until) = (Some(now), now.at);
        }
    }

    fn assigned(&mut self, node: NodeId, gets: &[TopicPartition], generation: i32, now: Moment) {
        if !self.members.contains(&node) {
            self.members.push(node);
        }
        self.belongs(generation, now.at);
        for tp in gets {
            let spans = self.rows.entry(*tp).or_default();
            let last = spans.last_mut().filter(|span| span.to.is_none());
            if let Some(last) = last {
                if last.reader == Some(node) {
                    continue;
                }
                last.to = Some(now);
                if last.reader.is_some() {
                    last.ending = Ending::Overtaken;
                }
            }
            self.push(*tp, Some(node), Ending::Open, now);
        }
    }

    /// A callback of the last round may come after everyone has an assignment.
    fn belongs(&mut self, generation: i32, at: SimTime) {
        if let Some(round) = self.rounds.last_mut().filter(|round| round.generation == generation) {
            round.until = round.until.max(at);
        }
    }

    fn give_up(&mut self, node: NodeId, loses: &[TopicPartition], ending: Ending, now: Moment) {
        if !loses.is_empty() {
            self.first_sign(now);
        }
        for tp in loses {
            self.lose(node, *tp, ending, now);
        }
    }

    /// Whether the member was its reader.
    fn lose(&mut self, node: NodeId, tp: TopicPartition, ending: Ending, now: Moment) -> bool {
        let spans = self.rows.entry(tp).or_default();
        let last = spans.last_mut().filter(|span| span.to.is_none() && span.reader == Some(node));
        let Some(last) = last else { return false };
        (last.to, last.ending) = (Some(now), ending);
        self.push(tp, None, ending, now);
        true
    }

    /// A member's process is gone or stands still; what it read.
    fn end(&mut self, node: NodeId, ending: Ending, now: Moment) -> Vec<TopicPartition> {
        // Whoever closes lets go of everything first.
        for spans in self.rows.values_mut() {
            if let [.., last, gap] = spans.as_mut_slice()
                && gap.to.is_none()
                && (gap.reader, last.reader) == (None, Some(node))
                && now.at.since(gap.from.at) <= CLOSING
            {
                (last.ending, gap.ending) = (ending, ending);
            }
        }
        let all: Vec<_> = self.rows.keys().copied().collect();
        all.into_iter().filter(|tp| self.lose(node, *tp, ending, now)).collect()
    }

    /// A member that stood still goes on reading what nobody took over meanwhile.
    fn wakes(&mut self, node: NodeId, tp: TopicPartition, now: Moment) {
        let Some(gap) = self.rows.get_mut(&tp).and_then(|spans| spans.last_mut()) else { return };
        if gap.to.is_none() && gap.reader.is_none() {
            gap.to = Some(now);
            self.push(tp, Some(node), Ending::Open, now);
        }
    }

    /// Without members nobody is meant to read.
    fn abandoned(&mut self, now: Moment) {
        for span in self.rows.values_mut().filter_map(|spans| spans.last_mut()) {
            span.to.get_or_insert(now);
        }
    }

    fn push(&mut self, tp: TopicPartition, reader: Option<NodeId>, ending: Ending, now: Moment) {
        let spans = self.rows.entry(tp).or_default();
        if spans.len() >= MOST {
            self.left_out += 1;
            spans.remove(0);
        }
        spans.push(Span { reader, from: now, to: None, ending });
    }
}
