//! A member of a group: its partitions, what it does, how far it is behind, what it holds.
//!
//! Invariant: a row says its state in words; the lag's colour only repeats it.

use super::{place, select};
use crate::widgets::{FaceIcon, tone};
use crate::wish::Ask;
use kafkascope_view::layout::{MemberBox, Rect};
use kafkascope_view::ui::Selection;
use kafkascope_view::view_model::topology::{MemberVm, ProcessStatus};
use yew::prelude::*;

/// Properties of [`MemberRow`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct MemberProps {
    /// What is shown.
    pub member: MemberVm,
    /// Where it is on the stage.
    pub place: MemberBox,
    /// The group's card, in which it stands.
    pub card: Rect,
    /// Whether there is little room.
    pub narrow: bool,
    /// Where wishes go.
    pub ask: Ask,
}

/// How many records in hand there is room for.
const IN_HAND: usize = 4;
/// How many partitions are named; more are counted.
const NAMED: usize = 3;

/// A member's row.
#[component]
pub fn MemberRow(props: &MemberProps) -> Html {
    let member = &props.member;
    let down = matches!(member.status, ProcessStatus::Stopped | ProcessStatus::Paused);
    let low = props.place.rect.h < 36.0;
    let class = classes!(
        "member",
        low.then_some("is-low"),
        down.then_some("is-down"),
        member.selected.then_some("is-selected")
    );
    let style = place::style(place::within(props.place.rect, props.card));
    let onclick = select(&props.ask, Selection::Node(member.id));
    let faces = member.in_hand.iter().take(IN_HAND);
    let faces = faces.map(|face| html! { <FaceIcon face={*face} side={14} /> });
    html! {
        <button {class} {style} {onclick} aria-pressed={member.selected.to_string()} data-node={member.id.to_string()}>
            <span class="member-name">{ &*member.name }</span>
            if !props.narrow {
                <span class="member-parts">{ for partitions(member) }</span>
            }
            if !low {
                <span class="member-state">{ &*member.state }</span>
            }
            <span class="member-hand" title="in the application's hands" aria-hidden="true">{ for faces }</span>
            <span class={classes!("lag", "mono", tone(member.lag_tone))}>{ format!("lag {}", member.lag) }</span>
        </button>
    }
}

fn partitions(member: &MemberVm) -> Vec<Html> {
    let chip = |text: &str| html! { <span class="part mono">{ text.to_string() }</span> };
    let mut chips: Vec<_> = member.partitions.iter().take(NAMED).map(|name| chip(name)).collect();
    let more = member.partitions.len().saturating_sub(NAMED);
    if more > 0 {
        chips.push(chip(&format!("+{more}")));
    }
    chips
}
