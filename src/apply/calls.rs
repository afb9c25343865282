//! One step, one call: the only place where apply changes AWS.

use super::Error;
use super::worker::Worker;
use crate::aws;
use crate::plan::{Goal, State, Step};

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
            Step::AbortUploads => return self.abort_uploads().await,
            Step::DeleteVersions => return self.delete_versions().await,
            Step::DeleteBucket => return self.delete_bucket().await,
            Step::CreateBucket => aws.create_bucket(name).await,
            Step::TagBucket { tags } => aws.tag_bucket(name, tags).await,
            Step::BlockPublicAccess => aws.block_public_access(name).await,
            Step::EnforceOwner => aws.enforce_owner(name).await,
            Step::EncryptBucket { kms_key } => aws.encrypt_bucket(name, kms_key.as_deref()).await,
            Step::SetVersioning { on } => aws.set_versioning(name, *on).await,
            Step::SetMaximum { table, indexes } => aws.set_maximum(name, *table, indexes).await,
            Step::RaiseWarm { index, units } => aws.raise_warm(name, index.as_deref(), *units).await,
            Step::ScaleTarget { index, dimension, min, max } => aws.scale_target(name, index.as_deref(), *dimension, *min, *max).await,
            Step::ScalePolicy { index, dimension, target } => aws.scale_policy(name, index.as_deref(), *dimension, *target).await,
            Step::Unscale { index, dimension } => aws.unscale(name, index.as_deref(), *dimension).await,
            Step::SetClass { class } => aws.set_class(name, *class).await,
            Step::Encrypt { with } => aws.encrypt(name, with).await,
            Step::SetPolicy { policy } => aws.set_policy(arn, policy.as_deref()).await,
            Step::SetInsights { index, insights } => aws.set_insights(name, index.as_deref(), *insights).await,
            Step::ExpireObjects { days, versions } => aws.expire_objects(name, *days, *versions).await,
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
        if !with_data && aws.holds_items(name).await.map_err(Refused::Aws)? {
            return Err(Refused::Guard(Error::NotEmpty { address: self.address() }));
        }
        aws.delete_table(name).await.map_err(Refused::Aws)
    }

    /// Whether a table that goes without its data is empty, asked before anything is taken off it: one that stays after all must not be
    /// left without its protection and its auto scaling. One in motion cannot be read, and is asked once it is quiet.
    pub(super) async fn look_into(&self, seen: &State) -> Result<(), Error> {
        let goes = matches!(self.work.goal, Goal::Gone { with_data: false }) && seen.table().is_some() && !self.work.steps.is_empty();
        if !goes || !seen.busy().is_empty() {
            return Ok(());
        }
        match self.shared.aws.holds_items(self.work.target.name()).await {
            Ok(false) => Ok(()),
            Ok(true) => Err(Error::NotEmpty { address: self.address() }),
            Err(error) => Err(self.unlooked(error)),
        }
    }

    fn unlooked(&self, error: aws::Error) -> Error {
        self.halt_if_credentials(Some(&error));
        Error::Call { address: self.address(), call: "look whether it is empty".to_owned(), source: Box::new(error) }
    }
}

/// Why a call was not made or not taken.
#[derive(Debug)]
pub(super) enum Refused {
    /// A guard of ours: final.
    Guard(Error),
    Aws(aws::Error),
}
