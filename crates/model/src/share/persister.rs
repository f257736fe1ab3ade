//! A broker's client of share coordinators (`PersisterStateManager`), and of partition leaders for end offsets
//! (`NetworkPartitionMetadataClient`).
//!
//! Operations on share partitions go to their coordinators, several of one group together; what may pass is tried again with
//! growing pauses. Invariant: every operation ends in exactly one [`Done`] while the process lives.

use super::partition::Ticket;
use super::{SHARE_STATE_TOPIC, ShareKey};
use crate::api::request::{CoordinatorType, FindCoordinator, ListOffsets, OffsetSpec};
use crate::api::share::{ShareRequest, ShareResponse, StateSummary, StoredState, WrittenState};
use crate::api::{ErrorCode, Request, Response};
use crate::client::network::{Answer, NetworkClient, NetworkConfig, Outcome, Peer};
use crate::controller::image::MetadataImage;
use crate::cx::{Cx, Draw};
use crate::group::coordinator::partition_for;
use crate::ids::{Correlation, LeaderEpoch, Name, NodeId, Offset, TopicPartition};
use crate::net::Lane;
use alloc::collections::VecDeque;
use alloc::vec;
use alloc::vec::Vec;
use kafkascope_kernel::{FlatMap, FlatSet, Micros, SimTime};

/// How often an operation is tried (`MAX_FIND_COORD_ATTEMPTS`).
const MAX_ATTEMPTS: u32 = 5;
/// The first pause between attempts.
const BACKOFF_MS: i64 = 1_000;
/// The longest pause between attempts.
const BACKOFF_MAX_MS: i64 = 30_000;

const NETWORK: NetworkConfig = NetworkConfig {
    request_timeout: Micros::from_ms(30_000),
    reconnect_backoff_ms: 50,
    reconnect_backoff_max_ms: 50,
    max_in_flight: 1_000,
};

/// What is asked of a share coordinator.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum What {
    /// State epoch and start offset.
    Initialize(i32, Offset),
    /// The leader's epoch.
    Read(LeaderEpoch),
    /// A leader's changes.
    Write(WrittenState),
    /// Everything goes.
    Delete,
    /// The leader's epoch.
    Summary(LeaderEpoch),
}

/// Which kind of request an operation becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Rpc {
    Initialize,
    Read,
    Write,
    Delete,
    Summary,
}

/// On whose behalf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// The group, about its partitions.
    Group,
    /// The share partition; which of its changes.
    Partition(Ticket),
    /// A request of an admin client that waits for it.
    Admin(u32),
}

/// What came of an operation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Gain {
    /// It is done.
    Stored,
    /// What there is.
    State(StoredState),
    /// What there is, in short.
    Summary(StateSummary),
}

/// An operation that ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Done {
    /// At a share coordinator.
    Operation {
        /// On which share partition.
        key: ShareKey,
        /// What was asked.
        what: What,
        /// On whose behalf.
        owner: Owner,
        /// What came of it.
        result: Result<Gain, ErrorCode>,
    },
    /// End offsets, for a request that waits for them.
    Ends(u32, Vec<(TopicPartition, Result<Offset, ErrorCode>)>),
}

/// An operation on its way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Op {
    key: ShareKey,
    what: What,
    owner: Owner,
    finds: u32,
    tries: u32,
    /// As FIND_COORDINATOR told.
    coordinator: Option<NodeId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Call {
    Find(Op),
    Batch(NodeId, Rpc, Vec<Op>),
    Ends(u32, Vec<TopicPartition>),
}

/// The client.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Persister {
    network: NetworkClient<Call>,
    queue: VecDeque<Op>,
    /// Operations by coordinator, kind and group.
    ready: FlatMap<(NodeId, Rpc), FlatMap<Name, Vec<Op>>>,
    in_flight: FlatSet<(NodeId, Rpc)>,
    unsent: Vec<(Peer, Request, Call)>,
    retries: Vec<(SimTime, Op)>,
    done: Vec<Done>,
}

