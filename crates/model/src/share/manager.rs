//! Share partitions of a broker with who fetches from them (`SharePartitionManager`, `DelayedShareFetch`).
//!
//! A request may carry acknowledgements and ask for records at once; it is answered when the former are stored and there is
//! enough of the latter. Invariant: a connection has at most one request open here.

use super::answers::{
    as_client_error, fetched, is_fenced, note_acquired, note_renewed, note_settled, nothing,
    refused, with_acks,
};
use super::log::SharedLog;
use super::partition::{Phase, SharePartition, Taken, Ticket, ToWrite};
use super::persister::{Owner, What};
use super::session::{SessionKey, ShareSessions};
use super::{ShareKey, ShareTimer};
use crate::api::share::{
    AckBatch, ShareAcknowledge, ShareAcknowledged, ShareFetch, SharedPartition, StoredState,
};
use crate::api::{ErrorCode, Response, ShareResponse};
use crate::cx::Cx;
use crate::ids::{Correlation, Name, TopicPartition};
use crate::net::ConnId;
use crate::trace::Fact;
use alloc::vec::Vec;
use kafkascope_kernel::{FlatMap, Micros, SimTime};

/// Something for the persister to do.
pub type Outgoing = (ShareKey, What, Owner);

/// What a request asks for besides acknowledging.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct OpenFetch {
    wanted: ShareFetch,
    /// In the order in which they are looked at.
    partitions: Vec<TopicPartition>,
    failed: Vec<(TopicPartition, ErrorCode)>,
    found: Option<Vec<SharedPartition>>,
}

/// A request that is not answered yet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct OpenRequest {
    correlation: Correlation,
    group: Name,
    member: Name,
    /// Verdicts on acknowledgements.
    acks: Vec<(TopicPartition, ErrorCode)>,
    /// Changes that are being stored.
    waits: Vec<(ShareKey, Ticket)>,
    /// The session ends once they are.
    ends: bool,
    /// None for SHARE_ACKNOWLEDGE.
    fetch: Option<OpenFetch>,
}

/// Share partitions and sessions of a broker.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct SharePartitionManager {
    partitions: FlatMap<ShareKey, SharePartition>,
    sessions: ShareSessions,
    open: FlatMap<ConnId, OpenRequest>,
    outgoing: Vec<Outgoing>,
    /// Counts the share partitions that were opened.
    lives: u32,
}

impl SharePartitionManager {
    /// Every share partition.
    pub fn partitions(&self) -> impl Iterator<Item = (&ShareKey, &SharePartition)> {
        self.partitions.iter()
    }

    /// Every session.
    pub const fn sessions(&self) -> &ShareSessions {
        &self.sessions
    }

    /// Whether any fetch waits for records.
    pub fn is_waiting(&self) -> bool {
        self.open.values().any(OpenRequest::is_fetching)
    }

    /// Takes what is for the persister.
    pub fn take_outgoing(&mut self) -> Vec<Outgoing> {
        core::mem::take(&mut self.outgoing)
    }

    /// Serves a SHARE_FETCH.
    pub fn on_fetch(
        &mut self,
        conn: ConnId,
        correlation: Correlation,
        wanted: ShareFetch,
        log: &dyn SharedLog,
        cx: &mut Cx<'_>,
    ) {
        let partitions = match self.enter_session(&wanted, conn, log.max_sessions()) {
            Ok(partitions) => partitions,
            Err(error) => {
                let lock_ms = log.limits(&wanted.group_id).lock_ms;
                let body = fetched(error, lock_ms, Vec::new());
                return cx.respond(conn, correlation, body);
            }
        };
        let (group, member) = (wanted.group_id.clone(), wanted.member_id.clone());
        let mut request = OpenRequest {
            correlation,
            group,
            member,
            acks: Vec::new(),
            waits: Vec::new(),
            ends: false,
            fetch: None,
        };
        self.acknowledge_all(&mut request, &wanted.partitions, log, cx);
        let ends = wanted.share_session_epoch == -1;
        request.ends = ends;
        let rests = ends || wanted.is_renew_ack || wanted.max_records == 0;
        let partitions =
            if rests { Vec::new() } else { rotated(partitions, wanted.share_session_epoch) };
        let found = partitions.is_empty().then(Vec::new);
        let failed = self.open_partitions(&request.group, &partitions, log);
        let wait = Micros::from_config_ms(i64::from(wanted.max_wait_ms));
        request.fetch = Some(OpenFetch { wanted, partitions, failed, found });
        self.open.insert(conn, request);
        self.try_fetch(conn, false, log, cx);
        if self.open.get(&conn).is_some_and(OpenRequest::is_fetching) {
            cx.arm(ShareTimer::Fetch(conn), wait);
        }
    }

