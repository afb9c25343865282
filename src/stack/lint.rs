//! The rules that DynamoDB, S3 and the mapping have of their own, checked offline: what AWS would refuse after minutes is refused here at once.
//!
//! Rules: a lint never asks AWS; each names the limit that it holds to, with its source beside it.
//! Called by `lower`.

pub(super) mod access;
pub(super) mod kms;
pub(super) mod mapping;
pub(super) mod name;
pub(super) mod policy;
pub(super) mod table;
pub(super) mod tag;
