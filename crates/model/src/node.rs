//! A node: one process of the world, whatever its role, behind one set of handlers.
//!
//! Only this file knows all roles; a role knows only itself. Invariant: a handler gets its own node and a [`Cx`], nothing else.

use crate::api::{Request, Response};
use crate::broker::{Broker, BrokerTimer};
use crate::client::admin::{Admin, AdminTimer};
use crate::client::consumer::{Consumer, ConsumerTimer};
use crate::client::producer::{Producer, ProducerTimer};
use crate::client::share_consumer::{ShareConsumer, ShareConsumerTimer};
use crate::controller::{Controller, ControllerTimer};
use crate::cx::Cx;
use crate::ids::{Correlation, NodeId};
use crate::net::{ConnId, Lane};
use crate::workload::Hand;
use crate::zookeeper::{Zookeeper, ZookeeperTick};

/// One process. A clone shares record payloads.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "one variant a role")]
pub enum Node {
    Broker(alloc::boxed::Box<Broker>),
    Controller(alloc::boxed::Box<Controller>),
    Producer(alloc::boxed::Box<Producer>),
    Consumer(alloc::boxed::Box<Consumer>),
    ShareConsumer(alloc::boxed::Box<ShareConsumer>),
    Admin(alloc::boxed::Box<Admin>),
    Zookeeper(alloc::boxed::Box<Zookeeper>),
}

/// A timer of any role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "one variant a role")]
pub enum Timer {
    Broker(BrokerTimer),
    Controller(ControllerTimer),
    Producer(ProducerTimer),
    Consumer(ConsumerTimer),
    ShareConsumer(ShareConsumerTimer),
    Admin(AdminTimer),
    Zookeeper(ZookeeperTick),
}

macro_rules! from_role {
    ($($role:ident($timer:ty);)*) => {
        $(impl From<$timer> for Timer {
            fn from(timer: $timer) -> Self {
                Self::$role(timer)
            }
        })*
    };
}

from_role! {
    Broker(BrokerTimer);
    Controller(ControllerTimer);
    Producer(ProducerTimer);
    Consumer(ConsumerTimer);
    ShareConsumer(ShareConsumerTimer);
    Admin(AdminTimer);
}

impl Node {
    /// The process begins to run.
    pub fn start(&mut self, cx: &mut Cx<'_>) {
        match self {
            Self::Broker(broker) => broker.start(cx),
            Self::Controller(controller) => controller.start(cx),
            Self::Producer(producer) => producer.start(cx),
            Self::Consumer(consumer) => consumer.start(cx),
            Self::ShareConsumer(consumer) => consumer.start(cx),
            Self::Admin(admin) => admin.start(cx),
            Self::Zookeeper(server) => server.start(cx),
        }
    }

    /// The process is gone: only what is on its disk stays.
    pub fn kill(&mut self) {
        match self {
            Self::Broker(broker) => broker.kill(),
            Self::Controller(controller) => controller.kill(),
            Self::Producer(producer) => producer.kill(),
            Self::Consumer(consumer) => consumer.kill(),
            Self::ShareConsumer(consumer) => consumer.kill(),
            Self::Admin(admin) => admin.kill(),
            Self::Zookeeper(server) => server.kill(),
        }
    }

    /// SIGTERM: the process puts its affairs in order, then asks for `Effect::Exit`.
    pub fn shut_down(&mut self, cx: &mut Cx<'_>) {
        match self {
            Self::Broker(broker) => broker.shut_down(cx),
            Self::Controller(controller) => controller.shut_down(cx),
            Self::Producer(producer) => producer.shut_down(cx),
            Self::Consumer(consumer) => consumer.shut_down(cx),
            Self::ShareConsumer(consumer) => consumer.shut_down(cx),
            Self::Admin(admin) => admin.shut_down(cx),
            Self::Zookeeper(server) => server.shut_down(cx),
        }
    }

