//! The writes of one bucket, one call per guard. S3 refuses two at once with 409 `OperationAborted`, so `apply` makes them in a row.

use super::call;
use crate::aws::error::from_sdk;
use crate::aws::tables::wire::built;
use crate::aws::{Aws, Error};
use crate::live::normal::{RULE_ID, STATEMENT_ID, is_tls_only};
use crate::resource::partition;
use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, BucketLifecycleConfiguration, BucketVersioningStatus, ExpirationStatus, LifecycleExpiration,
    LifecycleRule, LifecycleRuleFilter, NoncurrentVersionExpiration, ObjectOwnership, OwnershipControls, OwnershipControlsRule,
    PublicAccessBlockConfiguration, ServerSideEncryption, ServerSideEncryptionByDefault, ServerSideEncryptionConfiguration,
    ServerSideEncryptionRule, Tag, Tagging, VersioningConfiguration,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

impl Aws {
    /// `PutBucketTagging` with this whole set; AWS's own tags (`aws:`) are kept, as S3 replaces all.
    pub async fn tag_bucket(&self, bucket: &str, tags: &BTreeMap<String, String>) -> Result<(), Error> {
        let own = self.bucket_tags(bucket).await?.into_iter().filter(|(key, _)| key.starts_with("aws:"));
        let all: BTreeMap<_, _> = tags.clone().into_iter().chain(own).collect();
        let set = all.iter().map(|(key, value)| built(Tag::builder().key(key).value(value).build())).collect();
        let whole = built(Tagging::builder().set_tag_set(Some(set)).build());
        let request = self.s3.put_bucket_tagging().bucket(bucket).expected_bucket_owner(&self.identity.account);
        let answer = request.tagging(whole).send().await;
        answer.map(drop).map_err(|e| from_sdk(call("PutBucketTagging", bucket), &e))
    }

    /// `PutPublicAccessBlock`, all four flags.
    pub async fn block_public_access(&self, bucket: &str) -> Result<(), Error> {
        let config = PublicAccessBlockConfiguration::builder()
            .block_public_acls(true)
            .ignore_public_acls(true)
            .block_public_policy(true)
            .restrict_public_buckets(true)
            .build();
        let request = self.s3.put_public_access_block().bucket(bucket).expected_bucket_owner(&self.identity.account);
        let sent = request.public_access_block_configuration(config).send().await;
        sent.map(drop).map_err(|e| from_sdk(call("PutPublicAccessBlock", bucket), &e))
    }

    /// `PutBucketOwnershipControls`: the bucket's owner owns every object, ACLs are off.
    pub async fn enforce_owner(&self, bucket: &str) -> Result<(), Error> {
        let rule = built(OwnershipControlsRule::builder().object_ownership(ObjectOwnership::BucketOwnerEnforced).build());
        let controls = built(OwnershipControls::builder().rules(rule).build());
        let request = self.s3.put_bucket_ownership_controls().bucket(bucket).expected_bucket_owner(&self.identity.account);
        let sent = request.ownership_controls(controls).send().await;
        sent.map(drop).map_err(|e| from_sdk(call("PutBucketOwnershipControls", bucket), &e))
    }

    /// `PutBucketVersioning`: enabled, or suspended.
    pub async fn set_versioning(&self, bucket: &str, on: bool) -> Result<(), Error> {
        let status = if on { BucketVersioningStatus::Enabled } else { BucketVersioningStatus::Suspended };
        let config = VersioningConfiguration::builder().status(status).build();
        let request = self.s3.put_bucket_versioning().bucket(bucket).expected_bucket_owner(&self.identity.account);
        let sent = request.versioning_configuration(config).send().await;
        sent.map(drop).map_err(|e| from_sdk(call("PutBucketVersioning", bucket), &e))
    }

