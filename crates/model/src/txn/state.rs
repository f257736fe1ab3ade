//! The states of a transactional id (`TransactionState`).
//!
//! Invariant: a transaction enters a state only from one of its valid previous states.

/// Where a transactional id stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum TxnState {
    /// A producer was initialised; nothing was sent yet.
    Empty = 0,
    /// Partitions take part.
    Ongoing = 1,
    /// Decided: committed. Markers are being written.
    PrepareCommit = 2,
    /// Decided: aborted. Markers are being written.
    PrepareAbort = 3,
    /// Committed, and every partition knows.
    CompleteCommit = 4,
    /// Aborted, and every partition knows.
    CompleteAbort = 5,
    /// Forgotten.
    Dead = 6,
    /// About to be aborted with a higher epoch, so that its producer is fenced; never written.
    PrepareEpochFence = 7,
}

impl TxnState {
    /// Every state, by number.
    pub const ALL: [Self; 8] = [
        Self::Empty,
        Self::Ongoing,
        Self::PrepareCommit,
        Self::PrepareAbort,
        Self::CompleteCommit,
        Self::CompleteAbort,
        Self::Dead,
        Self::PrepareEpochFence,
    ];

    /// Kafka's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Empty => "Empty",
            Self::Ongoing => "Ongoing",
            Self::PrepareCommit => "PrepareCommit",
            Self::PrepareAbort => "PrepareAbort",
            Self::CompleteCommit => "CompleteCommit",
            Self::CompleteAbort => "CompleteAbort",
            Self::Dead => "Dead",
            Self::PrepareEpochFence => "PrepareEpochFence",
        }
    }

    /// The state of this number in a record.
    pub fn of(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// From where it may be entered.
    pub const fn valid_previous(self) -> &'static [Self] {
        match self {
            Self::Empty => &[Self::Empty, Self::CompleteCommit, Self::CompleteAbort],
            Self::Ongoing => {
                &[Self::Ongoing, Self::Empty, Self::CompleteCommit, Self::CompleteAbort]
            }
            Self::PrepareCommit | Self::PrepareEpochFence => &[Self::Ongoing],
            Self::PrepareAbort => &[
                Self::Ongoing,
                Self::PrepareEpochFence,
                // Under transaction version 2 an abort without partitions still bumps the epoch.
                Self::Empty,
                Self::CompleteCommit,
                Self::CompleteAbort,
            ],
            Self::CompleteCommit => &[Self::PrepareCommit],
            Self::CompleteAbort => &[Self::PrepareAbort],
            Self::Dead => &[Self::Empty, Self::CompleteAbort, Self::CompleteCommit],
        }
    }

    /// Whether its outcome is decided and being written.
    pub const fn is_completing(self) -> bool {
        matches!(self, Self::PrepareCommit | Self::PrepareAbort)
    }
}
