//! sample
use kafkascope_view::layout::{self, *, cluster::Shape};
use kafkascope_view::view_model::{*, topology::*, keys::*, ledger::*, narration::*, timeline::*, clock::*};
use kafkascope_view::{UiState, DrawList, draw};
use kafkascope_view::ui::Selection;
use kafkascope_model::ids::*;
use kafkascope_kernel::SimTime;
use std::rc::Rc;
fn tp(p: i32) -> TopicPartition { TopicPartition::new(TopicId(1), p) }
pub fn view(ui: &UiState) -> ViewModel {
    let tps: Vec<_> = (0..3).map(tp).collect();
    let shape = Shape {
        producers: vec![(NodeId(1001), tps.clone()), (NodeId(1002), tps.clone())],
        brokers: (1..=3).map(|b| (NodeId(b), tps.clone())).collect(),
        controllers: (100..103).map(NodeId).collect(),
        groups: vec![("dispatch".into(), vec![NodeId(1003), NodeId(1004)]), ("analytics".into(), vec![NodeId(1005)])],
    };
    let lay = layout::arrange(&shape, &ui.viewport);
    let keys = ["Alice", "Bob", "Chen", "Dana", "Eli", "Fay"];
    let cellv = |p: i32, o: i64, look| CellVm { offset: o, record: RecordId((1001u64 << 32) | (p as u64 * 1000 + o as u64)), face: Face::of_key(((o * 7 + o / 3) as usize % 2) + 2 * p as usize), look, selected: false };
    let brokers = (1..=3).map(|b| {
        let tapes = tps.iter().map(|t| {
            let place = lay.tape(NodeId(b), *t).copied();
            let cap = place.map_or(20, |p| p.capacity).max(1);
            let leader = t.partition + 1 == b;
            let down = false;
            let end = 131 - 7 * i64::from(t.partition) - if leader { 0 } else { i64::from(b) % 2 };
            let first = (134 - 7 * i64::from(t.partition)) - i64::from(cap) + 1;
            let hw = end - 1;
            Rc::new(TapeVm { tp: *t, name: format!("trips-{}", t.partition).into(), short_name: format!("t-{}", t.partition).into(), role: if leader { Role::Leader } else { Role::InSync }, tab: if leader { format!("L e{}", b).into() } else { "isr".into() }, window_first: first, capacity: cap,
                cells: (first..end).map(|o| cellv(t.partition, o, if down { CellLook::Faded } else if o >= hw { CellLook::Dashed } else { CellLook::Solid })).collect(),
                high_watermark: hw, log_end: end, log_start: 0, last_stable: None, ruler: (first..first + i64::from(cap)).filter(|o| o % 5 == 0).collect(),
                pennants: if leader { vec![PennantVm { group: "dispatch".into(), letter: "D".into(), hue: 0, position: hw - 3, committed: None }, PennantVm { group: "analytics".into(), letter: "A".into(), hue: 1, position: hw - 8, committed: None }] } else { vec![] }, band: None, glow: false, selected: false })
        }).collect();
        Rc::new(BrokerVm { id: NodeId(b), name: format!("broker {b}").into(), rack: format!("rack {}", (b'a' + b as u8 - 1) as char).into(), status: BrokerStatus::Active, controller: false, note: "".into(), tapes, coordinates: vec![], selected: ui.selection == Selection::Node(NodeId(b)) })
    }).collect();
    let producers = [("rider-app", 1001), ("driver-app", 1002)].map(|(n, id)| Rc::new(ProducerVm { id: NodeId(id), name: n.into(), state: "producer · 4 trips a second".into(), tone: Tone::Quiet, queues: tps.iter().map(|t| QueueVm { tp: *t, name: format!("trips-{}", t.partition).into(), cells: (0..i64::from(2 - t.partition)).map(|o| cellv(t.partition, o, CellLook::Solid)).collect(), more: 0, note: if t.partition == 0 { "linger 3 ms".into() } else { "".into() }, tone: Tone::Quiet }).collect(), footer: "acks=all · idempotent".into(), status: ProcessStatus::Running, selected: false })).into();
    let member = |id, n: &str, ps: &[i32], lag| MemberVm { id: NodeId(id), name: n.into(), hue: 0, partitions: ps.iter().map(|p| Text::from(format!("trips-{p}"))).collect(), state: "polls every 0.5 s".into(), lag, lag_tone: if lag > 10 { Tone::Bad } else { Tone::Plain }, in_hand: vec![Face::of_key(1)], status: ProcessStatus::Running, selected: false };
    let group = |n: &str, l: &str, hue, members| Rc::new(GroupVm { group: n.into(), letter: l.into(), hue, detail: "generation 6 · range".into(), state: "Stable".into(), tone: Tone::Good, members, lag: 4, coordinator: None, selected: false });
    let mut wires = vec![];
    for c in [1001, 1002, 1003, 1004, 1005] { for b in 1..=3 { if let Some(curve) = lay.client_way(NodeId(c), NodeId(b), Some(tp(b - 1))) { wires.push(WireVm { client: NodeId(c), broker: NodeId(b), tp: Some(tp(b - 1)), look: WireLook::Faint, curve }); } } }
    let topology = TopologyVm { title: Text2 { main: "Ride-share".into(), quiet: "3 brokers · RF 3 · acks=all".into() }, producers, brokers, controllers: (100..103).map(|i| Rc::new(ControllerVm { id: NodeId(i), name: format!("controller {i}").into(), active: i == 100, state: if i == 100 { "leader, epoch 1".into() } else { "follower".into() }, status: ProcessStatus::Running, selected: false })).collect(), groups: vec![group("dispatch", "D", 0, vec![member(1003, "dispatch-1", &[0, 1], 3), member(1004, "dispatch-2", &[2], 1)]), group("analytics", "A", 1, vec![member(1005, "analytics-1", &[0, 1, 2], 16)])], wires, partitions_hidden: 0 };
    ViewModel { layout: Rc::new(lay), topology: Rc::new(topology), clock: Rc::new(ClockVm { at: SimTime(7_482_106), time: time_text(SimTime(7_482_106)).into(), pace: "1/40 of real time · following a record".into(), kind: PaceKind::Slowed, playing: ui.playing, position: 0.37, head: 0.5 }),
        narration: Rc::new(NarrationVm { lines: [("7.301", "dispatch-1 committed trips-0 up to 126.", Tone::Quiet), ("7.440", "broker 2 fetched trips-0 from offset 130: its log now ends at 130.", Tone::Plain), ("7.476", "rider-app called send(): Alice, trip requested → murmur2 → trips-0.", Tone::Plain), ("7.482", "The batch (3 records, 214 B) is on its way to broker 1, leader of trips-0.", Tone::Strong)].iter().enumerate().map(|(i, (t, s, tone))| Rc::new(SentenceVm { seq: i as u64, at: SimTime(7_000_000 + i as u64), time: (*t).into(), text: (*s).into(), tone: *tone, about: Selection::None })).collect(), earlier: 0 }),
        timeline: Rc::new(TimelineVm { until: SimTime(20_000_000), marks: vec![MarkVm { at: SimTime(2_400_000), x: 0.12, seq: 4, kind: MarkKind::Rebalance, label: "dispatch-2 joins".into(), title: "dispatch-2 joins".into(), count: 1 }, MarkVm { at: SimTime(6_000_000), x: 0.3, seq: 9, kind: MarkKind::Isr, label: "".into(), title: "isr".into(), count: 1 }], ticks: (0..6).map(|i| TickVm { x: i as f32 / 5.0, text: format!("{} s", i * 4).into() }).collect(), branches: vec![], branch: "main".into() }),
        inspector: None, record: None, why: None,
        ledger: Rc::new(LedgerVm { rows: [("acknowledged", "57", Tone::Plain), ("acknowledged and lost", "0", Tone::Good), ("duplicated", "0", Tone::Good)].map(|(l, v, t)| CountVm { label: l.into(), value: v.into(), tone: t, question: None }).into(), ..LedgerVm::default() }),
        keys: Rc::new(KeysVm { entries: keys.iter().enumerate().map(|(i, k)| KeyVm { face: Face::of_key(i), name: (*k).into(), partition: "".into() }).collect(), more: 0, rule: "murmur2(key) mod 3".into() }), callout: None }
}
pub fn list(v: &ViewModel) -> DrawList {
    let mut l = DrawList::default();
    if let Some(c) = v.layout.client_way(NodeId(1001), NodeId(1), Some(tp(0))) {
        l.faces = vec![Face::of_key(0), Face::of_key(0), Face::of_key(3)];
        l.capsules.push(draw::Capsule { msg: MsgId(1), at: c.at(0.5), first: 0, len: 3, more: 0, cell: 16.0, halo: true, ends: (NodeId(1001), NodeId(1)) });
        l.rings.push(draw::Ring { msg: MsgId(2), at: c.at(0.8), halo: false });
    }
    l
}
