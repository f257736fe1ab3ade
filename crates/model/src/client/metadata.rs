//! A client's metadata: what it knows, when it asks again (`org.apache.kafka.clients.Metadata`, `ProducerMetadata`).
//!
//! It is asked for when a topic is new, when an error says it is stale, and every `metadata.max.age.ms`; never faster than its
//! back-off allows. Invariant: an answer with an older leader epoch changes nothing about its partition.

use super::cluster::{Cluster, KnownPartition, KnownTopic};
use crate::api::ErrorCode;
use crate::api::request;
use crate::api::response::{self, CurrentLeader, PartitionMetadata, TopicMetadata};
use crate::cx::Cx;
use crate::ids::{LeaderEpoch, Name, NodeId, TopicPartition};
use crate::trace::Fact;
use alloc::vec::Vec;
use kafkascope_kernel::{FlatMap, FlatSet};
use kafkascope_kernel::{Micros, SimTime};

/// What a client's configs say about metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MetadataConfig {
    /// `retry.backoff.ms`.
    pub retry_backoff_ms: i64,
    /// `retry.backoff.max.ms`.
    pub retry_backoff_max_ms: i64,
    /// `metadata.max.age.ms`.
    pub max_age: Micros,
    /// `metadata.max.idle.ms`: a producer forgets topics it has not sent to for so long; others never do.
    pub max_idle: Option<Micros>,
    /// `allow.auto.create.topics`; always true for producers and admin clients.
    pub allow_auto_create: bool,
}

/// Which METADATA request is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Asked {
    version: u32,
    partial: bool,
}

/// A client's metadata.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Metadata {
    config: MetadataConfig,
    bootstrap: Vec<NodeId>,
    cluster: Cluster,
    /// Wanted topics, and when each is forgotten unless used.
    topics: FlatMap<Name, SimTime>,
    new_topics: FlatSet<Name>,
    all_topics: bool,
    epochs: FlatMap<(Name, i32), LeaderEpoch>,
    errors: FlatMap<Name, ErrorCode>,
    need_full: bool,
    need_partial: bool,
    request_version: u32,
    update_version: u32,
    last_success: Option<SimTime>,
    attempts: u32,
    equivalent_answers: u32,
    /// Back-offs are drawn when they begin, so that looking at the clock draws nothing.
    allowed_at: SimTime,
    allowed_at_equivalent: SimTime,
}

impl Metadata {
    /// Nothing known but where to ask; an update is due at once.
    pub fn new(config: MetadataConfig, bootstrap: Vec<NodeId>) -> Self {
        Self {
            config,
            cluster: Cluster::bootstrap(&bootstrap),
            bootstrap,
            topics: FlatMap::new(),
            new_topics: FlatSet::new(),
            all_topics: false,
            epochs: FlatMap::new(),
            errors: FlatMap::new(),
            need_full: true,
            need_partial: false,
            request_version: 0,
            update_version: 1,
            last_success: None,
            attempts: 0,
            equivalent_answers: 0,
            allowed_at: SimTime::ZERO,
            allowed_at_equivalent: SimTime::ZERO,
        }
    }

    /// What is known now.
    pub const fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// Counts answers that were taken in; a waiter compares it with what it was (`Metadata.updateVersion`).
    pub const fn version(&self) -> u32 {
        self.update_version
    }

    /// The last answer's error for a topic.
    pub fn error(&self, topic: &str) -> ErrorCode {
        self.errors.get(topic).copied().unwrap_or_default()
    }

    /// The newest leader epoch seen for a partition.
    pub fn last_seen_epoch(&self, topic: &Name, partition: i32) -> Option<LeaderEpoch> {
        self.epochs.get(&(topic.clone(), partition)).copied()
    }

    /// A producer uses a topic: it is wanted from now on, and fetched soon if it is new (`ProducerMetadata.add`).
    pub fn add_topic(&mut self, topic: &Name, now: SimTime) {
        let expires = self.config.max_idle.map_or(SimTime::END, |idle| now + idle);
        if let Some(expiry) = self.topics.get_mut(topic) {
            *expiry = expires;
            return;
        }
        self.topics.insert(topic.clone(), expires);
        self.new_topics.insert(topic.clone());
        self.request_update_for_new_topics();
    }

