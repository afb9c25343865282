//! Copies within this S3: whole objects, and ranges into a multipart upload.

use super::body::{self, Claims, tell_checksums};
use super::multipart::{add_part, find};
use super::object::{allowed, at, encrypted, millis};
use super::objects::{Head, Object};
use super::serve::Bucketeer;
use super::tagging;
use super::versions;
use crate::local::signature::hex;
use s3s::dto::*;
use s3s::{S3Request, S3Result, s3_error};
use std::sync::Arc;

/// The object that a copy reads.
fn source(s3: &Bucketeer, from: &CopySource) -> S3Result<(String, Arc<Object>)> {
    let CopySource::Bucket { bucket, key, version_id } = from else {
        return Err(s3_error!(NotImplemented, "the embedded AWS copies from bucket/key only"));
    };
    if bucket.starts_with("taken-") {
        return Err(s3_error!(AccessDenied, "Access Denied"));
    }
    Ok((bucket.to_string(), s3.objects.version(bucket, key, version_id.as_deref())?))
}

/// CopyObject.
pub(super) async fn object(s3: &Bucketeer, request: S3Request<CopyObjectInput>) -> S3Result<CopyObjectOutput> {
    let input = request.input;
    let encryption = encrypted(s3, &input.bucket, input.server_side_encryption.as_ref())?;
    let (bucket, from) = source(s3, &input.copy_source)?;
    allowed(Some(&from), input.copy_source_if_match.as_ref(), input.copy_source_if_none_match.as_ref())?;
    let replace = input.metadata_directive.as_ref().is_some_and(|d| d.as_str() == MetadataDirective::REPLACE);
    if bucket == input.bucket && from.key == input.key && !replace && input.server_side_encryption.is_none() {
        return Err(s3_error!(
            InvalidRequest,
            "This copy request is illegal because it is trying to copy an object to itself without changing it"
        ));
    }
    let retag = input.tagging_directive.as_ref().is_some_and(|d| d.as_str() == TaggingDirective::REPLACE);
    let tags = if retag { tagging::from_header(input.tagging.as_deref())? } else { from.tags.clone() };
    let algorithm = input.checksum_algorithm.as_ref().map(|a| a.as_str().to_owned()).or_else(|| from.checksums.keys().next().cloned());
    let bytes = body::send(&s3.objects.data_path(&bucket, from.id), 0, from.size).await?;
    let claims = Claims { algorithm, ..Claims::default() };
    let received = body::receive(&s3.objects, &input.bucket, Some(bytes), claims, None).await?;
    let copy = Object {
        key: input.key.clone(),
        id: received.id,
        size: received.size,
        etag: hex(&received.md5),
        modified: millis(),
        head: if replace { head_of(&input) } else { from.head.clone() },
        tags,
        checksums: received.checksums,
        checksum_type: Some("FULL_OBJECT".into()),
        parts: None,
        ..Object::default()
    };
    let mut result = CopyObjectResult {
        e_tag: Some(ETag::Strong(copy.etag.clone())),
        last_modified: Some(at(copy.modified)),
        ..CopyObjectResult::default()
    };
    tell_checksums!(result, copy.checksums);
    let committed = s3.objects.commit(&input.bucket, copy, |_| Ok(()));
    let version_id = committed.inspect_err(|_| s3.objects.discard(&input.bucket, received.id))?;
    Ok(CopyObjectOutput {
        copy_object_result: Some(result),
        server_side_encryption: Some(encryption),
        version_id,
        copy_source_version_id: versions::told(s3, &bucket, &from)?,
        ..CopyObjectOutput::default()
    })
}

fn head_of(input: &CopyObjectInput) -> Head {
    Head {
        content_type: input.content_type.as_ref().map(ToString::to_string),
        content_encoding: input.content_encoding.clone(),
        content_disposition: input.content_disposition.clone(),
        content_language: input.content_language.clone(),
        cache_control: input.cache_control.clone(),
        metadata: input.metadata.clone().unwrap_or_default().into_iter().collect(),
    }
}

/// UploadPartCopy.
pub(super) async fn part(s3: &Bucketeer, request: S3Request<UploadPartCopyInput>) -> S3Result<UploadPartCopyOutput> {
    let input = request.input;
    let (bucket, from) = source(s3, &input.copy_source)?;
    let algorithm = s3.objects.with(&input.bucket, |b| find(b, &input.upload_id, &input.key).map(|u| u.algorithm.clone()))?;
    let (first, length) = match &input.copy_source_range {
        None => (0, from.size),
        Some(text) => {
            let range =
                Range::parse(text).map_err(|e| s3_error!(e, InvalidArgument, "The x-amz-copy-source-range is not bytes=first-last"))?;
            let range = range.check(from.size).map_err(|e| s3_error!(e, InvalidRange))?;
            (range.start, range.end - range.start)
        }
    };
    let bytes = body::send(&s3.objects.data_path(&bucket, from.id), first, length).await?;
    let received = body::receive(&s3.objects, &input.bucket, Some(bytes), Claims { algorithm, ..Claims::default() }, None).await?;
    let part = Object {
        key: input.key,
        id: received.id,
        size: received.size,
        etag: hex(&received.md5),
        modified: millis(),
        checksums: received.checksums,
        ..Object::default()
    };
    let mut result = CopyPartResult {
        e_tag: Some(ETag::Strong(part.etag.clone())),
        last_modified: Some(at(part.modified)),
        ..CopyPartResult::default()
    };
    tell_checksums!(result, part.checksums);
    add_part(s3, &input.bucket, &input.upload_id, input.part_number, part)?;
    Ok(UploadPartCopyOutput { copy_part_result: Some(result), ..UploadPartCopyOutput::default() })
}
