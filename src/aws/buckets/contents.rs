//! What a bucket holds: versions, delete markers, unfinished uploads, and imports that read from it; listed a page at a time, and deleted.
//!
//! Rules: `ExpectedBucketOwner` goes with every call. Keys come url-encoded where S3 says so, because XML cannot carry every key: one
//! with a carriage return would be read as another key, and never be deleted.

use super::call;
use crate::aws::error::from_sdk;
use crate::aws::objects::ours;
use crate::aws::tables::wire::built;
use crate::aws::{Aws, Error};
use crate::live::Contents;
use aws_sdk_dynamodb::operation::list_imports::ListImportsOutput;
use aws_sdk_dynamodb::types::ImportStatus;
use aws_sdk_s3::types::{EncodingType, ObjectIdentifier};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

/// One page of a listing, and where the next begins: a key and what tells entries of one key apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    pub found: Vec<T>,
    pub next: Option<(String, Option<String>)>,
}

/// A version of an object, or a delete marker. `id` is `null` where the bucket was never versioned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    pub key: String,
    pub id: String,
}

/// An upload that was begun and neither finished nor aborted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    pub key: String,
    pub id: String,
}

type From = Option<(String, Option<String>)>;

impl Aws {
    /// How much there is, up to one page of each.
    pub async fn bucket_contents(&self, bucket: &str) -> Result<Contents, Error> {
        let (versions, uploads, imports) =
            tokio::try_join!(self.versions(bucket, None), self.uploads(bucket, None), self.imports_from(bucket))?;
        // A page that goes on is full, however many entries S3 chose to show.
        let count = |found: usize, more: bool| if more { Contents::MOST } else { found as u64 };
        Ok(Contents {
            versions: count(versions.found.len(), versions.next.is_some()),
            uploads: count(uploads.found.len(), uploads.next.is_some()),
            imports,
        })
    }

    /// `ListObjectVersions`, a page of at most 1000: versions and delete markers.
    pub async fn versions(&self, bucket: &str, from: From) -> Result<Page<Version>, Error> {
        let (key, id) = from.unzip();
        let request = self.s3.list_object_versions().bucket(bucket).expected_bucket_owner(&self.identity.account);
        let request = request.encoding_type(EncodingType::Url).set_key_marker(key).set_version_id_marker(id.flatten());
        let answer = request.send().await.map_err(|e| from_sdk(call("ListObjectVersions", bucket), &e))?;
        let url = answer.encoding_type() == Some(&EncodingType::Url);
        let versions = answer.versions().iter().map(|v| (v.key(), v.version_id()));
        let markers = answer.delete_markers().iter().map(|m| (m.key(), m.version_id()));
        let found = versions.chain(markers).filter_map(|(key, id)| {
            Some(Version { key: plain(key?, url), id: id.filter(|id| !id.is_empty()).unwrap_or("null").to_owned() })
        });
        let found = found.collect();
        let next = answer.next_key_marker().map(|key| (plain(key, url), answer.next_version_id_marker().map(str::to_owned)));
        Ok(Page { found, next: going_on(answer.is_truncated(), next, || call("ListObjectVersions", bucket))? })
    }

    /// `ListMultipartUploads`, a page of at most 1000.
    pub async fn uploads(&self, bucket: &str, from: From) -> Result<Page<Upload>, Error> {
        let (key, id) = from.unzip();
        let request = self.s3.list_multipart_uploads().bucket(bucket).expected_bucket_owner(&self.identity.account);
        let request = request.encoding_type(EncodingType::Url).set_key_marker(key).set_upload_id_marker(id.flatten());
        let answer = request.send().await.map_err(|e| from_sdk(call("ListMultipartUploads", bucket), &e))?;
        let url = answer.encoding_type() == Some(&EncodingType::Url);
        let found = answer.uploads().iter().filter_map(|u| Some(Upload { key: plain(u.key()?, url), id: u.upload_id()?.to_owned() }));
        let found = found.collect();
        let next = answer.next_key_marker().map(|key| (plain(key, url), answer.next_upload_id_marker().map(str::to_owned)));
        Ok(Page { found, next: going_on(answer.is_truncated(), next, || call("ListMultipartUploads", bucket))? })
    }

    /// Tables that AWS still imports from the bucket.
    async fn imports_from(&self, bucket: &str) -> Result<Vec<String>, Error> {
        let mut tables = Vec::new();
        let mut token = None;
        loop {
            let Some(page) = self.imports_page(bucket, token).await? else { return Ok(tables) };
            let running = page.import_summary_list().iter().filter(|s| s.import_status() == Some(&ImportStatus::InProgress));
            let from = running.filter(|s| s.s3_bucket_source().is_some_and(|source| source.s3_bucket() == bucket));
            // One without a table's name is one all the same.
            tables.extend(
                from.map(|s| s.table_arn().or(s.import_arn()).unwrap_or("?")).map(|arn| arn.rsplit('/').next().unwrap_or(arn).to_owned()),
            );
            token = page.next_token;
            if token.is_none() {
                tables.sort();
                return Ok(tables);
            }
        }
    }

