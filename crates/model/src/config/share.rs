//! Configs of one share group (`org.apache.kafka.coordinator.group.GroupConfig`, the `share.` ones).
//!
//! Invariant: a value here wins over the broker's default of the same meaning.

use super::broker::BrokerConfig;
use super::config_table;
use super::consumer::IsolationLevel;
use super::table::{any, positive};
use super::{ConfigTable, ConfigValue};
use crate::api::request::ConfigResource;
use crate::controller::image::MetadataImage;
use crate::group::share::ShareConfig;
use crate::ids::{EpochMs, Name};
use crate::share::ShareLimits;
use alloc::format;
use alloc::string::{String, ToString};

/// Where a share partition begins that has no start yet (`ShareGroupAutoOffsetResetStrategy`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ShareReset {
    /// At the log start.
    Earliest,
    /// At the log's end.
    Latest,
    /// So many milliseconds ago; as it was written.
    ByDuration(EpochMs, Name),
}

impl ConfigValue for ShareReset {
    const KIND: &'static str = "string";

    fn parse(text: &str) -> Result<Self, String> {
        match text.trim().to_ascii_lowercase().as_str() {
            "earliest" => Ok(Self::Earliest),
            "latest" => Ok(Self::Latest),
            other => match other.strip_prefix("by_duration:").and_then(iso_duration_ms) {
                Some(ms) => Ok(Self::ByDuration(ms, text.trim().into())),
                None => Err(format!(
                    "'{text}' is not one of earliest, latest, by_duration:PnDTnHnMn.nS"
                )),
            },
        }
    }

    fn show(&self) -> String {
        match self {
            Self::Earliest => "earliest".to_string(),
            Self::Latest => "latest".to_string(),
            Self::ByDuration(_, text) => text.to_string(),
        }
    }
}

/// `PnDTnHnMn.nS` in milliseconds.
fn iso_duration_ms(text: &str) -> Option<EpochMs> {
    let rest = text.strip_prefix('p')?;
    let (days, time) = rest.split_once('t').unwrap_or((rest, ""));
    let mut total: EpochMs = 0;
    let mut add = |part: &str, units: &[(char, EpochMs)]| -> Option<()> {
        let mut number = String::new();
        for sign in part.chars() {
            if let Some((_, factor)) = units.iter().find(|(unit, _)| *unit == sign) {
                total = total.checked_add(thousandths(&number)?.checked_mul(*factor)? / 1_000)?;
                number.clear();
            } else {
                number.push(sign);
            }
        }
        number.is_empty().then_some(())
    };
    add(days, &[('d', 86_400_000)])?;
    add(time, &[('h', 3_600_000), ('m', 60_000), ('s', 1_000)])?;
    (rest.len() > 1).then_some(total)
}

fn thousandths(number: &str) -> Option<EpochMs> {
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let part = format!("{part:0<3}");
    let part: EpochMs = part.get(..3)?.parse().ok()?;
    whole.parse::<EpochMs>().ok()?.checked_mul(1_000)?.checked_add(part)
}

config_table! {
    /// The configs of one share group that the model honours.
    Group ShareGroupConfig {
        auto_offset_reset: ShareReset = ShareReset::Latest, "share.auto.offset.reset", any, "Where a partition begins for a group that never read it.";
        isolation_level: IsolationLevel = IsolationLevel::ReadUncommitted, "share.isolation.level", any, "Which records are shown.";
        record_lock_duration_ms: i32 = 30_000, "share.record.lock.duration.ms", lock_range, "How long a delivered record is its member's.";
        delivery_count_limit: i32 = 5, "share.delivery.count.limit", delivery_range, "How often a record is delivered at most.";
        partition_max_record_locks: i32 = 2_000, "share.partition.max.record.locks", locks_range, "How many records of a partition may be between its start and its end.";
        renew_acknowledge_enable: bool = true, "share.renew.acknowledge.enable", any, "Whether members may keep a record for longer.";
        session_timeout_ms: i32 = 45_000, "share.session.timeout.ms", positive, "How long a member may be silent.";
        heartbeat_interval_ms: i32 = 5_000, "share.heartbeat.interval.ms", positive, "How often a member sends a heartbeat.";
        assignment_interval_ms: i32 = 1_000, "share.assignment.interval.ms", any, "How much time lies between two assignments at least.";
    }
}

fn lock_range(value: &i32) -> Result<(), &'static str> {
    if (15_000..=60_000).contains(value) { Ok(()) } else { Err("from 15000 to 60000") }
}

fn delivery_range(value: &i32) -> Result<(), &'static str> {
    if (2..=10).contains(value) { Ok(()) } else { Err("from 2 to 10") }
}

fn locks_range(value: &i32) -> Result<(), &'static str> {
    if (100..=4_000).contains(value) { Ok(()) } else { Err("from 100 to 4000") }
}

impl ShareGroupConfig {
    /// A group's configs: its own over the broker's.
    pub fn of(group: &Name, image: &MetadataImage, broker: &BrokerConfig) -> Self {
        let mut config = Self {
            record_lock_duration_ms: broker.group_share_record_lock_duration_ms,
            delivery_count_limit: broker.group_share_delivery_count_limit,
            partition_max_record_locks: broker.group_share_partition_max_record_locks,
            session_timeout_ms: broker.group_share_session_timeout_ms,
            heartbeat_interval_ms: broker.group_share_heartbeat_interval_ms,
            assignment_interval_ms: broker.group_share_assignment_interval_ms,
            ..Self::default()
        };
        let own = image.configs.get(&ConfigResource::Group(group.clone()));
        for (key, value) in own.into_iter().flatten() {
            // Keys of other kinds of groups lie here too.
            let _ = config.set(key, value);
        }
        config
    }

    /// What it allows a share partition.
    pub fn limits(&self) -> ShareLimits {
        ShareLimits {
            delivery_count: i16::try_from(self.delivery_count_limit).unwrap_or(i16::MAX),
            record_locks: self.partition_max_record_locks,
            lock_ms: self.record_lock_duration_ms,
            renews: self.renew_acknowledge_enable,
        }
    }

    /// What it says of the group itself.
    pub const fn group(&self, broker: &BrokerConfig) -> ShareConfig {
        ShareConfig {
            max_size: broker.group_share_max_size,
            session_timeout_ms: self.session_timeout_ms,
            heartbeat_interval_ms: self.heartbeat_interval_ms,
            assignment_interval_ms: self.assignment_interval_ms,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_to_begin_may_be_a_duration_ago() {
        let cases = [("PT1H", 3_600_000), ("P1DT2M", 86_520_000), ("PT1.5S", 1_500)];
        for (text, ms) in cases {
            let reset = ShareReset::parse(&format!("by_duration:{text}"));
            assert!(matches!(reset, Ok(ShareReset::ByDuration(at, _)) if at == ms), "{text}");
        }
        for text in ["none", "by_duration:", "by_duration:P", "by_duration:PT1X", "by_duration:5"] {
            assert!(ShareReset::parse(text).is_err(), "{text}");
        }
    }
}
