//! The controllers, closely: the metadata log, record by record, and how far each voter and each broker has it.
//!
//! It reads the logs themselves, not the facts. Invariant: the log shown is that of the leader, or of whom an election would make
//! one.

#[cfg(test)]
mod tests;
mod words;

use super::Sight;
use crate::ui::Selection;
use crate::ui_command::UiCommand;
use crate::view_model::Tone;
use crate::view_model::log::KnownVm;
use crate::view_model::quorum::{Held, MetadataRowVm, QuorumVm, VoterVm};
use crate::words as usual;
use kafkascope_model::controller::Controller;
use kafkascope_model::controller::metadata_log::MetadataLog;
use kafkascope_model::controller::quorum::Role;
use kafkascope_model::ids::{LeaderEpoch, NodeId, Offset};
use kafkascope_model::node::Node;
use kafkascope_model::world::ProcessState;

/// How many rows there are at most.
const ROWS: usize = 40;

/// A voter and whether its process runs.
struct Voter<'a> {
    controller: &'a Controller,
    state: ProcessState,
}

impl Voter<'_> {
    fn log(&self) -> &MetadataLog {
        &self.controller.quorum().log
    }

    const fn runs(&self) -> bool {
        matches!(self.state, ProcessState::Running | ProcessState::Stopping)
    }

    /// What an election looks at: who has the newest record may lead.
    fn last(&self) -> (LeaderEpoch, Offset) {
        (self.log().last_epoch(), self.log().written())
    }

    fn leads(&self) -> bool {
        self.runs() && self.controller.quorum().leadership().is_some()
    }

    fn has(&self, offset: Offset, epoch: LeaderEpoch) -> Held {
        let entry = self.log().entry(offset).filter(|_| offset < self.log().written());
        let committed = self.controller.quorum().high_watermark().unwrap_or(0);
        match entry {
            None => Held::Nothing,
            Some((of, _)) if *of != epoch => Held::Other,
            Some(_) if offset < committed => Held::Committed,
            Some(_) => Held::Written,
        }
    }
}

/// The quorum, if the user wishes to see it and there is one.
pub(super) fn quorum(sight: &Sight<'_>) -> Option<QuorumVm> {
    if !sight.ui.quorum {
        return None;
    }
    let voters = voters(sight);
    let shown = voters.iter().max_by_key(|it| (it.leads(), it.controller.epoch(), it.last()))?;
    let (rows, from) = rows(sight, shown.log(), &voters);
    let leader = voters.iter().filter(|it| it.leads()).max_by_key(|it| it.controller.epoch());
    Some(QuorumVm {
        subtitle: subtitle(&voters, leader).as_str().into(),
        tone: if leader.is_some() { Tone::Plain } else { Tone::Bad },
        voters: voters.iter().map(|it| voter(sight, it)).collect(),
        rows,
        earlier: from.max(0).unsigned_abs(),
        brokers: brokers(sight, shown),
        says: says(&voters, leader, shown).iter().map(|text| text.as_str().into()).collect(),
    })
}

fn voters<'a>(sight: &Sight<'a>) -> Vec<Voter<'a>> {
    let processes = sight.session.world().processes();
    let mut voters: Vec<Voter<'a>> = processes
        .filter_map(|(_, process)| match &process.node {
            Node::Controller(controller) => Some(Voter { controller, state: process.state }),
            Node::Broker(_)
            | Node::Producer(_)
            | Node::Consumer(_)
            | Node::ShareConsumer(_)
            | Node::Admin(_)
            | Node::Zookeeper(_) => None,
        })
        .collect();
    voters.sort_by_key(|voter| voter.controller.id);
    voters
}

