//! A bucket's settings: kept as given, AWS's error codes where there is none.

use super::access::refused;
use super::bucket::default_encryption;
use super::serve::Bucketeer;
use s3s::dto::*;
use s3s::{S3Request, S3Result, s3_error};

pub(super) fn get_encryption(s3: &Bucketeer, r: S3Request<GetBucketEncryptionInput>) -> S3Result<GetBucketEncryptionOutput> {
    let found = s3.objects.with(&r.input.bucket, |b| Ok(b.config.encryption.clone()))?;
    Ok(GetBucketEncryptionOutput { server_side_encryption_configuration: found })
}

pub(super) fn put_encryption(s3: &Bucketeer, r: S3Request<PutBucketEncryptionInput>) -> S3Result<PutBucketEncryptionOutput> {
    let mut given = r.input.server_side_encryption_configuration;
    if given.rules.is_empty() {
        return Err(s3_error!(MalformedXML, "An encryption configuration needs a rule"));
    }
    for rule in &mut given.rules {
        rule.bucket_key_enabled.get_or_insert(false);
    }
    s3.objects.configure(&r.input.bucket, |c| {
        c.encryption = Some(given);
        Ok(())
    })?;
    Ok(PutBucketEncryptionOutput::default())
}

/// Without a setting of its own a bucket is encrypted by S3's keys.
pub(super) fn delete_encryption(s3: &Bucketeer, r: S3Request<DeleteBucketEncryptionInput>) -> S3Result<DeleteBucketEncryptionOutput> {
    s3.objects.configure(&r.input.bucket, |c| {
        c.encryption = Some(default_encryption());
        Ok(())
    })?;
    Ok(DeleteBucketEncryptionOutput::default())
}

pub(super) fn get_public_access(s3: &Bucketeer, r: S3Request<GetPublicAccessBlockInput>) -> S3Result<GetPublicAccessBlockOutput> {
    let found = s3.objects.with(&r.input.bucket, |b| Ok(b.config.public_access.clone()))?;
    let found =
        found.ok_or_else(|| refused("NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found", 404))?;
    Ok(GetPublicAccessBlockOutput { public_access_block_configuration: Some(found) })
}

/// A side that is not said is off.
pub(super) fn put_public_access(s3: &Bucketeer, r: S3Request<PutPublicAccessBlockInput>) -> S3Result<PutPublicAccessBlockOutput> {
    let mut given = r.input.public_access_block_configuration;
    let sides =
        [&mut given.block_public_acls, &mut given.block_public_policy, &mut given.ignore_public_acls, &mut given.restrict_public_buckets];
    for side in sides {
        side.get_or_insert(false);
    }
    s3.objects.configure(&r.input.bucket, |c| {
        c.public_access = Some(given);
        Ok(())
    })?;
    Ok(PutPublicAccessBlockOutput::default())
}

pub(super) fn delete_public_access(s3: &Bucketeer, r: S3Request<DeletePublicAccessBlockInput>) -> S3Result<DeletePublicAccessBlockOutput> {
    s3.objects.configure(&r.input.bucket, |c| {
        c.public_access = None;
        Ok(())
    })?;
    Ok(DeletePublicAccessBlockOutput::default())
}

pub(super) fn get_ownership(s3: &Bucketeer, r: S3Request<GetBucketOwnershipControlsInput>) -> S3Result<GetBucketOwnershipControlsOutput> {
    let found = s3.objects.with(&r.input.bucket, |b| Ok(b.config.ownership.clone()))?;
    let found = found.ok_or_else(|| s3_error!(OwnershipControlsNotFoundError, "The bucket ownership controls were not found"))?;
    let rule = OwnershipControlsRule { object_ownership: ObjectOwnership::from(found) };
    Ok(GetBucketOwnershipControlsOutput { ownership_controls: Some(OwnershipControls { rules: vec![rule] }) })
}

pub(super) fn put_ownership(s3: &Bucketeer, r: S3Request<PutBucketOwnershipControlsInput>) -> S3Result<PutBucketOwnershipControlsOutput> {
    let [rule] = &r.input.ownership_controls.rules[..] else {
        return Err(s3_error!(MalformedXML, "Ownership controls have exactly one rule"));
    };
    s3.objects.configure(&r.input.bucket, |c| {
        c.ownership = Some(rule.object_ownership.as_str().to_owned());
        Ok(())
    })?;
    Ok(PutBucketOwnershipControlsOutput::default())
}

pub(super) fn delete_ownership(
    s3: &Bucketeer,
    r: S3Request<DeleteBucketOwnershipControlsInput>,
) -> S3Result<DeleteBucketOwnershipControlsOutput> {
    s3.objects.configure(&r.input.bucket, |c| {
        c.ownership = None;
        Ok(())
    })?;
    Ok(DeleteBucketOwnershipControlsOutput::default())
}

pub(super) fn get_lifecycle(
    s3: &Bucketeer,
    r: S3Request<GetBucketLifecycleConfigurationInput>,
) -> S3Result<GetBucketLifecycleConfigurationOutput> {
    let (found, minimum) = s3.objects.with(&r.input.bucket, |b| Ok((b.config.lifecycle.clone(), b.config.lifecycle_minimum.clone())))?;
    let found = found.ok_or_else(|| s3_error!(NoSuchLifecycleConfiguration, "The lifecycle configuration does not exist"))?;
    Ok(GetBucketLifecycleConfigurationOutput {
        rules: Some(found.rules),
        transition_default_minimum_object_size: minimum.map(TransitionDefaultMinimumObjectSize::from),
    })
}

