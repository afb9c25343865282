//! Each S3 operation, and the function that answers it. What is not here answers `NotImplemented`.

use super::access::{Doorkeeper, Known};
use super::{Objects, acl, bucket, config, copy, list, multipart, object, tagging, versions};
use crate::local::gate::Gate;
use crate::local::signature::Keys;
use s3s::config::{S3Config, StaticConfigProvider};
use s3s::dto::*;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{S3, S3Request, S3Response, S3Result};
use std::sync::Arc;

/// The S3 that `s3s` calls.
#[derive(Debug)]
pub(crate) struct Bucketeer {
    pub(super) account: String,
    pub(super) objects: Arc<Objects>,
}

impl Bucketeer {
    /// The whole service: protocol, signatures, access, operations.
    pub(crate) fn service(account: &str, keys: &Keys, gate: &Gate, objects: Arc<Objects>) -> S3Service {
        let doorkeeper = Doorkeeper { account: account.to_owned(), gate: gate.clone(), objects: Arc::clone(&objects) };
        let mut builder = S3ServiceBuilder::new(Self { account: account.to_owned(), objects });
        builder.set_auth(Known(keys.clone()));
        builder.set_access(doorkeeper);
        if keys.any_time {
            let mut config = S3Config::default();
            config.presigned_url_max_skew_time_secs = u32::MAX;
            builder.set_config(Arc::new(StaticConfigProvider::new(Arc::new(config))));
        }
        builder.build()
    }

    /// The account as the owner of things.
    pub(super) fn owner(&self) -> Owner {
        Owner { display_name: None, id: Some(format!("{:0>64}", self.account)) }
    }
}

macro_rules! answer {
    (now $answer:path, $s3:expr, $request:expr) => {
        $answer($s3, $request)
    };
    (wait $answer:path, $s3:expr, $request:expr) => {
        $answer($s3, $request).await
    };
}

/// `now` for what answers from memory, `wait` for what reads or writes bodies.
macro_rules! operations {
    ($($name:ident($input:ident) -> $output:ident = $when:ident $answer:path;)*) => {
        #[async_trait::async_trait]
        impl S3 for Bucketeer {
            $(
                async fn $name(&self, request: S3Request<$input>) -> S3Result<S3Response<$output>> {
                    answer!($when $answer, self, request).map(S3Response::new)
                }
            )*
        }
    };
}