fn subtitle(voters: &[Voter<'_>], leader: Option<&Voter<'_>>) -> String {
    let (all, needed) = (voters.len(), voters.len() / 2 + 1);
    let majority = match all {
        1 => "the only voter decides alone".to_string(),
        _ => format!("{needed} of {all} voters are a majority"),
    };
    match leader {
        Some(it) => {
            let (id, epoch) = (it.controller.id, it.controller.epoch());
            format!("Controller {id} leads epoch {epoch}; {majority}.")
        }
        None => format!("Nobody leads; {majority}."),
    }
}

fn voter(sight: &Sight<'_>, it: &Voter<'_>) -> VoterVm {
    let (id, quorum) = (it.controller.id, it.controller.quorum());
    let (role, tone) = match it.state {
        ProcessState::Running | ProcessState::Stopping => role(quorum.role()),
        ProcessState::Starting => ("starts", Tone::Quiet),
        ProcessState::Paused => ("stands still", Tone::Bad),
        ProcessState::Down => ("not running", Tone::Bad),
    };
    let committed = match quorum.high_watermark() {
        Some(below) if it.runs() => format!(" · committed below {below}"),
        Some(_) | None => String::new(),
    };
    let text = format!("epoch {} · log ends at {}{committed}", quorum.epoch(), it.log().written());
    let selection = Selection::Node(id);
    VoterVm {
        id,
        name: sight.directory.title(id),
        role: role.into(),
        tone,
        text: text.as_str().into(),
        chosen: sight.ui.selection == selection,
        wish: UiCommand::Select(selection),
    }
}

const fn role(role: &Role) -> (&'static str, Tone) {
    match role {
        Role::Unattached => ("looks for a leader", Tone::Quiet),
        Role::Follower { .. } => ("follower", Tone::Plain),
        Role::Prospective(_) => ("asks whether it could win", Tone::Strong),
        Role::Candidate(_) => ("stands for election", Tone::Strong),
        Role::Leader(_) => ("leader", Tone::Agreed),
        Role::Resigned { .. } => ("gave up", Tone::Quiet),
    }
}

/// The newest records first, and the offset of the oldest of them. What says the same in a row is one row.
fn rows(
    sight: &Sight<'_>,
    log: &MetadataLog,
    voters: &[Voter<'_>],
) -> (Vec<MetadataRowVm>, Offset) {
    let mut rows = Vec::new();
    let mut next = log.end();
    while rows.len() < ROWS
        && let Some((epoch, record)) = log.entry(next - 1)
    {
        let last = next - 1;
        let held = |offset: Offset, epoch| -> Vec<Held> {
            voters.iter().map(|it| it.has(offset, epoch)).collect()
        };
        let own = held(last, *epoch);
        let fold = words::fold(sight, record);
        let mut first = last;
        while fold.is_some()
            && let Some((of, before)) = log.entry(first - 1)
            && of == epoch
            && words::fold(sight, before) == fold
            && held(first - 1, *of) == own
        {
            first -= 1;
        }
        let (offsets, text) = match fold.filter(|_| first < last) {
            Some(fold) => (format!("{first}–{last}"), fold.text((last - first + 1).unsigned_abs())),
            None => (last.to_string(), words::text(sight, record)),
        };
        rows.push(MetadataRowVm {
            offsets: offsets.as_str().into(),
            epoch: *epoch,
            kind: words::kind(record),
            text: text.as_str().into(),
            held: own,
        });
        next = first;
    }
    (rows, next)
}

fn brokers(sight: &Sight<'_>, shown: &Voter<'_>) -> Vec<KnownVm> {
    let committed = shown.controller.quorum().high_watermark().unwrap_or(0);
    let of_broker = |id: NodeId| -> Option<KnownVm> {
        let process = sight.session.world().process(id)?;
        let Node::Broker(broker) = &process.node else { return None };
        let next = broker.metadata.applied_offset() + 1;
        let behind = (committed - next).max(0).unsigned_abs();
        let (value, tone): (String, Tone) = if process.state == ProcessState::Down {
            ("not running".to_string(), Tone::Bad)
        } else if behind == 0 {
            (format!("has everything below {next}"), Tone::Plain)
        } else {
            let behind = usual::count(behind, "record", "records");
            (format!("has everything below {next}, {behind} behind"), Tone::Strong)
        };
        let label = sight.directory.title(id);
        Some(KnownVm { label, value: value.as_str().into(), tone })
    };
    sight.session.world().broker_ids().into_iter().filter_map(of_broker).collect()
}

fn says(voters: &[Voter<'_>], leader: Option<&Voter<'_>>, shown: &Voter<'_>) -> Vec<String> {
    let (all, needed) = (voters.len(), voters.len() / 2 + 1);
    let alive = voters.iter().filter(|it| it.runs()).count();
    let mut says = Vec::new();
    if leader.is_none() && alive < needed {
        let lives = if alive == 1 { "lives" } else { "live" };
        says.push(format!(
            "Only {alive} of {all} voters {lives}, {needed} are needed: no broker can be fenced, no leader elected, no topic created. \
             What was decided before holds, and records flow."
        ));
    } else if leader.is_none() {
        says.push(
            "The voters are about to elect a leader; until then nothing is decided.".to_string(),
        );
    }
    let committed = shown.controller.quorum().high_watermark().unwrap_or(0);
    let open = (shown.log().written() - committed).max(0).unsigned_abs();
    if leader.is_some() && open > 0 {
        let records = usual::count(open, "record is", "records are");
        says.push(format!(
            "{records} written and not committed: a majority has yet to say that it has them."
        ));
    }
    let gathered = (shown.log().end() - shown.log().written()).max(0).unsigned_abs();
    if gathered > 0 {
        let records = usual::count(gathered, "record is", "records are");
        says.push(format!(
            "{records} gathered and not written: that takes controller.quorum.append.linger.ms."
        ));
    }
    if says.is_empty() {
        says.push(
            "Every change of the cluster is a record here. Once a majority of voters has it, it is committed, and brokers may know of it."
                .to_string(),
        );
    }
    says
}
