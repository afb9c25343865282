//! A bucket's next call: owned first, then every guard, one call each (S3 refuses two changes of a bucket at a time); or, where it is
//! to go, what it holds and then itself.
//!
//! Called by [`super::next_step`]; [`step`] also by [`crate::plan::risk`], which asks whether anything would change.

use super::changed;
use crate::live::LiveBucket;
use crate::plan::step::Step;
use crate::resource::{Bucket, OWNER_TAG};

pub(in crate::plan) fn step(want: &Bucket, live: &LiveBucket, stack: &str) -> Option<Step> {
    let now = &live.bucket;
    let encrypts = live.encrypted && want.kms_key == now.kms_key && !live.no_bucket_key;
    let old = !want.versioning || want.expire_days == live.expire_versions;
    let expires = want.expire_days == now.expire_days && old && live.aborts_multipart;
    let tls = || (!live.tls_only).then_some(Step::DenyPlainHttp);
    tag(want, live, stack)
        // Under the block S3 takes no policy that somebody's statement makes public.
        .or_else(|| tls().filter(|_| live.has_policy))
        .or_else(|| (!live.public_access_blocked).then_some(Step::BlockPublicAccess))
        .or_else(|| (!live.owner_enforced).then_some(Step::EnforceOwner))
        .or_else(|| (!encrypts).then(|| Step::EncryptBucket { kms_key: want.kms_key.clone() }))
        .or_else(|| (!expires).then_some(Step::ExpireObjects { days: want.expire_days, versions: want.versioning }))
        // After the rule: no version comes that nothing lets expire.
        .or_else(|| (want.versioning != now.versioning).then_some(Step::SetVersioning { on: want.versioning }))
        .or_else(tls)
}

/// Uploads first, because one that is finished meanwhile is an object more; then the objects, then the bucket.
pub(super) fn gone_step(live: &LiveBucket) -> Step {
    match &live.contents {
        Some(contents) if contents.uploads > 0 => Step::AbortUploads,
        Some(contents) if contents.versions > 0 => Step::DeleteVersions,
        _ => Step::DeleteBucket,
    }
}

fn tag(want: &Bucket, live: &LiveBucket, stack: &str) -> Option<Step> {
    if changed(&want.tags, &live.bucket.tags).is_empty() && live.owner.as_deref() == Some(stack) {
        return None;
    }
    let mut tags = live.foreign_tags.clone();
    tags.extend(want.tags.clone());
    tags.insert(OWNER_TAG.to_owned(), stack.to_owned());
    Some(Step::TagBucket { tags })
}