operations! {
    create_bucket(CreateBucketInput) -> CreateBucketOutput = now bucket::create;
    head_bucket(HeadBucketInput) -> HeadBucketOutput = now bucket::head;
    delete_bucket(DeleteBucketInput) -> DeleteBucketOutput = now bucket::delete;
    list_buckets(ListBucketsInput) -> ListBucketsOutput = now bucket::list;
    get_bucket_location(GetBucketLocationInput) -> GetBucketLocationOutput = now bucket::location;

    get_bucket_encryption(GetBucketEncryptionInput) -> GetBucketEncryptionOutput = now config::get_encryption;
    put_bucket_encryption(PutBucketEncryptionInput) -> PutBucketEncryptionOutput = now config::put_encryption;
    delete_bucket_encryption(DeleteBucketEncryptionInput) -> DeleteBucketEncryptionOutput = now config::delete_encryption;
    get_public_access_block(GetPublicAccessBlockInput) -> GetPublicAccessBlockOutput = now config::get_public_access;
    put_public_access_block(PutPublicAccessBlockInput) -> PutPublicAccessBlockOutput = now config::put_public_access;
    delete_public_access_block(DeletePublicAccessBlockInput) -> DeletePublicAccessBlockOutput = now config::delete_public_access;
    get_bucket_ownership_controls(GetBucketOwnershipControlsInput) -> GetBucketOwnershipControlsOutput = now config::get_ownership;
    put_bucket_ownership_controls(PutBucketOwnershipControlsInput) -> PutBucketOwnershipControlsOutput = now config::put_ownership;
    delete_bucket_ownership_controls(DeleteBucketOwnershipControlsInput) -> DeleteBucketOwnershipControlsOutput = now config::delete_ownership;
    get_bucket_lifecycle_configuration(GetBucketLifecycleConfigurationInput) -> GetBucketLifecycleConfigurationOutput = now config::get_lifecycle;
    put_bucket_lifecycle_configuration(PutBucketLifecycleConfigurationInput) -> PutBucketLifecycleConfigurationOutput = now config::put_lifecycle;
    delete_bucket_lifecycle(DeleteBucketLifecycleInput) -> DeleteBucketLifecycleOutput = now config::delete_lifecycle;
    get_bucket_policy(GetBucketPolicyInput) -> GetBucketPolicyOutput = now config::get_policy;
    put_bucket_policy(PutBucketPolicyInput) -> PutBucketPolicyOutput = now config::put_policy;
    delete_bucket_policy(DeleteBucketPolicyInput) -> DeleteBucketPolicyOutput = now config::delete_policy;
    get_bucket_versioning(GetBucketVersioningInput) -> GetBucketVersioningOutput = now config::get_versioning;
    put_bucket_versioning(PutBucketVersioningInput) -> PutBucketVersioningOutput = now config::put_versioning;

    get_bucket_tagging(GetBucketTaggingInput) -> GetBucketTaggingOutput = now tagging::get_bucket;
    put_bucket_tagging(PutBucketTaggingInput) -> PutBucketTaggingOutput = now tagging::put_bucket;
    delete_bucket_tagging(DeleteBucketTaggingInput) -> DeleteBucketTaggingOutput = now tagging::delete_bucket;
    get_object_tagging(GetObjectTaggingInput) -> GetObjectTaggingOutput = now tagging::get_object;
    put_object_tagging(PutObjectTaggingInput) -> PutObjectTaggingOutput = now tagging::put_object;
    delete_object_tagging(DeleteObjectTaggingInput) -> DeleteObjectTaggingOutput = now tagging::delete_object;

    get_bucket_acl(GetBucketAclInput) -> GetBucketAclOutput = now acl::get_bucket;
    put_bucket_acl(PutBucketAclInput) -> PutBucketAclOutput = now acl::put_bucket;
    get_object_acl(GetObjectAclInput) -> GetObjectAclOutput = now acl::get_object;
    put_object_acl(PutObjectAclInput) -> PutObjectAclOutput = now acl::put_object;

    put_object(PutObjectInput) -> PutObjectOutput = wait object::put;
    get_object(GetObjectInput) -> GetObjectOutput = wait object::get;
    head_object(HeadObjectInput) -> HeadObjectOutput = now object::head;
    delete_object(DeleteObjectInput) -> DeleteObjectOutput = now object::delete;
    delete_objects(DeleteObjectsInput) -> DeleteObjectsOutput = now object::delete_many;
    copy_object(CopyObjectInput) -> CopyObjectOutput = wait copy::object;

    list_objects(ListObjectsInput) -> ListObjectsOutput = now list::objects;
    list_object_versions(ListObjectVersionsInput) -> ListObjectVersionsOutput = now versions::list;
    list_objects_v2(ListObjectsV2Input) -> ListObjectsV2Output = now list::objects_v2;

    create_multipart_upload(CreateMultipartUploadInput) -> CreateMultipartUploadOutput = now multipart::create;
    upload_part(UploadPartInput) -> UploadPartOutput = wait multipart::upload;
    upload_part_copy(UploadPartCopyInput) -> UploadPartCopyOutput = wait copy::part;
    complete_multipart_upload(CompleteMultipartUploadInput) -> CompleteMultipartUploadOutput = wait multipart::complete;
    abort_multipart_upload(AbortMultipartUploadInput) -> AbortMultipartUploadOutput = now multipart::abort;
    list_parts(ListPartsInput) -> ListPartsOutput = now list::parts;
    list_multipart_uploads(ListMultipartUploadsInput) -> ListMultipartUploadsOutput = now list::uploads;
}
