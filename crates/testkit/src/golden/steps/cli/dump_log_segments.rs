//! `kafka-dump-log` (`org.apache.kafka.tools.DumpLogSegments`): what lies in a broker's files.
//!
//! The model keeps batches, not bytes: what a codec makes of them, and so their checksum, is not known. Invariant: everything
//! printed is read off the named broker's own log.

use super::Output;
use super::batch_bytes::{control_name, crc};
use super::options::Options;
use crate::golden::action::Tp;
use crate::golden::stage::{Stage, Stop};
use kafkascope_model::broker::partition::Partition;
use kafkascope_model::config::topic::TopicConfig;
use kafkascope_model::ids::{NodeId, Offset, TopicPartition};
use kafkascope_model::log::marker::EndMarker;
use kafkascope_model::log::segment::Segment;
use kafkascope_model::log::{Batch, Codec, Record, TimestampType};
use kafkascope_model::node::Node;
use std::fmt::Write;

const TOOL: &str = "org.apache.kafka.tools.DumpLogSegments";

/// What is printed of a record.
#[derive(Clone, Copy, Debug)]
struct Detail {
    records: bool,
    contents: bool,
    metadata: bool,
    max_bytes: u64,
}

/// A file of a broker's log.
struct LogFile<'a> {
    path: &'a str,
    node: NodeId,
    tp: Tp,
    base_offset: Offset,
    kind: &'a str,
}

pub fn run(stage: &Stage, args: &[String]) -> Result<Output, Stop> {
    let mut options = Options::new(args);
    let files = options.value("--files").unwrap_or_default();
    let contents = options.flag("--print-data-log");
    let deep = options.flag("--deep-iteration");
    let detail = Detail {
        records: contents || deep,
        contents,
        metadata: !options.flag("--skip-record-metadata"),
        max_bytes: options.number("--max-bytes")?.unwrap_or(u64::MAX),
    };
    options.number::<u64>("--max-message-size")?;
    options.done(TOOL)?;
    let mut output = Output::default();
    for path in files.split(',') {
        let _ = writeln!(output.stdout, "Dumping {path}");
        let file = LogFile::parse(path)?;
        if file.kind == "log" {
            let _ = writeln!(output.stdout, "Log starting offset: {}", file.base_offset);
        }
        let Some((segment, config)) = file.segment(stage) else {
            output.exit = 1;
            let _ = writeln!(
                output.stderr,
                "Exception in thread \"main\" java.nio.file.NoSuchFileException: {path}"
            );
            break;
        };
        match file.kind {
            "log" => dump_log(segment, detail, &mut output.stdout),
            "index" | "timeindex" => dump_index(&file, segment, config, &mut output),
            other => return Err(Stop::lacks(format!("{TOOL} of a file *.{other} (cli)"))),
        }
    }
    Ok(output)
}

impl<'a> LogFile<'a> {
    /// Reads `/data-1/orders-0/00000000000000000000.log`.
    fn parse(path: &'a str) -> Result<Self, Stop> {
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let parsed = match parts[..] {
            [.., disk, directory, file] => Self::of(path, disk, directory, file),
            _ => None,
        };
        parsed.ok_or_else(|| Stop::problem(format!("'{path}' is no file of a broker's log")))
    }

    fn of(path: &'a str, disk: &str, directory: &str, file: &'a str) -> Option<Self> {
        let (base_offset, kind) = file.split_once('.')?;
        Some(Self {
            path,
            node: NodeId(disk.strip_prefix("data-")?.parse().ok()?),
            tp: Tp::parse(directory)?,
            base_offset: base_offset.parse().ok()?,
            kind,
        })
    }

    fn segment<'s>(&self, stage: &'s Stage) -> Option<(&'s Segment, &'s TopicConfig)> {
        let replica = self.replica(stage)?;
        let mut segments = replica.log.segments().iter();
        let found = segments.find(|segment| segment.base_offset == self.base_offset);
        found.map(|segment| (segment, &*replica.config))
    }

    fn replica<'s>(&self, stage: &'s Stage) -> Option<&'s Partition> {
        let id = stage.world.topic_named(&self.tp.topic)?;
        let Node::Broker(broker) = stage.node(self.node)? else { return None };
        broker.replicas.replicas.get(TopicPartition::new(id, self.tp.partition))
    }
}

fn dump_log(segment: &Segment, detail: Detail, out: &mut String) {
    let mut position = 0;
    for batch in segment.batches() {
        let end = position + u64::from(batch.size_bytes);
        if end > detail.max_bytes {
            return;
        }
        print_batch(batch, position, out);
        if detail.records {
            batch.records.iter().for_each(|record| print_record(batch, record, detail, out));
        }
        position = end;
    }
}

