//! The pacer: how much simulated time passes for a span of wall time.
//!
//! While something that matters flies, a flight lasts at least [`FLIGHT`] on screen; when the next thing that matters is far
//! away, the wait is hurried through. Invariant: a pure function of its inputs; nobody reads a clock here.

use crate::ui::PaceWish;
use crate::view_model::clock::PaceKind;
use kafkascope_kernel::{Micros, SimTime};

/// How long a flight lasts on screen at least, in wall time.
pub const FLIGHT: Micros = Micros::from_ms(350);
/// Hurrying eases out: what is left of a wait shrinks by e in this much wall time, so even minutes take 1.5 s or so.
const EASE: Micros = Micros::from_ms(200);
/// Simulated time never passes slower than this many microseconds a second of the wall.
const SLOWEST: u64 = 200;
/// Real time: simulated microseconds a second of the wall.
const REAL: u64 = 1_000_000;

/// The manual speeds, in thousandths of real time.
pub const SPEEDS: [u32; 19] = [
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000,
    200_000, 500_000, 1_000_000,
];

/// What can be seen now, and what comes next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scene {
    /// The shortest of the flights that matter and are under way, from take-off to landing.
    pub shortest_flight: Option<Micros>,
    /// When something that matters can happen next, if nothing flies.
    pub next_at: Option<SimTime>,
}

/// A speed with its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Simulated microseconds a second of the wall.
    pub per_second: u64,
    /// What kind of pace it is.
    pub kind: PaceKind,
}

/// Something that runs, as the pacer drives it: a session.
pub trait Clockwork {
    /// The simulated moment.
    fn now(&self) -> SimTime;
    /// What can be seen at that moment.
    fn scene(&mut self) -> Scene;
    /// Runs until `until`; with `until_visible` it stops at the first event after which something that matters flies.
    /// `false` when it ran out of budget before.
    fn run(&mut self, until: SimTime, until_visible: bool) -> bool;
}

/// The pace for a scene.
pub fn pace(wish: PaceWish, now: SimTime, scene: &Scene) -> Pace {
    match (wish, scene.shortest_flight) {
        (PaceWish::PerMille(speed), _) => {
            let per_second = u64::from(speed.max(1)) * (REAL / 1_000);
            Pace { per_second, kind: PaceKind::Manual }
        }
        (PaceWish::Auto, Some(flight)) => {
            let per_second = flight.scale(REAL, FLIGHT.0).0.clamp(SLOWEST, REAL);
            // What would read as "1/1" is no slowing.
            let kind = if per_second < REAL / 10 * 9 { PaceKind::Slowed } else { PaceKind::Manual };
            Pace { per_second, kind }
        }
        (PaceWish::Auto, None) => hurry(scene.next_at.map(|next| next.since(now))),
    }
}

fn hurry(wait: Option<Micros>) -> Pace {
    let wait = wait.unwrap_or(Micros::ZERO);
    let per_second = wait.scale(REAL, EASE.0).0.max(REAL);
    // Half a second at real speed is no wait that needs a word.
    let kind = if wait.0 > 500_000 { PaceKind::Hurrying } else { PaceKind::Manual };
    Pace { per_second, kind }
}

/// Lets `wall` pass. Where a wait ends and a flight begins within it, each part has its own pace.
pub fn drive(clockwork: &mut impl Clockwork, wish: PaceWish, wall: Micros) -> Pace {
    let mut left = wall;
    let mut pace_now;
    // A frame can hold several waits and flights; a bound keeps it short even if each is tiny.
    for _ in 0..64 {
        let scene = clockwork.scene();
        let before = clockwork.now();
        pace_now = pace(wish, before, &scene);
        let until = before + left.scale(pace_now.per_second, REAL);
        let flying = scene.shortest_flight.is_some() || wish != PaceWish::Auto;
        let until =
            if flying { until } else { scene.next_at.map_or(until, |next| until.min(next)) };
        let kept_up = clockwork.run(until, !flying);
        let passed = clockwork.now().since(before);
        let used = passed.scale(REAL, pace_now.per_second);
        left = Micros(left.0.saturating_sub(used.0));
        if !kept_up {
            return Pace { kind: PaceKind::Behind, ..pace_now };
        }
        if flying || left == Micros::ZERO || passed == Micros::ZERO {
            return pace_now;
        }
    }
    pace(wish, clockwork.now(), &clockwork.scene())
}

