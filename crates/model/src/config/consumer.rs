//! Consumer configs (`org.apache.kafka.clients.consumer.ConsumerConfig`).
//!
//! Invariant: assignors are held in the order of preference in which they were given.

use super::table::{any, not_negative, positive};
use super::value::choice;
use super::{ConfigError, config_table};
use crate::ids::Name;

/// Where to begin without a valid committed offset (`AutoOffsetResetStrategy`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AutoOffsetReset {
    /// At the log start.
    Earliest,
    /// At the log's end.
    Latest,
    /// Nowhere: `poll()` throws.
    None,
    /// At the first record of the last so many milliseconds (KIP-1106).
    ByDuration(i64),
}

impl super::ConfigValue for AutoOffsetReset {
    const KIND: &'static str = "string";

    fn parse(text: &str) -> Result<Self, alloc::string::String> {
        match text.trim() {
            "earliest" => Ok(Self::Earliest),
            "latest" => Ok(Self::Latest),
            "none" => Ok(Self::None),
            other => {
                let duration = other.strip_prefix("by_duration:").and_then(duration_ms);
                duration.map(Self::ByDuration).ok_or_else(|| {
                    alloc::format!(
                        "'{text}' is not one of earliest, latest, none, by_duration:PnDTnHnMn.nS"
                    )
                })
            }
        }
    }

    fn show(&self) -> alloc::string::String {
        match self {
            Self::Earliest => "earliest".into(),
            Self::Latest => "latest".into(),
            Self::None => "none".into(),
            Self::ByDuration(ms) => {
                alloc::format!("by_duration:PT{}.{:03}S", ms / 1_000, ms % 1_000)
            }
        }
    }
}

/// An ISO 8601 duration of days, hours, minutes and seconds, as `java.time.Duration` reads it, in milliseconds.
fn duration_ms(text: &str) -> Option<i64> {
    let mut rest = text.strip_prefix('P')?;
    let (mut total, mut in_time, mut any) = (0_i64, false, false);
    while !rest.is_empty() {
        if let Some(time) = rest.strip_prefix('T') {
            (rest, in_time) = (time, true);
            continue;
        }
        let end = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
        let (number, unit) = (&rest[..end], rest[end..].chars().next()?);
        let (whole, part) = number.split_once('.').unwrap_or((number, ""));
        let each = match (unit, in_time) {
            ('D', false) => 86_400_000,
            ('H', true) => 3_600_000,
            ('M', true) => 60_000,
            ('S', true) => 1_000,
            _ => return None,
        };
        total = total.checked_add(whole.parse::<i64>().ok()?.checked_mul(each)?)?;
        if !part.is_empty() {
            let thousandths = alloc::format!("{part:0<3}");
            let digits = thousandths.get(..3).filter(|_| unit == 'S')?;
            total += digits.parse::<i64>().ok()?;
        }
        (rest, any) = (&rest[end + unit.len_utf8()..], true);
    }
    any.then_some(total)
}

choice! {
    /// Which records are shown.
    IsolationLevel {
        /// All below the high watermark.
        ReadUncommitted = "read_uncommitted",
        /// Only those of committed transactions and of none, below the last stable offset.
        ReadCommitted = "read_committed",
    }
}

choice! {
    /// Which group protocol the consumer speaks.
    GroupProtocol {
        /// JoinGroup, SyncGroup, Heartbeat.
        Classic = "classic",
        /// ConsumerGroupHeartbeat (KIP-848).
        Consumer = "consumer",
    }
}

config_table! {
    /// The consumer configs that the model honours.
    Consumer ConsumerConfig {
        client_id: Option<Name> = None, "client.id", any, "The client's name in requests.";
        group_id: Option<Name> = None, "group.id", any, "The group that shares the work.";
        group_instance_id: Option<Name> = None, "group.instance.id", any, "A static member's lasting name.";
        group_protocol: GroupProtocol = GroupProtocol::Classic, "group.protocol", any, "How members and coordinator talk.";
        group_remote_assignor: Option<Name> = None, "group.remote.assignor", any, "The server-side assignor to ask for, with the consumer protocol.";
        assignors: Assignors = Assignors::default(), "partition.assignment.strategy", any, "Assignors in order of preference.";
        auto_offset_reset: AutoOffsetReset = AutoOffsetReset::Latest, "auto.offset.reset", any, "Where to begin without a valid committed offset.";
        enable_auto_commit: bool = true, "enable.auto.commit", any, "Whether poll() commits positions by itself.";
        auto_commit_interval_ms: i32 = 5_000, "auto.commit.interval.ms", not_negative, "How often it does.";
        isolation_level: IsolationLevel = IsolationLevel::ReadUncommitted, "isolation.level", any, "Which records are shown.";
        fetch_min_bytes: i32 = 1, "fetch.min.bytes", not_negative, "How much data makes a fetch worth answering.";
        fetch_max_wait_ms: i32 = 500, "fetch.max.wait.ms", not_negative, "How long a fetch may wait for that.";
        fetch_max_bytes: i32 = 52_428_800, "fetch.max.bytes", not_negative, "Soft limit a fetch.";
        max_partition_fetch_bytes: i32 = 1_048_576, "max.partition.fetch.bytes", not_negative, "Soft limit a partition.";
        max_poll_records: i32 = 500, "max.poll.records", positive, "The most records one poll() returns.";
        max_poll_interval_ms: i32 = 300_000, "max.poll.interval.ms", positive, "How long the application may stay away from poll().";
        session_timeout_ms: i32 = 45_000, "session.timeout.ms", positive, "How long a member may be silent.";
        heartbeat_interval_ms: i32 = 3_000, "heartbeat.interval.ms", positive, "How often a member sends a heartbeat.";
        request_timeout_ms: i32 = 30_000, "request.timeout.ms", not_negative, "How long an answer may take.";
        default_api_timeout_ms: i32 = 60_000, "default.api.timeout.ms", not_negative, "How long a blocking call may take.";
        retry_backoff_ms: i64 = 100, "retry.backoff.ms", not_negative, "The first wait before a retry.";
        retry_backoff_max_ms: i64 = 1_000, "retry.backoff.max.ms", not_negative, "The longest wait before a retry.";
        metadata_max_age_ms: i64 = 300_000, "metadata.max.age.ms", not_negative, "When metadata is refreshed unasked.";
        reconnect_backoff_ms: i64 = 50, "reconnect.backoff.ms", not_negative, "The first wait before connecting again.";
        reconnect_backoff_max_ms: i64 = 1_000, "reconnect.backoff.max.ms", not_negative, "The longest wait before connecting again.";
        allow_auto_create_topics: bool = true, "allow.auto.create.topics", any, "Whether asking for an unknown topic may create it.";
        client_rack: Name = "".into(), "client.rack", any, "Where this consumer stands.";
    }
}

