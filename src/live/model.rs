//! LIVE: what AWS shows, in the same nouns as the desired state.

use crate::resource::{Bucket, Table};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Everything that one refresh saw. Absent from a map: it does not exist in AWS.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Live {
    pub tables: BTreeMap<String, LiveTable>,
    /// By bucket name.
    pub buckets: BTreeMap<String, LiveBucket>,
}

/// What a refresh looks at: names, each with the tag keys that the stack manages there (every other tag is foreign).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    pub tables: BTreeMap<String, BTreeSet<String>>,
    /// By bucket name.
    pub buckets: BTreeMap<String, BTreeSet<String>>,
}

/// A table as observed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LiveTable {
    pub table: Table,
    /// Identity: a recreated table has another id under the same name and ARN.
    pub id: String,
    pub arn: String,
    /// The stack named by the ownership tag; `None`: nobody's.
    pub owner: Option<String>,
    /// What keeps the table from being quiescent ("table is UPDATING", "index X is CREATING (backfilling)"); empty: ready.
    pub busy: Vec<String>,
    /// Tags that the stack does not name, kept as they are.
    pub foreign_tags: BTreeMap<String, String>,
    /// When the table was made, epoch milliseconds; 0 = not told.
    pub created_ms: u64,
}

/// A bucket as observed.
#[allow(clippy::struct_excessive_bools)] // each is one independent guard of S3's
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LiveBucket {
    pub bucket: Bucket,
    pub owner: Option<String>,
    /// The guards that every staging bucket has; each false one is drift.
    pub public_access_blocked: bool,
    pub owner_enforced: bool,
    pub encrypted: bool,
    pub tls_only: bool,
    pub aborts_multipart: bool,
    /// Exactly as `CreateBucket` leaves it: no tag, no policy, no lifecycle, no object. A run that died between the create call
    /// and the tags leaves this, so a fresh bucket of the right name is finished, not refused.
    pub fresh: bool,
    pub foreign_tags: BTreeMap<String, String>,
}
