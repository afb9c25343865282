//! What happened, as data ([`model`]), the exit code computed from it once ([`outcome`]), and its renderings.
//!
//! Rules: pure; a rendering adds no judgement; every foreign text is made inert here as well as where it entered;
//! colour never carries meaning alone. Called by `command`.

pub mod json;
mod loaded;
pub mod model;
pub mod outcome;
pub mod plan;
pub mod text;

pub use model::Report;