fn print_batch(batch: &Batch, position: u64, out: &mut String) {
    let horizon = match batch.delete_horizon {
        none if none < 0 => "OptionalLong.empty".to_string(),
        at => format!("OptionalLong[{at}]"),
    };
    let codec = match batch.codec {
        Codec::None => "none",
        Codec::Gzip => "gzip",
        Codec::Snappy => "snappy",
        Codec::Lz4 => "lz4",
        Codec::Zstd => "zstd",
    };
    let _ = writeln!(
        out,
        "baseOffset: {} lastOffset: {} count: {} baseSequence: {} lastSequence: {} producerId: {} producerEpoch: {} \
         partitionLeaderEpoch: {} isTransactional: {} isControl: {} deleteHorizonMs: {horizon} position: {position} {}: {} \
         size: {} magic: 2 compresscodec: {codec} crc: {} isvalid: {}",
        batch.base_offset,
        batch.last_offset(),
        batch.records.len(),
        batch.base_sequence,
        batch.last_sequence(),
        batch.producer_id,
        batch.producer_epoch,
        batch.leader_epoch,
        batch.transactional,
        batch.control.is_some(),
        timestamp_name(batch),
        batch.max_timestamp,
        batch.size_bytes,
        crc(batch),
        !batch.corrupt,
    );
}

fn print_record(batch: &Batch, record: &Record, detail: Detail, out: &mut String) {
    out.push('|');
    if detail.metadata {
        print_metadata(batch, record, out);
    }
    if let Some(control) = batch.control {
        let epoch = EndMarker::of(batch).map_or(-1, |marker| marker.coordinator_epoch);
        let _ = write!(out, " endTxnMarker: {} coordinatorEpoch: {epoch}", control_name(control));
    } else if detail.contents {
        for (name, bytes) in [("key", &record.key), ("payload", &record.value)] {
            if let Some(bytes) = bytes {
                let _ = write!(out, " {name}: {}", String::from_utf8_lossy(bytes));
            }
        }
    }
    out.push('\n');
}

fn print_metadata(batch: &Batch, record: &Record, out: &mut String) {
    let size = |bytes: Option<usize>| bytes.map_or(-1, |size| size as i64);
    let sequence = match batch.base_sequence {
        none if none < 0 => -1,
        first => first.wrapping_add(record.offset_delta) & i32::MAX,
    };
    let stamp = match batch.timestamp_type {
        TimestampType::CreateTime => record.timestamp,
        TimestampType::LogAppendTime => batch.max_timestamp,
    };
    let headers = record.headers.as_deref().unwrap_or(&[]);
    let keys: Vec<&str> = headers.iter().map(|header| &*header.key).collect();
    let _ = write!(
        out,
        " offset: {} {}: {stamp} keySize: {} valueSize: {} sequence: {sequence} headerKeys: [{}]",
        batch.offset_of(record),
        timestamp_name(batch),
        size(record.key.as_deref().map(<[u8]>::len)),
        size(record.value.as_deref().map(<[u8]>::len)),
        keys.join(","),
    );
}

const fn timestamp_name(batch: &Batch) -> &'static str {
    match batch.timestamp_type {
        TimestampType::CreateTime => "CreateTime",
        TimestampType::LogAppendTime => "LogAppendTime",
    }
}

/// The entries of a sparse index; an empty one reads as one entry of zeros, which the tool then finds to be wrong.
fn dump_index(file: &LogFile<'_>, segment: &Segment, config: &TopicConfig, output: &mut Output) {
    let interval = u64::from(config.index_interval_bytes.unsigned_abs());
    let (mut since_last, mut position, mut entries) = (0, 0, 0);
    let mut newest = (-1, file.base_offset);
    for batch in segment.batches() {
        if batch.max_timestamp > newest.0 {
            newest = (batch.max_timestamp, batch.last_offset());
        }
        if since_last > interval {
            print_entry(file.kind, (batch.last_offset(), position), newest, &mut output.stdout);
            (since_last, entries) = (0, entries + 1);
        }
        since_last += u64::from(batch.size_bytes);
        position += u64::from(batch.size_bytes);
    }
    if entries == 0 {
        print_entry(file.kind, (file.base_offset, 0), (0, file.base_offset), &mut output.stdout);
        let first = segment.batches().next().map(Batch::last_offset);
        if let Some(found) = first.filter(|found| *found != file.base_offset) {
            complain(file, found, &mut output.stderr);
        }
    }
}

fn print_entry(kind: &str, place: (Offset, u64), newest: (i64, Offset), out: &mut String) {
    let _ = match kind {
        "index" => writeln!(out, "offset: {} position: {}", place.0, place.1),
        _ => writeln!(out, "timestamp: {} offset: {}", newest.0, newest.1),
    };
}

fn complain(file: &LogFile<'_>, found: Offset, err: &mut String) {
    let (path, indexed) = (file.path, file.base_offset);
    let _ = if file.kind == "index" {
        writeln!(err, "Mismatches in :{path}\n  Index offset: {indexed}, log offset: {found}")
    } else {
        writeln!(
            err,
            "The following indexed offsets are not found in :{path}\nIndexed offset: {indexed}, found log offset: {found}"
        )
    };
}