    /// `PutBucketEncryption`: SSE-S3, or this KMS key, under a bucket key (one KMS request for many objects).
    pub async fn encrypt_bucket(&self, bucket: &str, kms_key: Option<&str>) -> Result<(), Error> {
        let algorithm = if kms_key.is_some() { ServerSideEncryption::AwsKms } else { ServerSideEncryption::Aes256 };
        let default = ServerSideEncryptionByDefault::builder().sse_algorithm(algorithm).set_kms_master_key_id(kms_key.map(str::to_owned));
        let rule = ServerSideEncryptionRule::builder()
            .apply_server_side_encryption_by_default(built(default.build()))
            .set_bucket_key_enabled(kms_key.map(|_| true))
            .build();
        let config = built(ServerSideEncryptionConfiguration::builder().rules(rule).build());
        let request = self.s3.put_bucket_encryption().bucket(bucket).expected_bucket_owner(&self.identity.account);
        let sent = request.server_side_encryption_configuration(config).send().await;
        sent.map(drop).map_err(|e| from_sdk(call("PutBucketEncryption", bucket), &e))
    }

    /// `PutBucketLifecycleConfiguration`: landfall's rule beside the foreign ones. `days` 0: objects do not expire;
    /// `versions`: old versions do as they do.
    pub async fn expire_objects(&self, bucket: &str, days: u32, versions: bool) -> Result<(), Error> {
        let (mut rules, least) = self.bucket_lifecycle(bucket).await?;
        rules.retain(|r| r.id() != Some(RULE_ID));
        rules.iter_mut().for_each(filtered);
        rules.push(expiry(days, versions));
        let config = built(BucketLifecycleConfiguration::builder().set_rules(Some(rules)).build());
        let request = self.s3.put_bucket_lifecycle_configuration().bucket(bucket).expected_bucket_owner(&self.identity.account);
        // Left out, S3 sets it back to its own default, and foreign rules would move other objects than before.
        let request = request.set_transition_default_minimum_object_size(least);
        let sent = request.lifecycle_configuration(config).send().await;
        sent.map(drop).map_err(|e| from_sdk(call("PutBucketLifecycleConfiguration", bucket), &e))
    }

    /// `PutBucketPolicy`: a statement that denies requests without TLS, beside the foreign ones.
    pub async fn deny_plain_http(&self, bucket: &str) -> Result<(), Error> {
        let Some(policy) = tls_only(self.bucket_policy(bucket).await?.as_deref(), bucket, &self.identity.region) else {
            return Err(Error {
                call: call("PutBucketPolicy", bucket),
                code: None,
                message: "the bucket has a policy that is not readable as JSON; correct or remove it".into(),
                request_id: None,
                throttling_reasons: Vec::new(),
            });
        };
        let request = self.s3.put_bucket_policy().bucket(bucket).expected_bucket_owner(&self.identity.account);
        let sent = request.policy(policy).send().await;
        sent.map(drop).map_err(|e| from_sdk(call("PutBucketPolicy", bucket), &e))
    }
}

/// The same rule with its prefix in a filter: S3 takes no rule of the older form, which it still shows, beside one that has a filter.
#[allow(deprecated, reason = "older rules have it")]
fn filtered(rule: &mut LifecycleRule) {
    if rule.filter.is_none() {
        let prefix = rule.prefix.take().unwrap_or_default();
        rule.filter = Some(LifecycleRuleFilter::builder().prefix(prefix).build());
    }
}

/// In a bucket that keeps versions, an object that expires or is deleted stays as an old version, which expires by a clause of its own.
fn expiry(days: u32, versions: bool) -> LifecycleRule {
    let after = i32::try_from(days).unwrap_or(i32::MAX);
    let expiration = (days > 0).then(|| LifecycleExpiration::builder().days(after).build());
    let of_old = (days > 0 && versions).then(|| NoncurrentVersionExpiration::builder().noncurrent_days(after).build());
    let rule = LifecycleRule::builder()
        .id(RULE_ID)
        .status(ExpirationStatus::Enabled)
        .filter(LifecycleRuleFilter::builder().prefix("").build())
        .set_expiration(expiration)
        .set_noncurrent_version_expiration(of_old)
        .abort_incomplete_multipart_upload(AbortIncompleteMultipartUpload::builder().days_after_initiation(1).build());
    built(rule.build())
}

