//! What can be done to one message: lose it, hold it up, send it twice.
//!
//! Invariant: what has arrived already can only be struck by going back to when it left, and the button says so.

use super::super::Sight;
use super::Known;
use crate::ui_command::UiCommand;
use crate::view_model::ActionVm;
use kafkascope_kernel::{Micros, SimTime};
use kafkascope_model::ids::MsgId;
use kafkascope_model::net::MessageFault;

/// How long a message is held up.
const LATE: Micros = Micros::from_ms(2_000);

/// Whether striking this message means going back.
pub(super) fn is_past(sight: &Sight<'_>, msg: Option<MsgId>) -> bool {
    msg.is_some_and(|msg| sight.session.world().flight(msg).is_none())
}

/// For the request.
pub(super) fn of_request(sight: &Sight<'_>, known: &Known) -> Vec<ActionVm> {
    let Some((msg, sent)) = known.msg.zip(known.sent_at) else { return Vec::new() };
    let mut all = both(sight, msg, sent);
    all.push(action(sight, msg, sent, MessageFault::Duplicate));
    all
}

/// For the answer; TCP hands one over once.
pub(super) fn of_answer(sight: &Sight<'_>, known: &Known) -> Vec<ActionVm> {
    let Some((msg, sent)) = known.answer.zip(known.answered_at) else { return Vec::new() };
    if sent > sight.now() { Vec::new() } else { both(sight, msg, sent) }
}

fn both(sight: &Sight<'_>, msg: MsgId, sent: SimTime) -> Vec<ActionVm> {
    let kinds = [MessageFault::Drop, MessageFault::Delay(LATE)];
    kinds.into_iter().map(|fault| action(sight, msg, sent, fault)).collect()
}

fn action(sight: &Sight<'_>, msg: MsgId, sent: SimTime, fault: MessageFault) -> ActionVm {
    let flying = !is_past(sight, Some(msg));
    let label = match (flying, fault) {
        (true, MessageFault::Drop) => "Lose it",
        (true, MessageFault::Delay(_)) => "Delay 2 s",
        (true, MessageFault::Duplicate) => "Duplicate",
        (false, MessageFault::Drop) => "lose it",
        (false, MessageFault::Delay(_)) => "delay 2 s",
        (false, MessageFault::Duplicate) => "duplicate",
    };
    let command = UiCommand::Tamper { msg, sent, fault };
    ActionVm { command, label: label.into(), key: None, refused: None }
}
