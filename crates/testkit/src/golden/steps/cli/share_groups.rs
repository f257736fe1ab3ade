//! `kafka-share-groups` (`org.apache.kafka.tools.consumer.group.ShareGroupCommand`).
//!
//! Invariant: every number it prints was answered by the cluster.

use super::Output;
use super::options::Options;
use crate::golden::stage::{Stage, Stop};
use kafkascope_model::api::request::OffsetSpec;
use kafkascope_model::api::response::ListedGroup;
use kafkascope_model::api::share::{DescribedShareGroup, DescribedShareOffset};
use kafkascope_model::api::{ErrorCode, Response, ShareResponse};
use kafkascope_model::command::AdminCommand;
use kafkascope_model::ids::{Name, Offset};
use std::fmt::Write;

const TOOL: &str = "org.apache.kafka.tools.consumer.group.ShareGroupCommand";
/// Where the recorder's brokers listen: their id above this.
const PORTS: i32 = 19_000;

pub fn run(stage: &mut Stage, args: &[String]) -> Result<Output, Stop> {
    let mut options = Options::new(args);
    options.value("--bootstrap-server");
    options.value("--timeout");
    if options.flag("--list") {
        list(stage, options)
    } else if options.flag("--describe") {
        describe(stage, options)
    } else if options.flag("--delete") {
        delete(stage, options)
    } else if options.flag("--reset-offsets") {
        reset(stage, options)
    } else if options.flag("--delete-offsets") {
        delete_offsets(stage, options)
    } else {
        Err(Stop::lacks(format!("{TOOL} without an action (cli)")))
    }
}

fn list(stage: &mut Stage, mut options: Options) -> Result<Output, Stop> {
    let with_state = options.flag("--state");
    options.done(TOOL)?;
    let groups = listed(stage)?;
    let mut stdout = String::new();
    if with_state {
        let width = width(groups.iter().map(|group| &*group.group_id));
        let _ = writeln!(stdout, "{:width$} STATE", "GROUP");
        for group in &groups {
            let _ = writeln!(stdout, "{:width$} {}", group.group_id, group.group_state);
        }
    } else {
        for group in &groups {
            let _ = writeln!(stdout, "{}", group.group_id);
        }
    }
    Ok(Output { stdout, ..Output::default() })
}

fn describe(stage: &mut Stage, mut options: Options) -> Result<Output, Stop> {
    let mut groups: Vec<Name> =
        options.values("--group").iter().map(|group| group.as_str().into()).collect();
    if options.flag("--all-groups") {
        groups = listed(stage)?.into_iter().map(|group| group.group_id).collect();
    }
    let verbose = options.flag("--verbose");
    let (members, state) = (options.flag("--members"), options.flag("--state"));
    options.flag("--offsets");
    options.done(TOOL)?;
    groups.sort();
    groups.dedup();
    let mut output = Output::default();
    for group in &groups {
        let known = described(stage, group)?;
        if known.error != ErrorCode::None {
            return Ok(not_found(group));
        }
        if members {
            print_members(&known, verbose, &mut output)?;
        } else if state {
            print_state(stage, &known, verbose, &mut output);
        } else {
            let rows = offsets(stage, group)?;
            print_offsets(group, rows, verbose, &mut output.stdout);
        }
    }
    Ok(output)
}

fn not_found(group: &str) -> Output {
    let error = format!(
        "org.apache.kafka.common.errors.GroupIdNotFoundException: Group {group} not found."
    );
    Output {
        exit: 0,
        stdout: format!("\nError: Executing share group command failed due to {error}\n"),
        stderr: format!("java.util.concurrent.ExecutionException: {error}\nCaused by: {error}\n"),
    }
}

fn print_offsets(
    group: &Name,
    mut rows: Vec<DescribedShareOffset>,
    verbose: bool,
    stdout: &mut String,
) {
    if rows.is_empty() {
        let _ = writeln!(stdout, "\nShare group '{group}' has no offset information.");
        return;
    }
    rows.sort_by(|a, b| (&a.topic, a.partition).cmp(&(&b.topic, b.partition)));
    let (groups, topics) = (width([&**group]), width(rows.iter().map(|row| &*row.topic)));
    let number = |number: i64| if number < 0 { "-".to_string() } else { number.to_string() };
    let mut line = |cells: [&str; 6]| {
        let [group, topic, partition, epoch, start, lag] = cells;
        let _ = write!(stdout, "\n{group:groups$} {topic:topics$} {partition:10} ");
        if verbose {
            let _ = write!(stdout, "{epoch:13} ");
        }
        let _ = write!(stdout, "{start:13} {lag}");
    };
    line(["GROUP", "TOPIC", "PARTITION", "LEADER-EPOCH", "START-OFFSET", "LAG"]);
    for row in &rows {
        let known = row.start_offset >= 0;
        let epoch = if known { row.leader_epoch.to_string() } else { "-".to_string() };
        let (start, lag) = (number(row.start_offset), number(row.lag));
        line([group, &row.topic, &row.partition.to_string(), &epoch, &start, &lag]);
    }
    stdout.push('\n');
}

