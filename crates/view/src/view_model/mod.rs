//! The view-model: everything the page shows, one file a panel, plain data with public fields.
//!
//! The page only paints it. Each panel is shared in an `Rc` that stays the same while nothing in it changed, so that the page
//! compares pointers. Invariant: no field names anything that the user cannot see.

pub mod callout;
pub mod cell;
pub mod clock;
pub mod group_time;
pub mod inspector;
pub mod keys;
pub mod ledger;
pub mod log;
pub mod narration;
pub mod queue;
pub mod quorum;
pub mod record;
pub mod request;
pub mod table_preview;
pub mod timeline;
pub mod topology;
pub mod why;

pub use callout::CalloutVm;
pub use cell::{CellLook, CellVm, Face, Glyph};
pub use clock::ClockVm;
pub use group_time::GroupTimeVm;
pub use inspector::{ActionVm, ConfigVm, InspectorVm, RowVm};
pub use keys::KeysVm;
pub use ledger::LedgerVm;
pub use log::LogVm;
pub use narration::{NarrationVm, SentenceVm};
pub use quorum::QuorumVm;
pub use record::RecordVm;
pub use request::{RequestVm, UnderWayVm};
pub use table_preview::TablePreviewVm;
pub use timeline::TimelineVm;
pub use topology::TopologyVm;
pub use why::WhyVm;

use crate::layout::ClusterLayout;
use std::rc::Rc;

/// Text that is shared; Yew's `AttrValue` takes it without copying.
pub type Text = Rc<str>;

/// How much a text or number matters, for its colour and weight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tone {
    /// Grey: a background fact.
    Quiet,
    /// Ink.
    #[default]
    Plain,
    /// Strong ink: the newest, the most important.
    Strong,
    /// Green: all is well.
    Good,
    /// Brass: what the cluster agreed on.
    Agreed,
    /// Red: loss, refusal, fault.
    Bad,
}

/// Everything on the page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ViewModel {
    /// Where everything on the stage is.
    pub layout: Rc<ClusterLayout>,
    /// What is on the stage.
    pub topology: Rc<TopologyVm>,
    /// Time and pace; changes every frame.
    pub clock: Rc<ClockVm>,
    /// What just happened.
    pub narration: Rc<NarrationVm>,
    /// When.
    pub timeline: Rc<TimelineVm>,
    /// The selected process, group, partition or link.
    pub inspector: Option<Rc<InspectorVm>>,
    /// The selected or followed record.
    pub record: Option<Rc<RecordVm>>,
    /// The selected request.
    pub request: Option<Rc<RequestVm>>,
    /// What is under way, if the user wishes to see it.
    pub under_way: Option<Rc<UnderWayVm>>,
    /// The open question with its answer.
    pub why: Option<Rc<WhyVm>>,
    /// What became of all records.
    pub ledger: Rc<LedgerVm>,
    /// Which key has which face.
    pub keys: Rc<KeysVm>,
    /// The log that is shown closely, instead of the stage.
    pub log: Option<Rc<LogVm>>,
    /// The controllers and their log, instead of the stage.
    pub quorum: Option<Rc<QuorumVm>>,
    /// The group that is shown through time, instead of the stage.
    pub group: Option<Rc<GroupTimeVm>>,
    /// The one callout.
    pub callout: Option<Rc<CalloutVm>>,
}
