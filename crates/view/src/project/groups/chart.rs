//! The chart: a row a partition, coloured by its reader, hatched where nobody reads.
//!
//! Invariant: what is still open reaches to the right end; the page covers what has not been simulated.

use super::super::Sight;
use super::super::clients::{committed, lag, letter};
use super::super::timeline;
use super::{known_until, say, setting};
use crate::tenure::{GroupTenure, Span};
use crate::ui::{Jump, Question, Selection};
use crate::ui_command::UiCommand;
use crate::view_model::clock::short_time;
use crate::view_model::group_time::{
    BarVm, GenerationVm, GroupTimeVm, Name2, OwnRowVm, OwnerVm, Price,
};
use crate::view_model::timeline::TickVm;
use crate::view_model::{Text, Tone};
use crate::words;
use kafkascope_kernel::{Micros, SimTime};
use kafkascope_model::ids::{Name, NodeId, TopicPartition};

/// The most partitions that are shown.
const ROWS: usize = 24;
/// Bars narrower than this bear no name.
const LABEL_ROOM: f32 = 0.07;
/// Generations nearer than this would write over each other.
const GENERATION_ROOM: f32 = 0.055;
/// How much is shown when not the whole run is.
const STRETCH_S: u64 = 60;
/// The stretch ends at a multiple of this, so that it changes rarely.
const STEP_S: u64 = 20;

/// Without any group.
pub(super) fn nobody() -> GroupTimeVm {
    GroupTimeVm { lesson: "There is no consumer group here.".into(), ..GroupTimeVm::default() }
}

/// Everything but the ladder.
pub(super) fn chart(
    sight: &Sight<'_>,
    group: &Name,
    tenure: &GroupTenure,
    others: Vec<Name>,
) -> GroupTimeVm {
    let (from, until) = stretch(sight);
    let frame = Frame { sight, tenure, from, until };
    let known = sight.observer.picture.groups.get(group);
    let state = known.map_or_else(
        || "not formed yet".to_string(),
        |known| format!("{} · {}", known.state, say::generation(sight, group, known.generation)),
    );
    let tone = match known.map_or("", |known| known.state) {
        "Stable" => Tone::Good,
        "PreparingRebalance" | "CompletingRebalance" | "Assigning" | "Reconciling" => Tone::Agreed,
        _ => Tone::Quiet,
    };
    let place = others.iter().position(|name| name == group).unwrap_or(0);
    let rows = tenure.rows.keys();
    let shown = rows.clone().take(ROWS).map(|tp| frame.row(group, *tp)).collect();
    GroupTimeVm {
        group: Name2 { name: group.clone(), letter: letter(group), hue: (place % 6) as u8 },
        others,
        protocol: say::protocol(sight, group).as_str().into(),
        state: state.as_str().into(),
        tone,
        lesson: say::lesson(sight, group).into(),
        from,
        until,
        whole: sight.ui.whole_run,
        ticks: ticks(from, until),
        rows: shown,
        rows_hidden: rows.len().saturating_sub(ROWS) as u32,
        generations: frame.generations(setting(sight, group, "group.protocol") == Some("consumer")),
        members: tenure.members.iter().map(|id| frame.owner(*id)).collect(),
        price: frame.price(),
        questions: vec![
            (
                format!("Why is the lag of {group} what it is?").as_str().into(),
                Question::Lag(group.clone()),
            ),
            ("Why did it rebalance?".into(), Question::Rebalanced(group.clone())),
        ],
        actions: vec![("Add a member".into(), UiCommand::AddMember(group.clone()))],
        ..GroupTimeVm::default()
    }
}

/// The stretch of time that is shown.
fn stretch(sight: &Sight<'_>) -> (SimTime, SimTime) {
    let head = known_until(sight.session);
    if sight.ui.whole_run {
        return (SimTime::ZERO, timeline::end(head));
    }
    let seen = head.min(sight.now() + Micros::from_ms(STEP_S * 1_000));
    let until = (seen.0 / 1_000_000 + 2).div_ceil(STEP_S) * STEP_S;
    let from = until.saturating_sub(STRETCH_S);
    (SimTime::from_ms(from * 1_000), SimTime::from_ms(until * 1_000))
}

fn ticks(from: SimTime, until: SimTime) -> Vec<TickVm> {
    let span = until.since(from).0;
    let tick = |index: u64| {
        let seconds = (from.0 + span * index / 5) / 1_000_000;
        TickVm { x: index as f32 / 5.0, text: format!("{seconds} s").as_str().into() }
    };
    (0..=5).map(tick).collect()
}

/// A group's tenure over a stretch of time.
pub(super) struct Frame<'a> {
    pub sight: &'a Sight<'a>,
    pub tenure: &'a GroupTenure,
    pub from: SimTime,
    pub until: SimTime,
}

