//! What a played run says to a reader: one line, then what differs.
//!
//! Invariant: the first line alone tells whether everything agreed.

use super::action::Action;
use super::player::{Played, Verdict};
use super::script::{GoldenRun, Step};
use super::stage::Stop;
use std::fmt::Write;

/// The line on a run that agrees; `how` is what is to be said of it besides.
pub fn passed(run: &GoldenRun, how: &str) -> String {
    let mut text = format!("passed: {} ({} steps{how})", run.name, run.steps.len());
    let left_out = super::left_out::names(run);
    if !left_out.is_empty() {
        let _ = write!(text, "; left out: {}", left_out.join("; "));
    }
    text.push('\n');
    text
}

/// The report on a run: `passed`, and the text.
pub fn report(run: &GoldenRun, played: &Played) -> String {
    let agreed = played.verdicts.iter().filter(|verdict| **verdict == Verdict::Passed).count();
    let steps = played.steps;
    if played.passed() {
        return passed(run, "");
    }
    let mut text = format!("failed: {} ({agreed} of {steps} steps agree)\n", run.name);
    if let Some(stop) = &played.stillborn {
        let _ = writeln!(text, "  the cluster: {}", sentence(stop));
    }
    for (at, (step, verdict)) in run.steps.iter().zip(&played.verdicts).enumerate() {
        tell(&mut text, at, step, verdict);
    }
    text
}

fn tell(text: &mut String, at: usize, step: &Step, verdict: &Verdict) {
    let place = format!("step {at} at {} ms, {}", step.t_ms, title(&step.action));
    let _ = match verdict {
        Verdict::Passed => Ok(()),
        Verdict::Differs(diff) => write!(text, "  {place}\n{diff}"),
        Verdict::Stopped(stop) => {
            writeln!(text, "  {place}: {}; the steps after it were not tried", sentence(stop))
        }
    };
}

fn sentence(stop: &Stop) -> String {
    match stop {
        Stop::NotImplemented(what) => format!("not implemented: {what}"),
        Stop::Config(error) => error.to_string(),
        Stop::Problem(sentence) => sentence.clone(),
    }
}

/// The action with the name of what it is about.
fn title(action: &Action) -> String {
    let about = action.about();
    if about.is_empty() { action.name().to_string() } else { format!("{} {about}", action.name()) }
}
