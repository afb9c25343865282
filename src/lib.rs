//! landfall takes a relational application to DynamoDB and proves that it arrived.
//!
//! Data flows one way, and a room imports only rooms of lower rank:
//!
//! | rank | rooms |
//! | --- | --- |
//! | 0 | [`diagnostic`], [`exit`], [`event`], [`safe`], [`resource`], [`policy`], [`mapping`], `lease::model` |
//! | 1 | [`stack`] (desired), `live::model`, `live::normal` (live) |
//! | 2 | [`plan`], [`iam`], `validate::compare`, `validate::verdict` |
//! | 3 | [`report`] |
//! | 4 | [`clock`], [`aws`], [`source`], `local` |
//! | 5 | `live::refresh`, `live::unmanaged`, [`apply`], [`load`], [`lease`], `validate::run`, [`throttling`] |
//! | 6 | [`command`], [`cli`], `main` |
//!
//! Ranks 0 to 3 are pure: no `async`, no network, no clock. `tests/it/rooms.rs` reads the `use` lines and holds the table to it.

pub mod diagnostic;
pub mod event;
pub mod exit;
pub mod mapping;
pub mod policy;
pub mod resource;
pub mod safe;

pub mod live;
pub mod stack;

pub mod iam;
pub mod plan;
pub mod validate;

pub mod report;

pub mod aws;
pub mod clock;
#[cfg(feature = "local")]
pub mod local;
pub mod source;

pub mod apply;
pub mod lease;
pub mod load;
pub mod throttling;

pub mod cli;
pub mod command;