    /// A request arrived. Only brokers and controllers serve any. `correlation` is the world's own number of the request, not the
    /// client's: it never comes again.
    pub fn on_request(
        &mut self,
        conn: ConnId,
        correlation: Correlation,
        body: Request,
        cx: &mut Cx<'_>,
    ) {
        match self {
            Self::Broker(broker) => broker.on_request(conn, correlation, body, cx),
            Self::Controller(controller) => controller.on_request(conn, correlation, body, cx),
            Self::Zookeeper(server) => server.on_request(conn, correlation, body, cx),
            Self::Producer(_) | Self::Consumer(_) | Self::ShareConsumer(_) | Self::Admin(_) => {
                unreachable!("clients serve no requests")
            }
        }
    }

    /// The answer to a request of this node arrived.
    pub fn on_response(
        &mut self,
        from: NodeId,
        lane: Lane,
        correlation: Correlation,
        body: Response,
        cx: &mut Cx<'_>,
    ) {
        match self {
            Self::Broker(broker) => broker.on_response(from, lane, correlation, body, cx),
            Self::Controller(controller) => {
                controller.on_response(from, lane, correlation, body, cx)
            }
            Self::Producer(producer) => producer.on_response(from, lane, correlation, body, cx),
            Self::Consumer(consumer) => consumer.on_response(from, lane, correlation, body, cx),
            Self::ShareConsumer(consumer) => {
                consumer.on_response(from, lane, correlation, body, cx)
            }
            Self::Admin(admin) => admin.on_response(from, lane, correlation, body, cx),
            Self::Zookeeper(_) => unreachable!("ZooKeeper asks nobody"),
        }
    }

    /// A connection that this node opened broke, or was refused; its unanswered requests will have no answer.
    pub fn on_disconnect(&mut self, peer: NodeId, lane: Lane, cx: &mut Cx<'_>) {
        match self {
            Self::Broker(broker) => broker.on_disconnect(peer, lane, cx),
            Self::Controller(controller) => controller.on_disconnect(peer, lane, cx),
            Self::Producer(producer) => producer.on_disconnect(peer, lane, cx),
            Self::Consumer(consumer) => consumer.on_disconnect(peer, lane, cx),
            Self::ShareConsumer(consumer) => consumer.on_disconnect(peer, lane, cx),
            Self::Admin(admin) => admin.on_disconnect(peer, lane, cx),
            Self::Zookeeper(_) => {}
        }
    }

    /// A connection to this server ended; whatever is parked for it may be forgotten.
    pub fn on_client_gone(&mut self, conn: ConnId, cx: &mut Cx<'_>) {
        match self {
            Self::Broker(broker) => broker.on_client_gone(conn, cx),
            Self::Controller(controller) => controller.on_client_gone(conn, cx),
            Self::Zookeeper(server) => server.on_client_gone(conn),
            Self::Producer(_) | Self::Consumer(_) | Self::ShareConsumer(_) | Self::Admin(_) => {}
        }
    }

    /// The other half of its application, `from`, hands something over.
    pub fn on_pass(&mut self, from: NodeId, hand: Hand, cx: &mut Cx<'_>) {
        match self {
            Self::Producer(producer) => producer.on_pass(from, hand, cx),
            Self::Consumer(consumer) => consumer.on_pass(&hand, cx),
            Self::Broker(_)
            | Self::Controller(_)
            | Self::ShareConsumer(_)
            | Self::Admin(_)
            | Self::Zookeeper(_) => {}
        }
    }

    /// A timer that this node armed is due.
    pub fn on_timer(&mut self, timer: Timer, cx: &mut Cx<'_>) {
        match (self, timer) {
            (Self::Broker(broker), Timer::Broker(timer)) => broker.on_timer(timer, cx),
            (Self::Controller(controller), Timer::Controller(timer)) => {
                controller.on_timer(timer, cx)
            }
            (Self::Producer(producer), Timer::Producer(timer)) => producer.on_timer(timer, cx),
            (Self::Consumer(consumer), Timer::Consumer(timer)) => consumer.on_timer(timer, cx),
            (Self::ShareConsumer(consumer), Timer::ShareConsumer(timer)) => {
                consumer.on_timer(timer, cx)
            }
            (Self::Admin(admin), Timer::Admin(timer)) => admin.on_timer(timer, cx),
            (Self::Zookeeper(server), Timer::Zookeeper(_)) => server.on_tick(cx),
            _ => unreachable!("a node arms only timers of its own role"),
        }
    }
}
