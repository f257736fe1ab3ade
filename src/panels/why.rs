//! The answer to why: facts with the configs that decided them, each a jump in time.
//!
//! Invariant: steps are in order of time, and the one at which the clock stands is marked.

use crate::shared::Shared;
use crate::widgets::{Icon, IconName, tone};
use crate::wish::{Ask, Wish};
use kafkascope_view::ui_command::UiCommand;
use kafkascope_view::view_model::WhyVm;
use kafkascope_view::view_model::why::WhyStepVm;
use yew::prelude::*;

/// Properties of [`Why`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct WhyProps {
    /// What is shown.
    pub why: Shared<WhyVm>,
    /// Where wishes go.
    pub ask: Ask,
}

/// An answer.
#[component]
pub fn Why(props: &WhyProps) -> Html {
    let (why, ask) = (&props.why, &props.ask);
    let close = ask.reform(|_| Wish::Close);
    html! {
        <section class="panel is-answer why" aria-labelledby="why-title" tabindex="0">
            <div class="panel-head">
                <h2 id="why-title">{ &*why.question }</h2>
                <span class="card-quiet push">{ format!("{} steps", why.steps.len()) }</span>
                <button class="icon-button is-small" aria-label="Close" onclick={close}><Icon name={IconName::Close} /></button>
            </div>
            <ol>{ for why.steps.iter().map(|step| row(step, ask)) }</ol>
            if let Some(verdict) = &why.verdict {
                <p class={classes!("verdict", tone(why.tone))}>{ &**verdict }</p>
            }
            if let Some(meaning) = &why.meaning {
                <p class="card-quiet">{ &**meaning }</p>
            }
            if let Some(fork) = &why.fork {
                <button class="link-button is-accent" onclick={let command = fork.command.clone(); ask.reform(move |_| Wish::Do(command.clone()))}>
                    { &*fork.text }{ " →" }
                </button>
            }
        </section>
    }
}

fn row(step: &WhyStepVm, ask: &Ask) -> Html {
    let jump = step.jump;
    let onclick = ask.reform(move |_| Wish::Do(UiCommand::Seek(jump)));
    html! {
        <li>
            <button class={classes!("why-step", step.current.then_some("is-current"))} {onclick}>
                <span>{ &*step.text }</span>
                <span class="why-because mono">
                    <span>{ step.because.as_deref().unwrap_or_default() }</span>
                    <span>{ &*step.time }</span>
                </span>
            </button>
        </li>
    }
}