impl Default for Persister {
    fn default() -> Self {
        Self {
            network: NetworkClient::new(NETWORK),
            queue: VecDeque::new(),
            ready: FlatMap::new(),
            in_flight: FlatSet::new(),
            unsent: Vec::new(),
            retries: Vec::new(),
            done: Vec::new(),
        }
    }
}

impl Persister {
    /// Puts in an operation; [`Self::pump`] sends it.
    pub fn enqueue(&mut self, key: ShareKey, what: What, owner: Owner) {
        self.queue.push_back(Op { key, what, owner, finds: 0, tries: 0, coordinator: None });
    }

    /// Asks a leader where partitions end.
    pub fn ask_ends(&mut self, leader: NodeId, request: u32, partitions: Vec<TopicPartition>) {
        let rows = partitions.iter().map(|tp| (*tp, -1, OffsetSpec::Latest)).collect();
        let (replica_id, read_committed) = (NodeId::NONE, false);
        let body = ListOffsets { replica_id, read_committed, partitions: rows };
        let peer = Peer { server: leader, lane: Lane::PartitionMetadata };
        let call = Call::Ends(request, partitions);
        self.unsent.push((peer, Request::ListOffsets(body), call));
    }

    /// An answer arrived.
    pub fn on_response(
        &mut self,
        from: NodeId,
        lane: Lane,
        correlation: Correlation,
        body: Response,
        cx: &mut Cx<'_>,
    ) {
        if let Some(answer) = self.network.on_response(from, lane, correlation, body) {
            self.on_answer(answer, cx);
        }
    }

    /// A connection broke or was refused.
    pub fn on_disconnect(&mut self, peer: NodeId, lane: Lane, cx: &mut Cx<'_>) {
        for answer in self.network.on_disconnect(peer, lane, cx) {
            self.on_answer(answer, cx);
        }
    }

    /// Sends what can be sent; when to call again, and what ended.
    pub fn pump(&mut self, image: &MetadataImage, cx: &mut Cx<'_>) -> (Option<SimTime>, Vec<Done>) {
        for answer in self.network.time_out(cx) {
            self.on_answer(answer, cx);
        }
        let due = core::mem::take(&mut self.retries);
        let (due, later): (Vec<_>, Vec<_>) = due.into_iter().partition(|(at, _)| *at <= cx.now);
        self.retries = later;
        self.queue.extend(due.into_iter().map(|(_, op)| op));
        while let Some(op) = self.queue.pop_front() {
            self.route(op, image, cx);
            self.combine();
        }
        self.combine();
        self.flush(cx);
        let retry = self.retries.iter().map(|(at, _)| *at).min();
        let connect = self.unsent.iter().filter_map(|(peer, ..)| {
            self.network.connect_at(*peer, cx.now).filter(|at| *at > cx.now)
        });
        let wakeup = connect.chain(retry).chain(self.network.next_timeout()).min();
        (wakeup, core::mem::take(&mut self.done))
    }

    /// Whether nothing is under way.
    pub fn is_idle(&self) -> bool {
        self.queue.is_empty()
            && self.unsent.is_empty()
            && self.retries.is_empty()
            && self.ready.is_empty()
            && self.in_flight.is_empty()
            && self.done.is_empty()
    }

    /// To its coordinator, if that is known; else somebody is asked for it.
    fn route(&mut self, op: Op, image: &MetadataImage, cx: &mut Cx<'_>) {
        if let Some(node) = op.coordinator.or_else(|| coordinator_of(&op.key, image)) {
            let groups = self.ready.entry((node, rpc_of(&op.what))).or_default();
            groups.entry(op.key.group.clone()).or_default().push(op);
            return;
        }
        let live: Vec<NodeId> =
            image.brokers.iter().filter(|(_, broker)| !broker.fenced).map(|(id, _)| *id).collect();
        let Ok(count @ 1..) = u32::try_from(live.len()) else {
            self.end(op, Err(ErrorCode::CoordinatorNotAvailable));
            return;
        };
        let server = live[cx.rng(Draw::NodeChoice).below(count) as usize];
        let keys = vec![op.key.coordinator_key()];
        let body = FindCoordinator { key_type: CoordinatorType::Share, keys };
        let peer = Peer { server, lane: Lane::Persister };
        self.unsent.push((peer, Request::FindCoordinator(body), Call::Find(op)));
    }

