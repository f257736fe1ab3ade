//! Why a record is not acknowledged or visible yet, why it was lost, why it is there twice.
//!
//! Invariant: the answer is built from the record's own life; the trace is asked only for what happened around it.

#![allow(clippy::wildcard_enum_match_arm, reason = "an answer looks for a few facts only")]

use super::super::Sight;
use super::super::stage::acks;
use super::answer::{Answer, Step};
use super::cluster::{downfall, harm, harms};
use crate::ledger::{Append, Life};
use crate::picture::Moment;
use crate::ui_command::ConfigScope;
use crate::view_model::Tone;
use crate::words;
use kafkascope_model::ids::{NodeId, RecordId, TopicPartition};
use kafkascope_model::trace::{ChangeReason, Fact, TraceEvent};

/// Why a record is not acknowledged, or not visible.
pub(super) fn pending(sight: &Sight<'_>, id: RecordId) -> Option<Answer> {
    let life = sight.observer.ledger.life(id)?;
    let producer = id.producer()?;
    let sender = sight.title(producer);
    let mut steps = Vec::new();
    match (life.batched, life.tp) {
        (Some(moment), Some(tp)) => {
            let how = sight.directory.partitioner(producer, life.by_key);
            let how = match (how, life.by_key) {
                ("murmur2", _) => "its key chose".to_string(),
                (_, true) => format!("its key chose, by {how},"),
                (_, false) => format!("the {how} partitioner chose"),
            };
            let text = format!("{sender} put it into a batch: {how} {}.", sight.partition(tp));
            steps.push(
                Step::new(moment, text).because(sight.directory.setting(producer, "linger.ms")),
            );
        }
        (_, _) => steps
            .push(Step::new(life.sent, format!("{sender} called send() and has no metadata yet."))),
    }
    if let Some(flight) = life.flights.last() {
        let attempt = if flight.attempt > 0 {
            format!(", attempt {}", flight.attempt + 1)
        } else {
            String::new()
        };
        let setting =
            sight.directory.setting(producer, "acks").map(|text| text.replace("= -1", "= all"));
        steps.push(
            Step::new(flight.moment, format!("It was sent to broker {}{attempt}.", flight.leader))
                .because(setting),
        );
    }
    steps.extend(refusal(sight, producer, life));
    steps.extend(life.place().map(|append| appended(&append)));
    if let Some(place) = life.place() {
        steps.extend(
            sight
                .last(u64::MAX, |event| event.seq > place.moment.seq && harms(event, place.broker))
                .map(|event| harm(sight, event, place.broker)),
        );
    }
    if let Some(moment) = life.never_left {
        let text = format!("{sender} ended: the record was still in its buffer.");
        let because = sight.directory.setting(producer, "linger.ms");
        steps.push(Step::new(moment, text).because(because));
    }
    if let Some((moment, why)) = life.failed {
        let setting = sight.directory.setting(producer, "delivery.timeout.ms");
        steps.push(
            Step::new(moment, format!("{sender} was told that it failed: {why}.")).because(setting),
        );
    }
    let what = if life.acked.is_some() { "visible" } else { "acknowledged" };
    let tense = if life.failed.is_some() { "was" } else { "is" };
    let answer = Answer::new(format!("Why {tense} this record not {what}?"), steps);
    Some(state_of(sight, answer, life, producer))
}

fn refusal(sight: &Sight<'_>, producer: NodeId, life: &Life) -> Option<Step> {
    let tp = life.tp?;
    let from = life.flights.last()?.moment.seq;
    let event = sight.last(u64::MAX, |event| {
        event.node == producer
            && matches!(&event.fact, Fact::BatchRetried { tp: at, .. } if *at == tp)
    });
    let event = event.filter(|event| event.seq > from)?;
    let Fact::BatchRetried { error, .. } = &event.fact else { return None };
    let text =
        format!("{} was told {}: it will send it again.", sight.title(producer), error.name());
    Some(
        Step::new(Moment::of(event), text)
            .because(sight.directory.setting(producer, "retry.backoff.ms")),
    )
}

fn appended(append: &Append) -> Step {
    let text = format!("Broker {} appended it at offset {}.", append.broker, append.offset);
    Step::new(append.moment, text).because(format!("LeaderEpoch {}", append.epoch))
}