    /// Makes exactly these topics wanted; new ones are fetched soon (a consumer's subscription).
    pub fn set_topics<'a>(&mut self, topics: impl IntoIterator<Item = &'a Name>) {
        let wanted: FlatMap<Name, SimTime> =
            topics.into_iter().map(|topic| (topic.clone(), SimTime::END)).collect();
        let any_new = wanted.keys().any(|topic| !self.topics.contains_key(topic));
        self.topics = wanted;
        if any_new {
            self.request_update_for_new_topics();
        }
    }

    /// Makes every topic wanted (a pattern subscription).
    pub fn want_all_topics(&mut self) {
        self.all_topics = true;
        self.request_update_for_new_topics();
    }

    /// Asks for an update, because of an error if there is one (`Metadata.requestUpdate`).
    pub fn request_update(&mut self, because: ErrorCode, cx: &mut Cx<'_>) {
        if !self.need_full && !because.is_ok() {
            cx.note(Fact::MetadataRequested { because });
        }
        self.need_full = true;
    }

    /// Asks for a topic's metadata, at once if the topic is new (`ProducerMetadata.requestUpdateForTopic`).
    pub fn request_update_for_topic(&mut self, topic: &Name, cx: &mut Cx<'_>) {
        if self.new_topics.contains(topic) {
            self.request_update_for_new_topics();
        } else {
            self.request_update(ErrorCode::None, cx);
        }
    }

    /// Whether topics were added that no answer has covered yet.
    pub const fn wants_new_topics(&self) -> bool {
        self.need_partial
    }

    /// Whether an update was asked for and has not come (`Metadata.updateRequested`).
    pub const fn wants_update(&self) -> bool {
        self.need_full || self.need_partial
    }

    /// When the next request should leave, the one under way apart (`Metadata.timeToNextUpdate`).
    pub fn update_at(&self) -> SimTime {
        let expires = match self.last_success {
            Some(at) if !(self.need_full || self.need_partial) => at + self.config.max_age,
            Some(_) | None => SimTime::ZERO,
        };
        expires.max(self.allowed_at).max(self.allowed_at_equivalent)
    }

    /// The request to send now, and what to hand back with its answer.
    pub fn new_request(&self, now: SimTime) -> (request::Metadata, Asked) {
        let fresh = self.last_success.is_some_and(|at| at + self.config.max_age > now);
        let partial = !self.need_full && fresh && self.config.max_idle.is_some();
        let topics = if partial {
            Some(self.new_topics.iter().cloned().collect())
        } else if self.all_topics {
            None
        } else {
            Some(self.topics.keys().cloned().collect())
        };
        let allow_auto_topic_creation = self.config.allow_auto_create;
        let asked = Asked { version: self.request_version, partial };
        (request::Metadata { topics, allow_auto_topic_creation }, asked)
    }

    /// Takes in an answer (`Metadata.update`).
    pub fn update(&mut self, asked: Asked, answer: response::Metadata, cx: &mut Cx<'_>) {
        if answer.brokers.is_empty() {
            self.failed(cx);
            return;
        }
        self.need_partial = asked.version < self.request_version;
        self.attempts = 0;
        self.update_version += 1;
        if !asked.partial {
            self.need_full = false;
            self.last_success = Some(cx.now);
        }
        self.equivalent_answers += 1;
        self.errors.clear();
        self.take_nodes(&answer);
        self.take_topics(asked.partial, answer.topics, cx);
        self.begin_backoff(cx);
    }

    /// The request got no answer (`Metadata.failedUpdate`).
    pub fn failed(&mut self, cx: &mut Cx<'_>) {
        self.attempts += 1;
        self.equivalent_answers = 0;
        self.begin_backoff(cx);
    }

    /// Changes the addresses to begin with; they count at once if nothing else is known yet.
    pub fn set_bootstrap(&mut self, servers: &[NodeId]) {
        let ignorant = self.last_success.is_none();
        self.bootstrap = servers.to_vec();
        if ignorant {
            self.cluster = Cluster::bootstrap(servers);
        }
    }

    /// Begins anew with the bootstrap addresses (KIP-899).
    pub fn rebootstrap(&mut self) {
        self.need_full = true;
        self.update_version += 1;
        self.cluster = Cluster::bootstrap(&self.bootstrap);
    }

    /// A broker's answer named a newer leader (KIP-951); whether that is news (`Metadata.updatePartitionLeadership`).
    pub fn take_leader(
        &mut self,
        tp: TopicPartition,
        leader: CurrentLeader,
        cx: &mut Cx<'_>,
    ) -> bool {
        let known_node = self.cluster.has_node(leader.leader_id);
        let Some(name) = self.cluster.name_of(tp.topic).cloned() else { return false };
        let Some(known) = self.cluster.partition_mut(tp) else { return false };
        if leader.leader_epoch <= known.leader_epoch || leader.leader_id.0 < 0 || !known_node {
            return false;
        }
        known.leader = Some(leader.leader_id);
        known.leader_epoch = leader.leader_epoch;
        self.epochs.insert((name, tp.partition), leader.leader_epoch);
        note_leader(tp, Some(leader.leader_id), leader.leader_epoch, cx);
        true
    }

    /// A fetched record's epoch is newer than known: metadata is stale (`Metadata.updateLastSeenEpochIfNewer`).
    pub fn saw_epoch(&mut self, topic: &Name, partition: i32, epoch: LeaderEpoch) -> bool {
        match self.epochs.get_mut(&(topic.clone(), partition)) {
            Some(known) if epoch > *known => {
                *known = epoch;
                self.need_full = true;
                true
            }
            Some(_) | None => false,
        }
    }

    fn request_update_for_new_topics(&mut self) {
        self.allowed_at = SimTime::ZERO;
        self.allowed_at_equivalent = SimTime::ZERO;
        self.need_partial = true;
        self.equivalent_answers = 0;
        self.request_version += 1;
    }

    fn begin_backoff(&mut self, cx: &mut Cx<'_>) {
        let (base, cap) = (self.config.retry_backoff_ms, self.config.retry_backoff_max_ms);
        let base = base.min(cap);
        self.allowed_at = cx.now + cx.backoff(base, cap, self.attempts.saturating_sub(1));
        self.allowed_at_equivalent = match self.equivalent_answers.checked_sub(1) {
            Some(attempt) => cx.now + cx.backoff(base, cap, attempt),
            None => SimTime::ZERO,
        };
    }

    fn take_nodes(&mut self, answer: &response::Metadata) {
        let brokers = answer.brokers.iter();
        self.cluster.nodes =
            brokers.clone().map(|(id, _)| super::network::Peer::broker(*id)).collect();
        self.cluster.racks = brokers.filter_map(|(id, rack)| Some((*id, rack.clone()?))).collect();
        self.cluster.controller = (answer.controller_id.0 >= 0).then_some(answer.controller_id);
    }

    fn take_topics(&mut self, partial: bool, answers: Vec<TopicMetadata>, cx: &mut Cx<'_>) {
        let mut gone: FlatSet<Name> = self.cluster.topics().map(|(name, _)| name.clone()).collect();
        for topic in answers {
            gone.remove(&topic.name);
            self.take_topic(topic, cx);
        }
        for name in gone {
            if !partial || !self.retains(&name, cx.now) {
                self.cluster.remove(&name);
            }
        }
        let (topics, all) = (&self.topics, self.all_topics);
        self.epochs.retain(|(name, _), _| all || topics.contains_key(name));
    }

    fn take_topic(&mut self, topic: TopicMetadata, cx: &mut Cx<'_>) {
        let retained = self.retains(&topic.name, cx.now);
        self.new_topics.remove(&topic.name);
        if !topic.error.is_ok() {
            self.errors.insert(topic.name.clone(), topic.error);
        }
        if !retained || !topic.error.is_ok() {
            if retained && topic.error.is_invalid_metadata() {
                self.request_update(topic.error, cx);
            }
            self.cluster.remove(&topic.name);
            return;
        }
        let known = KnownTopic {
            id: topic.topic_id,
            is_internal: topic.is_internal,
            partitions: self.take_partitions(&topic, cx),
        };
        self.cluster.insert(topic.name, known);
    }

    fn take_partitions(&mut self, topic: &TopicMetadata, cx: &mut Cx<'_>) -> Vec<KnownPartition> {
        let before = self.cluster.topic(&topic.name);
        let same_topic = before.is_some_and(|known| known.id == topic.topic_id);
        let mut before =
            before.map(|known| known.partitions.clone()).unwrap_or_default().into_iter();
        let mut partitions = Vec::with_capacity(topic.partitions.len());
        for answer in &topic.partitions {
            let before = before.next();
            let tp = TopicPartition::new(topic.topic_id, answer.partition_index);
            let key = (topic.name.clone(), answer.partition_index);
            let seen = self.epochs.get(&key).copied();
            let newer = seen.is_none_or(|epoch| !same_topic || answer.leader_epoch > epoch);
            let known = match before {
                Some(before) if same_topic && seen.is_some_and(|e| answer.leader_epoch < e) => {
                    before
                }
                Some(_) | None => known_partition(answer),
            };
            if newer {
                self.equivalent_answers = 0;
                self.epochs.insert(key, answer.leader_epoch);
                note_leader(tp, known.leader, known.leader_epoch, cx);
            }
            if answer.error.is_invalid_metadata() {
                self.request_update(answer.error, cx);
            }
            partitions.push(known);
        }
        partitions
    }

    /// Whether a topic is still wanted; forgets one that was not used for too long (`ProducerMetadata.retainTopic`).
    fn retains(&mut self, topic: &Name, now: SimTime) -> bool {
        match self.topics.get(topic) {
            None => self.all_topics,
            Some(expiry) if *expiry > now || self.new_topics.contains(topic) => true,
            Some(_) => {
                self.topics.remove(topic);
                false
            }
        }
    }
}

