//! The legend of keys, and the ledger's counts.
//!
//! Invariant: a row of the ledger is there even while its number is zero, so that nothing jumps.

use super::Sight;
use crate::ledger::Tally;
use crate::ui::Question;
use crate::view_model::keys::KeyVm;
use crate::view_model::ledger::CountVm;
use crate::view_model::{Face, KeysVm, LedgerVm, Tone};
use crate::words;
use kafkascope_kernel::Micros;
use kafkascope_model::client::producer::partitioner::partition_for_key;

/// How many keys the legend shows.
const SHOWN: usize = 8;

/// The most partitions of which is told how long nobody could write to them.
const CLOSED: usize = 3;

/// Which key has which face, and where it goes.
pub(super) fn keys(sight: &Sight<'_>) -> KeysVm {
    let keys = sight.observer.ledger.keys();
    let topics = sight.observer.picture.topics.values();
    let mut topics = topics.filter(|topic| !topic.deleted && !topic.name.starts_with("__"));
    let only = topics.next().filter(|_| topics.next().is_none());
    let entries = keys.iter().enumerate().take(SHOWN).map(|(index, key)| {
        let partition = only.map(|topic| {
            format!("{}-{}", topic.name, partition_for_key(key, topic.partitions.max(1)))
        });
        KeyVm {
            face: Face::of_key(index),
            name: words::bytes(key, 16).as_str().into(),
            partition: partition.unwrap_or_default().as_str().into(),
        }
    });
    let rule = only.map(|topic| format!("murmur2(key) mod {}", topic.partitions));
    KeysVm {
        entries: entries.collect(),
        more: keys.len().saturating_sub(SHOWN) as u32,
        rule: rule.unwrap_or_else(|| "murmur2(key) mod partitions".to_string()).as_str().into(),
    }
}

/// What became of all records.
pub(super) fn ledger(sight: &Sight<'_>) -> LedgerVm {
    let ledger = &sight.observer.ledger;
    let tally = ledger.tally();
    let first_lost = ledger.lost().first().copied();
    let mut rows = vec![
        row("sent", tally.sent, Tone::Plain),
        row("acknowledged", tally.acknowledged, Tone::Strong),
        row("acknowledged and lost", tally.lost, verdict(tally.lost)),
        row("duplicated in the log", tally.duplicated, verdict(tally.duplicated)),
        row("delivered", tally.delivered, Tone::Plain),
        row("delivered again", tally.delivered_again, again(tally.delivered_again)),
    ];
    rows.extend(effects(tally));
    if tally.never_left > 0 {
        rows.push(row("never left their buffer", tally.never_left, Tone::Bad));
    }
    if tally.failed > 0 {
        rows.push(row("given up", tally.failed, Tone::Bad));
    }
    rows[2].question = first_lost.map(Question::RecordLost);
    for tp in tally.partitions_not_writable().filter(|tp| sight.shows(*tp)).take(CLOSED) {
        let closed = ledger.not_writable(tp, sight.now());
        // A tenth of a second is what one sees; finer would change the panel all the time.
        let shown = Micros(closed.0 / 100_000 * 100_000);
        rows.push(CountVm {
            label: format!("{} not writable", sight.partition(tp)).as_str().into(),
            value: words::span(shown).as_str().into(),
            tone: Tone::Bad,
            question: Some(Question::NotWritable(tp)),
        });
    }
    LedgerVm {
        rows,
        sent: tally.sent,
        acknowledged: tally.acknowledged,
        acknowledged_and_lost: tally.lost,
        duplicated: tally.duplicated,
        reordered: tally.reordered,
        failed: tally.failed,
        delivered: tally.delivered,
        delivered_again: tally.delivered_again,
    }
}

/// What was done outside Kafka: how often, and how often for nothing new.
fn effects(tally: &Tally) -> impl Iterator<Item = CountVm> {
    tally.effects.iter().flat_map(|(kind, count)| {
        let name = kind.name();
        let known = (count.known > 0)
            .then(|| row(&format!("{name}s known already"), count.known, Tone::Good));
        let done = row(&format!("{name}s"), count.done, Tone::Plain);
        let again = row(&format!("{name}s done again"), count.again, verdict(count.again));
        [Some(done), Some(again), known].into_iter().flatten()
    })
}

fn row(label: &str, count: u64, tone: Tone) -> CountVm {
    CountVm {
        label: label.into(),
        value: words::grouped(count).as_str().into(),
        tone,
        question: None,
    }
}

const fn verdict(count: u64) -> Tone {
    if count == 0 { Tone::Good } else { Tone::Bad }
}

const fn again(count: u64) -> Tone {
    if count == 0 { Tone::Good } else { Tone::Agreed }
}
