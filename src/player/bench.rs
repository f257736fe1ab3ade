//! The page measures itself, for `cargo xtask bench`.
//!
//! Offered as `window.kafkascopeBench`: simulation alone, going back, frames of the open scenario, and painting of many tokens.
//! Given the text of a scenario, it tells how much faster than real time that one is simulated.
//! Invariant: it works on a session and a canvas of its own; the page that is shown does not change.

use super::{Player, shipped};
use crate::paint::Painter;
use crate::platform::wall;
use js_sys::{Object, Promise, Reflect};
use kafkascope_kernel::{Micros, SimTime};
use kafkascope_model::ids::{MsgId, NodeId};
use kafkascope_model::trace::{Fact, SendResult};
use kafkascope_model::world::{Observe, World};
use kafkascope_scenario::{Tables, load};
use kafkascope_session::{Script, Session};
use kafkascope_view::DrawList;
use kafkascope_view::draw::Capsule;
use kafkascope_view::layout::{Mode, Point, Viewport};
use kafkascope_view::view_model::Face;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};

/// How long the simulation runs alone.
const RUN_FOR: Micros = Micros(2_000_000);
/// Simulated time until everybody in a given scenario reads and writes.
const WARM: Micros = Micros(12_000_000);
/// Simulated time of a given scenario that is measured.
const SPAN: Micros = Micros(2_000_000);
/// Simulated time of a given scenario whose records are counted, one by one.
const COUNTED: Micros = Micros(200_000);
/// Frames measured for each scene.
const FRAMES: usize = 240;
/// The stage that is painted.
const STAGE: (f32, f32) = (1_440.0, 680.0);

/// Offers the function.
pub fn offer() {
    let Some(window) = web_sys::window() else { return };
    let ask = Closure::<dyn Fn(JsValue) -> Promise>::new(|scenario: JsValue| {
        Promise::resolve(&scenario.as_string().map_or_else(measure, |text| pace(&text)))
    });
    let _ = Reflect::set(&window, &"kafkascopeBench".into(), ask.as_ref());
    ask.forget();
}

fn measure() -> JsValue {
    let answer = Object::new();
    let scenarios = shipped();
    let Some(first) = scenarios.first() else { return answer.into() };
    let Ok(script) = first.script() else { return answer.into() };
    if let Ok(mut session) = Session::open(script) {
        simulation(&mut session, &answer);
        going_back(&mut session, &answer);
    }
    if let Ok(player) = Player::open(first) {
        frames(player, &answer);
    }
    for tokens in [200, 1_000, 3_000] {
        if let Some(times) = painting(tokens) {
            put_times(&answer, &format!("paint of {tokens} tokens, ms"), times);
        }
    }
    answer.into()
}

/// As many events as happen in two seconds of the wall.
fn simulation(session: &mut Session, answer: &Object) {
    let (began, from) = (wall(), session.now());
    let handled = session.world().events_handled();
    while wall().0 - began.0 < RUN_FOR.0 {
        session.advance(session.now() + Micros::from_ms(60_000), 20_000);
    }
    let seconds = (wall().0 - began.0) as f64 / 1e6;
    let events = (session.world().events_handled() - handled) as f64;
    put(answer, "simulated events per second", (events / seconds).round());
    put(
        answer,
        "simulated seconds per second",
        (session.now().since(from).0 as f64 / 1e6 / seconds).round(),
    );
}

/// How a given scenario goes, with nothing written down.
fn pace(text: &str) -> JsValue {
    let answer = Object::new();
    let Some(mut world) = load(text, &Tables::web()).ok().and_then(|it| at_work(&it.script)) else {
        return "the scenario does not load".into();
    };
    let (began, from) = (wall(), world.events_handled());
    world.run_until(world.now() + SPAN);
    let took = (wall().0 - began.0) as f64;
    put(&answer, "times faster than real time", SPAN.0 as f64 / took);
    put(&answer, "events per second", (world.events_handled() - from) as f64 * 1e6 / took);
    world.set_observe(Observe { facts: true, network: false, exchanges: false });
    world.run_until(world.now() + COUNTED);
    let acked = |fact: &Fact| matches!(fact, Fact::SendDone { result: SendResult::Acked(_), .. });
    let count = world.take_facts().iter().filter(|event| acked(&event.fact)).count();
    put(&answer, "acknowledged a simulated second", count as f64 * 1e6 / COUNTED.0 as f64);
    answer.into()
}

