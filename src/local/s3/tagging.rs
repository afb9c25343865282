//! Tags of buckets and objects.

use super::serve::Bucketeer;
use super::versions;
use s3s::dto::*;
use s3s::{S3Request, S3Result, s3_error};
use std::collections::BTreeSet;

pub(super) fn get_bucket(s3: &Bucketeer, r: S3Request<GetBucketTaggingInput>) -> S3Result<GetBucketTaggingOutput> {
    let tags = s3.objects.with(&r.input.bucket, |b| Ok(b.config.tags.clone()))?;
    if tags.is_empty() {
        return Err(s3_error!(NoSuchTagSet, "The TagSet does not exist"));
    }
    Ok(GetBucketTaggingOutput { tag_set: tags })
}

pub(super) fn put_bucket(s3: &Bucketeer, r: S3Request<PutBucketTaggingInput>) -> S3Result<PutBucketTaggingOutput> {
    let tags = checked(r.input.tagging.tag_set, 50)?;
    s3.objects.configure(&r.input.bucket, |c| {
        c.tags = tags;
        Ok(())
    })?;
    Ok(PutBucketTaggingOutput::default())
}

pub(super) fn delete_bucket(s3: &Bucketeer, r: S3Request<DeleteBucketTaggingInput>) -> S3Result<DeleteBucketTaggingOutput> {
    s3.objects.configure(&r.input.bucket, |c| {
        c.tags.clear();
        Ok(())
    })?;
    Ok(DeleteBucketTaggingOutput::default())
}

pub(super) fn get_object(s3: &Bucketeer, r: S3Request<GetObjectTaggingInput>) -> S3Result<GetObjectTaggingOutput> {
    let object = s3.objects.version(&r.input.bucket, &r.input.key, r.input.version_id.as_deref())?;
    Ok(GetObjectTaggingOutput { tag_set: object.tags.clone(), version_id: versions::told(s3, &r.input.bucket, &object)? })
}

pub(super) fn put_object(s3: &Bucketeer, r: S3Request<PutObjectTaggingInput>) -> S3Result<PutObjectTaggingOutput> {
    let tags = checked(r.input.tagging.tag_set, 10)?;
    let version_id = retag(s3, &r.input.bucket, &r.input.key, r.input.version_id.as_deref(), tags)?;
    Ok(PutObjectTaggingOutput { version_id })
}

pub(super) fn delete_object(s3: &Bucketeer, r: S3Request<DeleteObjectTaggingInput>) -> S3Result<DeleteObjectTaggingOutput> {
    let version_id = retag(s3, &r.input.bucket, &r.input.key, r.input.version_id.as_deref(), Vec::new())?;
    Ok(DeleteObjectTaggingOutput { version_id })
}

/// The version that was tagged, as S3 tells it.
fn retag(s3: &Bucketeer, bucket: &str, key: &str, version: Option<&str>, tags: Vec<Tag>) -> S3Result<Option<String>> {
    let object = s3.objects.retag(bucket, key, version, tags)?;
    versions::told(s3, bucket, &object)
}

/// The `x-amz-tagging` header: a query string.
pub(super) fn from_header(header: Option<&str>) -> S3Result<Vec<Tag>> {
    let pairs = crate::local::form::parse(header.unwrap_or_default().as_bytes());
    checked(pairs.into_iter().map(|(key, value)| Tag { key: Some(key), value: Some(value) }).collect(), 10)
}

fn checked(tags: Vec<Tag>, most: usize) -> S3Result<Vec<Tag>> {
    let keys: BTreeSet<_> = tags.iter().map(|t| t.key.as_deref().unwrap_or_default()).collect();
    if keys.len() != tags.len() || keys.contains("") {
        return Err(s3_error!(InvalidTag, "Cannot provide multiple Tags with the same key, or one without a key"));
    }
    let long = tags
        .iter()
        .any(|t| t.key.as_ref().is_some_and(|k| k.chars().count() > 128) || t.value.as_ref().is_some_and(|v| v.chars().count() > 256));
    if long || tags.len() > most {
        return Err(s3_error!(InvalidTag, "At most {most} tags, keys of at most 128 and values of at most 256 characters"));
    }
    Ok(tags)
}