    /// Serves a SHARE_ACKNOWLEDGE.
    pub fn on_acknowledge(
        &mut self,
        conn: ConnId,
        correlation: Correlation,
        wanted: &ShareAcknowledge,
        log: &dyn SharedLog,
        cx: &mut Cx<'_>,
    ) {
        let (group, member) = (wanted.group_id.clone(), wanted.member_id.clone());
        let epoch = wanted.share_session_epoch;
        let entered = match epoch {
            0 => Err(ErrorCode::InvalidShareSessionEpoch),
            _ => self.sessions.advance(&(group.clone(), member.clone()), epoch).map(|_| ()),
        };
        if let Err(error) = entered {
            let acquisition_lock_timeout_ms = log.limits(&group).lock_ms;
            let partitions = Vec::new();
            let body = ShareAcknowledged { error, acquisition_lock_timeout_ms, partitions };
            let body = Response::Share(ShareResponse::Acknowledge(body));
            return cx.respond(conn, correlation, body);
        }
        let mut request = OpenRequest {
            correlation,
            group,
            member,
            acks: Vec::new(),
            waits: Vec::new(),
            ends: false,
            fetch: None,
        };
        self.acknowledge_all(&mut request, &wanted.partitions, log, cx);
        request.ends = epoch == -1;
        self.open.insert(conn, request);
        self.answer_if_complete(conn, log, cx);
        self.try_all(log, cx);
    }

    /// The state of a share partition was read, or could not be.
    pub fn on_read(
        &mut self,
        key: &ShareKey,
        ticket: Ticket,
        result: Result<StoredState, ErrorCode>,
        log: &dyn SharedLog,
        cx: &mut Cx<'_>,
    ) {
        let Some(partition) = self.partitions.get_mut(key) else { return };
        match result {
            Ok(_) if !partition.owns(ticket) => {}
            Ok(stored) => {
                let start = match stored.start_offset {
                    -1 => log.reset_offset(key),
                    start => start,
                };
                partition.load(&stored, start);
                let (group, tp) = (key.group.clone(), key.tp);
                let start = partition.start_offset;
                cx.note(Fact::SharePartitionLoaded { group, tp, start });
            }
            Err(error) => self.drop_partition(key, as_client_error(error)),
        }
        self.try_all(log, cx);
    }

    /// A change was stored, or could not be.
    pub fn on_written(
        &mut self,
        key: &ShareKey,
        ticket: Ticket,
        result: Result<(), ErrorCode>,
        log: &dyn SharedLog,
        cx: &mut Cx<'_>,
    ) {
        let limits = log.limits(&key.group);
        if let Some(partition) = self.partitions.get_mut(key)
            && let Some(settled) = partition.on_written(ticket, result.is_ok(), limits, cx.now)
        {
            let start = partition.start_offset;
            note_settled(key, &settled, start, cx);
        }
        let verdict = result.map_or_else(as_client_error, |()| ErrorCode::None);
        let waiting =
            |request: &OpenRequest| request.waits.iter().any(|w| w.0 == *key && w.1 == ticket);
        let conns: Vec<ConnId> = self
            .open
            .iter()
            .filter(|(_, request)| waiting(request))
            .map(|(conn, _)| *conn)
            .collect();
        for conn in conns {
            if let Some(request) = self.open.get_mut(&conn) {
                request.waits.retain(|wait| wait.0 != *key || wait.1 != ticket);
                if !verdict.is_ok() {
                    request.set_ack(key.tp, verdict);
                }
            }
            self.answer_if_complete(conn, log, cx);
        }
        if is_fenced(verdict) {
            self.drop_partition(key, verdict);
        }
        self.try_all(log, cx);
    }

    /// A timer is due.
    pub fn on_fetch_timer(&mut self, conn: ConnId, log: &dyn SharedLog, cx: &mut Cx<'_>) {
        self.try_fetch(conn, true, log, cx);
    }

