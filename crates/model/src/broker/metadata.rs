//! A broker follows the metadata log: it fetches, and publishes what is committed (`MetadataLoader`, `KafkaRaftClient` observer).
//!
//! After a start nothing is published before everything committed is here. Invariant: the image holds only committed records.

use super::BrokerTimer;
use crate::api::request::RaftFetch;
use crate::api::{Request, Response};
use crate::controller::image::MetadataImage;
use crate::controller::records::MetadataRecord;
use crate::cx::{Cx, Draw};
use crate::ids::{Correlation, LeaderEpoch, NodeId, Offset};
use crate::net::{ConnId, Lane};
use crate::trace::Fact;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;
use kafkascope_kernel::Micros;

/// `quorum.request.timeout.ms`.
const REQUEST_TIMEOUT: Micros = Micros::from_ms(2_000);
/// `quorum.retry.backoff.ms`.
const RETRY_BACKOFF: Micros = Micros::from_ms(20);
/// How long a fetch may wait at the controller (`KafkaRaftClient.MAX_FETCH_WAIT_MS`).
const MAX_WAIT_MS: i32 = 500;

/// What a broker shall react to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Published {
    /// The first image since the process started: everything is new.
    Image,
    /// These records were applied to the image.
    Records(Vec<Arc<MetadataRecord>>),
}

/// The metadata log as one broker has it. Image and fetched records lie on its disk.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MetadataFollower {
    image: Arc<MetadataImage>,
    /// Fetched, not known to be committed.
    pending: VecDeque<(LeaderEpoch, Arc<MetadataRecord>)>,
    high_watermark: Offset,
    published: bool,
    voters: Vec<NodeId>,
    leader: Option<NodeId>,
    epoch: LeaderEpoch,
    /// To whom the connection is open and introduced.
    ready: Option<NodeId>,
    /// The request under way.
    asked: Option<(NodeId, Correlation)>,
    next: Correlation,
}

impl MetadataFollower {
    /// An empty disk; `voters` are the addresses of `controller.quorum.bootstrap.servers`.
    pub fn new(voters: Vec<NodeId>) -> Self {
        Self {
            image: Arc::new(MetadataImage::default()),
            pending: VecDeque::new(),
            high_watermark: 0,
            published: false,
            voters,
            leader: None,
            epoch: 0,
            ready: None,
            asked: None,
            next: 0,
        }
    }

    /// What is committed and applied.
    pub fn image(&self) -> &Arc<MetadataImage> {
        &self.image
    }

    /// The last offset applied, or -1 (a heartbeat's `currentMetadataOffset`).
    pub fn applied_offset(&self) -> Offset {
        if self.published { self.image.next_offset - 1 } else { -1 }
    }

    /// Whether the broker has been given an image since its process started.
    pub const fn is_published(&self) -> bool {
        self.published
    }

    /// The quorum's leader, if known.
    pub const fn leader(&self) -> Option<NodeId> {
        self.leader
    }

    /// Replaces the voters' addresses.
    pub fn set_voters(&mut self, voters: &[NodeId]) {
        self.voters = voters.to_vec();
    }

    /// The process begins to run.
    pub fn start(&mut self, cx: &mut Cx<'_>) {
        self.fetch(cx);
    }

    /// The process is gone; the disk stays.
    pub fn kill(&mut self) {
        self.published = false;
        self.leader = None;
        self.ready = None;
        self.asked = None;
    }

    /// An answer on the Raft lane; what it made known, if anything.
    pub fn on_response(
        &mut self,
        from: NodeId,
        correlation: Correlation,
        body: Response,
        cx: &mut Cx<'_>,
    ) -> Option<Published> {
        if self.asked != Some((from, correlation)) {
            return None;
        }
        self.asked = None;
        self.ready = Some(from);
        let Response::RaftFetch(fetched) = body else {
            self.fetch(cx);
            return None;
        };
        self.learn_leader(fetched.leader_id, fetched.leader_epoch);
        if !fetched.error.is_ok() || self.leader != Some(from) {
            cx.arm(BrokerTimer::MetadataRetry, RETRY_BACKOFF);
            return None;
        }
        if let Some(diverging) = fetched.diverging_epoch {
            self.truncate(diverging);
        } else {
            self.pending.extend(fetched.entries);
            self.high_watermark = self.high_watermark.max(fetched.high_watermark);
        }
        let published = self.publish(cx);
        self.fetch(cx);
        published
    }

