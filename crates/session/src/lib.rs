//! A session: one run of a script, with its past kept so that any moment can be reached again.
//!
//! The world knows only the present. A session adds the script that made it, snapshots to return to, the trace of facts,
//! breakpoints, and the futures that were left when the past was edited. Invariant: the state at a moment is the same
//! whether it was reached by running or by seeking; digests are equal to the last bit.

#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod branch;
mod breakpoint;
mod history;
mod script;
mod session;
mod trace;
mod witness;

pub use branch::Branch;
pub use breakpoint::Breakpoint;
pub use script::{Entry, Script};
pub use session::{Advanced, Session, SessionError};
pub use trace::Trace;
pub use witness::Witness;
