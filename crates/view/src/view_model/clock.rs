//! Simulated time with a word on its pace.
//!
//! Invariant: the time is exact to the microsecond; pace is the only thing here that depends on the wall.

use super::Text;
use kafkascope_kernel::SimTime;

/// The clock, and the two places of the timeline that move with it.
#[derive(Clone, Debug, PartialEq)]
pub struct ClockVm {
    /// The moment.
    pub at: SimTime,
    /// `00:00:16.731 440`.
    pub time: Text,
    /// "slowed for you: an election is visible · 1/90".
    pub pace: Text,
    /// What kind of pace that is.
    pub kind: PaceKind,
    /// Whether time runs.
    pub playing: bool,
    /// Where the moment is on the timeline, 0 to 1.
    pub position: f32,
    /// Where the newest computed moment is on the timeline, 0 to 1.
    pub head: f32,
}

/// What kind of pace it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PaceKind {
    /// Time stands still.
    #[default]
    Paused,
    /// The user's own speed.
    Manual,
    /// Slowed down, because something can be seen.
    Slowed,
    /// Whirling through a wait.
    Hurrying,
    /// The simulation cannot keep up with the wish.
    Behind,
}

impl Default for ClockVm {
    fn default() -> Self {
        Self {
            at: SimTime::ZERO,
            time: time_text(SimTime::ZERO).into(),
            pace: "paused".into(),
            kind: PaceKind::Paused,
            playing: false,
            position: 0.0,
            head: 0.0,
        }
    }
}

/// `00:00:16.731 440`: hours, minutes, seconds, milliseconds, microseconds. The page writes it every frame.
pub fn time_text(at: SimTime) -> String {
    let (seconds, micros) = (at.0 / 1_000_000, at.0 % 1_000_000);
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
    format!(
        "{hours:02}:{minutes:02}:{:02}.{:03} {:03}",
        seconds % 60,
        micros / 1_000,
        micros % 1_000
    )
}

/// `16.520`: seconds with milliseconds, for lists of moments.
pub fn short_time(at: SimTime) -> String {
    format!("{}.{:03}", at.0 / 1_000_000, at.0 / 1_000 % 1_000)
}

/// `7.476 902`: seconds with microseconds, for the stages of one record.
pub fn stage_time(at: SimTime) -> String {
    format!("{} {:03}", short_time(at), at.0 % 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_read_as_on_a_clock() {
        let at = SimTime(16_731_440);
        assert_eq!(time_text(at), "00:00:16.731 440");
        assert_eq!(short_time(at), "16.731");
        assert_eq!(stage_time(at), "16.731 440");
        assert_eq!(time_text(SimTime(3_723_000_007)), "01:02:03.000 007");
    }
}
