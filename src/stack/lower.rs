//! Syntax to model: every value checked, every finding kept, nothing assumed.
//!
//! Rules: a function that gives up (`None`) has said why, or what it missed was said by the first pass; a part that is wrong does not
//! hide what is wrong elsewhere; a finding names the thing and points at the value that is to blame.
//!
//! Called by `load`.

mod access;
mod capacity;
mod columns;
mod item;
mod key;
mod limits;
mod phase;
mod policy;
mod rows;
mod security;
mod source;
mod table;

pub(super) use columns::reads;
pub(super) use item::word as type_word;
pub use policy::{NoWindow, window_secs};
pub(super) use rows::Lowered;
pub(in crate::stack) use source::url;

use super::attached::Attached;
use super::finding::Findings;
use super::lint::{name, tag};
use super::model::{Stack, TableSpec};
use super::syntax::File;
use super::syntax::setting::Bucket as BucketSyntax;
use super::syntax::span::At;
use crate::resource::Bucket;
use std::collections::BTreeMap;
use std::path::Path;

/// Days that staged objects live, where the file does not say.
const EXPIRE_DAYS: u32 = 7;

/// What a table is read with beside its own text.
struct Around<'a> {
    /// The stack's, where it is one.
    region: Option<&'a str>,
    files: &'a mut Attached,
}

/// The whole file. `directory`: where it stands; `phase`: the overlay that the caller chose; `files`: what it may name.
/// The digest is the caller's to fill in.
pub(super) fn stack(file: &File, directory: &Path, phase: Option<&str>, files: &mut Attached, found: &mut Findings<'_>) -> Option<Stack> {
    let name = named(file.name.as_ref(), name::stack, found);
    let account = named(file.account.as_ref(), name::account, found);
    let region = named(file.region.as_ref(), name::region, found);
    let source = file.source.as_ref().map(|s| source::source(s, directory, found));
    let buckets = buckets(&file.bucket, region.as_deref(), found);
    let mut around = Around { region: region.as_deref(), files };
    let mut tables: BTreeMap<String, TableSpec> =
        file.table.iter().filter_map(|(at, syntax)| Some((at.value.clone(), table::table(at, syntax, &mut around, found)?))).collect();
    phase::apply(file, phase, &mut tables, found);
    if file.table.is_empty() && file.bucket.is_empty() && found.is_empty() {
        found.error_with(&(0..0), "this stack holds nothing", "write at least one table: [table.NAME]");
    }
    let policy = policy::policy(file.validate.as_ref(), found);
    let access = access::patterns(file, &tables, found);
    Some(Stack {
        name: name?,
        account: account?,
        region: region?,
        source: source.flatten(),
        buckets,
        tables,
        policy,
        access,
        digest: String::new(),
    })
}

fn named(at: Option<&At<String>>, rule: fn(&str) -> name::Verdict, found: &mut Findings<'_>) -> Option<String> {
    let at = at?;
    match rule(&at.value) {
        Ok(()) => Some(at.value.clone()),
        Err(reason) => {
            found.error(&at.span, reason);
            None
        }
    }
}

fn buckets(all: &BTreeMap<At<String>, BucketSyntax>, region: Option<&str>, found: &mut Findings<'_>) -> BTreeMap<String, Bucket> {
    let mut buckets: BTreeMap<String, Bucket> = BTreeMap::new();
    for (at, syntax) in all {
        let name = named(syntax.name.as_ref(), name::bucket, found);
        let expire_days = expire_days(syntax.expire_days.as_ref(), found);
        let tags = tag::tags(&syntax.tags, found);
        let kms_key = security::bucket_key(syntax.encryption.as_ref(), region, found);
        let (Some(name), Some(place)) = (name, &syntax.name) else { continue };
        if buckets.values().any(|other| other.name == name) {
            found.error(&place.span, format!("bucket `{name}` stands twice in this stack"));
        }
        buckets.insert(at.value.clone(), Bucket { name, expire_days, tags, versioning: syntax.versioning.unwrap_or(false), kms_key });
    }
    buckets
}

/// S3 takes any positive number of days; ten years is a slip.
fn expire_days(at: Option<&At<u64>>, found: &mut Findings<'_>) -> u32 {
    let Some(at) = at else { return EXPIRE_DAYS };
    match u32::try_from(at.value) {
        Ok(days) if (1..=3650).contains(&days) => days,
        _ => {
            found.error(&at.span, "`expire_days` is 1 to 3650");
            EXPIRE_DAYS
        }
    }
}
