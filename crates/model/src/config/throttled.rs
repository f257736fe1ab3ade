//! Which replicas of a topic are throttled while they replicate (`ThrottledReplicaListValidator`).
//!
//! Invariant: a list is in the order in which it was given, and shows as it was read.

use super::value::ConfigValue;
use crate::ids::{NodeId, TopicPartition};
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use alloc::{borrow::ToOwned, format};

/// The replicas of a topic that replicate no faster than their brokers' rate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum ThrottledReplicas {
    /// None of them.
    #[default]
    Nobody,
    /// All of them.
    Everyone,
    /// Those of these partitions on these brokers.
    These(Arc<[(i32, NodeId)]>),
}

impl ThrottledReplicas {
    /// Whether a broker's replica is among them.
    pub fn has(&self, tp: TopicPartition, broker: NodeId) -> bool {
        match self {
            Self::Nobody => false,
            Self::Everyone => true,
            Self::These(replicas) => replicas.contains(&(tp.partition, broker)),
        }
    }
}

impl ConfigValue for ThrottledReplicas {
    const KIND: &'static str = "list";

    fn parse(text: &str) -> Result<Self, String> {
        let items: Vec<&str> = text.split(',').map(str::trim).collect();
        if items.concat() == "*" {
            return Ok(Self::Everyone);
        }
        let named = items.iter().filter(|item| !item.is_empty());
        let replicas: Option<Arc<[_]>> = named.map(|item| replica(item)).collect();
        match replicas {
            Some(none) if none.is_empty() => Ok(Self::Nobody),
            Some(replicas) => Ok(Self::These(replicas)),
            None => {
                Err(format!("'{text}' is neither * nor a list like 0:1,0:2 of partition:broker"))
            }
        }
    }

    fn show(&self) -> String {
        match self {
            Self::Nobody => String::new(),
            Self::Everyone => "*".to_owned(),
            Self::These(replicas) => {
                let show =
                    |(partition, broker): &(i32, NodeId)| format!("{partition}:{}", broker.0);
                replicas.iter().map(show).collect::<Vec<_>>().join(",").to_string()
            }
        }
    }
}

fn replica(text: &str) -> Option<(i32, NodeId)> {
    let (partition, broker) = text.split_once(':')?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let both = digits(partition) && digits(broker);
    Some((partition.parse().ok()?, NodeId(broker.parse().ok()?))).filter(|_| both)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::TopicId;

    #[test]
    fn a_list_of_replicas_reads_as_kafka_reads_it() {
        for (text, shown) in
            [("", ""), ("*", "*"), (" * ", "*"), ("0:1, 1:2", "0:1,1:2"), ("0:1,", "0:1")]
        {
            assert_eq!(
                ThrottledReplicas::parse(text).map(|list| list.show()),
                Ok(shown.into()),
                "{text}"
            );
        }
        for text in ["0", "0:", "a:1", "0:1:2", "*,0:1", "+0:1"] {
            assert!(ThrottledReplicas::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_list_has_the_replicas_it_names() {
        let list = ThrottledReplicas::parse("0:1,1:2").unwrap();
        let has = |partition, broker| {
            list.has(TopicPartition::new(TopicId(1), partition), NodeId(broker))
        };
        assert_eq!([has(0, 1), has(1, 1), has(1, 2)], [true, false, true]);
    }
}
