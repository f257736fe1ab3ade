//! The screens on which the page is looked at.
//!
//! Invariant: one value says everything about the screen and the person's wishes for it, so two
//! stories with equal views see the same page.

use serde_json::{Value, json};

/// A screen, and what its user has asked the system for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// In CSS pixels.
    pub width: u32,
    /// In CSS pixels.
    pub height: u32,
    /// Whether a dark page is preferred.
    pub dark: bool,
    /// Whether less motion is preferred.
    pub still: bool,
}

impl View {
    /// A laptop's window with a light page.
    pub const DESKTOP: Self = Self { width: 1440, height: 900, dark: false, still: false };
    /// A telephone held upright.
    pub const PHONE: Self = Self { width: 390, height: 844, ..Self::DESKTOP };

    /// The same with a dark page.
    #[must_use]
    pub const fn dark(self) -> Self {
        Self { dark: true, ..self }
    }

    /// The same with less motion.
    #[must_use]
    pub const fn still(self) -> Self {
        Self { still: true, ..self }
    }

    /// The size, as the browser's own tools are told it.
    pub(crate) fn metrics(self) -> Value {
        let mobile = self.width < 600;
        json!({
            "width": self.width, "height": self.height, "deviceScaleFactor": 1, "mobile": mobile
        })
    }

    /// The wishes, as the browser's own tools are told them.
    pub(crate) fn media(self) -> Value {
        let scheme = if self.dark { "dark" } else { "light" };
        let motion = if self.still { "reduce" } else { "no-preference" };
        json!({ "features": [
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": motion },
        ]})
    }
}
