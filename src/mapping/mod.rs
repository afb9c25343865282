//! How a SQL row becomes DynamoDB items, and back.
//!
//! Purpose: one canonical value layer ([`Value`]) that every engine's types land in once; one target layer
//! ([`Attribute`], [`Item`]); and the declared [`Mapping`] between them, which runs forward ([`encode`]) and, for keys,
//! backward ([`Template::read`]).
//!
//! Rules: pure; no guess is silent, what cannot be mapped is an [`Unmappable`] with its reason; a number is never a float
//! on the way.
//!
//! Key insight: both sides of a validation meet in the *target's* type space, as one canonical byte form
//! ([`canonical`]): sorted names, type tags, lengths, normalised numbers.
//!
//! Called by `stack` (to build mappings), `load` (to encode) and `validate` (to predict and compare).

pub mod attribute;
mod backward;
pub mod canonical;
mod check;
mod children;
mod column;
mod condition;
mod convert;
pub mod encode;
pub mod json;
pub mod number;
mod rename;
pub mod rule;
mod shape;
pub mod size;
pub mod template;
pub mod text;
pub mod value;
pub mod wire;

pub use attribute::{Attribute, Item};
pub use encode::Unmappable;
pub use number::Number;
pub use rule::{Mapping, Relation};
pub use template::Template;
pub use value::{Row, Value};
