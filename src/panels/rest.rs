//! What stands below the columns of the stage: legend and counts on the left, answers on the right.
//!
//! Invariant: where there is no room beside the stage, the same panels stand below it.

use super::keys::Keys;
use super::ledger::Ledger;
use crate::shared::Shared;
use crate::wish::Ask;
use kafkascope_view::layout::Rect;
use kafkascope_view::layout::geometry::round;
use kafkascope_view::view_model::{KeysVm, LedgerVm};
use yew::prelude::*;

/// Puts panels where the layout left room.
pub fn place_rest(class: &'static str, rect: Option<Rect>, inside: &Html) -> Option<Html> {
    let rect = rect?;
    let style = format!(
        "left:{}px;top:{}px;width:{}px;height:{}px",
        round(rect.x),
        round(rect.y),
        round(rect.w),
        round(rect.h)
    );
    Some(html! { <div {class} {style}>{ inside.clone() }</div> })
}

/// Properties of [`Below`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct BelowProps {
    /// The legend.
    pub keys: Shared<KeysVm>,
    /// The counts.
    pub ledger: Shared<LedgerVm>,
    /// The room there is, in pixels; more panels in more room.
    pub height: u32,
    /// Where wishes go.
    pub ask: Ask,
}

/// Pixels that legend and counts need.
const ROOM_FOR_ALL: u32 = 370;
/// Pixels that legend and the counts that matter most need.
const ROOM_FOR_BOTH: u32 = 272;

/// Legend and counts.
#[component]
pub fn Below(props: &BelowProps) -> Html {
    let keys = !props.keys.entries.is_empty();
    let all = props.height == 0 || props.height >= ROOM_FOR_ALL;
    let both = all || props.height >= ROOM_FOR_BOTH;
    let counts = !props.ledger.rows.is_empty() && (both || !keys);
    html! {
        <>
            if counts {
                <Ledger ledger={props.ledger.clone()} {all} ask={props.ask.clone()} />
            }
            if keys {
                <Keys keys={props.keys.clone()} />
            }
        </>
    }
}