    /// What a controller in ZooKeeper mode pushed: everything, or what has changed. Records of what is not known are passed over.
    #[expect(clippy::wildcard_enum_match_arm, reason = "every other record stands for itself")]
    pub fn on_pushed(&mut self, records: &[Arc<MetadataRecord>], whole: bool) {
        if whole {
            self.image = Arc::new(MetadataImage::default());
        }
        self.published = true;
        let image = Arc::make_mut(&mut self.image);
        for record in records {
            let known = match &**record {
                MetadataRecord::Partition { tp, .. } => {
                    let topic = image.topics.get(&tp.topic);
                    topic.is_some_and(|topic| topic.partitions.len() == tp.partition as usize)
                }
                MetadataRecord::PartitionChange { tp, .. } => image.partition(*tp).is_some(),
                MetadataRecord::RemoveTopic { id } => image.topics.contains_key(id),
                MetadataRecord::BrokerChange { broker, .. } => image.brokers.contains_key(broker),
                _ => true,
            };
            if known {
                image.apply(image.next_offset, image.epoch, record);
            }
        }
    }

    /// The connection to a controller broke.
    pub fn on_disconnect(&mut self, peer: NodeId, cx: &mut Cx<'_>) {
        if self.ready == Some(peer) {
            self.ready = None;
        }
        if self.leader == Some(peer) {
            self.leader = None;
        }
        if self.asked.is_some_and(|(to, _)| to == peer) {
            self.asked = None;
            cx.arm(BrokerTimer::MetadataRetry, RETRY_BACKOFF);
        }
    }

    /// Time to ask (again).
    pub fn on_retry(&mut self, cx: &mut Cx<'_>) {
        if self.asked.is_none() {
            self.fetch(cx);
        }
    }

    /// A fetch got no answer in time: the connection is given up, another voter is asked.
    pub fn on_timeout(&mut self, cx: &mut Cx<'_>) {
        let Some((to, _)) = self.asked.take() else { return };
        cx.close(ConnId { client: cx.me, server: to, lane: Lane::Raft });
        self.ready = None;
        self.leader = None;
        self.fetch(cx);
    }

    fn learn_leader(&mut self, leader: NodeId, epoch: LeaderEpoch) {
        if epoch >= self.epoch {
            self.epoch = epoch;
            self.leader = (leader != NodeId::NONE).then_some(leader);
        }
    }

    /// Cuts off what a leader whose `epoch` ends at `end` does not have.
    fn truncate(&mut self, (epoch, end): (LeaderEpoch, Offset)) {
        let keep = usize::try_from(end - self.image.next_offset).unwrap_or(0);
        let shared = self.pending.iter().take_while(|(of, _)| *of <= epoch).count();
        self.pending.truncate(keep.min(shared));
    }

    fn publish(&mut self, cx: &mut Cx<'_>) -> Option<Published> {
        let mut records = Vec::new();
        let image = Arc::make_mut(&mut self.image);
        while image.next_offset < self.high_watermark {
            let Some((epoch, record)) = self.pending.pop_front() else { break };
            image.apply(image.next_offset, epoch, &record);
            records.push(record);
        }
        let offset = image.next_offset - 1;
        let caught_up = image.next_offset >= self.high_watermark && offset >= 0;
        if !self.published {
            self.published = caught_up;
            if !caught_up {
                return None;
            }
            cx.note(Fact::MetadataApplied { offset });
            return Some(Published::Image);
        }
        let news = records.iter().any(|record| !matches!(**record, MetadataRecord::NoOp));
        if news {
            cx.note(Fact::MetadataApplied { offset });
        }
        news.then_some(Published::Records(records))
    }

    fn fetch(&mut self, cx: &mut Cx<'_>) {
        assert!(self.asked.is_none(), "one fetch is under way at a time");
        let Some(to) = self.leader.or_else(|| self.any_voter(cx)) else { return };
        let correlation = self.next;
        self.next = correlation.wrapping_add(1);
        self.asked = Some((to, correlation));
        cx.arm(BrokerTimer::MetadataTimeout, REQUEST_TIMEOUT);
        let body = if self.ready == Some(to) { self.request(cx.me) } else { Request::ApiVersions };
        cx.send(to, Lane::Raft, correlation, body);
    }

    fn request(&self, me: NodeId) -> Request {
        let last = self.pending.back().map_or(self.image.epoch, |(epoch, _)| *epoch);
        Request::RaftFetch(RaftFetch {
            replica_id: me,
            current_leader_epoch: self.epoch,
            fetch_offset: self.image.next_offset + self.pending.len() as Offset,
            last_fetched_epoch: last,
            high_watermark: self.high_watermark,
            max_wait_ms: MAX_WAIT_MS,
        })
    }