    /// A page of all imports; `None` from a stand-in that fails at the question without a code (moto): it knows no imports. A stand-in
    /// is asked without the SDK's tries first, to which a gap looks like an outage that takes a minute to end.
    async fn imports_page(&self, bucket: &str, token: Option<String>) -> Result<Option<ListImportsOutput>, Error> {
        let request = |aws: &Self| aws.dynamodb.list_imports().page_size(25).set_next_token(token.clone());
        if !self.identity.is_aws() {
            match request(&self.once()).send().await {
                Ok(page) => return Ok(Some(page)),
                Err(error) if error.raw_response().is_some() && error.code().is_none() => return Ok(None),
                Err(_) => {}
            }
        }
        let answer = request(self).send().await;
        answer.map(Some).map_err(|e| from_sdk(format!("DynamoDB ListImports (of bucket {})", crate::safe::text(bucket)), &e))
    }

    /// `DeleteObjects` of one page, each by its version, so that nothing but these goes and no delete marker comes.
    pub async fn delete_versions(&self, bucket: &str, versions: &[Version]) -> Result<(), Error> {
        let ids = versions.iter().map(|v| built(ObjectIdentifier::builder().key(&v.key).version_id(&v.id).build()));
        self.delete_identified(bucket, ids.collect()).await
    }

    /// `AbortMultipartUpload`; one that is finished or aborted by now is no error.
    pub async fn abort_upload(&self, bucket: &str, upload: &Upload) -> Result<(), Error> {
        let request = self.s3.abort_multipart_upload().bucket(bucket).expected_bucket_owner(&self.identity.account);
        let sent = request.key(&upload.key).upload_id(&upload.id).send().await;
        match sent.map_err(|e| from_sdk(call("AbortMultipartUpload", bucket), &e)) {
            Err(error) if !error.is("NoSuchUpload") => Err(error),
            _ => Ok(()),
        }
    }

    /// `DeleteBucket`.
    pub async fn delete_bucket(&self, bucket: &str) -> Result<(), Error> {
        let sent = self.s3.delete_bucket().bucket(bucket).expected_bucket_owner(&self.identity.account).send().await;
        sent.map(drop).map_err(|e| from_sdk(call("DeleteBucket", bucket), &e))
    }
}

/// Where a listing goes on. One that is cut and does not say where is an error: what it does not show would be lost from sight.
fn going_on(truncated: Option<bool>, next: From, call: impl Fn() -> String) -> Result<From, Error> {
    match (truncated, next) {
        (Some(true), None) => Err(ours(call(), "a truncated listing came without a marker to go on")),
        (Some(true), next) => Ok(next),
        _ => Ok(None),
    }
}

/// A key as it is, from a listing that url-encodes (`+` is a blank).
fn plain(key: &str, url: bool) -> String {
    if !url {
        return key.to_owned();
    }
    let mut bytes = Vec::with_capacity(key.len());
    let mut rest = key.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let two = after.get(..2).filter(|two| *first == b'%' && two.iter().all(u8::is_ascii_hexdigit));
        let hex = two.and_then(|two| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok());
        bytes.push(hex.unwrap_or(if *first == b'+' { b' ' } else { *first }));
        rest = if hex.is_some() { &after[2..] } else { after };
    }
    String::from_utf8(bytes).unwrap_or_else(|_| key.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoded_key_is_decoded_and_a_plain_one_left_alone() {
        assert_eq!(plain("a%2Fb+c%2Bd%0D%C3%BC", true), "a/b c+d\r\u{fc}");
        assert_eq!(plain("a%2Fb+c", false), "a%2Fb+c");
        assert_eq!(plain("100%", true), "100%");
        assert_eq!(plain("%zz%+4%4", true), "%zz% 4%4");
    }

    #[test]
    fn a_cut_listing_without_a_marker_is_no_end() {
        let call = || "c".to_owned();
        let next = Some(("k".to_owned(), Some("v".to_owned())));
        assert!(going_on(Some(true), None, call).is_err());
        assert_eq!(going_on(Some(true), next.clone(), call).expect("goes on"), next);
        assert_eq!(going_on(Some(false), next, call).expect("ends"), None);
        assert_eq!(going_on(None, None, call).expect("ends"), None);
    }
}
