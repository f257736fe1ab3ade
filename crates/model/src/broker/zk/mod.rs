//! A broker in ZooKeeper mode, as Kafka had it up to 3.x: its session, its ephemeral znode, the race to be controller.
//!
//! There is no fencing and no heartbeat to a controller: a broker is alive as long as its session is, and whoever creates
//! `/controller` first decides. Invariant: one ask to ZooKeeper is under way at a time, and asks are answered in order.

mod active;
mod pushes;
mod served;

use super::{Broker, BrokerTimer};
use crate::api::legacy::{
    LegacyRequest, LegacyResponse, ZAnswer, ZAsk, ZData, ZNode, ZPath, ZScope, ZWrite,
};
use crate::api::{Request, Response};
use crate::cx::Cx;
use crate::ids::{Correlation, LeaderEpoch, NodeId, Offset};
use crate::net::{ConnId, Lane};
use crate::trace::Fact;
use active::ActiveController;
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec;
use kafkascope_kernel::Micros;

/// Pause before ZooKeeper is connected to again, and before a broker is pushed to again.
const RETRY: Micros = Micros::from_ms(100);
/// `controlled.shutdown.retry.backoff.ms`.
const LEAVE_RETRY: Micros = Micros::from_ms(5_000);
/// `controlled.shutdown.max.retries`.
const LEAVE_TRIES: u32 = 3;

/// A timer of ZooKeeper mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ZkTimer {
    /// The session is kept alive.
    Ping,
    /// ZooKeeper is asked again.
    Retry,
    /// A broker is pushed to again.
    Push(NodeId),
    /// Leadership is given back to preferred replicas.
    Balance,
    /// Being let go is asked for again, or waited for no longer.
    Leave,
}

/// What an ask was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Purpose {
    Connect,
    Ping,
    Register,
    /// Who is controller?
    Look,
    /// Create `/controller` under this epoch.
    Race(LeaderEpoch),
    /// The winner reads everything.
    Load(LeaderEpoch),
    /// The controller reads who is alive.
    SeeBrokers,
    /// The controller's decisions up to an offset.
    Write(Offset),
    Goodbye,
}

/// A broker's part in ZooKeeper mode.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Zk {
    server: NodeId,
    session: Option<u64>,
    incarnation: u64,
    asks: VecDeque<(ZAsk, Purpose)>,
    under_way: Option<(Correlation, ZAsk, Purpose)>,
    /// Counts asks of a session.
    number: u32,
    watching: Option<Correlation>,
    next: Correlation,
    controller: Option<NodeId>,
    /// `/controller_epoch` and its version, as last read.
    epoch: (LeaderEpoch, i32),
    /// The newest controller that was heard of.
    heard_epoch: LeaderEpoch,
    active: Option<Box<ActiveController>>,
    leave_tries: u32,
}

impl Zk {
    /// A broker that has no session yet.
    pub const fn new(server: NodeId) -> Self {
        Self {
            server,
            session: None,
            incarnation: 0,
            asks: VecDeque::new(),
            under_way: None,
            number: 0,
            watching: None,
            next: 0,
            controller: None,
            epoch: (0, -1),
            heard_epoch: 0,
            active: None,
            leave_tries: 0,
        }
    }

    /// Who is controller, as far as it knows.
    pub const fn controller(&self) -> Option<NodeId> {
        self.controller
    }

    /// Whether it is the controller, or takes itself for it.
    pub const fn is_active(&self) -> bool {
        self.active.is_some()
    }

    /// The process is gone.
    pub(super) fn kill(&mut self) {
        *self = Self::new(self.server);
    }

    /// A client's connection ended.
    pub(super) fn on_client_gone(&mut self, conn: ConnId) {
        if let Some(active) = &mut self.active {
            active.on_client_gone(conn);
        }
    }

    fn ask(&mut self, ask: ZAsk, purpose: Purpose, cx: &mut Cx<'_>) {
        self.asks.push_back((ask, purpose));
        self.pump(cx);
    }

    fn pump(&mut self, cx: &mut Cx<'_>) {
        if self.under_way.is_some() {
            return;
        }
        let Some((ask, purpose)) = self.asks.pop_front() else { return };
        self.number += 1;
        self.send(ask, purpose, cx);
    }

    fn send(&mut self, ask: ZAsk, purpose: Purpose, cx: &mut Cx<'_>) {
        let correlation = self.number_of_message();
        self.under_way = Some((correlation, ask.clone(), purpose));
        let (session, number) = (self.session.unwrap_or(0), self.number);
        let body = Request::Legacy(LegacyRequest::Zk { session, number, ask });
        cx.send(self.server, Lane::Zookeeper, correlation, body);
    }

    fn watch(&mut self, cx: &mut Cx<'_>) {
        let Some(session) = self.session else { return };
        let correlation = self.number_of_message();
        self.watching = Some(correlation);
        let body = LegacyRequest::Zk { session, number: 0, ask: ZAsk::Watch };
        cx.send(self.server, Lane::Watches, correlation, Request::Legacy(body));
    }

    const fn number_of_message(&mut self) -> Correlation {
        self.next = self.next.wrapping_add(1);
        self.next
    }

