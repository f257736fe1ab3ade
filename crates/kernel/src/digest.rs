//! A stable 64-bit digest of any state that derives `Hash`.
//!
//! Native and wasm must agree, so pointer-sized integers are widened and everything is read little-endian. Invariant: equal
//! states have equal digests on every machine; state types hold no `usize` slices (they would be hashed as raw memory).

use core::hash::{Hash, Hasher};

/// A 64-bit digest; prints as 16 hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub u64);

/// The digest of `state`.
pub fn digest_of<T: Hash + ?Sized>(state: &T) -> Digest {
    let mut hasher = StableHasher(OFFSET_BASIS);
    state.hash(&mut hasher);
    Digest(hasher.finish())
}

impl core::fmt::Display for Digest {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

/// FNV-1a over words, finished with an avalanche.
struct StableHasher(u64);

impl StableHasher {
    fn word(&mut self, word: u64) {
        self.0 = (self.0 ^ word).wrapping_mul(PRIME).rotate_left(29);
    }
}

impl Hasher for StableHasher {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0_u8; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.word(u64::from_le_bytes(word));
        }
    }

    fn write_u8(&mut self, i: u8) {
        self.word(u64::from(i));
    }
    fn write_u16(&mut self, i: u16) {
        self.word(u64::from(i));
    }
    fn write_u32(&mut self, i: u32) {
        self.word(u64::from(i));
    }
    fn write_u64(&mut self, i: u64) {
        self.word(i);
    }
    fn write_usize(&mut self, i: usize) {
        self.word(i as u64);
    }
    fn write_i8(&mut self, i: i8) {
        self.word(i64::from(i) as u64);
    }
    fn write_i16(&mut self, i: i16) {
        self.word(i64::from(i) as u64);
    }
    fn write_i32(&mut self, i: i32) {
        self.word(i64::from(i) as u64);
    }
    fn write_i64(&mut self, i: i64) {
        self.word(i as u64);
    }
    fn write_isize(&mut self, i: isize) {
        self.word(i as i64 as u64);
    }

    fn finish(&self) -> u64 {
        let mut z = self.0;
        z = (z ^ (z >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
        z ^ (z >> 32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[derive(Hash)]
    enum Shape {
        Dot,
        Line(usize, i32),
    }

    #[test]
    fn golden_digests_hold_on_every_machine() {
        assert_ne!(digest_of(&Shape::Dot), digest_of(&Shape::Line(0, 0)));
        assert_eq!(digest_of(&Shape::Line(3, -1)).to_string(), "712857f974a00f73");
    }
}
