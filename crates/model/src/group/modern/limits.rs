//! What configs allow and ask of a group of the consumer protocol (`GroupCoordinatorConfig`, `GroupConfig`).
//!
//! Invariant: a group's own config wins over the broker's.

use super::assignor::ServerAssignor;
use crate::api::request::ConfigResource;
use crate::config::broker::{BrokerConfig, MigrationPolicy};
use crate::controller::image::MetadataImage;
use crate::ids::Name;
use kafkascope_kernel::Micros;

/// Configs of one group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ModernLimits {
    /// `group.consumer.session.timeout.ms` or `consumer.session.timeout.ms`.
    pub session_timeout: Micros,
    /// `group.consumer.heartbeat.interval.ms` or `consumer.heartbeat.interval.ms`, in milliseconds.
    pub heartbeat_interval_ms: i32,
    /// `group.consumer.assignment.interval.ms` or `consumer.assignment.interval.ms`: the least time between two targets.
    pub assignment_interval: Micros,
    /// `group.consumer.max.size`.
    pub max_size: i32,
    /// The first of `group.consumer.assignors`.
    pub default_assignor: ServerAssignor,
    /// `group.consumer.migration.policy`.
    pub migration: MigrationPolicy,
    /// `group.max.size`, for a group that goes back to the classic protocol.
    pub classic_max_size: i32,
}

impl ModernLimits {
    /// As broker and group are configured.
    pub fn of(config: &BrokerConfig, image: &MetadataImage, group: &Name) -> Self {
        let resource = ConfigResource::Group(group.clone());
        let own = image.configs.get(&resource);
        let ms = |key: &str, default: i32| {
            own.and_then(|own| own.get(key)?.parse().ok()).unwrap_or(default)
        };
        let micros = |ms: i32| Micros::from_config_ms(i64::from(ms));
        let session = ms("consumer.session.timeout.ms", config.group_consumer_session_timeout_ms);
        let heartbeat =
            ms("consumer.heartbeat.interval.ms", config.group_consumer_heartbeat_interval_ms);
        let assignment =
            ms("consumer.assignment.interval.ms", config.group_consumer_assignment_interval_ms);
        Self {
            session_timeout: micros(session),
            heartbeat_interval_ms: heartbeat,
            assignment_interval: micros(assignment),
            max_size: config.group_consumer_max_size,
            default_assignor: config.group_consumer_assignors.first(),
            migration: config.group_consumer_migration_policy,
            classic_max_size: config.group_max_size,
        }
    }
}
