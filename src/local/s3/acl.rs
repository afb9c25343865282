//! ACLs: nobody but the owner, and they cannot be changed (`BucketOwnerEnforced`).

use super::serve::Bucketeer;
use s3s::dto::*;
use s3s::{S3Error, S3Request, S3Result, s3_error};

pub(super) fn get_bucket(s3: &Bucketeer, r: S3Request<GetBucketAclInput>) -> S3Result<GetBucketAclOutput> {
    s3.objects.with(&r.input.bucket, |_| Ok(()))?;
    Ok(GetBucketAclOutput { grants: Some(vec![full(s3)]), owner: Some(s3.owner()) })
}

pub(super) fn get_object(s3: &Bucketeer, r: S3Request<GetObjectAclInput>) -> S3Result<GetObjectAclOutput> {
    s3.objects.object(&r.input.bucket, &r.input.key)?;
    Ok(GetObjectAclOutput { grants: Some(vec![full(s3)]), owner: Some(s3.owner()), request_charged: None })
}

pub(super) fn put_bucket(s3: &Bucketeer, r: S3Request<PutBucketAclInput>) -> S3Result<PutBucketAclOutput> {
    s3.objects.with(&r.input.bucket, |_| Err(unsupported()))
}

pub(super) fn put_object(s3: &Bucketeer, r: S3Request<PutObjectAclInput>) -> S3Result<PutObjectAclOutput> {
    s3.objects.with(&r.input.bucket, |_| Err(unsupported()))
}

fn full(s3: &Bucketeer) -> Grant {
    let owner = s3.owner();
    let grantee =
        Grantee { id: owner.id, type_: Type::from_static(Type::CANONICAL_USER), display_name: None, email_address: None, uri: None };
    Grant { grantee: Some(grantee), permission: Some(Permission::from_static(Permission::FULL_CONTROL)) }
}

fn unsupported() -> S3Error {
    s3_error!(AccessControlListNotSupported, "The bucket does not allow ACLs")
}
