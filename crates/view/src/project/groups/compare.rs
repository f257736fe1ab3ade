//! All groups of a run whose members own partitions over one stretch of time, so that what a rebalance costs can be compared.
//!
//! Invariant: the groups share the chart's axis, so that what happened at one moment stands at one place.

use super::super::Sight;
use super::chart::Frame;
use super::say;
use crate::tenure::{GroupTenure, Span, Tenures};
use crate::view_model::GroupTimeVm;
use crate::view_model::group_time::{ComparedVm, Name2, StripVm};
use kafkascope_model::ids::Name;

/// The most groups, and the most partitions of each.
const MOST: (usize, usize) = (5, 12);

/// Every group, if there is more than one.
pub(super) fn all(sight: &Sight<'_>, tenures: &Tenures, shown: &GroupTimeVm) -> Vec<ComparedVm> {
    // Members of a share group read side by side; none of them has a partition to lose.
    let groups = &sight.observer.picture.groups;
    let owns = |name: &Name| groups.get(name).is_none_or(|group| !group.shares);
    let named = || shown.others.iter().enumerate().filter(|(_, name)| owns(name));
    if shown.shares || named().count() < 2 {
        return Vec::new();
    }
    let names = named().take(MOST.0);
    let known = names.filter_map(|(place, name)| Some((place, name, tenures.groups.get(name)?)));
    known.map(|(place, name, tenure)| one(sight, (place, name), tenure, shown)).collect()
}

fn one(
    sight: &Sight<'_>,
    (place, name): (usize, &Name),
    tenure: &GroupTenure,
    shown: &GroupTimeVm,
) -> ComparedVm {
    let frame = Frame { sight, tenure, from: shown.from, until: shown.until };
    let rows = tenure.rows.values().take(MOST.1);
    let letter = super::super::clients::letter(name);
    ComparedVm {
        group: Name2 { name: name.clone(), letter, hue: (place % 6) as u8 },
        protocol: say::protocol(sight, name).as_str().into(),
        rows: rows
            .map(|spans| spans.iter().filter_map(|span| strip(&frame, span)).collect())
            .collect(),
        needless: needless(sight, tenure).as_str().into(),
        price: frame.price(),
        chosen: *name == shown.group.name,
    }
}

fn strip(frame: &Frame<'_>, span: &Span) -> Option<StripVm> {
    let end = span.to.map_or(frame.until, |to| to.at);
    if end <= frame.from || span.from.at >= frame.until {
        return None;
    }
    let x = frame.x(span.from.at);
    let hue = span.reader.map(|id| frame.tenure.hue(id));
    Some(StripVm { x, w: frame.x(end) - x, hue })
}

fn needless(sight: &Sight<'_>, tenure: &GroupTenure) -> String {
    let (needless, all) = tenure.stops(sight.now());
    match (needless, all) {
        (_, 0) => "no stop yet".to_string(),
        (0, all) => format!("{all} stops, each needed"),
        (needless, all) => format!("{needless} of {all} stops for nothing"),
    }
}
