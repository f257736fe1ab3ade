//! A field of generated events, and how it is drawn.
//!
//! Invariant: weights are whole numbers; a fraction is a whole number with a point put into it.

use super::Template;
use kafkascope_kernel::Prng;

/// Parts of a whole in Zipf's law; divides evenly by 1 to 10.
const ZIPF: u32 = 2_520;

/// A field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// How it is drawn.
    pub draw: Draw,
    /// How many digits of a number stand behind the point.
    pub decimals: u32,
    /// Whether it stays the same through one round of steps.
    pub hold: bool,
}

/// How a field is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Draw {
    /// One of some texts; as many weights as texts, their sum above zero.
    Pick {
        /// The texts, which may name other fields.
        texts: Vec<Template>,
        /// How often each is picked, relative to the others.
        weights: Vec<u32>,
    },
    /// A number in a range, every one as likely.
    Number {
        /// The smallest.
        from: i64,
        /// The largest.
        to: i64,
    },
    /// A number that changes a little each time, for each value of `per` on its own.
    Walk {
        /// The smallest.
        from: i64,
        /// The largest.
        to: i64,
        /// The largest change.
        by: i64,
        /// Where it begins.
        start: i64,
    },
    /// The next whole number.
    Count {
        /// The first.
        start: i64,
    },
    /// Made of other fields.
    Text(Template),
}

impl Draw {
    /// One of some texts, each as likely.
    pub fn even(texts: &[&str]) -> Self {
        let texts: Vec<Template> = texts.iter().copied().map(Template::from).collect();
        Self::Pick { weights: vec![1; texts.len()], texts }
    }
}

impl Field {
    /// A field of whole numbers or texts, drawn for each event.
    pub const fn of(draw: Draw) -> Self {
        Self { draw, decimals: 0, hold: false }
    }

    pub(super) fn templates(&self) -> Vec<&Template> {
        match &self.draw {
            Draw::Pick { texts, .. } => texts.iter().collect(),
            Draw::Text(template) => vec![template],
            Draw::Number { .. } | Draw::Walk { .. } | Draw::Count { .. } => Vec::new(),
        }
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.templates().into_iter().flat_map(Template::names)
    }

    pub(super) const fn is_per_life(&self) -> bool {
        matches!(self.draw, Draw::Walk { .. })
    }
}

/// Zipf's weights: the second is half as likely as the first, the third a third.
pub fn zipf(count: usize) -> Vec<u32> {
    (1..=count as u32).map(|rank| (ZIPF / rank).max(1)).collect()
}

/// An index by weight.
pub(super) fn pick(weights: &[u32], prng: &mut Prng) -> usize {
    let mut drawn = prng.below(weights.iter().sum());
    for (index, weight) in weights.iter().enumerate() {
        if drawn < *weight {
            return index;
        }
        drawn -= weight;
    }
    unreachable!("what is drawn is less than the sum")
}

/// A number in `from..=to`, also below zero.
pub(super) fn between(prng: &mut Prng, from: i64, to: i64) -> i64 {
    from.wrapping_add_unsigned(prng.between(0, to.abs_diff(from)))
}

/// A number with a point before its last `decimals` digits.
pub(super) fn show(number: i64, decimals: u32) -> String {
    if decimals == 0 {
        return number.to_string();
    }
    let scale = 10_u64.pow(decimals);
    let (sign, whole) = (if number < 0 { "-" } else { "" }, number.unsigned_abs());
    format!("{sign}{}.{:0width$}", whole / scale, whole % scale, width = decimals as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kafkascope_kernel::Seed;

    #[test]
    fn a_fraction_is_a_whole_number_with_a_point() {
        for (number, decimals, text) in
            [(1_250, 2, "12.50"), (-5, 1, "-0.5"), (7, 0, "7"), (3, 3, "0.003")]
        {
            assert_eq!(show(number, decimals), text);
        }
    }

    #[test]
    fn zipf_gives_the_first_of_six_about_four_draws_in_ten() {
        let (weights, mut prng) = (zipf(6), Seed(3).stream("test", 0));
        let mut counts = [0; 6];
        for _ in 0..10_000 {
            counts[pick(&weights, &mut prng)] += 1;
        }
        assert!((3_900..4_300).contains(&counts[0]), "{counts:?}");
        assert!(counts.is_sorted_by(|a, b| a >= b), "{counts:?}");
    }
}
