//! The legend: which key has which face, and how a key finds its partition.
//!
//! Invariant: faces are those of the records everywhere else.

use crate::shared::Shared;
use crate::widgets::FaceIcon;
use kafkascope_view::view_model::KeysVm;
use yew::prelude::*;

/// Properties of [`Keys`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct KeysProps {
    /// What is shown.
    pub keys: Shared<KeysVm>,
}

/// How many keys there is room for.
const MOST: usize = 8;

/// The legend.
#[component]
pub fn Keys(props: &KeysProps) -> Html {
    let keys = &props.keys;
    let more = keys.more as usize + keys.entries.len().saturating_sub(MOST);
    let entries = keys.entries.iter().take(MOST).map(|key| {
        let title = format!("{} goes to {}", key.name, key.partition);
        html! { <li {title}><FaceIcon face={key.face} /><span>{ &*key.name }</span></li> }
    });
    html! {
        <section class="panel legend" aria-labelledby="legend-title">
            <h2 id="legend-title">{ "Keys" }</h2>
            <ul>{ for entries }</ul>
            if more > 0 { <p class="card-quiet">{ format!("and {more} more") }</p> }
            <p class="mono legend-rule">{ &*keys.rule }</p>
        </section>
    }
}