fn print_state(stage: &Stage, group: &DescribedShareGroup, verbose: bool, output: &mut Output) {
    warn_of_emptiness(group, &mut output.stderr);
    let node = stage.coordinator_of(&group.group_id).map_or(-1, |id| id.0);
    let coordinator = format!("127.0.0.1:{}  ({node})", PORTS + node);
    let groups = width([&*group.group_id]);
    let nodes = coordinator.len().max(25);
    let mut line = |cells: [&str; 6]| {
        let [group, coordinator, state, epoch, assignment, members] = cells;
        let _ = write!(output.stdout, "\n{group:groups$} {coordinator:nodes$} {state:15} ");
        if verbose {
            let _ = write!(output.stdout, "{epoch:12} {assignment:17} ");
        }
        let _ = write!(output.stdout, "{members}");
    };
    line(["GROUP", "COORDINATOR (ID)", "STATE", "GROUP-EPOCH", "ASSIGNMENT-EPOCH", "#MEMBERS"]);
    let (epoch, assignment) = (group.group_epoch.to_string(), group.assignment_epoch.to_string());
    let members = group.members.len().to_string();
    line([&group.group_id, &coordinator, &group.group_state, &epoch, &assignment, &members]);
    output.stdout.push('\n');
}

fn print_members(
    group: &DescribedShareGroup,
    verbose: bool,
    output: &mut Output,
) -> Result<(), Stop> {
    let _ = verbose;
    warn_of_emptiness(group, &mut output.stderr);
    if group.members.is_empty() {
        return Ok(());
    }
    Err(Stop::lacks("the members that kafka-share-groups prints, with their random ids (cli)"))
}

fn warn_of_emptiness(group: &DescribedShareGroup, stderr: &mut String) {
    if &*group.group_state == "Empty" {
        let _ = writeln!(stderr, "\nShare group '{}' has no active members.", group.group_id);
    }
}

fn delete(stage: &mut Stage, mut options: Options) -> Result<Output, Stop> {
    let mut groups: Vec<Name> =
        options.values("--group").iter().map(|group| group.as_str().into()).collect();
    if options.flag("--all-groups") {
        groups = listed(stage)?.into_iter().map(|group| group.group_id).collect();
    }
    options.done(TOOL)?;
    let known = listed(stage)?;
    let (mut gone, mut failed) = (Vec::new(), Vec::new());
    for group in groups {
        let state = known.iter().find(|own| own.group_id == group).map(|own| &*own.group_state);
        let error = match state {
            None => Some(format!(
                "java.lang.IllegalArgumentException: Group '{group}' is not a share group."
            )),
            Some("Empty") => None,
            Some(_) => Some(format!(
                "org.apache.kafka.common.errors.GroupNotEmptyException: Share group '{group}' is not EMPTY."
            )),
        };
        match error {
            Some(error) => failed.push((group, error)),
            None => {
                stage.ask(AdminCommand::DeleteGroup { group: group.clone() })?;
                gone.push(format!("'{group}'"));
            }
        }
    }
    let mut stdout = String::new();
    let gone = gone.join(", ");
    if failed.is_empty() {
        let _ = writeln!(stdout, "Deletion of requested share groups ({gone}) was successful.");
    } else {
        let _ = writeln!(stdout, "\nError: Deletion of some share groups failed:");
        for (group, error) in &failed {
            let _ = writeln!(stdout, "* Group '{group}' could not be deleted due to: {error}");
        }
        if !gone.is_empty() {
            let _ = writeln!(stdout, "\nThese share groups were deleted successfully: {gone}");
        }
    }
    Ok(Output { stdout, ..Output::default() })
}

