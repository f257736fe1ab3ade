//! The last rebalance, request by request: a line for each request, answer and callback.
//!
//! Requests are read by a witness, from the first sign of the rebalance to what follows its last callback; they are kept until
//! another rebalance is looked at. Invariant: lines are in order of time.

#![allow(clippy::wildcard_enum_match_arm, reason = "only callbacks are looked at")]

use super::super::Sight;
use super::known_until;
use super::say::{self, Said};
use crate::picture::Moment;
use crate::tenure::{GroupTenure, Round};
use crate::ui::{Jump, Selection};
use crate::view_model::Tone;
use crate::view_model::clock::short_time;
use crate::view_model::group_time::{ColumnVm, LadderLineVm, LadderVm, LineKind};
use crate::words;
use kafkascope_kernel::{Micros, SimTime};
use kafkascope_model::api::Request;
use kafkascope_model::ids::{MsgId, Name, NodeId};
use kafkascope_model::trace::Fact;
use kafkascope_model::world::Exchange;
use kafkascope_session::{Session, Witness};

/// The most lines; a large group has more of them than anyone reads.
const LINES: usize = 90;
/// The most members that have a column.
const COLUMNS: usize = 5;
/// The most events a witness handles in one projection.
const BUDGET: u32 = 20_000;
/// How long after the last callback requests still belong to a rebalance, in transit times.
const AFTER: u64 = 6;

/// The requests of one rebalance.
#[derive(Debug, Default)]
pub(super) struct Ladder {
    /// Which: its group and its first sign.
    of: Option<(Name, Moment)>,
    witness: Option<Witness>,
    requests: Vec<Exchange>,
    /// Until when they were read.
    until: SimTime,
}

/// A line before it has a column.
struct Line {
    at: SimTime,
    seq: Option<u64>,
    member: NodeId,
    kind: LineKind,
    said: Said,
    msg: Option<MsgId>,
}

impl Ladder {
    /// The rebalance that the session's moment is in or after.
    pub fn show(&mut self, sight: &Sight<'_>, group: &Name, tenure: &GroupTenure) -> LadderVm {
        let Some(round) = tenure.round(sight.now()) else {
            return LadderVm { title: "No rebalance yet".into(), ..LadderVm::default() };
        };
        self.read(sight.session, group, round);
        let mut lines = self.messages(sight, group);
        lines.extend(callbacks(sight, group, tenure, round));
        lines.sort_by_key(|line| line.at);
        let left_out = lines.len().saturating_sub(LINES) as u32;
        lines.truncate(LINES);
        let mut view = rows(sight, tenure, lines);
        view.left_out += left_out;
        let word = say::generation(sight, group, round.generation);
        let reason = round.reason.trim_end_matches('.');
        let title = if reason.is_empty() {
            word
        } else {
            format!("{word}: {}", words::shortened(reason, 60))
        };
        view.title = title.as_str().into();
        view.took = match round.stable {
            Some(stable) => format!("took {}", words::span(stable.at.since(round.begin.at))),
            None => "goes on".to_string(),
        }
        .as_str()
        .into();
        let coordinator =
            sight.observer.picture.groups.get(group).and_then(|known| known.coordinator);
        view.columns.extend(coordinator.map(|id| ColumnVm {
            id,
            name: "coordinator".into(),
            hue: None,
        }));
        let place = tenure.rounds.iter().position(|known| known.begin == round.begin).unwrap_or(0);
        let jump = |round: &Round| Jump { at: round.started.at, seq: Some(round.started.seq) };
        view.before = place.checked_sub(1).map(|before| jump(&tenure.rounds[before]));
        view.after = tenure.rounds.get(place + 1).map(jump);
        view
    }

    /// Reads on what was not read yet.
    fn read(&mut self, session: &Session, group: &Name, round: &Round) {
        let of = Some((group.clone(), round.begin));
        if self.of != of {
            *self = Self { of, ..Self::default() };
        }
        let after = Micros(session.world().spec().profile.latency.0 * AFTER + 20_000);
        let wanted = if round.stable.is_some() { round.until + after } else { SimTime::END };
        let wanted = wanted.min(known_until(session));
        if self.until >= wanted && self.until > SimTime::ZERO {
            return;
        }
        let witness = self.witness.get_or_insert_with(|| session.witness(round.begin.at));
        witness.follow(session.script(), wanted, BUDGET);
        self.until = witness.now();
        let begin = round.begin.at;
        let read = witness.exchanges().iter().filter(|exchange| {
            exchange.at >= begin && exchange.conn.client.is_client() && is_of(exchange, group)
        });
        self.requests = read.cloned().collect();
        if round.stable.is_some() && self.until >= round.until + after {
            self.witness = None;
        }
    }

