//! Runs of a scenario up to a moment, as somebody in a hurry makes them.
//!
//! Invariant: everything is done as a person would do it, by the page's own buttons and keys.

use crate::page::Page;
use crate::view::View;

/// Presses of `+` that bring a new page from slow motion to about real time.
const TO_REAL_TIME: usize = 9;
/// Further presses of `+` to about fifty times that.
const FASTER: usize = 5;
/// So many seconds before a moment so many presses of `-` are due, for a busy machine sees only some moments.
const BRAKES: [(u32, usize); 2] = [(20, 2), (5, 2)];

impl Page {
    /// The page on the given screen, with its fonts.
    #[must_use]
    pub fn ready(view: View) -> Self {
        let page = Self::open_in(view, "");
        page.wait_until("the fonts are there", "return document.fonts.status === 'loaded'");
        page
    }

    /// A page of a scenario that has run until its clock shows so much, stopped.
    #[must_use]
    pub fn stopped(view: View, scenario: &str, clock: &str) -> Self {
        let page = Self::ready(view);
        page.choose(scenario);
        page.hurry_to(clock);
        page
    }

    /// Chooses the shipped scenario whose title, or what is said of it, has this in it.
    pub fn choose(&self, scenario: &str) {
        self.click(".scenario");
        let choose = format!(
            "const choice = [...document.querySelectorAll('.choice')].find((c) => c.textContent.includes({scenario:?}));
             if (!choice) return false; choice.click(); return true"
        );
        self.wait_until("the scenario is offered", &choose);
    }

    /// Lets time pass about as fast as real time.
    pub fn hurry(&self) {
        self.press_often("+", TO_REAL_TIME);
    }

    /// Plays a new page in a hurry until the clock shows so much, and stops.
    pub fn hurry_to(&self, clock: &str) {
        self.press_often("+", TO_REAL_TIME + FASTER);
        self.press("Space");
        for (seconds, presses) in BRAKES {
            self.wait_for_clock(&earlier(clock, seconds));
            self.press_often("-", presses);
        }
        self.wait_for_clock(clock);
        self.press("Space");
    }

    fn press_often(&self, key: &str, times: usize) {
        for _ in 0..times {
            self.press(key);
        }
    }

    /// Waits until the clock shows so much, however slow the machine is, as long as time passes at all.
    pub fn wait_for_clock(&self, clock: &str) {
        let mut shown = self.text("#clock-time");
        while shown.as_str() <= clock {
            let moved =
                format!("return document.querySelector('#clock-time').textContent !== {shown:?}");
            self.wait_until(&format!("time passes {shown}"), &moved);
            shown = self.text("#clock-time");
        }
    }
}

/// The clock, so many seconds before it shows this.
fn earlier(clock: &str, by: u32) -> String {
    let parts = clock.split(':').map(|part| part.parse::<u32>().expect("hours, minutes, seconds"));
    let seconds = parts.fold(0, |sum, part| sum * 60 + part).saturating_sub(by);
    format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::earlier;

    #[test]
    fn earlier_crosses_minutes_and_hours_and_ends_at_the_beginning() {
        assert_eq!(earlier("00:02:05", 10), "00:01:55");
        assert_eq!(earlier("01:00:00", 10), "00:59:50");
        assert_eq!(earlier("00:00:08", 20), "00:00:00");
    }
}
