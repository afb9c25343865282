//! The proof: what the SQL rows should have become, against what DynamoDB holds.
//!
//! [`compare`], [`verdict`] and [`reconcile`] are pure (rank 2); [`run`] and what it calls are the loops (rank 5).
//! What should exist is said by `load::expect`, the same pass that the load writes from.

mod access;
pub mod compare;
mod count;
mod error;
mod full;
mod indexes;
mod listing;
pub mod reconcile;
mod run;
mod sample;
mod settle;
mod there;
pub mod verdict;

pub use error::Error;
pub use run::{Options, run};
