//! The messages under way, as a list.
//!
//! Invariant: every row is a button that opens its message.

use crate::shared::Shared;
use crate::widgets::{Icon, IconName};
use crate::wish::{Ask, Wish};
use kafkascope_view::UiCommand;
use kafkascope_view::view_model::UnderWayVm;
use kafkascope_view::view_model::request::UnderWayRowVm;
use yew::prelude::*;

/// Properties of [`UnderWay`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct UnderWayProps {
    /// What is shown.
    pub list: Shared<UnderWayVm>,
    /// Where wishes go.
    pub ask: Ask,
}

/// The list.
#[component]
pub fn UnderWay(props: &UnderWayProps) -> Html {
    let (list, ask) = (&props.list, &props.ask);
    let close = ask.reform(|_| Wish::Close);
    html! {
        <section class="panel is-answer under-way" aria-labelledby="under-way-title" tabindex="0">
            <div class="panel-head">
                <h2 id="under-way-title">{ "Under way" }</h2>
                <button class="icon-button is-small push" aria-label="Close" onclick={close}><Icon name={IconName::Close} /></button>
            </div>
            if list.running {
                <p class="card-quiet">{ "Messages pass quickly. Stop the time to read them one by one." }</p>
            } else if list.rows.is_empty() {
                <p class="card-quiet">{ "Nothing at this moment. Step on with → until something leaves." }</p>
            } else {
                <ul>{ for list.rows.iter().map(|one| row(one, ask)) }</ul>
            }
            if list.more > 0 {
                <p class="card-quiet">{ format!("and {} more", list.more) }</p>
            }
        </section>
    }
}

fn row(row: &UnderWayRowVm, ask: &Ask) -> Html {
    let about = row.about.clone();
    let onclick = ask.reform(move |_| Wish::Do(UiCommand::Select(about.clone())));
    let class = classes!("way-row", row.bad.then_some("is-bad"), row.answer.then_some("is-back"));
    html! {
        <li>
            <button {class} {onclick}>
                <b class="mono">{ if row.answer { "answer to " } else { "" } }{ row.api }</b>
                <span>{ &*row.ends }</span>
                <span class="mono">{ &*row.detail }</span>
            </button>
        </li>
    }
}