/// The next slower or faster manual speed.
pub fn shift(wish: PaceWish, pace: Pace, faster: bool) -> PaceWish {
    let speed = match wish {
        PaceWish::PerMille(speed) => speed,
        PaceWish::Auto => u32::try_from(pace.per_second / 1_000).unwrap_or(u32::MAX).max(1),
    };
    let next = if faster {
        SPEEDS.into_iter().find(|known| *known > speed)
    } else {
        SPEEDS.into_iter().rev().find(|known| *known < speed)
    };
    PaceWish::PerMille(next.unwrap_or(if faster { SPEEDS[SPEEDS.len() - 1] } else { SPEEDS[0] }))
}

/// "1/90", "real time", "20×".
pub fn speed_word(per_second: u64) -> String {
    if per_second == 0 {
        return "still".to_string();
    }
    match per_second {
        950_000..=1_050_000 => "real time".to_string(),
        0..950_000 => format!("1/{}", two_digits((REAL + per_second / 2) / per_second)),
        _ => format!("{}×", two_digits((per_second + REAL / 2) / REAL)),
    }
}

/// Rounded to two digits, so that a word does not flicker.
fn two_digits(value: u64) -> u64 {
    let mut unit = 1;
    while value / unit >= 100 {
        unit *= 10;
    }
    (value + unit / 2) / unit * unit
}

/// What the pace is about, for its sentence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Occasion {
    /// What is worth slowing down for: "an election is visible".
    pub seen: Option<String>,
    /// What is waited for: "broker.session.timeout.ms, 9 s".
    pub awaited: Option<String>,
    /// Whether a record is followed.
    pub following: bool,
}

