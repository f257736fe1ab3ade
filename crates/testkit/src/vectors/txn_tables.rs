//! The coordinator's tables: what it answers in which state.
//!
//! Each row of the file is played on a transactional id that was brought into its state. Invariant: a row that is not understood
//! is a problem, never passed over.

use super::Tally;
use kafkascope_model::api::ErrorCode;
use kafkascope_model::ids::{ProducerEpoch, ProducerId};
use kafkascope_model::txn::decide::{self, Ending, Init};
use kafkascope_model::txn::metadata::Partition;
use kafkascope_model::txn::{Transaction, Transit, TxnState};
use serde_json::{Map, Value, json};

const ID: ProducerId = 1_000;
const NEXT_ID: ProducerId = 2_000;
const EPOCH: ProducerEpoch = 5;

/// Plays every table.
pub fn run(tables: &Value, tally: &mut Tally) -> Result<(), String> {
    for (name, table) in tables.as_object().into_iter().flatten() {
        match name.split(' ').next().unwrap_or_default() {
            "states" => {
                let names: Vec<_> = TxnState::ALL.iter().map(|state| state.name()).collect();
                tally.case("states", table, &json!(names));
            }
            "valid_previous_states" => tally.case(name, &sorted(table), &sorted(&previous())),
            "source" => {}
            "end_txn" => play(name, table, tally, end_txn)?,
            "end_txn_tv2" => play(name, table, tally, end_txn_tv2)?,
            "add_partitions" => play(name, table, tally, add_partitions)?,
            "verify_partitions" => play(name, table, tally, verify_partitions)?,
            "init_producer_id" => play(name, table, tally, init_producer_id)?,
            other => return Err(format!("no table is called '{other}'")),
        }
    }
    Ok(())
}

/// What a row does, by its left side; `None` if the row is not about the coordinator's decision.
type Row = fn(&str) -> Result<Vec<Told>, String>;

/// A decision: the error, and what is to be written.
type Told = Result<Transit, ErrorCode>;

fn play(name: &str, table: &Value, tally: &mut Tally, row: Row) -> Result<(), String> {
    for (left, right) in table.as_object().into_iter().flatten() {
        let right = right.as_str().unwrap_or_default();
        for told in row(left)? {
            let got = spoken(&told, right);
            tally.case(format!("{name}: {left}"), &json!(right), &json!(got));
        }
    }
    Ok(())
}

/// The decision in the words of the row, if it says the same; else in its own.
fn spoken(told: &Told, right: &str) -> String {
    let word = |text: &str| right.split([' ', ',', ';']).any(|part| part == text);
    let agrees = match told {
        Err(error) => word(error.name()),
        Ok(transit) => agrees_with(transit, right),
    };
    if agrees { right.to_string() } else { format!("{told:?}") }
}

fn agrees_with(transit: &Transit, right: &str) -> bool {
    let named = right
        .split([',', ' '])
        .next()
        .and_then(|name| TxnState::ALL.into_iter().find(|state| state.name() == name));
    if right.starts_with("marker and Prepare record at epoch 32767") {
        return (transit.producer_id, transit.producer_epoch) == (ID, ProducerEpoch::MAX)
            && transit.next_producer_id == NEXT_ID;
    }
    if right.starts_with("new producer id, epoch 0") {
        return transit.producer_epoch == 0 && transit.state == TxnState::Empty;
    }
    if right.starts_with("same epoch again") {
        return transit.producer_epoch == EPOCH;
    }
    let bumped = right.contains("epoch+1");
    let epoch = if bumped { EPOCH + 1 } else { EPOCH };
    let state = named.unwrap_or(TxnState::Empty);
    (bumped || named.is_some()) && transit.state == state && transit.producer_epoch == epoch
}

fn previous() -> Value {
    let row = |state: TxnState| {
        let names: Vec<_> = state.valid_previous().iter().map(|s| s.name()).collect();
        (state.name().to_string(), json!(names))
    };
    Value::Object(TxnState::ALL.into_iter().map(row).collect())
}

