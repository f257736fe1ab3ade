//! Who read which partition when: groups through time, folded from the trace.
//!
//! A partition that nobody reads is a gap, and gaps are what a rebalance costs. Invariant: the spans of one partition follow
//! each other without overlap, and at most the last one is open.

mod fold;
#[cfg(test)]
mod tests;

use crate::picture::Moment;
use kafkascope_kernel::FlatMap;
use kafkascope_kernel::{Micros, SimTime};
use kafkascope_model::ids::{Name, NodeId, TopicPartition};
use kafkascope_model::trace::TraceEvent;
use kafkascope_session::Trace;

/// The most spans that are kept of one partition, and the most rounds of one group.
const MOST: usize = 1_024;

/// All groups.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tenures {
    /// Groups by name.
    pub groups: FlatMap<Name, GroupTenure>,
    /// What each member had when its process was stopped in its tracks.
    asleep: FlatMap<NodeId, Vec<TopicPartition>>,
    /// How many facts were folded; the next one's number.
    seen: u64,
    last: Option<TraceEvent>,
}

/// One group through time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GroupTenure {
    /// Partitions with what became of them.
    pub rows: FlatMap<TopicPartition, Vec<Span>>,
    /// Generations or epochs, by when they were formed.
    pub generations: Vec<(Moment, i32)>,
    /// Rebalances, oldest first.
    pub rounds: Vec<Round>,
    /// Everyone who ever read in it, by when they read first: the order of their hues.
    pub members: Vec<NodeId>,
    /// Spans and rounds that were too many.
    pub left_out: u32,
    /// The first sign of a rebalance that has not begun yet.
    sign: Option<Moment>,
}

/// A stretch of time in which a partition had one reader, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Who read it; none for a gap.
    pub reader: Option<NodeId>,
    /// Since when.
    pub from: Moment,
    /// Until when; none while it lasts.
    pub to: Option<Moment>,
    /// Why its reader lost it; for a gap, why the reader before did.
    pub ending: Ending,
}

/// Why a member does not read a partition any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ending {
    /// It still does.
    #[default]
    Open,
    /// `onPartitionsRevoked`.
    Revoked,
    /// `onPartitionsLost`: it was no member any more.
    Lost,
    /// Its process was killed.
    Killed,
    /// Its process closed in order.
    Closed,
    /// Its process was stopped in its tracks.
    Paused,
    /// Another member got it, and this one does not know.
    Overtaken,
}

/// One rebalance.
#[derive(Clone, Debug, PartialEq)]
pub struct Round {
    /// The first sign of it: a member that wants to join, leaves or has expired.
    pub begin: Moment,
    /// When the coordinator began it.
    pub started: Moment,
    /// The coordinator's reason.
    pub reason: Name,
    /// The generation or epoch that came of it.
    pub generation: i32,
    /// When everyone had an assignment; none while it lasts.
    pub stable: Option<Moment>,
    /// The last thing that belongs to it.
    pub until: SimTime,
}

impl Tenures {
    /// The number of the fact that is folded next.
    pub const fn seen(&self) -> u64 {
        self.seen
    }

    /// Whether the last folded fact is still one of this trace.
    pub fn belongs_to(&self, trace: &Trace) -> bool {
        let Some(last) = &self.last else { return true };
        self.seen <= trace.end() && trace.get(last.seq).is_none_or(|known| known == last)
    }
}

impl Span {
    /// How long it lasted until `now`.
    pub fn length(&self, now: SimTime) -> Micros {
        let end = self.to.map_or(now, |to| to.at.min(now));
        end.since(self.from.at.min(end))
    }
}

impl GroupTenure {
    /// How long partitions had no reader, added up, until `now`.
    pub fn paused(&self, now: SimTime) -> Micros {
        let gaps = self.rows.values().flatten().filter(|span| span.reader.is_none());
        Micros(gaps.map(|span| span.length(now).0).sum())
    }

    /// How often a partition lost its reader by `now`, and how often of these for nothing: the same member let it go and got it
    /// back without having been away.
    pub fn stops(&self, now: SimTime) -> (u32, u32) {
        let (mut needless, mut all) = (0, 0);
        for spans in self.rows.values() {
            let past = || spans.iter().filter(|span| span.from.at <= now);
            all += past().filter(|span| span.reader.is_none()).count() as u32;
            let back = |three: &&[Span]| {
                let asked = matches!(three[1].ending, Ending::Revoked | Ending::Lost);
                asked && three[1].reader.is_none() && three[0].reader == three[2].reader
            };
            let seen = past().count();
            needless += spans[..seen].windows(3).filter(back).count() as u32;
        }
        (needless, all)
    }

    /// How many partitions have no reader at `now`.
    pub fn unread(&self, now: SimTime) -> u32 {
        let here = |span: &&Span| span.from.at <= now && span.to.is_none_or(|to| to.at > now);
        let at = |spans: &Vec<Span>| {
            spans.iter().rev().find(here).is_some_and(|span| span.reader.is_none())
        };
        self.rows.values().filter(|spans| at(spans)).count() as u32
    }

    /// The last rebalance that had begun by `now`.
    pub fn round(&self, now: SimTime) -> Option<&Round> {
        self.rounds.iter().rev().find(|round| round.begin.at <= now)
    }

    /// The hue of a member, 0 to 5.
    pub fn hue(&self, member: NodeId) -> u8 {
        self.members.iter().position(|known| *known == member).map_or(0, |place| (place % 6) as u8)
    }
}
