//! Counting tests from what their runners print.
//!
//! Cargo's test harness and the runner of WebAssembly tests close with the same kind of line.
//!
//! Invariant: a run that fails counts at least one failure, even if it never came to a test.

/// How many tests passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub passed: u32,
    pub failed: u32,
}

impl Tally {
    /// One check that is not made of tests.
    pub fn of_one(passed: bool) -> Self {
        Self { passed: passed.into(), failed: (!passed).into() }
    }

    pub fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }

    /// Takes in a line, if it is one of the closing kind.
    pub fn see(&mut self, line: &str) {
        if let Some((_, counts)) = line.split_once("test result: ") {
            self.passed += number_before(counts, " passed").unwrap_or(0);
            self.failed += number_before(counts, " failed").unwrap_or(0);
        }
    }

    /// The whole run's outcome: a build that broke shows in no count.
    pub fn closed(self, succeeded: bool) -> Self {
        let failed = if succeeded { self.failed } else { self.failed.max(1) };
        Self { failed, ..self }
    }
}

fn number_before(text: &str, word: &str) -> Option<u32> {
    let (before, _) = text.split_once(word)?;
    before.rsplit(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_are_summed_and_others_passed_over() {
        let mut tally = Tally::default();
        tally.see("test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; finished in 0.1s");
        tally.see("test something::passed ... ok");
        tally.see("test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 filtered out");
        assert_eq!(tally, Tally { passed: 15, failed: 2 });
    }

    #[test]
    fn a_broken_build_is_one_failure() {
        assert_eq!(Tally::default().closed(false), Tally { passed: 0, failed: 1 });
        assert_eq!(Tally { passed: 1, failed: 3 }.closed(false).failed, 3);
    }
}
