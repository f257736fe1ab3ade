//! Simulated time in whole microseconds since the scenario began.
//!
//! Two types, so that a moment and a span cannot be confused. Invariant: arithmetic never wraps silently; moments saturate
//! at [`SimTime::END`], which no run reaches (584,000 years).

use core::fmt;
use core::ops::{Add, AddAssign, Mul, Sub};

/// A moment: microseconds since the scenario began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SimTime(pub u64);

/// A span of simulated time in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Micros(pub u64);

impl SimTime {
    /// The first moment of every run.
    pub const ZERO: Self = Self(0);
    /// Later than every event.
    pub const END: Self = Self(u64::MAX);

    /// The moment `ms` milliseconds after the beginning.
    pub const fn from_ms(ms: u64) -> Self {
        Self(ms.saturating_mul(1_000))
    }

    /// Whole milliseconds since the beginning, rounded down.
    pub const fn as_ms(self) -> u64 {
        self.0 / 1_000
    }

    /// The span since `earlier`, or none if that lies in the future.
    pub const fn since(self, earlier: Self) -> Micros {
        Micros(self.0.saturating_sub(earlier.0))
    }
}

impl Micros {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// A span of whole milliseconds.
    pub const fn from_ms(ms: u64) -> Self {
        Self(ms.saturating_mul(1_000))
    }

    /// A span of a config value in milliseconds; negative values count as none.
    pub const fn from_config_ms(ms: i64) -> Self {
        if ms <= 0 { Self(0) } else { Self::from_ms(ms.unsigned_abs()) }
    }

    /// Whole milliseconds, rounded down.
    pub const fn as_ms(self) -> u64 {
        self.0 / 1_000
    }

    /// `self * num / den` without overflow in between; `den` must not be zero.
    pub const fn scale(self, num: u64, den: u64) -> Self {
        let wide = self.0 as u128 * num as u128 / den as u128;
        Self(if wide > u64::MAX as u128 { u64::MAX } else { wide as u64 })
    }
}

impl Add<Micros> for SimTime {
    type Output = Self;
    fn add(self, span: Micros) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl AddAssign<Micros> for SimTime {
    fn add_assign(&mut self, span: Micros) {
        *self = *self + span;
    }
}

impl Sub for SimTime {
    type Output = Micros;
    fn sub(self, earlier: Self) -> Micros {
        assert!(earlier <= self, "a span cannot end before it begins");
        Micros(self.0 - earlier.0)
    }
}

impl Add for Micros {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Mul<u64> for Micros {
    type Output = Self;
    fn mul(self, factor: u64) -> Self {
        Self(self.0.saturating_mul(factor))
    }
}

impl fmt::Display for SimTime {
    /// Seconds with six decimals, as golden traces print it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn a_moment_prints_as_seconds_with_microseconds() {
        assert_eq!(SimTime(16_731_440).to_string(), "16.731440");
    }

    #[test]
    fn moments_saturate_instead_of_wrapping() {
        assert_eq!(SimTime::END + Micros(5), SimTime::END);
        assert_eq!(Micros::from_config_ms(-1), Micros::ZERO);
    }

    #[test]
    fn scaling_survives_large_factors() {
        assert_eq!(Micros(u64::MAX / 2).scale(4, 4), Micros(u64::MAX / 2));
    }
}
