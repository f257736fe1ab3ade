//! Which facts a step stops at.
//!
//! Invariant: every fact a step stops at can be seen on the stage or read in the log.

use kafkascope_model::ids::{RecordId, TopicPartition};
use kafkascope_model::trace::{Fact, TraceEvent};
use kafkascope_view::ui::StepKind;

/// Whether a step of this kind stops at the fact.
pub(super) fn shows(kind: StepKind, event: &TraceEvent) -> bool {
    match kind {
        StepKind::Fact => is_mark(&event.fact) || is_traffic(&event.fact),
        StepKind::Message => is_traffic(&event.fact),
        StepKind::Mark => is_mark(&event.fact),
    }
}

/// What the timeline marks.
const fn is_mark(fact: &Fact) -> bool {
    matches!(
        fact,
        Fact::Exited(_)
            | Fact::Starting
            | Fact::Paused
            | Fact::Resumed
            | Fact::LinkCut(_)
            | Fact::LinkSlowed(..)
            | Fact::LinkHealed(_)
            | Fact::BrokerFenced { .. }
            | Fact::BrokerUnfenced { .. }
            | Fact::ControllerElected { .. }
            | Fact::LeaderElected { .. }
            | Fact::IsrChanged { .. }
            | Fact::Truncated { .. }
            | Fact::RebalanceStarted { .. }
            | Fact::GroupStable { .. }
            | Fact::MemberExpired { .. }
            | Fact::PollFailed { .. }
    )
}

/// What a record goes through.
fn is_traffic(fact: &Fact) -> bool {
    match fact {
        Fact::Batched { .. }
        | Fact::BatchSent { .. }
        | Fact::BatchRetried { .. }
        | Fact::SendDone { .. }
        | Fact::Delivered { .. }
        | Fact::Assigned { .. }
        | Fact::Revoked { .. }
        | Fact::MemberJoining { .. }
        | Fact::OffsetCommitted { .. } => true,
        Fact::Appended { records, .. } => {
            records.iter().any(|record| *record != RecordId::INTERNAL)
        }
        Fact::Replicated { tp, .. } | Fact::HighWatermark { tp, .. } => is_users(*tp),
        _ => false,
    }
}

/// Kafka's own topics have ids of their own; replication within them is no step of the viewer.
const fn is_users(_tp: TopicPartition) -> bool {
    true
}
