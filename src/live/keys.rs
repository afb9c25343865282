//! Whose key a table has, and which key a bucket has: what only KMS can tell of what `DynamoDB` and S3 show.
//!
//! Rules: asked only where the answer decides something; what may not be asked about is taken as it is shown.
//! Called by [`super::refresh`].

use super::normal::{ObservedDefault, ObservedTable};
use crate::aws::keys::is_arn;
use crate::aws::patience::Deadline;
use crate::aws::{self, Aws};
use crate::resource::{Bucket, Encryption, Table};

/// Whether the table's KMS key is AWS's own. The key that the wish names is not, and need not be asked for; a key that we may not ask
/// about is taken for a customer's, unless the wish is AWS's own: then only the answer can tell.
pub(super) async fn managed(aws: &Aws, seen: &ObservedTable, want: Option<&Table>, deadline: Deadline) -> Result<bool, aws::Error> {
    let Some(key) = seen.encryption.as_ref().and_then(|e| e.key.as_ref()) else {
        return Ok(false);
    };
    let want = want.map(|w| &w.encryption);
    if matches!(want, Some(Encryption::Key(wanted)) if wanted == key) {
        return Ok(false);
    }
    match aws.is_aws_managed(key, deadline).await {
        Err(error) if error.is_denied() && want != Some(&Encryption::Managed) => Ok(false),
        answer => answer,
    }
}

/// S3 shows a key as somebody named it, by alias or id too: where the wish names one, it is the key's ARN from here on.
pub(super) async fn by_arn(aws: &Aws, seen: &mut [ObservedDefault], want: &Bucket, deadline: Deadline) -> Result<(), aws::Error> {
    for by in seen.iter_mut().filter(|_| want.kms_key.is_some()) {
        let Some(named) = by.key.as_deref().filter(|key| !is_arn(key)) else { continue };
        match aws.describe_key(named, deadline).await {
            Ok(Some(key)) => by.key = Some(key.arn),
            Err(error) if !error.is_denied() => return Err(error),
            _ => {}
        }
    }
    Ok(())
}
