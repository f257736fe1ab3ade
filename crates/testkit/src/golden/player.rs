//! Plays a recording: every step in its turn, every answer compared with the recorded one.
//!
//! Invariant: a step passes only if it was carried out by the model and its answer is the recorded one, outside of what the
//! recording itself says to vary; what could not be carried out is told, never skipped.

use super::action::Action;
use super::left_out;
use super::script::{GoldenRun, Step};
use super::stage::{Stage, Stop, Watch};
use super::steps;
use crate::diff::Diff;
use kafkascope_kernel::{Micros, Seed};
use serde_json::{Value, json};

/// What became of one step.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// As recorded.
    Passed,
    /// Carried out, with another answer.
    Differs(Diff),
    /// Could not be carried out; nothing after it was tried.
    Stopped(Stop),
}

/// What became of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Played {
    /// One verdict for each step that was tried.
    pub verdicts: Vec<Verdict>,
    /// How many steps the run has.
    pub steps: usize,
    /// Why the cluster could not even be built.
    pub stillborn: Option<Stop>,
}

impl Played {
    /// Whether every step could be carried out.
    pub fn was_played_through(&self) -> bool {
        let stopped = |verdict: &Verdict| matches!(verdict, Verdict::Stopped(_));
        self.stillborn.is_none() && !self.verdicts.iter().any(stopped)
    }

    /// Whether every step was carried out and agreed.
    pub fn passed(&self) -> bool {
        self.stillborn.is_none()
            && self.verdicts.len() == self.steps
            && self.verdicts.iter().all(|verdict| *verdict == Verdict::Passed)
    }
}

/// Plays a run on a world of its own.
pub fn play(run: &GoldenRun, seed: Seed) -> Played {
    play_on(run, seed, Watch::Steps).1
}

/// Plays a run and hands out the stage as it was at the end.
pub fn play_on(run: &GoldenRun, seed: Seed, watch: Watch) -> (Option<Stage>, Played) {
    let steps = run.steps.len();
    let mut stage = match Stage::open(run, seed, watch) {
        Ok(stage) => stage,
        Err(stop) => {
            return (None, Played { verdicts: Vec::new(), steps, stillborn: Some(stop) });
        }
    };
    let mut verdicts = Vec::new();
    for (at, step) in run.steps.iter().enumerate() {
        stage.advance_to(stage.moment(begins_at(step, run.steps.get(at + 1))));
        let verdict = perform(&mut stage, step);
        let over = matches!(verdict, Verdict::Stopped(_));
        verdicts.push(verdict);
        if over {
            break;
        }
    }
    (Some(stage), Played { verdicts, steps, stillborn: None })
}

fn perform(stage: &mut Stage, step: &Step) -> Verdict {
    let outcome = if step.eventually { eventually(stage, step) } else { once(stage, step) };
    match outcome {
        Ok(diff) if diff.is_empty() => Verdict::Passed,
        Ok(diff) => Verdict::Differs(diff),
        Err(stop) => Verdict::Stopped(stop),
    }
}

/// When a step begins. A client's threads run when its constructor is through, which takes a Java process most of the step:
/// then together with the next step, if that follows at once.
fn begins_at(step: &Step, next: Option<&Step>) -> u64 {
    if !matches!(step.action, Action::Producer(_) | Action::Member(_)) {
        return step.t_ms;
    }
    let over = step.t_ms + step.took_ms;
    next.map_or(
        over,
        |next| if next.t_ms <= over + ROUNDING_MS { next.t_ms.max(over) } else { over },
    )
}

/// Times are cut to whole milliseconds: a step's end, told by two of them, may be so much later.
const ROUNDING_MS: u64 = 2;

fn once(stage: &mut Stage, step: &Step) -> Result<Diff, Stop> {
    steps::carry_out(stage, step).map(|answer| judge(stage, step, &answer))
}

/// How long the recorder slept between two askings.
const ASK_AGAIN: Micros = Micros::from_ms(250);

/// The shortest time that is given to a cluster to get where the recorded one got.
const PATIENCE_AT_LEAST_MS: u64 = 120_000;

fn eventually(stage: &mut Stage, step: &Step) -> Result<Diff, Stop> {
    let patience = Micros::from_ms((step.took_ms * 10).max(PATIENCE_AT_LEAST_MS));
    let until = stage.world.now() + patience;
    loop {
        let diff = once(stage, step)?;
        if diff.is_empty() || stage.world.now() >= until {
            return Ok(diff);
        }
        stage.advance(ASK_AGAIN);
    }
}

/// An answer that was not recorded was empty, except for what a script does not care about: then only an error counts.
fn judge(stage: &Stage, step: &Step, answer: &Value) -> Diff {
    match &step.observed {
        Some(expected) => {
            let (expected, got) = left_out::comparable(step, stage.started_at_ms, expected, answer);
            Diff::between(&expected, &got, &step.varies)
        }
        None => match answer.get("error") {
            Some(_) => Diff::between(&json!({}), answer, &[]),
            None => Diff::default(),
        },
    }
}