    /// The session is over, and with it whatever was asked in it.
    fn forget_session(&mut self, cx: &mut Cx<'_>) {
        self.session = None;
        self.asks.clear();
        self.under_way = None;
        self.watching = None;
        self.controller = None;
        self.depose(cx);
    }

    fn depose(&mut self, cx: &mut Cx<'_>) {
        if let Some(mut active) = self.active.take() {
            active.depose(cx);
        }
        cx.disarm(BrokerTimer::Zk(ZkTimer::Balance));
    }
}

impl Broker {
    pub(super) fn start_with_zookeeper(&mut self, cx: &mut Cx<'_>) {
        // Nothing of the metadata is on a disk.
        self.metadata = super::metadata::MetadataFollower::new(alloc::vec::Vec::new());
        let incarnation = self.lifecycle.begin(cx);
        let timeout = self.session_timeout();
        if let Some(zk) = &mut self.zk {
            zk.incarnation = incarnation;
            zk.ask(ZAsk::Connect(timeout), Purpose::Connect, cx);
        }
    }

    fn session_timeout(&self) -> Micros {
        Micros::from_config_ms(i64::from(self.config.zookeeper_session_timeout_ms))
    }

    /// An answer of ZooKeeper, or of a broker that was pushed to.
    pub(super) fn on_zk_response(
        &mut self,
        from: NodeId,
        lane: Lane,
        correlation: Correlation,
        body: Response,
        cx: &mut Cx<'_>,
    ) {
        let Some(zk) = &mut self.zk else { return };
        let Response::Legacy(body) = body else { return };
        let LegacyResponse::Zk(answer) = body else {
            if let Some(active) = &mut zk.active {
                active.pushes.on_answer(from, correlation, cx);
            }
            return;
        };
        if lane == Lane::Watches {
            if zk.watching.take_if(|at| *at == correlation).is_some() {
                self.on_events(answer, cx);
            }
        } else if zk.under_way.as_ref().is_some_and(|(at, ..)| *at == correlation)
            && let Some((_, _, purpose)) = zk.under_way.take()
        {
            if answer == ZAnswer::Expired {
                return self.on_expired(cx);
            }
            self.on_answered(purpose, answer, cx);
            if let Some(zk) = &mut self.zk {
                zk.pump(cx);
            }
        }
    }

    /// A connection broke: to ZooKeeper it is opened again, and what was asked is asked again.
    pub(super) fn on_zk_disconnect(&mut self, peer: NodeId, lane: Lane, cx: &mut Cx<'_>) {
        let Some(zk) = &mut self.zk else { return };
        if lane == Lane::FromController {
            if let Some(active) = &mut zk.active {
                active.pushes.on_disconnect(peer, cx);
            }
        } else {
            cx.arm(BrokerTimer::Zk(ZkTimer::Retry), RETRY);
        }
    }

    pub(super) fn on_zk_timer(&mut self, timer: ZkTimer, cx: &mut Cx<'_>) {
        let (timeout, balance) = (self.session_timeout(), self.balance_interval());
        let Some(zk) = &mut self.zk else { return };
        match timer {
            ZkTimer::Ping => {
                cx.arm(BrokerTimer::Zk(ZkTimer::Ping), timeout.scale(1, 3));
                if zk.under_way.is_none() && zk.session.is_some() {
                    zk.ask(ZAsk::Ping, Purpose::Ping, cx);
                }
            }
            ZkTimer::Retry => {
                if let Some((_, ask, purpose)) = zk.under_way.take() {
                    zk.send(ask, purpose, cx);
                } else {
                    zk.pump(cx);
                }
                zk.watch(cx);
            }
            ZkTimer::Push(broker) => {
                if let Some(active) = &mut zk.active {
                    active.pushes.pump(broker, cx);
                }
            }
            ZkTimer::Balance => {
                if let Some(active) = &mut zk.active {
                    active.controller.balance_now(cx);
                    cx.arm(BrokerTimer::Zk(ZkTimer::Balance), balance);
                }
            }
            ZkTimer::Leave => self.on_leave_timer(cx),
        }
    }

    fn balance_interval(&self) -> Micros {
        let seconds = self.config.leader_imbalance_check_interval_seconds;
        Micros::from_config_ms(seconds.saturating_mul(1_000))
    }

