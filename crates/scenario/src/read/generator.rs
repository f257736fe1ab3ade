//! `generate = { … }`: the description of generated events.
//!
//! Invariant: a description that reads without a problem gives its events without one.

use crate::doc::{Item, Section};
use crate::generate::{Draw, Field, Generator, MAX_EVENTS, Template, zipf};

/// How many events a generator gives that does not say.
const COUNT: u32 = 500;
/// The most digits behind the point.
const MAX_DECIMALS: i64 = 6;
const NUMBERS: std::ops::RangeInclusive<i64> = -1_000_000_000_000..=1_000_000_000_000;

/// Reads a generator.
pub fn read(section: &Section<'_>) -> Option<Generator> {
    let template = |key| section.text(key).map(|text| Template::from(text.as_str()));
    let named = |section: Section<'_>| {
        let pair = |(key, item): (&str, Item<'_>)| {
            Some((key.to_string(), Template::from(item.text()?.as_str())))
        };
        section.entries().into_iter().filter_map(pair).collect()
    };
    let fields = section.section("fields").map(|inside| {
        let field = |(key, item): (&str, Item<'_>)| Some((key.to_string(), field(&item)?));
        inside.entries().into_iter().filter_map(field).collect()
    });
    let generator = Generator {
        count: section
            .whole("count", 1..=i64::from(MAX_EVENTS))
            .map_or(COUNT, |count| count as u32),
        key: template("key"),
        value: section.need("value").and_then(|_| template("value")).unwrap_or_default(),
        headers: section.section("headers").map(named).unwrap_or_default(),
        per: section.text("per"),
        steps: section.texts("steps").iter().map(|text| Template::from(text.as_str())).collect(),
        fields: fields.unwrap_or_default(),
    };
    section.finish();
    if let Err(reason) = generator.check() {
        section.wrong(reason);
        return None;
    }
    Some(generator)
}

/// A list of texts is one to pick from; a table says how.
fn field(item: &Item<'_>) -> Option<Field> {
    if item.raw().is_array() {
        return Some(Field::of(pick(item, None, None)?));
    }
    let section = item.section()?;
    let hold = section.flag("hold");
    let decimals = section.whole("decimals", 0..=MAX_DECIMALS).unwrap_or(0) as u32;
    let kinds = section.present(&["pick", "from", "count-from", "text"]);
    let draw = match kinds.as_slice() {
        ["pick"] => {
            let (skew, weights) = (section.get("skew"), section.get("weights"));
            pick(&section.get("pick")?, skew.as_ref(), weights.as_ref())
        }
        ["from"] => number(&section),
        ["count-from"] => Some(Draw::Count { start: section.whole("count-from", NUMBERS)? }),
        ["text"] => Some(Draw::Text(section.text("text")?.as_str().into())),
        _ => {
            section.wrong("a field has one of: pick = [...], from and to, count-from, text");
            None
        }
    };
    section.finish();
    Some(Field { draw: draw?, decimals, hold })
}

fn number(section: &Section<'_>) -> Option<Draw> {
    let from = section.whole("from", NUMBERS)?;
    let to = section.need("to")?.whole(NUMBERS)?;
    let (by, start) = (section.get("by"), section.get("start"));
    if from > to {
        section.wrong(format!("'from' is {from}, which is more than 'to', {to}"));
        return None;
    }
    let Some(by) = by else { return Some(Draw::Number { from, to }) };
    let start = start.map_or(Some(from + (to - from) / 2), |item| item.whole(from..=to))?;
    Some(Draw::Walk { from, to, by: by.whole(0..=*NUMBERS.end())?, start })
}

fn pick(item: &Item<'_>, skew: Option<&Item<'_>>, weights: Option<&Item<'_>>) -> Option<Draw> {
    let texts: Vec<Template> = item.texts()?.iter().map(|text| text.as_str().into()).collect();
    if texts.is_empty() {
        item.wrong("there is nothing to pick from");
        return None;
    }
    let weights = match (skew, weights) {
        (None, None) => vec![1; texts.len()],
        (Some(skew), None) => match skew.text()?.as_str() {
            "zipf" => zipf(texts.len()),
            "even" => vec![1; texts.len()],
            other => {
                skew.wrong(format!("'{other}' is no skew; write \"zipf\" or \"even\""));
                return None;
            }
        },
        (_, Some(weights)) => weighted(weights, texts.len())?,
    };
    Some(Draw::Pick { texts, weights })
}

fn weighted(item: &Item<'_>, count: usize) -> Option<Vec<u32>> {
    let weight = |item: &Item<'_>| item.whole(0..=1_000_000).map(|weight| weight as u32);
    let weights: Vec<u32> = item.items()?.iter().map(weight).collect::<Option<_>>()?;
    let sum: u64 = weights.iter().map(|weight| u64::from(*weight)).sum();
    if weights.len() != count || sum == 0 || sum > u64::from(u32::MAX) {
        item.wrong(format!("expected {count} weights, not all of them 0"));
        return None;
    }
    Some(weights)
}
