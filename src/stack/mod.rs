//! DESIRED: the stack file, from text to a checked model.
//!
//! The way: `load` (text) → `structure` (every unknown key and wrong type) → `syntax` (serde) → `lower` (to the model, with `lint`'s
//! rules) → [`Stack`]. Every finding of every step is in one [`Diagnostics`](crate::diagnostic::Diagnostics).

mod address;
mod attached;
mod finding;
mod lint;
mod load;
mod lower;
pub mod model;
mod nearest;
mod schema;
mod secret;
mod structure;
mod syntax;

#[cfg(test)]
mod tests;

pub use address::address;
pub use load::{load, parse};
pub use model::Stack;
pub use schema::schema;
pub use secret::masked;
