//! The coordinators of a broker, and the internal topics that hold what they know.
//!
//! Invariant: a coordinator is lent out while it works; whoever lends it puts it back before anything else happens.

use super::coordinator::InternalTopic;
use super::lifecycle::BrokerState;
use super::metadata::Published;
use super::{Broker, Env};
use crate::controller::image::MetadataImage;
use crate::controller::records::MetadataRecord;
use crate::cx::Cx;
use crate::group::GroupCoordinator;
use crate::ids::{TopicId, TopicPartition};
use crate::txn::{TransactionCoordinator, TxnLog};

impl Broker {
    /// New metadata was applied: replicas, coordinator and what waits for either react.
    pub(super) fn on_metadata(&mut self, published: &Published, cx: &mut Cx<'_>) {
        self.refresh_configs(published);
        if matches!(published, Published::Image) {
            self.txns.start(cx.now);
        }
        let (replicas, env) = self.data_plane();
        let elections = replicas.apply_metadata(published, &env, cx);
        for (tp, elected) in elections {
            if Some(tp.topic) == self.replicas.txn_topic {
                self.on_txn_election(tp, elected, cx);
                continue;
            }
            if Some(tp.topic) == self.replicas.share_topic {
                self.on_share_election(tp.partition, elected, cx);
                continue;
            }
            self.with_groups(cx, |groups, log, cx| {
                if elected {
                    groups.on_elected(tp.partition, log, cx);
                } else {
                    groups.on_resigned(tp.partition, cx);
                }
            });
        }
        self.check_share_leadership(cx);
    }

    fn on_txn_election(&mut self, tp: TopicPartition, elected: bool, cx: &mut Cx<'_>) {
        self.with_txns(cx, |txns, log, cx| {
            if elected {
                txns.on_elected(tp.partition, log.leader_epoch(tp.partition), log, cx);
            } else {
                txns.on_resigned(tp.partition, log, cx);
            }
        });
    }

    /// Groups forget what they committed for topics that are gone.
    pub(super) fn forget_topics(
        &mut self,
        before: &MetadataImage,
        published: &Published,
        cx: &mut Cx<'_>,
    ) {
        let Published::Records(records) = published else { return };
        for record in records {
            let MetadataRecord::RemoveTopic { id } = &**record else { continue };
            if let Some(topic) = before.topics.get(id) {
                self.with_groups(cx, |groups, log, cx| {
                    groups.on_topic_deleted(&topic.name, log, cx);
                });
                self.forget_shared_topic(*id, cx);
            }
        }
    }

    pub(super) fn with_groups(
        &mut self,
        cx: &mut Cx<'_>,
        run: impl FnOnce(&mut GroupCoordinator, &mut InternalTopic<'_>, &mut Cx<'_>),
    ) {
        let mut groups = core::mem::take(&mut self.groups);
        let topic = self.replicas.offsets_topic;
        run(&mut groups, &mut self.internal(topic), cx);
        self.groups = groups;
    }

    pub(super) fn with_txns(
        &mut self,
        cx: &mut Cx<'_>,
        run: impl FnOnce(&mut TransactionCoordinator, &mut InternalTopic<'_>, &mut Cx<'_>),
    ) {
        let mut txns = core::mem::take(&mut self.txns);
        let topic = self.replicas.txn_topic;
        run(&mut txns, &mut self.internal(topic), cx);
        self.txns = txns;
    }

    pub(super) fn internal(&mut self, topic: Option<TopicId>) -> InternalTopic<'_> {
        let env = Env {
            config: &self.config,
            image: self.metadata.image(),
            broker_epoch: self.lifecycle.epoch(),
            leaving: self.lifecycle.state() == BrokerState::PendingControlledShutdown,
            controller: None,
            no_rack: &self.no_rack,
        };
        let (replicas, ids) = (&mut self.replicas, &mut self.producer_ids);
        InternalTopic { env, replicas, topic, ids }
    }

    /// Tells coordinators how much of their topics is safe.
    pub(super) fn pass_on_high_watermarks(&mut self, cx: &mut Cx<'_>) {
        while let Some((tp, offset)) = self.replicas.moved_offsets.pop() {
            let index = tp.partition;
            if Some(tp.topic) == self.replicas.txn_topic {
                self.with_txns(cx, |txns, log, cx| txns.on_high_watermark(index, offset, log, cx));
            } else if Some(tp.topic) == self.replicas.share_topic {
                self.share.coordinator.on_high_watermark(index, offset, cx);
            } else {
                self.with_groups(cx, |groups, log, cx| {
                    groups.on_high_watermark(index, offset, log, cx);
                });
            }
        }
    }
}
