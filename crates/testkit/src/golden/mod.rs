//! Golden runs: scripts that were played on a real Kafka, played again on the model.
//!
//! Invariant: a step passes when the model's own clients see what the real ones saw.

mod action;
mod book;
mod clients;
mod configs;
mod eyes;
mod left_out;
mod placement;
mod player;
mod report;
mod script;
mod stage;
mod steps;

pub use action::Action;
pub use player::{Played, Verdict, play, play_on};
pub use report::{passed, report};
pub use script::{Cluster, GoldenRun, Step};
pub use stage::{Stage, Stop, Watch};

#[cfg(test)]
mod tests {
    use super::*;

    fn problem_of(steps: &str) -> String {
        let text = format!(r#"{{"name": "n", "cluster": {{"brokers": 1}}, "steps": [{steps}]}}"#);
        GoldenRun::parse(&text).unwrap_err().to_string()
    }

    #[test]
    fn a_typing_error_is_told_with_its_place() {
        let cases = [
            (
                r#"{"do": "wait", "ms": 5}, {"do": "wait", "msec": 5}"#,
                "/steps/1/msec: unknown field `msec`, expected `ms`",
            ),
            (
                r#"{"do": "dance"}"#,
                "/steps/0/do: no step is called 'dance'; there are create-topic",
            ),
            (
                r#"{"do": "send", "name": "p", "topic": "t", "records": [{"value": "x"}, {"valeu": "x"}]}"#,
                "/steps/0/records/1/valeu: unknown field `valeu`",
            ),
            (
                r#"{"do": "read", "tp": "t"}"#,
                "/steps/0/tp: 't' is not a partition such as 'orders-0'",
            ),
            (r#"{"ms": 5}"#, "/steps/0: the step has no `do`"),
        ];
        for (steps, expected) in cases {
            let told = problem_of(steps);
            assert!(told.starts_with(expected), "{told}");
        }
    }

    #[test]
    fn impossible_clusters_are_refused() {
        let text = r#"{"name": "n", "cluster": {"brokers": 1, "racks": {"2": "a"}}, "steps": []}"#;
        let told = GoldenRun::parse(text).unwrap_err().to_string();
        assert_eq!(told, "/cluster/racks/2: there is no such broker");
    }
}
