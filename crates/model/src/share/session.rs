//! Share sessions: which partitions a member fetches from a leader (`ShareSession`, `ShareSessionCache`).
//!
//! Invariant: a session moves on only with the epoch that it expects.

use crate::api::ErrorCode;
use crate::ids::{Name, TopicPartition};
use crate::net::ConnId;
use alloc::vec::Vec;
use kafkascope_kernel::FlatMap;

/// A group and a member of it.
pub type SessionKey = (Name, Name);

/// One member's session.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ShareSession {
    /// The epoch that the next request must have.
    pub epoch: i32,
    /// What is fetched, in the order in which it was named.
    pub partitions: Vec<TopicPartition>,
    /// On which connection it was made; it ends with it.
    pub conn: ConnId,
}

/// All sessions with a broker.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ShareSessions {
    open: FlatMap<SessionKey, ShareSession>,
    /// Which group's sessions were made on a connection, whether they are still open or not.
    connections: FlatMap<ConnId, Name>,
}

impl ShareSessions {
    /// A new session takes the place of the member's old one.
    pub fn open(
        &mut self,
        key: SessionKey,
        partitions: Vec<TopicPartition>,
        conn: ConnId,
        limit: i32,
    ) -> Result<(), ErrorCode> {
        self.open.remove(&key);
        if i32::try_from(self.open.len()).unwrap_or(i32::MAX) >= limit {
            return Err(ErrorCode::ShareSessionLimitReached);
        }
        self.connections.insert(conn, key.0.clone());
        self.open.insert(key, ShareSession { epoch: 1, partitions, conn });
        Ok(())
    }

    /// The session, if it expects this epoch; -1 it always does. It moves on, unless it is to end.
    pub fn advance(
        &mut self,
        key: &SessionKey,
        epoch: i32,
    ) -> Result<&mut ShareSession, ErrorCode> {
        let session = self.open.get_mut(key).ok_or(ErrorCode::ShareSessionNotFound)?;
        if epoch == -1 {
            return Ok(session);
        }
        if session.epoch != epoch {
            return Err(ErrorCode::InvalidShareSessionEpoch);
        }
        session.epoch = if epoch == i32::MAX { 1 } else { epoch + 1 };
        Ok(session)
    }

    /// Ends a session; its partitions.
    pub fn close(&mut self, key: &SessionKey) -> Option<Vec<TopicPartition>> {
        self.open.remove(key).map(|session| session.partitions)
    }

    /// A connection ended; the group whose sessions were made on it.
    pub fn disconnect(&mut self, conn: ConnId) -> Option<Name> {
        self.connections.remove(&conn)
    }

    /// The open sessions that were made on a connection.
    pub fn on_connection(&self, conn: ConnId) -> Vec<SessionKey> {
        self.open
            .iter()
            .filter(|(_, session)| session.conn == conn)
            .map(|(key, _)| key.clone())
            .collect()
    }

    /// Whether anyone of a group has a session.
    pub fn has_group(&self, group: &Name) -> bool {
        self.open.keys().any(|(own, _)| own == group)
    }

    /// Every session.
    pub fn iter(&self) -> impl Iterator<Item = (&SessionKey, &ShareSession)> {
        self.open.iter()
    }
}

impl ShareSession {
    /// Partitions come and go.
    pub fn update(&mut self, named: &[TopicPartition], forgotten: &[TopicPartition]) {
        for tp in named {
            if !self.partitions.contains(tp) {
                self.partitions.push(*tp);
            }
        }
        self.partitions.retain(|tp| !forgotten.contains(tp));
    }
}
