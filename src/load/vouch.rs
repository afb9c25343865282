//! Whose table it is: not one row is written into somebody else's.
//!
//! Rule: a table that the plan left to the load may be there when the load looks, because an import that an earlier run began has made it
//! by then, or because somebody made one of its name; one that it saw may be another meanwhile, as approval and the reading of rows take
//! time. Its owner's tag says whose it is; where it has none, AWS's record of imports does. Asked before rows are read, and again before
//! the first is written.

use super::error::Error;
use super::run::Run;
use crate::aws::provenance::Which;
use crate::live::normal::ObservedTable;
use crate::resource::OWNER_TAG;
use crate::safe;

impl Run<'_> {
    /// Refuses a table of [`super::Options::vouch`] that is not known to be this stack's.
    pub(super) async fn vouch(&self, name: &str) -> Result<(), Error> {
        if !self.options.vouch.contains(name) {
            return Ok(());
        }
        let why = match self.aws.describe_table(name).await? {
            Some(table) => self.doubt(name, &table).await?,
            None => Some("it is gone again".to_owned()),
        };
        why.map_or(Ok(()), |why| Err(Error::NotOurs { table: name.to_owned(), why }))
    }

    /// Why `table` may be somebody else's; `None`: it is ours.
    async fn doubt(&self, name: &str, table: &ObservedTable) -> Result<Option<String>, Error> {
        let tags = self.aws.table_tags(&table.arn).await?;
        match tags.into_iter().find(|(key, _)| key == OWNER_TAG) {
            Some((_, owner)) if owner == self.stack.name => Ok(None),
            Some((_, owner)) => Ok(Some(format!("it has the tag of the stack \"{}\"", safe::text(&owner)))),
            None => self.no_import(name, table).await,
        }
    }

    async fn no_import(&self, name: &str, table: &ObservedTable) -> Result<Option<String>, Error> {
        // Without a bucket nothing was ever imported.
        let bucket = self.stack.buckets.values().next().map_or("", |bucket| bucket.name.as_str());
        let which = Which { arn: &table.arn, id: &table.id, created_ms: table.created_ms };
        match self.aws.was_imported_from(which, bucket, &format!("{}/{name}/", self.stack.name)).await {
            Ok(true) => Ok(None),
            Ok(false) => Ok(Some("it has no owner's tag, and no import of this stack made it".to_owned())),
            Err(error) if error.is_denied() => Ok(Some(format!(
                "it has no owner's tag, and whether an import of this stack made it is not known: {error}; allow dynamodb:ListImports \
                 (`landfall iam` tells the whole policy)"
            ))),
            Err(error) => Err(error.into()),
        }
    }
}
