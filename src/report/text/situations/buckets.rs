//! The staging bucket: made, drifted, versioned, encrypted.

use super::*;
use crate::live::LiveBucket;
use crate::plan::samples::bucket;
use crate::resource::Bucket;
use std::collections::BTreeMap;

fn desired_bucket(bucket: Bucket) -> Desired {
    Desired { buckets: BTreeMap::from([(bucket.name.clone(), bucket)]), ..desired([]) }
}

fn whole(bucket: Bucket) -> LiveBucket {
    LiveBucket {
        bucket,
        owner: Some("s".into()),
        public_access_blocked: true,
        owner_enforced: true,
        encrypted: true,
        tls_only: true,
        aborts_multipart: true,
        fresh: false,
        foreign_tags: BTreeMap::new(),
    }
}

fn of(want: Bucket, live: Option<LiveBucket>) -> String {
    let live = Live { buckets: live.map(|b| (b.bucket.name.clone(), b)).into_iter().collect(), ..Live::default() };
    shown(&desired_bucket(want), &live, &Approvals::default(), context(NOON_MS))
}

#[test]
fn a_bucket_is_made_with_every_guard() {
    insta::assert_snapshot!(of(bucket(), None), @r"
    Changes (+ create):

      + bucket acme-staging
          + abort unfinished uploads  on
          + encryption                SSE-S3
          + expire                    7 days
          + owner                     s
          + owner enforced            on
          + public access block       on
          + tls only                  on

    Calls, in this order for each resource (times are estimates):
      bucket acme-staging
        1. CreateBucket  (1 s to 2 s)
        2. PutBucketTagging landfall:stack  (1 s to 2 s)
        3. PutPublicAccessBlock, all four  (1 s to 2 s)
        4. PutBucketOwnershipControls BucketOwnerEnforced  (1 s to 2 s)
        5. PutBucketEncryption SSE-S3  (1 s to 2 s)
        6. PutBucketLifecycleConfiguration expire after 7 days, abort unfinished uploads after 1 day  (1 s to 2 s)
        7. PutBucketPolicy deny requests without TLS  (1 s to 2 s)

    Plan: 1 to create, 0 to change, 0 to delete; 7 calls, about 7 s to 14 s.
    ");
}

#[test]
fn a_guard_that_was_taken_off_is_drift() {
    let drifted = LiveBucket { public_access_blocked: false, tls_only: false, ..whole(bucket()) };
    insta::assert_snapshot!(of(bucket(), Some(drifted)), @r"
    Changes (+ create   ~ change in place):

      ~ bucket acme-staging
          + public access block  on
          + tls only             on

    Calls, in this order for each resource (times are estimates):
      bucket acme-staging
        1. PutPublicAccessBlock, all four  (1 s to 2 s)
        2. PutBucketPolicy deny requests without TLS  (1 s to 2 s)

    Plan: 0 to create, 1 to change, 0 to delete; 2 calls, about 2 s to 4 s.
    ");
}

#[test]
fn versioning_and_a_key_of_ones_own() {
    let kms_key = Some("arn:aws:kms:us-east-1:123456789012:key/1111".into());
    insta::assert_snapshot!(of(Bucket { versioning: true, kms_key, ..bucket() }, Some(whole(bucket()))), @r"
    Changes (+ create   ~ change in place):

      ~ bucket acme-staging
          ~ encryption  SSE-S3 -> SSE-KMS, key arn:aws:kms:us-east-1:123456789012:key/1111
          + versioning  on

    Calls, in this order for each resource (times are estimates):
      bucket acme-staging
        1. PutBucketEncryption SSE-KMS, key arn:aws:kms:us-east-1:123456789012:key/1111  (1 s to 2 s)
             requests of the key are charged; objects that are there keep their encryption
        2. PutBucketVersioning Enabled  (1 s to 2 s)
             every old version is stored and charged

    Plan: 0 to create, 1 to change, 0 to delete; 2 calls, about 2 s to 4 s.
    ");
}

#[test]
fn versioning_is_suspended() {
    insta::assert_snapshot!(of(bucket(), Some(whole(Bucket { versioning: true, ..bucket() }))), @r"
    Changes (~ change in place   - delete):

      ~ bucket acme-staging
          - versioning  on

    Calls, in this order for each resource (times are estimates):
      bucket acme-staging
        1. PutBucketVersioning Suspended  (1 s to 2 s)

    Plan: 0 to create, 1 to change, 0 to delete; 1 call, about 1 s to 2 s.
    ");
}
