//! Moments of the calendar: RFC 3339 text and milliseconds since 1970.
//!
//! Days are counted in the proleptic Gregorian calendar, in whole numbers. Invariant: years 1970 to 9999, offsets included.

use kafkascope_model::ids::EpochMs;
use toml_datetime::{Datetime, Offset};

const DAY_MS: i64 = 86_400_000;

/// Reads `2020-06-25T14:06:00Z`; without an offset it is UTC, without a time midnight. None if it is no such moment.
pub fn epoch_ms_of(text: &str) -> Option<EpochMs> {
    let moment: Datetime = text.trim().parse().ok()?;
    let date = moment.date?;
    let mut ms = days(i64::from(date.year), i64::from(date.month), i64::from(date.day)) * DAY_MS;
    if let Some(time) = moment.time {
        let seconds = i64::from(time.hour) * 3_600
            + i64::from(time.minute) * 60
            + i64::from(time.second.unwrap_or(0));
        ms += seconds * 1_000 + i64::from(time.nanosecond.unwrap_or(0)) / 1_000_000;
    }
    if let Some(Offset::Custom { minutes }) = moment.offset {
        ms -= i64::from(minutes) * 60_000;
    }
    (ms >= 0).then_some(ms)
}

/// Writes a moment in UTC, milliseconds only when there are some.
pub fn show_instant(ms: EpochMs) -> String {
    let (day, of_day) = (ms.div_euclid(DAY_MS), ms.rem_euclid(DAY_MS));
    let (year, month, date) = calendar(day);
    let seconds = of_day / 1_000;
    let time = format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60);
    let fraction = match of_day % 1_000 {
        0 => String::new(),
        ms => format!(".{ms:03}"),
    };
    format!("{year:04}-{month:02}-{date:02}T{time}{fraction}Z")
}

/// Days since 1970-01-01; years are taken to begin in March, so that a leap day is the last of its year.
const fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + of_year - 719_468
}

/// The inverse of [`days`]: year, month, day.
const fn calendar(day: i64) -> (i64, i64, i64) {
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let date = of_year - (153 * month + 2) / 5 + 1;
    let civil = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + (civil <= 2) as i64, civil, date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_of_the_calendar_are_counted_as_everywhere() {
        for (text, ms) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2020-06-25T14:06:00Z", 1_593_093_960_000),
            ("2000-02-29T23:59:59.250Z", 951_868_799_250),
            ("2022-02-02T16:37:00Z", 1_643_819_820_000),
        ] {
            assert_eq!(epoch_ms_of(text), Some(ms));
            assert_eq!(show_instant(ms), text);
        }
        assert_eq!(epoch_ms_of("2020-06-25T16:06:00+02:00"), Some(1_593_093_960_000));
        assert_eq!(epoch_ms_of("2020-06-25"), Some(1_593_043_200_000));
        assert_eq!(epoch_ms_of("yesterday"), None);
    }

    #[test]
    fn every_day_reads_back_as_itself() {
        for day in 0..60_000 {
            let (year, month, date) = calendar(day);
            assert_eq!(days(year, month, date), day);
        }
    }
}
