//! Multipart uploads: begun, filled, completed or aborted.

use super::body::{self, Claims, Digests, claimed, tell_checksums};
use super::object::{allowed, encrypted, millis, trailing_algorithm};
use super::objects::{Bucket, Head, Object, Upload, broken};
use super::serve::Bucketeer;
use super::tagging;
use crate::local::signature::hex;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use s3s::crypto::{Checksum as _, Md5};
use s3s::dto::*;
use s3s::{S3Request, S3Result, s3_error};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::sync::Arc;

/// Every part but the last must have this many bytes.
const LEAST: u64 = 5 * 1024 * 1024;

/// The upload `id` of `key`.
pub(super) fn find<'a>(bucket: &'a Bucket, id: &str, key: &str) -> S3Result<&'a Upload> {
    let found = bucket.uploads.get(id).filter(|u| u.key == key);
    found.ok_or_else(|| s3_error!(NoSuchUpload, "The specified upload does not exist. It may have been aborted or completed."))
}

/// CreateMultipartUpload.
pub(super) fn create(s3: &Bucketeer, request: S3Request<CreateMultipartUploadInput>) -> S3Result<CreateMultipartUploadOutput> {
    let input = request.input;
    let encryption = encrypted(s3, &input.bucket, input.server_side_encryption.as_ref())?;
    let algorithm = input.checksum_algorithm.as_ref().map(|a| a.as_str().to_owned());
    let kind = input.checksum_type.as_ref().map(|t| t.as_str().to_owned());
    let kind = kind.or_else(|| algorithm.as_ref().map(|a| if a == "CRC64NVME" { "FULL_OBJECT".into() } else { "COMPOSITE".into() }));
    let upload = Upload {
        key: input.key.clone(),
        started: millis(),
        head: head_of(&input),
        tags: tagging::from_header(input.tagging.as_deref())?,
        algorithm: algorithm.clone(),
        checksum_type: kind.clone(),
        parts: BTreeMap::new(),
    };
    let id = format!("{:016x}{:016x}{:016x}", fastrand::u64(..), fastrand::u64(..), fastrand::u64(..));
    keep(s3, &input.bucket, &id, upload)?;
    Ok(CreateMultipartUploadOutput {
        bucket: Some(input.bucket),
        key: Some(input.key),
        upload_id: Some(id),
        server_side_encryption: Some(encryption),
        checksum_algorithm: algorithm.map(ChecksumAlgorithm::from),
        checksum_type: kind.map(ChecksumType::from),
        ..CreateMultipartUploadOutput::default()
    })
}

fn head_of(input: &CreateMultipartUploadInput) -> Head {
    Head {
        content_type: input.content_type.as_ref().map(ToString::to_string),
        content_encoding: input.content_encoding.clone(),
        content_disposition: input.content_disposition.clone(),
        content_language: input.content_language.clone(),
        cache_control: input.cache_control.clone(),
        metadata: input.metadata.clone().unwrap_or_default().into_iter().collect(),
    }
}

fn keep(s3: &Bucketeer, bucket: &str, id: &str, upload: Upload) -> S3Result<()> {
    let path = s3.objects.upload_path(bucket, id);
    s3.objects.change(bucket, |b| {
        s3.objects.save(&path, &upload)?;
        b.uploads.insert(id.to_owned(), upload);
        Ok(())
    })
}

/// UploadPart.
pub(super) async fn upload(s3: &Bucketeer, request: S3Request<UploadPartInput>) -> S3Result<UploadPartOutput> {
    let (algorithm, trailers) = (trailing_algorithm(&request), request.trailing_headers);
    let mut input = request.input;
    let encryption = encrypted(s3, &input.bucket, None)?;
    let of_upload = s3.objects.with(&input.bucket, |b| find(b, &input.upload_id, &input.key).map(|u| u.algorithm.clone()))?;
    let claims = Claims {
        md5: input.content_md5.take(),
        checksums: claimed!(input),
        algorithm: algorithm.or(of_upload),
        length: input.content_length,
    };
    let received = body::receive(&s3.objects, &input.bucket, input.body.take(), claims, trailers).await?;
    let part = Object {
        key: input.key,
        id: received.id,
        size: received.size,
        etag: hex(&received.md5),
        modified: millis(),
        checksums: received.checksums,
        ..Object::default()
    };
    let mut output = UploadPartOutput {
        e_tag: Some(ETag::Strong(part.etag.clone())),
        server_side_encryption: Some(encryption),
        ..UploadPartOutput::default()
    };
    tell_checksums!(output, part.checksums);
    add_part(s3, &input.bucket, &input.upload_id, input.part_number, part)?;
    Ok(output)
}

