//! The model's requests beside the recorded ones: who asked whom for what, in which order, and with which error.
//!
//! Compared are tracks: what one client asked of one broker, as (API, error code), aligned by their longest common
//! subsequence. Left to chance, and therefore merged: *which* broker a client asks what every broker can answer, which broker
//! asks the controller for producer ids or an internal topic, and how often idle requests (fetches, heartbeats, metadata)
//! repeat between two others. Invariant: both sides go through the same rules.

mod align;
mod line;
mod recorder;
mod track;

use crate::golden::{GoldenRun, Watch, play_on};
use crate::problem::{Problem, json};
use crate::wire::Wire;
use align::Side;
use kafkascope_kernel::Seed;
use line::Line;
use std::fmt::Write;
use track::Tracks;

/// How far the model's requests are the recorded ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agreement {
    /// Requests found on both sides, in the same order.
    pub agreed: usize,
    /// Requests of the longer side, summed over all tracks.
    pub total: usize,
    /// One line, and what differs below it.
    pub report: String,
}

impl Agreement {
    /// The share that agrees, in tenths of a percent, rounded down.
    pub fn per_mille(&self) -> usize {
        (self.agreed * 1_000).checked_div(self.total).unwrap_or(1_000)
    }

    /// The share as people write it.
    pub fn percent(&self) -> String {
        format!("{}.{} %", self.per_mille() / 10, self.per_mille() % 10)
    }
}

/// Plays `run` and compares its requests with `recorded`, the text of its trace. `seed` decides, or the first one after it
/// under which the run's steps agree: requests of another course of events are no yardstick.
pub fn compare(run: &GoldenRun, recorded: &str, seed: Seed) -> Result<Agreement, Problem> {
    let recorded = Tracks::of(read(recorded)?);
    let seed = crate::conform::agreeing_seed(run, seed).unwrap_or(seed);
    let modelled = Tracks::of(played(run, seed)?);
    Ok(agreement(&run.name, &recorded, &modelled))
}

/// The lines of a recorded trace.
fn read(text: &str) -> Result<Vec<Line>, Problem> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let parsed = lines.map(|(at, line)| {
        let place = |problem: Problem| problem.below(&format!("/{at}"));
        Line::of(&json(line).map_err(place)?).map_err(place)
    });
    parsed.collect()
}

/// The lines that the recorder would have written of the model's run.
fn played(run: &GoldenRun, seed: Seed) -> Result<Vec<Line>, Problem> {
    let (stage, _) = play_on(run, seed, Watch::Exchanges);
    let stage = stage.ok_or_else(|| Problem::at("/cluster", "this cluster cannot be built"))?;
    let wire = Wire::new(&stage.world, stage.begin);
    let lines = stage.world.exchanges().iter().filter(|exchange| exchange.response.is_some());
    let lines: Result<Vec<Line>, _> = lines.map(|one| Line::of(&wire.line(one))).collect();
    Ok(recorder::kept(lines?))
}

fn agreement(name: &str, recorded: &Tracks, modelled: &Tracks) -> Agreement {
    let mut sum = Agreement::default();
    let mut details = String::new();
    for key in recorded.keys_with(modelled) {
        let (one, other) = (recorded.track(&key), modelled.track(&key));
        let sides = align::align(one, other);
        let agreed = sides.iter().filter(|side| matches!(side, Side::Both)).count();
        let total = one.len().max(other.len());
        sum.agreed += agreed;
        sum.total += total;
        if agreed < total {
            let _ = writeln!(details, "  {key}: {agreed} of {total}");
            sides.iter().for_each(|side| tell(&mut details, side));
        }
    }
    let (agreed, total) = (sum.agreed, sum.total);
    sum.report = format!("{name}: {} ({agreed} of {total} requests)\n{details}", sum.percent());
    sum
}

fn tell(details: &mut String, side: &Side<'_>) {
    let (who, line) = match side {
        Side::Both => return,
        Side::Recorded(line) => ("only recorded", line),
        Side::Modelled(line) => ("only modelled", line),
    };
    let Line { api, error, t_ms, to, .. } = line;
    let _ = writeln!(details, "    {who}: {api} {error} to {to} at {t_ms} ms");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(rows: &[(&str, i64, &str, i64)]) -> Tracks {
        let line = |(from, to, api, error): &(&str, i64, &str, i64)| {
            let response = serde_json::json!({ "topics": [{ "errorCode": error }] });
            serde_json::json!({
                "t_ms": 1, "took_ms": 0.5, "to": to, "from": from, "api": api, "version": 1,
                "request": {}, "response": response,
            })
            .to_string()
        };
        let text: Vec<String> = rows.iter().map(line).collect();
        Tracks::of(read(&text.join("\n")).expect("well-formed"))
    }

    #[test]
    fn repeats_and_the_choice_of_a_bootstrap_broker_do_not_count() {
        let one = [
            ("p", 1, "METADATA", 0),
            ("p", 1, "METADATA", 0),
            ("p", 2, "PRODUCE", 6),
            ("p", 2, "PRODUCE", 0),
        ];
        let other = [("p", 3, "METADATA", 0), ("p", 2, "PRODUCE", 6), ("p", 2, "PRODUCE", 0)];
        let told = agreement("run", &trace(&one), &trace(&other));
        assert_eq!(told.report, "run: 100.0 % (3 of 3 requests)\n");
    }

    #[test]
    fn which_voter_leads_the_quorum_does_not_count() {
        let led_by = |leader: i64, other: i64| {
            let names = [format!("raft-client-{other}"), "1".into()];
            let rows =
                [(&*names[0], leader, "FETCH", 0), (&*names[1], leader, "ALTER_PARTITION", 0)];
            trace(&rows)
        };
        let told = agreement("run", &led_by(102, 100), &led_by(100, 102));
        assert_eq!(told.report, "run: 100.0 % (2 of 2 requests)\n");
    }

    #[test]
    fn what_differs_is_told_with_its_place() {
        let one = [("p", 1, "PRODUCE", 6), ("p", 1, "PRODUCE", 0)];
        let other = [("p", 1, "PRODUCE", 0), ("p", 1, "PRODUCE", 7)];
        let told = agreement("run", &trace(&one), &trace(&other));
        assert_eq!(
            told.report,
            "run: 50.0 % (1 of 2 requests)\n  p > 1: 1 of 2\n    \
             only recorded: PRODUCE 6 to 1 at 1 ms\n    only modelled: PRODUCE 7 to 1 at 1 ms\n"
        );
    }
}
