//! What became of all records so far.
//!
//! Invariant: a count with a question is a button that asks it.

use crate::shared::Shared;
use crate::widgets::tone;
use crate::wish::{Ask, Wish};
use kafkascope_view::ui_command::UiCommand;
use kafkascope_view::view_model::ledger::CountVm;
use kafkascope_view::view_model::{LedgerVm, Tone};
use yew::prelude::*;

/// Properties of [`Ledger`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct LedgerProps {
    /// What is shown.
    pub ledger: Shared<LedgerVm>,
    /// Whether there is room for counts that are neither good nor bad.
    pub all: bool,
    /// Where wishes go.
    pub ask: Ask,
}

/// The counts.
#[component]
pub fn Ledger(props: &LedgerProps) -> Html {
    let matters = |row: &&CountVm| props.all || row.tone != Tone::Plain;
    let (bad, other): (Vec<_>, Vec<_>) =
        props.ledger.rows.iter().filter(matters).partition(|row| row.tone == Tone::Bad);
    let most = if props.all { other.len() } else { 3_usize.saturating_sub(bad.len()) };
    let rows = other.into_iter().take(most).chain(bad.into_iter().take(3));
    html! {
        <section class="panel counts" aria-labelledby="counts-title">
            <h2 id="counts-title">{ "So far" }</h2>
            <dl>{ for rows.map(|row| count(row, &props.ask)) }</dl>
        </section>
    }
}

fn count(row: &CountVm, ask: &Ask) -> Html {
    let value = match row.question.clone() {
        None => html! { &*row.value },
        Some(question) => {
            let onclick = ask.reform(move |_| Wish::Do(UiCommand::Ask(question.clone())));
            let label = format!("{} {}, why?", row.label, row.value);
            html! { <button class="count-why" aria-label={label} {onclick}>{ &*row.value }</button> }
        }
    };
    html! {
        <div>
            <dt>{ &*row.label }</dt>
            <dd class={classes!("mono", tone(row.tone))}>{ value }</dd>
        </div>
    }
}