/// The sentence below the clock.
pub fn pace_word(playing: bool, pace: Pace, occasion: &Occasion) -> String {
    let speed = speed_word(pace.per_second);
    if !playing {
        return "paused".to_string();
    }
    let tail = if occasion.following { " · following a record" } else { "" };
    match pace.kind {
        PaceKind::Paused => "paused".to_string(),
        PaceKind::Manual if speed == "real time" => format!("{speed}{tail}"),
        PaceKind::Manual if speed.starts_with('1') && speed.contains('/') => {
            format!("{speed} of real time{tail}")
        }
        PaceKind::Manual => format!("{speed} real time{tail}"),
        PaceKind::Slowed => match &occasion.seen {
            Some(seen) => format!("slowed for you: {seen} · {speed}"),
            None => format!("{speed} of real time{tail}"),
        },
        PaceKind::Hurrying => match &occasion.awaited {
            Some(awaited) => format!("waiting for {awaited}"),
            None => format!("waiting for what comes next · {speed}"),
        },
        PaceKind::Behind => format!("{speed} asked, as fast as this machine can"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flying(flight: u64) -> Scene {
        Scene { shortest_flight: Some(Micros(flight)), next_at: None }
    }

    fn waiting(ms: u64) -> Scene {
        Scene { shortest_flight: None, next_at: Some(SimTime::from_ms(ms)) }
    }

    #[test]
    fn the_pace_of_every_scene() {
        let table = [
            ("a data centre's flight lasts 350 ms", flying(250), 714, PaceKind::Slowed),
            ("a classroom's flight is real time", flying(900_000), REAL, PaceKind::Manual),
            ("an absurdly short one has a bound", flying(1), SLOWEST, PaceKind::Slowed),
            ("a short wait is real time", waiting(100), REAL, PaceKind::Manual),
            ("nine seconds whirl", waiting(9_000), 45_000_000, PaceKind::Hurrying),
            ("nothing to wait for", Scene::default(), REAL, PaceKind::Manual),
        ];
        for (what, scene, per_second, kind) in table {
            let expected = Pace { per_second, kind };
            assert_eq!(pace(PaceWish::Auto, SimTime::ZERO, &scene), expected, "{what}");
        }
        let own = pace(PaceWish::PerMille(50), SimTime::ZERO, &flying(250));
        assert_eq!((own.per_second, own.kind), (50_000, PaceKind::Manual));
    }

    #[test]
    fn even_five_minutes_pass_in_two_seconds_of_the_wall() {
        for (seconds, at_most) in [(1, 800), (9, 1_300), (45, 1_500), (300, 1_800)] {
            let (mut now, mut wall) = (SimTime::ZERO, 0);
            let next = SimTime::from_ms(seconds * 1_000);
            while now < next {
                let scene = Scene { shortest_flight: None, next_at: Some(next) };
                let step = pace(PaceWish::Auto, now, &scene);
                now += Micros(16_667).scale(step.per_second, REAL);
                wall += 16_667;
            }
            assert!(wall / 1_000 <= at_most, "{seconds} s took {} ms", wall / 1_000);
        }
    }

    /// Flights of 250 µs begin at the given moments.
    struct Toy {
        now: SimTime,
        starts: Vec<u64>,
    }

    impl Toy {
        fn is_flying(&self, at: u64) -> bool {
            self.starts.iter().any(|start| (*start..*start + 250).contains(&at))
        }
    }

    impl Clockwork for Toy {
        fn now(&self) -> SimTime {
            self.now
        }
        fn scene(&mut self) -> Scene {
            let next = self.starts.iter().copied().find(|start| *start > self.now.0);
            let shortest_flight = self.is_flying(self.now.0).then_some(Micros(250));
            Scene { shortest_flight, next_at: next.map(SimTime) }
        }
        fn run(&mut self, until: SimTime, until_visible: bool) -> bool {
            let start = self.starts.iter().copied().find(|start| *start > self.now.0);
            let stop = start.filter(|start| until_visible && *start <= until.0);
            self.now = stop.map_or(until, SimTime);
            true
        }
    }

    #[test]
    fn no_flight_is_skipped_between_two_frames() {
        let mut toy = Toy { now: SimTime::ZERO, starts: vec![5_000, 2_000_000, 2_000_100] };
        let mut frames_in_flight = 0;
        for _ in 0..200 {
            drive(&mut toy, PaceWish::Auto, Micros(16_667));
            frames_in_flight += usize::from(toy.is_flying(toy.now.0));
        }
        // 250 µs and 350 µs of flight at 1/1400, seen at 60 frames a second.
        assert!((48..=56).contains(&frames_in_flight), "{frames_in_flight}");
    }

    #[test]
    fn words_tell_the_speed_and_its_reason() {
        let occasion = Occasion {
            seen: Some("an election is visible".into()),
            awaited: Some("broker.session.timeout.ms, 9 s".into()),
            following: true,
        };
        let table = [
            (11_111, PaceKind::Slowed, "slowed for you: an election is visible · 1/90"),
            (45_000_000, PaceKind::Hurrying, "waiting for broker.session.timeout.ms, 9 s"),
            (25_000, PaceKind::Manual, "1/40 of real time · following a record"),
            (REAL, PaceKind::Manual, "real time · following a record"),
            (20_000_000, PaceKind::Manual, "20× real time · following a record"),
        ];
        for (per_second, kind, word) in table {
            assert_eq!(pace_word(true, Pace { per_second, kind }, &occasion), word);
        }
        assert_eq!(speed_word(714), "1/1400");
        assert_eq!(speed_word(1_000), "1/1000");
    }

    #[test]
    fn speeds_step_through_the_table_and_stop_at_its_ends() {
        let auto = Pace { per_second: 714, kind: PaceKind::Slowed };
        assert_eq!(shift(PaceWish::Auto, auto, true), PaceWish::PerMille(2));
        assert_eq!(shift(PaceWish::PerMille(1_000), auto, false), PaceWish::PerMille(500));
        assert_eq!(shift(PaceWish::PerMille(1_000_000), auto, true), PaceWish::PerMille(1_000_000));
        assert_eq!(shift(PaceWish::PerMille(1), auto, false), PaceWish::PerMille(1));
    }
}
