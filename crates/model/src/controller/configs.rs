//! Dynamic configs (`ConfigurationControlManager.incrementalAlterConfigs`).
//!
//! Invariant: what is written has been read back by the table of its scope; a key that is not honoured is refused.

use super::records::MetadataRecord;
use super::view::View;
use crate::api::ErrorCode;
use crate::api::request::{ConfigResource, IncrementalAlterConfigs};
use crate::config::broker::{BrokerConfig, is_dynamic};
use crate::config::share::ShareGroupConfig;
use crate::config::topic::TopicConfig;
use crate::config::{ConfigError, ConfigTable, Scope, known_keys};
use crate::ids::Name;
use alloc::vec::Vec;

const MIN_ISR: &str = "min.insync.replicas";

/// Whether a broker's configs are possible at all: the broker that is asked looks before it forwards them. Those of other
/// resources only the controller looks at (`ConfigAdminManager.preprocess`).
pub fn preprocess(request: &IncrementalAlterConfigs) -> Result<(), ErrorCode> {
    match request.resource {
        ConfigResource::Broker(_) => validate(request),
        ConfigResource::Topic(_) | ConfigResource::Group(_) => Ok(()),
    }
}

/// Records that change the configs of one resource.
pub fn alter(
    view: &View<'_>,
    request: &IncrementalAlterConfigs,
) -> Result<Vec<MetadataRecord>, ErrorCode> {
    if let ConfigResource::Topic(name) = &request.resource {
        view.image.topic(name).ok_or(ErrorCode::UnknownTopicOrPartition)?;
    }
    validate(request)?;
    let mut records = Vec::new();
    for (key, value) in &request.configs {
        check_min_isr(view, &request.resource, key, value.is_none())?;
        records.push(MetadataRecord::Config {
            resource: request.resource.clone(),
            key: key.clone(),
            value: value.clone(),
        });
    }
    let min_isr = request.configs.iter().find(|(key, _)| &**key == MIN_ISR);
    if min_isr.is_some_and(|(key, value)| is_new(view, &request.resource, key, value.as_ref())) {
        records.extend(clear_elr(view, &request.resource));
    }
    Ok(records)
}

fn validate(request: &IncrementalAlterConfigs) -> Result<(), ErrorCode> {
    let mut pairs = request.configs.iter();
    pairs.try_for_each(|(key, value)| may_have(&request.resource, key, value.as_deref()))
}

fn may_have(resource: &ConfigResource, key: &str, value: Option<&str>) -> Result<(), ErrorCode> {
    let checked = check(resource, key, value);
    match resource {
        ConfigResource::Topic(_) | ConfigResource::Group(_) => {
            checked.map_err(|_| ErrorCode::InvalidConfig)
        }
        ConfigResource::Broker(_) if checked.is_ok() && is_dynamic(key) => Ok(()),
        ConfigResource::Broker(_) => Err(ErrorCode::InvalidRequest),
    }
}

/// Eligible leader replicas need one `min.insync.replicas` for the whole cluster: it may change, but not go, and no broker has
/// its own.
fn check_min_isr(
    view: &View<'_>,
    resource: &ConfigResource,
    key: &str,
    deletes: bool,
) -> Result<(), ErrorCode> {
    let refused = match resource {
        ConfigResource::Broker(Some(_)) => true,
        ConfigResource::Broker(None) => deletes,
        ConfigResource::Topic(_) | ConfigResource::Group(_) => false,
    };
    if view.elr_enabled && key == MIN_ISR && refused {
        return Err(ErrorCode::InvalidConfig);
    }
    Ok(())
}

fn is_new(view: &View<'_>, resource: &ConfigResource, key: &Name, value: Option<&Name>) -> bool {
    view.image.configs.get(resource).and_then(|configs| configs.get(key)) != value
}

