//! The chronicle: the important facts of a run in words, with their marks and callouts.
//!
//! Told once, as the facts come. Invariant: tellings are in order of time, and a client that is refused again and again
//! appears once in [`SILENCE`].

use crate::explain::{self, Context, Joint, Telling};
use crate::picture::Moment;
use kafkascope_kernel::FlatMap;
use kafkascope_kernel::Micros;
use kafkascope_model::trace::TraceEvent;

/// How long the same complaint is not told again.
const SILENCE: Micros = Micros::from_ms(10_000);
/// The most tellings kept; more would fit on no timeline.
const MOST: usize = 4_096;

/// A telling with its moment.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "they say it")]
pub struct Told {
    pub moment: Moment,
    pub telling: Telling,
}

/// Everything told so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chronicle {
    /// Oldest first.
    pub told: Vec<Told>,
    /// How many were left out because there were too many.
    pub left_out: u32,
    complaints: FlatMap<String, Moment>,
}

impl Chronicle {
    /// Tells a fact, if it is important.
    pub fn observe(&mut self, event: &TraceEvent, context: &Context<'_>) {
        let Some(telling) = explain::tell(event, context) else { return };
        let moment = Moment::of(event);
        if self.is_stale(&telling, moment) || self.joins_last(&telling, moment) {
            return;
        }
        if self.told.len() >= MOST {
            self.left_out += 1;
            return;
        }
        self.told.push(Told { moment, telling });
    }

    fn is_stale(&mut self, telling: &Telling, moment: Moment) -> bool {
        let Some(topic) = &telling.repeats else { return false };
        let last = self.complaints.get(topic);
        let stale = last.is_some_and(|last| moment.at.since(last.at) < SILENCE);
        if !stale {
            self.complaints.insert(topic.clone(), moment);
        }
        stale
    }

    /// Makes one sentence of two halves of the same moment.
    fn joins_last(&mut self, telling: &Telling, moment: Moment) -> bool {
        let Some(last) = self.told.last_mut().filter(|last| last.moment.at == moment.at) else {
            return false;
        };
        match (&last.telling.joins, &telling.joins) {
            (Some(Joint::Isr(a)), Some(Joint::Leader(b))) if a == b => {
                let isr = last.telling.text.trim_end_matches('.').to_string();
                let text = format!("{isr}; {}", after_colon(&telling.text));
                last.telling = Telling { text, ..telling.clone() };
            }
            (Some(Joint::Leader(a)), Some(Joint::Isr(b))) if a == b => {
                let isr = telling.text.trim_end_matches('.');
                last.telling.text = format!("{isr}; {}", after_colon(&last.telling.text));
                last.telling.joins = None;
            }
            (Some(Joint::Many(count, tail)), Some(Joint::Many(more, other))) if tail == other => {
                let sum = count + more;
                let noun = if tail.starts_with("records") { "" } else { "partitions " };
                last.telling.text = format!("{sum} {noun}{tail}");
                last.telling.joins = Some(Joint::Many(sum, tail.clone()));
            }
            _ => return false,
        }
        last.moment.seq = moment.seq;
        true
    }
}

/// The sentence without the partition's name at its beginning.
fn after_colon(text: &str) -> &str {
    text.split_once(": ").map_or(text, |(_, rest)| rest)
}