    /// Everything that waits for a coordinator with no such request under way becomes requests, one a group.
    fn combine(&mut self) {
        let ready = core::mem::take(&mut self.ready);
        for ((node, rpc), groups) in ready {
            if self.in_flight.contains(&(node, rpc)) {
                self.ready.insert((node, rpc), groups);
                continue;
            }
            self.in_flight.insert((node, rpc));
            let peer = Peer { server: node, lane: Lane::Persister };
            for (group, ops) in groups {
                let body = Request::Share(request_of(rpc, group, &ops));
                self.unsent.push((peer, body, Call::Batch(node, rpc, ops)));
            }
        }
    }

    fn flush(&mut self, cx: &mut Cx<'_>) {
        for (peer, body, call) in core::mem::take(&mut self.unsent) {
            if self.network.ready(peer, cx) {
                self.network.send(peer, body, call, None, cx);
            } else if self.network.connection_failed(peer) {
                self.on_answer(Answer { peer, call, outcome: Outcome::Disconnected }, cx);
            } else {
                self.unsent.push((peer, body, call));
            }
        }
    }

    fn on_answer(&mut self, answer: Answer<Call>, cx: &mut Cx<'_>) {
        let body = match answer.outcome {
            Outcome::Answered(body) => Ok(body),
            Outcome::Disconnected => Err(ErrorCode::NetworkException),
            Outcome::TimedOut => Err(ErrorCode::RequestTimedOut),
        };
        match answer.call {
            Call::Find(op) => self.on_found(op, body, cx),
            Call::Batch(node, rpc, ops) => {
                self.in_flight.remove(&(node, rpc));
                for op in ops {
                    let result = match &body {
                        Ok(body) => gain_of(&op, body),
                        Err(error) => Err(*error),
                    };
                    self.on_result(op, result, cx);
                }
            }
            Call::Ends(request, partitions) => {
                let end = |tp: &TopicPartition| (*tp, end_of(*tp, &body));
                self.done.push(Done::Ends(request, partitions.iter().map(end).collect()));
            }
        }
    }

    fn on_found(&mut self, mut op: Op, body: Result<Response, ErrorCode>, cx: &mut Cx<'_>) {
        op.finds += 1;
        let found = body.and_then(|body| {
            let Response::FindCoordinator(mut rows) = body else {
                unreachable!("FIND_COORDINATOR is answered by its own response")
            };
            let row = rows.pop().ok_or(ErrorCode::UnknownServerError)?;
            if row.error.is_ok() { Ok(row.node_id) } else { Err(row.error) }
        });
        match found {
            Ok(node) => {
                op.finds = 0;
                op.coordinator = Some(node);
                self.queue.push_back(op);
            }
            Err(error) if may_pass(error) && op.finds < MAX_ATTEMPTS => {
                let wait = cx.backoff(BACKOFF_MS, BACKOFF_MAX_MS, op.finds);
                self.retries.push((cx.now + wait, op));
            }
            Err(error) => self.end(op, Err(error)),
        }
    }

    fn on_result(&mut self, mut op: Op, result: Result<Gain, ErrorCode>, cx: &mut Cx<'_>) {
        op.tries += 1;
        match result {
            Err(error) if may_pass(error) && op.tries < MAX_ATTEMPTS => {
                op.coordinator = None;
                let wait = cx.backoff(BACKOFF_MS, BACKOFF_MAX_MS, op.tries);
                self.retries.push((cx.now + wait, op));
            }
            result => self.end(op, result),
        }
    }

    fn end(&mut self, op: Op, result: Result<Gain, ErrorCode>) {
        let Op { key, what, owner, .. } = op;
        self.done.push(Done::Operation { key, what, owner, result });
    }
}

const fn may_pass(error: ErrorCode) -> bool {
    matches!(
        error,
        ErrorCode::CoordinatorNotAvailable
            | ErrorCode::CoordinatorLoadInProgress
            | ErrorCode::NotCoordinator
            | ErrorCode::UnknownTopicOrPartition
            | ErrorCode::NetworkException
            | ErrorCode::RequestTimedOut
    )
}

