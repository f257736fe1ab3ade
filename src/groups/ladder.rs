//! The last rebalance as a ladder: members and coordinator as columns, a line a request.
//!
//! Invariant: every line is a button that goes to its moment and says what it means.

use crate::shared::Shared;
use crate::wish::{Ask, Wish};
use kafkascope_view::UiCommand;
use kafkascope_view::ui::Jump;
use kafkascope_view::view_model::group_time::{ColumnVm, LadderLineVm, LadderVm, LineKind};
use kafkascope_view::view_model::{GroupTimeVm, Tone};
use yew::prelude::*;

/// Properties of [`Ladder`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct LadderProps {
    /// What is shown.
    pub group: Shared<GroupTimeVm>,
    /// Where wishes go.
    pub ask: Ask,
}

/// The ladder.
#[component]
pub fn Ladder(props: &LadderProps) -> Html {
    let (ladder, ask) = (&props.group.ladder, &props.ask);
    let columns = ladder.columns.len().max(1);
    html! {
        <section class="panel ladder" aria-labelledby="ladder-title">
            <div class="panel-head">
                <h2 id="ladder-title">{ "The rebalance, request by request" }</h2>
                <span class="card-quiet push">{ &*ladder.took }</span>
            </div>
            <div class="ladder-which">
                { step(ladder.before, "Rebalance before", "‹", ask) }
                <span>{ &*ladder.title }</span>
                { step(ladder.after, "Rebalance after", "›", ask) }
            </div>
            <div class="ladder-columns" aria-hidden="true">
                { for ladder.columns.iter().enumerate().map(|(index, column)| head(column, index, columns)) }
            </div>
            <ol class="ladder-lines" tabindex="0" aria-label="Requests, answers and callbacks">
                { for ladder.lines.iter().map(|shown| line(shown, ladder, columns, ask)) }
            </ol>
            if ladder.left_out > 0 {
                <p class="card-quiet">{ format!("and {} lines more", ladder.left_out) }</p>
            }
            if let Some((meaning, more)) = &ladder.told {
                <div class="ladder-told" role="status"><b>{ &**meaning }</b><span>{ &**more }</span></div>
            }
        </section>
    }
}

fn step(jump: Option<Jump>, label: &'static str, sign: &'static str, ask: &Ask) -> Html {
    let onclick = jump.map(|jump| ask.reform(move |_: MouseEvent| Wish::Do(UiCommand::Seek(jump))));
    html! { <button class="icon-button is-small" aria-label={label} disabled={jump.is_none()} {onclick}>{ sign }</button> }
}

/// The middle of a column, as a share of the width.
fn middle(index: usize, columns: usize) -> f32 {
    (index as f32 + 0.5) / columns as f32 * 100.0
}

fn head(column: &ColumnVm, index: usize, columns: usize) -> Html {
    let hue = column.hue.map(|hue| format!("member-{}", hue % 6));
    let style = format!(
        "left:{:.2}%;width:{:.2}%",
        middle(index, columns) - 46.0 / columns as f32,
        92.0 / columns as f32
    );
    html! { <span class={classes!("mono", hue)} {style}>{ &*column.name }</span> }
}

fn line(line: &LadderLineVm, ladder: &LadderVm, columns: usize, ask: &Ask) -> Html {
    let wish = Wish::Line(line.about.clone(), line.jump);
    let onclick = ask.reform(move |_| wish.clone());
    let tone = match line.tone {
        Tone::Bad => "is-bad",
        Tone::Good => "is-answer",
        Tone::Agreed => "is-call",
        Tone::Quiet | Tone::Plain | Tone::Strong => "is-request",
    };
    let class = classes!(
        "ladder-line",
        tone,
        line.ahead.then_some("is-ahead"),
        line.selected.then_some("is-selected")
    );
    let index = usize::from(line.member);
    let name = ladder.columns.get(index).map_or("", |column| &column.name);
    let (from, to) = match line.kind {
        LineKind::Request => (name, "coordinator"),
        LineKind::Answer => ("coordinator", name),
        LineKind::Callback => (name, ""),
    };
    let spoken = if to.is_empty() {
        format!("{} {name}: {}", line.time, line.text)
    } else {
        format!("{} {from} to {to}: {}", line.time, line.text)
    };
    let (start, end) = (middle(index, columns), middle(columns - 1, columns));
    let arrow = match line.kind {
        LineKind::Callback => {
            html! { <i class="ladder-mark" style={format!("left:{start:.2}%")}></i> }
        }
        LineKind::Request | LineKind::Answer => {
            let back = (line.kind == LineKind::Answer).then_some("is-back");
            html! { <i class={classes!("ladder-arrow", back)} style={format!("left:{start:.2}%;right:{:.2}%", 100.0 - end)}></i> }
        }
    };
    let text_style = match line.kind {
        LineKind::Callback => format!("left:calc({start:.2}% + 10px)"),
        // Next to the coordinator an arrow is too short to bear words.
        LineKind::Request | LineKind::Answer if index + 2 == columns && index > 0 => {
            format!("right:calc({:.2}% + 2px)", 100.0 - start)
        }
        LineKind::Request | LineKind::Answer => {
            format!("left:{:.2}%;transform:translateX(-50%)", (start + end) / 2.0)
        }
    };
    html! {
        <li>
            <button {class} aria-label={spoken.clone()} title={spoken} aria-pressed={line.selected.to_string()} {onclick}>
                { arrow }
                <span style={text_style}>{ &*line.text }</span>
            </button>
        </li>
    }
}
