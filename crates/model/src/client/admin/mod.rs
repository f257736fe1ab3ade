//! The admin client (`org.apache.kafka.clients.admin.KafkaAdminClient`).
//!
//! Each call becomes requests to the node that can answer them, is tried again as Kafka's own client does, and gives up at
//! `default.api.timeout.ms`. Invariant: every call is answered by facts, one an object, and by one [`AdminResult`].

mod call;
mod requests;
mod survey;
mod target;

use crate::api::{ApiKey, ErrorCode, Response};
use crate::client::kafka_client::KafkaClient;
use crate::client::metadata::{Metadata, MetadataConfig};
use crate::client::network::{Answer, NetworkConfig};
use crate::command::AdminCommand;
use crate::cx::{Cx, Effect};
use crate::ids::{Correlation, Name, NodeId};
use crate::net::Lane;
use crate::trace::Fact;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use call::{Call, Step};
use kafkascope_kernel::FlatMap;
use kafkascope_kernel::{Micros, SimTime};

/// The most calls under way; further ones are answered with THROTTLING_QUOTA_EXCEEDED.
const MAX_CALLS: usize = 1_000;
/// The most results kept, the latest ones.
const MAX_RESULTS: usize = 256;
/// `default.api.timeout.ms`.
const API_TIMEOUT: Micros = Micros::from_ms(60_000);

const METADATA: MetadataConfig = MetadataConfig {
    retry_backoff_ms: 100,
    retry_backoff_max_ms: 1_000,
    max_age: Micros::from_ms(300_000),
    max_idle: None,
    allow_auto_create: true,
};

const NETWORK: NetworkConfig = NetworkConfig {
    request_timeout: Micros::from_ms(30_000),
    reconnect_backoff_ms: 50,
    reconnect_backoff_max_ms: 1_000,
    max_in_flight: 100,
};

/// A timer of this role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AdminTimer {
    /// Time to look after calls, connections and metadata.
    Tick,
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AdminResult {
    /// Which call, counted from 1.
    pub call: u32,
    /// What was asked.
    pub api: ApiKey,
    /// Each object with its verdict, as the facts have it.
    pub verdicts: Vec<(Name, ErrorCode)>,
    /// The last response, if there was any.
    pub response: Option<Response>,
}

/// The admin client.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Admin {
    /// This process.
    pub id: NodeId,
    /// Brokers to ask first.
    pub bootstrap: Vec<NodeId>,
    client: KafkaClient<u32>,
    calls: FlatMap<u32, Call>,
    made: u32,
    results: VecDeque<AdminResult>,
    timeouts: AdminTimeouts,
}

/// How long an admin client is patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AdminTimeouts {
    /// `request.timeout.ms`: for each request.
    pub request: Micros,
    /// `default.api.timeout.ms`: for a call with all its requests.
    pub api: Micros,
}

impl Default for AdminTimeouts {
    fn default() -> Self {
        Self { request: NETWORK.request_timeout, api: API_TIMEOUT }
    }
}

impl Admin {
    /// A process that does not run yet.
    pub fn new(id: NodeId, bootstrap: Vec<NodeId>) -> Self {
        let client = new_client(bootstrap.clone());
        let (calls, results) = (FlatMap::new(), VecDeque::new());
        let timeouts = AdminTimeouts::default();
        Self { id, bootstrap, client, calls, made: 0, results, timeouts }
    }

    /// Makes it more or less patient, from its next call on.
    pub const fn set_timeouts(&mut self, timeouts: AdminTimeouts) {
        self.timeouts = timeouts;
    }

    /// How many calls were made; the latest call's number.
    pub const fn calls_made(&self) -> u32 {
        self.made
    }

    /// How a call ended; none while it is under way, and when it is long ago.
    pub fn result(&self, call: u32) -> Option<&AdminResult> {
        self.results.iter().rev().find(|result| result.call == call)
    }

    /// The process begins to run.
    pub fn start(&mut self, _cx: &mut Cx<'_>) {
        self.client = new_client(self.bootstrap.clone());
    }

    /// The process is gone, and its calls with it.
    pub fn kill(&mut self) {
        self.calls.clear();
        self.client = new_client(self.bootstrap.clone());
    }

