//! DESIRED: the stack file, from text to a checked model.
pub mod model;
pub use model::Stack;