/// Who was eligible under another `min.insync.replicas` may lack what was acknowledged since (`ClearElrRecord`).
fn clear_elr(view: &View<'_>, resource: &ConfigResource) -> Vec<MetadataRecord> {
    let concerned = |name: &Name| match resource {
        ConfigResource::Topic(topic) => topic == name,
        ConfigResource::Broker(_) | ConfigResource::Group(_) => true,
    };
    let mut records = Vec::new();
    for (tp, state) in view.image.partitions() {
        let eligible = !state.elr.is_empty() || !state.last_known_elr.is_empty();
        if eligible && concerned(&view.image.topics[&tp.topic].name) {
            let mut state = state.clone();
            state.elr.clear();
            state.last_known_elr.clear();
            state.partition_epoch += 1;
            records.push(MetadataRecord::PartitionChange { tp, state });
        }
    }
    records
}

/// Whether a resource may have this value; none resets the key.
pub fn check(resource: &ConfigResource, key: &str, value: Option<&str>) -> Result<(), ConfigError> {
    match resource {
        ConfigResource::Topic(_) => check_in(TopicConfig::default(), key, value),
        ConfigResource::Broker(_) => check_in(BrokerConfig::default(), key, value),
        ConfigResource::Group(_) if key.starts_with("share.") => {
            check_in(ShareGroupConfig::default(), key, value)
        }
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

#[cfg(test)]
mod tests {
    use super::super::broker_changes;
    use super::super::testing::Desk;
    use super::*;
    use crate::ids::NodeId;

    fn altered(
        desk: &mut Desk,
        resource: ConfigResource,
        key: &str,
        value: Option<&str>,
    ) -> ErrorCode {
        let configs = alloc::vec![(key.into(), value.map(Into::into))];
        match alter(&desk.view(), &IncrementalAlterConfigs { resource, configs }) {
            Ok(records) => {
                desk.apply(&records);
                ErrorCode::None
            }
            Err(error) => error,
        }
    }

    #[test]
    fn configs_are_refused_unless_the_table_of_their_scope_takes_them() {
        let topic = || ConfigResource::Topic("t".into());
        let everyone = || ConfigResource::Broker(None);
        let one = || ConfigResource::Broker(Some(NodeId(1)));
        let cases = [
            (topic(), "min.insync.replicas", Some("2"), ErrorCode::None),
            (topic(), "min.insync.replicas", Some("0"), ErrorCode::InvalidConfig),
            (topic(), "min.insync.replicas", None, ErrorCode::None),
            (topic(), "min.insync.replica", Some("2"), ErrorCode::InvalidConfig),
            (topic(), "broker.session.timeout.ms", Some("2"), ErrorCode::InvalidConfig),
            (
                ConfigResource::Topic("u".into()),
                "segment.ms",
                None,
                ErrorCode::UnknownTopicOrPartition,
            ),
            (everyone(), "min.insync.replicas", Some("2"), ErrorCode::None),
            (everyone(), "min.insync.replicas", None, ErrorCode::InvalidConfig),
            (one(), "min.insync.replicas", Some("2"), ErrorCode::InvalidConfig),
            (one(), "log.retention.ms", Some("2"), ErrorCode::None),
            (one(), "log.retention.ms", Some("soon"), ErrorCode::InvalidRequest),
            (one(), "num.partitions", Some("2"), ErrorCode::InvalidRequest),
        ];
        let mut desk = Desk::with_topic(3, &[&[1, 2, 3]]);
        for (resource, key, value, verdict) in cases {
            let told = alloc::format!("{resource:?} {key} {value:?}");
            assert_eq!(altered(&mut desk, resource, key, value), verdict, "{told}");
        }
    }

    #[test]
    fn another_min_isr_makes_nobody_eligible() {
        let topic = || ConfigResource::Topic("t".into());
        let mut desk = Desk::with_topic(3, &[&[1, 2, 3]]);
        altered(&mut desk, topic(), MIN_ISR, Some("3"));
        let records = broker_changes::fence(&desk.view(), NodeId(3));
        desk.apply(&records);
        assert_eq!(desk.partition(0).elr, [NodeId(3)]);
        altered(&mut desk, topic(), MIN_ISR, Some("3"));
        assert_eq!(desk.partition(0).elr, [NodeId(3)], "it is the same");
        altered(&mut desk, topic(), MIN_ISR, Some("2"));
        assert_eq!((&desk.partition(0).elr[..], desk.partition(0).partition_epoch), (&[][..], 2));
    }
}
