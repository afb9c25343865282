//! What the planner wants of a stack: the resources and the stack's name and digest, nothing about rows.
//!
//! Called by the verbs, which make it of a [`Stack`]; tests make it by hand.

use super::model::Approvals;
use crate::live::Wanted;
use crate::resource::{Bucket, Table, destroyed_bucket};
use crate::stack::model::Stack;
use std::collections::{BTreeMap, BTreeSet};

/// The resources that should exist.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Desired {
    pub stack: String,
    /// SHA-256 of the stack file (and phase).
    pub digest: String,
    pub tables: BTreeMap<String, Table>,
    /// By bucket name (not by its name in the stack).
    pub buckets: BTreeMap<String, Bucket>,
    /// Tables that, where they do not exist, the load will make by `ImportTable`.
    pub defer: BTreeSet<String>,
}

impl From<&Stack> for Desired {
    fn from(stack: &Stack) -> Self {
        Self {
            stack: stack.name.clone(),
            digest: stack.digest.clone(),
            tables: stack.tables.iter().map(|(name, spec)| (name.clone(), spec.table.clone())).collect(),
            buckets: stack.buckets.values().map(|b| (b.name.clone(), b.clone())).collect(),
            defer: BTreeSet::new(),
        }
    }
}

impl Desired {
    /// What a refresh has to read for a plan under `approvals`: every resource of the file, and every table and bucket
    /// named by `--destroy`.
    pub fn wanted(&self, approvals: &Approvals) -> Wanted {
        let named = approvals.destroy.iter().filter(|what| is_table(what)).map(|name| (name.clone(), None));
        let mut tables: BTreeMap<_, Option<Table>> = named.collect();
        tables.extend(self.tables.iter().map(|(name, table)| (name.clone(), Some(table.clone()))));
        let leaving: BTreeSet<String> = approvals.destroy.iter().filter_map(|what| destroyed_bucket(what)).map(str::to_owned).collect();
        let mut buckets: BTreeMap<_, Option<Bucket>> = leaving.iter().map(|name| (name.clone(), None)).collect();
        buckets.extend(self.buckets.iter().map(|(name, bucket)| (name.clone(), Some(bucket.clone()))));
        Wanted { tables, buckets, leaving }
    }
}

/// Whether a `--destroy` argument names a whole table (names hold neither `/` nor `:`).
pub(super) fn is_table(what: &str) -> bool {
    !what.contains(['/', ':'])
}