/// The rules are kept; nothing expires here.
pub(super) fn put_lifecycle(
    s3: &Bucketeer,
    r: S3Request<PutBucketLifecycleConfigurationInput>,
) -> S3Result<PutBucketLifecycleConfigurationOutput> {
    let mut given = r.input.lifecycle_configuration.ok_or_else(|| s3_error!(MalformedXML, "No lifecycle configuration was given"))?;
    if given.rules.is_empty() {
        return Err(s3_error!(MalformedXML, "A lifecycle configuration needs a rule"));
    }
    for rule in &mut given.rules {
        // AWS names a rule that has no name.
        rule.id.get_or_insert_with(|| format!("{:016x}{:016x}", fastrand::u64(..), fastrand::u64(..)));
    }
    let minimum = r.input.transition_default_minimum_object_size.map(|m| m.as_str().to_owned());
    let minimum = minimum.unwrap_or_else(|| "all_storage_classes_128K".to_owned());
    s3.objects.configure(&r.input.bucket, |c| {
        c.lifecycle = Some(given);
        c.lifecycle_minimum = Some(minimum.clone());
        Ok(())
    })?;
    Ok(PutBucketLifecycleConfigurationOutput { transition_default_minimum_object_size: Some(minimum.into()) })
}

pub(super) fn delete_lifecycle(s3: &Bucketeer, r: S3Request<DeleteBucketLifecycleInput>) -> S3Result<DeleteBucketLifecycleOutput> {
    s3.objects.configure(&r.input.bucket, |c| {
        c.lifecycle = None;
        c.lifecycle_minimum = None;
        Ok(())
    })?;
    Ok(DeleteBucketLifecycleOutput::default())
}

pub(super) fn get_policy(s3: &Bucketeer, r: S3Request<GetBucketPolicyInput>) -> S3Result<GetBucketPolicyOutput> {
    let found = s3.objects.with(&r.input.bucket, |b| Ok(b.config.policy.clone()))?;
    let found = found.ok_or_else(|| s3_error!(NoSuchBucketPolicy, "The bucket policy does not exist"))?;
    Ok(GetBucketPolicyOutput { policy: Some(found) })
}

/// Kept, not enforced: a TLS-only policy would lock this loopback endpoint out.
pub(super) fn put_policy(s3: &Bucketeer, r: S3Request<PutBucketPolicyInput>) -> S3Result<PutBucketPolicyOutput> {
    let document: Result<serde_json::Value, _> = serde_json::from_str(&r.input.policy);
    if !document.as_ref().is_ok_and(|d| d.get("Statement").is_some()) {
        return Err(s3_error!(MalformedPolicy, "Policies must be valid JSON and have a Statement"));
    }
    let public = document.is_ok_and(|d| is_public(&d));
    s3.objects.configure(&r.input.bucket, |c| {
        if public && c.public_access.as_ref().is_some_and(|block| block.block_public_policy == Some(true)) {
            return Err(s3_error!(
                AccessDenied,
                "User is not authorized to perform: s3:PutBucketPolicy because public policies are prevented by the BlockPublicPolicy \
                 setting in S3 Block Public Access."
            ));
        }
        c.policy = Some(r.input.policy);
        Ok(())
    })?;
    Ok(PutBucketPolicyOutput::default())
}

/// Whether a statement allows everybody something without a condition. AWS takes some conditions for public, too.
fn is_public(policy: &serde_json::Value) -> bool {
    let statement = &policy["Statement"];
    let statements = statement.as_array().map_or_else(|| std::slice::from_ref(statement), Vec::as_slice);
    let any = |who: &serde_json::Value| who == "*" || who.as_array().is_some_and(|list| list.iter().any(|who| who == "*"));
    let everybody = |s: &serde_json::Value| any(&s["Principal"]) || any(&s["Principal"]["AWS"]);
    statements.iter().any(|s| s["Effect"] == "Allow" && everybody(s) && s["Condition"].is_null())
}

pub(super) fn delete_policy(s3: &Bucketeer, r: S3Request<DeleteBucketPolicyInput>) -> S3Result<DeleteBucketPolicyOutput> {
    s3.objects.configure(&r.input.bucket, |c| {
        c.policy = None;
        Ok(())
    })?;
    Ok(DeleteBucketPolicyOutput::default())
}

pub(super) fn get_versioning(s3: &Bucketeer, r: S3Request<GetBucketVersioningInput>) -> S3Result<GetBucketVersioningOutput> {
    let found = s3.objects.with(&r.input.bucket, |b| Ok(b.config.versioning.clone()))?;
    Ok(GetBucketVersioningOutput { mfa_delete: None, status: found.map(BucketVersioningStatus::from) })
}

/// The flag is kept; old versions are not (the module's page says so).
pub(super) fn put_versioning(s3: &Bucketeer, r: S3Request<PutBucketVersioningInput>) -> S3Result<PutBucketVersioningOutput> {
    let status = r.input.versioning_configuration.status.as_ref().map(BucketVersioningStatus::as_str);
    let Some(status @ ("Enabled" | "Suspended")) = status else {
        return Err(s3_error!(MalformedXML, "Status must be Enabled or Suspended"));
    };
    s3.objects.configure(&r.input.bucket, |c| {
        c.versioning = Some(status.to_owned());
        Ok(())
    })?;
    Ok(PutBucketVersioningOutput::default())
}
