//! Lists: objects (both versions of the call), multipart uploads, parts.

use super::body::tell_checksums;
use super::object::{at, signed};
use super::objects::Object as Kept;
use super::serve::Bucketeer;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use s3s::dto::*;
use s3s::{S3Request, S3Result, s3_error};
use std::fmt::Write;

/// What a list of keys asks for.
struct Ask<'a> {
    bucket: &'a str,
    prefix: &'a str,
    delimiter: Option<&'a str>,
    /// Keys up to and including this one are skipped, and whole prefixes too.
    after: &'a str,
    most: usize,
    url: bool,
}

#[derive(Default)]
struct Page {
    contents: Vec<Object>,
    prefixes: Vec<CommonPrefix>,
    /// The last key or prefix, when there is more.
    more_after: Option<String>,
}

fn page(s3: &Bucketeer, ask: &Ask<'_>) -> S3Result<Page> {
    s3.objects.with(ask.bucket, |bucket| {
        let mut page = Page::default();
        let mut last = None::<String>;
        for (key, object) in bucket.objects.range(ask.prefix.to_owned()..).take_while(|(key, _)| key.starts_with(ask.prefix)) {
            let common = common(key, ask);
            let entry = common.unwrap_or(key);
            if entry <= ask.after || last.as_deref() == Some(entry) || (common.is_some() && ask.after.starts_with(entry)) {
                continue;
            }
            if page.contents.len() + page.prefixes.len() >= ask.most {
                page.more_after = last.filter(|_| ask.most > 0);
                return Ok(page);
            }
            match common {
                Some(prefix) => page.prefixes.push(CommonPrefix { prefix: Some(encoded(prefix, ask.url)) }),
                None => page.contents.push(told(object, ask.url)),
            }
            last = Some(entry.to_owned());
        }
        Ok(page)
    })
}

/// The part of `key` up to the delimiter after the prefix.
fn common<'a>(key: &'a str, ask: &Ask<'_>) -> Option<&'a str> {
    let delimiter = ask.delimiter.filter(|d| !d.is_empty())?;
    let at = key[ask.prefix.len()..].find(delimiter)?;
    Some(&key[..ask.prefix.len() + at + delimiter.len()])
}

fn told(object: &Kept, url: bool) -> Object {
    let algorithms = object.checksums.keys().map(|a| ChecksumAlgorithm::from(a.clone())).collect();
    Object {
        key: Some(encoded(&object.key, url)),
        size: Some(signed(object.size)),
        e_tag: Some(ETag::Strong(object.etag.clone())),
        last_modified: Some(at(object.modified)),
        storage_class: Some(ObjectStorageClass::from_static(ObjectStorageClass::STANDARD)),
        checksum_algorithm: Some(algorithms),
        checksum_type: object.checksum_type.clone().map(ChecksumType::from),
        ..Object::default()
    }
}

/// `EncodingType=url`, which most SDKs ask for so that any key survives XML.
pub(super) fn encoded(text: &str, url: bool) -> String {
    if !url {
        return text.to_owned();
    }
    text.bytes().fold(String::with_capacity(text.len()), |mut out, b| {
        if b.is_ascii_alphanumeric() || b"-._/*".contains(&b) {
            out.push(char::from(b));
        } else {
            let _ = write!(out, "%{b:02X}");
        }
        out
    })
}

pub(super) fn limit(asked: Option<i32>) -> S3Result<(usize, i32)> {
    let most = asked.unwrap_or(1_000).min(1_000);
    let size = usize::try_from(most).map_err(|e| s3_error!(e, InvalidArgument, "max-keys must not be negative"))?;
    Ok((size, most))
}

/// ListObjectsV2.
pub(super) fn objects_v2(s3: &Bucketeer, request: S3Request<ListObjectsV2Input>) -> S3Result<ListObjectsV2Output> {
    let input = request.input;
    let (most, max_keys) = limit(input.max_keys)?;
    let token = input.continuation_token.as_deref().map(after_token).transpose()?;
    let url = input.encoding_type.as_ref().is_some_and(|e| e.as_str() == "url");
    let ask = Ask {
        bucket: &input.bucket,
        prefix: input.prefix.as_deref().unwrap_or_default(),
        delimiter: input.delimiter.as_deref(),
        after: token.as_deref().or(input.start_after.as_deref()).unwrap_or_default(),
        most,
        url,
    };
    let page = page(s3, &ask)?;
    Ok(ListObjectsV2Output {
        key_count: i32::try_from(page.contents.len() + page.prefixes.len()).ok(),
        is_truncated: Some(page.more_after.is_some()),
        next_continuation_token: page.more_after.map(|key| BASE64.encode(key)),
        contents: Some(page.contents),
        common_prefixes: Some(page.prefixes),
        name: Some(input.bucket.clone()),
        prefix: Some(encoded(ask.prefix, url)),
        delimiter: input.delimiter.as_deref().map(|d| encoded(d, url)),
        start_after: input.start_after.as_deref().map(|d| encoded(d, url)),
        max_keys: Some(max_keys),
        continuation_token: input.continuation_token,
        encoding_type: input.encoding_type,
        ..ListObjectsV2Output::default()
    })
}

fn after_token(token: &str) -> S3Result<String> {
    let bytes = BASE64.decode(token).ok().and_then(|b| String::from_utf8(b).ok());
    bytes.ok_or_else(|| s3_error!(InvalidArgument, "The continuation token provided is incorrect"))
}

