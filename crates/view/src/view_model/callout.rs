//! The callout: one sentence that points at what just changed.
//!
//! Invariant: at most one at a time, and it never covers what it is about.

use super::{Text, Tone};
use crate::layout::{Point, Rect};
use crate::ui::{Question, Selection};
use kafkascope_kernel::SimTime;

/// A callout.
#[derive(Clone, Debug, PartialEq)]
pub struct CalloutVm {
    /// The fact it is about, as its sequence number.
    pub seq: u64,
    /// When.
    pub at: SimTime,
    /// "Broker 2 is now leader of trips-0, epoch 5."
    pub title: Text,
    /// "It was in the ISR, so it has every record that was acknowledged."
    pub reason: Text,
    /// Its colour: brass, or red.
    pub tone: Tone,
    /// What `why?` asks.
    pub question: Option<Question>,
    /// What it is about.
    pub about: Selection,
    /// Where it stands on the stage.
    pub rect: Rect,
    /// Where its leg ends.
    pub leg: Point,
}
