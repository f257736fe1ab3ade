//! Dynamic configs (`ConfigurationControlManager.incrementalAlterConfigs`).
//!
//! Invariant: what is written has been read back by the table of its scope; a key that is not honoured is refused.

use super::records::MetadataRecord;
use super::view::View;
use crate::api::ErrorCode;
use crate::api::request::{ConfigResource, IncrementalAlterConfigs};
use crate::config::broker::BrokerConfig;
use crate::config::topic::TopicConfig;
use crate::config::{ConfigError, ConfigTable, Scope, known_keys};
use alloc::vec::Vec;

/// Records that change the configs of one resource.
pub fn alter(
    view: &View<'_>,
    request: &IncrementalAlterConfigs,
) -> Result<Vec<MetadataRecord>, ErrorCode> {
    if let ConfigResource::Topic(name) = &request.resource {
        view.image.topic(name).ok_or(ErrorCode::UnknownTopicOrPartition)?;
    }
    for (key, value) in &request.configs {
        check(&request.resource, key, value.as_deref()).map_err(|_| ErrorCode::InvalidConfig)?;
    }
    let records = request.configs.iter().map(|(key, value)| MetadataRecord::Config {
        resource: request.resource.clone(),
        key: key.clone(),
        value: value.clone(),
    });
    Ok(records.collect())
}

/// Whether a resource may have this value; none resets the key.
pub fn check(resource: &ConfigResource, key: &str, value: Option<&str>) -> Result<(), ConfigError> {
    match resource {
        ConfigResource::Topic(_) => check_in(TopicConfig::default(), key, value),
        ConfigResource::Broker(_) => check_in(BrokerConfig::default(), key, value),
        ConfigResource::Group(_) if known_keys(Scope::Group).any(|known| known == key) => Ok(()),
        ConfigResource::Group(_) => Err(ConfigError::unknown(Scope::Group, key)),
    }
}

fn check_in<T: ConfigTable>(
    mut table: T,
    key: &str,
    value: Option<&str>,
) -> Result<(), ConfigError> {
    match value {
        Some(value) => table.set(key, value),
        None => table.reset(key),
    }
}