fn at_work(script: &Script) -> Option<World> {
    let mut world = World::new(script.spec.clone());
    world.set_observe(Observe { facts: false, network: false, exchanges: false });
    for command in &script.setup {
        world.submit(command).ok()?;
    }
    for entry in &script.entries {
        world.run_until(entry.at);
        world.submit(&entry.command).ok()?;
    }
    world.run_until(world.now() + WARM);
    Some(world)
}

fn going_back(session: &mut Session, answer: &Object) {
    let began = wall();
    let copy = session.world().clone();
    put(answer, "snapshot, ms", (wall().0 - began.0) as f64 / 1e3);
    drop(copy);
    let opens = session.script().opens_at.0;
    let span = session.head().0 - opens;
    let mut times = Vec::new();
    for step in 1..=16_u64 {
        let began = wall();
        session.seek(SimTime(opens + span * (step * 7 % 16) / 16));
        times.push((wall().0 - began.0) as f64 / 1e3);
    }
    put_times(answer, "seek, ms", times);
}

/// The open scenario at work: simulating, projecting, drawing, painting.
fn frames(mut player: Player, answer: &Object) {
    let Some(mut painter) = canvas().and_then(Painter::new) else { return };
    player.ui.viewport = Viewport { width: STAGE.0, height: STAGE.1, mode: Mode::Wide };
    player.play(true);
    let mut times = Vec::new();
    for frame in 0..FRAMES as u64 {
        let began = wall();
        player.frame(Micros(16_667), Micros(frame * 16_667 + 1));
        painter.paint(player.list(), STAGE);
        times.push((wall().0 - began.0) as f64 / 1e3);
    }
    put_times(answer, "script of a frame at work, ms", times);
}

/// Painting alone, with this many capsules in flight.
fn painting(tokens: usize) -> Option<Vec<f64>> {
    let mut painter = Painter::new(canvas()?)?;
    let mut list = DrawList::default();
    let mut times = Vec::new();
    for frame in 0..FRAMES {
        let began = wall();
        fill(&mut list, tokens, frame);
        painter.paint(&list, STAGE);
        times.push((wall().0 - began.0) as f64 / 1e3);
    }
    Some(times)
}

fn fill(list: &mut DrawList, tokens: usize, frame: usize) {
    list.clear();
    for index in 0..tokens {
        let along = ((index * 37 + frame * 3) % 1_400) as f32;
        let at = Point { x: 20.0 + along, y: 10.0 + (index % 66) as f32 * 10.0 };
        list.faces.push(Face::of_key(index));
        list.capsules.push(Capsule {
            msg: MsgId(index as u64),
            at,
            first: index as u32,
            len: 1,
            more: 0,
            cell: 14.0,
            halo: false,
            ends: (NodeId(1), NodeId(2)),
        });
    }
}

fn canvas() -> Option<web_sys::HtmlCanvasElement> {
    let document = web_sys::window()?.document()?;
    document.create_element("canvas").ok()?.dyn_into().ok()
}

fn put_times(answer: &Object, name: &str, mut times: Vec<f64>) {
    times.sort_by(f64::total_cmp);
    let at = |share: usize| times.get(times.len() * share / 100).copied().unwrap_or_default();
    let both = Object::new();
    put(&both, "median", at(50));
    put(&both, "p95", at(95));
    let _ = Reflect::set(answer, &name.into(), &both);
}

fn put(answer: &Object, name: &str, value: f64) {
    let rounded = (value * 1_000.0).round() / 1_000.0;
    let _ = Reflect::set(answer, &name.into(), &rounded.into());
}