/// Puts a part into its upload in place of the one with its number.
pub(super) fn add_part(s3: &Bucketeer, bucket: &str, id: &str, number: i32, part: Object) -> S3Result<()> {
    let (path, file) = (s3.objects.upload_path(bucket, id), part.id);
    let added = s3.objects.change(bucket, |b| {
        if !(1..=10_000).contains(&number) {
            return Err(s3_error!(InvalidArgument, "Part number must be an integer between 1 and 10000, inclusive"));
        }
        let mut next = find(b, id, &part.key)?.clone();
        let before = next.parts.insert(number, part);
        s3.objects.save(&path, &next)?;
        b.uploads.insert(id.to_owned(), next);
        Ok(before)
    });
    if let Some(before) = added.inspect_err(|_| s3.objects.discard(bucket, file))? {
        s3.objects.discard(bucket, before.id);
    }
    Ok(())
}

/// CompleteMultipartUpload.
pub(super) async fn complete(s3: &Bucketeer, request: S3Request<CompleteMultipartUploadInput>) -> S3Result<CompleteMultipartUploadOutput> {
    let input = request.input;
    let encryption = encrypted(s3, &input.bucket, None)?;
    let upload = s3.objects.with(&input.bucket, |b| find(b, &input.upload_id, &input.key).cloned())?;
    let parts = chosen(&upload, input.multipart_upload.and_then(|m| m.parts).unwrap_or_default())?;
    let (objects, bucket) = (Arc::clone(&s3.objects), input.bucket.clone());
    let whole = {
        let (upload, parts) = (upload.clone(), parts.clone());
        tokio::task::spawn_blocking(move || join(&objects, &bucket, &upload, &parts)).await
    };
    let object = whole.map_err(|e| s3_error!(e, InternalError))??;
    let mut output = CompleteMultipartUploadOutput {
        bucket: Some(input.bucket.clone()),
        key: Some(input.key.clone()),
        location: Some(format!("/{}/{}", input.bucket, input.key)),
        e_tag: Some(ETag::Strong(object.etag.clone())),
        checksum_type: object.checksum_type.clone().map(ChecksumType::from),
        server_side_encryption: Some(encryption),
        ..CompleteMultipartUploadOutput::default()
    };
    tell_checksums!(output, object.checksums);
    let (id, matches, none_matches) = (object.id, input.if_match.as_ref(), input.if_none_match.as_ref());
    let committed = s3.objects.commit(&input.bucket, object, |before| allowed(before, matches, none_matches));
    output.version_id = committed.inspect_err(|_| s3.objects.discard(&input.bucket, id))?;
    forget(s3, &input.bucket, &input.upload_id)?;
    Ok(output)
}

/// The parts that the client lists, checked against those that are there.
fn chosen(upload: &Upload, listed: Vec<CompletedPart>) -> S3Result<Vec<Object>> {
    let mut parts: Vec<Object> = Vec::with_capacity(listed.len());
    let mut last = 0;
    for part in &listed {
        let number = part.part_number.unwrap_or(0);
        if number <= last {
            return Err(s3_error!(InvalidPartOrder, "The list of parts was not in ascending order. Parts must be ordered by part number."));
        }
        last = number;
        let there = upload.parts.get(&number).filter(|p| part.e_tag.as_ref().is_some_and(|e| e.value() == p.etag));
        let there = there.ok_or_else(|| s3_error!(InvalidPart, "One or more of the specified parts could not be found: {number}"))?;
        parts.push(there.clone());
    }
    match parts.split_last() {
        None => Err(s3_error!(MalformedXML, "A multipart upload cannot be completed without parts")),
        Some((_, all_but_last)) if all_but_last.iter().any(|p| p.size < LEAST) => {
            Err(s3_error!(EntityTooSmall, "Your proposed upload is smaller than the minimum allowed size"))
        }
        Some(_) => Ok(parts),
    }
}

