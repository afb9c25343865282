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
mod write;

#[cfg(test)]
mod tests;

pub use address::address;
pub use load::{load, parse};
pub use lower::{NoWindow, window_secs};
pub use model::Stack;
pub use schema::schema;
pub use secret::masked;
pub use write::write;

/// Whether `name` can be a stack's; the error says what a name is.
///
/// # Errors
/// It cannot.
pub fn can_be_named(name: &str) -> Result<(), String> {
    lint::name::stack(name)
}

/// Whether a bucket's `encryption` can name `key`: AWS's own key for S3, and what is no key, it cannot.
pub fn can_encrypt_bucket(key: &str) -> bool {
    lint::kms::key(key, lint::kms::AWS_S3, None).is_ok()
}
