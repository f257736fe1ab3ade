//! Share consumers: `[[share-consumer]]`.
//!
//! Invariant: what an application says of records is one of Kafka's acknowledgement types.

use super::{Reading, clients};
use crate::doc::{Item, Section};
use kafkascope_model::api::share::AckType;
use kafkascope_model::command::ShareConsumerSpec;
use kafkascope_model::workload::Answers;

/// One application with a share consumer, or `count` of them: `NAME-1`, `NAME-2`, …
pub fn consumers(section: &Section<'_>, reading: &mut Reading<'_>) -> Vec<ShareConsumerSpec> {
    let config = clients::config(section);
    let topics = section.get("topics").and_then(|item| item.items()).unwrap_or_default();
    if topics.is_empty() {
        section.wrong("a share consumer reads 'topics'");
    }
    let group = config.iter().find(|(key, _)| &**key == "group.id");
    if group.is_none() {
        section.wrong("a share consumer is a member of a share group: write 'group'");
    }
    let answers = answers(section);
    let mode = config.iter().find(|(key, _)| &**key == "share.acknowledgement.mode");
    if answers != Answers::default() && mode.is_none_or(|(_, mode)| &**mode != "explicit") {
        section.wrong("'answer' needs share.acknowledgement.mode = \"explicit\" in 'config'");
    }
    let spec = ShareConsumerSpec {
        name: "".into(),
        config,
        subscribe: topics.iter().filter_map(|item| reading.cast.topic(item)).collect(),
        processing: clients::processing(section, reading),
        answers,
        max_messages: None,
        timeout: None,
    };
    let names = clients::names(section, reading);
    section.finish();
    names.into_iter().map(|name| ShareConsumerSpec { name, ..spec.clone() }).collect()
}

/// `answer = "accept"`, and of each so-manieth offset something else: `odd = { every = 10, answer = "reject" }`.
fn answers(section: &Section<'_>) -> Answers {
    let usual = section.get("answer").and_then(|item| answer(&item));
    let odd = section.section("odd").and_then(|inside| {
        let every = inside.need("every").and_then(|item| item.whole(1..=1_000_000));
        let answer = inside.need("answer").and_then(|item| answer(&item));
        inside.finish();
        Some((u32::try_from(every?).ok()?, answer?))
    });
    Answers { usual: usual.unwrap_or(AckType::Accept), odd }
}

fn answer(item: &Item<'_>) -> Option<AckType> {
    Some(match item.text()?.as_str() {
        "accept" => AckType::Accept,
        "release" => AckType::Release,
        "reject" => AckType::Reject,
        "renew" => AckType::Renew,
        other => {
            item.wrong(format!("'{other}' is none of accept, release, reject and renew"));
            return None;
        }
    })
}
