//! Answers to why: two to five facts, each with the config that decided it, ending in a question that forks.
//!
//! An answer is looked up in the trace when it is asked and held while one jumps to its steps. Invariant: steps are in order of
//! time, and each is a fact that can be jumped to.

mod answer;
mod cluster;
mod group;
mod leader;
mod reading;
mod record;

#[cfg(test)]
mod tests;

use super::Sight;
use crate::ui::Question;
use crate::view_model::WhyVm;
use answer::Answer;

/// The open question with its answer.
#[derive(Debug, Default)]
pub(super) struct Held {
    question: Option<Question>,
    /// How many facts the answer knows.
    until: u64,
    answer: Answer,
}

impl Held {
    /// Answers the open question, unless it is answered already with all facts until now.
    pub fn update(&mut self, sight: &Sight<'_>) {
        let end = sight.session.facts_end();
        let known = self.question == sight.ui.question
            && end <= self.until
            && self.until <= sight.session.trace().end();
        if known {
            return;
        }
        self.question.clone_from(&sight.ui.question);
        self.until = end;
        self.answer = match &sight.ui.question {
            Some(question) => answer_to(sight, question),
            None => Answer::default(),
        };
    }

    /// The answer as it is shown at the session's moment.
    pub fn show(&self, sight: &Sight<'_>) -> Option<WhyVm> {
        let question = self.question.clone()?;
        Some(self.answer.show(question, sight.session.facts_end()))
    }
}

fn answer_to(sight: &Sight<'_>, question: &Question) -> Answer {
    let answer = match question {
        Question::Leader(tp) => leader::leader(sight, *tp),
        Question::NotWritable(tp) => leader::not_writable(sight, *tp),
        Question::Isr(tp) => cluster::isr(sight, *tp),
        Question::Fenced(broker) => cluster::fenced(sight, *broker),
        Question::NotVisible(record) => record::pending(sight, *record),
        Question::RecordLost(record) => record::lost(sight, *record),
        Question::Duplicated(record) => record::twice(sight, *record),
        Question::Rebalanced(group) => group::rebalanced(sight, group),
        Question::Assignment(consumer) => group::assignment(sight, *consumer),
        Question::Lag(group) => group::lag(sight, group),
        Question::LostPartition(group, tp, seq) => reading::lost(sight, group, *tp, *seq),
        Question::NotRead(group, record) => reading::not_read(sight, group, *record),
    };
    answer.unwrap_or_else(|| Answer {
        question: "Why?".to_string(),
        verdict: Some("The facts that would answer this are not kept any more.".to_string()),
        ..Answer::default()
    })
}

/// What one can ask about a selection, the most pressing first.
pub(super) mod about {
    use super::super::Sight;
    use super::super::stage::status;
    use crate::ledger::Verdict;
    use crate::ui::Question;
    use crate::view_model::topology::BrokerStatus;
    use kafkascope_model::ids::{Name, NodeId, RecordId, TopicPartition};

    /// About a partition.
    pub fn partition(sight: &Sight<'_>, tp: TopicPartition) -> Vec<Question> {
        let Some(known) = sight.observer.picture.partitions.get(&tp) else { return Vec::new() };
        let mut questions = Vec::new();
        if known.leader == NodeId::NONE {
            questions.push(Question::NotWritable(tp));
        } else if known.isr.len() < known.replicas.len() {
            questions.extend([Question::Isr(tp), Question::Leader(tp)]);
        } else {
            questions.extend([Question::Leader(tp), Question::Isr(tp)]);
        }
        questions
    }

    /// About a broker.
    pub fn broker(sight: &Sight<'_>, id: NodeId) -> Vec<Question> {
        match status(sight, id) {
            BrokerStatus::Fenced | BrokerStatus::Stopped | BrokerStatus::Paused => {
                vec![Question::Fenced(id)]
            }
            BrokerStatus::Starting | BrokerStatus::Active | BrokerStatus::ShuttingDown => {
                Vec::new()
            }
        }
    }

    /// About a member.
    pub fn consumer(sight: &Sight<'_>, id: NodeId) -> Vec<Question> {
        let known = sight.observer.picture.consumers.get(&id);
        let group = known.and_then(|known| known.group.clone());
        let mut questions = vec![Question::Assignment(id)];
        questions.extend(group.map(Question::Lag));
        questions
    }

    /// About a group.
    pub fn group(name: &Name) -> Vec<Question> {
        vec![Question::Lag(name.clone()), Question::Rebalanced(name.clone())]
    }

    /// About a record.
    pub fn record(sight: &Sight<'_>, id: RecordId) -> Option<Question> {
        let life = sight.observer.ledger.life(id)?;
        match life.verdict() {
            Verdict::Lost => Some(Question::RecordLost(id)),
            Verdict::Duplicated | Verdict::Reordered => Some(Question::Duplicated(id)),
            Verdict::Open | Verdict::Dropped | Verdict::Failed => Some(Question::NotVisible(id)),
            Verdict::Safe if life.visible.is_none() => Some(Question::NotVisible(id)),
            Verdict::Safe if life.deliveries.iter().any(|delivery| delivery.again) => {
                Some(Question::Duplicated(id))
            }
            Verdict::Safe => {
                let mut groups = sight.observer.picture.groups.keys();
                let read = |name: &&Name| {
                    life.deliveries.iter().any(|delivery| delivery.group.as_ref() == Some(*name))
                };
                groups.find(|name| !read(name)).map(|name| Question::NotRead(name.clone(), id))
            }
        }
    }
}
