//! One step, one call: the only place where apply changes AWS.

use super::Error;
use super::worker::Worker;
use crate::aws;
use crate::plan::{State, Step};

impl Worker<'_> {
    /// Makes `step`'s call on the resource as it is in `state`.
    pub(super) async fn call(&self, step: &Step, state: &State) -> Result<(), Refused> {
        let (aws, name) = (self.shared.aws, self.work.target.name());
        let arn = state.table().map_or("", |t| t.arn.as_str());
        let answer = match step {
            Step::CreateTable { table, owner } => aws.create_table(name, table, owner).await,
            Step::SetCapacity { mode, table, indexes } => aws.set_capacity(name, *mode, *table, indexes).await,
            Step::DeleteIndex { index } => aws.delete_index(name, index).await,
            Step::CreateIndex { index, spec, attributes } => aws.create_index(name, index, spec, attributes).await,
            Step::SetStream { view } => aws.set_stream(name, *view).await,
            Step::Protect { on } => aws.set_protection(name, *on).await,
            Step::TtlOff { attribute } => aws.set_ttl(name, attribute, false).await,
            Step::TtlOn { attribute } => aws.set_ttl(name, attribute, true).await,
            Step::SetRecovery { days } => aws.set_recovery(name, *days).await,
            Step::Tag { tags } => aws.tag_table(arn, tags).await,
            Step::DeleteTable { with_data } => return self.delete(*with_data).await,
            Step::CreateBucket => aws.create_bucket(name).await,
            Step::TagBucket { tags } => aws.tag_bucket(name, tags).await,
            Step::BlockPublicAccess => aws.block_public_access(name).await,
            Step::EnforceOwner => aws.enforce_owner(name).await,
            Step::EncryptBucket => aws.encrypt_bucket(name).await,
            Step::ExpireObjects { days } => aws.expire_objects(name, *days).await,
            Step::DenyPlainHttp => aws.deny_plain_http(name).await,
        };
        match answer {
            Err(error) if error.is("BucketAlreadyExists") => Err(Refused::Guard(Error::Taken(crate::safe::text(name)))),
            answer => answer.map_err(Refused::Aws),
        }
    }

    /// Deletes the table; unless `with_data`, the last call before is a consistent scan that finds nothing. An item written
    /// between the two calls is lost: `DynamoDB` has no conditional delete of a table.
    async fn delete(&self, with_data: bool) -> Result<(), Refused> {
        let (aws, name) = (self.shared.aws, self.work.target.name());
        if !with_data && aws.has_items(name).await.map_err(Refused::Aws)? {
            return Err(Refused::Guard(Error::NotEmpty { address: self.work.target.to_string() }));
        }
        aws.delete_table(name).await.map_err(Refused::Aws)
    }
}

/// Why a call was not made or not taken.
#[derive(Debug)]
pub(super) enum Refused {
    /// A guard of ours: final.
    Guard(Error),
    Aws(aws::Error),
}
