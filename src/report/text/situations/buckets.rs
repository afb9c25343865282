//! The staging bucket: made, drifted, versioned, encrypted.

use super::*;
use crate::live::LiveBucket;
use crate::plan::samples::{bucket, leaving_bucket, seen_bucket};
use crate::resource::Bucket;
use std::collections::BTreeMap;

fn desired_bucket(bucket: Bucket) -> Desired {
    Desired { buckets: BTreeMap::from([(bucket.name.clone(), bucket)]), ..desired([]) }
}

fn whole(bucket: Bucket) -> LiveBucket {
    LiveBucket { bucket, contents: None, ..leaving_bucket(0, 0) }
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
          ~ encryption           SSE-S3 -> SSE-KMS, key arn:aws:kms:us-east-1:123456789012:key/1111
          + expire old versions  7 days
          + versioning           on

    Calls, in this order for each resource (times are estimates):
      bucket acme-staging
        1. PutBucketEncryption SSE-KMS, key arn:aws:kms:us-east-1:123456789012:key/1111  (1 s to 2 s)
             requests of the key are charged; objects that are there keep their encryption
        2. PutBucketLifecycleConfiguration expire after 7 days, old versions too, abort unfinished uploads after 1 day  (1 s to 2 s)
        3. PutBucketVersioning Enabled  (1 s to 2 s)
             every old version is stored and charged until it expires, after as many days as an object

    Plan: 0 to create, 1 to change, 0 to delete; 3 calls, about 3 s to 6 s.
    ");
}

