//! The proof: what the SQL rows should have become, against what DynamoDB holds.
//!
//! [`compare`] and [`verdict`] are pure (rank 2); `run` is the loop (rank 5).

pub mod compare;
pub mod verdict;