impl Frame<'_> {
    pub(super) fn x(&self, at: SimTime) -> f32 {
        let span = self.until.since(self.from).0.max(1);
        let passed = at.clamp(self.from, self.until).since(self.from).0;
        (passed as f64 / span as f64) as f32
    }

    fn row(&self, group: &Name, tp: TopicPartition) -> OwnRowVm {
        let spans = &self.tenure.rows[&tp];
        let name = self.sight.partition(tp);
        let bars = spans.iter().enumerate().filter_map(|(index, span)| {
            let before = index.checked_sub(1).map(|before| &spans[before]);
            self.bar(group, tp, &name, span, before)
        });
        let (lag, lag_tone) = self.lag(group, tp);
        OwnRowVm { bars: bars.collect(), name: name.as_str().into(), lag, lag_tone }
    }

    fn bar(
        &self,
        group: &Name,
        tp: TopicPartition,
        name: &str,
        span: &Span,
        before: Option<&Span>,
    ) -> Option<BarVm> {
        let end = span.to.map_or(self.until, |to| to.at);
        if end <= self.from || span.from.at >= self.until {
            return None;
        }
        let (x, end_x) = (self.x(span.from.at), self.x(end));
        let times = format!(
            "{} to {}",
            short_time(span.from.at),
            match span.to {
                Some(to) => short_time(to.at),
                None => "now".to_string(),
            }
        );
        let who = span.reader.map(|id| self.sight.name(id));
        let (title, seq) = match (&who, before.and_then(|before| before.reader)) {
            (Some(who), _) => {
                let fate = say::ending(span.ending);
                (format!("{who} read {name}, {times}{fate}"), span.to.map(|to| to.seq))
            }
            (None, lost_by) => {
                let by = lost_by
                    .map_or_else(String::new, |id| format!(" after {}", self.sight.name(id)));
                // Of what is still open the length changes with the clock; the page shows the clock elsewhere.
                let length = span.to.map(|to| words::span(to.at.since(span.from.at)));
                let length = length.map(|length| format!(": {length}")).unwrap_or_default();
                (format!("Nobody read {name}{by}, {times}{length}"), Some(span.from.seq))
            }
        };
        let question = seq.map(|seq| Question::LostPartition(group.clone(), tp, seq));
        let room = end_x - x >= LABEL_ROOM;
        Some(BarVm {
            x,
            w: end_x - x,
            hue: span.reader.map(|id| self.tenure.hue(id)),
            label: who.filter(|_| room).unwrap_or_default().as_str().into(),
            title: title.as_str().into(),
            question,
        })
    }

    /// Records behind, and how old the oldest of them is.
    fn lag(&self, group: &Name, tp: TopicPartition) -> (Text, Tone) {
        let picture = &self.sight.observer.picture;
        let reading =
            picture.consumers.values().filter(|known| known.group.as_ref() == Some(group));
        let position =
            reading.filter_map(|known| known.positions.get(&tp).copied().flatten()).max();
        let position = position.or_else(|| committed(self.sight, group, tp));
        let behind = lag(self.sight, tp, position);
        if behind == 0 {
            return ("lag 0".into(), Tone::Quiet);
        }
        let oldest = position.and_then(|at| picture.leading(tp)?.record_at(at));
        let life = oldest.and_then(|record| self.sight.observer.ledger.life(record));
        let since = life.and_then(|life| life.visible).map(|visible| visible.at);
        let age = since.map(|at| {
            format!(" · {}", words::span(self.sight.now().since(at.min(self.sight.now()))))
        });
        let text = format!("lag {behind}{}", age.unwrap_or_default());
        (text.as_str().into(), if behind >= 10 { Tone::Bad } else { Tone::Plain })
    }

    fn generations(&self, epochs: bool) -> Vec<GenerationVm> {
        let word = if epochs { "epoch" } else { "gen" };
        let mut free_from = 0.0_f32;
        let mut marks = Vec::new();
        for (moment, generation) in &self.tenure.generations {
            if moment.at < self.from || moment.at > self.until {
                continue;
            }
            let x = self.x(moment.at);
            let room = x >= free_from && x < 0.96;
            if room {
                free_from = x + GENERATION_ROOM;
            }
            let text = if room { format!("{word} {generation}") } else { String::new() };
            let jump = Jump { at: moment.at, seq: Some(moment.seq) };
            marks.push(GenerationVm { x, text: text.as_str().into(), jump });
        }
        marks
    }

    fn owner(&self, id: NodeId) -> OwnerVm {
        let known = self.sight.observer.picture.consumers.get(&id);
        let reads: Vec<_> = known
            .into_iter()
            .flat_map(|known| known.positions.keys())
            .map(|tp| self.sight.partition(*tp))
            .collect();
        let up = self.sight.observer.picture.is_up(id);
        let state = match (up, reads.is_empty()) {
            (false, _) => "gone".to_string(),
            (true, true) => "reads nothing".to_string(),
            (true, false) => format!("reads {}", words::list(&reads)),
        };
        OwnerVm {
            id,
            name: self.sight.name(id).as_str().into(),
            hue: self.tenure.hue(id),
            state: state.as_str().into(),
            selected: self.sight.is_selected(&Selection::Node(id)),
        }
    }

    /// Counted until the last change of an owner before now; the clock carries it on.
    pub(super) fn price(&self) -> Price {
        let now = self.sight.now();
        let changes = self.tenure.rows.values().flatten().map(|span| span.from.at);
        let at = changes.filter(|at| *at <= now).max().unwrap_or(SimTime::ZERO);
        Price { paused: self.tenure.paused(at), at, unread: self.tenure.unread(now) }
    }
}
