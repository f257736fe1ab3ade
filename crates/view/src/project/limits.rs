//! What holds a process up that works as it should: its disk, and its quota.
//!
//! Invariant: whoever is held up says by what, in Kafka's own words, and for how long.

use super::Sight;
use super::inspect::row;
use crate::ui_command::{DiskWish, UiCommand};
use crate::view_model::{RowVm, Tone};
use crate::words;
use kafkascope_kernel::{Micros, SimTime};
use kafkascope_model::command::{AdminCommand, Command};
use kafkascope_model::ids::{Name, NodeId};
use kafkascope_model::quota::{QuotaEntity, QuotaKey, Quotas, Whose};
use kafkascope_model::world::World;

/// What a disk that a user slows down takes for each write.
const SLOW_WRITE: Micros = Micros::from_ms(500);
/// Bytes a second that a user allows a client.
const ALLOWED: i64 = 1_000;

/// What is wrong with a broker's disk; empty if nothing is.
pub(super) fn disk(world: &World, id: NodeId) -> String {
    let slow = world.slow_disk_of(id);
    let full = world.broker(id).is_some_and(|broker| broker.replicas.disk_full);
    match (full, slow > Micros::ZERO) {
        (true, _) => "disk full: the next write halts it".to_string(),
        (false, true) => format!("slow disk: {} a write", words::span(slow)),
        (false, false) => String::new(),
    }
}

/// The same beside the word disk.
fn slow_or_full(trouble: &str) -> String {
    let told = trouble.strip_prefix("disk ").unwrap_or(trouble);
    told.replace("slow disk", "slow")
}

/// A broker's disk, and how much of what it has is only in memory.
pub(super) fn disk_rows(sight: &Sight<'_>, id: NodeId) -> Vec<RowVm> {
    let world = sight.session.world();
    let Some(broker) = world.broker(id) else { return Vec::new() };
    let trouble = disk(world, id);
    let tone = if trouble.is_empty() { Tone::Plain } else { Tone::Bad };
    let text = match (trouble.is_empty(), slow_or_full(&trouble)) {
        (true, _) => "sound".to_string(),
        (false, told) => told,
    };
    let shown = broker.replicas.replicas.iter().filter(|replica| sight.shows(replica.tp));
    let in_memory: i64 =
        shown.map(|replica| replica.log.log_end() - replica.log.page_cache().on_disk()).sum();
    let in_memory = words::count(in_memory.max(0).unsigned_abs(), "offset", "offsets");
    let memory = format!("{in_memory} not written to disk yet");
    vec![RowVm { tone, ..row("disk", text) }, row("page cache", memory)]
}

/// What a client may use, and whether it waits because it used more.
pub(super) fn quota_rows(sight: &Sight<'_>, id: NodeId, key: QuotaKey) -> Vec<RowVm> {
    let mut rows = Vec::new();
    if let Some(limit) = limit(sight, id, key) {
        rows.push(row(
            key.name(),
            format!("{} bytes a second", words::grouped(limit.unsigned_abs())),
        ));
    }
    let throttled = sight.observer.picture.throttled.get(&id).copied();
    if let Some((above, until)) = throttled
        && let Some(left) = left(until, sight.now())
    {
        let text = format!("for {} more, by {}", words::span(left), above.name());
        rows.push(RowVm { tone: Tone::Strong, ..row("throttled", text) });
    }
    rows
}

/// "waits 1.2 s: its quota", as long as it does.
pub(super) fn waits(sight: &Sight<'_>, id: NodeId) -> Option<String> {
    let (_, until) = sight.observer.picture.throttled.get(&id).copied()?;
    let left = left(until, sight.now())?;
    Some(format!("waits {}: its quota", words::span(left)))
}

fn left(until: SimTime, now: SimTime) -> Option<Micros> {
    (until > now).then(|| until.since(now))
}

/// The quota of a client, as the cluster has it.
pub(super) fn limit(sight: &Sight<'_>, id: NodeId, key: QuotaKey) -> Option<i64> {
    let name = client_id(sight, id);
    quotas(sight.session.world())?.of(&name, key).map(|limit| limit.per_second)
}

/// `client.id`, which is the application's name unless it is told another.
fn client_id(sight: &Sight<'_>, id: NodeId) -> Name {
    let world = sight.session.world();
    let mut brokers = world.broker_ids().into_iter().filter_map(|id| world.broker(id));
    let known = brokers.find_map(|broker| broker.quotas.client_ids.get(&id).cloned());
    known.unwrap_or_else(|| Name::from(&*sight.directory.name(id)))
}

fn quotas(world: &World) -> Option<&Quotas> {
    let brokers = world.broker_ids().into_iter().filter_map(|id| world.broker(id));
    brokers
        .map(|broker| broker.metadata.image())
        .max_by_key(|image| image.next_offset)
        .map(|image| &image.quotas)
}

