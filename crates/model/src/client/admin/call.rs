//! One call of the admin client on its way (`KafkaAdminClient.Call`, `PartitionLeaderStrategy`).
//!
//! Invariant: a call has at most one request under way.

use super::requests;
use crate::api::{ApiKey, ErrorCode, Request, Response, request};
use crate::client::kafka_client::KafkaClient;
use crate::client::network::{Outcome, Peer};
use crate::command::AdminCommand;
use crate::cx::Cx;
use crate::ids::{Name, NodeId, TopicPartition};
use alloc::vec;
use alloc::vec::Vec;
use kafkascope_kernel::{Micros, SimTime};

/// Objects with their verdicts.
pub(super) type Verdicts = Vec<(Name, ErrorCode)>;

/// Who can answer a call (`KafkaAdminClient.NodeProvider`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Target {
    /// Any broker.
    LeastLoaded,
    /// The broker that metadata names as the controller; brokers forward what the controller must do.
    Controller,
    /// This broker.
    Broker(NodeId),
    /// The leader of this partition, found by METADATA first.
    Leader(Name, i32),
}

/// Where a call stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Stage {
    /// To be sent to whoever can answer it, not before this moment.
    Ready(SimTime),
    /// METADATA was sent to find the leader.
    LookingUp,
    /// The leader is known.
    Found(NodeId, TopicPartition, SimTime),
    /// The request itself is under way.
    UnderWay,
}

/// What a call does next.
pub(super) enum Step {
    /// Nothing before this moment, unless an answer comes.
    Wait(SimTime),
    /// It is answered.
    Done(Verdicts, Option<Response>),
}

/// One call on its way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Call {
    command: AdminCommand,
    target: Target,
    deadline: SimTime,
    attempts: u32,
    stage: Stage,
}

impl Call {
    pub(super) fn new(command: AdminCommand, deadline: SimTime) -> Self {
        let target = requests::target_of(&command);
        Self { command, target, deadline, attempts: 0, stage: Stage::Ready(SimTime::ZERO) }
    }

    pub(super) const fn api(&self) -> ApiKey {
        requests::api_of(&self.command)
    }

    /// Every object with one and the same verdict.
    pub(super) fn all_failed(&self, error: ErrorCode) -> Verdicts {
        requests::objects_of(&self.command).into_iter().map(|object| (object, error)).collect()
    }

    /// Sends what can be sent now.
    pub(super) fn advance(
        &mut self,
        number: u32,
        client: &mut KafkaClient<u32>,
        cx: &mut Cx<'_>,
    ) -> Step {
        if self.deadline <= cx.now {
            return Step::Done(self.all_failed(ErrorCode::RequestTimedOut), None);
        }
        let not_before = match self.stage {
            Stage::Ready(at) | Stage::Found(_, _, at) => at,
            Stage::LookingUp | Stage::UnderWay => return Step::Wait(self.deadline),
        };
        if not_before > cx.now {
            return Step::Wait(not_before.min(self.deadline));
        }
        let Some(peer) = self.peer(client, cx) else { return Step::Wait(self.deadline) };
        if !client.ready(peer, cx) {
            let again = client.connect_at(peer, cx.now).filter(|at| *at > cx.now);
            self.look_elsewhere(peer, client, cx);
            return Step::Wait(again.map_or(self.deadline, |at| at.min(self.deadline)));
        }
        self.send(peer, number, client, cx);
        Step::Wait(self.deadline)
    }

    /// The request came back; the verdicts, if that ends the call.
    pub(super) fn on_answer(
        &mut self,
        outcome: Outcome,
        client: &mut KafkaClient<u32>,
        cx: &mut Cx<'_>,
    ) -> Option<(Verdicts, Option<Response>)> {
        let response = match outcome {
            Outcome::Answered(response) => response,
            Outcome::Disconnected | Outcome::TimedOut => {
                self.try_again(ErrorCode::NetworkException, client, cx);
                return None;
            }
        };
        if self.stage == Stage::LookingUp {
            return self.on_lookup(&response, client, cx);
        }
        let verdicts = requests::verdicts(&self.command, &response);
        let retry =
            verdicts.iter().map(|(_, error)| *error).find(|error| self.is_worth_a_retry(*error));
        if let Some(error) = retry {
            self.try_again(error, client, cx);
            return None;
        }
        Some((verdicts, Some(response)))
    }

    fn on_lookup(
        &mut self,
        response: &Response,
        client: &mut KafkaClient<u32>,
        cx: &mut Cx<'_>,
    ) -> Option<(Verdicts, Option<Response>)> {
        let Target::Leader(name, partition) = &self.target else {
            unreachable!("only leaders are looked up")
        };
        match requests::leader_in(response, name, *partition) {
            Ok((leader, tp)) => self.stage = Stage::Found(leader, tp, cx.now),
            Err(error) if error.is_retriable() => self.try_again(error, client, cx),
            Err(error) => return Some((self.all_failed(error), None)),
        }
        None
    }

    /// Kafka's client tries again what may pass, except what the user should hear of at once.
    const fn is_worth_a_retry(&self, error: ErrorCode) -> bool {
        match self.target {
            Target::Leader(..) => error.is_retriable(),
            Target::LeastLoaded | Target::Controller | Target::Broker(_) => {
                matches!(error, ErrorCode::NotController)
            }
        }
    }

    fn try_again(&mut self, error: ErrorCode, client: &mut KafkaClient<u32>, cx: &mut Cx<'_>) {
        let wait: Micros = cx.backoff(100, 1_000, self.attempts);
        self.attempts += 1;
        self.stage = Stage::Ready(cx.now + wait);
        if error == ErrorCode::NotController {
            client.metadata.request_update(error, cx);
        }
    }

    fn peer(&self, client: &KafkaClient<u32>, cx: &mut Cx<'_>) -> Option<Peer> {
        if let Stage::Found(leader, ..) = self.stage {
            return Some(Peer::broker(leader));
        }
        match &self.target {
            Target::LeastLoaded | Target::Leader(..) => client.least_loaded(cx),
            Target::Controller => client.metadata.cluster().controller.map(Peer::broker),
            Target::Broker(id) => Some(Peer::broker(*id)),
        }
    }

    /// A node that cannot be reached may be stale knowledge.
    fn look_elsewhere(&mut self, peer: Peer, client: &KafkaClient<u32>, cx: &Cx<'_>) {
        if client.connection_failed(peer) && matches!(self.stage, Stage::Found(..)) {
            self.stage = Stage::Ready(cx.now);
        }
    }

    fn send(&mut self, peer: Peer, number: u32, client: &mut KafkaClient<u32>, cx: &mut Cx<'_>) {
        let found = match self.stage {
            Stage::Found(_, tp, _) => Some(tp),
            Stage::Ready(_) | Stage::LookingUp | Stage::UnderWay => None,
        };
        if let (Target::Leader(name, _), None) = (&self.target, found) {
            let lookup = request::Metadata {
                topics: Some(vec![name.clone()]),
                allow_auto_topic_creation: false,
            };
            client.send(peer, Request::Metadata(lookup), number, cx);
            self.stage = Stage::LookingUp;
            return;
        }
        let left_ms = (self.deadline - cx.now).as_ms().min(30_000) as i32;
        client.send(peer, requests::request_of(&self.command, found, left_ms), number, cx);
        self.stage = Stage::UnderWay;
    }
}
