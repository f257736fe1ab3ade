//! What just happened, in plain sentences; also what a screen reader hears.
//!
//! Invariant: stepping reads every sentence aloud; while time runs, only those that matter are.

use crate::shared::Shared;
use crate::widgets::tone;
use crate::wish::{Ask, Wish};
use kafkascope_view::ui::Jump;
use kafkascope_view::ui_command::UiCommand;
use kafkascope_view::view_model::Tone;
use kafkascope_view::view_model::narration::{NarrationVm, SentenceVm};
use std::rc::Rc;
use web_sys::Element;
use yew::prelude::*;

/// Properties of [`Narration`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct NarrationProps {
    /// What is shown.
    pub narration: Shared<NarrationVm>,
    /// Whether time runs.
    pub playing: bool,
    /// Where wishes go.
    pub ask: Ask,
}

/// The narrated log.
#[component]
pub fn Narration(props: &NarrationProps) -> Html {
    let list = use_node_ref();
    use_effect_with(props.narration.clone(), {
        let list = list.clone();
        move |_| {
            if let Some(list) = list.cast::<Element>() {
                list.set_scroll_top(list.scroll_height());
            }
        }
    });
    let narration = &props.narration;
    let lines = narration.lines.iter().map(|line| {
        html! { <Sentence key={line.seq} line={Shared::from(line)} ask={props.ask.clone()} /> }
    });
    // While time runs, ordinary traffic would be read without end; so only what matters is.
    let matters = |line: &&Rc<SentenceVm>| !matches!(line.tone, Tone::Quiet | Tone::Plain);
    let newest = narration.lines.iter().rev().find(matters).filter(|_| props.playing);
    let important = newest.map(|line| line.text.to_string());
    html! {
        <section class="narration" aria-labelledby="narration-title">
            <h2 id="narration-title">{ "What just happened" }</h2>
            <div class="told" ref={list} tabindex="0" role="log" aria-labelledby="narration-title" aria-live={if props.playing { "off" } else { "polite" }}>
                <ol>{ for lines }</ol>
                if narration.lines.is_empty() {
                    <p class="card-quiet">{ "Nothing yet. Press Play, or step from fact to fact with the arrow keys." }</p>
                }
            </div>
            <p class="heard" role="status">{ important.unwrap_or_default() }</p>
        </section>
    }
}

/// Properties of [`Sentence`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct SentenceProps {
    /// What is told.
    pub line: Shared<SentenceVm>,
    /// Where wishes go.
    pub ask: Ask,
}

/// One sentence; its time goes to its moment, its text selects what it is about.
#[component]
fn Sentence(props: &SentenceProps) -> Html {
    let line = &props.line;
    let jump = Jump { at: line.at, seq: Some(line.seq) };
    let go = props.ask.reform(move |_| Wish::Do(UiCommand::Seek(jump)));
    let about = line.about.clone();
    let select = props.ask.reform(move |_| Wish::Do(UiCommand::Select(about.clone())));
    html! {
        <li class="sentence">
            <button class="mono sentence-time" tabindex="-1" onclick={go} title="Go to this moment">{ &*line.time }</button>
            <button class={classes!("sentence-text", tone(line.tone))} onclick={select}>{ &*line.text }</button>
        </li>
    }
}