    /// Locks of a share partition may have run out.
    pub fn on_lock_timer(&mut self, key: &ShareKey, log: &dyn SharedLog, cx: &mut Cx<'_>) {
        let limits = log.limits(&key.group);
        let Some(partition) = self.partitions.get_mut(key) else { return };
        let (write, settled) = partition.release_expired(limits, cx.now);
        note_settled(key, &settled, partition.start_offset, cx);
        partition.lock_check = partition.next_lock_end(cx.now);
        if let Some(at) = partition.lock_check {
            cx.arm(ShareTimer::Lock(key.clone()), at.since(cx.now).max(Micros(1)));
        }
        if let Some(ToWrite { ticket, state }) = write {
            self.outgoing.push((key.clone(), What::Write(state), Owner::Partition(ticket)));
            self.try_all(log, cx);
        }
    }

    /// Something changed that fetches may wait for: new records, another leader.
    pub fn try_all(&mut self, log: &dyn SharedLog, cx: &mut Cx<'_>) {
        let waiting = self.open.iter().filter(|(_, request)| request.is_fetching());
        let conns: Vec<ConnId> = waiting.map(|(conn, _)| *conn).collect();
        for conn in conns {
            self.try_fetch(conn, false, log, cx);
        }
    }

    /// Leadership may have changed: share partitions that are led elsewhere go.
    pub fn check_leadership(&mut self, log: &dyn SharedLog, cx: &mut Cx<'_>) {
        let lost = self.partitions.keys().filter(|key| log.leader_epoch(key.tp).is_err());
        let lost: Vec<ShareKey> = lost.cloned().collect();
        for key in &lost {
            let error = log.leader_epoch(key.tp).err().unwrap_or_default();
            self.drop_partition(key, error);
        }
        if !lost.is_empty() {
            self.try_all(log, cx);
        }
    }

    /// A connection ended: the sessions that were made on it end too, and what their members had is released.
    pub fn on_client_gone(&mut self, conn: ConnId, log: &dyn SharedLog, cx: &mut Cx<'_>) {
        if self.open.remove(&conn).is_some() {
            cx.disarm(ShareTimer::Fetch(conn));
        }
        let Some(group) = self.sessions.disconnect(conn) else { return };
        for key in self.sessions.on_connection(conn) {
            self.release_session(&key, log);
        }
        if !self.sessions.has_group(&group) {
            self.partitions.retain(|own, _| own.group != group);
        }
        self.try_all(log, cx);
    }

    /// The partitions to fetch, if the session may go on.
    fn enter_session(
        &mut self,
        wanted: &ShareFetch,
        conn: ConnId,
        limit: i32,
    ) -> Result<Vec<TopicPartition>, ErrorCode> {
        let key = (wanted.group_id.clone(), wanted.member_id.clone());
        let named: Vec<TopicPartition> = wanted.partitions.iter().map(|(tp, _)| *tp).collect();
        if wanted.share_session_epoch == 0 {
            if wanted.partitions.iter().any(|(_, acks)| !acks.is_empty()) {
                return Err(ErrorCode::InvalidRequest);
            }
            self.sessions.open(key, named.clone(), conn, limit)?;
            return Ok(named);
        }
        let session = self.sessions.advance(&key, wanted.share_session_epoch)?;
        if wanted.share_session_epoch > 0 {
            session.update(&named, &wanted.forgotten);
        }
        Ok(session.partitions.clone())
    }

    fn acknowledge_all(
        &mut self,
        request: &mut OpenRequest,
        partitions: &[(TopicPartition, Vec<AckBatch>)],
        log: &dyn SharedLog,
        cx: &mut Cx<'_>,
    ) {
        for (tp, acks) in partitions.iter().filter(|(_, acks)| !acks.is_empty()) {
            let key = ShareKey::new(request.group.clone(), *tp);
            let limits = log.limits(&key.group);
            let verdict = match self.partitions.get_mut(&key) {
                None => Err(ErrorCode::UnknownTopicOrPartition),
                Some(partition) => partition.acknowledge(&request.member, acks, limits, cx.now),
            };
            let error = match verdict {
                Ok(write) => {
                    self.send_write(request, &key, write);
                    note_renewed(&key, &request.member, acks, cx);
                    ErrorCode::None
                }
                Err(error) => error,
            };
            request.acks.push((*tp, error));
        }
    }

    fn send_write(&mut self, request: &mut OpenRequest, key: &ShareKey, write: Option<ToWrite>) {
        if let Some(ToWrite { ticket, state }) = write {
            request.waits.push((key.clone(), ticket));
            self.outgoing.push((key.clone(), What::Write(state), Owner::Partition(ticket)));
        }
    }