/// Writes the parts one after another into a file of their own.
fn join(objects: &super::Objects, bucket: &str, upload: &Upload, parts: &[Object]) -> S3Result<Object> {
    let id = objects.fresh_id();
    let full = upload.checksum_type.as_deref() == Some("FULL_OBJECT") || upload.algorithm.is_none();
    let algorithm = upload.algorithm.as_deref().unwrap_or("CRC64NVME");
    let mut digests = Digests::of([algorithm]);
    let size = concatenate(objects, bucket, id, parts, |chunk| digests.update(chunk))
        .inspect_err(|_| objects.discard(bucket, id))
        .map_err(broken)?;
    let checksums = if full { digests.finish().1 } else { composite(algorithm, parts) };
    let mut md5 = Md5::new();
    parts.iter().filter_map(|p| unhex(&p.etag)).for_each(|m| md5.update(&m));
    Ok(Object {
        key: upload.key.clone(),
        id,
        size,
        etag: format!("{}-{}", hex(md5.finalize().as_ref()), parts.len()),
        modified: millis(),
        head: upload.head.clone(),
        tags: upload.tags.clone(),
        checksums,
        checksum_type: Some(if full { "FULL_OBJECT".into() } else { "COMPOSITE".into() }),
        parts: i32::try_from(parts.len()).ok(),
        ..Object::default()
    })
}

fn concatenate(objects: &super::Objects, bucket: &str, id: u64, parts: &[Object], mut see: impl FnMut(&[u8])) -> io::Result<u64> {
    let mut out = File::create(objects.data_path(bucket, id))?;
    let mut chunk = vec![0; 256 * 1024];
    let mut size = 0;
    for part in parts {
        let mut file = File::open(objects.data_path(bucket, part.id))?;
        loop {
            let read = file.read(&mut chunk)?;
            if read == 0 {
                break;
            }
            see(&chunk[..read]);
            out.write_all(&chunk[..read])?;
            size += read as u64;
        }
    }
    if objects.keeps() {
        out.sync_data()?;
    }
    Ok(size)
}

/// The checksum of the parts' checksums, with their number behind it.
fn composite(algorithm: &str, parts: &[Object]) -> BTreeMap<String, String> {
    let mut digests = Digests::of([algorithm]);
    let sums = parts.iter().filter_map(|p| BASE64.decode(p.checksums.get(algorithm)?).ok());
    sums.for_each(|sum| digests.update(&sum));
    digests.finish().1.into_iter().map(|(name, sum)| (name, format!("{sum}-{}", parts.len()))).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(text.get(i..i + 2)?, 16).ok()).collect()
}

/// AbortMultipartUpload.
pub(super) fn abort(s3: &Bucketeer, request: S3Request<AbortMultipartUploadInput>) -> S3Result<AbortMultipartUploadOutput> {
    let input = request.input;
    s3.objects.with(&input.bucket, |b| find(b, &input.upload_id, &input.key).map(|_| ()))?;
    forget(s3, &input.bucket, &input.upload_id)?;
    Ok(AbortMultipartUploadOutput::default())
}

fn forget(s3: &Bucketeer, bucket: &str, id: &str) -> S3Result<()> {
    let gone = s3.objects.change(bucket, |b| Ok(b.uploads.remove(id)))?;
    // A file that stays behind is swept at the next start.
    let _ = fs::remove_file(s3.objects.upload_path(bucket, id));
    gone.iter().flat_map(|u| u.parts.values()).for_each(|p| s3.objects.discard(bucket, p.id));
    Ok(())
}
