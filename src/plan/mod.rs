//! The plan: what has to change, by which calls, in which order, and what will not be done without a word from a person.
//!
//! Pure (rank 2): values in, values out. [`order::next_step`] is the one place that decides what comes next; the planner
//! iterates it over [`simulate::simulate`] to a fixed point, so a plan is its own proof that live reaches desired.
//! The plan carries everything that apply needs; apply never reads the stack again.
//!
//! After an `ImportTable` the same planner finishes what the import cannot set (ownership tag, TTL, recovery, stream,
//! protection): refresh, then [`make`] with the table's name in [`Approvals::adopt`].

pub mod budget;
mod calls;
pub mod cost;
pub mod deadline;
pub mod desired;
pub mod diff;
mod facets;
pub mod fit;
pub mod foreign;
pub mod make;
pub mod model;
pub mod order;
pub mod risk;
pub mod seal;
pub mod simulate;
pub mod step;
pub(crate) mod words;

#[cfg(test)]
mod cases;
#[cfg(test)]
mod legal;
#[cfg(test)]
mod properties;
#[cfg(test)]
pub(crate) mod samples;

pub use budget::{Budget, Limited};
pub use desired::Desired;
pub use make::{Context, make};
pub use model::{Action, Approvals, Change, Field, Goal, Plan, Planned, Refusal, Side, State, Target, Work};
pub use order::{Next, Wish, next_step};
pub use simulate::simulate;
pub use step::{Dimension, Mode, Step};
