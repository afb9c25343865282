//! The reads of one bucket, each an absent-or-value; seven calls, as S3 has no "describe".

use super::{call, optional};
use crate::aws::error::from_sdk;
use crate::aws::{Aws, Error};
use crate::live::normal::{ObservedDefault, ObservedRule};
use aws_sdk_s3::types::{
    ExpirationStatus, LifecycleRule, LifecycleRuleFilter, NoncurrentVersionExpiration, ServerSideEncryptionRule,
    TransitionDefaultMinimumObjectSize,
};

impl Aws {
    /// `GetBucketTagging`, AWS's own tags included.
    pub(super) async fn bucket_tags(&self, bucket: &str) -> Result<Vec<(String, String)>, Error> {
        let sent = self.s3.get_bucket_tagging().bucket(bucket).expected_bucket_owner(&self.identity.account).send().await;
        let answer = optional(sent.map_err(|e| from_sdk(call("GetBucketTagging", bucket), &e)), &["NoSuchTagSet"])?;
        Ok(answer.map(|a| a.tag_set().iter().map(|t| (t.key().to_owned(), t.value().to_owned())).collect()).unwrap_or_default())
    }

    /// `GetPublicAccessBlock`: block and ignore ACLs, block and restrict policies.
    pub(super) async fn bucket_block(&self, bucket: &str) -> Result<Option<[bool; 4]>, Error> {
        let sent = self.s3.get_public_access_block().bucket(bucket).expected_bucket_owner(&self.identity.account).send().await;
        let answer = sent.map_err(|e| from_sdk(call("GetPublicAccessBlock", bucket), &e));
        let answer = optional(answer, &["NoSuchPublicAccessBlockConfiguration"])?;
        let config = answer.and_then(|a| a.public_access_block_configuration().cloned());
        Ok(config.map(|c| {
            let flags = [c.block_public_acls(), c.ignore_public_acls(), c.block_public_policy(), c.restrict_public_buckets()];
            flags.map(|f| f.unwrap_or(false))
        }))
    }

    /// `GetBucketOwnershipControls`.
    pub(super) async fn bucket_ownership(&self, bucket: &str) -> Result<Vec<String>, Error> {
        let sent = self.s3.get_bucket_ownership_controls().bucket(bucket).expected_bucket_owner(&self.identity.account).send().await;
        let answer = sent.map_err(|e| from_sdk(call("GetBucketOwnershipControls", bucket), &e));
        let answer = optional(answer, &["OwnershipControlsNotFoundError"])?;
        let controls = answer.and_then(|a| a.ownership_controls().cloned());
        Ok(controls.map(|c| c.rules().iter().map(|r| r.object_ownership().as_str().to_owned()).collect()).unwrap_or_default())
    }

    /// `GetBucketVersioning`: `Enabled`, `Suspended`, or nothing where it was never on.
    pub(super) async fn bucket_versioning(&self, bucket: &str) -> Result<Option<String>, Error> {
        let sent = self.s3.get_bucket_versioning().bucket(bucket).expected_bucket_owner(&self.identity.account).send().await;
        match sent {
            Ok(answer) => Ok(answer.status().map(|s| s.as_str().to_owned())),
            Err(error) => {
                let said = error.raw_response().filter(|r| r.status().is_success()).and_then(|r| r.body().bytes()).map(versioning);
                said.filter(|_| !self.identity.is_aws()).ok_or_else(|| from_sdk(call("GetBucketVersioning", bucket), &error))
            }
        }
    }

    /// `GetBucketEncryption`: the defaults.
    pub(super) async fn bucket_encryption(&self, bucket: &str) -> Result<Vec<ObservedDefault>, Error> {
        let sent = self.s3.get_bucket_encryption().bucket(bucket).expected_bucket_owner(&self.identity.account).send().await;
        let answer = sent.map_err(|e| from_sdk(call("GetBucketEncryption", bucket), &e));
        let answer = optional(answer, &["ServerSideEncryptionConfigurationNotFoundError"])?;
        let config = answer.and_then(|a| a.server_side_encryption_configuration().cloned());
        Ok(config.map(|c| c.rules().iter().filter_map(default).collect()).unwrap_or_default())
    }

    /// `GetBucketPolicy`: the JSON text.
    pub(super) async fn bucket_policy(&self, bucket: &str) -> Result<Option<String>, Error> {
        let sent = self.s3.get_bucket_policy().bucket(bucket).expected_bucket_owner(&self.identity.account).send().await;
        let answer = optional(sent.map_err(|e| from_sdk(call("GetBucketPolicy", bucket), &e)), &["NoSuchBucketPolicy"])?;
        Ok(answer.and_then(|a| a.policy().map(str::to_owned)))
    }

    /// `GetBucketLifecycleConfiguration`: every rule, as the SDK has it, so that foreign ones can be written back whole.
    pub(super) async fn bucket_rules(&self, bucket: &str) -> Result<Vec<LifecycleRule>, Error> {
        Ok(self.bucket_lifecycle(bucket).await?.0)
    }