const fn rpc_of(what: &What) -> Rpc {
    match what {
        What::Initialize(..) => Rpc::Initialize,
        What::Read(_) => Rpc::Read,
        What::Write(_) => Rpc::Write,
        What::Delete => Rpc::Delete,
        What::Summary(_) => Rpc::Summary,
    }
}

/// The broker that leads the partition of the topic that a key belongs to.
fn coordinator_of(key: &ShareKey, image: &MetadataImage) -> Option<NodeId> {
    let (_, topic) = image.topic(SHARE_STATE_TOPIC)?;
    let count = i32::try_from(topic.partitions.len()).ok()?;
    let index = usize::try_from(partition_for(&key.coordinator_key(), count)).ok()?;
    let leader = topic.partitions.get(index)?.leader;
    image.brokers.get(&leader).filter(|broker| !broker.fenced).map(|_| leader)
}

fn request_of(rpc: Rpc, group: Name, ops: &[Op]) -> ShareRequest {
    let epochs = || {
        ops.iter()
            .filter_map(|op| match &op.what {
                What::Read(epoch) | What::Summary(epoch) => Some((op.key.tp, *epoch)),
                What::Initialize(..) | What::Write(_) | What::Delete => None,
            })
            .collect()
    };
    match rpc {
        Rpc::Initialize => {
            let row = |op: &Op| match op.what {
                What::Initialize(epoch, start) => Some((op.key.tp, epoch, start)),
                What::Read(_) | What::Write(_) | What::Delete | What::Summary(_) => None,
            };
            ShareRequest::InitializeState(group, ops.iter().filter_map(row).collect())
        }
        Rpc::Write => {
            let row = |op: &Op| match &op.what {
                What::Write(written) => Some(written.clone()),
                What::Initialize(..) | What::Read(_) | What::Delete | What::Summary(_) => None,
            };
            ShareRequest::WriteState(group, ops.iter().filter_map(row).collect())
        }
        Rpc::Read => ShareRequest::ReadState(group, epochs()),
        Rpc::Summary => ShareRequest::ReadStateSummary(group, epochs()),
        Rpc::Delete => ShareRequest::DeleteState(group, ops.iter().map(|op| op.key.tp).collect()),
    }
}

/// What an answer says of one operation.
#[expect(clippy::wildcard_enum_match_arm, reason = "requests are answered by their own kind")]
fn gain_of(op: &Op, body: &Response) -> Result<Gain, ErrorCode> {
    let Response::Share(body) = body else { return Err(ErrorCode::UnknownServerError) };
    let missing = ErrorCode::UnknownServerError;
    match body {
        ShareResponse::InitializeState(rows)
        | ShareResponse::WriteState(rows)
        | ShareResponse::DeleteState(rows) => {
            let row = rows.iter().find(|(tp, _)| *tp == op.key.tp).ok_or(missing)?;
            if row.1.is_ok() { Ok(Gain::Stored) } else { Err(row.1) }
        }
        ShareResponse::ReadState(rows) => {
            let row = rows.iter().find(|(tp, _)| *tp == op.key.tp).ok_or(missing)?;
            row.1.clone().map(Gain::State)
        }
        ShareResponse::ReadStateSummary(rows) => {
            let row = rows.iter().find(|(tp, _)| *tp == op.key.tp).ok_or(missing)?;
            row.1.map(Gain::Summary)
        }
        other => unreachable!("a share coordinator does not answer {other:?}"),
    }
}

fn end_of(tp: TopicPartition, body: &Result<Response, ErrorCode>) -> Result<Offset, ErrorCode> {
    let Response::ListOffsets(rows) = body.as_ref().map_err(|error| *error)? else {
        return Err(ErrorCode::UnknownServerError);
    };
    let row = rows.iter().find(|row| row.tp == tp).ok_or(ErrorCode::UnknownServerError)?;
    if row.error.is_ok() { Ok(row.offset) } else { Err(row.error) }
}
