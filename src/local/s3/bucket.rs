//! Buckets themselves: made with AWS's defaults, listed, dropped when empty.

use super::objects::Config;
use super::serve::Bucketeer;
use crate::local::moment;
use s3s::dto::*;
use s3s::{S3Request, S3Result, s3_error};
use std::time::{Duration, UNIX_EPOCH};

/// CreateBucket.
pub(super) fn create(s3: &Bucketeer, request: S3Request<CreateBucketInput>) -> S3Result<CreateBucketOutput> {
    let home = request.region.as_ref().map_or("us-east-1", |r| r.as_str()).to_owned();
    let input = request.input;
    let region = placed(&home, input.create_bucket_configuration.as_ref())?;
    let ownership = input.object_ownership.unwrap_or_else(|| ObjectOwnership::from_static(ObjectOwnership::BUCKET_OWNER_ENFORCED));
    if input.acl.is_some_and(|acl| acl.as_str() != BucketCannedACL::PRIVATE) && ownership.as_str() == ObjectOwnership::BUCKET_OWNER_ENFORCED
    {
        return Err(s3_error!(
            InvalidBucketAclWithObjectOwnership,
            "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting"
        ));
    }
    // In us-east-1, making one's own bucket again is no error and changes nothing.
    let may_be_there = |there: &str| there == "us-east-1" && region == "us-east-1";
    let there = s3.objects.create(&input.bucket, fresh(region.clone(), ownership))?;
    if there.is_some_and(|there| !may_be_there(&there)) {
        return Err(s3_error!(
            BucketAlreadyOwnedByYou,
            "Your previous request to create the named bucket succeeded and you already own it."
        ));
    }
    Ok(CreateBucketOutput { location: Some(format!("/{}", input.bucket)) })
}

/// The region that the request asks for, by AWS's rules about endpoint and constraint.
fn placed(endpoint: &str, asked: Option<&CreateBucketConfiguration>) -> S3Result<String> {
    let constraint = asked.and_then(|c| c.location_constraint.as_ref()).map(BucketLocationConstraint::as_str).filter(|c| !c.is_empty());
    match constraint {
        None if endpoint == "us-east-1" => Ok("us-east-1".into()),
        None => Err(s3_error!(
            IllegalLocationConstraintException,
            "The unspecified location constraint is incompatible for the region specific endpoint this request was sent to."
        )),
        Some("us-east-1") => Err(s3_error!(InvalidLocationConstraint, "The specified location-constraint is not valid")),
        Some("EU") => Ok("eu-west-1".into()),
        Some(region) if endpoint == "us-east-1" || endpoint == region => Ok(region.into()),
        Some(region) => Err(s3_error!(
            IllegalLocationConstraintException,
            "The {region} location constraint is incompatible for the region specific endpoint this request was sent to."
        )),
    }
}

/// AWS's defaults since April 2023: encrypted with S3's keys, not public, no ACLs.
fn fresh(region: String, ownership: ObjectOwnership) -> Config {
    Config {
        region,
        created: moment::seconds(),
        encryption: Some(default_encryption()),
        public_access: Some(PublicAccessBlockConfiguration {
            block_public_acls: Some(true),
            block_public_policy: Some(true),
            ignore_public_acls: Some(true),
            restrict_public_buckets: Some(true),
        }),
        ownership: Some(ownership.as_str().to_owned()),
        ..Config::default()
    }
}

/// SSE-S3, which no bucket can be without.
pub(super) fn default_encryption() -> ServerSideEncryptionConfiguration {
    let aes = ServerSideEncryptionByDefault {
        kms_master_key_id: None,
        sse_algorithm: ServerSideEncryption::from_static(ServerSideEncryption::AES256),
    };
    let rule = ServerSideEncryptionRule { apply_server_side_encryption_by_default: Some(aes), bucket_key_enabled: Some(false) };
    ServerSideEncryptionConfiguration { rules: vec![rule] }
}

/// HeadBucket.
pub(super) fn head(s3: &Bucketeer, request: S3Request<HeadBucketInput>) -> S3Result<HeadBucketOutput> {
    s3.objects.with(&request.input.bucket, |b| {
        Ok(HeadBucketOutput { bucket_region: Some(b.config.region.clone()), ..HeadBucketOutput::default() })
    })
}

/// DeleteBucket.
pub(super) fn delete(s3: &Bucketeer, request: S3Request<DeleteBucketInput>) -> S3Result<DeleteBucketOutput> {
    s3.objects.drop_bucket(&request.input.bucket)?;
    Ok(DeleteBucketOutput::default())
}

/// ListBuckets.
pub(super) fn list(s3: &Bucketeer, request: S3Request<ListBucketsInput>) -> S3Result<ListBucketsOutput> {
    let input = request.input;
    let most = input.max_buckets.and_then(|m| usize::try_from(m).ok()).unwrap_or(10_000);
    let prefix = input.prefix.clone().unwrap_or_default();
    let buckets = s3.objects.all();
    let mut found = buckets.iter().filter(|(name, bucket)| {
        let after = input.continuation_token.as_ref().is_none_or(|t| *name > t);
        let here = input.bucket_region.as_ref().is_none_or(|r| *r == bucket.config.region);
        name.starts_with(&prefix) && after && here
    });
    let page: Buckets = found.by_ref().take(most).map(|(name, b)| told(name, &b.config)).collect();
    let more = found.next().is_some();
    let token = page.last().and_then(|b| b.name.clone()).filter(|_| more);
    Ok(ListBucketsOutput { buckets: Some(page), continuation_token: token, owner: Some(s3.owner()), prefix: input.prefix })
}

fn told(name: &str, config: &Config) -> Bucket {
    let created = UNIX_EPOCH + Duration::from_secs(u64::try_from(config.created).unwrap_or(0));
    Bucket { bucket_region: Some(config.region.clone()), creation_date: Some(created.into()), name: Some(name.to_owned()) }
}

/// GetBucketLocation: nothing means us-east-1.
pub(super) fn location(s3: &Bucketeer, request: S3Request<GetBucketLocationInput>) -> S3Result<GetBucketLocationOutput> {
    s3.objects.with(&request.input.bucket, |b| {
        let region = Some(b.config.region.clone()).filter(|r| r != "us-east-1");
        Ok(GetBucketLocationOutput { location_constraint: region.map(BucketLocationConstraint::from) })
    })
}
