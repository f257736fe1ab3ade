//! A consumer group: its card with its members.
//!
//! Invariant: a group's letter and hue are those of its pennants on the tapes.

use super::member::MemberRow;
use super::{place, select};
use crate::shared::Shared;
use crate::widgets::tone;
use crate::wish::Ask;
use kafkascope_view::layout::{Card, ClusterLayout, Mode};
use kafkascope_view::ui::Selection;
use kafkascope_view::view_model::topology::GroupVm;
use yew::prelude::*;

/// Properties of [`GroupCard`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct GroupProps {
    /// What is shown.
    pub group: Shared<GroupVm>,
    /// Where everything is.
    pub layout: Shared<ClusterLayout>,
    /// Where wishes go.
    pub ask: Ask,
}

/// A group's card.
#[component]
pub fn GroupCard(props: &GroupProps) -> Html {
    let group = &props.group;
    let Some(card) = props.layout.card(&Card::Group(group.group.clone())) else {
        return Html::default();
    };
    let narrow = props.layout.mode == Mode::Narrow;
    let class = classes!("card", "group", group.selected.then_some("is-selected"));
    let name = group.group.to_string();
    let onclick = select(&props.ask, Selection::Group(group.group.clone()));
    let members = group.members.iter().filter_map(|member| {
        let place = *props.layout.member(member.id)?;
        Some(html! {
            <MemberRow key={member.id.0} member={member.clone()} {place} card={card.rect} {narrow} ask={props.ask.clone()} />
        })
    });
    let letter = classes!("letter", format!("group-{}", group.hue % 6));
    html! {
        <section {class} style={place::style(card.rect)} aria-label={format!("group {name}")} data-group={name.clone()}>
            <header class="card-head">
                <span class={letter} aria-hidden="true">{ &*group.letter }</span>
                <button class="card-title" {onclick} aria-pressed={group.selected.to_string()}>{ &name }</button>
                if narrow {
                    <span class="lag mono tone-plain">{ format!("lag {}", group.lag) }</span>
                } else {
                    <span class="card-quiet">{ &*group.detail }</span>
                    if !group.state.is_empty() {
                        <span class={classes!("badge", "push", tone(group.tone))}>{ &*group.state }</span>
                    }
                }
            </header>
            if narrow {
                <p class="card-state card-quiet">{ format!("{} · {}", group.state, members_word(group.members.len())) }</p>
            }
            if group.members.is_empty() {
                <p class="card-empty card-quiet">{ "no members" }</p>
            }
            { for members }
        </section>
    }
}

fn members_word(count: usize) -> String {
    if count == 1 { "1 member".to_string() } else { format!("{count} members") }
}
