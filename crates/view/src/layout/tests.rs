//! Stories of the layout: the same x is the same offset, and nothing overlaps, on every screen.

use super::*;
use kafkascope_model::ids::TopicId;

const WIDTHS: [(f32, f32); 6] = [
    (320.0, 560.0),
    (390.0, 700.0),
    (768.0, 900.0),
    (960.0, 600.0),
    (1440.0, 680.0),
    (1920.0, 900.0),
];

fn partitions(count: i32) -> Vec<TopicPartition> {
    (0..count).map(|index| TopicPartition::new(TopicId(1), index)).collect()
}

fn cluster(brokers: i32, tps: i32, producers: i32, groups: &[usize]) -> Shape {
    let members = |group: usize, count: usize| {
        (0..count).map(|n| NodeId(2_000 + (group * 100 + n) as i32)).collect::<Vec<_>>()
    };
    Shape {
        producers: (0..producers).map(|n| (NodeId(1_001 + n), partitions(tps))).collect(),
        brokers: (1..=brokers).map(|id| (NodeId(id), partitions(tps))).collect(),
        controllers: vec![NodeId(100)],
        groups: (0..).zip(groups).map(|(g, n)| (format!("g{g}").into(), members(g, *n))).collect(),
    }
}

fn shapes() -> Vec<Shape> {
    vec![
        cluster(1, 1, 1, &[1]),
        cluster(3, 3, 2, &[2, 1]),
        cluster(3, 12, 3, &[4, 2, 1]),
        cluster(6, 6, 1, &[6]),
        cluster(12, 20, 4, &[1, 1, 1, 1]),
        Shape::default(),
    ]
}

fn layouts() -> Vec<(Shape, ClusterLayout)> {
    let mut all = Vec::new();
    for shape in shapes() {
        for (width, height) in WIDTHS {
            let viewport = Viewport { width, height, mode: Mode::fitting(width) };
            all.push((shape.clone(), arrange(&shape, &viewport)));
        }
        let projector = Viewport { width: 1920.0, height: 1_000.0, mode: Mode::Projector };
        all.push((shape.clone(), arrange(&shape, &projector)));
    }
    all
}

#[test]
fn the_same_x_is_the_same_offset_in_every_replica() {
    for (_, layout) in layouts() {
        for tape in &layout.tapes {
            let twin = layout.tapes.iter().find(|other| other.tp == tape.tp).unwrap();
            assert_eq!(tape.offset_x(131, 120), twin.offset_x(131, 120));
            assert_eq!((tape.pitch, tape.capacity), (twin.pitch, twin.capacity));
        }
    }
}

#[test]
fn nothing_overlaps_and_nothing_leaves_the_stage() {
    for (_, layout) in layouts() {
        let stage = Rect::new(0.0, 0.0, layout.width, layout.height + 0.01);
        let rests = layout.left_rest.iter().chain(&layout.right_rest).copied();
        let rects: Vec<_> = layout.cards.iter().map(|card| card.rect).chain(rests).collect();
        for (index, rect) in rects.iter().enumerate() {
            assert!(stage.contains(rect), "{rect:?} in {stage:?}");
            for other in &rects[index + 1..] {
                assert!(!rect.overlaps(other), "{rect:?} {other:?} at {}", layout.width);
            }
        }
    }
}

#[test]
fn tapes_lie_within_their_broker_and_apart() {
    for (_, layout) in layouts() {
        for tape in &layout.tapes {
            let card = layout.card(&Card::Node(tape.broker)).unwrap().rect;
            assert!(card.contains(&tape.rect), "{tape:?} in {card:?}");
            assert!(card.contains(&tape.tab) && card.contains(&tape.name));
            assert!(!tape.tab.overlaps(&tape.rect) && !tape.name.overlaps(&tape.tab));
            let last = tape.offset_x(i64::from(tape.capacity), 0) - (tape.pitch - tape.cell);
            assert!(last <= tape.rect.right() + 0.01);
        }
        for (index, tape) in layout.tapes.iter().enumerate() {
            assert!(layout.tapes[index + 1..].iter().all(|other| !other.rect.overlaps(&tape.rect)));
        }
    }
}

#[test]
fn every_member_is_in_its_groups_card_and_every_client_reaches_every_broker() {
    for (shape, layout) in layouts() {
        for (group, members) in &shape.groups {
            let card = layout.card(&Card::Group(group.clone())).unwrap().rect;
            for id in members {
                assert!(card.contains(&layout.member(*id).unwrap().rect));
                assert!(shape.brokers.iter().all(|(b, _)| layout.way(*b, *id).is_some()));
            }
        }
        for (producer, _) in &shape.producers {
            assert!(shape.brokers.iter().all(|(b, _)| layout.way(*producer, *b).is_some()));
        }
    }
}

#[test]
fn a_phone_shows_cells_and_a_desk_shows_more_of_them() {
    let capacity = |width: f32| {
        let viewport = Viewport { width, height: 680.0, mode: Mode::fitting(width) };
        arrange(&cluster(3, 3, 2, &[2, 1]), &viewport).tapes[0].capacity
    };
    assert!(capacity(320.0) >= 8);
    assert!(capacity(390.0) >= 12);
    assert!(capacity(1440.0) >= 20);
}

#[test]
fn hundreds_of_partitions_become_bands() {
    let viewport = Viewport { width: 1440.0, height: 680.0, mode: Mode::Wide };
    assert_eq!(arrange(&cluster(12, 20, 4, &[1]), &viewport).tapes[0].capacity, 0);
}

#[test]
fn a_callout_never_covers_what_it_is_about() {
    for (_, layout) in layouts() {
        for tape in &layout.tapes {
            let (rect, leg) = callout::place(&layout, tape.tab, (420.0, 60.0));
            assert!(!rect.overlaps(&tape.tab));
            assert!(rect.x >= 0.0 && rect.right() <= layout.width);
            assert!(tape.tab.x <= leg.x && leg.x <= tape.rect.right());
        }
    }
}
