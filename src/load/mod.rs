//! SQL rows to items: checked first, then staged through S3 and ImportTable or written by BatchWriteItem.
//!
//! Rules: nothing is written before the data plan of every table has passed ([`check`]); every row that is read is written, merged,
//! quarantined or filtered, and the sum is checked; a success that AWS reports is not a proof, a count is.
//!
//! Key insight: one streaming pass over the rows ([`expect`]) says what should exist. The load writes it, the validation compares it,
//! so both mean the same by "expected".
//!
//! Called by the verbs `load` and `run`; [`expect`] also by `validate`.

mod accounts;
mod check;
mod children;
mod collapse;
mod error;
pub mod expect;
mod pace;
mod preflight;
mod quarantine;
mod run;
mod stage;
mod staging;
mod transfer;
mod vouch;
mod write;

pub use check::{DataPlan, Look, check};
pub use error::{Error, Partial};
pub use preflight::preflight;
pub use quarantine::free as free_quarantine;
pub use run::{Options, run};