fn sorted(table: &Value) -> Value {
    let row = |(key, list): (&String, &Value)| {
        let mut names: Vec<_> =
            list.as_array().into_iter().flatten().map(Value::to_string).collect();
        names.sort();
        (key.clone(), json!(names))
    };
    Value::Object(table.as_object().into_iter().flatten().map(row).collect::<Map<_, _>>())
}

fn partition(index: i32) -> Partition {
    ("t".into(), index)
}

/// A transactional id in a state; one that is open or being ended has partition 0.
fn in_state(state: TxnState, epoch: ProducerEpoch) -> Transaction {
    let mut txn = Transaction::new("T".into(), ID, 60_000, 0);
    txn.producer_epoch = epoch;
    txn.previous_producer_id = ID;
    txn.last_producer_epoch = epoch - 1;
    txn.epoch_bumps = true;
    txn.state = state;
    if state == TxnState::Ongoing || state.is_completing() {
        txn.partitions.insert(partition(0));
        txn.started_at = 0;
    }
    txn
}

fn states(text: &str) -> Result<Vec<TxnState>, String> {
    let state = |name: &str| {
        TxnState::ALL
            .into_iter()
            .find(|state| state.name() == name.trim())
            .ok_or_else(|| format!("no state is called '{name}'"))
    };
    text.split('/').map(state).collect()
}

fn new_id() -> Result<ProducerId, ErrorCode> {
    Ok(NEXT_ID)
}

fn pending() -> Transaction {
    Transaction { pending: Some(TxnState::Ongoing), ..in_state(TxnState::Ongoing, EPOCH) }
}

fn end(mut txn: Transaction, who: decide::Identity, commit: bool, ending: Ending) -> Told {
    decide::end(&mut txn, who, commit, ending, 1, &mut new_id)
}

fn end_txn(left: &str) -> Result<Vec<Told>, String> {
    let ongoing = || in_state(TxnState::Ongoing, EPOCH);
    let plain = |txn, who| end(txn, who, true, Ending::Plain);
    Ok(vec![match left {
        "unknown transactional id" => Err(decide::UNKNOWN_ID),
        "null or empty transactional id" => Err(decide::NO_ID),
        "producer id mismatch" => plain(ongoing(), (ID + 1, EPOCH)),
        "epoch mismatch" => plain(ongoing(), (ID, EPOCH - 1)),
        "transition pending" => plain(pending(), (ID, EPOCH)),
        row => {
            let (state, asked) = row.split_once(',').ok_or_else(|| format!("'{row}' is no row"))?;
            let txn = in_state(states(state)?[0], EPOCH);
            end(txn, (ID, EPOCH), asked == "COMMIT", Ending::Plain)
        }
    }])
}

fn end_txn_tv2(left: &str) -> Result<Vec<Told>, String> {
    let bumping = |txn, epoch, commit| end(txn, (ID, epoch), commit, Ending::Bumping);
    if left == "transition pending" {
        return Ok(vec![bumping(pending(), EPOCH, true)]);
    }
    let parts: Vec<&str> = left.split(',').collect();
    let [named, asked, epoch] = parts[..] else { return Err(format!("'{left}' is no row")) };
    let states = match named {
        "any state" => TxnState::ALL[..6].to_vec(),
        "Empty or Ongoing" => vec![TxnState::Empty, TxnState::Ongoing],
        one => states(one)?,
    };
    let asked = match asked {
        "COMMIT" => vec![true],
        "ABORT" => vec![false],
        _ => vec![true, false],
    };
    let (current, sent) = match epoch {
        "current" => (EPOCH, EPOCH),
        "current-1" => (EPOCH, EPOCH - 1),
        "current+1" => (EPOCH, EPOCH + 1),
        "current = 32766" => (32_766, 32_766),
        other => return Err(format!("no epoch is called '{other}'")),
    };
    let each = states.iter().flat_map(|state| asked.iter().map(move |commit| (*state, *commit)));
    Ok(each.map(|(state, commit)| bumping(in_state(state, current), sent, commit)).collect())
}