    /// A member ends its session: what it still has is released, once its last words are stored.
    fn end_session(&mut self, conn: ConnId, log: &dyn SharedLog) {
        let Some(request) = self.open.get_mut(&conn).filter(|request| request.may_end()) else {
            return;
        };
        request.ends = false;
        let key = (request.group.clone(), request.member.clone());
        let waits = self.release_session(&key, log);
        if let Some(request) = self.open.get_mut(&conn) {
            request.waits.extend(waits);
        }
    }

    fn release_session(
        &mut self,
        key: &SessionKey,
        log: &dyn SharedLog,
    ) -> Vec<(ShareKey, Ticket)> {
        let limits = log.limits(&key.0);
        let mut waits = Vec::new();
        for tp in self.sessions.close(key).unwrap_or_default() {
            let own = ShareKey::new(key.0.clone(), tp);
            let partition = self.partitions.get_mut(&own);
            let write = partition.and_then(|partition| partition.release_all_of(&key.1, limits));
            if let Some(ToWrite { ticket, state }) = write {
                waits.push((own.clone(), ticket));
                self.outgoing.push((own, What::Write(state), Owner::Partition(ticket)));
            }
        }
        waits
    }

    /// Makes share partitions of what is to be fetched; those that cannot be served.
    fn open_partitions(
        &mut self,
        group: &Name,
        partitions: &[TopicPartition],
        log: &dyn SharedLog,
    ) -> Vec<(TopicPartition, ErrorCode)> {
        let mut failed = Vec::new();
        for tp in partitions {
            let epoch = match log.leader_epoch(*tp) {
                Ok(epoch) => epoch,
                Err(error) => {
                    failed.push((*tp, error));
                    continue;
                }
            };
            let key = ShareKey::new(group.clone(), *tp);
            let partition = self.partitions.entry(key.clone()).or_insert_with(|| {
                self.lives = self.lives.wrapping_add(1);
                SharePartition::new(*tp, epoch, self.lives)
            });
            if partition.phase == Phase::Empty {
                partition.phase = Phase::Initializing;
                let what = What::Read(partition.leader_epoch);
                self.outgoing.push((key, what, Owner::Partition(partition.ticket())));
            }
        }
        failed
    }

    /// Answers an open fetch if there is enough, or whatever there is.
    fn try_fetch(&mut self, conn: ConnId, at_once: bool, log: &dyn SharedLog, cx: &mut Cx<'_>) {
        let Some(request) = self.open.get_mut(&conn) else { return };
        let Some(fetch) = request.fetch.as_mut().filter(|fetch| fetch.found.is_none()) else {
            return self.answer_if_complete(conn, log, cx);
        };
        let limits = log.limits(&request.group);
        let mut ready = Vec::new();
        for tp in &fetch.partitions {
            let key = ShareKey::new(request.group.clone(), *tp);
            if let Some(partition) = self.partitions.get_mut(&key)
                && partition.phase == Phase::Active
                && partition.can_acquire(limits)
            {
                ready.push((key, partition.next_fetch_offset()));
            }
        }
        let all_failed = fetch.failed.len() == fetch.partitions.len();
        let enough = u64::from(fetch.wanted.min_bytes.max(0).unsigned_abs());
        let bytes = |(key, offset): &(ShareKey, i64)| log.readable_bytes(key.tp, *offset, enough);
        let has_enough = !ready.is_empty() && ready.iter().map(bytes).sum::<u64>() >= enough;
        // What the log no longer has must be learned by reading.
        let is_behind = ready.iter().any(|(key, offset)| *offset < log.log_start(key.tp));
        if !(at_once || all_failed || has_enough || is_behind) {
            return;
        }
        let found = self.fetch_from(conn, ready, log, cx);
        if let Some(fetch) = self.open.get_mut(&conn).and_then(|request| request.fetch.as_mut()) {
            fetch.found = Some(found);
        }
        cx.disarm(ShareTimer::Fetch(conn));
        self.answer_if_complete(conn, log, cx);
    }