    /// `close()`: calls under way are given up.
    pub fn shut_down(&mut self, cx: &mut Cx<'_>) {
        for (number, call) in core::mem::take(&mut self.calls) {
            self.finish(number, call.api(), call.all_failed(ErrorCode::RequestTimedOut), None, cx);
        }
        cx.note(Fact::ClientClosed);
        cx.out.push(Effect::Exit);
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
        if let Some(answer) = self.client.on_response(from, lane, correlation, body, cx) {
            self.on_answer(answer, cx);
        }
        self.turn(cx);
    }

    /// A connection broke or was refused.
    pub fn on_disconnect(&mut self, peer: NodeId, lane: Lane, cx: &mut Cx<'_>) {
        for answer in self.client.on_disconnect(peer, lane, cx) {
            self.on_answer(answer, cx);
        }
        self.turn(cx);
    }

    /// A timer is due.
    pub fn on_timer(&mut self, timer: AdminTimer, cx: &mut Cx<'_>) {
        match timer {
            AdminTimer::Tick => self.turn(cx),
        }
    }

    /// The user asks for something.
    pub fn call(&mut self, command: AdminCommand, cx: &mut Cx<'_>) {
        self.made += 1;
        let call = Call::new(command, cx.now + self.timeouts.api, self.timeouts.request);
        if self.calls.len() >= MAX_CALLS {
            let refused = call.all_failed(ErrorCode::ThrottlingQuotaExceeded);
            self.finish(self.made, call.api(), refused, None, cx);
            return;
        }
        self.client.metadata.set_bootstrap(&self.bootstrap);
        self.calls.insert(self.made, call);
        self.turn(cx);
    }

    fn turn(&mut self, cx: &mut Cx<'_>) {
        if self.made == 0 {
            return;
        }
        let mut wakeup;
        loop {
            self.poll(cx);
            wakeup = self.advance_all(cx);
            if !self.poll(cx) {
                break;
            }
        }
        // Its selector sleeps until a call's deadline: `request.timeout.ms` alone does not wake it.
        let wakeups = [wakeup, self.client.wakeup_for_itself_at()];
        match wakeups.into_iter().flatten().min() {
            Some(at) => cx.arm(AdminTimer::Tick, at.since(cx.now)),
            None => cx.disarm(AdminTimer::Tick),
        }
    }

    /// Every call goes as far as it can; the answer is when one can go further.
    fn advance_all(&mut self, cx: &mut Cx<'_>) -> Option<SimTime> {
        let numbers: Vec<u32> = self.calls.keys().copied().collect();
        let mut wakeup: Option<SimTime> = None;
        for number in numbers {
            let call = self.calls.get_mut(&number).expect("listed just now");
            let api = call.api();
            match call.advance(number, &mut self.client, cx) {
                Step::Wait(at) => wakeup = Some(wakeup.map_or(at, |other| at.min(other))),
                Step::Done(verdicts, response) => self.finish(number, api, verdicts, response, cx),
            }
        }
        wakeup
    }

    /// Whether anything of the calls came back.
    fn poll(&mut self, cx: &mut Cx<'_>) -> bool {
        let late = self.client.poll(cx);
        let any = !late.is_empty();
        for answer in late {
            self.on_answer(answer, cx);
        }
        any
    }

    fn on_answer(&mut self, answer: Answer<u32>, cx: &mut Cx<'_>) {
        let number = answer.call;
        let Some(call) = self.calls.get_mut(&number) else { return };
        let api = call.api();
        if let Some((verdicts, response)) = call.on_answer(answer.outcome, &mut self.client, cx) {
            self.finish(number, api, verdicts, response, cx);
        }
    }

    fn finish(
        &mut self,
        number: u32,
        api: ApiKey,
        verdicts: Vec<(Name, ErrorCode)>,
        response: Option<Response>,
        cx: &mut Cx<'_>,
    ) {
        self.calls.remove(&number);
        for (target, error) in &verdicts {
            cx.note(Fact::AdminAnswered { api, target: target.clone(), error: *error });
        }
        if self.results.len() == MAX_RESULTS {
            self.results.pop_front();
        }
        self.results.push_back(AdminResult { call: number, api, verdicts, response });
    }
}

