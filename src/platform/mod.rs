//! The browser's own: theme, size, files, focus, the few texts that are written every frame.
//!
//! Invariant: nothing here knows the cluster.

pub mod clock_dom;
pub mod files;
pub mod focus;
pub mod size;
pub mod theme;

use kafkascope_kernel::Micros;

/// The wall's clock, in microseconds since the page was opened. Only the frame loop asks.
pub fn wall() -> Micros {
    let now = web_sys::window().and_then(|window| window.performance()).map_or(0.0, |p| p.now());
    Micros((now * 1_000.0) as u64)
}