fn known_partition(answer: &PartitionMetadata) -> KnownPartition {
    KnownPartition {
        leader: (answer.leader_id.0 >= 0).then_some(answer.leader_id),
        leader_epoch: answer.leader_epoch,
        replicas: answer.replica_nodes.clone(),
        isr: answer.isr_nodes.clone(),
        offline: answer.offline_replicas.clone(),
    }
}

fn note_leader(tp: TopicPartition, leader: Option<NodeId>, epoch: LeaderEpoch, cx: &mut Cx<'_>) {
    cx.note(Fact::MetadataUpdated { tp, leader: leader.unwrap_or(NodeId::NONE), epoch });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Response;
    use crate::client::testing::{Bench, metadata_of};
    use crate::ids::TopicId;

    const TP: TopicPartition = TopicPartition::new(TopicId(1), 0);

    fn metadata() -> Metadata {
        let config = MetadataConfig {
            retry_backoff_ms: 100,
            retry_backoff_max_ms: 1_000,
            max_age: Micros::from_ms(300_000),
            max_idle: Some(Micros::from_ms(300_000)),
            allow_auto_create: true,
        };
        Metadata::new(config, [1, 2].map(NodeId).to_vec())
    }

    fn update(metadata: &mut Metadata, bench: &mut Bench, answer: Response) -> request::Metadata {
        let (request, asked) = metadata.new_request(bench.now);
        let Response::Metadata(answer) = answer else { unreachable!("an answer to METADATA") };
        bench.run(|cx| metadata.update(asked, answer, cx));
        request
    }

    #[test]
    fn a_new_topic_is_asked_for_alone_and_at_once() {
        let (mut bench, mut metadata) = (Bench::new(), metadata());
        metadata.add_topic(&"t".into(), bench.now);
        update(&mut metadata, &mut bench, metadata_of("t", 1, &[(1, 0)]));
        assert!(metadata.update_at() > bench.now + Micros::from_ms(299_000));
        metadata.add_topic(&"new".into(), bench.now);
        assert_eq!(metadata.update_at(), SimTime::ZERO);
        let request = update(&mut metadata, &mut bench, metadata_of("new", 2, &[(2, 0)]));
        assert_eq!(request.topics, Some(["new".into()].to_vec()));
        assert_eq!(metadata.cluster().leader(TP), Some(NodeId(1)), "the old topic is kept");
    }

    #[test]
    fn an_older_leader_epoch_changes_nothing_unless_the_topic_is_another() {
        let (mut bench, mut metadata) = (Bench::new(), metadata());
        metadata.add_topic(&"t".into(), bench.now);
        let answers =
            [(1, (1, 5), 1), (1, (2, 4), 1), (1, (3, 6), 3), (2, (2, 0), 2), (2, (-1, 1), -1)];
        for (id, leader, expected) in answers {
            update(&mut metadata, &mut bench, metadata_of("t", id, &[leader]));
            let known = metadata.cluster().leader(TopicPartition::new(TopicId(id), 0));
            assert_eq!(known, (expected > 0).then_some(NodeId(expected)), "{id} {leader:?}");
        }
        assert_eq!(bench.facts.len(), 5, "four leaders, and a refresh for the missing one");
    }

    #[test]
    fn a_leader_named_by_an_error_counts_only_if_it_is_newer() {
        let (mut bench, mut metadata) = (Bench::new(), metadata());
        metadata.add_topic(&"t".into(), bench.now);
        update(&mut metadata, &mut bench, metadata_of("t", 1, &[(1, 5)]));
        for (leader, epoch, news) in [(2, 5, false), (9, 6, false), (2, 6, true), (3, 6, false)] {
            let leader = CurrentLeader { leader_id: NodeId(leader), leader_epoch: epoch };
            assert_eq!(bench.run(|cx| metadata.take_leader(TP, leader, cx)), news, "{leader:?}");
        }
    }

    #[test]
    fn answers_without_news_slow_down_the_next_request() {
        let (mut bench, mut metadata) = (Bench::new(), metadata());
        metadata.add_topic(&"t".into(), bench.now);
        for least_ms in [80, 80, 160, 320, 640] {
            update(&mut metadata, &mut bench, metadata_of("t", 1, &[(1, 5)]));
            bench.run(|cx| metadata.request_update(ErrorCode::NotLeaderOrFollower, cx));
            assert!(metadata.update_at() >= bench.now + Micros::from_ms(least_ms));
            bench.now = metadata.update_at();
        }
    }

    #[test]
    fn a_topic_unused_for_too_long_is_forgotten() {
        let (mut bench, mut metadata) = (Bench::new(), metadata());
        metadata.add_topic(&"t".into(), bench.now);
        update(&mut metadata, &mut bench, metadata_of("t", 1, &[(1, 0)]));
        bench.wait_ms(300_000);
        update(&mut metadata, &mut bench, metadata_of("t", 1, &[(1, 0)]));
        assert!(metadata.cluster().topic("t").is_none());
        assert_eq!(metadata.new_request(bench.now).0.topics, Some(Vec::new()));
    }
}
