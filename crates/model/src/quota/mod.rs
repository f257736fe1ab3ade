//! Client quotas: who may use how much of a broker (`org.apache.kafka.common.quota`).
//!
//! Without authentication every client is the user ANONYMOUS, so in practice clients are told apart by `client.id`. Invariant:
//! a quota is positive; to lift it is to remove it.

pub mod rate;

use crate::ids::Name;
use kafkascope_kernel::FlatMap;

/// The user that clients are without authentication.
pub const ANONYMOUS: &str = "ANONYMOUS";

/// Whose quota it is: one by name, or everyone who has none of their own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Whose {
    /// Everyone without a quota of their own.
    Default,
    /// One.
    Named(Name),
}

/// What a quota is for: a user, a client id, or a client id of a user (`ClientQuotaEntity`).
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QuotaEntity {
    /// `user`.
    pub user: Option<Whose>,
    /// `client-id`.
    pub client_id: Option<Whose>,
}

/// What is limited (`QuotaConfig`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum QuotaKey {
    /// Bytes a second that may be produced.
    ProducerByteRate,
    /// Bytes a second that may be fetched.
    ConsumerByteRate,
    /// Share of one request thread, in percent.
    RequestPercentage,
}

impl QuotaKey {
    /// All of them.
    pub const ALL: [Self; 3] =
        [Self::ProducerByteRate, Self::ConsumerByteRate, Self::RequestPercentage];

    /// Kafka's key.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ProducerByteRate => "producer_byte_rate",
            Self::ConsumerByteRate => "consumer_byte_rate",
            Self::RequestPercentage => "request_percentage",
        }
    }

    /// The key with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key| key.name() == name)
    }
}

/// Every quota of a cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Quotas {
    limits: FlatMap<(QuotaEntity, QuotaKey), i64>,
}

/// A quota that a client falls under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Clients with the same one share what it allows.
    pub shared_by: (bool, Option<Name>),
    /// How much a second.
    pub per_second: i64,
}

impl Quotas {
    /// Every quota that is set.
    pub fn limits(&self) -> impl Iterator<Item = (&(QuotaEntity, QuotaKey), &i64)> {
        self.limits.iter()
    }

    /// Whether nobody has any.
    pub const fn is_empty(&self) -> bool {
        self.limits.is_empty()
    }

    /// Sets a quota, or with none removes it.
    pub fn set(&mut self, entity: &QuotaEntity, key: QuotaKey, limit: Option<i64>) {
        match limit {
            Some(limit) => self.limits.insert((entity.clone(), key), limit),
            None => self.limits.remove(&(entity.clone(), key)),
        };
    }

    /// What one entity has.
    pub fn get(&self, entity: &QuotaEntity, key: QuotaKey) -> Option<i64> {
        self.limits.get(&(entity.clone(), key)).copied()
    }

    /// The quota of a client id: the most special one counts (`ClientQuotaManager.DefaultQuotaCallback`).
    pub fn of(&self, client_id: &Name, key: QuotaKey) -> Option<Limit> {
        let user = Some(Whose::Named(Name::from(ANONYMOUS)));
        let client = Some(Whose::Named(client_id.clone()));
        let (any, none) = (Some(Whose::Default), None);
        let in_order = [
            (&user, &client),
            (&user, &any),
            (&user, &none),
            (&any, &client),
            (&any, &any),
            (&any, &none),
            (&none, &client),
            (&none, &any),
        ];
        in_order.into_iter().find_map(|(user, client)| {
            let entity = QuotaEntity { user: user.clone(), client_id: client.clone() };
            let per_second = self.get(&entity, key)?;
            let shared_by = (user.is_some(), client.is_some().then(|| client_id.clone()));
            Some(Limit { shared_by, per_second })
        })
    }
}

impl core::fmt::Display for QuotaEntity {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let part = |f: &mut core::fmt::Formatter<'_>, kind: &str, whose: &Whose| match whose {
            Whose::Default => write!(f, "{kind}=<default>"),
            Whose::Named(name) => write!(f, "{kind}={name}"),
        };
        if let Some(user) = &self.user {
            part(f, "user", user)?;
        }
        if let Some(client) = &self.client_id {
            f.write_str(if self.user.is_some() { "," } else { "" })?;
            part(f, "client-id", client)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_special_quota_counts() {
        let mut quotas = Quotas::default();
        let shop = Name::from("shop");
        let entity =
            |user: Option<Whose>, client_id: Option<Whose>| QuotaEntity { user, client_id };
        let anonymous = || Some(Whose::Named(ANONYMOUS.into()));
        let key = QuotaKey::ProducerByteRate;
        assert_eq!(quotas.of(&shop, key), None);
        let table = [
            (entity(None, Some(Whose::Default)), (false, true)),
            (entity(None, Some(Whose::Named(shop.clone()))), (false, true)),
            (entity(Some(Whose::Default), None), (true, false)),
            (entity(anonymous(), None), (true, false)),
            (entity(anonymous(), Some(Whose::Named(shop.clone()))), (true, true)),
        ];
        for (limit, (entity, (by_user, by_client))) in (1..).zip(table) {
            quotas.set(&entity, key, Some(limit));
            let found = quotas.of(&shop, key).expect("there is one");
            let shared_by = (by_user, by_client.then(|| shop.clone()));
            assert_eq!(found, Limit { shared_by, per_second: limit }, "{entity}");
        }
        assert_eq!(quotas.of(&shop, QuotaKey::ConsumerByteRate), None);
    }
}