fn new_client(bootstrap: Vec<NodeId>) -> KafkaClient<u32> {
    KafkaClient::new(NETWORK, Metadata::new(METADATA, bootstrap))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Request;
    use crate::client::testing::{Bench, metadata_of};
    use crate::ids::TopicId;
    use alloc::vec;

    fn create(name: &str) -> AdminCommand {
        AdminCommand::CreateTopic {
            name: name.into(),
            partitions: 1,
            replication_factor: 3,
            assignments: Vec::new(),
            configs: Vec::new(),
        }
    }

    /// Plays the brokers until the call is done; what was asked, in order.
    fn play(
        command: AdminCommand,
        mut answer: impl FnMut(&Request) -> Response,
    ) -> (Bench, Admin, Vec<ApiKey>) {
        let (mut bench, mut asked) = (Bench::new(), Vec::new());
        let mut admin = Admin::new(NodeId(1_000), Vec::new());
        bench.run(|cx| admin.start(cx));
        admin.bootstrap = [1, 2, 3].map(NodeId).to_vec();
        bench.run(|cx| admin.call(command, cx));
        while admin.result(1).is_none() {
            match bench.next() {
                Some(sent) => {
                    asked.push(sent.body.key());
                    let body = answer(&sent.body);
                    bench.run(|cx| {
                        admin.on_response(sent.to, sent.lane, sent.correlation, body, cx);
                    });
                }
                None => {
                    let at = bench.timers.values().min().copied().expect("a call has a deadline");
                    bench.now = at.max(bench.now);
                    bench.run(|cx| admin.on_timer(AdminTimer::Tick, cx));
                }
            }
        }
        (bench, admin, asked)
    }

    fn usual(request: &Request) -> Response {
        if matches!(request, Request::Metadata(_)) {
            metadata_of("t", 1, &[(2, 0)])
        } else {
            Response::ApiVersions
        }
    }

    #[test]
    fn a_topic_is_created_through_the_broker_that_metadata_calls_controller() {
        let (bench, admin, asked) = play(create("t"), |request| {
            if matches!(request, Request::CreateTopics(_)) {
                Response::CreateTopics(ErrorCode::None, TopicId(1))
            } else {
                usual(request)
            }
        });
        let (hello, create) = (ApiKey::ApiVersions, ApiKey::CreateTopics);
        assert_eq!(asked, [hello, ApiKey::Metadata, hello, create]);
        let fact = Fact::AdminAnswered { api: create, target: "t".into(), error: ErrorCode::None };
        assert!(bench.facts.contains(&fact));
        assert_eq!(admin.result(1).expect("done").verdicts, [("t".into(), ErrorCode::None)]);
    }

    #[test]
    fn a_refused_topic_is_told_at_once_and_a_wrong_controller_is_tried_again() {
        for (first, last) in [
            (ErrorCode::TopicAlreadyExists, ErrorCode::TopicAlreadyExists),
            (ErrorCode::NotController, ErrorCode::None),
        ] {
            let mut answers = vec![last, first];
            let (_, admin, _) = play(create("t"), |request| {
                if matches!(request, Request::CreateTopics(_)) {
                    Response::CreateTopics(answers.pop().unwrap_or(last), TopicId(1))
                } else {
                    usual(request)
                }
            });
            assert_eq!(admin.result(1).expect("done").verdicts, [("t".into(), last)]);
        }
    }

    #[test]
    fn records_are_deleted_at_the_leader_that_was_looked_up() {
        let (topic, partition, before) = ("t".into(), 0, 7);
        let command = AdminCommand::DeleteRecords { topic, partition, before };
        let mut tries = 0;
        let (_, admin, asked) = play(command, |request| {
            let Request::DeleteRecords(body) = request else { return usual(request) };
            tries += 1;
            let (tp, before) = body.partitions[0];
            let stale = ErrorCode::NotLeaderOrFollower;
            let error = if tries == 1 { stale } else { ErrorCode::None };
            Response::DeleteRecords(vec![(tp, before, error)])
        });
        let asks = |api| asked.iter().filter(|asked| **asked == api).count();
        assert_eq!((asks(ApiKey::Metadata), asks(ApiKey::DeleteRecords)), (3, 2));
        assert_eq!(admin.result(1).expect("done").verdicts, [("t-0".into(), ErrorCode::None)]);
    }

    /// A client that knows of brokers 1 to 3 lists transactions; METADATA lists `listed` then.
    fn list_transactions(listed: &[i32]) -> (Admin, usize) {
        let mut lookups = 0;
        let (_, admin, asked) = play(AdminCommand::ListTransactions, |request| {
            if *request == Request::ListTransactions {
                return Response::ListTransactions(ErrorCode::None, Vec::new());
            }
            let answer = usual(request);
            let Response::Metadata(mut body) = answer else { return answer };
            lookups += 1;
            if lookups > 1 {
                body.brokers = listed.iter().map(|id| (NodeId(*id), None)).collect();
            }
            Response::Metadata(body)
        });
        let asked = asked.iter().filter(|api| **api == ApiKey::ListTransactions);
        (admin, asked.count())
    }

    #[test]
    fn every_broker_that_metadata_lists_is_asked_for_its_transactions() {
        let (admin, asked) = list_transactions(&[1, 3]);
        assert_eq!(asked, 2);
        assert_eq!(admin.result(1).expect("done").verdicts, [("cluster".into(), ErrorCode::None)]);
    }

    #[test]
    fn a_broker_that_is_listed_but_not_known_yet_cannot_be_asked() {
        let (admin, asked) = list_transactions(&[2, 3, 4]);
        assert_eq!(asked, 2, "the others are");
        let verdicts = &admin.result(1).expect("done").verdicts;
        assert_eq!(*verdicts, [("4".into(), ErrorCode::UnknownServerError)]);
    }

    #[test]
    fn a_request_that_is_late_does_not_wake_the_client_before_its_call_is() {
        let mut bench = Bench::new();
        let mut admin = Admin::new(NodeId(1_000), vec![NodeId(9)]);
        bench.run(|cx| admin.call(create("t"), cx));
        while let Some(sent) = bench.next() {
            if !matches!(sent.body, Request::CreateTopics(_)) {
                let body = usual(&sent.body);
                bench.run(|cx| {
                    admin.on_response(sent.to, sent.lane, sent.correlation, body, cx);
                });
            }
        }
        assert_eq!(
            bench.timers.values().copied().collect::<Vec<_>>(),
            [SimTime::ZERO + API_TIMEOUT]
        );
    }

    #[test]
    fn an_idle_client_that_loses_a_connection_looks_for_the_cluster_anew() {
        let (mut bench, mut admin, _) = play(create("t"), |request| {
            if matches!(request, Request::CreateTopics(_)) {
                Response::CreateTopics(ErrorCode::None, TopicId(1))
            } else {
                usual(request)
            }
        });
        bench.wait_ms(5_000);
        bench.run(|cx| admin.on_disconnect(NodeId(1), Lane::Main, cx));
        while let Some(sent) = bench.next() {
            if matches!(sent.body, Request::Metadata(_)) {
                return;
            }
            bench.run(|cx| {
                admin.on_response(sent.to, sent.lane, sent.correlation, usual(&sent.body), cx);
            });
        }
        panic!("it asks nobody");
    }

    #[test]
    fn a_call_that_no_one_answers_is_given_up_after_a_minute() {
        let config = AdminCommand::AlterConfigs {
            resource: crate::api::request::ConfigResource::Broker(Some(NodeId(9))),
            configs: Vec::new(),
        };
        let mut bench = Bench::new();
        let mut admin = Admin::new(NodeId(1_000), vec![NodeId(9)]);
        bench.run(|cx| admin.call(config, cx));
        while admin.result(1).is_none() {
            match bench.next() {
                Some(sent) => bench.run(|cx| admin.on_disconnect(sent.to, sent.lane, cx)),
                None => {
                    bench.now = bench.timers.values().min().copied().expect("armed");
                    bench.run(|cx| admin.on_timer(AdminTimer::Tick, cx));
                }
            }
        }
        assert_eq!(bench.now.as_ms(), 60_000);
        let verdicts = &admin.result(1).expect("done").verdicts;
        assert_eq!(*verdicts, [("9".into(), ErrorCode::RequestTimedOut)]);
    }
}
