//! What moves at a moment: messages along their ways, records falling to followers, halos.
//!
//! Invariant: positions follow from (now - sent) / (due - sent); nothing is remembered from frame to frame.

use super::Sight;
use crate::draw::{Capsule, Cross, DrawList, Fall, Halo, Ring, Stroke};
use crate::layout::{ClusterLayout, Curve};
use crate::ui::Selection;
use crate::view_model::Face;
use kafkascope_kernel::SimTime;
use kafkascope_model::api::response::FetchedPartition;
use kafkascope_model::api::share::ShareResponse;
use kafkascope_model::api::{Request, Response};
use kafkascope_model::ids::{NodeId, Offset, RecordId, TopicPartition};
use kafkascope_model::log::Batch;
use kafkascope_model::net::{Envelope, Payload};

/// The most faces in a capsule.
const FACES: usize = 5;
/// The most messages drawn; what is beyond is not seen anyway.
const MESSAGES: usize = 1_500;
/// The most records of one fetch that are drawn falling.
const FALLS: usize = 24;
/// A cell's side in a capsule.
const CELL: f32 = 14.0;
/// How much of its way a stroke covers.
const STROKE: f32 = 0.06;

/// Fills `list` with what moves now.
pub(super) fn draw(sight: &Sight<'_>, layout: &ClusterLayout, list: &mut DrawList) {
    list.clear();
    let mut pen = Pen { sight, layout, list, now: sight.now() };
    for envelope in sight.session.world().flights().take(MESSAGES) {
        pen.message(envelope);
    }
    pen.halos();
}

struct Pen<'a, 'b> {
    sight: &'a Sight<'a>,
    layout: &'a ClusterLayout,
    list: &'b mut DrawList,
    now: SimTime,
}

impl Pen<'_, '_> {
    fn message(&mut self, envelope: &Envelope) {
        let Some(t) = progress(envelope, self.now) else { return };
        match &envelope.payload {
            Payload::Request(Request::Produce(produce)) => {
                for (tp, batch) in &produce.partitions {
                    let way = self.layout.client_way(envelope.from(), envelope.to(), Some(*tp));
                    self.capsule(envelope, batch, way, t);
                }
            }
            Payload::Response(Response::Fetch(fetch)) if envelope.to().is_broker() => {
                for partition in &fetch.partitions {
                    self.falls(envelope, partition, t);
                }
            }
            Payload::Response(Response::Fetch(fetch)) => {
                for partition in &fetch.partitions {
                    let way =
                        self.layout.client_way(envelope.to(), envelope.from(), Some(partition.tp));
                    for batch in &partition.batches {
                        self.capsule(envelope, batch, way.map(Curve::reversed), t);
                    }
                }
            }
            Payload::Response(Response::Share(ShareResponse::Fetch(fetch))) => {
                for partition in &fetch.partitions {
                    let way =
                        self.layout.client_way(envelope.to(), envelope.from(), Some(partition.tp));
                    for batch in &partition.batches {
                        self.capsule(envelope, batch, way.map(Curve::reversed), t);
                    }
                }
            }
            Payload::Response(Response::Produce(produce)) => {
                for partition in &produce.partitions {
                    let way =
                        self.layout.client_way(envelope.to(), envelope.from(), Some(partition.tp));
                    self.verdict(envelope, partition.error.is_ok(), way.map(Curve::reversed), t);
                }
            }
            Payload::Request(_) | Payload::Response(_) | Payload::Reset => self.stroke(envelope, t),
        }
    }

    fn capsule(&mut self, envelope: &Envelope, batch: &Batch, way: Option<Curve>, t: f32) {
        let Some(way) = way else { return };
        let first = self.list.faces.len();
        let mut halo = self.is_selected(envelope);
        let mut count = 0_usize;
        for record in batch.records.iter() {
            halo |= self.is_followed(record.id);
            if count < FACES {
                let face = self.sight.observer.ledger.face(record.id);
                self.list.faces.push(face);
            }
            count += 1;
        }
        let len = count.min(FACES);
        self.list.capsules.push(Capsule {
            msg: envelope.id,
            at: way.at(ease(t)),
            first: first as u32,
            len: len as u16,
            more: (count - len).min(usize::from(u16::MAX)) as u16,
            cell: CELL,
            halo,
            ends: (envelope.from(), envelope.to()),
        });
    }