    fn messages(&self, sight: &Sight<'_>, group: &Name) -> Vec<Line> {
        let leader = sight.observer.picture.groups.get(group);
        let leader = leader.and_then(|known| known.client(known.leader.as_ref()?));
        let leader = leader.map_or_else(|| "the first".to_string(), |id| sight.name(id));
        let mut lines = Vec::new();
        for exchange in &self.requests {
            let member = exchange.conn.client;
            let who = sight.name(member);
            let answer = say::answer(exchange, &who, &leader);
            let steady = is_steady(&exchange.request) && answer.is_none();
            let Some(said) = say::request(exchange, &who).filter(|_| !steady) else { continue };
            let line = |at, kind, said, msg| Line { at, seq: None, member, kind, said, msg };
            lines.push(line(exchange.at, LineKind::Request, said, Some(exchange.msg)));
            if let Some((at, said)) = exchange.answered_at.zip(answer) {
                lines.push(line(at, LineKind::Answer, said, exchange.answer));
            }
        }
        lines
    }
}

/// Whether a request only says that its member is there.
const fn is_steady(request: &Request) -> bool {
    match request {
        Request::Heartbeat(_) => true,
        Request::ConsumerGroupHeartbeat(beat) => {
            beat.member_epoch > 0 && beat.topic_partitions.is_none()
        }
        _ => false,
    }
}

/// Whether a request is about this group.
fn is_of(exchange: &Exchange, group: &Name) -> bool {
    match &exchange.request {
        Request::JoinGroup(body) => body.group_id == *group,
        Request::SyncGroup(body) => body.group_id == *group,
        Request::Heartbeat(body) => body.group_id == *group,
        Request::LeaveGroup(body) => body.group_id == *group,
        Request::ConsumerGroupHeartbeat(body) => body.group_id == *group,
        Request::OffsetFetch(body) => body.group_id == *group,
        Request::FindCoordinator(body) => body.keys.contains(group),
        _ => false,
    }
}

fn callbacks(sight: &Sight<'_>, group: &Name, tenure: &GroupTenure, round: &Round) -> Vec<Line> {
    let trace = sight.session.trace();
    let facts = trace.range(round.begin.seq, trace.end());
    let facts = facts.take_while(|event| round.stable.is_none() || event.at <= round.until);
    let of_group = |id: NodeId| {
        tenure.members.contains(&id) || sight.directory.config(id, "group.id") == Some(group)
    };
    let lines = facts.filter(|event| event.node.is_client()).filter_map(|event| {
        let (call, partitions) = match &event.fact {
            Fact::Assigned { partitions, .. } => ("onPartitionsAssigned", partitions),
            Fact::Revoked { partitions, .. } => ("onPartitionsRevoked", partitions),
            Fact::Lost { partitions, .. } => ("onPartitionsLost", partitions),
            _ => return None,
        };
        if !of_group(event.node) {
            return None;
        }
        let mut sorted = partitions.to_vec();
        sorted.sort();
        let indices: Vec<_> = sorted.iter().map(|tp| tp.partition.to_string()).collect();
        let names: Vec<_> = sorted.iter().map(|tp| sight.partition(*tp)).collect();
        let who = sight.name(event.node);
        let said = Said {
            text: format!(
                "{call}: {}",
                if indices.is_empty() { "nothing".to_string() } else { indices.join(" ") }
            ),
            meaning: format!("{who}'s application is told: {call}({}).", names.join(", ")),
            more: "ConsumerRebalanceListener: here an application commits, or loads what it needs."
                .to_string(),
            bad: call.ends_with("Lost"),
        };
        let (kind, member) = (LineKind::Callback, event.node);
        Some(Line { at: event.at, seq: Some(event.seq), member, kind, said, msg: None })
    });
    lines.collect()
}

/// Lines with their columns; members beyond the last column are counted.
fn rows(sight: &Sight<'_>, tenure: &GroupTenure, lines: Vec<Line>) -> LadderVm {
    let mut members: Vec<NodeId> = Vec::new();
    for line in &lines {
        if !members.contains(&line.member) {
            members.push(line.member);
        }
    }
    members.truncate(COLUMNS);
    members.sort();
    let now = sight.now();
    let mut view = LadderVm::default();
    for line in lines {
        let Some(member) = members.iter().position(|id| *id == line.member) else {
            view.left_out += 1;
            continue;
        };
        let about = match (line.msg, line.seq) {
            (Some(msg), _) => Selection::Message(msg, line.at),
            (None, Some(seq)) => Selection::Fact(seq),
            (None, None) => Selection::None,
        };
        let selected = sight.is_selected(&about);
        if selected {
            view.told = Some((line.said.meaning.as_str().into(), line.said.more.as_str().into()));
        }
        view.lines.push(LadderLineVm {
            member: member as u8,
            kind: line.kind,
            text: line.said.text.as_str().into(),
            tone: match (line.said.bad, line.kind) {
                (true, _) => Tone::Bad,
                (false, LineKind::Request) => Tone::Plain,
                (false, LineKind::Answer) => Tone::Good,
                (false, LineKind::Callback) => Tone::Agreed,
            },
            time: short_time(line.at).as_str().into(),
            jump: Jump { at: line.at, seq: line.seq },
            about,
            msg: line.msg,
            ahead: line.at > now,
            selected,
        });
    }
    let column = |id: &NodeId| ColumnVm {
        id: *id,
        name: sight.name(*id).as_str().into(),
        hue: Some(tenure.hue(*id)),
    };
    view.columns = members.iter().map(column).collect();
    view
}