    fn on_answered(&mut self, purpose: Purpose, answer: ZAnswer, cx: &mut Cx<'_>) {
        match (purpose, answer) {
            (Purpose::Connect, ZAnswer::Connected(session)) => self.on_session(session, cx),
            (Purpose::Register, ZAnswer::Failed(_)) => {
                cx.note(Fact::EphemeralInTheWay { broker: self.id });
                cx.out.push(crate::cx::Effect::Halt);
            }
            (Purpose::Register, ZAnswer::Done(epoch)) => {
                self.lifecycle.serve_as(epoch);
                self.look(cx);
            }
            (Purpose::Look, ZAnswer::Nodes(nodes)) => self.on_controller_read(&nodes, cx),
            (Purpose::Race(epoch), ZAnswer::Done(_)) => self.load(epoch, cx),
            (Purpose::Race(_), ZAnswer::Failed(_)) => {
                if let Some(zk) = &mut self.zk {
                    zk.controller = None;
                }
                self.look(cx);
            }
            (Purpose::Load(epoch), ZAnswer::Nodes(nodes)) => self.take_office(epoch, &nodes, cx),
            (Purpose::SeeBrokers, ZAnswer::Nodes(nodes)) => self.see_brokers(&nodes, cx),
            (Purpose::Write(end), ZAnswer::Done(_)) => self.on_written(end, cx),
            (Purpose::Write(_), ZAnswer::Failed(_)) => {
                if let Some(zk) = &mut self.zk {
                    zk.depose(cx);
                }
                self.look(cx);
            }
            (Purpose::Goodbye, _) => self.exit(cx),
            (Purpose::Ping, _) | (_, _) => {}
        }
    }

    /// A session begins: the broker registers, and watches.
    fn on_session(&mut self, session: u64, cx: &mut Cx<'_>) {
        let (id, rack, timeout) = (self.id, self.rack.clone(), self.session_timeout());
        let Some(zk) = &mut self.zk else { return };
        zk.session = Some(session);
        zk.number = 0;
        cx.arm(BrokerTimer::Zk(ZkTimer::Ping), timeout.scale(1, 3));
        zk.watch(cx);
        let (path, data) = (ZPath::Broker(id), ZData::Broker { rack, incarnation: zk.incarnation });
        let create = ZWrite::Create { path, data, ephemeral: true };
        zk.ask(ZAsk::Multi(vec![create]), Purpose::Register, cx);
    }

    /// ZooKeeper has given this broker up: it begins anew, and if it was controller it is so no more.
    fn on_expired(&mut self, cx: &mut Cx<'_>) {
        let timeout = self.session_timeout();
        if let Some(zk) = &mut self.zk {
            zk.forget_session(cx);
            zk.ask(ZAsk::Connect(timeout), Purpose::Connect, cx);
        }
        self.to_controller.set_controller(None, cx);
    }

    fn look(&mut self, cx: &mut Cx<'_>) {
        if let Some(zk) = &mut self.zk {
            zk.ask(ZAsk::Read(ZScope::Controller), Purpose::Look, cx);
        }
    }

    /// Who is controller? If nobody is, the race is on.
    fn on_controller_read(&mut self, nodes: &[ZNode], cx: &mut Cx<'_>) {
        let me = self.id;
        let Some(zk) = &mut self.zk else { return };
        let mut found = None;
        zk.epoch = (0, -1);
        for node in nodes {
            match node.data {
                ZData::Controller(id) => found = Some(id),
                ZData::Epoch(epoch) => zk.epoch = (epoch, node.version),
                ZData::Broker { .. } | ZData::Record(_) => {}
            }
        }
        match found {
            Some(id) => {
                if zk.controller != Some(id) && id != me && zk.epoch.0 > zk.heard_epoch {
                    cx.note(Fact::ControllerRaceLost { winner: id });
                }
                zk.heard_epoch = zk.heard_epoch.max(zk.epoch.0);
                if id != me {
                    zk.depose(cx);
                }
                zk.controller = Some(id);
                self.to_controller.set_controller(Some(id), cx);
            }
            None => self.race(cx),
        }
    }

    fn race(&mut self, cx: &mut Cx<'_>) {
        let me = self.id;
        let Some(zk) = &mut self.zk else { return };
        zk.depose(cx);
        let (epoch, version) = zk.epoch;
        let epoch_path = ZPath::ControllerEpoch;
        let mut writes = vec![ZWrite::Create {
            path: ZPath::Controller,
            data: ZData::Controller(me),
            ephemeral: true,
        }];
        let next = epoch + 1;
        if version < 0 {
            let (path, data) = (epoch_path, ZData::Epoch(next));
            writes.push(ZWrite::Create { path, data, ephemeral: false });
        } else {
            writes.push(ZWrite::Check { path: epoch_path.clone(), version });
            writes.push(ZWrite::Set { path: epoch_path, data: ZData::Epoch(next) });
        }
        zk.ask(ZAsk::Multi(writes), Purpose::Race(next), cx);
    }

    fn load(&mut self, epoch: LeaderEpoch, cx: &mut Cx<'_>) {
        if let Some(zk) = &mut self.zk {
            zk.epoch = (epoch, zk.epoch.1 + 1);
            zk.ask(ZAsk::Read(ZScope::All), Purpose::Load(epoch), cx);
        }
    }

    /// Something that was read has changed: it is read anew.
    fn on_events(&mut self, answer: ZAnswer, cx: &mut Cx<'_>) {
        let ZAnswer::Events(paths) = answer else {
            // The session is over; the next ask tells so too.
            return;
        };
        let Some(zk) = &mut self.zk else { return };
        zk.watch(cx);
        if zk.is_active() && paths.iter().any(|path| matches!(path, ZPath::Broker(_))) {
            zk.ask(ZAsk::Read(ZScope::Brokers), Purpose::SeeBrokers, cx);
        }
        if paths.contains(&ZPath::Controller) {
            self.look(cx);
        }
    }
}
