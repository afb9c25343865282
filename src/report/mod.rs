//! What happened, as data, and its renderings. The exit code is computed here, once, from the data.
pub mod model;
pub mod plan;
pub use model::Report;