/// What it waits for now.
fn state_of(sight: &Sight<'_>, answer: Answer, life: &Life, producer: NodeId) -> Answer {
    if life.failed.is_some() {
        let answer = answer.verdict(Tone::Bad, "Its producer has given it up.");
        return answer.meaning("Whether a broker has it is another matter: the answer may have been lost, not the record.");
    }
    if life.never_left.is_some() {
        let answer = answer.verdict(Tone::Bad, "It never left its producer, and nobody was told.");
        return answer.meaning(
            "send() only fills a buffer; flush() or close() wait until brokers have what is in it.",
        );
    }
    let Some((append, tp)) = life.place().zip(life.tp) else {
        return if life.flights.is_empty() {
            answer.verdict(Tone::Agreed, "It waits in the accumulator for its batch to be sent.")
        } else {
            answer.verdict(Tone::Agreed, "It is on its way, or waits for a leader.")
        };
    };
    let picture = &sight.observer.picture;
    let Some(leading) = picture.leading(tp) else {
        return answer.verdict(Tone::Bad, format!("{} has no leader.", sight.partition(tp)));
    };
    let high = leading.high_watermark;
    if high > append.offset {
        let acks = acks(sight.directory.config(producer, "acks").unwrap_or("all")).to_string();
        return answer
            .verdict(
                Tone::Good,
                format!("The high watermark is {high}: every in-sync replica has it."),
            )
            .meaning(format!(
                "The answer to {} is on its way; acks={acks}.",
                sight.name(producer)
            ));
    }
    let isr = picture.partitions.get(&tp).map(|known| known.isr.clone()).unwrap_or_default();
    let lacking: Vec<_> = isr
        .iter()
        .filter(|id| picture.replicas.get(&(**id, tp)).is_none_or(|r| r.log_end <= append.offset))
        .map(|id| sight.name(*id))
        .collect();
    let answer = answer.verdict(
        Tone::Agreed,
        format!("The high watermark is {high}; the record is at {}.", append.offset),
    );
    if lacking.is_empty() {
        answer
            .meaning("Every in-sync replica has it; the leader learns that with their next fetch.")
    } else {
        answer.meaning(format!("In sync, but without it: {}.", words::list(&lacking)))
    }
}

/// Why an acknowledged record is gone.
pub(super) fn lost(sight: &Sight<'_>, id: RecordId) -> Option<Answer> {
    let life = sight.observer.ledger.life(id)?;
    let loss = life.loss?;
    let producer = id.producer()?;
    let tp = life.tp?;
    let acks_value = acks(sight.directory.config(producer, "acks").unwrap_or("all")).to_string();
    let mut steps: Vec<_> = life.place().map(|append| appended(&append)).into_iter().collect();
    if let Some((moment, _)) = life.acked {
        let text = format!("{} was told: acknowledged.", sight.title(producer));
        steps.push(Step::new(moment, text).because(format!("acks = {acks_value}")));
    }
    steps.extend(downfall(sight, loss.had_it, loss.moment.seq));
    let election = sight.last(
        loss.moment.seq,
        |event| matches!(&event.fact, Fact::LeaderElected { tp: at, .. } if *at == tp),
    );
    let unclean = election.is_some_and(is_unclean);
    if unclean && let Some(event) = election {
        let text = format!(
            "Nobody in the ISR was alive: {} was elected uncleanly.",
            sight.name(loss.leader)
        );
        let because = sight.topic_setting(tp, "unclean.leader.election.enable");
        steps.push(Step::new(Moment::of(event), text).because(because));
    }
    let text =
        format!("{} began to lead; its log ended at {}.", sight.title(loss.leader), loss.log_end);
    steps.push(Step::new(loss.moment, text));
    let answer = Answer::new("Why was this record lost?", steps);
    let verdict = format!("Offset {} was on {} only.", loss.offset, sight.name(loss.had_it));
    let answer = answer.verdict(Tone::Bad, verdict);
    Some(match (unclean, acks_value.as_str(), sight.topic_scope(tp)) {
        (true, _, Some(topic)) => {
            answer.meaning("An unclean election trades records for being writable again.").what_if(
                "What if nobody had been allowed to lead?",
                topic,
                "unclean.leader.election.enable",
                "false",
            )
        }
        (false, "all", Some(topic)) => answer
            .meaning("acks=all waits for the in-sync replicas, and there was only one left.")
            .what_if("What if min.insync.replicas had been 2?", topic, "min.insync.replicas", "2"),
        (_, _, _) => answer.meaning("Its leader had answered before any follower had it.").what_if(
            "What if acks had been all?",
            ConfigScope::Node(producer),
            "acks",
            "all",
        ),
    })
}