    /// The same with what stands beside the rules and goes with them: from which size on they move objects between classes.
    pub(super) async fn bucket_lifecycle(
        &self,
        bucket: &str,
    ) -> Result<(Vec<LifecycleRule>, Option<TransitionDefaultMinimumObjectSize>), Error> {
        let sent = self.s3.get_bucket_lifecycle_configuration().bucket(bucket).expected_bucket_owner(&self.identity.account).send().await;
        let answer = sent.map_err(|e| from_sdk(call("GetBucketLifecycleConfiguration", bucket), &e));
        let answer = optional(answer, &["NoSuchLifecycleConfiguration"])?;
        Ok(answer.map(|a| (a.rules().to_vec(), a.transition_default_minimum_object_size().cloned())).unwrap_or_default())
    }

    /// Whether a rule would find nothing: no object, nor what no listing of objects shows, an old version (looked for only where
    /// `versions` were ever kept) or an unfinished upload.
    pub(super) async fn bucket_is_empty(&self, bucket: &str, versions: bool) -> Result<bool, Error> {
        let bare = if versions { self.shows_no_version(bucket).await? } else { self.shows_no_object(bucket).await? };
        Ok(bare && self.shows_no_upload(bucket).await?)
    }

    async fn shows_no_version(&self, bucket: &str) -> Result<bool, Error> {
        let request = self.s3.list_object_versions().bucket(bucket).expected_bucket_owner(&self.identity.account);
        let answer = request.max_keys(1).send().await.map_err(|e| from_sdk(call("ListObjectVersions", bucket), &e))?;
        Ok(answer.versions().is_empty() && answer.delete_markers().is_empty() && answer.is_truncated() != Some(true))
    }

    async fn shows_no_object(&self, bucket: &str) -> Result<bool, Error> {
        let sent = self.s3.list_objects_v2().bucket(bucket).max_keys(1).expected_bucket_owner(&self.identity.account).send().await;
        let answer = sent.map_err(|e| from_sdk(call("ListObjectsV2", bucket), &e))?;
        Ok(answer.contents().is_empty() && answer.is_truncated() != Some(true))
    }

    async fn shows_no_upload(&self, bucket: &str) -> Result<bool, Error> {
        let request = self.s3.list_multipart_uploads().bucket(bucket).expected_bucket_owner(&self.identity.account);
        let answer = request.max_uploads(1).send().await.map_err(|e| from_sdk(call("ListMultipartUploads", bucket), &e))?;
        Ok(answer.uploads().is_empty() && answer.is_truncated() != Some(true))
    }
}

/// The status in an answer that a stand-in (moto) wraps in an element of another name, which the SDK refuses to read.
fn versioning(body: &[u8]) -> Option<String> {
    let body = String::from_utf8_lossy(body);
    let (_, rest) = body.split_once("<Status>")?;
    rest.split_once("</Status>").map(|(status, _)| status.trim().to_owned())
}

fn default(rule: &ServerSideEncryptionRule) -> Option<ObservedDefault> {
    let by = rule.apply_server_side_encryption_by_default()?;
    let key = by.kms_master_key_id().map(str::to_owned);
    Some(ObservedDefault { algorithm: by.sse_algorithm().as_str().to_owned(), key, bucket_key: rule.bucket_key_enabled() })
}

/// One lifecycle rule in our nouns.
pub(super) fn rule(rule: &LifecycleRule) -> ObservedRule {
    let days = |n: Option<i32>| n.and_then(|n| u32::try_from(n).ok());
    #[allow(deprecated)] // a rule without a filter may still narrow by the old `Prefix`
    let prefix = rule.prefix().unwrap_or_default();
    let of_old = rule.noncurrent_version_expiration().filter(|of| keeps_none(of));
    ObservedRule {
        id: rule.id().unwrap_or_default().to_owned(),
        enabled: rule.status() == &ExpirationStatus::Enabled,
        whole_bucket: prefix.is_empty() && rule.filter().is_none_or(covers_all),
        expire_days: days(rule.expiration().and_then(aws_sdk_s3::types::LifecycleExpiration::days)),
        expire_versions: days(of_old.and_then(NoncurrentVersionExpiration::noncurrent_days)),
        abort_days: days(
            rule.abort_incomplete_multipart_upload().and_then(aws_sdk_s3::types::AbortIncompleteMultipartUpload::days_after_initiation),
        ),
    }
}

/// A rule may keep the newest of the old versions for ever.
fn keeps_none(of: &NoncurrentVersionExpiration) -> bool {
    of.newer_noncurrent_versions().is_none_or(|kept| kept == 0)
}

fn covers_all(filter: &LifecycleRuleFilter) -> bool {
    let sized = filter.object_size_greater_than().is_some() || filter.object_size_less_than().is_some();
    filter.prefix().unwrap_or_default().is_empty() && filter.tag().is_none() && filter.and().is_none() && !sized
}
