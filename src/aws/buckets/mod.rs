//! S3 buckets in our nouns: whether one is there and ours, its guards, and one call per guard.
//!
//! Rules: after creation every call carries `ExpectedBucketOwner`, so another account's bucket of the same name answers
//! 403 and is never read or written. Foreign lifecycle rules, policy statements and `aws:` tags are kept.
//! Called by `live::refresh` (reads) and `apply` (writes).

mod contents;
mod guards;
mod seen;

pub use contents::{Page, Upload, Version};

use super::error::from_sdk;
use super::{Aws, Error};
use crate::live::normal::{ObservedBucket, RULE_ID};
use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};

/// What `HeadBucket` says of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Head {
    Absent,
    /// It is in the caller's account and region.
    Ours,
    /// It is in the caller's account (or open to it) in another region; the region where S3 tells it.
    Elsewhere(Option<String>),
    /// 403: another account's, or the caller may not see it.
    Taken,
}

/// The call's name for errors.
fn call(api: &str, bucket: &str) -> String {
    format!("S3 {api} {}", crate::safe::text(bucket))
}

impl Aws {
    /// `HeadBucket` under our own account.
    pub async fn head_bucket(&self, bucket: &str) -> Result<Head, Error> {
        let sent = self.s3.head_bucket().bucket(bucket).expected_bucket_owner(&self.identity.account).send().await;
        match sent {
            Ok(answer) => Ok(self.place(answer.bucket_region())),
            Err(error) => {
                let region = error.raw_response().and_then(|r| r.headers().get("x-amz-bucket-region")).map(crate::safe::text);
                match error.raw_response().map(|r| r.status().as_u16()) {
                    Some(404) => Ok(Head::Absent),
                    // Without a body there is no code either: credentials that are refused cannot be told from a bucket that is another's.
                    Some(403) => Ok(Head::Taken),
                    Some(301) => Ok(Head::Elsewhere(region)),
                    // The answer to a HEAD has no body, so no code: S3's 503 is `SlowDown` by its error list.
                    Some(503) => Err(Error { code: Some("SlowDown".into()), ..from_sdk(call("HeadBucket", bucket), &error) }),
                    _ => Err(from_sdk(call("HeadBucket", bucket), &error)),
                }
            }
        }
    }

    fn place(&self, region: Option<&str>) -> Head {
        match region {
            Some(region) if region != self.identity.region => Head::Elsewhere(Some(crate::safe::text(region))),
            _ => Head::Ours,
        }
    }

    /// `CreateBucket` in the run's region. `us-east-1` is the place without a constraint (API reference, `CreateBucket`).
    /// The ownership tag follows in a call of its own: until then the bucket is "fresh" and any run of the stack may finish it.
    pub async fn create_bucket(&self, bucket: &str) -> Result<(), Error> {
        let region = self.identity.region.as_str();
        let place = (region != "us-east-1")
            .then(|| CreateBucketConfiguration::builder().location_constraint(BucketLocationConstraint::from(region)).build());
        let sent = self.s3.create_bucket().bucket(bucket).set_create_bucket_configuration(place).send().await;
        sent.map(drop).map_err(|e| from_sdk(call("CreateBucket", bucket), &e))
    }

    /// The bucket's tags, guards and rules.
    pub async fn observe_bucket(&self, bucket: &str) -> Result<ObservedBucket, Error> {
        let (tags, block, ownership, encryption, versioning, policy, rules) = tokio::try_join!(
            self.bucket_tags(bucket),
            self.bucket_block(bucket),
            self.bucket_ownership(bucket),
            self.bucket_encryption(bucket),
            self.bucket_versioning(bucket),
            self.bucket_policy(bucket),
            self.bucket_rules(bucket),
        )?;
        // Where our rule is missing it matters what it would meet: nothing in a bucket that a killed run left, all in one that is adopted.
        let ours = rules.iter().any(|rule| rule.id() == Some(RULE_ID));
        let empty = if ours { None } else { Some(self.bucket_is_empty(bucket, versioning.is_some()).await?) };
        let rules = rules.iter().map(seen::rule).collect();
        Ok(ObservedBucket { tags, block, ownership, encryption, versioning, policy, rules, empty })
    }
}

/// `Ok(None)` where the service says that the setting is not there.
fn optional<T>(answer: Result<T, Error>, absent: &[&str]) -> Result<Option<T>, Error> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(error) if absent.iter().any(|code| error.is(code)) => Ok(None),
        Err(error) => Err(error),
    }
}
