//! The one callout: what just changed, pointed at.
//!
//! Invariant: it goes after a while of simulated time, or when it is closed.

use super::Sight;
use crate::chronicle::Told;
use crate::layout::{Card, ClusterLayout, Rect, callout};
use crate::ui::Selection;
use crate::view_model::CalloutVm;
use kafkascope_kernel::Micros;

/// How long a callout stands, in simulated time.
const STANDS: Micros = Micros::from_ms(4_000);
/// Its size.
const SIZE: (f32, f32) = (424.0, 62.0);

/// The newest callout that is still to be seen.
pub(super) fn callout(sight: &Sight<'_>, layout: &ClusterLayout) -> Option<CalloutVm> {
    let told = newest(sight)?;
    let remark = told.telling.callout.as_ref()?;
    let target = target(sight, layout, &told.telling.about)?;
    let (rect, leg) = callout::place(layout, target, SIZE);
    Some(CalloutVm {
        seq: told.moment.seq,
        at: told.moment.at,
        title: remark.title.as_str().into(),
        reason: remark.reason.as_str().into(),
        tone: told.telling.tone,
        question: remark.question.clone(),
        about: told.telling.about.clone(),
        rect,
        leg,
    })
}

fn newest<'a>(sight: &Sight<'a>) -> Option<&'a Told> {
    let told = sight.observer.chronicle.told.iter().rev();
    let mut recent = told.take_while(|told| sight.now().since(told.moment.at) <= STANDS);
    let told = recent.find(|told| told.telling.callout.is_some())?;
    (sight.ui.closed_callout != Some(told.moment.seq)).then_some(told)
}

fn target(sight: &Sight<'_>, layout: &ClusterLayout, about: &Selection) -> Option<Rect> {
    let card = |card: &Card| layout.card(card).map(|place| place.rect);
    match about {
        Selection::Node(id) | Selection::Link(id, _) => {
            card(&Card::Node(*id)).or_else(|| layout.member(*id).map(|member| member.rect))
        }
        Selection::Group(name) => card(&Card::Group(name.clone())),
        Selection::Partition(tp) => {
            let leader = sight.observer.picture.leader(*tp)?;
            layout.tape(leader, *tp).map(|tape| tape.rect)
        }
        Selection::Replica(broker, tp) => layout.tape(*broker, *tp).map(|tape| tape.rect),
        Selection::Record(_) | Selection::Fact(_) | Selection::Message(..) | Selection::None => {
            None
        }
    }
}
