//! S3 over a directory: `s3s` speaks the protocol and checks signatures, this room keeps buckets and objects.
//!
//! Rules: every call's `ExpectedBucketOwner` is checked, and a bucket whose name begins with `taken-` is somebody else's,
//! so that both refusals can be rehearsed; a new bucket has AWS's own defaults.
//! Called by `server` (requests) and by `import` (reading staged objects).

#![allow(clippy::wildcard_imports, reason = "wire types of one service: naming each would bury the code under its imports")]
#![allow(clippy::unnecessary_wraps, reason = "every operation answers a result, as s3s wants it")]
#![allow(clippy::needless_pass_by_value, reason = "every operation takes its request whole, as s3s gives it")]

mod access;
mod acl;
mod body;
mod bucket;
mod config;
mod copy;
mod deliver;
mod list;
mod multipart;
mod object;
mod objects;
mod serve;
mod tagging;
mod versions;

pub(crate) use deliver::{Undelivered, md5};
pub(crate) use objects::Objects;
pub(crate) use serve::Bucketeer;
