//! Objects: put, get, head, delete.

use super::body::{self, Claims, claimed, tell_checksums};
use super::objects::{Head, Object};
use super::serve::Bucketeer;
use super::tagging;
use super::versions;
use crate::local::moment;
use crate::local::signature::hex;
use s3s::dto::*;
use s3s::{S3Request, S3Result, s3_error};
use std::time::{Duration, UNIX_EPOCH};

/// PutObject.
pub(super) async fn put(s3: &Bucketeer, request: S3Request<PutObjectInput>) -> S3Result<PutObjectOutput> {
    let (algorithm, trailers) = (trailing_algorithm(&request), request.trailing_headers);
    let mut input = request.input;
    let encryption = encrypted(s3, &input.bucket, input.server_side_encryption.as_ref())?;
    let tags = tagging::from_header(input.tagging.as_deref())?;
    let claims = Claims {
        md5: input.content_md5.take(),
        checksums: claimed!(input),
        algorithm: algorithm.or_else(|| input.checksum_algorithm.as_ref().map(|a| a.as_str().to_owned())),
        length: input.content_length,
    };
    let received = body::receive(&s3.objects, &input.bucket, input.body.take(), claims, trailers).await?;
    let etag = hex(&received.md5);
    let object = Object {
        key: input.key.clone(),
        id: received.id,
        size: received.size,
        etag: etag.clone(),
        modified: millis(),
        head: head_of(&input),
        tags,
        checksums: received.checksums.clone(),
        checksum_type: Some("FULL_OBJECT".into()),
        parts: None,
        ..Object::default()
    };
    let (matches, none_matches) = (input.if_match.as_ref(), input.if_none_match.as_ref());
    let version = s3
        .objects
        .commit(&input.bucket, object, |before| allowed(before, matches, none_matches))
        .inspect_err(|_| s3.objects.discard(&input.bucket, received.id))?;
    let mut output = PutObjectOutput {
        e_tag: Some(ETag::Strong(etag)),
        server_side_encryption: Some(encryption),
        checksum_type: Some(ChecksumType::from_static(ChecksumType::FULL_OBJECT)),
        version_id: version,
        ..PutObjectOutput::default()
    };
    tell_checksums!(output, received.checksums);
    Ok(output)
}

/// The algorithm of a checksum that comes after the body: `x-amz-trailer: x-amz-checksum-crc32`.
pub(super) fn trailing_algorithm<T>(request: &S3Request<T>) -> Option<String> {
    let trailer = request.headers.get("x-amz-trailer")?.to_str().ok()?;
    trailer.trim().strip_prefix("x-amz-checksum-").map(str::to_uppercase)
}

/// What encrypts an object of this bucket; also tells that the bucket is there.
pub(super) fn encrypted(s3: &Bucketeer, bucket: &str, asked: Option<&ServerSideEncryption>) -> S3Result<ServerSideEncryption> {
    let aes = || ServerSideEncryption::from_static(ServerSideEncryption::AES256);
    let default = s3.objects.with(bucket, |b| {
        let rule =
            b.config.encryption.as_ref().and_then(|e| e.rules.first()).and_then(|r| r.apply_server_side_encryption_by_default.as_ref());
        Ok(rule.map_or_else(aes, |d| d.sse_algorithm.clone()))
    })?;
    Ok(asked.cloned().unwrap_or(default))
}

fn head_of(input: &PutObjectInput) -> Head {
    Head {
        content_type: input.content_type.as_ref().map(ToString::to_string),
        content_encoding: input.content_encoding.clone().filter(|e| e != "aws-chunked"),
        content_disposition: input.content_disposition.clone(),
        content_language: input.content_language.clone(),
        cache_control: input.cache_control.clone(),
        metadata: input.metadata.clone().unwrap_or_default().into_iter().collect(),
    }
}

/// `If-Match` and `If-None-Match` of a write.
pub(super) fn allowed(before: Option<&Object>, matches: Option<&ETagCondition>, none_matches: Option<&ETagCondition>) -> S3Result<()> {
    let failed = || s3_error!(PreconditionFailed, "At least one of the pre-conditions you specified did not hold");
    if before.is_some_and(|o| none_matches.is_some_and(|c| holds(c, o))) {
        return Err(failed());
    }
    match (matches, before) {
        (Some(_), None) => Err(s3_error!(NoSuchKey, "The specified key does not exist.")),
        (Some(condition), Some(object)) if !holds(condition, object) => Err(failed()),
        _ => Ok(()),
    }
}

fn holds(condition: &ETagCondition, object: &Object) -> bool {
    condition.is_any() || condition.as_etag().is_some_and(|e| e.value() == object.etag)
}

