//! One record's life as a waterfall.
//!
//! Invariant: the first stage that was not reached is the only one that is current.

use super::Sight;
use super::stage::acks;
use super::why::about;
use crate::ledger::{Life, Verdict};
use crate::picture::Moment;
use crate::ui::Selection;
use crate::view_model::clock::stage_time;
use crate::view_model::record::{StageKind, StageState, StageVm, VerdictVm};
use crate::view_model::{RecordVm, Tone};
use crate::words;
use kafkascope_model::ids::RecordId;

/// The selected or followed record.
pub(super) fn record(sight: &Sight<'_>) -> Option<RecordVm> {
    let selected = if let Selection::Record(id) = sight.ui.selection { Some(id) } else { None };
    let id = selected.or(sight.ui.follow)?;
    let life = sight.observer.ledger.life(id)?;
    let place = life.place().zip(life.tp);
    let place = place.map(|(append, tp)| format!("{} @ {}", sight.partition(tp), append.offset));
    let verdict = verdict(life);
    Some(RecordVm {
        record: id,
        face: sight.observer.ledger.face(id),
        title: title(life).as_str().into(),
        place: place.unwrap_or_default().as_str().into(),
        sender: sender(sight, id).as_str().into(),
        stages: stages(sight, id, life),
        question: about::record(sight, id),
        verdict,
        followed: sight.ui.follow == Some(id),
    })
}

fn title(life: &Life) -> String {
    let key = life.key.as_ref().map_or_else(|| "no key".to_string(), |key| words::bytes(key, 18));
    let value =
        life.value.as_ref().map_or_else(|| "null".to_string(), |value| words::bytes(value, 26));
    format!("{key} · {value}")
}

fn sender(sight: &Sight<'_>, id: RecordId) -> String {
    let Some(producer) = id.producer() else { return "Kafka itself".to_string() };
    let acks = acks(sight.directory.config(producer, "acks").unwrap_or("all")).to_string();
    format!("{} · acks={acks}", sight.directory.name(producer))
}

fn stages(sight: &Sight<'_>, id: RecordId, life: &Life) -> Vec<StageVm> {
    let steps = steps(sight, id, life);
    let begin = life.sent.at.0;
    let last = steps.iter().filter_map(|(_, _, moment)| *moment).map(|moment| moment.at.0).max();
    let span = last.unwrap_or(begin).saturating_sub(begin).max(1) as f32;
    let mut before = 0.0_f32;
    let ended = life.failed.is_some() || life.loss.is_some() || life.never_left.is_some();
    let mut current_told = ended;
    let mut stages = Vec::new();
    for (kind, name, moment) in steps {
        let state = match moment {
            Some(_) => StageState::Done,
            None if !current_told => {
                current_told = true;
                StageState::Current
            }
            None => StageState::Ahead,
        };
        let x = moment.map_or(before, |m| m.at.0.saturating_sub(begin) as f32 / span);
        stages.push(StageVm {
            kind,
            name: name.as_str().into(),
            at: moment.map(|m| m.at),
            time: moment.map(|m| stage_time(m.at)).unwrap_or_default().as_str().into(),
            state,
            bar: (before.min(x), x),
            seq: moment.map(|m| m.seq),
        });
        before = before.max(x);
    }
    stages
}

type Step = (StageKind, String, Option<Moment>);

fn steps(sight: &Sight<'_>, id: RecordId, life: &Life) -> Vec<Step> {
    let producer = id.producer();
    let config = |key| producer.and_then(|id| sight.directory.config(id, key));
    let linger = config("linger.ms").unwrap_or("5");
    let leader = life.flights.last().map(|flight| flight.leader);
    let to =
        leader.map_or_else(|| "the leader".to_string(), |id| sight.directory.name(id).to_string());
    let append = life.place();
    let epoch =
        append.map_or_else(String::new, |append| format!(", leader epoch {}", append.epoch));
    let replicas: Vec<_> = life.replicated.iter().map(|(id, _)| id.to_string()).collect();
    let replicated = if replicas.is_empty() {
        "replicated".to_string()
    } else {
        format!("replicated to {}", words::list(&replicas))
    };
    let flight = life.flights.last();
    let retry = flight.filter(|flight| flight.attempt > 0);
    let flying = match retry {
        Some(flight) => format!("sent to {to}, attempt {}", flight.attempt + 1),
        None => format!("in flight to {to}"),
    };
    let delivery = life.deliveries.first();
    let consumer = delivery.map(|d| sight.directory.name(d.consumer).to_string());
    let delivered =
        consumer.map_or_else(|| "delivered".to_string(), |c| format!("delivered to {c}"));
    let commit = life.committed.first();
    let committed =
        commit.map_or_else(|| "committed".to_string(), |(g, _)| format!("committed by {g}"));
    vec![
        (StageKind::Sent, "send()".to_string(), Some(life.sent)),
        (StageKind::Batched, format!("in a batch, linger.ms {linger}"), life.batched),
        (StageKind::InFlight, flying, flight.map(|flight| flight.moment)),
        (StageKind::Appended, format!("appended{epoch}"), append.map(|append| append.moment)),
        (StageKind::Replicated, replicated, life.replicated.last().map(|(_, moment)| *moment)),
        (StageKind::Visible, "visible: below the high watermark".to_string(), life.visible),
        (StageKind::Acknowledged, "acknowledged".to_string(), life.acked.map(|(moment, _)| moment)),
        (StageKind::Delivered, delivered, delivery.map(|d| d.moment)),
        (StageKind::Processed, "processed".to_string(), life.processed.first().map(|(_, m)| *m)),
        (StageKind::Committed, committed, commit.map(|(_, moment)| *moment)),
    ]
}

fn verdict(life: &Life) -> Option<VerdictVm> {
    let (text, tone) = match life.verdict() {
        Verdict::Open | Verdict::Safe => return None,
        Verdict::Dropped => (
            "Not acknowledged, and not in the leader's log. Its producer may send it again.",
            Tone::Agreed,
        ),
        Verdict::Failed => ("Given up: the application was told that it failed.", Tone::Bad),
        Verdict::Lost => ("Acknowledged, then lost.", Tone::Bad),
        Verdict::Duplicated => ("In the log more than once.", Tone::Agreed),
        Verdict::Reordered => ("Behind a later record of the same producer.", Tone::Agreed),
    };
    Some(VerdictVm { text: text.into(), tone })
}
