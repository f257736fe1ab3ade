//! Explains facts: a sentence for each, with what it is about, its mark on the timeline, and its callout.
//!
//! Important facts are told as they come, by [`tell`]; ordinary traffic is put into words only where it is shown, by
//! [`ordinary`]. Invariant: a sentence says what happened, in words that hold at its own moment.

mod clients;
mod cluster;
mod faults;
mod groups;
mod logs;
pub mod ordinary;
mod shares;
mod transactions;
mod zookeeper;

use crate::directory::Directory;
use crate::ledger::Ledger;
use crate::picture::Picture;
use crate::ui::{Question, Selection};
use crate::view_model::Tone;
use crate::view_model::timeline::MarkKind;
use kafkascope_model::ids::{NodeId, TopicPartition};
use kafkascope_model::trace::TraceEvent;

/// What a sentence may know: the cluster until the fact, the records after it, the names.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Without the fact.
    pub before: &'a Picture,
    /// With the fact.
    pub ledger: &'a Ledger,
    /// Names and configs.
    pub directory: &'a Directory,
}

/// An important fact in words.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Telling {
    /// The sentence.
    pub text: String,
    /// How much it matters.
    pub tone: Tone,
    /// What to select when it is clicked.
    pub about: Selection,
    /// Its mark.
    pub mark: Option<(MarkKind, String)>,
    /// Its callout.
    pub callout: Option<Remark>,
    /// Facts with the same topic are told once in a while only: a client that is refused again and again.
    pub repeats: Option<String>,
    /// Facts of the same moment about the same thing become one sentence.
    pub joins: Option<Joint>,
}

/// What a callout says.
#[derive(Clone, Debug, PartialEq)]
pub struct Remark {
    /// One sentence.
    pub title: String,
    /// One more.
    pub reason: String,
    /// What `why?` asks.
    pub question: Option<Question>,
}

/// Halves of a sentence that belong together.
#[derive(Clone, Debug, PartialEq)]
pub enum Joint {
    /// A partition's new ISR.
    Isr(TopicPartition),
    /// A partition's new leader.
    Leader(TopicPartition),
    /// One more of many alike: how the sentence goes on after the number.
    Many(u64, String),
}

/// The sentence of an important fact; none for ordinary traffic and for what only insiders care about.
pub fn tell(event: &TraceEvent, context: &Context<'_>) -> Option<Telling> {
    zookeeper::tell(event, context)
        .or_else(|| cluster::tell(event, context))
        .or_else(|| faults::tell(event, context))
        .or_else(|| logs::tell(event, context))
        .or_else(|| clients::tell(event, context))
        .or_else(|| groups::tell(event, context))
        .or_else(|| transactions::tell(event, context))
        .or_else(|| shares::tell(event, context))
}

impl Telling {
    /// A plain sentence about something.
    fn plain(text: String, about: Selection) -> Self {
        Self { text, about, ..Self::default() }
    }

    fn tone(self, tone: Tone) -> Self {
        Self { tone, ..self }
    }

    fn marked(self, kind: MarkKind, label: impl Into<String>) -> Self {
        Self { mark: Some((kind, label.into())), ..self }
    }

    fn called_out(
        self,
        title: impl Into<String>,
        reason: impl Into<String>,
        question: Option<Question>,
    ) -> Self {
        let remark = Remark { title: title.into(), reason: reason.into(), question };
        Self { callout: Some(remark), ..self }
    }

    fn once_in_a_while(self, topic: String) -> Self {
        Self { repeats: Some(topic), ..self }
    }

    fn joined(self, joint: Joint) -> Self {
        Self { joins: Some(joint), ..self }
    }
}

impl Context<'_> {
    fn name(&self, id: NodeId) -> String {
        self.directory.name(id).to_string()
    }

    fn title(&self, id: NodeId) -> String {
        self.directory.title(id).to_string()
    }

    fn partition(&self, tp: TopicPartition) -> String {
        self.before.partition_name(tp)
    }

    /// Kafka's own topics are not what a user looks at.
    fn is_internal(&self, tp: TopicPartition) -> bool {
        self.before.topics.get(&tp.topic).is_some_and(|topic| topic.name.starts_with("__"))
    }
}

#[cfg(test)]
mod tests;
