//! Named random streams, in integers only.
//!
//! A stream is derived from `(seed, purpose, id)`, so that one more draw in one place shifts nothing anywhere else. The
//! generator is PCG (value-stable by its crate's policy); ranges and chances are drawn here, because shared links must replay
//! for years. Invariant: the golden vectors in this file's tests never change.

use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg32;

/// What decides all chance in a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Seed(pub u64);

/// One stream of chance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prng(Pcg32);

/// A probability as a fraction; `num <= den`, `den > 0`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ratio {
    /// Favourable cases.
    pub num: u32,
    /// All cases.
    pub den: u32,
}

impl Seed {
    /// The stream for `purpose` (a stable name) and `id` (which node, which link).
    pub fn stream(self, purpose: &str, id: u64) -> Prng {
        let mut key = mix(self.0 ^ 0x6b61_666b_6173_636f);
        for byte in purpose.bytes() {
            key = mix(key ^ u64::from(byte));
        }
        Prng(Pcg32::seed_from_u64(mix(key ^ id)))
    }
}

impl Prng {
    /// A uniform number below `bound`, which must not be zero. Without modulo bias.
    pub fn below(&mut self, bound: u32) -> u32 {
        assert!(bound > 0, "nothing is below zero");
        let reject_from = u32::MAX - u32::MAX % bound;
        loop {
            let draw = self.0.next_u32();
            if draw < reject_from {
                return draw % bound;
            }
        }
    }

    /// A uniform number in `low..=high`.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        assert!(low <= high, "a range runs upwards");
        match (high - low).checked_add(1) {
            Some(span) if span <= u64::from(u32::MAX) => low + u64::from(self.below(span as u32)),
            Some(span) => low + self.0.next_u64() % span,
            None => self.0.next_u64(),
        }
    }

    /// True with the given probability.
    pub fn chance(&mut self, ratio: Ratio) -> bool {
        self.below(ratio.den) < ratio.num
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Shuffles in place (Fisher-Yates, from the end).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last as u32 + 1) as usize);
        }
    }
}

impl core::hash::Hash for Prng {
    /// The next draw of a copy stands for the state, which the generator keeps private.
    fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
        self.clone().bits().hash(state);
    }
}

/// SplitMix64's finaliser: every input bit reaches every output bit.
const fn mix(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[test]
    fn streams_replay_and_do_not_disturb_each_other() {
        let mut one = Seed(7).stream("link", 1);
        let mut again = Seed(7).stream("link", 1);
        let mut other = Seed(7).stream("link", 2);
        let draws: Vec<_> = (0..8).map(|_| one.bits()).collect();
        assert_eq!(draws, (0..8).map(|_| again.bits()).collect::<Vec<_>>());
        assert_ne!(draws[0], other.bits());
    }

    #[test]
    fn ranges_keep_their_bounds() {
        let mut rng = Seed(1).stream("range", 0);
        for _ in 0..1_000 {
            assert!((3..=9).contains(&rng.between(3, 9)));
            assert!(rng.below(5) < 5);
        }
    }

    #[test]
    fn golden_vector_of_the_first_draws() {
        let mut rng = Seed(42).stream("golden", 3);
        let draws: Vec<_> = (0..4).map(|_| rng.below(1_000)).collect();
        assert_eq!(draws, GOLDEN);
    }

    const GOLDEN: [u32; 4] = [657, 913, 64, 929];
}