#[test]
fn a_key_gets_its_bucket_key_back() {
    let keyed = Bucket { kms_key: Some("arn:aws:kms:us-east-1:123456789012:key/1111".into()), ..bucket() };
    let live = LiveBucket { no_bucket_key: true, ..whole(keyed.clone()) };
    insta::assert_snapshot!(of(keyed, Some(live)), @r"
    Changes (~ change in place):

      ~ bucket acme-staging
          ~ encryption  SSE-KMS, key arn:aws:kms:us-east-1:123456789012:key/1111, without a bucket key -> SSE-KMS, key arn:aws:kms:us-east-1:123456789012:key/1111

    Calls, in this order for each resource (times are estimates):
      bucket acme-staging
        1. PutBucketEncryption SSE-KMS, key arn:aws:kms:us-east-1:123456789012:key/1111  (1 s to 2 s)
             requests of the key are charged; objects that are there keep their encryption

    Plan: 0 to create, 1 to change, 0 to delete; 1 call, about 1 s to 2 s.
    ");
}

#[test]
fn objects_that_would_expire_sooner_are_kept_until_that_is_allowed() {
    insta::assert_snapshot!(of(bucket(), Some(whole(Bucket { expire_days: 365, ..bucket() }))), @r"
    Changes (~ change in place):

      ~ bucket acme-staging
          ~ expire  365 days -> 7 days

    Refused:
      bucket acme-staging: its objects would expire after 7 days, and now do so after 365 days: S3 deletes those that are older, within days
          keep `expire_days` in the file as it is live, or allow it with --destroy s3://acme-staging:expire

    Plan: 0 to create, 1 to change, 0 to delete, 1 refused; 0 calls.
    ");
    let live = seen_bucket(whole(Bucket { expire_days: 0, ..bucket() }));
    insta::assert_snapshot!(shown(&desired_bucket(bucket()), &live, &allowing(&["s3://acme-staging:expire"]), context(NOON_MS)), @r"
    Changes (+ create   ~ change in place):

      ~ bucket acme-staging
          + expire  7 days

    Calls, in this order for each resource (times are estimates):
      bucket acme-staging
        1. PutBucketLifecycleConfiguration expire after 7 days, abort unfinished uploads after 1 day  (1 s to 2 s)  DESTRUCTIVE
             S3 deletes the objects that are older, too, within days; it cannot be undone

    Plan: 0 to create, 1 to change, 0 to delete; 1 call, about 1 s to 2 s.
    ");
}

#[test]
fn a_bucket_keeps_its_key_and_its_versions_until_that_is_allowed() {
    let kms_key = Some("arn:aws:kms:us-east-1:123456789012:key/1111".into());
    insta::assert_snapshot!(of(bucket(), Some(whole(Bucket { versioning: true, kms_key, ..bucket() }))), @r"
    Changes (~ change in place   - delete):

      ~ bucket acme-staging
          ~ encryption  SSE-KMS, key arn:aws:kms:us-east-1:123456789012:key/1111 -> SSE-S3
          - versioning  on

    Refused:
      bucket acme-staging: its new objects would leave SSE-KMS, key arn:aws:kms:us-east-1:123456789012:key/1111 for SSE-S3
          who may read them would no longer be the key policy's to say: keep the bucket's `encryption` in the file as it is live, or allow it with --destroy s3://acme-staging:encryption
      bucket acme-staging: its versioning would be suspended: what is overwritten or deleted from then on is lost
          keep `versioning` in the file as it is live, or allow it with --destroy s3://acme-staging:versioning

    Plan: 0 to create, 1 to change, 0 to delete, 2 refused; 0 calls.
    ");
}

#[test]
fn versioning_is_suspended() {
    let allowed = allowing(&["s3://acme-staging:versioning"]);
    let live = seen_bucket(whole(Bucket { versioning: true, ..bucket() }));
    insta::assert_snapshot!(shown(&desired_bucket(bucket()), &live, &allowed, context(NOON_MS)), @r"
    Changes (~ change in place   - delete):

      ~ bucket acme-staging
          - versioning  on

    Calls, in this order for each resource (times are estimates):
      bucket acme-staging
        1. PutBucketVersioning Suspended  (1 s to 2 s)  DESTRUCTIVE

    Plan: 0 to create, 1 to change, 0 to delete; 1 call, about 1 s to 2 s.
    ");
}

/// The bucket is to go: what it holds, and whether `--with-data` was said.
fn leaving(live: LiveBucket, with_data: bool) -> String {
    let approvals = Approvals { with_data, ..allowing(&["s3://acme-staging"]) };
    shown(&desired([]), &seen_bucket(live), &approvals, context(NOON_MS))
}

#[test]
fn an_empty_bucket_is_deleted() {
    insta::assert_snapshot!(leaving(leaving_bucket(0, 0), false), @r"
    Changes (- delete):

      - bucket acme-staging
          - abort unfinished uploads  on
          - encryption                SSE-S3
          - expire                    7 days
          - owner                     s
          - owner enforced            on
          - public access block       on
          - tls only                  on

    Calls, in this order for each resource (times are estimates):
      bucket acme-staging
        1. DeleteBucket, after listings have found it empty  (1 s to 2 s)  DESTRUCTIVE
             cannot be undone, and anybody may take the name then

    Plan: 0 to create, 0 to change, 1 to delete; 1 call, about 1 s to 2 s.
    ");
}

#[test]
fn a_bucket_is_deleted_with_everything_in_it() {
    insta::assert_snapshot!(leaving(leaving_bucket(1000, 2), true), @r"
    Changes (- delete):

      - bucket acme-staging
          - abort unfinished uploads  on
          - encryption                SSE-S3
          - expire                    7 days
          - objects                   1000 or more versions
          - owner                     s
          - owner enforced            on
          - public access block       on
          - tls only                  on
          - uploads                   2 unfinished uploads

    Calls, in this order for each resource (times are estimates):
      bucket acme-staging
        1. AbortMultipartUpload, every unfinished upload  (1 s to 30 s)  DESTRUCTIVE
             their parts are gone, and who is still uploading gets an error
        2. DeleteObjects, EVERY VERSION OF EVERY OBJECT, 1000 a call  (1 s to 30 s)  DESTRUCTIVE
             cannot be undone; a second or so for each thousand; it can be stopped and run again
        3. DeleteBucket, after listings have found it empty  (1 s to 2 s)  DESTRUCTIVE
             cannot be undone, and anybody may take the name then

    Plan: 0 to create, 0 to change, 1 to delete; 3 calls, about 3 s to 62 s.
    ");
}

#[test]
fn a_bucket_that_holds_something_is_kept() {
    insta::assert_snapshot!(leaving(leaving_bucket(1, 0), false), @r"
    Changes (- delete):

      - bucket acme-staging
          - abort unfinished uploads  on
          - encryption                SSE-S3
          - expire                    7 days
          - objects                   1 version
          - owner                     s
          - owner enforced            on
          - public access block       on
          - tls only                  on

    Refused:
      bucket acme-staging: it is not empty: 1 version
          empty it, or add --with-data to delete it with everything in it

    Plan: 0 to create, 0 to change, 1 to delete, 1 refused; 0 calls.
    ");
}
