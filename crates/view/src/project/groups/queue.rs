//! A share group's partitions as queues, and its members by what they hold.
//!
//! Invariant: a cell says in words what its colour and its mark say.

use super::super::Sight;
use super::super::clients::committed;
use crate::picture::{GroupPicture, HandedOut, Queue};
use crate::ui::{Question, Selection};
use crate::ui_command::UiCommand;
use crate::view_model::group_time::{GroupTimeVm, OwnerVm};
use crate::view_model::queue::{QueueCellVm, QueueState, QueueVm};
use kafkascope_model::api::share::RecordState;
use kafkascope_model::ids::{Name, NodeId, Offset, TopicPartition};

/// The most records of a partition that are shown.
const CELLS: i64 = 40;
/// The most partitions that are shown.
const ROWS: usize = 12;

/// Puts a share group's own in the place of what only other groups have.
pub(super) fn show(sight: &Sight<'_>, name: &Name, view: &mut GroupTimeVm) {
    let picture = &sight.observer.picture;
    let Some(group) = picture.groups.get(name).filter(|group| group.shares) else { return };
    let frame = Frame { sight, name, group };
    view.shares = true;
    view.protocol = "share group".into();
    view.lesson = "members are handed different records of the same partition; what is not accepted comes again".into();
    view.state = format!("{} · epoch {}", group.state, group.generation).as_str().into();
    view.questions = vec![(
        format!("Why is the lag of {name} what it is?").as_str().into(),
        Question::Lag(name.clone()),
    )];
    view.actions.clear();
    view.members = (0..).zip(&group.members).map(|(hue, (_, id))| frame.owner(*id, hue)).collect();
    let rows = group.queues.iter().filter(|(tp, _)| sight.shows(**tp)).take(ROWS);
    view.queues = rows.map(|(tp, queue)| frame.row(*tp, queue)).collect();
}

struct Frame<'a> {
    sight: &'a Sight<'a>,
    name: &'a Name,
    group: &'a GroupPicture,
}

impl Frame<'_> {
    fn row(&self, tp: TopicPartition, queue: &Queue) -> QueueVm {
        let name = self.sight.partition(tp);
        let start = committed(self.sight, self.name, tp).unwrap_or(0);
        let visible = self.sight.observer.picture.leading(tp);
        let end = visible.map_or(start, |replica| replica.high_watermark.max(start));
        let shown = start..end.min(start + CELLS);
        let in_state = |state: RecordState| queue.values().filter(|h| h.state == state).count();
        let summary = format!(
            "final below {start} · {} with members · {} to come again · {} never handed out",
            in_state(RecordState::Acquired),
            in_state(RecordState::Available),
            (end - start - queue.len() as i64).max(0),
        );
        QueueVm {
            cells: shown.map(|at| self.cell(tp, &name, at, queue.get(&at))).collect(),
            more: u32::try_from(end - start - CELLS).unwrap_or(0),
            name: name.as_str().into(),
            summary: summary.as_str().into(),
        }
    }

    fn cell(
        &self,
        tp: TopicPartition,
        partition: &str,
        offset: Offset,
        handed: Option<&HandedOut>,
    ) -> QueueCellVm {
        let holder = handed.and_then(|handed| handed.holder.as_ref());
        let place = holder.and_then(|id| self.group.members.iter().position(|(own, _)| own == id));
        let who = place.map_or_else(
            || "a member that is gone".to_string(),
            |place| self.sight.name(self.group.members[place].1),
        );
        let (state, deliveries) =
            handed.map_or((QueueState::Waiting, 0), |h| (state_of(h.state), h.deliveries));
        let title = format!("{partition} @ {offset}: {}", words(state, deliveries, &who));
        let record = self.sight.observer.picture.leading(tp).and_then(|r| r.record_at(offset));
        QueueCellVm {
            offset,
            state,
            hue: place.map(|place| (place % 6) as u8),
            mark: holder.map_or("", |_| mark(&who)).into(),
            deliveries,
            title: title.as_str().into(),
            wish: record.map(|record| UiCommand::Select(Selection::Record(record))),
        }
    }

    fn owner(&self, id: NodeId, hue: u8) -> OwnerVm {
        let member = self.group.members.iter().find(|(_, client)| *client == id);
        let holds = |handed: &&HandedOut| handed.holder.as_ref() == member.map(|(own, _)| own);
        let held = self.group.queues.values().flat_map(Queue::values).filter(holds).count();
        let up = self.sight.observer.picture.is_up(id);
        let state = match (up, held) {
            (false, 0) => "gone".to_string(),
            (false, held) => format!("gone, {held} still locked for it"),
            (true, 0) => "has nothing in hand".to_string(),
            (true, held) => format!("has {held} in hand"),
        };
        OwnerVm {
            id,
            name: self.sight.name(id).as_str().into(),
            hue: hue % 6,
            state: state.as_str().into(),
            selected: self.sight.is_selected(&Selection::Node(id)),
        }
    }
}

const fn state_of(state: RecordState) -> QueueState {
    match state {
        RecordState::Available => QueueState::Available,
        RecordState::Acquired => QueueState::Acquired,
        RecordState::Acknowledged => QueueState::Acknowledged,
        RecordState::Archived => QueueState::Archived,
    }
}

fn words(state: QueueState, deliveries: i16, who: &str) -> String {
    let again = match deliveries {
        0 | 1 => String::new(),
        2 => ", for the second time".to_string(),
        3 => ", for the third time".to_string(),
        times => format!(", for the {times}th time"),
    };
    match state {
        QueueState::Waiting => "not handed out, as far as its leader has told".to_string(),
        QueueState::Acquired => format!("{who} has it{again}"),
        QueueState::Available => {
            format!("came back after {deliveries} {}", times(deliveries))
        }
        QueueState::Acknowledged => "accepted".to_string(),
        QueueState::Archived => {
            format!("given up after {deliveries} {}", times(deliveries))
        }
    }
}

const fn times(count: i16) -> &'static str {
    if count == 1 { "delivery" } else { "deliveries" }
}

/// What tells a name from its neighbours: the digits at its end, or its first letter.
fn mark(name: &str) -> &str {
    let digits = name.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let first = name.chars().next().map_or(0, char::len_utf8);
    if digits < name.len() { &name[digits..] } else { &name[..first] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_tells_members_apart() {
        for (name, expected) in [("worker-12", "12"), ("desk", "d"), ("7", "7"), ("", "")] {
            assert_eq!(mark(name), expected);
        }
    }
}
