//! A dropped table: which column is the key, the first rows, where each key will go, what is wrong.
//!
//! Invariant: nothing is sent before the viewer says so.

use crate::shared::Shared;
use crate::widgets::{FaceIcon, Modal};
use crate::wish::{Ask, TableWish, Wish};
use kafkascope_view::view_model::TablePreviewVm;
use kafkascope_view::view_model::table_preview::{ColumnRole, ColumnVm, TableRowVm};
use kafkascope_view::words;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

/// Properties of [`Table`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct TableProps {
    /// What is shown.
    pub preview: Shared<TablePreviewVm>,
    /// Whether rows that cannot be read are left out.
    pub skip_bad: bool,
    /// Where wishes go.
    pub ask: Ask,
}

/// The preview.
#[component]
pub fn Table(props: &TableProps) -> Html {
    let (preview, ask) = (&props.preview, &props.ask);
    let send = ask.reform(|_| Wish::Table(TableWish::Send));
    let blocked = preview.refused.is_some() || preview.bad_total > 0 && !props.skip_bad;
    let label = format!("Send {}", words::count(u64::from(preview.total), "row", "rows"));
    html! {
        <Modal title={preview.file.to_string()} ask={ask.clone()}>
            if let Some(reason) = &preview.refused {
                <p class="tone-bad" role="alert">{ &**reason }</p>
            } else {
                <p>{ "Each row becomes a record. Choose the column that is its key: rows with the same key go to the same partition, in order." }</p>
            }
            { for key_choice(preview, ask) }
            if !preview.rows.is_empty() { { rows(preview) } }
            { for spread(preview) }
            { for bad_rows(props) }
            <div class="actions">
                <button class="action is-main" onclick={send} disabled={blocked}>{ label }</button>
                <button class="action" onclick={ask.reform(|_| Wish::Close)}>{ "Cancel" }</button>
            </div>
        </Modal>
    }
}

fn key_choice(preview: &TablePreviewVm, ask: &Ask) -> Option<Html> {
    if preview.columns.is_empty() {
        return None;
    }
    let onchange = ask.reform(|event: Event| {
        let select: HtmlSelectElement = event.target_unchecked_into();
        let none = select.selected_index() <= 0;
        let column = usize::try_from(select.selected_index() - 1).unwrap_or(0);
        let role = if none { ColumnRole::Value } else { ColumnRole::Key };
        Wish::Table(TableWish::Role(column, role))
    });
    let no_key = !preview.columns.iter().any(|column| column.role == ColumnRole::Key);
    let option = |column: &ColumnVm| {
        html! { <option selected={column.role == ColumnRole::Key}>{ &*column.name }</option> }
    };
    Some(html! {
        <div class="fields">
            <label>{ "Key column" }
                <select id="key-column" {onchange}>
                    <option selected={no_key}>{ "none: spread them over all partitions" }</option>
                    { for preview.columns.iter().map(option) }
                </select>
            </label>
        </div>
    })
}

fn rows(preview: &TablePreviewVm) -> Html {
    let is_key = |index: usize| {
        let role = preview.columns.get(index).map(|column| column.role);
        (role == Some(ColumnRole::Key)).then_some("is-key")
    };
    let heads = preview.columns.iter().enumerate().map(|(index, column)| {
        html! { <th scope="col" class={is_key(index)}>{ &*column.name }</th> }
    });
    let row = |row: &TableRowVm| {
        let fields = row.fields.iter().enumerate();
        let cells =
            fields.map(|(index, field)| html! { <td class={is_key(index)}>{ &**field }</td> });
        html! {
            <tr><td class="mono">{ row.line }</td>{ for cells }<td><FaceIcon face={row.face} side={14} />{ " " }<span class="mono">{ &*row.partition }</span></td></tr>
        }
    };
    html! {
        <div class="sheet" tabindex="0" role="region" aria-label="The first rows">
            <table>
                <thead><tr><th scope="col">{ "line" }</th>{ for heads }<th scope="col">{ "goes to" }</th></tr></thead>
                <tbody>{ for preview.rows.iter().map(row) }</tbody>
            </table>
        </div>
    }
}

fn spread(preview: &TablePreviewVm) -> Option<Html> {
    if preview.spread.is_empty() {
        return None;
    }
    let part =
        |(name, count): &(kafkascope_view::view_model::Text, u32)| format!("{name}: {count}");
    let parts: Vec<_> = preview.spread.iter().map(part).collect();
    Some(html! { <p class="mono spread">{ parts.join("  ·  ") }</p> })
}

fn bad_rows(props: &TableProps) -> Option<Html> {
    let preview = &props.preview;
    if preview.bad_total == 0 {
        return None;
    }
    let onchange = props.ask.reform(|event: Event| {
        let input: HtmlInputElement = event.target_unchecked_into();
        Wish::Table(TableWish::SkipBad(input.checked()))
    });
    let lines = preview.bad.iter().map(|row| {
        html! { <li><span class="mono">{ format!("line {}: ", row.line) }</span>{ &*row.reason }</li> }
    });
    let count = words::count(u64::from(preview.bad_total), "row", "rows");
    Some(html! {
        <div class="bad-rows" role="alert">
            <p class="tone-bad">{ format!("{count} cannot be read:") }</p>
            <ul>{ for lines }</ul>
            <label><input type="checkbox" checked={props.skip_bad} {onchange} />{ " leave them out" }</label>
        </div>
    })
}