fn add_partitions(left: &str) -> Result<Vec<Told>, String> {
    let add = |mut txn: Transaction, who, index| {
        decide::add_partitions(&mut txn, who, &[partition(index)], 1)
    };
    let ongoing = || in_state(TxnState::Ongoing, EPOCH);
    Ok(match left {
        "Ongoing (new partitions)" => vec![add(ongoing(), (ID, EPOCH), 1)],
        "Ongoing (all known)" => vec![add(ongoing(), (ID, EPOCH), 0)],
        "transition pending" => vec![add(pending(), (ID, EPOCH), 1)],
        "unknown id or producer id mismatch" => {
            vec![Err(decide::UNKNOWN_ID), add(ongoing(), (ID + 1, EPOCH), 1)]
        }
        "epoch mismatch" => vec![add(ongoing(), (ID, EPOCH + 1), 1)],
        row => {
            let each = states(row)?.into_iter();
            each.map(|state| add(in_state(state, EPOCH), (ID, EPOCH), 1)).collect()
        }
    })
}

fn verify_partitions(left: &str) -> Result<Vec<Told>, String> {
    let verify =
        |state, who, index| Err(decide::verify(&in_state(state, EPOCH), who, &partition(index)));
    Ok(match left {
        "partition in transaction" => vec![verify(TxnState::Ongoing, (ID, EPOCH), 0)],
        "partition not in transaction" => vec![verify(TxnState::Ongoing, (ID, EPOCH), 1)],
        "epoch mismatch" => vec![verify(TxnState::Ongoing, (ID, EPOCH - 1), 0)],
        "unknown id or producer id mismatch" => {
            vec![Err(decide::UNKNOWN_ID), verify(TxnState::Ongoing, (ID + 1, EPOCH), 0)]
        }
        row => states(row)?.into_iter().map(|state| verify(state, (ID, EPOCH), 0)).collect(),
    })
}

fn init_producer_id(left: &str) -> Result<Vec<Told>, String> {
    let init = |mut txn: Transaction, expected| match decide::init(
        &mut txn,
        60_000,
        expected,
        1,
        &mut new_id,
    )? {
        Init::Write(transit) => Ok(transit),
        Init::Fence(epoch) if epoch == EPOCH + 1 => Err(ErrorCode::ConcurrentTransactions),
        Init::Fence(_) => Err(ErrorCode::UnknownServerError),
    };
    let idle = || in_state(TxnState::Empty, EPOCH);
    let checked = |id: Option<&str>, timeout| decide::check_init(id, timeout, 900_000);
    Ok(match left {
        "transactional id null" | "first use" => {
            let fresh = Transaction::new("T".into(), ID, 60_000, 0);
            vec![init(fresh, None)]
        }
        "transactional id empty string" => vec![Err(checked(Some(""), 60_000))],
        "timeout <=0 or > transaction.max.timeout.ms" => {
            [0, -1, 900_001].map(|timeout| Err(checked(Some("T"), timeout))).to_vec()
        }
        "epoch >= 32766" => [32_766, 32_767]
            .map(|epoch| init(in_state(TxnState::CompleteCommit, epoch), None))
            .to_vec(),
        "transition pending" => vec![init(pending(), None)],
        "request epoch == current" => vec![init(idle(), Some((ID, EPOCH)))],
        "request epoch == last epoch" => vec![init(idle(), Some((ID, EPOCH - 1)))],
        "request epoch anything else" => {
            [EPOCH - 2, EPOCH + 1].map(|epoch| init(idle(), Some((ID, epoch)))).to_vec()
        }
        row if row.starts_with("request carries a producer id that is neither") => {
            vec![init(idle(), Some((ID + 1, EPOCH)))]
        }
        row => {
            let each = states(row)?.into_iter();
            each.map(|state| init(in_state(state, EPOCH), None)).collect()
        }
    })
}
