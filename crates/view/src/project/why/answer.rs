//! An answer while it is put together, and the facts it is put together from.
//!
//! Invariant: facts are looked for backwards from the session's moment and never beyond it.

use super::super::Sight;
use crate::picture::Moment;
use crate::ui::{Jump, Question};
use crate::ui_command::{ConfigScope, ForkChange, UiCommand};
use crate::view_model::clock::short_time;
use crate::view_model::why::{ForkVm, WhyStepVm};
use crate::view_model::{Tone, WhyVm};
use kafkascope_model::config::ConfigTable;
use kafkascope_model::config::topic::TopicConfig;
use kafkascope_model::ids::{NodeId, TopicPartition};
use kafkascope_model::trace::TraceEvent;

/// How many facts are looked back at.
const LOOK_BACK: u64 = 100_000;
/// The most steps of an answer.
const STEPS: usize = 6;

/// An answer.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub question: String,
    pub steps: Vec<Step>,
    pub verdict: Option<String>,
    pub tone: Tone,
    pub meaning: Option<String>,
    pub fork: Option<(String, UiCommand)>,
}

/// One fact of it.
#[derive(Debug)]
pub(super) struct Step {
    pub text: String,
    pub because: Option<String>,
    pub moment: Moment,
}

impl Step {
    /// Without a config.
    pub fn new(moment: Moment, text: impl Into<String>) -> Self {
        Self { text: text.into(), because: None, moment }
    }

    /// With what decided it.
    pub fn because(self, because: impl Into<Option<String>>) -> Self {
        Self { because: because.into(), ..self }
    }
}

impl Answer {
    /// A question with steps, put into order.
    pub fn new(question: impl Into<String>, mut steps: Vec<Step>) -> Self {
        steps.sort_by_key(|step| step.moment.seq);
        steps.dedup_by_key(|step| step.moment.seq);
        let surplus = steps.len().saturating_sub(STEPS);
        // What lies farthest back says least about now.
        steps.drain(..surplus);
        Self { question: question.into(), steps, ..Self::default() }
    }

    pub fn verdict(self, tone: Tone, text: impl Into<String>) -> Self {
        Self { verdict: Some(text.into()), tone, ..self }
    }

    pub fn meaning(self, text: impl Into<String>) -> Self {
        Self { meaning: Some(text.into()), ..self }
    }

    /// Ends in living it again with a config changed.
    pub fn what_if(
        self,
        question: impl Into<String>,
        scope: ConfigScope,
        key: &str,
        value: &str,
    ) -> Self {
        let at = self.steps.first().map_or_else(Moment::default, |step| step.moment);
        let jump = Jump { at: at.at, seq: Some(at.seq) };
        let change = ForkChange::Config { scope, key: key.into(), value: value.into() };
        Self { fork: Some((question.into(), UiCommand::Fork { jump, change })), ..self }
    }

    /// As it is shown when `seen` facts have happened.
    pub fn show(&self, about: Question, seen: u64) -> WhyVm {
        let current = self.steps.iter().rposition(|step| step.moment.seq < seen);
        let steps = self.steps.iter().enumerate().map(|(index, step)| WhyStepVm {
            text: step.text.as_str().into(),
            because: step.because.as_deref().map(Into::into),
            jump: Jump { at: step.moment.at, seq: Some(step.moment.seq) },
            time: short_time(step.moment.at).as_str().into(),
            current: current == Some(index),
        });
        WhyVm {
            about,
            question: self.question.as_str().into(),
            steps: steps.collect(),
            verdict: self.verdict.as_deref().map(Into::into),
            tone: self.tone,
            meaning: self.meaning.as_deref().map(Into::into),
            fork: self.fork.as_ref().map(|(text, command)| ForkVm {
                text: text.as_str().into(),
                command: command.clone(),
            }),
        }
    }
}

impl<'a> Sight<'a> {
    /// The latest fact before number `before` that is wanted.
    pub(super) fn last(
        &self,
        before: u64,
        wanted: impl Fn(&TraceEvent) -> bool,
    ) -> Option<&'a TraceEvent> {
        let before = before.min(self.session.facts_end());
        let session: &'a _ = self.session;
        session.trace().range(before.saturating_sub(LOOK_BACK), before).rev().find(|e| wanted(e))
    }

    /// The first fact from number `from` until now that is wanted.
    pub(super) fn next(
        &self,
        from: u64,
        wanted: impl Fn(&TraceEvent) -> bool,
    ) -> Option<&'a TraceEvent> {
        let session: &'a _ = self.session;
        session.trace().range(from, session.facts_end()).find(|event| wanted(event))
    }

    /// "broker 2", at the beginning of a sentence.
    pub(in crate::project) fn title(&self, id: NodeId) -> String {
        self.directory.title(id).to_string()
    }

    pub(in crate::project) fn name(&self, id: NodeId) -> String {
        self.directory.name(id).to_string()
    }

    /// The value of a topic's config: the topic's own, the leader's, or the default.
    pub(super) fn topic_config(&self, tp: TopicPartition, key: &str) -> Option<String> {
        let picture = &self.observer.picture;
        let topic = picture.topics.get(&tp.topic)?.name.clone();
        let own = picture.configs.get(&(topic, key.into())).map(ToString::to_string);
        let leader = picture.leader(tp).unwrap_or(NodeId(1));
        let of_broker = || self.directory.config(leader, key).map(ToString::to_string);
        let default = || {
            let entries = TopicConfig::default().entries();
            entries.into_iter().find(|entry| entry.key == key).map(|entry| entry.default)
        };
        own.or_else(of_broker).or_else(default)
    }

    /// `key = value` of a topic.
    pub(super) fn topic_setting(&self, tp: TopicPartition, key: &str) -> Option<String> {
        Some(format!("{key} = {}", self.topic_config(tp, key)?))
    }

    /// A topic as the scope of a config.
    pub(super) fn topic_scope(&self, tp: TopicPartition) -> Option<ConfigScope> {
        let topic = self.observer.picture.topics.get(&tp.topic)?;
        Some(ConfigScope::Topic(topic.name.clone()))
    }
}
