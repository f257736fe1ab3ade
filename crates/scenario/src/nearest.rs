//! The nearest right spelling of a word.
//!
//! Invariant: a suggestion differs from what was written in at most a third of its letters.

/// The candidate that takes the fewest edits to reach, if they are few enough.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let rated = candidates.into_iter().map(|candidate| (distance(word, candidate), candidate));
    let (edits, best) = rated.min_by_key(|(edits, _)| *edits)?;
    let allowed = (word.chars().count().max(3)) / 3;
    (edits <= allowed).then_some(best)
}

/// ` Did you mean 'x'?`, or nothing.
pub fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    nearest(word, candidates).map(|near| format!(" Did you mean '{near}'?")).unwrap_or_default()
}

/// Insertions, deletions, replacements and swaps of neighbours that lead from `a` to `b`.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_understood_and_a_strange_word_is_not() {
        let keys = ["partitions", "replication-factor", "name", "config"];
        for (word, near) in [
            ("partition", Some("partitions")),
            ("naem", Some("name")),
            ("replication_factor", Some("replication-factor")),
            ("zookeeper", None),
        ] {
            assert_eq!(nearest(word, keys), near, "{word}");
        }
    }
}
