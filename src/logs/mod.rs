//! One log, closely: its offsets line by line, what readers get of it, and why its borders are where they are.
//!
//! Invariant: nothing here is rendered anew because time passed.

mod line;

use crate::panels::record::Record;
use crate::panels::why::Why;
use crate::shared::Shared;
use crate::widgets::{FaceIcon, tone, use_cover};
use crate::wish::{Ask, Wish};
use kafkascope_view::UiCommand;
use kafkascope_view::view_model::log::{KnownVm, LogVm, ReaderVm, TabVm};
use kafkascope_view::view_model::{CellLook, CellVm, Face, Glyph, RecordVm, WhyVm};
use line::{Line, swatch};
use yew::prelude::*;

/// Properties of [`Logs`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct LogsProps {
    /// What is shown.
    pub log: Shared<LogVm>,
    /// The record that is selected.
    pub record: Option<Shared<RecordVm>>,
    /// The open answer.
    pub why: Option<Shared<WhyVm>>,
    /// Where wishes go.
    pub ask: Ask,
}

/// The view of a log.
#[component]
pub fn Logs(props: &LogsProps) -> Html {
    let (log, ask) = (&props.log, &props.ask);
    let view = use_cover();
    let lines = (0..log.lines.len()).map(|index| {
        html! { <Line key={log.lines[index].first} log={log.clone()} {index} ask={ask.clone()} /> }
    });
    html! {
        <section class="groups logs" aria-label="A log, closely" tabindex="0" ref={view}>
            <div class="groups-main">
                { head(log, ask) }
                <div class="panel log">
                    <div class="chart-head">
                        <h2 class="mono">{ &*log.name }</h2>
                        <p class="card-quiet">{ &*log.subtitle }</p>
                        { tabs("Replica", &log.replicas, ask) }
                    </div>
                    if log.earlier > 0 {
                        <p class="card-quiet">{ format!("{} offsets before these are not shown", log.earlier) }</p>
                    }
                    { for lines }
                    { for log.readers.iter().map(reader) }
                </div>
            </div>
            <div class="groups-side">
                if let Some(why) = &props.why {
                    <Why why={why.clone()} ask={ask.clone()} />
                }
                if let Some(record) = &props.record {
                    <Record record={record.clone()} ask={ask.clone()} />
                }
                { known(log) }
                { legend() }
            </div>
        </section>
    }
}

fn head(log: &LogVm, ask: &Ask) -> Html {
    let back = ask.reform(|_| Wish::Do(UiCommand::Closely(None)));
    html! {
        <div class="groups-head">
            <button class="action" onclick={back}>{ "Back to the stage" }<kbd>{ "L" }</kbd></button>
            { tabs("Partition", &log.partitions, ask) }
        </div>
    }
}

fn tabs(label: &'static str, tabs: &[TabVm], ask: &Ask) -> Html {
    let tab = |tab: &TabVm| {
        let wish = tab.wish.clone();
        let onclick = ask.reform(move |_| Wish::Do(wish.clone()));
        let class = classes!("group-tab", tab.chosen.then_some("is-chosen"));
        html! { <button {class} aria-pressed={tab.chosen.to_string()} {onclick}>{ &*tab.text }</button> }
    };
    html! { <div class="group-tabs" role="group" aria-label={label}>{ for tabs.iter().map(tab) }</div> }
}

fn reader(reader: &ReaderVm) -> Html {
    let faces = reader.faces.iter().map(|face| html! { <FaceIcon face={*face} side={16} /> });
    let text = if reader.faces.is_empty() {
        format!("nothing yet, {}", reader.text)
    } else {
        reader.text.to_string()
    };
    html! {
        <div class="log-reader">
            <b class="mono">{ &*reader.name }</b>
            <span class="log-faces" aria-hidden="true">{ for faces }</span>
            <span class="card-quiet">{ text }</span>
        </div>
    }
}

fn known(log: &LogVm) -> Html {
    let row = |row: &KnownVm| {
        html! { <div><dt>{ &*row.label }</dt><dd class={tone(row.tone)}>{ &*row.value }</dd></div> }
    };
    html! {
        <div class="panel log-known">
            <h2>{ "This log" }</h2>
            <dl class="log-rows">{ for log.rows.iter().map(row) }</dl>
            { for log.says.iter().map(|text| html! { <p>{ &**text }</p> }) }
        </div>
    }
}

/// What is what; every sign of the lines once.
fn legend() -> Html {
    let cell = |face: Face, look: CellLook, text: &'static str| {
        let record = kafkascope_model::ids::RecordId::INTERNAL;
        let cell = CellVm { offset: 0, record, face, look, selected: false };
        html! { <li>{ swatch(cell) }{ text }</li> }
    };
    let pin = |class: &'static str, text: &'static str| {
        html! { <li><i class={classes!("log-key", class)} aria-hidden="true"></i>{ text }</li> }
    };
    let key = Face::of_key(0);
    let neutral = |glyph| Face { tint: Face::NEUTRAL, glyph };
    html! {
        <div class="panel log-known">
            <h2>{ "What is what" }</h2>
            <ul class="log-legend">
                { cell(key, CellLook::Solid, "a record, coloured by key") }
                { cell(key, CellLook::Dashed, "not committed yet: invisible") }
                { cell(key, CellLook::Faded, "aborted, or below the log start") }
                { cell(Face::KEYLESS, CellLook::Gone, "compacted away: the offset is kept") }
                { cell(neutral(Glyph::Slash), CellLook::Solid, "tombstone: null value") }
                { cell(neutral(Glyph::Commit), CellLook::Solid, "commit marker, takes an offset") }
                { cell(neutral(Glyph::Abort), CellLook::Solid, "abort marker") }
                { pin("is-hw", "high watermark") }
                { pin("is-lso", "last stable offset") }
                { pin("is-start", "log start: the retention edge") }
                { pin("is-disk", "on disk below, in the page cache above") }
            </ul>
        </div>
    }
}