const fn is_unclean(event: &TraceEvent) -> bool {
    matches!(event.fact, Fact::LeaderElected { reason: ChangeReason::Unclean, .. })
}

/// Why a record is in the log or in an application's hands more than once.
pub(super) fn twice(sight: &Sight<'_>, id: RecordId) -> Option<Answer> {
    let life = sight.observer.ledger.life(id)?;
    if life.duplicate.is_none() && life.reordered.is_none() {
        return delivered_again(sight, life);
    }
    let producer = id.producer()?;
    let tp = life.tp?;
    let mut steps: Vec<_> = life.appends.iter().map(appended).collect();
    let retried = life.flights.iter().find(|flight| flight.attempt > 0);
    if let Some(flight) = retried {
        let why = sight.last(flight.moment.seq, |event| is_retry(event, producer, tp));
        steps.extend(why.map(|event| {
            let error = match &event.fact {
                Fact::BatchRetried { error, .. } => error.name(),
                _ => "nothing",
            };
            Step::new(
                Moment::of(event),
                format!("{} had no good answer: {error}.", sight.title(producer)),
            )
        }));
        let because = sight.directory.setting(producer, "enable.idempotence");
        let text = format!("It sent the batch again, attempt {}.", flight.attempt + 1);
        steps.push(Step::new(flight.moment, text).because(because));
    }
    let (question, verdict) = if life.duplicate.is_some() {
        ("Why is this record in the log twice?", "Both attempts were appended.")
    } else {
        ("Why is this record out of order?", "A later batch overtook it while it was sent again.")
    };
    let answer = Answer::new(question, steps).verdict(Tone::Bad, verdict);
    let idempotent = sight.directory.config(producer, "enable.idempotence") == Some("true");
    Some(if idempotent {
        answer
    } else {
        answer
            .meaning(
                "Without a producer id and sequence numbers the leader cannot know a batch again.",
            )
            .what_if(
                "What if the producer had been idempotent?",
                ConfigScope::Node(producer),
                "enable.idempotence",
                "true",
            )
    })
}

fn is_retry(event: &TraceEvent, producer: NodeId, tp: TopicPartition) -> bool {
    event.node == producer && matches!(&event.fact, Fact::BatchRetried { tp: at, .. } if *at == tp)
}

/// Processed by one member, not committed, delivered to the next.
fn delivered_again(sight: &Sight<'_>, life: &Life) -> Option<Answer> {
    let again = life.deliveries.iter().find(|delivery| delivery.again)?;
    let first = life.deliveries.iter().find(|delivery| delivery.group == again.group)?;
    let group = again.group.clone()?;
    let tp = life.tp?;
    let mut steps =
        vec![Step::new(first.moment, format!("{} got it.", sight.title(first.consumer)))];
    let commit = sight.last(again.moment.seq, |event| {
        matches!(&event.fact, Fact::OffsetCommitted { group: of, partition, .. } if *of == group && *partition == tp.partition)
    });
    if let Some(event) = commit
        && let Fact::OffsetCommitted { offset, .. } = &event.fact
    {
        let text = format!("{group} had committed {offset}; the record is at {}.", first.offset);
        let because = sight.directory.setting(first.consumer, "auto.commit.interval.ms");
        steps.push(Step::new(Moment::of(event), text).because(because));
    }
    let rebalance = sight.last(
        again.moment.seq,
        |event| matches!(&event.fact, Fact::RebalanceStarted { group: of, .. } if *of == group),
    );
    steps.extend(rebalance.filter(|event| event.seq > first.moment.seq).map(|event| {
        Step::new(Moment::of(event), format!("{group} rebalanced before the next commit."))
    }));
    let text =
        format!("{} began at the committed offset and got it again.", sight.title(again.consumer));
    steps.push(Step::new(again.moment, text));
    let answer = Answer::new(format!("Why did {group} get this record twice?"), steps);
    let answer = answer.verdict(Tone::Agreed, "Delivered, not yet committed: at least once.");
    Some(answer.meaning("Whoever reads with commits must bear to see a record again."))
}
