//! The page measures itself, for `cargo xtask bench`.

/// Offers `window.kafkascopeBench`.
pub fn offer() {}
