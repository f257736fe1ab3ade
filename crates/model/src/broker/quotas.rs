//! Quotas on a broker: who is above them waits (`ClientQuotaManager`, `ClientRequestQuotaManager`).
//!
//! A client above its quota is answered at once and told how long to wait; the broker reads nothing from its connection for as
//! long. A consumer's answer is empty then. Invariant: without quotas in the metadata nothing here is done.

use super::Broker;
use crate::api::{ErrorCode, Request, Response, response};
use crate::config::broker::BrokerConfig;
use crate::cx::{Cx, Effect};
use crate::ids::{Name, NodeId};
use crate::net::ConnId;
use crate::quota::rate::{Rate, Windows};
use crate::quota::{Limit, QuotaKey, Quotas};
use crate::trace::Fact;
use alloc::vec::Vec;
use kafkascope_kernel::{FlatMap, Micros};

/// How long a request thread works on a request here; Kafka measures it.
const REQUEST_COST: Micros = Micros(100);
/// Thread microseconds a second that a percent stands for.
const MICROS_A_PERCENT: i64 = 10_000;

/// Clients with a quota in common, and what it limits.
type Sensor = (QuotaKey, (bool, Option<Name>));

/// What clients have used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct QuotaManager {
    /// `client.id` in the headers of each client's requests.
    pub client_ids: FlatMap<NodeId, Name>,
    rates: FlatMap<Sensor, Rate>,
    /// Bytes of the PRODUCE that a connection has under way.
    producing: FlatMap<ConnId, u32>,
}

/// The quotas in force and how they are measured.
#[derive(Clone, Copy, Debug)]
struct Rules<'a> {
    quotas: &'a Quotas,
    windows: Windows,
    now_ms: i64,
}

impl Broker {
    /// A client's request arrived: a fetch brings no more than its quota allows in all windows together.
    pub(super) fn meter_request(&mut self, conn: ConnId, body: &mut Request) {
        let quotas = &self.metadata.image().quotas;
        if quotas.is_empty() || !conn.client.is_client() {
            return;
        }
        if let Request::Produce(_) = body {
            self.quotas.producing.insert(conn, body.payload_bytes());
        } else if let Request::Fetch(fetch) = body
            && let Some(name) = self.quotas.client_ids.get(&conn.client)
            && let Some(limit) = quotas.of(name, QuotaKey::ConsumerByteRate)
        {
            let windows = windows(&self.config);
            let most = limit.per_second.saturating_mul((windows.count - 1) * windows.ms / 1_000);
            fetch.max_bytes = fetch.max_bytes.min(i32::try_from(most).unwrap_or(i32::MAX));
        }
    }

    /// Answers are on their way out: those to clients above their quota tell them to wait.
    pub(super) fn meter_answers(&mut self, cx: &mut Cx<'_>) {
        let quotas = &self.metadata.image().quotas;
        if quotas.is_empty() {
            return;
        }
        let (windows, now_ms) = (windows(&self.config), cx.now.as_ms() as i64);
        let rules = Rules { quotas, windows, now_ms };
        let mut after = Vec::new();
        for effect in cx.out.iter_mut() {
            if let Effect::Respond { conn, body, .. } = effect
                && conn.client.is_client()
                && let Some((key, ms)) = self.quotas.meter(*conn, body.as_mut(), rules)
            {
                let until = cx.now + Micros::from_ms(ms.unsigned_abs());
                after.push(Effect::Mute { conn: *conn, until });
                after.push(Effect::Note(Fact::Throttled { client: conn.client, key, ms }));
            }
        }
        cx.out.extend(after);
    }
}

impl QuotaManager {
    /// The process is gone.
    pub fn kill(&mut self) {
        self.rates.clear();
        self.producing.clear();
    }

    /// Counts an answer; if its client is above a quota, which and for how long, and the answer says so.
    fn meter(
        &mut self,
        conn: ConnId,
        body: Option<&mut Response>,
        rules: Rules<'_>,
    ) -> Option<(QuotaKey, i64)> {
        let name = self.client_ids.get(&conn.client)?.clone();
        let produced = self.producing.remove(&conn);
        let fetched = match &body {
            Some(Response::Fetch(_)) => body.as_ref().map(|body| body.payload_bytes()),
            _ => None,
        };
        let by_bytes = match (produced, fetched) {
            (Some(bytes), _) => self.spend(&name, QuotaKey::ProducerByteRate, bytes.into(), rules),
            (None, Some(bytes)) => {
                self.spend(&name, QuotaKey::ConsumerByteRate, bytes.into(), rules)
            }
            (None, None) => None,
        };
        let cost = REQUEST_COST.0 as i64;
        let by_time = if body.is_none() {
            None
        } else {
            // However far it is above this one, nobody waits longer than a window.
            let ms = self.spend(&name, QuotaKey::RequestPercentage, cost, rules);
            ms.map(|ms| ms.min(rules.windows.ms))
        };
        let ms = by_bytes.max(by_time).filter(|ms| *ms > 0)?;
        let key = match (by_bytes == Some(ms) && by_bytes > by_time, fetched.is_some()) {
            (false, _) => QuotaKey::RequestPercentage,
            (true, true) => QuotaKey::ConsumerByteRate,
            (true, false) => QuotaKey::ProducerByteRate,
        };
        if let Some(body) = body {
            self.tell(&name, body, fetched.unwrap_or(0), ms, rules);
        }
        Some((key, ms))
    }

    fn spend(&mut self, name: &Name, key: QuotaKey, value: i64, rules: Rules<'_>) -> Option<i64> {
        let Limit { shared_by, per_second } = rules.quotas.of(name, key)?;
        let limit = match key {
            QuotaKey::ProducerByteRate | QuotaKey::ConsumerByteRate => per_second,
            QuotaKey::RequestPercentage => per_second.saturating_mul(MICROS_A_PERCENT),
        };
        let rate = self.rates.entry((key, shared_by)).or_default();
        rate.record(value, rules.now_ms, rules.windows);
        rate.throttle_ms(limit, rules.now_ms, rules.windows)
    }

    /// Writes the time to wait into an answer. A fetch brings nothing then, so its bytes do not count either.
    fn tell(&mut self, name: &Name, body: &mut Response, fetched: u32, ms: i64, rules: Rules<'_>) {
        let throttle_time_ms = i32::try_from(ms).unwrap_or(i32::MAX);
        if let Response::Produce(produce) = body {
            produce.throttle_time_ms = throttle_time_ms;
        } else if let Response::Fetch(fetch) = body {
            *fetch = response::Fetch {
                error: ErrorCode::None,
                partitions: Vec::new(),
                throttle_time_ms,
            };
            let _ = self.spend(name, QuotaKey::ConsumerByteRate, -i64::from(fetched), rules);
        }
    }
}

fn windows(config: &BrokerConfig) -> Windows {
    let ms = i64::from(config.quota_window_size_seconds).saturating_mul(1_000);
    Windows { count: i64::from(config.quota_window_num), ms }
}
