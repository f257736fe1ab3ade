//! Cards of producers, brokers, controllers and groups, with the members inside.
//!
//! Invariant: a card without a place is not drawn.

use super::Sheet;
use kafkascope_view::ViewModel;
use kafkascope_view::layout::{Card, Point, Rect};
use kafkascope_view::view_model::Tone;
use kafkascope_view::view_model::topology::{
    BrokerVm, ControllerVm, GroupVm, MemberVm, ProducerVm,
};

pub fn draw(sheet: &mut Sheet, view: &ViewModel) {
    for place in &view.layout.cards {
        let topology = &view.topology;
        match &place.card {
            Card::Node(id) => {
                let producer = topology.producers.iter().find(|vm| vm.id == *id);
                let broker = topology.brokers.iter().find(|vm| vm.id == *id);
                let controller = topology.controllers.iter().find(|vm| vm.id == *id);
                if let Some(vm) = producer {
                    draw_producer(sheet, &place.rect, vm);
                } else if let Some(vm) = broker {
                    draw_broker(sheet, &place.rect, vm);
                } else if let Some(vm) = controller {
                    draw_controller(sheet, &place.rect, vm);
                }
            }
            Card::Group(name) => {
                if let Some(vm) = topology.groups.iter().find(|vm| vm.group == *name) {
                    draw_group(sheet, &place.rect, vm);
                }
            }
        }
    }
    for place in &view.layout.members {
        let mut members = view.topology.groups.iter().flat_map(|group| &group.members);
        if let Some(vm) = members.find(|vm| vm.id == place.id) {
            draw_member(sheet, &place.rect, vm);
        }
    }
}

fn draw_producer(sheet: &mut Sheet, rect: &Rect, vm: &ProducerVm) {
    head(sheet, rect, &vm.name, &vm.state, tone(vm.tone));
    for (row, queue) in vm.queues.iter().enumerate() {
        let at = Point::new(rect.x + 12.0, rect.y + 44.0 + row as f32 * 20.0);
        let text = format!("{}  {}", queue.name, queue.note);
        sheet.text(at, 11.0, tone(queue.tone), "start", text.trim());
    }
    sheet.text(
        Point::new(rect.x + 12.0, rect.y + rect.h - 12.0),
        11.0,
        "quiet",
        "start",
        &vm.footer,
    );
}

fn draw_broker(sheet: &mut Sheet, rect: &Rect, vm: &BrokerVm) {
    let note = if vm.note.is_empty() { &vm.rack } else { &vm.note };
    head(sheet, rect, &vm.name, note, "quiet");
}

fn draw_controller(sheet: &mut Sheet, rect: &Rect, vm: &ControllerVm) {
    let colour = if vm.active { "brass" } else { "quiet" };
    head(sheet, rect, &vm.name, &vm.state, colour);
}

fn draw_group(sheet: &mut Sheet, rect: &Rect, vm: &GroupVm) {
    let text = format!("{}  {}", vm.state, vm.detail);
    head(sheet, rect, &vm.group, text.trim(), tone(vm.tone));
}

fn draw_member(sheet: &mut Sheet, rect: &Rect, vm: &MemberVm) {
    sheet.rect(rect, 6.0, "well", Some("line"));
    let y = rect.y + rect.h / 2.0;
    let partitions = vm.partitions.join(" ");
    sheet.text(Point::new(rect.x + 8.0, y - 7.0), 12.0, "ink", "start", &vm.name);
    sheet.text(Point::new(rect.x + 8.0, y + 8.0), 11.0, "quiet", "start", &partitions);
    let lag = format!("lag {}", vm.lag);
    let end = Point::new(rect.x + rect.w - 8.0, y);
    sheet.text(end, 11.0, tone(vm.lag_tone), "end", &lag);
}

/// The card itself with its name and what stands on the right of it.
fn head(sheet: &mut Sheet, rect: &Rect, name: &str, note: &str, colour: &str) {
    sheet.rect(rect, 10.0, "card", Some("edge"));
    sheet.text(Point::new(rect.x + 12.0, rect.y + 18.0), 14.0, "ink", "start", name);
    let right = Point::new(rect.x + rect.w - 12.0, rect.y + 18.0);
    sheet.text(right, 11.0, colour, "end", note);
}

const fn tone(tone: Tone) -> &'static str {
    match tone {
        Tone::Quiet => "quiet",
        Tone::Plain | Tone::Strong => "ink",
        Tone::Good => "green",
        Tone::Agreed => "brass",
        Tone::Bad => "red",
    }
}
