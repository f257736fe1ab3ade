//! Broker configs that change while the broker runs (`DynamicBrokerConfig`).
//!
//! What was set for this broker wins over what was set for all, and both over what it was started with. Invariant: without
//! records of configs the ones in force are those it was started with.

use super::Broker;
use super::metadata::Published;
use crate::api::request::ConfigResource;
use crate::config::ConfigTable;
use crate::config::broker::{BrokerConfig, is_dynamic};
use crate::controller::image::MetadataImage;
use crate::controller::records::MetadataRecord;
use crate::ids::NodeId;

impl Broker {
    /// New metadata was applied: configs may have changed with it.
    pub(super) fn refresh_configs(&mut self, published: &Published) {
        if concerns_brokers(published) {
            self.config = in_force(&self.started_with, self.metadata.image(), self.id);
        }
    }
}

fn concerns_brokers(published: &Published) -> bool {
    let is_brokers = |record: &MetadataRecord| {
        matches!(record, MetadataRecord::Config { resource: ConfigResource::Broker(_), .. })
    };
    match published {
        Published::Image => true,
        Published::Records(records) => records.iter().any(|record| is_brokers(record)),
    }
}

fn in_force(started_with: &BrokerConfig, image: &MetadataImage, me: NodeId) -> BrokerConfig {
    let mut config = started_with.clone();
    for resource in [ConfigResource::Broker(None), ConfigResource::Broker(Some(me))] {
        for (key, value) in image.configs.get(&resource).into_iter().flatten() {
            if is_dynamic(key) {
                // The controller has read it back before it wrote it down.
                let _ = config.set(key, value);
            }
        }
    }
    config
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_brokers_own_config_wins_over_the_clusters_and_both_over_what_it_was_started_with() {
        let (all, own) = (ConfigResource::Broker(None), ConfigResource::Broker(Some(NodeId(1))));
        let started_with = BrokerConfig { log_retention_ms: Some(1), ..BrokerConfig::default() };
        let mut image = MetadataImage::default();
        let steps = [(None, Some(1)), (Some((&all, "2")), Some(2)), (Some((&own, "3")), Some(3))];
        for (set, expected) in steps {
            if let Some((resource, value)) = set {
                let configs = image.configs.entry(resource.clone()).or_default();
                configs.insert("log.retention.ms".into(), value.into());
            }
            let config = in_force(&started_with, &image, NodeId(1));
            assert_eq!(
                (config.log_retention_ms, config.retention_ms()),
                (expected, expected.unwrap())
            );
            let other = in_force(&started_with, &image, NodeId(2));
            assert_eq!(other.log_retention_ms, expected.min(Some(2)), "another broker");
        }
    }
}
