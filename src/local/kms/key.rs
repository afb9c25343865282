//! One key, as `DescribeKey` tells it.

use crate::local::dynamodb::hash;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A symmetric key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Key {
    pub(super) id: String,
    /// `CUSTOMER`, or `AWS` for a key that AWS manages.
    pub(super) manager: String,
    /// `Enabled`, `Disabled`, `PendingDeletion`.
    pub(super) state: String,
    pub(super) description: String,
    /// Seconds since 1970.
    pub(super) created: f64,
}

impl Key {
    /// `KeyMetadata`; `prefix` is the ARN up to the id.
    pub(super) fn told(&self, prefix: &str) -> Value {
        json!({
            "KeyId": self.id,
            "Arn": format!("{prefix}{}", self.id),
            "AWSAccountId": prefix.split(':').nth(4).unwrap_or_default(),
            "CreationDate": self.created,
            "Enabled": self.state == "Enabled",
            "Description": self.description,
            "KeyUsage": "ENCRYPT_DECRYPT",
            "KeyState": self.state,
            "Origin": "AWS_KMS",
            "KeyManager": self.manager,
            "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT",
            "KeySpec": "SYMMETRIC_DEFAULT",
            "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
            "MultiRegion": false,
        })
    }
}

/// A key's id from a seed: the same seed, the same key.
pub(super) fn id(seed: &str) -> String {
    let (a, b) = (hash(seed), hash(&format!("{seed}/2")));
    format!("{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}", a >> 32, (a >> 16) & 0xffff, a & 0xfff, b >> 52, b & 0xffff_ffff_ffff)
}
