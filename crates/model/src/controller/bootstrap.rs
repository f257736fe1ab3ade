//! What a new cluster's metadata log begins with (`bootstrap.checkpoint`).
//!
//! Invariant: these records come right after the first leader's own, in one transaction.

use super::records::MetadataRecord;
use crate::api::request::ConfigResource;
use crate::config::broker::BrokerConfig;
use alloc::string::ToString;
use alloc::vec::Vec;

/// Features of a newly formatted 4.3.1 cluster with their levels.
const FEATURES: [(&str, i16); 6] = [
    ("metadata.version", 30),
    ("transaction.version", 2),
    ("group.version", 1),
    ("eligible.leader.replicas.version", 1),
    ("share.version", 1),
    ("streams.version", 1),
];

/// The cluster's features, and `min.insync.replicas` as the whole cluster's config, which eligible leader replicas need.
pub(super) fn records(config: &BrokerConfig) -> Vec<MetadataRecord> {
    let feature = |(feature, level)| MetadataRecord::FeatureLevel { feature, level };
    let min_isr = MetadataRecord::Config {
        resource: ConfigResource::Broker(None),
        key: "min.insync.replicas".into(),
        value: Some(config.min_insync_replicas.to_string().into()),
    };
    let begin = core::iter::once(MetadataRecord::BeginTransaction);
    let features = FEATURES.into_iter().map(feature);
    begin.chain(features).chain([min_isr, MetadataRecord::EndTransaction]).collect()
}