    /// Records fall from the leader's cells to the follower's log end, straight down or up.
    fn falls(&mut self, envelope: &Envelope, partition: &FetchedPartition, t: f32) {
        let tp = partition.tp;
        let window = self.sight.windows.get(tp);
        let leader = self.layout.tape(envelope.from(), tp).copied();
        let follower = self.layout.tape(envelope.to(), tp).copied();
        let Some((leader, follower)) = leader.zip(follower) else { return };
        let end = window.first + Offset::from(window.capacity);
        let mut drawn = 0;
        for batch in &partition.batches {
            for (offset, record) in (batch.base_offset..).zip(batch.records.iter()) {
                if !(window.first..end).contains(&offset) || drawn >= FALLS {
                    continue;
                }
                drawn += 1;
                let from = leader.cell_centre(offset, window.first);
                let to = follower.cell_centre(offset, window.first);
                self.list.drops.push(Fall {
                    msg: envelope.id,
                    record: record.id,
                    at: from.towards(to, ease(t)),
                    from,
                    to,
                    face: self.face(record.id),
                    cell: follower.cell,
                    halo: self.is_followed(record.id),
                });
            }
        }
    }

    fn verdict(&mut self, envelope: &Envelope, accepted: bool, way: Option<Curve>, t: f32) {
        let Some(way) = way else { return };
        let at = way.at(ease(t));
        if accepted {
            let halo = self.is_selected(envelope);
            self.list.rings.push(Ring { msg: envelope.id, at, halo });
        } else {
            self.list.crosses.push(Cross { msg: envelope.id, at, alpha: 1.0 });
        }
    }

    fn stroke(&mut self, envelope: &Envelope, t: f32) {
        let halo = self.is_selected(envelope);
        if !halo && !self.sight.ui.quiet_requests && !super::scene::matters(envelope) {
            return;
        }
        let way = self.layout.way(envelope.from(), envelope.to());
        let Some(way) = way else { return };
        let t = ease(t);
        let bad = matches!(&envelope.payload, Payload::Response(response) if !response.first_error().is_ok());
        let control = envelope.from().is_controller() || envelope.to().is_controller();
        self.list.strokes.push(Stroke {
            msg: envelope.id,
            at: way.at(t),
            tail: way.at((t - STROKE).max(0.0)),
            bad,
            control,
            halo,
        });
    }

    fn is_selected(&self, envelope: &Envelope) -> bool {
        matches!(self.sight.ui.selection, Selection::Message(msg, _) if msg == envelope.id)
    }

    /// The followed or selected record wherever it lies in a log.
    fn halos(&mut self) {
        let Some(record) = self.followed() else { return };
        let picture = &self.sight.observer.picture;
        let Some(life) = self.sight.observer.ledger.life(record) else { return };
        let Some((tp, place)) = life.tp.zip(life.place()) else { return };
        for ((broker, at), replica) in &picture.replicas {
            if *at == tp && replica.record_at(place.offset) == Some(record) {
                self.halo(*broker, tp, place.offset);
            }
        }
    }

    fn halo(&mut self, broker: NodeId, tp: TopicPartition, offset: Offset) {
        let window = self.sight.windows.get(tp);
        let end = window.first + Offset::from(window.capacity);
        let Some(tape) = self.layout.tape(broker, tp) else { return };
        if (window.first..end).contains(&offset) {
            let at = tape.cell_centre(offset, window.first);
            self.list.halos.push(Halo { at, cell: tape.cell });
        }
    }

    fn followed(&self) -> Option<RecordId> {
        let selected = &self.sight.ui.selection;
        if let Selection::Record(id) = selected { Some(*id) } else { self.sight.ui.follow }
    }

    fn is_followed(&self, record: RecordId) -> bool {
        record != RecordId::INTERNAL && self.followed() == Some(record)
    }

    fn face(&self, record: RecordId) -> Face {
        self.sight.observer.ledger.face(record)
    }
}

/// How far along its way a message is; none if it is held back.
fn progress(envelope: &Envelope, now: SimTime) -> Option<f32> {
    if envelope.due_at == SimTime::END || envelope.due_at <= envelope.sent_at {
        return None;
    }
    let passed = now.since(envelope.sent_at).0 as f32;
    Some((passed / envelope.due_at.since(envelope.sent_at).0 as f32).clamp(0.0, 1.0))
}

/// Ease in and out.
fn ease(t: f32) -> f32 {
    t * t * (3.0 - 2.0 * t)
}
