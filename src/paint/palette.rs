//! The colours of www/tokens.css as the canvas needs them.
//!
//! The canvas knows no style variables, so a probe element resolves each. Invariant: no colour comes from anywhere else.

use kafkascope_view::view_model::Face;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

/// The colours of the theme that is shown.
pub struct Palette {
    /// Records' tints, with the neutral one last.
    pub tints: [String; Face::NEUTRAL as usize + 1],
    /// Signs on records.
    pub on_record: String,
    /// Capsules' inside.
    pub card: String,
    /// Capsules' outline.
    pub ink: String,
    /// Trails and ordinary requests.
    pub quiet: String,
    /// Control traffic.
    pub edge: String,
    /// What the viewer selected.
    pub blue: String,
    /// What was agreed on.
    pub brass: String,
    /// Refusals.
    pub red: String,
    /// Acknowledgements.
    pub green: String,
}

impl Palette {
    /// Resolves every colour.
    pub fn read() -> Option<Self> {
        let window = web_sys::window()?;
        let document = window.document()?;
        let probe: HtmlElement = document.create_element("i").ok()?.dyn_into().ok()?;
        document.body()?.append_child(&probe).ok()?;
        let color = |name: &str| {
            let _ = probe.style().set_property("color", &format!("var(--{name})"));
            let computed = window.get_computed_style(&probe).ok().flatten();
            computed.and_then(|style| style.get_property_value("color").ok()).unwrap_or_default()
        };
        let palette = Self {
            tints: core::array::from_fn(|index| color(&format!("key-{index}"))),
            on_record: color("on-record"),
            card: color("card"),
            ink: color("ink"),
            quiet: color("quiet"),
            edge: color("edge"),
            blue: color("blue"),
            brass: color("brass-line"),
            red: color("red"),
            green: color("green"),
        };
        probe.remove();
        Some(palette)
    }
}
