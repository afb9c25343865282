//! Objects that another service of AWS writes into a bucket: exports.

use super::objects::{Object, Objects};
use s3s::crypto::{Checksum, Md5};
use std::io;

/// Why it was not delivered.
#[derive(Debug)]
pub(crate) enum Undelivered {
    NoSuchBucket,
    Io(io::Error),
}

impl Objects {
    /// Writes `bytes` as the object `key`; its `ETag` (MD5, in hexadecimal).
    pub(crate) fn deliver(&self, bucket: &str, key: &str, bytes: &[u8]) -> Result<String, Undelivered> {
        if !self.has(bucket) {
            return Err(Undelivered::NoSuchBucket);
        }
        let etag = crate::local::signature::hex(&md5(bytes));
        let id = self.fresh_id();
        std::fs::write(self.data_path(bucket, id), bytes).map_err(Undelivered::Io)?;
        let object = Object {
            key: key.to_owned(),
            id,
            size: bytes.len() as u64,
            etag: etag.clone(),
            modified: super::object::millis(),
            ..Object::default()
        };
        self.commit(bucket, object, |_| Ok(())).map_err(|_| Undelivered::NoSuchBucket)?;
        Ok(etag)
    }

    /// Makes an empty bucket, for the tests of other services.
    #[cfg(test)]
    pub(crate) fn make(&self, bucket: &str) {
        self.create(bucket, super::objects::Config::default()).expect("made");
    }

    /// Whether the bucket is there.
    pub(crate) fn has(&self, bucket: &str) -> bool {
        self.all().contains_key(bucket)
    }
}

/// The MD5 of `bytes`.
pub(crate) fn md5(bytes: &[u8]) -> Vec<u8> {
    let mut md5 = Md5::new();
    md5.update(bytes);
    md5.finalize().as_ref().to_vec()
}
