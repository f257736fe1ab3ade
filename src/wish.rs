//! Everything a component can ask of the page.
//!
//! Invariant: components change nothing themselves; a wish is the only way.

use kafkascope_view::UiCommand;
use kafkascope_view::ui::{Jump, Selection};
use kafkascope_view::view_model::Text;
use kafkascope_view::view_model::table_preview::ColumnRole;
use yew::Callback;

/// A wish of the viewer.
#[derive(Clone, Debug, PartialEq)]
pub enum Wish {
    /// One of the commands that buttons, keys and inspector share.
    Do(UiCommand),
    /// A letter: what the inspector offers under it, or what it means for the whole cluster.
    Letter(char),
    /// Kills the selected process, or the leader of the first partition.
    Kill,
    /// One more member for the selected group, or the first.
    AddConsumer,
    /// A member leaves: the selected one, or the group's newest.
    RemoveConsumer,
    /// Shows a group through time, or the stage again.
    Groups,
    /// Selects a line of a rebalance and goes to its moment.
    Line(Selection, Jump),
    /// Selects whatever flies or lies at this point of the stage.
    Touch(f32, f32),
    /// The stage's size changed.
    Resize(f32, f32),
    /// Shows a dialog.
    Open(Dialog),
    /// Closes what is open: dialog, then question, then selection.
    Close,
    /// Light to dark and back.
    ToggleTheme,
    /// The system's theme or motion wish changed.
    MediaChanged,
    /// Opens a shipped scenario by its file's name.
    Scenario(Text),
    /// A file hangs over the page, or no longer.
    Dropping(bool),
    /// A file was dropped or chosen.
    File(DroppedFile),
    /// Something changed in the preview of a dropped table.
    Table(TableWish),
    /// A sentence for the viewer.
    Say(Text),
}

/// A file's name and content.
pub type DroppedFile = std::rc::Rc<(String, String)>;

/// What is changed in the preview of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TableWish {
    /// What a column becomes.
    Role(usize, ColumnRole),
    /// Whether rows that cannot be read are left out.
    SkipBad(bool),
    /// Sends the rows.
    Send,
}

/// What covers the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialog {
    /// What a narrow top bar has no room for.
    Menu,
    /// Keys and how to read the picture.
    Help,
    /// The shipped scenarios.
    Scenarios,
    /// A dropped table.
    Table,
    /// What Kafka promises, and whether it held.
    Audit,
}

/// Where components send wishes.
pub type Ask = Callback<Wish>;
