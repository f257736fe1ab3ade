//! The chart of a group: a row a partition, a bar a reader, hatched where nobody reads.
//!
//! Invariant: a bar says in words what its colour and its hatching say.

use crate::shared::Shared;
use crate::widgets::tone;
use crate::wish::{Ask, Wish};
use kafkascope_view::UiCommand;
use kafkascope_view::view_model::GroupTimeVm;
use kafkascope_view::view_model::group_time::{BarVm, GenerationVm, OwnRowVm};
use yew::prelude::*;

/// Properties of [`Chart`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct ChartProps {
    /// What is shown.
    pub group: Shared<GroupTimeVm>,
    /// Where wishes go.
    pub ask: Ask,
}

/// The chart.
#[component]
pub fn Chart(props: &ChartProps) -> Html {
    let (group, ask) = (&props.group, &props.ask);
    html! {
        <div class="panel chart">
            <div class="chart-head">
                <span class={classes!("letter", format!("group-{}", group.group.hue % 6))} aria-hidden="true">{ &*group.group.letter }</span>
                <h2>{ format!("{} · {}", group.group.name, group.protocol) }</h2>
                <span class={tone(group.tone)}>{ &*group.state }</span>
                <b class="chart-price push"><span id="group-paused"></span>{ " partition-seconds paused" }</b>
                <p class="card-quiet">{ &*group.lesson }</p>
            </div>
            <div class="chart-body">
                <div class="chart-names" aria-hidden="true">
                    { for group.rows.iter().map(name) }
                </div>
                <div class="chart-plot">
                    <div class="chart-generations">{ for group.generations.iter().filter_map(|mark| generation(mark, ask)) }</div>
                    <div class="chart-rows">
                        { for group.generations.iter().map(|mark| html! { <i class="chart-line" style={left(mark.x)}></i> }) }
                        { for group.rows.iter().map(|row| bars(row, ask)) }
                        <i class="chart-head-edge" id="group-head"></i>
                        <i class="chart-now" id="group-now"></i>
                    </div>
                    <div class="ticks mono" aria-hidden="true">
                        { for group.ticks.iter().map(|tick| html! { <span style={left(tick.x)}>{ &*tick.text }</span> }) }
                    </div>
                </div>
                <div class="chart-lags">{ for group.rows.iter().map(lag) }</div>
            </div>
            if group.rows_hidden > 0 {
                <p class="card-quiet">{ format!("and {} partitions more", group.rows_hidden) }</p>
            }
            if group.rows.is_empty() {
                <p class="card-quiet">{ "Nobody has read anything yet." }</p>
            }
        </div>
    }
}

fn left(x: f32) -> String {
    format!("left:{:.2}%", x * 100.0)
}

fn name(row: &OwnRowVm) -> Html {
    html! { <span class="mono">{ &*row.name }</span> }
}

fn lag(row: &OwnRowVm) -> Html {
    html! { <span class={classes!("mono", tone(row.lag_tone))} title={format!("{}: records behind the high watermark, and how long the oldest of them has been visible", row.name)}>{ &*row.lag }</span> }
}

fn bars(row: &OwnRowVm, ask: &Ask) -> Html {
    let bars = row.bars.iter().map(|shown| bar(shown, ask));
    html! { <div class="chart-row" role="group" aria-label={row.name.to_string()}>{ for bars }</div> }
}

fn bar(bar: &BarVm, ask: &Ask) -> Html {
    let hue = bar.hue.map_or_else(|| "is-gap".to_string(), |hue| format!("member-{}", hue % 6));
    let style = format!("left:{:.3}%;width:{:.3}%", bar.x * 100.0, bar.w * 100.0);
    let title = bar.title.to_string();
    let class = classes!("bar-own", hue);
    match bar.question.clone() {
        Some(question) => {
            let onclick = ask.reform(move |_| Wish::Do(UiCommand::Ask(question.clone())));
            html! { <button {class} {style} aria-label={title.clone()} {title} {onclick}>{ &*bar.label }</button> }
        }
        None => {
            html! { <span {class} {style} role="img" aria-label={title.clone()} {title}>{ &*bar.label }</span> }
        }
    }
}

fn generation(mark: &GenerationVm, ask: &Ask) -> Option<Html> {
    if mark.text.is_empty() {
        return None;
    }
    let jump = mark.jump;
    let onclick = ask.reform(move |_| Wish::Do(UiCommand::Seek(jump)));
    Some(
        html! { <button class="mono" style={left(mark.x)} title="Go there" {onclick}>{ &*mark.text }</button> },
    )
}
