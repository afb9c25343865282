//! The inverse of reading: tables and buckets as a stack file that reads back as exactly them.
//!
//! Rules: what is AWS's default, or the file's, is left out; names are quoted where TOML asks for it; text that could steer a terminal
//! is escaped, so that a foreign tag is inert in the file too. What cannot be said in a stack file is the caller's to keep out:
//! an expiry of 0 days, an empty projection, auto scaling without a target (which reads back with the default one).
//!
//! Key insight: a property test reads every written file back, so this page cannot lag behind the syntax unseen.
//! Called by `command::init`.

mod policy;
mod table;
mod text;

use crate::resource::{Bucket, Table};
use std::collections::BTreeMap;
use text::{block, key, quoted};

/// Days that staged objects live where the file does not say.
pub(super) const EXPIRE_DAYS: u32 = 7;

/// A stack file with these `tables` (by DynamoDB name) and `buckets` (by their name in the stack).
pub fn write(name: &str, account: &str, region: &str, tables: &BTreeMap<String, Table>, buckets: &BTreeMap<String, Bucket>) -> String {
    let head =
        format!("#:schema ./stack.schema.json\nname = {}\naccount = {}\nregion = {}\n", quoted(name), quoted(account), quoted(region));
    let buckets = buckets.iter().map(|(name, one)| bucket(name, one));
    let tables = tables.iter().map(|(name, one)| table::table(name, one));
    std::iter::once(head).chain(buckets).chain(tables).collect::<Vec<_>>().join("\n")
}

fn bucket(name: &str, bucket: &Bucket) -> String {
    let path = format!("bucket.{}", key(name));
    let mut lines = vec![format!("name = {}", quoted(&bucket.name))];
    if bucket.expire_days != EXPIRE_DAYS {
        lines.push(format!("expire_days = {}", bucket.expire_days));
    }
    if bucket.versioning {
        lines.push("versioning = true".to_owned());
    }
    lines.extend(bucket.kms_key.as_ref().map(|key| format!("encryption = {{ key = {} }}", quoted(key))));
    block(&path, lines, &bucket.tags)
}