/// `policy` with landfall's statement in it, once. `None`: it is not a policy that can be added to.
fn tls_only(policy: Option<&str>, bucket: &str, region: &str) -> Option<String> {
    let mut policy: Value = policy.map_or_else(|| Some(json!({"Version": "2012-10-17"})), |text| serde_json::from_str(text).ok())?;
    if is_tls_only(&policy.to_string(), bucket) {
        return Some(policy.to_string());
    }
    let object = policy.as_object_mut()?;
    let mut statements = match object.remove("Statement") {
        None => Vec::new(),
        Some(Value::Array(list)) => list,
        Some(single) => vec![single],
    };
    statements.retain(|s| s["Sid"] != STATEMENT_ID);
    let arn = format!("arn:{}:s3:::{bucket}", partition(region));
    statements.push(json!({
        "Sid": STATEMENT_ID, "Effect": "Deny", "Principal": "*", "Action": "s3:*",
        "Resource": [arn, format!("{arn}/*")], "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }));
    object.insert("Statement".to_owned(), Value::Array(statements));
    Some(policy.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tls_statement_is_added_once_and_foreign_statements_stay() {
        let first = tls_only(None, "b", "us-east-1").expect("a policy");
        assert!(is_tls_only(&first, "b") && first.contains("arn:aws:s3:::b"));
        assert_eq!(tls_only(Some(&first), "b", "us-east-1"), Some(first));
        let foreign = json!({"Statement": {"Sid": "mine", "Effect": "Allow"}}).to_string();
        let both: Value = serde_json::from_str(&tls_only(Some(&foreign), "b", "cn-north-1").expect("a policy")).expect("JSON");
        assert_eq!((both["Statement"][0]["Sid"].as_str(), both["Statement"][1]["Sid"].as_str()), (Some("mine"), Some(STATEMENT_ID)));
        assert_eq!(both["Statement"][1]["Resource"][0], "arn:aws-cn:s3:::b");
        assert!(tls_only(None, "b", "eusc-de-east-1").is_some_and(|policy| policy.contains("arn:aws-eusc:s3:::b")));
    }

    /// Somebody's own statement of the same effect is enough; one under our name that says something else is replaced.
    #[test]
    fn a_statement_that_denies_plain_http_is_enough_and_a_wrong_one_of_ours_is_replaced() {
        let ours: Value = serde_json::from_str(&tls_only(None, "b", "us-gov-west-1").expect("a policy")).expect("JSON");
        assert_eq!(ours["Statement"][0]["Resource"][0], "arn:aws-us-gov:s3:::b");
        let mut theirs = ours.clone();
        theirs["Statement"][0]["Sid"] = "Theirs".into();
        assert_eq!(tls_only(Some(&theirs.to_string()), "b", "us-gov-west-1"), Some(theirs.to_string()));
        let mut wrong = ours.clone();
        wrong["Statement"][0]["Effect"] = "Allow".into();
        assert_eq!(tls_only(Some(&wrong.to_string()), "b", "us-gov-west-1"), Some(ours.to_string()));
    }

    #[test]
    fn a_policy_that_is_not_json_is_not_overwritten() {
        assert_eq!(tls_only(Some("not json"), "b", "us-east-1"), None);
    }

    #[test]
    fn a_rule_without_expiry_still_aborts_uploads() {
        let days = |days, versions| {
            let rule = super::super::seen::rule(&expiry(days, versions));
            assert_eq!((rule.abort_days, rule.whole_bucket), (Some(1), true));
            (rule.expire_days, rule.expire_versions)
        };
        assert_eq!([days(0, false), days(0, true)], [(None, None); 2]);
        assert_eq!((days(7, false), days(7, true)), ((Some(7), None), (Some(7), Some(7))));
    }

    #[test]
    fn a_rule_that_keeps_the_newest_old_versions_lets_no_version_expire_for_certain() {
        let keeping = |newest| {
            let of_old = NoncurrentVersionExpiration::builder().noncurrent_days(7).set_newer_noncurrent_versions(newest).build();
            let mut rule = expiry(7, true);
            rule.noncurrent_version_expiration = Some(of_old);
            super::super::seen::rule(&rule).expire_versions
        };
        assert_eq!((keeping(None), keeping(Some(2))), (Some(7), None));
    }
}
