//! One call of the admin client on its way (`KafkaAdminClient.Call`, `AdminApiDriver`).
//!
//! Invariant: a call has at most one request under way.

use super::requests;
use super::survey::Survey;
use super::target::{Place, Target};
use crate::api::{ApiKey, ErrorCode, Request, Response};
use crate::client::kafka_client::KafkaClient;
use crate::client::network::{Outcome, Peer};
use crate::command::AdminCommand;
use crate::cx::Cx;
use crate::ids::Name;
use alloc::vec::Vec;
use kafkascope_kernel::{Micros, SimTime};

/// Objects with their verdicts.
pub(super) type Verdicts = Vec<(Name, ErrorCode)>;

/// How a call ended: its verdicts, and the last response if there was any.
pub(super) type Ending = (Verdicts, Option<Response>);

/// Where a call stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Stage {
    /// To be sent, not before this moment, to where it was found to belong if that needed to be found.
    Ready(SimTime, Option<Place>),
    /// The look-up is under way.
    LookingUp,
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
    request_timeout: Micros,
    attempts: u32,
    stage: Stage,
    /// A group that is none of the consumer protocol is described again as a classic one (`DescribeConsumerGroupsHandler`).
    falls_back: bool,
    /// Where the last request went.
    place: Option<Place>,
    survey: Survey,
}

impl Call {
    pub(super) fn new(command: AdminCommand, deadline: SimTime, request_timeout: Micros) -> Self {
        let target = Target::of(&command);
        Self {
            command,
            target,
            deadline,
            request_timeout,
            attempts: 0,
            stage: Stage::Ready(SimTime::ZERO, None),
            falls_back: false,
            place: None,
            survey: Survey::default(),
        }
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
        let Stage::Ready(not_before, place) = self.stage else { return Step::Wait(self.deadline) };
        if not_before > cx.now {
            return Step::Wait(not_before.min(self.deadline));
        }
        let Some(peer) = self.target.peer(place, client, cx) else {
            return self.without_peer(place, number, client, cx);
        };
        if client.ready(peer, cx) {
            self.send(peer, place, number, client, cx);
            return Step::Wait(self.deadline);
        }
        if place.is_some() && client.connection_failed(peer) {
            // What was looked up may be stale: it is looked up again, after a while.
            self.try_again(ErrorCode::NetworkException, client, cx);
            return self.advance(number, client, cx);
        }
        let again = client.connect_at(peer, cx.now).filter(|at| *at > cx.now);
        Step::Wait(again.map_or(self.deadline, |at| at.min(self.deadline)))
    }

    /// The request came back; the verdicts, if that ends the call.
    pub(super) fn on_answer(
        &mut self,
        outcome: Outcome,
        client: &mut KafkaClient<u32>,
        cx: &mut Cx<'_>,
    ) -> Option<Ending> {
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
        if let (Response::ConsumerGroupDescribe(_), ErrorCode::GroupIdNotFound) =
            (&response, response.first_error())
        {
            self.falls_back = true;
            self.stage = Stage::Ready(cx.now, self.place);
            return None;
        }
        let verdicts = requests::verdicts(&self.command, &response);
        let mut errors = verdicts.iter().map(|(_, error)| *error);
        if let Some(error) = errors.find(|error| self.target.is_worth_a_retry(*error)) {
            self.try_again(error, client, cx);
            return None;
        }
        if self.target == Target::EveryBroker {
            self.survey.take(response);
            return self.ask_next(cx);
        }
        Some((verdicts, Some(response)))
    }

    /// A broker that is to be asked may have left what the client knows of the cluster.
    fn without_peer(
        &mut self,
        place: Option<Place>,
        number: u32,
        client: &mut KafkaClient<u32>,
        cx: &mut Cx<'_>,
    ) -> Step {
        let Some(Place::OneOfAll(broker)) = place else { return Step::Wait(self.deadline) };
        client.metadata.request_update(ErrorCode::None, cx);
        self.survey.miss(broker);
        match self.ask_next(cx) {
            Some((verdicts, response)) => Step::Done(verdicts, response),
            None => self.advance(number, client, cx),
        }
    }

    /// The next of all brokers is asked; the end if that was the last.
    fn ask_next(&mut self, cx: &Cx<'_>) -> Option<Ending> {
        let Some(broker) = self.survey.next() else { return Some(self.survey.end()) };
        self.place = Some(Place::OneOfAll(broker));
        self.stage = Stage::Ready(cx.now, self.place);
        None
    }

    fn on_lookup(
        &mut self,
        response: &Response,
        client: &mut KafkaClient<u32>,
        cx: &mut Cx<'_>,
    ) -> Option<Ending> {
        if let (Target::EveryBroker, Response::Metadata(body)) = (&self.target, response) {
            self.survey = Survey::of(body.brokers.iter().map(|(id, _)| *id));
            return self.ask_next(cx);
        }
        match self.target.place_in(response) {
            Ok(place) => self.stage = Stage::Ready(cx.now, Some(place)),
            Err(error) if self.looks_again(error) => self.try_again(error, client, cx),
            Err(error) => return Some((self.all_failed(error), None)),
        }
        None
    }

    /// Whether a look-up's error may pass; of unknown topics `listOffsets` tells at once (`PartitionLeaderStrategy`).
    fn looks_again(&self, error: ErrorCode) -> bool {
        let lists_offsets = matches!(self.command, AdminCommand::ListOffsets { .. });
        error.is_retriable() && !(lists_offsets && error == ErrorCode::UnknownTopicOrPartition)
    }

    fn try_again(&mut self, error: ErrorCode, client: &mut KafkaClient<u32>, cx: &mut Cx<'_>) {
        let wait: Micros = cx.backoff(100, 1_000, self.attempts);
        self.attempts += 1;
        // Which broker it is, is no question for one of all.
        let place = self.place.filter(|place| matches!(place, Place::OneOfAll(_)));
        self.stage = Stage::Ready(cx.now + wait, place);
        if error == ErrorCode::NotController {
            client.metadata.request_update(error, cx);
        }
    }

    fn send(
        &mut self,
        peer: Peer,
        place: Option<Place>,
        number: u32,
        client: &mut KafkaClient<u32>,
        cx: &mut Cx<'_>,
    ) {
        let timeout = self.request_timeout.min(self.deadline - cx.now);
        if place.is_none()
            && let Some(lookup) = self.target.lookup()
        {
            client.send_with_timeout(peer, lookup, number, timeout, cx);
            self.stage = Stage::LookingUp;
            return;
        }
        let left_ms = (self.deadline - cx.now).as_ms().min(30_000) as i32;
        let place = place.unwrap_or(Place::Known);
        let mut body = requests::request_of(&self.command, place, left_ms);
        if let Request::DescribeGroups(groups) = &body
            && !self.falls_back
        {
            body = Request::ConsumerGroupDescribe(groups.clone());
        }
        client.send_with_timeout(peer, body, number, timeout, cx);
        self.place = Some(place);
        self.stage = Stage::UnderWay;
    }
}
