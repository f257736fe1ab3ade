//! Findings in the words of whoever looks at the run: partitions by topic, clients by name, records by who sent them.
//!
//! Rooms state what they found with the model's own ids. Invariant: what is not known by name stays as it is.

use kafkascope_model::ids::{NodeId, RecordId, TopicId};
use kafkascope_model::world::World;

/// A finding's sentence with names instead of ids.
pub fn in_words(text: &str, world: &World) -> String {
    let text = replace(text, "TopicPartition { topic: TopicId(", " }", |inside| {
        let (topic, partition) = inside.split_once("), partition: ")?;
        let name = world.topic_name(TopicId(topic.parse().ok()?))?;
        Some(format!("{name}-{partition}"))
    });
    let text = replace(&text, "RecordId(", ")", |inside| {
        let record = RecordId(inside.parse().ok()?);
        let producer = world.node_name(record.producer()?);
        Some(format!("record {} of {producer}", record.0 & u64::from(u32::MAX)))
    });
    let text = replace(&text, "NodeId(", ")", |inside| {
        let id: i32 = inside.parse().ok()?;
        Some(if NodeId(id).is_client() { world.node_name(NodeId(id)) } else { id.to_string() })
    });
    replace(&text, "Some(", ")", |inside| (!inside.contains('(')).then(|| inside.to_string()))
}

/// Puts what `told` makes of what stands between `open` and `close` in the place of all three.
fn replace(text: &str, open: &str, close: &str, told: impl Fn(&str) -> Option<String>) -> String {
    let mut parts = text.split(open);
    let mut out = parts.next().unwrap_or_default().to_string();
    for part in parts {
        let known = part.split_once(close).and_then(|(inside, rest)| Some((told(inside)?, rest)));
        match known {
            Some((word, rest)) => {
                out.push_str(&word);
                out.push_str(rest);
            }
            None => {
                out.push_str(open);
                out.push_str(part);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_found_is_replaced_and_what_is_not_known_stays() {
        let told = |inside: &str| (inside != "9").then(|| format!("<{inside}>"));
        assert_eq!(replace("a Id(1) b Id(9) c Id(2)", "Id(", ")", told), "a <1> b Id(9) c <2>");
        assert_eq!(replace("nothing, Id(", "Id(", ")", told), "nothing, Id(");
    }
}