fn reset(stage: &mut Stage, mut options: Options) -> Result<Output, Stop> {
    let group: Name = options.value("--group").unwrap_or_default().as_str().into();
    let topics = options.values("--topic");
    let spec = match (options.flag("--to-earliest"), options.flag("--to-latest")) {
        (true, _) => OffsetSpec::Earliest,
        (_, true) => OffsetSpec::Latest,
        (false, false) => {
            return Err(Stop::lacks("kafka-share-groups --reset-offsets by time (cli)"));
        }
    };
    let executes = options.flag("--execute");
    options.flag("--dry-run");
    options.done(TOOL)?;
    let known = described(stage, &group)?;
    if !known.members.is_empty() {
        let stderr = format!("Share group '{group}' is not empty.\n");
        return Ok(Output { exit: 1, stderr, ..Output::default() });
    }
    let mut rows: Vec<(Name, i32, Offset)> = Vec::new();
    for topic in &topics {
        rows.extend(ends(stage, topic, spec)?);
    }
    if executes {
        let offsets = rows.clone();
        stage.ask(AdminCommand::AlterShareGroupOffsets { group: group.clone(), offsets })?;
    }
    let (groups, names) = (width([&*group]), width(rows.iter().map(|row| &*row.0)));
    let mut stdout = String::new();
    let mut line = |cells: [&str; 4]| {
        let [group, topic, partition, offset] = cells;
        let _ = write!(stdout, "\n{group:groups$} {topic:names$} {partition:10} {offset}");
    };
    line(["GROUP", "TOPIC", "PARTITION", "NEW-OFFSET"]);
    // Java lists them as its hash map does: a topic's later partitions first.
    for (topic, partition, offset) in rows.iter().rev() {
        line([&group, topic, &partition.to_string(), &offset.to_string()]);
    }
    stdout.push('\n');
    Ok(Output { stdout, ..Output::default() })
}

fn delete_offsets(stage: &mut Stage, mut options: Options) -> Result<Output, Stop> {
    let group: Name = options.value("--group").unwrap_or_default().as_str().into();
    let topics: Vec<Name> =
        options.values("--topic").iter().map(|topic| topic.as_str().into()).collect();
    options.done(TOOL)?;
    let call = AdminCommand::DeleteShareGroupOffsets { group, topics };
    let answer = stage.ask(call)?;
    let Some(Response::Share(ShareResponse::DeleteOffsets(error, rows))) = &answer.response else {
        return Err(Stop::problem("the group's coordinator did not answer"));
    };
    if !error.is_ok() || rows.iter().any(|(_, error)| !error.is_ok()) {
        return Err(Stop::lacks("what kafka-share-groups prints of a refusal (cli)"));
    }
    let names = width(rows.iter().map(|row| &*row.0));
    let mut stdout = format!("\n{:names$} STATUS", "TOPIC");
    for (topic, _) in rows {
        let _ = write!(stdout, "\n{topic:names$} Successful");
    }
    stdout.push('\n');
    Ok(Output { stdout, ..Output::default() })
}

/// A column as wide as its longest entry, and at least 15.
fn width<'a>(entries: impl IntoIterator<Item = &'a str>) -> usize {
    entries.into_iter().map(str::len).max().unwrap_or(0).max(15)
}

/// Share groups of every broker.
fn listed(stage: &mut Stage) -> Result<Vec<ListedGroup>, Stop> {
    let answer = stage.ask(AdminCommand::ListGroups)?;
    let Some(Response::ListGroups(_, groups)) = answer.response else {
        return Err(Stop::problem("no broker listed its groups"));
    };
    Ok(groups.into_iter().filter(|group| &*group.group_type == "share").collect())
}

fn described(stage: &mut Stage, group: &Name) -> Result<DescribedShareGroup, Stop> {
    let answer = stage.ask(AdminCommand::DescribeShareGroup { group: group.clone() })?;
    match answer.response {
        Some(Response::Share(ShareResponse::GroupDescribe(mut groups))) if groups.len() == 1 => {
            Ok(groups.remove(0))
        }
        _ => Err(Stop::problem("the group's coordinator did not answer")),
    }
}

fn offsets(stage: &mut Stage, group: &Name) -> Result<Vec<DescribedShareOffset>, Stop> {
    let answer = stage.ask(AdminCommand::ListShareGroupOffsets { group: group.clone() })?;
    match answer.response {
        Some(Response::Share(ShareResponse::DescribeOffsets(ErrorCode::None, rows))) => Ok(rows),
        _ => Err(Stop::problem("the group's coordinator did not tell its offsets")),
    }
}

fn ends(
    stage: &mut Stage,
    topic: &str,
    spec: OffsetSpec,
) -> Result<Vec<(Name, i32, Offset)>, Stop> {
    let name: Name = topic.into();
    let count = stage.image().and_then(|image| image.topic(topic).map(|(_, t)| t.partitions.len()));
    let count = i32::try_from(count.unwrap_or(0)).unwrap_or(0);
    let mut rows = Vec::new();
    for partition in 0..count {
        let read_committed = false;
        let call =
            AdminCommand::ListOffsets { topic: name.clone(), partition, spec, read_committed };
        let answer = stage.ask(call)?;
        let offset = match &answer.response {
            Some(Response::ListOffsets(rows)) if !rows.is_empty() => rows[0].offset,
            _ => -1,
        };
        rows.push((name.clone(), partition, offset));
    }
    Ok(rows)
}
