//! One replica as a tape of cells.
//!
//! Invariant: a cell is solid exactly if its offset is below that replica's own high watermark.

use super::{Sight, clients};
use crate::layout::TapeBox;
use crate::picture::ReplicaPicture;
use crate::ui::Selection;
use crate::view_model::topology::{PennantVm, Role, TapeVm};
use crate::view_model::{CellLook, CellVm, Face};
use kafkascope_kernel::Micros;
use kafkascope_model::ids::{NodeId, Offset, RecordId, TopicPartition};

/// How long a change of role glows, in simulated time.
const GLOW: Micros = Micros::from_ms(1_500);
/// From one written offset to the next.
const RULER: Offset = 5;

/// A replica's tape.
pub(super) fn tape(sight: &Sight<'_>, place: &TapeBox) -> TapeVm {
    let picture = &sight.observer.picture;
    let (broker, tp) = (place.broker, place.tp);
    let empty = ReplicaPicture::default();
    let replica = picture.replicas.get(&(broker, tp)).unwrap_or(&empty);
    let window = sight.windows.get(tp);
    let role = role(sight, broker, tp);
    let changed = replica.role_changed;
    let name = sight.partition(tp);
    let is_leader = role == Role::Leader;
    let end = window.first + Offset::from(window.capacity);
    TapeVm {
        tp,
        short_name: short(&name).as_str().into(),
        name: name.as_str().into(),
        role,
        tab: tab(sight, broker, tp, role).as_str().into(),
        window_first: window.first,
        capacity: window.capacity,
        cells: cells(sight, place, replica, role, end),
        high_watermark: replica.high_watermark,
        log_end: replica.log_end,
        log_start: replica.log_start,
        last_stable: replica.last_stable.filter(|stable| *stable < replica.high_watermark),
        ruler: ruler(place, is_leader, window.first, end),
        pennants: if is_leader { pennants(sight, tp) } else { Vec::new() },
        band: (place.capacity == 0).then(|| band(replica)),
        glow: changed.seq > 0 && is_leader && sight.now().since(changed.at) < GLOW,
        selected: sight.is_selected(&Selection::Replica(broker, tp))
            || sight.is_selected(&Selection::Partition(tp)),
    }
}

/// "t-0" for "trips-0".
fn short(name: &str) -> String {
    let (topic, index) = name.rsplit_once('-').unwrap_or((name, ""));
    let initial: String = topic.chars().take(1).collect();
    format!("{initial}-{index}")
}

/// A replica's role as one sees it.
pub(super) fn role(sight: &Sight<'_>, broker: NodeId, tp: TopicPartition) -> Role {
    let picture = &sight.observer.picture;
    let Some(partition) = picture.partitions.get(&tp) else { return Role::OutOfSync };
    let fenced = picture.brokers.get(&broker).is_none_or(|known| known.fenced);
    if !picture.is_up(broker) || (fenced && partition.leader != broker) {
        Role::Offline
    } else if partition.leader == broker {
        Role::Leader
    } else if partition.isr.contains(&broker) {
        Role::InSync
    } else {
        Role::OutOfSync
    }
}

fn tab(sight: &Sight<'_>, broker: NodeId, tp: TopicPartition, role: Role) -> String {
    let partition = sight.observer.picture.partitions.get(&tp);
    let leads = partition.filter(|partition| partition.leader == broker);
    match (role, leads) {
        (Role::Leader | Role::Offline, Some(partition)) => format!("L e{}", partition.epoch),
        (Role::Leader | Role::Offline, None) => "–".to_string(),
        (Role::InSync, _) => "isr".to_string(),
        (Role::OutOfSync, _) => "out".to_string(),
    }
}

fn cells(
    sight: &Sight<'_>,
    place: &TapeBox,
    replica: &ReplicaPicture,
    role: Role,
    end: Offset,
) -> Vec<CellVm> {
    let first = sight.windows.get(place.tp).first;
    let leading = sight.observer.picture.leading(place.tp);
    let cells = replica.records(first, end).map(|(offset, record)| {
        let differs = leading.is_some_and(|leading| differs(leading, offset, record));
        let look = if role != Role::Leader && differs {
            CellLook::Struck
        } else if role == Role::Offline {
            CellLook::Faded
        } else if offset >= replica.high_watermark {
            CellLook::Dashed
        } else {
            CellLook::Solid
        };
        let face = face(sight, record);
        CellVm { offset, record, face, look, selected: is_chosen(sight, record) }
    });
    cells.collect()
}

/// Whether the leader's log has another record there, or ends before it after having been led by someone else.
fn differs(leading: &ReplicaPicture, offset: Offset, record: RecordId) -> bool {
    match leading.record_at(offset) {
        Some(known) => known != record,
        None => offset >= leading.log_end,
    }
}

pub(super) fn face(sight: &Sight<'_>, record: RecordId) -> Face {
    sight.observer.ledger.face(record)
}

pub(super) fn is_chosen(sight: &Sight<'_>, record: RecordId) -> bool {
    record != RecordId::INTERNAL
        && (sight.ui.follow == Some(record) || sight.is_selected(&Selection::Record(record)))
}

fn ruler(place: &TapeBox, is_leader: bool, first: Offset, end: Offset) -> Vec<Offset> {
    if !is_leader || !place.ruler {
        return Vec::new();
    }
    (first..end).filter(|offset| offset % RULER == 0).collect()
}

fn pennants(sight: &Sight<'_>, tp: TopicPartition) -> Vec<PennantVm> {
    let picture = &sight.observer.picture;
    let groups = super::stage::groups(picture, sight.directory, sight.session.world());
    let mut pennants = Vec::new();
    for (index, (group, members)) in groups.iter().enumerate() {
        let position = members.iter().find_map(|member| {
            picture.consumers.get(member)?.positions.get(&tp).copied().flatten()
        });
        let committed = clients::committed(sight, group, tp);
        if let Some(position) = position.or(committed) {
            pennants.push(PennantVm {
                group: group.clone(),
                letter: clients::letter(group),
                hue: (index % 6) as u8,
                position,
                committed,
            });
        }
    }
    pennants
}

/// How full each tenth of the log is, against the fullest.
fn band(replica: &ReplicaPicture) -> [u8; 10] {
    let span = (replica.log_end - replica.log_start).max(0);
    let full = (span.min(100) * 255 / 100) as u8;
    [full; 10]
}
