//! KMS keys as far as encryption at rest needs them: which key a name means, who manages it, whether it can be used.
//!
//! Facts (KMS API reference, `DescribeKey`): takes an id, an alias, or the ARN of either, and answers with the key's ARN; `KeyManager` is
//! AWS for the account's `aws/dynamodb` key. `DynamoDB` shows an ARN whatever it was told, so names are resolved before anything is compared.
//! Called by the verbs before a plan, and by `live::refresh` to tell AWS's key from a customer's.

use super::error::from_sdk;
use super::patience::Deadline;
use super::{Aws, Error, limit::Api};
use aws_sdk_kms::types::{KeyManagerType, KeySpec, KeyState};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// A key as KMS describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    pub arn: String,
    /// AWS's own for the account (`aws/dynamodb`), not a customer's.
    pub aws_managed: bool,
    /// Why nothing can be encrypted by it ("it is Disabled"); `None`: it can.
    pub unusable: Option<String>,
}

/// What was learned of keys in this run, by ARN: whether AWS manages it. A key's manager never changes.
#[derive(Debug, Clone, Default)]
pub(super) struct Known(Arc<Mutex<BTreeMap<String, bool>>>);

impl Known {
    fn get(&self, arn: &str) -> Option<bool> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(arn).copied()
    }

    fn put(&self, arn: &str, aws_managed: bool) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(arn.to_owned(), aws_managed);
    }
}

impl Aws {
    /// `DescribeKey` by ARN, id or alias; `None`: there is no such key.
    pub async fn describe_key(&self, key: &str, deadline: Deadline) -> Result<Option<Key>, Error> {
        let ask = || async {
            let sent = self.kms.describe_key().key_id(key).send().await;
            sent.map_err(|e| from_sdk(format!("KMS DescribeKey {}", crate::safe::text(key)), &e))
        };
        let answer = match self.patiently(Api::Keys, deadline, ask).await {
            Ok(answer) => answer,
            Err(error) if error.is("NotFoundException") => return Ok(None),
            Err(error) => return Err(error),
        };
        let Some(seen) = answer.key_metadata() else { return Ok(None) };
        let arn = seen.arn().unwrap_or(key).to_owned();
        let aws_managed = seen.key_manager() == Some(&KeyManagerType::Aws);
        self.keys.put(&arn, aws_managed);
        Ok(Some(Key { arn, aws_managed, unusable: unusable(seen.key_state(), seen.key_spec()) }))
    }

    /// Whether the key of this ARN is AWS's own for the account; one call a key and run. A key that is gone is nobody's of AWS's.
    pub async fn is_aws_managed(&self, arn: &str, deadline: Deadline) -> Result<bool, Error> {
        if let Some(known) = self.keys.get(arn) {
            return Ok(known);
        }
        Ok(self.describe_key(arn, deadline).await?.is_some_and(|key| key.aws_managed))
    }
}

/// A key's own ARN, not an alias's.
pub fn is_arn(name: &str) -> bool {
    name.starts_with("arn:") && name.split(':').nth(5).is_some_and(|part| part.starts_with("key/"))
}

/// `DynamoDB` and S3 encrypt by enabled symmetric keys only. A state that is not told is not held against the key.
fn unusable(state: Option<&KeyState>, spec: Option<&KeySpec>) -> Option<String> {
    if let Some(state) = state.filter(|s| **s != KeyState::Enabled) {
        return Some(format!("it is {}", crate::safe::text(state.as_str())));
    }
    let other = spec.filter(|s| **s != KeySpec::SymmetricDefault)?;
    Some(format!("it is {}, and encryption at rest takes symmetric keys only", crate::safe::text(other.as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_enabled_symmetric_key_can_be_used() {
        assert_eq!(unusable(Some(&KeyState::Enabled), Some(&KeySpec::SymmetricDefault)), None);
        assert_eq!(unusable(None, None), None);
        assert_eq!(unusable(Some(&KeyState::PendingDeletion), None).as_deref(), Some("it is PendingDeletion"));
        assert!(unusable(Some(&KeyState::Enabled), Some(&KeySpec::Rsa2048)).is_some_and(|why| why.contains("RSA_2048")));
    }
}