/// GetObject.
pub(super) async fn get(s3: &Bucketeer, request: S3Request<GetObjectInput>) -> S3Result<GetObjectOutput> {
    let input = request.input;
    let object = s3.objects.version(&input.bucket, &input.key, input.version_id.as_deref())?;
    readable(&object, input.if_match.as_ref(), input.if_none_match.as_ref())?;
    let (first, length) = range(input.range, object.size)?;
    let body = body::send(&s3.objects.data_path(&input.bucket, object.id), first, length).await?;
    let mut output = GetObjectOutput {
        accept_ranges: Some("bytes".into()),
        body: Some(body),
        content_length: Some(signed(length)),
        content_range: input.range.map(|_| format!("bytes {first}-{}/{}", (first + length).saturating_sub(1), object.size)),
        content_type: object.head.content_type.as_deref().or(Some("binary/octet-stream")).and_then(|t| t.parse().ok()),
        content_encoding: object.head.content_encoding.clone(),
        content_disposition: object.head.content_disposition.clone(),
        content_language: object.head.content_language.clone(),
        cache_control: object.head.cache_control.clone(),
        e_tag: Some(ETag::Strong(object.etag.clone())),
        last_modified: Some(at(object.modified)),
        metadata: Some(object.head.metadata.clone().into_iter().collect()),
        server_side_encryption: Some(encrypted(s3, &input.bucket, None)?),
        tag_count: Some(object.tags.len()).filter(|n| *n > 0).and_then(|n| i32::try_from(n).ok()),
        version_id: versions::told(s3, &input.bucket, &object)?,
        ..GetObjectOutput::default()
    };
    if input.checksum_mode.is_some() && input.range.is_none() {
        tell_checksums!(output, object.checksums);
        output.checksum_type = object.checksum_type.clone().map(ChecksumType::from);
    }
    Ok(output)
}

/// HeadObject.
pub(super) fn head(s3: &Bucketeer, request: S3Request<HeadObjectInput>) -> S3Result<HeadObjectOutput> {
    let input = request.input;
    let object = s3.objects.version(&input.bucket, &input.key, input.version_id.as_deref())?;
    readable(&object, input.if_match.as_ref(), input.if_none_match.as_ref())?;
    let (first, length) = range(input.range, object.size)?;
    let mut output = HeadObjectOutput {
        accept_ranges: Some("bytes".into()),
        content_length: Some(signed(length)),
        content_range: input.range.map(|_| format!("bytes {first}-{}/{}", (first + length).saturating_sub(1), object.size)),
        content_type: object.head.content_type.as_deref().or(Some("binary/octet-stream")).and_then(|t| t.parse().ok()),
        content_encoding: object.head.content_encoding.clone(),
        content_disposition: object.head.content_disposition.clone(),
        content_language: object.head.content_language.clone(),
        cache_control: object.head.cache_control.clone(),
        e_tag: Some(ETag::Strong(object.etag.clone())),
        last_modified: Some(at(object.modified)),
        metadata: Some(object.head.metadata.clone().into_iter().collect()),
        server_side_encryption: Some(encrypted(s3, &input.bucket, None)?),
        parts_count: object.parts.filter(|_| input.part_number.is_some()),
        version_id: versions::told(s3, &input.bucket, &object)?,
        ..HeadObjectOutput::default()
    };
    if input.checksum_mode.is_some() {
        tell_checksums!(output, object.checksums);
        output.checksum_type = object.checksum_type.clone().map(ChecksumType::from);
    }
    Ok(output)
}

/// `If-Match` and `If-None-Match` of a read.
fn readable(object: &Object, matches: Option<&ETagCondition>, none_matches: Option<&ETagCondition>) -> S3Result<()> {
    if matches.is_some_and(|c| !holds(c, object)) {
        return Err(s3_error!(PreconditionFailed, "At least one of the pre-conditions you specified did not hold"));
    }
    if none_matches.is_some_and(|c| holds(c, object)) {
        return Err(s3_error!(NotModified, "Not Modified"));
    }
    Ok(())
}

fn range(asked: Option<Range>, size: u64) -> S3Result<(u64, u64)> {
    let Some(asked) = asked else { return Ok((0, size)) };
    let range = asked.check(size).map_err(|e| s3_error!(e, InvalidRange, "The requested range is not satisfiable"))?;
    Ok((range.start, range.end - range.start))
}

/// DeleteObject.
pub(super) fn delete(s3: &Bucketeer, request: S3Request<DeleteObjectInput>) -> S3Result<DeleteObjectOutput> {
    let input = request.input;
    let gone = s3.objects.remove(&input.bucket, &input.key, input.version_id.as_deref())?;
    let version_id = gone.as_deref().map_or(Ok(None), |object| versions::told(s3, &input.bucket, object))?;
    Ok(DeleteObjectOutput { delete_marker: gone.filter(|o| o.marker).map(|_| true), version_id, ..DeleteObjectOutput::default() })
}

/// DeleteObjects.
pub(super) fn delete_many(s3: &Bucketeer, request: S3Request<DeleteObjectsInput>) -> S3Result<DeleteObjectsOutput> {
    let input = request.input;
    if input.delete.objects.is_empty() || input.delete.objects.len() > 1_000 {
        return Err(s3_error!(MalformedXML, "One to 1,000 objects can be deleted at once"));
    }
    let mut deleted = Vec::new();
    for object in input.delete.objects {
        let gone = s3.objects.remove(&input.bucket, &object.key, object.version_id.as_deref())?;
        let marker = gone.as_deref().filter(|o| o.marker);
        deleted.push(DeletedObject {
            delete_marker: marker.map(|_| true),
            delete_marker_version_id: marker.and_then(|o| o.version.clone()),
            key: Some(object.key),
            version_id: object.version_id,
        });
    }
    let told = Some(deleted).filter(|_| input.delete.quiet != Some(true));
    Ok(DeleteObjectsOutput { deleted: told, ..DeleteObjectsOutput::default() })
}

/// Milliseconds since 1970, now.
pub(super) fn millis() -> i64 {
    #[allow(clippy::cast_possible_truncation, reason = "whole milliseconds of this era")]
    let now = (moment::now() * 1000.0) as i64;
    now
}

/// Milliseconds since 1970 as S3 writes times.
pub(super) fn at(millis: i64) -> Timestamp {
    (UNIX_EPOCH + Duration::from_millis(u64::try_from(millis).unwrap_or(0))).into()
}

pub(super) fn signed(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}