/// Configs that the broker decides with the consumer protocol (`ConsumerConfig.checkUnsupportedConfigsPostProcess`).
const CLASSIC_ONLY: [&str; 3] =
    ["heartbeat.interval.ms", "session.timeout.ms", "partition.assignment.strategy"];
const MODERN_ONLY: [&str; 1] = ["group.remote.assignor"];

impl ConsumerConfig {
    /// Refuses what was set though the other group protocol alone knows it.
    pub fn check_protocol(&self, set: &[(Name, Name)]) -> Result<(), ConfigError> {
        let (wrong, protocol): (&[&str], _) = match self.group_protocol {
            GroupProtocol::Classic => (&MODERN_ONLY, "classic"),
            GroupProtocol::Consumer => (&CLASSIC_ONLY, "consumer"),
        };
        match set.iter().find(|(key, _)| wrong.contains(&&**key)) {
            None => Ok(()),
            Some((key, _)) => {
                let reason = alloc::format!("cannot be set when group.protocol={protocol}");
                Err(ConfigError::value(key, reason))
            }
        }
    }
}

/// The assignors a consumer offers, in order of preference.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Assignors(pub alloc::vec::Vec<Assignor>);

choice! {
    /// An assignor by its class.
    Assignor {
        /// Topic by topic, contiguous ranges.
        Range = "org.apache.kafka.clients.consumer.RangeAssignor" | "range",
        /// All partitions in turn.
        RoundRobin = "org.apache.kafka.clients.consumer.RoundRobinAssignor" | "roundrobin",
        /// Balanced, and as little moved as can be; eager.
        Sticky = "org.apache.kafka.clients.consumer.StickyAssignor" | "sticky",
        /// The same, in cooperative steps.
        CooperativeSticky = "org.apache.kafka.clients.consumer.CooperativeStickyAssignor" | "cooperative-sticky",
    }
}

impl Assignor {
    /// Its protocol name in JoinGroup.
    pub const fn protocol_name(self) -> &'static str {
        match self {
            Self::Range => "range",
            Self::RoundRobin => "roundrobin",
            Self::Sticky => "sticky",
            Self::CooperativeSticky => "cooperative-sticky",
        }
    }
}

impl Default for Assignors {
    fn default() -> Self {
        Self(alloc::vec![Assignor::Range, Assignor::CooperativeSticky])
    }
}

impl super::ConfigValue for Assignors {
    const KIND: &'static str = "list";

    fn parse(text: &str) -> Result<Self, alloc::string::String> {
        let parsed: Result<alloc::vec::Vec<_>, _> =
            text.split(',').map(<Assignor as super::ConfigValue>::parse).collect();
        parsed.map(Self)
    }

    fn show(&self) -> alloc::string::String {
        let names: alloc::vec::Vec<_> = self.0.iter().map(super::ConfigValue::show).collect();
        names.join(",")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ConfigValue;

    #[test]
    fn a_reset_by_duration_reads_as_java_reads_it() {
        let cases = [
            ("by_duration:PT1H", Some(3_600_000)),
            ("by_duration:P1DT1M0.5S", Some(86_460_500)),
            ("by_duration:P", None),
            ("by_duration:PT1D", None),
            ("by_duration:1h", None),
        ];
        for (text, ms) in cases {
            let parsed = AutoOffsetReset::parse(text).ok();
            assert_eq!(parsed, ms.map(AutoOffsetReset::ByDuration), "{text}");
            if let Some(parsed) = parsed {
                assert_eq!(AutoOffsetReset::parse(&parsed.show()), Ok(parsed));
            }
        }
    }
}