    /// Reads and acquires, partition by partition.
    fn fetch_from(
        &mut self,
        conn: ConnId,
        ready: Vec<(ShareKey, i64)>,
        log: &dyn SharedLog,
        cx: &mut Cx<'_>,
    ) -> Vec<SharedPartition> {
        let Some(request) = self.open.get(&conn) else { return Vec::new() };
        let Some(fetch) = &request.fetch else { return Vec::new() };
        let (member, wanted) = (request.member.clone(), fetch.wanted.clone());
        let mut found: Vec<SharedPartition> =
            fetch.failed.iter().map(|(tp, error)| refused(*tp, *error, log)).collect();
        let share = u32::try_from(ready.len()).unwrap_or(1).max(1);
        let max_bytes = wanted.max_bytes.max(0).unsigned_abs() / share;
        let mut room = wanted.max_records;
        for (key, offset) in ready {
            let Some(partition) = self.partitions.get_mut(&key) else { continue };
            let batches = match log.read(key.tp, offset, max_bytes) {
                Ok(batches) => batches,
                Err(ErrorCode::OffsetOutOfRange) => {
                    partition.follow_log_start(log.log_start(key.tp));
                    continue;
                }
                Err(error) => {
                    found.push(refused(key.tp, error, log));
                    continue;
                }
            };
            let taken = Taken {
                member: &member,
                max_records: room,
                batch_size: wanted.batch_size,
                fetch_offset: offset,
                batches: &batches,
                limits: log.limits(&key.group),
                now: cx.now,
            };
            let acquired = partition.acquire(&taken);
            let (Some(first), Some(last)) = (acquired.first(), acquired.last()) else { continue };
            let (first, last) = (first.first, last.last);
            watch_locks(&key, partition, cx.now + taken.limits.lock(), cx);
            for part in &acquired {
                room -= (part.last - part.first + 1) as i32;
                note_acquired(&key, &member, part, cx);
            }
            let holds = |batch: &crate::log::Batch| {
                batch.last_offset() >= first && batch.base_offset <= last
            };
            let batches = batches.into_iter().filter(holds).collect();
            found.push(SharedPartition { batches, acquired, ..nothing(key.tp) });
        }
        found
    }

    fn answer_if_complete(&mut self, conn: ConnId, log: &dyn SharedLog, cx: &mut Cx<'_>) {
        self.end_session(conn, log);
        let complete = self.open.get(&conn).is_some_and(OpenRequest::is_complete);
        if !complete {
            return;
        }
        let Some(request) = self.open.remove(&conn) else { return };
        let lock_ms = log.limits(&request.group).lock_ms;
        let body = match request.fetch {
            None => Response::Share(ShareResponse::Acknowledge(ShareAcknowledged {
                error: ErrorCode::None,
                acquisition_lock_timeout_ms: lock_ms,
                partitions: request.acks,
            })),
            Some(fetch) => {
                let found = fetch.found.unwrap_or_default();
                fetched(ErrorCode::None, lock_ms, with_acks(found, &request.acks))
            }
        };
        cx.respond(conn, request.correlation, body);
    }

    /// The share partition is not to be served from here any more.
    fn drop_partition(&mut self, key: &ShareKey, error: ErrorCode) {
        self.partitions.remove(key);
        for request in self.open.values_mut().filter(|request| request.group == key.group) {
            let Some(fetch) = &mut request.fetch else { continue };
            let known = fetch.failed.iter().any(|(tp, _)| *tp == key.tp);
            if fetch.partitions.contains(&key.tp) && !known {
                fetch.failed.push((key.tp, error));
            }
        }
    }
}

impl OpenRequest {
    fn is_fetching(&self) -> bool {
        self.fetch.as_ref().is_some_and(|fetch| fetch.found.is_none())
    }

    fn may_end(&self) -> bool {
        self.ends && self.waits.is_empty()
    }

    fn is_complete(&self) -> bool {
        self.waits.is_empty() && !self.is_fetching()
    }

    fn set_ack(&mut self, tp: TopicPartition, error: ErrorCode) {
        match self.acks.iter_mut().find(|(own, _)| *own == tp) {
            Some(row) => row.1 = error,
            None => self.acks.push((tp, error)),
        }
    }
}

/// Where a session's fetches begin moves on with its epochs (`PartitionRotateStrategy`).
fn rotated(mut partitions: Vec<TopicPartition>, epoch: i32) -> Vec<TopicPartition> {
    let by = usize::try_from(epoch).unwrap_or(0);
    if !partitions.is_empty() {
        let by = by % partitions.len();
        partitions.rotate_left(by);
    }
    partitions
}

/// Looks at a share partition's locks when the first of them may run out.
fn watch_locks(key: &ShareKey, partition: &mut SharePartition, at: SimTime, cx: &mut Cx<'_>) {
    if partition.lock_check.is_none_or(|check| check > at) {
        partition.lock_check = Some(at);
        cx.arm(ShareTimer::Lock(key.clone()), at.since(cx.now));
    }
}
