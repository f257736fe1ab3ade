//! The digests of one long run, natively; `tests/wasm.rs` compares the same file in a browser.
//!
//! A change of behaviour changes them: then run `RENEW=1 cargo test --test digest` and look at what else changed.
//! Invariant: nothing but the script decides them.

#![cfg(not(target_arch = "wasm32"))]

#[path = "digest/mod.rs"]
mod digest;

#[test]
fn a_long_run_comes_to_the_digests_on_record() {
    let digests = digest::digests();
    if std::env::var_os("RENEW").is_some() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/digests.txt");
        std::fs::write(file, &digests).expect("the file can be written");
        return;
    }
    assert_eq!(digests, digest::EXPECTED, "see the head of tests/digest.rs");
}
