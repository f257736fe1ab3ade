//! Keys, and how to read the picture.
//!
//! Invariant: the keys are those of [`crate::keys`].

use crate::keys;
use crate::widgets::{Cell, Modal};
use crate::wish::Ask;
use kafkascope_model::ids::RecordId;
use kafkascope_view::simplifications::SIMPLIFICATIONS;
use kafkascope_view::view_model::{CellLook, CellVm, Face};
use yew::prelude::*;

/// Properties of [`Help`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct HelpProps {
    /// Where wishes go.
    pub ask: Ask,
}

const READING: [(CellLook, &str); 4] = [
    (CellLook::Solid, "below the high watermark: consumers can read it"),
    (CellLook::Dashed, "in the log, not yet on every in-sync replica"),
    (CellLook::Faded, "on a broker that is down"),
    (CellLook::Struck, "was here and was cut off"),
];

/// The help.
#[component]
pub fn Help(props: &HelpProps) -> Html {
    let keys = keys::HELP.iter().map(|(key, text)| {
        html! { <div><span>{ *text }</span><kbd>{ *key }</kbd></div> }
    });
    html! {
        <Modal title="How to read this, and its keys" ask={props.ask.clone()}>
            <p>{ "Time goes from left to right in every log: each cell is a record, coloured and marked by its key. The same x is the same offset in every replica, so a follower that lags is shorter. The brass pin is the high watermark; a group's pennant stands at the offset it will read next." }</p>
            <dl class="reading">{ for READING.iter().enumerate().map(sample) }</dl>
            <p>{ "This is a simulation of Apache Kafka 4.3: the same algorithms, config keys, defaults and error codes, run by a deterministic clock. Stepping back and changing the past gives a new branch; the old future is kept." }</p>
            <div class="keys-help">{ for keys }</div>
            <h3>{ "Simpler than Kafka" }</h3>
            <dl class="simpler">{ for SIMPLIFICATIONS.iter().map(|line| html! { <div><dt>{ line.kafka }</dt><dd>{ line.here }</dd></div> }) }</dl>
        </Modal>
    }
}

fn sample((index, (look, text)): (usize, &(CellLook, &'static str))) -> Html {
    let face = Face::of_key(index);
    let cell = CellVm { offset: 0, record: RecordId::INTERNAL, face, look: *look, selected: false };
    html! {
        <div>
            <dt><svg width="22" height="22" aria-hidden="true"><Cell {cell} x={2.0} y={2.0} side={18.0} /></svg></dt>
            <dd>{ *text }</dd>
        </div>
    }
}
