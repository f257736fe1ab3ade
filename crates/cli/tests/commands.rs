//! The commands as a user types them. Invariant: what a mistake is answered with says what would be right.

use std::path::PathBuf;
use std::process::{Command, Output};

fn kafkascope(words: &[&str]) -> Output {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    Command::new(env!("CARGO_BIN_EXE_kafkascope"))
        .args(words)
        .current_dir(root)
        .output()
        .expect("the command runs")
}

fn out(words: &[&str]) -> String {
    let output = kafkascope(words);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{words:?}: {errors}");
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn a_scenario_is_told_in_sentences() {
    let told = out(&["run", "ride-share", "--until", "20s"]);
    assert!(told.contains("Topic trips was created: 3 partitions, 3 replicas each."), "{told}");
    assert!(told.contains(" records sent: "), "{told}");
    assert_eq!(told, out(&["run", "ride-share", "--until", "20s"]), "the same run twice");
    assert_ne!(told, out(&["run", "ride-share", "--until", "20s", "--seed", "9"]));
}

#[test]
fn every_line_of_a_trace_is_json() {
    for words in [
        &["trace", "ride-share", "--until", "3s"][..],
        &["trace", "ride-share", "--until", "3s", "--requests"][..],
        &["run", "ride-share", "--until", "3s", "--ndjson"][..],
        &["trace", "tests/golden/keyed-partitioning.json", "--requests"][..],
    ] {
        let lines = out(words);
        assert!(lines.lines().count() > 10, "{words:?}");
        for line in lines.lines() {
            assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "{line}");
        }
    }
}

#[test]
fn a_refused_command_is_named_and_ends_neither_run_nor_trace() {
    let script = "crates/testkit/tests/scripts/batch-across-the-end.toml";
    let text = std::fs::read_to_string(format!("../../{script}")).expect("the script is there");
    let twice = format!("{text}\n[[at]]\ntime = \"118s\"\nstart = 1\n");
    let file = std::env::temp_dir().join(format!("refused-{}.toml", std::process::id()));
    std::fs::write(&file, twice).expect("a file can be written");
    for command in ["run", "trace"] {
        let output = kafkascope(&[command, &file.to_string_lossy(), "--until", "119s"]);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(errors.contains("at 118000 ms was refused"), "{command}: {errors}");
        assert!(!output.status.success() && output.stdout.len() > 1_000, "{command}");
    }
    std::fs::remove_file(file).expect("it was there");
}

#[test]
fn a_picture_shows_the_stage() {
    let picture = out(&["svg", "ride-share", "--at", "12s"]);
    for text in ["rider-app", "broker 1", "controller 100", "dispatch-1"] {
        assert!(picture.contains(text), "{text}");
    }
}

#[test]
fn files_that_agree_exit_with_zero_and_others_do_not() {
    let good = ["tests/vectors/murmur2.json", "tests/golden/keyed-partitioning.json"];
    assert_eq!(
        out(&["conform", good[0], good[1]]),
        "passed: murmur2 (327 cases)\npassed: keyed-partitioning (3 steps)\n328 passed, 0 failed\n"
    );
    let output = kafkascope(&["conform", good[0], "Cargo.toml"]);
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1));
    assert!(told.contains("failed: Cargo.toml: line 1, column 2: this is not JSON"), "{told}");
}

#[test]
fn mistakes_are_answered_with_what_would_be_right() {
    for (words, sentence) in [
        (&["dance"][..], "there is no command 'dance'; 'kafkascope help' lists the commands"),
        (
            &["run", "nope"][..],
            "nope: there is no such file, and no such scenario; shipped ones are",
        ),
        (&["run", "ride-share", "--until", "soon"][..], "--until: 'soon' is not a span of time"),
        (&["run", "ride-share", "--fast"][..], "--fast is no option of this command"),
        (&["run", "tests/golden/keyed-partitioning.json"][..], "keyed-partitioning is a recording"),
        (&["conform"][..], "conform needs a FILE"),
        (&["trace", "tests/vectors/murmur2.json"][..], "this JSON is no recording"),
    ] {
        let output = kafkascope(words);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        assert!(told.contains(sentence), "{words:?}: {told}");
    }
}

#[test]
fn help_is_given_wherever_it_is_asked_for() {
    let help = out(&["help"]);
    for words in [&["--help"][..], &["run", "--help"][..], &["conform", "x.json", "-h"][..]] {
        assert_eq!(out(words), help, "{words:?}");
    }
}
