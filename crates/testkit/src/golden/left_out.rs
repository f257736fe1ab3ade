//! What of a recorded answer the model cannot know, left out on both sides and named.
//!
//! The model does not compress: size and checksum of compressed batches, and where the batches behind them lie, are not its. Nor
//! is the time of the recorder's machine, which is in a checksum too. Invariant: whatever is left out is named in the report.

use super::action::Action;
use super::script::{GoldenRun, Step};
use serde_json::{Value, json};

const CODECS: &str = "size and CRC of compressed batches, and positions behind them";
const CLOCK: &str = "the machine's clock, and CRCs over it";
const CHANCE: &str = "the broker that DescribeCluster names as controller: any live one, by chance";
const MASK: &str = "<left out>";

/// The recorded answer and the model's own, both without what is left out.
pub fn comparable(step: &Step, began: i64, expected: &Value, got: &Value) -> (Value, Value) {
    if matches!(step.action, Action::Brokers(_)) {
        return (without(expected, "controller"), without(got, "controller"));
    }
    if !dumps_logs(step) {
        return (expected.clone(), got.clone());
    }
    let (Some(one), Some(other)) = (stdout(expected), stdout(got)) else {
        return (expected.clone(), got.clone());
    };
    let masked = Masked::of(one, began);
    (masked.applied(expected, one, began), masked.applied(got, other, began))
}

/// What was left out of a run, by name.
pub fn names(run: &GoldenRun) -> Vec<&'static str> {
    let dumps = run.steps.iter().filter(|step| dumps_logs(step));
    let texts: Vec<&str> =
        dumps.filter_map(|step| step.observed.as_ref().and_then(stdout)).collect();
    let of_codecs = texts.iter().any(|text| text.lines().any(is_compressed));
    let of_clock = texts.iter().any(|text| Masked::of(text, run.started_at_ms).clock);
    let of_chance = run.steps.iter().any(|step| matches!(step.action, Action::Brokers(_)));
    let rows = [(of_codecs, CODECS), (of_clock, CLOCK), (of_chance, CHANCE)];
    rows.into_iter().filter(|row| row.0).map(|row| row.1).collect()
}

fn without(answer: &Value, field: &str) -> Value {
    let mut rest = answer.clone();
    if let Some(fields) = rest.as_object_mut() {
        fields.remove(field);
    }
    rest
}

fn dumps_logs(step: &Step) -> bool {
    matches!(&step.action, Action::Cli(cli) if cli.tool.ends_with("tools.DumpLogSegments"))
}

fn stdout(answer: &Value) -> Option<&str> {
    answer.get("stdout").and_then(Value::as_str)
}

fn is_compressed(line: &str) -> bool {
    line.starts_with("baseOffset:") && !line.contains("compresscodec: none")
}

/// What is to be masked in a dump.
struct Masked {
    /// Whether times of the machine's clock are in it.
    clock: bool,
}

impl Masked {
    fn of(text: &str, began: i64) -> Self {
        let times = text.split_whitespace().filter(|word| is_clock(word, began));
        Self { clock: times.count() > 0 }
    }

    fn applied(&self, answer: &Value, text: &str, began: i64) -> Value {
        let mut behind = false;
        let mut lines = Vec::new();
        for line in text.lines() {
            behind &= !line.starts_with("Dumping");
            lines.push(self.line(line, began, behind));
            behind |= is_compressed(line);
        }
        let mut masked = answer.clone();
        masked["stdout"] = json!(lines.join("\n"));
        masked
    }

    fn line(&self, line: &str, began: i64, behind_compressed: bool) -> String {
        let compressed = is_compressed(line);
        let clock = self.clock && line.split(' ').any(|word| is_clock(word, began));
        let mut before = "";
        let words = line.split(' ').map(|word| {
            let hidden = match before {
                "size:" => compressed,
                "crc:" => compressed || clock,
                "position:" => behind_compressed,
                _ => self.clock && is_clock(word, began),
            };
            before = word;
            if hidden { MASK } else { word }
        });
        words.collect::<Vec<_>>().join(" ")
    }
}

/// How long after the beginning of a recording a time is still one of the machine's own clock, in ms.
const A_DAY_MS: i64 = 86_400_000;

/// Whether a word is a time of the recording, or a mask for one.
fn is_clock(word: &str, began: i64) -> bool {
    let number = word.trim_start_matches("OptionalLong[").trim_end_matches(']');
    let of_run = |at: i64| (began - A_DAY_MS..began + 2 * A_DAY_MS).contains(&at);
    word == "<ms>" || word == "[TIME]" || number.parse().is_ok_and(of_run)
}
