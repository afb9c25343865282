//! The lease as pure values: what is stored, when it may be taken, when its holder may still act. No call, no clock.
//!
//! Called by `lease::keep` (with real answers) and by the interleaving test (with every order of events that chance finds).

mod record;
mod tenure;
mod watch;

#[cfg(test)]
mod interleavings;
#[cfg(test)]
mod world;

pub use record::{Claim, Expect, Machine, Record, State};
pub use tenure::{Standing, Tenure, attempt};
pub use watch::{Decision, Now, Watch};