    fn any_voter(&self, cx: &mut Cx<'_>) -> Option<NodeId> {
        let count = u32::try_from(self.voters.len()).ok().filter(|count| *count > 0)?;
        let index = cx.rng(Draw::NodeChoice).below(count);
        self.voters.get(index as usize).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::ErrorCode;
    use crate::api::response::RaftFetch as Fetched;
    use crate::cx::{Effect, Streams};
    use kafkascope_kernel::{Seed, SimTime};

    const LEADER: NodeId = NodeId(100);

    struct Desk {
        follower: MetadataFollower,
        streams: Streams,
    }

    impl Desk {
        /// A broker that has found its leader.
        fn new() -> Self {
            let follower = MetadataFollower::new(alloc::vec![LEADER]);
            let mut desk = Self { follower, streams: Streams::new(Seed(1)) };
            desk.run(MetadataFollower::start);
            desk.run(|follower, cx| follower.on_response(LEADER, 0, Response::ApiVersions, cx));
            desk
        }

        fn run<T>(
            &mut self,
            what: impl FnOnce(&mut MetadataFollower, &mut Cx<'_>) -> T,
        ) -> (T, Vec<Effect>) {
            let mut out = Vec::new();
            let mut cx = Cx {
                now: SimTime::ZERO,
                me: NodeId(1),
                cause: None,
                epoch_ms_at_zero: 0,
                streams: &mut self.streams,
                out: &mut out,
            };
            let result = what(&mut self.follower, &mut cx);
            (result, out)
        }

        /// Answers the fetch under way: so many records of `epoch`, and how far they are committed.
        fn fetched(
            &mut self,
            epoch: LeaderEpoch,
            count: usize,
            committed: Offset,
            diverging_epoch: Option<(LeaderEpoch, Offset)>,
        ) -> (Option<Published>, RaftFetch) {
            let topic = |id| MetadataRecord::Topic {
                id: crate::ids::TopicId(id),
                name: alloc::format!("t{id}").into(),
            };
            let base = self.follower.image.next_offset + self.follower.pending.len() as Offset;
            let first = u32::try_from(base).unwrap_or(0) + 100 * epoch.unsigned_abs();
            let records = (first..).take(count).map(|id| (epoch, Arc::new(topic(id))));
            let body = Response::RaftFetch(Fetched {
                error: ErrorCode::None,
                leader_id: LEADER,
                leader_epoch: epoch,
                high_watermark: committed,
                diverging_epoch,
                base_offset: base,
                entries: records.collect(),
            });
            let asked = self.follower.asked.expect("a fetch is under way").1;
            let (published, out) =
                self.run(|follower, cx| follower.on_response(LEADER, asked, body, cx));
            let next = out.into_iter().find_map(|effect| {
                let Effect::Request { body: Request::RaftFetch(fetch), .. } = effect else {
                    return None;
                };
                Some(fetch)
            });
            (published, next.expect("it asks again at once"))
        }
    }

    #[test]
    fn only_what_is_committed_is_published_and_at_first_all_of_it() {
        let mut desk = Desk::new();
        let (published, next) = desk.fetched(1, 2, -1, None);
        assert_eq!(published, None, "the leader does not know what is committed");
        assert_eq!((next.fetch_offset, next.last_fetched_epoch), (2, 1));
        assert_eq!(desk.follower.applied_offset(), -1);
        let (published, _) = desk.fetched(1, 1, 5, None);
        assert_eq!(published, None, "there is more");
        let (published, _) = desk.fetched(1, 3, 5, None);
        assert_eq!(published, Some(Published::Image));
        assert_eq!((desk.follower.applied_offset(), desk.follower.pending.len()), (4, 1));
        let (published, _) = desk.fetched(1, 0, 6, None);
        assert!(matches!(published, Some(Published::Records(records)) if records.len() == 1));
    }

    #[test]
    fn what_a_deposed_leader_wrote_is_cut_off() {
        // epochs fetched and not committed, where the new leader's log diverges, where the broker goes on
        let cases: [(&[i32], (i32, i64), i64); 3] =
            [(&[1, 1, 2, 2], (1, 4), 4), (&[1, 1, 2, 2], (1, 3), 3), (&[1, 2, 2], (1, 9), 3)];
        for (epochs, diverging, end) in cases {
            let mut desk = Desk::new();
            desk.fetched(1, 2, 2, None);
            for epoch in epochs {
                desk.fetched(*epoch, 1, 2, None);
            }
            let (_, next) = desk.fetched(3, 0, 2, Some(diverging));
            assert_eq!(next.fetch_offset, end, "{epochs:?}");
            assert_eq!(desk.follower.image.next_offset, 2, "what is committed stays");
        }
    }

    #[test]
    fn a_silent_leader_is_left_and_forgotten() {
        let mut desk = Desk::new();
        desk.fetched(1, 1, 1, None);
        let (_, out) = desk.run(MetadataFollower::on_timeout);
        assert!(out.iter().any(|effect| matches!(effect, Effect::Close { .. })));
        assert_eq!(desk.follower.leader(), None);
    }
}
