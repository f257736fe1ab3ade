//! ZooKeeper, as Kafka up to 3.x needed it: a small tree of znodes, sessions, and word of what has changed.
//!
//! One server stands for an ensemble. Znodes that a session made as ephemeral go with it, and a session goes when its client
//! has been silent for too long: that is how a cluster learned who is alive. Invariant: a `multi` is done as a whole or not at
//! all, and nothing is done twice for a session.

use crate::api::legacy::{
    LegacyRequest, LegacyResponse, ZAnswer, ZAsk, ZData, ZNode, ZPath, ZScope, ZWrite,
};
use crate::api::{Request, Response};
use crate::cx::{Cx, Effect};
use crate::ids::{Correlation, NodeId};
use crate::net::ConnId;
use crate::node::Timer;
use crate::trace::Fact;
use alloc::vec::Vec;
use kafkascope_kernel::FlatMap;
use kafkascope_kernel::{Micros, SimTime};

/// How often sessions are looked at (`tickTime`).
const TICK: Micros = Micros::from_ms(2_000);

/// A ZooKeeper server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Zookeeper {
    /// This process.
    pub id: NodeId,
    /// Disk: the tree.
    tree: FlatMap<ZPath, Znode>,
    /// Disk: sessions.
    sessions: FlatMap<u64, Session>,
    /// Disk: counts changes.
    zxid: i64,
    /// Who waits for changes.
    waiting: FlatMap<u64, (ConnId, Correlation)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Znode {
    data: ZData,
    version: i32,
    czxid: i64,
    owner: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Session {
    client: NodeId,
    timeout: Micros,
    heard_at: SimTime,
    last: Option<(u32, ZAnswer)>,
    events: Vec<ZPath>,
}

/// A timer of this role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ZookeeperTick;

impl Zookeeper {
    /// A process that does not run yet, with an empty tree.
    pub fn new(id: NodeId) -> Self {
        let (tree, sessions) = (FlatMap::new(), FlatMap::new());
        Self { id, tree, sessions, zxid: 0, waiting: FlatMap::new() }
    }

    /// Every znode, in the order of paths.
    pub fn znodes(&self) -> impl Iterator<Item = (&ZPath, &ZData)> {
        self.tree.iter().map(|(path, znode)| (path, &znode.data))
    }

    /// Whose ephemeral znodes are here.
    pub fn sessions(&self) -> impl Iterator<Item = NodeId> {
        self.sessions.values().map(|session| session.client)
    }

    /// The process begins to run; every session has its full time before it.
    pub fn start(&mut self, cx: &mut Cx<'_>) {
        for session in self.sessions.values_mut() {
            session.heard_at = cx.now;
        }
        cx.arm(Timer::Zookeeper(ZookeeperTick), TICK);
    }

    /// The process is gone; the disk stays.
    pub fn kill(&mut self) {
        self.waiting.clear();
    }

    /// SIGTERM.
    pub fn shut_down(&self, cx: &mut Cx<'_>) {
        cx.out.push(Effect::Exit);
    }

    /// A connection ended; its session goes on.
    pub fn on_client_gone(&mut self, conn: ConnId) {
        self.waiting.retain(|_, (waiting, _)| *waiting != conn);
    }

    /// Sessions that were silent for too long end.
    pub fn on_tick(&mut self, cx: &mut Cx<'_>) {
        cx.arm(Timer::Zookeeper(ZookeeperTick), TICK);
        let silent = |session: &Session| cx.now.since(session.heard_at);
        let over: Vec<(u64, NodeId, Micros)> = self
            .sessions
            .iter()
            .filter(|(_, session)| silent(session) > session.timeout)
            .map(|(id, session)| (*id, session.client, silent(session)))
            .collect();
        for (id, broker, silent) in over {
            cx.note(Fact::SessionExpired { broker, silent });
            self.end_session(id, cx);
        }
    }

    /// A request arrived.
    pub fn on_request(
        &mut self,
        conn: ConnId,
        correlation: Correlation,
        body: Request,
        cx: &mut Cx<'_>,
    ) {
        let Request::Legacy(LegacyRequest::Zk { session: id, number, ask }) = body else {
            cx.close(conn);
            return;
        };
        if let ZAsk::Connect(timeout) = ask {
            self.zxid += 1;
            let id = self.zxid.unsigned_abs();
            let (client, heard_at) = (conn.client, cx.now);
            let session = Session { client, timeout, heard_at, last: None, events: Vec::new() };
            self.sessions.insert(id, session);
            return answer(conn, correlation, ZAnswer::Connected(id), cx);
        }
        let Some(session) = self.sessions.get_mut(&id) else {
            return answer(conn, correlation, ZAnswer::Expired, cx);
        };
        if ask == ZAsk::Watch {
            self.waiting.insert(id, (conn, correlation));
            return self.tell(id, cx);
        }
        session.heard_at = cx.now;
        if let Some((done, known)) = &session.last
            && *done == number
        {
            let known = known.clone();
            return answer(conn, correlation, known, cx);
        }
        let given = match ask {
            ZAsk::Read(scope) => ZAnswer::Nodes(self.read(scope)),
            ZAsk::Multi(writes) => self.multi(id, writes, cx),
            ZAsk::Close => {
                self.end_session(id, cx);
                ZAnswer::Done(self.zxid)
            }
            ZAsk::Ping | ZAsk::Connect(_) | ZAsk::Watch => ZAnswer::Done(self.zxid),
        };
        if let Some(session) = self.sessions.get_mut(&id) {
            session.last = Some((number, given.clone()));
        }
        answer(conn, correlation, given, cx);
    }

    fn read(&self, scope: ZScope) -> Vec<ZNode> {
        let wanted = |path: &ZPath| match scope {
            ZScope::All => true,
            ZScope::Brokers => matches!(path, ZPath::Broker(_)),
            ZScope::Controller => matches!(path, ZPath::Controller | ZPath::ControllerEpoch),
        };
        let found = self.tree.iter().filter(|(path, _)| wanted(path));
        let node = |(path, znode): (&ZPath, &Znode)| ZNode {
            path: path.clone(),
            data: znode.data.clone(),
            version: znode.version,
            czxid: znode.czxid,
        };
        found.map(node).collect()
    }

    fn multi(&mut self, session: u64, writes: Vec<ZWrite>, cx: &mut Cx<'_>) -> ZAnswer {
        for write in &writes {
            let fits = match write {
                ZWrite::Create { path, .. } => !self.tree.contains_key(path),
                ZWrite::Delete { path } => self.tree.contains_key(path),
                ZWrite::Check { path, version } => {
                    self.tree.get(path).is_some_and(|znode| znode.version == *version)
                }
                ZWrite::Set { .. } | ZWrite::DeleteTopic { .. } => true,
            };
            if !fits {
                let (ZWrite::Create { path, .. }
                | ZWrite::Delete { path }
                | ZWrite::Check { path, .. }
                | ZWrite::Set { path, .. }) = write
                else {
                    continue;
                };
                return ZAnswer::Failed(path.clone());
            }
        }
        for write in writes {
            self.zxid += 1;
            self.write(session, write, cx);
        }
        ZAnswer::Done(self.zxid)
    }

    fn write(&mut self, session: u64, write: ZWrite, cx: &mut Cx<'_>) {
        let czxid = self.zxid;
        match write {
            ZWrite::Create { path, data, ephemeral } => {
                let owner = ephemeral.then_some(session);
                self.tree.insert(path.clone(), Znode { data, version: 0, czxid, owner });
                self.changed(&path, cx);
            }
            ZWrite::Set { path, data } => {
                let fresh = Znode { data: data.clone(), version: -1, czxid, owner: None };
                let znode = self.tree.entry(path).or_insert(fresh);
                znode.version += 1;
                znode.data = data;
            }
            ZWrite::Delete { path } => {
                self.tree.remove(&path);
                self.changed(&path, cx);
            }
            ZWrite::DeleteTopic { topic } => self.tree.retain(|path, _| match path {
                ZPath::Topic(id) => *id != topic,
                ZPath::State(tp) => tp.topic != topic,
                ZPath::Controller
                | ZPath::ControllerEpoch
                | ZPath::Broker(_)
                | ZPath::ProducerIds
                | ZPath::Config(..)
                | ZPath::Quota(..) => true,
            }),
            ZWrite::Check { .. } => {}
        }
    }

    fn end_session(&mut self, id: u64, cx: &mut Cx<'_>) {
        let Some(_) = self.sessions.remove(&id) else { return };
        if let Some((conn, correlation)) = self.waiting.remove(&id) {
            answer(conn, correlation, ZAnswer::Expired, cx);
        }
        let own = self.tree.iter().filter(|(_, znode)| znode.owner == Some(id));
        let own: Vec<ZPath> = own.map(|(path, _)| path.clone()).collect();
        for path in own {
            self.zxid += 1;
            self.tree.remove(&path);
            self.changed(&path, cx);
        }
    }

    /// Whoever watches learns that something changed, not what: that is read anew.
    fn changed(&mut self, path: &ZPath, cx: &mut Cx<'_>) {
        if !matches!(path, ZPath::Controller | ZPath::Broker(_)) {
            return;
        }
        let ids: Vec<u64> = self.sessions.keys().copied().collect();
        for id in ids {
            if let Some(session) = self.sessions.get_mut(&id)
                && !session.events.contains(path)
            {
                session.events.push(path.clone());
            }
            self.tell(id, cx);
        }
    }

    fn tell(&mut self, id: u64, cx: &mut Cx<'_>) {
        let Some(session) = self.sessions.get_mut(&id).filter(|it| !it.events.is_empty()) else {
            return;
        };
        if let Some((conn, correlation)) = self.waiting.remove(&id) {
            let events = core::mem::take(&mut session.events);
            answer(conn, correlation, ZAnswer::Events(events), cx);
        }
    }
}

fn answer(conn: ConnId, correlation: Correlation, body: ZAnswer, cx: &mut Cx<'_>) {
    cx.respond(conn, correlation, Response::Legacy(LegacyResponse::Zk(body)));
}
