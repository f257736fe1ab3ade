//! Random uuids as Kafka writes them (`org.apache.kafka.common.Uuid`).
//!
//! Invariant: they come from the stream of the node that asks, and from nothing else.

use crate::cx::{Cx, Draw};
use crate::ids::Name;
use alloc::string::String;

/// 22 letters of base64 for URLs, none of them a dash in front (`Uuid.randomUuid`).
pub(crate) fn random_uuid(cx: &mut Cx<'_>) -> Name {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    loop {
        let (high, low) = (cx.rng(Draw::Uuid).bits(), cx.rng(Draw::Uuid).bits());
        let high = (high & !0xf000) | 0x4000;
        let low = (low >> 2) | 1 << 63;
        // 128 bits make 21 letters and two bits; the last letter has four zero bits behind them.
        let last = char::from(LETTERS[((low & 3) << 4) as usize]);
        let bits = u128::from(high) << 64 | u128::from(low);
        let text: String = (0..21)
            .map(|place| char::from(LETTERS[(bits >> (122 - 6 * place) & 63) as usize]))
            .chain([last])
            .collect();
        if !text.starts_with('-') {
            return text.into();
        }
    }
}
