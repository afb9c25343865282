//! Who may read what is stored, and with which key it is: encryption, resource policies.

use super::span::At;
use super::union::{Kind, Takes, Union};
use schemars::JsonSchema;
use serde::Deserialize;

/// Encryption of a table at rest.
pub(crate) type Encryption = Union<EncryptionWord, CustomerKey>;

/// Keys that AWS keeps: DynamoDB's own, or the account's `aws/dynamodb`.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum EncryptionWord {
    Owned,
    Managed,
}
impl Takes for EncryptionWord {
    fn takes(kind: Kind) -> bool {
        kind == Kind::Text
    }
}

/// Default encryption of a bucket.
pub(crate) type BucketEncryption = Union<BucketEncryptionWord, CustomerKey>;

/// S3's own keys.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum BucketEncryptionWord {
    S3,
}
impl Takes for BucketEncryptionWord {
    fn takes(kind: Kind) -> bool {
        kind == Kind::Text
    }
}

/// A KMS key of your own.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CustomerKey {
    /// The key's ARN, its alias (`alias/acme`), the alias's ARN, or the key's id.
    #[schemars(required)]
    pub key: Option<At<String>>,
}

/// A resource policy: `false`, the JSON itself, or the file that it is in.
pub(crate) type Policy = Union<bool, Union<String, PolicyFile>>;

/// A resource policy in a file of its own.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PolicyFile {
    /// The JSON file, relative to this one. It is part of the stack: a change of it is a change of the stack.
    #[schemars(required)]
    pub file: Option<At<String>>,
}