/// What a user may do to a broker's disk, with what it is called and why not.
pub(super) fn disk_wishes(
    world: &World,
    id: NodeId,
    dead: Option<&'static str>,
) -> Vec<(UiCommand, &'static str, Option<&'static str>)> {
    let sound = disk(world, id).is_empty().then_some("its disk is sound");
    [
        (DiskWish::CutPower, "Cut the power", dead),
        (DiskWish::Slow, "Slow the disk down", None),
        (DiskWish::Fill, "Fill the disk", None),
        (DiskWish::Heal, "Heal the disk", sound),
    ]
    .map(|(wish, label, refused)| (UiCommand::Disk(id, wish), label, refused))
    .into()
}

/// The command behind a wish about a disk.
pub(super) fn disk_command(id: NodeId, wish: DiskWish) -> Command {
    match wish {
        DiskWish::CutPower => Command::PowerCut(vec![id]),
        DiskWish::Slow => Command::SlowDisk(id, SLOW_WRITE),
        DiskWish::Fill => Command::FillDisk(id),
        DiskWish::Heal => Command::HealDisk(id),
    }
}

/// The command that limits a client, or lifts its quota.
pub(super) fn quota_command(name: &Name, key: QuotaKey, lifts: bool) -> Command {
    let entity = QuotaEntity { user: None, client_id: Some(Whose::Named(name.clone())) };
    let ops = vec![(key, (!lifts).then_some(ALLOWED))];
    Command::Admin(AdminCommand::AlterClientQuotas { entity, ops })
}

/// What a user may do about a client's quota.
pub(super) fn quota_wish(
    sight: &Sight<'_>,
    id: NodeId,
    key: QuotaKey,
) -> (UiCommand, &'static str) {
    let lifts = limit(sight, id, key).is_some();
    let label = if lifts { "Lift its quota" } else { "Limit it to 1000 bytes a second" };
    (UiCommand::Quota { client_id: client_id(sight, id), key, lifts }, label)
}

#[cfg(test)]
mod tests {
    use super::super::tests::Stage;
    use super::*;
    use crate::ui::Selection;

    fn note(stage: &Stage, id: i32) -> String {
        let brokers = &stage.projector.view().topology.brokers;
        let card = brokers.iter().find(|card| card.id == NodeId(id)).expect("its card");
        card.note.to_string()
    }

    fn inspected(stage: &Stage, label: &str) -> Option<String> {
        let shown = stage.projector.view().inspector.clone().expect("something is selected");
        let row = shown.rows.iter().find(|row| &*row.label == label);
        row.map(|row| row.value.to_string())
    }

    #[test]
    fn a_disk_that_misbehaves_is_on_the_card_and_in_the_inspector_until_it_is_healed() {
        let mut stage = Stage::at(20_000);
        stage.ui.selection = Selection::Node(NodeId(2));
        stage.show();
        assert_eq!(
            (note(&stage, 2), inspected(&stage, "disk")),
            (String::new(), Some("sound".into()))
        );
        let steps = [
            (DiskWish::Slow, "slow disk: 500 ms a write"),
            (DiskWish::Fill, "disk full: the next write halts it"),
            (DiskWish::Heal, ""),
        ];
        for (wish, told) in steps {
            let command = disk_command(NodeId(2), wish);
            stage.session.submit(command).expect("the command fits");
            stage.show();
            assert_eq!(note(&stage, 2), told);
        }
        let memory = inspected(&stage, "page cache").expect("it is told");
        assert!(
            memory.ends_with("not written to disk yet") && !memory.starts_with('0'),
            "{memory}"
        );
    }

    #[test]
    fn a_client_above_its_quota_says_that_it_waits_and_why() {
        let mut stage = Stage::at(20_000);
        let producer = NodeId(1_001);
        stage.ui.selection = Selection::Node(producer);
        let entity = QuotaEntity { user: None, client_id: Some(Whose::Named("rider-app".into())) };
        let ops = vec![(QuotaKey::ProducerByteRate, Some(100))];
        let limit = Command::Admin(AdminCommand::AlterClientQuotas { entity, ops });
        stage.session.submit(limit).expect("the command fits");
        let state = |stage: &Stage| stage.projector.view().topology.producers[0].state.to_string();
        let waits = (21..60).any(|second| {
            stage.run_to(second * 1_000);
            state(&stage).starts_with("waits ")
        });
        assert!(waits, "{}", state(&stage));
        assert!(state(&stage).ends_with("its quota"), "{}", state(&stage));
        let told = inspected(&stage, "throttled").expect("it is told");
        assert!(told.ends_with("more, by producer_byte_rate"), "{told}");
        let told = inspected(&stage, "producer_byte_rate");
        assert_eq!(told.as_deref(), Some("100 bytes a second"));
        let shown = stage.projector.view().inspector.clone().expect("it is selected");
        assert!(shown.actions.iter().any(|action| &*action.label == "Lift its quota"));
    }
}
