//! Breakpoints: "stop when the ISR changes".
//!
//! Invariant: a breakpoint looks at one fact and nothing else.

use kafkascope_model::trace::{Fact, SendResult};

/// What a run stops at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Breakpoint {
    /// A partition has a new leader, or none.
    LeaderElected,
    /// A partition's ISR changes.
    IsrChanged,
    /// A broker is fenced.
    BrokerFenced,
    /// A controller becomes active.
    ControllerElected,
    /// A group begins to rebalance.
    RebalanceStarted,
    /// A replica cuts its log back.
    Truncated,
    /// A record fails to be sent.
    SendFailed,
    /// A poll throws.
    PollFailed,
}

impl Breakpoint {
    /// Every breakpoint there is.
    pub const ALL: [Self; 8] = [
        Self::LeaderElected,
        Self::IsrChanged,
        Self::BrokerFenced,
        Self::ControllerElected,
        Self::RebalanceStarted,
        Self::Truncated,
        Self::SendFailed,
        Self::PollFailed,
    ];

    /// Whether `fact` is what it stops at.
    pub const fn hits(self, fact: &Fact) -> bool {
        match self {
            Self::LeaderElected => matches!(fact, Fact::LeaderElected { .. }),
            Self::IsrChanged => matches!(fact, Fact::IsrChanged { .. }),
            Self::BrokerFenced => matches!(fact, Fact::BrokerFenced { .. }),
            Self::ControllerElected => matches!(fact, Fact::ControllerElected { .. }),
            Self::RebalanceStarted => matches!(fact, Fact::RebalanceStarted { .. }),
            Self::Truncated => matches!(fact, Fact::Truncated { .. }),
            Self::SendFailed => {
                matches!(fact, Fact::SendDone { result: SendResult::Failed(_), .. })
            }
            Self::PollFailed => matches!(fact, Fact::PollFailed { .. }),
        }
    }
}
