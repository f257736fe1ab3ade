//! Stories told to the real page, in a real browser.
//!
//! A story is an ordinary test in `tests/`: it opens a [`Page`], does what a person would do, and
//! looks at what a person would see or hear. Run all of them with `cargo xtask test --only e2e`,
//! which builds the site, starts the driver, and tells this crate where everything is.
//!
//! ```no_run
//! use kafkascope_browser_tests::Page;
//!
//! let page = Page::open("");
//! page.press("Space");
//! page.wait_until("the clock runs", "return document.title !== ''");
//! page.assert_sound();
//! ```
//!
//! The calls wait for the browser and panic with a sentence when something is not as it should be;
//! a story that panics leaves a picture `failed-….png` beside the other pictures.
//!
//! Invariant: a page sees nothing of another one; each has its own browser with an empty profile.

mod axe;
mod keys;
mod page;
mod runs;
mod server;
mod session;
mod settings;
mod view;

pub use axe::Violation;
pub use page::Page;
pub use view::View;
