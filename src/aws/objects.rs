//! S3 objects: put, list, get, delete. `ExpectedBucketOwner` goes with every call, so that a bucket which somebody else
//! took over under the same name receives nothing. What a load cannot do without, put and list, is slowed by throttling and does not
//! fail of it.
//!
//! Called by `load` (staging).

use super::limit::Api;
use super::{Aws, Error, error::from_sdk};
use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use base64::Engine;
use bytes::Bytes;
use std::time::Duration;

/// `DeleteObjects`' limit (API reference).
const DELETE_LIMIT: usize = 1000;
/// How long throttling may slow one call down.
const PATIENCE: Duration = Duration::from_mins(5);

/// An object as a listing shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    pub key: String,
    pub bytes: u64,
}

impl Aws {
    /// Writes one object. `sha256` is that of `bytes`: S3 checks it and refuses what was altered on the way.
    pub async fn put_object(&self, bucket: &str, key: &str, bytes: Vec<u8>, sha256: &[u8]) -> Result<(), Error> {
        let (bytes, sum) = (Bytes::from(bytes), base64::engine::general_purpose::STANDARD.encode(sha256));
        let put = || {
            let request = self.s3.put_object().bucket(bucket).key(key).expected_bucket_owner(&self.identity.account);
            let sent = request.checksum_sha256(&sum).body(ByteStream::from(bytes.clone())).send();
            async { sent.await.map(|_| ()).map_err(|e| from_sdk(format!("S3 PutObject {bucket}/{key}"), &e)) }
        };
        self.patiently(Api::Buckets, self.deadline(PATIENCE), || Box::pin(put())).await
    }

    /// Every object under `prefix`, by key.
    pub async fn list_objects(&self, bucket: &str, prefix: &str) -> Result<Vec<Object>, Error> {
        let call = || format!("S3 ListObjectsV2 {bucket}/{prefix}");
        let mut objects = Vec::new();
        let mut token = None;
        loop {
            let page = self.objects_page(bucket, prefix, token).await?;
            objects.extend(page.contents().iter().filter_map(|o| {
                let bytes = u64::try_from(o.size().unwrap_or(0)).unwrap_or(0);
                o.key().map(|key| Object { key: key.to_owned(), bytes })
            }));
            if !page.is_truncated().unwrap_or(false) {
                return Ok(objects);
            }
            token = page.next_continuation_token;
            if token.is_none() {
                return Err(ours(call(), "a truncated listing came without a token to go on"));
            }
        }
    }

    async fn objects_page(&self, bucket: &str, prefix: &str, token: Option<String>) -> Result<ListObjectsV2Output, Error> {
        let list = || {
            let request = self.s3.list_objects_v2().bucket(bucket).prefix(prefix).expected_bucket_owner(&self.identity.account);
            let sent = request.set_continuation_token(token.clone()).send();
            async { sent.await.map_err(|e| from_sdk(format!("S3 ListObjectsV2 {bucket}/{prefix}"), &e)) }
        };
        self.patiently(Api::Buckets, self.deadline(PATIENCE), || Box::pin(list())).await
    }

    /// The bytes of one object.
    pub async fn get_object(&self, bucket: &str, key: &str) -> Result<Vec<u8>, Error> {
        let call = || format!("S3 GetObject {bucket}/{key}");
        let answer = self.s3.get_object().bucket(bucket).key(key).expected_bucket_owner(&self.identity.account);
        let answer = answer.send().await.map_err(|e| from_sdk(call(), &e))?;
        let bytes = answer.body.collect().await.map_err(|e| ours(call(), &format!("the body broke off: {e}")))?;
        Ok(bytes.to_vec())
    }

    /// Deletes `keys`; those that are absent already are no error.
    pub async fn delete_objects(&self, bucket: &str, keys: &[String]) -> Result<(), Error> {
        for part in keys.chunks(DELETE_LIMIT) {
            self.delete_some(bucket, part).await?;
        }
        Ok(())
    }

    async fn delete_some(&self, bucket: &str, keys: &[String]) -> Result<(), Error> {
        let call = || format!("S3 DeleteObjects {bucket}");
        let ids = keys.iter().map(|key| ObjectIdentifier::builder().key(key).build());
        let ids = ids.collect::<Result<Vec<_>, _>>().map_err(|e| ours(call(), &e.to_string()))?;
        self.delete_identified(bucket, ids).await
    }

    /// At most [`DELETE_LIMIT`] objects or versions; those that are absent already are no error.
    pub(super) async fn delete_identified(&self, bucket: &str, ids: Vec<ObjectIdentifier>) -> Result<(), Error> {
        let call = || format!("S3 DeleteObjects {bucket}");
        let count = ids.len();
        let delete = Delete::builder().set_objects(Some(ids)).quiet(true).build().map_err(|e| ours(call(), &e.to_string()))?;
        let request = self.s3.delete_objects().bucket(bucket).expected_bucket_owner(&self.identity.account).delete(delete);
        let answer = request.send().await.map_err(|e| from_sdk(call(), &e))?;
        let Some(first) = answer.errors().first() else { return Ok(()) };
        let message =
            format!("{} of {} objects were not deleted: {}", answer.errors().len(), count, first.message().unwrap_or("no reason given"));
        Err(Error { code: first.code().map(str::to_owned), ..ours(call(), &crate::safe::text(&message)) })
    }
}

pub(super) fn ours(call: String, message: &str) -> Error {
    Error { call, code: None, message: message.to_owned(), request_id: None, throttling_reasons: Vec::new() }
}
