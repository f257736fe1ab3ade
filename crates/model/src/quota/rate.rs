//! A rate over the last windows of time (`org.apache.kafka.common.metrics.stats.Rate`, `SampledStat`).
//!
//! Invariant: samples are in the order of their beginning, and none is older than all windows together.

use alloc::vec::Vec;

/// How a rate is measured (`quota.window.num`, `quota.window.size.seconds`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Windows {
    /// How many windows count.
    pub count: i64,
    /// How long each is.
    pub ms: i64,
}

/// One window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Sample {
    start: i64,
    last: i64,
    sum: i64,
}

/// A rate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Rate {
    samples: Vec<Sample>,
}

impl Sample {
    const fn is_old(&self, now: i64, windows: Windows) -> bool {
        now - self.last >= windows.count * windows.ms
    }
}

impl Rate {
    /// Something of this size happened.
    pub fn record(&mut self, value: i64, now: i64, windows: Windows) {
        match self.samples.last_mut() {
            Some(sample) if now - sample.start < windows.ms => {
                sample.sum += value;
                sample.last = now;
            }
            _ => self.samples.push(Sample { start: now, last: now, sum: value }),
        }
        self.forget_old(now, windows);
    }

    /// How long to wait until the rate is down to `limit` a second; none if it is not above it (`QuotaUtils.throttleTime`).
    /// In milliseconds, rounded.
    pub fn throttle_ms(&mut self, limit: i64, now: i64, windows: Windows) -> Option<i64> {
        self.forget_old(now, windows);
        let sum: i128 = self.samples.iter().map(|sample| i128::from(sample.sum)).sum();
        let allowed = i128::from(limit) * i128::from(self.window_ms(now, windows));
        let above = sum * 1_000 - allowed;
        if above <= 0 {
            return None;
        }
        let limit = i128::from(limit.max(1));
        Some(i64::try_from((above * 2 + limit) / (limit * 2)).unwrap_or(i64::MAX))
    }

    /// Whether the rate over the time since the oldest sample, a window at least, is above `limit` a second (`SimpleRate`).
    pub fn is_above(&self, limit: i64, now: i64, windows: Windows) -> bool {
        let mut samples =
            self.samples.iter().filter(|sample| !sample.is_old(now, windows)).peekable();
        let elapsed = samples.peek().map_or(0, |oldest| now - oldest.start).max(windows.ms);
        let sum: i128 = samples.map(|sample| i128::from(sample.sum)).sum();
        sum * 1_000 > i128::from(limit) * i128::from(elapsed)
    }

    /// The time that the samples cover, at least all windows but one.
    fn window_ms(&self, now: i64, windows: Windows) -> i64 {
        let elapsed = self.samples.first().map_or(0, |oldest| now - oldest.start);
        let missing = (windows.count - 1 - elapsed / windows.ms).max(0);
        (elapsed + missing * windows.ms).max(windows.ms)
    }

    fn forget_old(&mut self, now: i64, windows: Windows) {
        self.samples.retain(|sample| !sample.is_old(now, windows));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOWS: Windows = Windows { count: 11, ms: 1_000 };

    #[test]
    fn a_simple_rate_is_taken_over_the_time_since_the_oldest_sample_but_no_less_than_a_window() {
        let mut rate = Rate::default();
        rate.record(1_000, 0, WINDOWS);
        assert!(!rate.is_above(1_000, 0, WINDOWS) && rate.is_above(999, 0, WINDOWS), "a second");
        rate.record(3_000, 2_000, WINDOWS);
        assert!(!rate.is_above(2_000, 2_000, WINDOWS) && rate.is_above(1_999, 2_000, WINDOWS));
        assert!(!rate.is_above(500, 8_000, WINDOWS) && rate.is_above(499, 8_000, WINDOWS));
        assert!(!rate.is_above(0, 13_000, WINDOWS), "forgotten");
    }

    #[test]
    fn up_to_ten_seconds_worth_may_come_at_once_and_more_is_paid_back() {
        let mut rate = Rate::default();
        rate.record(5_000, 0, WINDOWS);
        assert_eq!(rate.throttle_ms(500, 0, WINDOWS), None, "500 a second over 10 seconds");
        rate.record(500, 0, WINDOWS);
        assert_eq!(rate.throttle_ms(500, 0, WINDOWS), Some(1_000));
        assert_eq!(rate.throttle_ms(500, 999, WINDOWS), Some(1), "time passes");
        assert_eq!(
            rate.throttle_ms(500, 1_000, WINDOWS),
            Some(1_000),
            "a full window is no longer made up"
        );
        assert_eq!(rate.throttle_ms(500, 11_000, WINDOWS), None, "forgotten");
    }
}