/// ListObjects.
pub(super) fn objects(s3: &Bucketeer, request: S3Request<ListObjectsInput>) -> S3Result<ListObjectsOutput> {
    let input = request.input;
    let (most, max_keys) = limit(input.max_keys)?;
    let url = input.encoding_type.as_ref().is_some_and(|e| e.as_str() == "url");
    let ask = Ask {
        bucket: &input.bucket,
        prefix: input.prefix.as_deref().unwrap_or_default(),
        delimiter: input.delimiter.as_deref(),
        after: input.marker.as_deref().unwrap_or_default(),
        most,
        url,
    };
    let page = page(s3, &ask)?;
    Ok(ListObjectsOutput {
        is_truncated: Some(page.more_after.is_some()),
        // Only a list with a delimiter says where it goes on; else it is the last key.
        next_marker: page.more_after.filter(|_| input.delimiter.is_some()).map(|k| encoded(&k, url)),
        contents: Some(page.contents),
        common_prefixes: Some(page.prefixes),
        name: Some(input.bucket.clone()),
        prefix: Some(encoded(ask.prefix, url)),
        marker: Some(encoded(ask.after, url)),
        delimiter: input.delimiter.as_deref().map(|d| encoded(d, url)),
        max_keys: Some(max_keys),
        encoding_type: input.encoding_type,
        ..ListObjectsOutput::default()
    })
}

/// ListMultipartUploads: by key, then by start.
pub(super) fn uploads(s3: &Bucketeer, request: S3Request<ListMultipartUploadsInput>) -> S3Result<ListMultipartUploadsOutput> {
    let input = request.input;
    if input.delimiter.is_some() {
        return Err(s3_error!(NotImplemented, "the embedded AWS lists multipart uploads without a delimiter only"));
    }
    let (most, max_uploads) = limit(input.max_uploads)?;
    let prefix = input.prefix.clone().unwrap_or_default();
    let after = (input.key_marker.clone().unwrap_or_default(), input.upload_id_marker.clone());
    let url = input.encoding_type.as_ref().is_some_and(|e| e.as_str() == "url");
    let mut found: Vec<(String, String, i64)> = s3.objects.with(&input.bucket, |b| {
        Ok(b.uploads.iter().filter(|(_, u)| u.key.starts_with(&prefix)).map(|(id, u)| (u.key.clone(), id.clone(), u.started)).collect())
    })?;
    found.sort();
    found.retain(|(key, id, _)| *key > after.0 || (*key == after.0 && after.1.as_ref().is_some_and(|a| id > a)));
    let more = found.len() > most;
    found.truncate(most);
    let next = found.last().filter(|_| more).cloned();
    let uploads = found.into_iter().map(|(key, id, started)| MultipartUpload {
        key: Some(encoded(&key, url)),
        upload_id: Some(id),
        initiated: Some(at(started)),
        owner: Some(s3.owner()),
        storage_class: Some(StorageClass::from_static(StorageClass::STANDARD)),
        ..MultipartUpload::default()
    });
    Ok(ListMultipartUploadsOutput {
        uploads: Some(uploads.collect()),
        is_truncated: Some(more),
        next_key_marker: next.as_ref().map(|(key, ..)| encoded(key, url)),
        next_upload_id_marker: next.map(|(_, id, _)| id),
        bucket: Some(input.bucket),
        prefix: input.prefix.map(|p| encoded(&p, url)),
        key_marker: Some(encoded(&after.0, url)),
        max_uploads: Some(max_uploads),
        encoding_type: input.encoding_type,
        ..ListMultipartUploadsOutput::default()
    })
}

/// ListParts.
pub(super) fn parts(s3: &Bucketeer, request: S3Request<ListPartsInput>) -> S3Result<ListPartsOutput> {
    let input = request.input;
    let (most, max_parts) = limit(input.max_parts)?;
    let after = input.part_number_marker.unwrap_or(0);
    let upload = s3.objects.with(&input.bucket, |b| super::multipart::find(b, &input.upload_id, &input.key).cloned())?;
    let mut left = upload.parts.range(after.saturating_add(1)..);
    let parts: Vec<Part> = left.by_ref().take(most).map(|(number, part)| told_part(*number, part)).collect();
    let more = left.next().is_some();
    Ok(ListPartsOutput {
        next_part_number_marker: parts.last().and_then(|p| p.part_number).filter(|_| more),
        parts: Some(parts),
        is_truncated: Some(more),
        bucket: Some(input.bucket),
        key: Some(input.key),
        upload_id: Some(input.upload_id),
        max_parts: Some(max_parts),
        part_number_marker: Some(after),
        owner: Some(s3.owner()),
        storage_class: Some(StorageClass::from_static(StorageClass::STANDARD)),
        checksum_algorithm: upload.algorithm.map(ChecksumAlgorithm::from),
        checksum_type: upload.checksum_type.map(ChecksumType::from),
        ..ListPartsOutput::default()
    })
}

fn told_part(number: i32, part: &Kept) -> Part {
    let mut told = Part {
        part_number: Some(number),
        size: Some(signed(part.size)),
        e_tag: Some(ETag::Strong(part.etag.clone())),
        last_modified: Some(at(part.modified)),
        ..Part::default()
    };
    tell_checksums!(told, part.checksums);
    told
}
