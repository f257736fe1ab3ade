//! Tests that run as WebAssembly in a browser: `cargo xtask test --only wasm`.
//!
//! What is true natively must be true here, to the last bit. A digest is compared in two steps: a
//! native test holds it against a file in `tests/golden/`, and a test here holds it against the same
//! file, taken in with `include_str!`, since a browser has no files.
//!
//! Invariant: no test here depends on the size or the speed of the machine.

#![cfg(target_arch = "wasm32")]

#[path = "digest/mod.rs"]
mod digest;

use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
fn there_is_a_page_to_draw_on() {
    let window = web_sys::window().expect("a window");
    assert!(window.document().is_some());
}

#[wasm_bindgen_test]
fn addresses_are_narrower_than_digests() {
    assert_eq!((usize::BITS, u64::BITS), (32, 64));
}

#[wasm_bindgen_test]
fn a_long_run_comes_to_the_same_digests_as_natively() {
    assert_eq!(digest::digests(), digest::EXPECTED);
}
