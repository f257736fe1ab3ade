//! All groups over the chart's stretch of time: what the same events cost each of them.
//!
//! Invariant: the prices are written by the clock; nothing here is rendered because time passed.

use crate::shared::Shared;
use crate::wish::{Ask, Wish};
use kafkascope_view::UiCommand;
use kafkascope_view::view_model::GroupTimeVm;
use kafkascope_view::view_model::group_time::{ComparedVm, StripVm};
use yew::prelude::*;

/// Properties of [`Compare`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct CompareProps {
    /// What is shown.
    pub group: Shared<GroupTimeVm>,
    /// Where wishes go.
    pub ask: Ask,
}

/// The groups, one below the other.
#[component]
pub fn Compare(props: &CompareProps) -> Html {
    let rows =
        props.group.compared.iter().enumerate().map(|(index, row)| one(index, row, &props.ask));
    html! {
        <section class="panel compare" aria-labelledby="compare-title">
            <div class="chart-head">
                <h2 id="compare-title">{ "The same time in every group" }</h2>
                <span class="card-quiet push">{ "partition-seconds paused" }</span>
            </div>
            <ul>{ for rows }</ul>
        </section>
    }
}

fn one(index: usize, row: &ComparedVm, ask: &Ask) -> Html {
    let wish = UiCommand::ThroughTime(Some(row.group.name.clone()));
    let onclick = ask.reform(move |_| Wish::Do(wish.clone()));
    let class = classes!("compare-row", row.chosen.then_some("is-chosen"));
    html! {
        <li>
            <button {class} aria-pressed={row.chosen.to_string()} {onclick}>
                <span class="compare-name">
                    <b>{ &*row.group.name }</b>
                    <span>{ &*row.protocol }</span>
                </span>
                <span class="compare-rows" aria-hidden="true">
                    { for row.rows.iter().map(|strips| line(strips)) }
                    <i class="compare-edge" id={format!("head-{index}")}></i>
                </span>
                <span class="compare-price">
                    <b id={format!("paused-{index}")}></b>
                    <span class="heard">{ "partition-seconds paused, " }</span>
                    <span>{ &*row.needless }</span>
                </span>
            </button>
        </li>
    }
}

fn line(strips: &[StripVm]) -> Html {
    let strip = |strip: &StripVm| {
        let hue =
            strip.hue.map_or_else(|| "is-gap".to_string(), |hue| format!("member-{}", hue % 6));
        let style = format!("left:{:.3}%;width:{:.3}%", strip.x * 100.0, strip.w * 100.0);
        html! { <i class={hue} {style}></i> }
    };
    html! { <span>{ for strips.iter().map(strip) }</span> }
}
