//! What landfall will not do to a bucket by itself: one of the file, and one that is to go.
//!
//! Rule: what S3 would delete, leave unversioned or take from a customer's key needs the bucket's name on the command line.
//! Called by [`super::refusals`]; what of it is destructive, by [`super::destructive`].

use super::{Reason, held, not_ours, owned_by, tool, unless_named};
use crate::live::LiveBucket;
use crate::plan::order::{Wish, bucket};
use crate::plan::words;
use crate::resource::{Bucket, destroyed_bucket};
use crate::safe;

pub(super) fn stays(wish: &Wish<'_>, want: &Bucket, live: &LiveBucket) -> Vec<Reason> {
    let ours = not_ours(wish, live.owner.as_deref(), live.fresh);
    let held = held(wish, live.holder.as_ref(), bucket::step(want, live, wish.stack).is_none());
    ours.into_iter()
        .chain(held)
        .chain(expiry(wish, want, live))
        .chain(expiry_of_versions(wish, want, live))
        .chain(bucket_key(wish, want, live))
        .chain(versioning(wish, want, live))
        .chain(public(live))
        .collect()
}

fn bucket_key(wish: &Wish<'_>, want: &Bucket, live: &LiveBucket) -> Option<Reason> {
    let now = live.bucket.kms_key.as_deref();
    let reason = || format!("its new objects would leave {} for {}", words::bucket_key(now), words::bucket_key(None));
    let otherwise =
        "who may read them would no longer be the key policy's to say: keep the bucket's `encryption` in the file as it is live";
    leaves_bucket_key(live, want.kms_key.as_deref()).then(|| unless_named(wish, "encryption", reason, otherwise)).flatten()
}

fn versioning(wish: &Wish<'_>, want: &Bucket, live: &LiveBucket) -> Option<Reason> {
    let reason = || "its versioning would be suspended: what is overwritten or deleted from then on is lost".to_owned();
    let stops = live.bucket.versioning && !want.versioning;
    stops.then(|| unless_named(wish, "versioning", reason, "keep `versioning` in the file as it is live")).flatten()
}

/// S3 would refuse landfall's statement beside it.
fn public(live: &LiveBucket) -> Option<Reason> {
    let statement = live.public_statement.as_ref().filter(|_| live.refuses_public && !live.tls_only)?;
    let reason = format!("its policy lets everybody in (statement {statement}), and under its public access block S3 takes no such policy");
    Some((reason, "take that statement out of the policy, or narrow it by a condition: landfall keeps what it did not write".into()))
}

pub(super) fn leaves_bucket_key(live: &LiveBucket, to: Option<&str>) -> bool {
    live.bucket.kms_key.is_some() && to.is_none()
}

fn expiry(wish: &Wish<'_>, want: &Bucket, live: &LiveBucket) -> Option<Reason> {
    let (now, otherwise) = match live.bucket.expire_days {
        0 => ("not at all".to_owned(), "give the stack a bucket of its own"),
        days => (format!("after {}", words::days(days)), "keep `expire_days` in the file as it is live"),
    };
    let wanted = words::days(want.expire_days);
    let aborts = if live.aborts_multipart { "" } else { ", and aborts unfinished uploads" };
    let deletes = format!("S3 deletes those that are older, within days{aborts}");
    let reason = || format!("its objects would expire after {wanted}, and now do so {now}: {deletes}");
    objects_sooner(live, want.expire_days).then(|| unless_named(wish, "expire", reason, otherwise)).flatten()
}

fn expiry_of_versions(wish: &Wish<'_>, want: &Bucket, live: &LiveBucket) -> Option<Reason> {
    let now = if live.expire_versions == 0 { "not at all".to_owned() } else { format!("after {}", words::days(live.expire_versions)) };
    let wanted = words::days(want.expire_days);
    let deletes = "S3 deletes those that are older, within days";
    let reason = || format!("its old versions would expire after {wanted}, and now do so {now}: {deletes}");
    let sooner = want.versioning && versions_sooner(live, want.expire_days);
    sooner.then(|| unless_named(wish, "expire", reason, "give the stack a bucket of its own")).flatten()
}

/// A rule is about the objects and old versions that are there already, too.
pub(super) fn expires_sooner(live: &LiveBucket, days: u32, versions: bool) -> bool {
    objects_sooner(live, days) || versions && versions_sooner(live, days)
}

fn objects_sooner(live: &LiveBucket, days: u32) -> bool {
    !live.empty && sooner(live.bucket.expire_days, days)
}

/// Where none was ever kept, none is there.
fn versions_sooner(live: &LiveBucket, days: u32) -> bool {
    live.versions && !live.empty && sooner(live.expire_versions, days)
}

fn sooner(now: u32, days: u32) -> bool {
    days > 0 && (now == 0 || days < now)
}

/// Nothing but this stack's own tag makes a bucket one to delete: what was only adopted on the command line was never this stack's.
pub(super) fn goes(wish: &Wish<'_>, live: &LiveBucket, with_data: bool) -> Vec<Reason> {
    let shown = safe::text(wish.target.name());
    let named = wish.approvals.destroy.iter().any(|what| destroyed_bucket(what) == Some(wish.target.name()));
    let unnamed = (!named).then(|| ("it would be deleted".into(), format!("--destroy s3://{shown} allows it")));
    let foreign = (live.owner.as_deref() != Some(wish.stack)).then(|| {
        let whose = owned_by(live.owner.as_deref());
        (format!("it has {whose}"), "landfall deletes only what this stack's applies have tagged: delete it by hand".into())
    });
    let held = live.holder.as_ref().map(|holder| {
        (format!("it is held by {}", words::holder(holder)), format!("take it out of {}'s configuration first", tool(holder)))
    });
    let contents = live.contents.as_ref();
    let imports = contents.map(|c| c.imports.as_slice()).filter(|imports| !imports.is_empty()).map(|imports| {
        let tables = imports.iter().map(|table| safe::text(table)).collect::<Vec<_>>().join(", ");
        (format!("AWS still imports from it: {tables}"), "wait until the import is over, and plan again".into())
    });
    let full = contents.filter(|c| !with_data && !c.is_empty()).map(|c| {
        let recipe = "empty it, or add --with-data to delete it with everything in it";
        (format!("it is not empty: {}", words::contents(c)), recipe.into())
    });
    unnamed.into_iter().chain(foreign).chain(held).chain(imports).chain(full).collect()
}
