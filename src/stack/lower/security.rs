//! Encryption and resource policies.

use crate::policy::canonical;
use crate::resource::{Encryption, Policy};
use crate::stack::attached::Attached;
use crate::stack::finding::Findings;
use crate::stack::lint::{kms, policy as policy_lint};
use crate::stack::syntax::security::{
    BucketEncryption, CustomerKey, Encryption as Syntax, EncryptionWord, Policy as PolicySyntax, PolicyFile,
};
use crate::stack::syntax::span::At;
use crate::stack::syntax::union::Union;

/// A table's encryption; DynamoDB's own key where nothing is written.
pub(super) fn encryption(at: Option<&At<Syntax>>, region: Option<&str>, found: &mut Findings<'_>) -> Encryption {
    match at.map(|a| &a.value) {
        None | Some(Union::Short(EncryptionWord::Owned)) => Encryption::Owned,
        Some(Union::Short(EncryptionWord::Managed)) => Encryption::Managed,
        Some(Union::Long(own)) => key(own, kms::AWS_DYNAMODB, region, found).map_or(Encryption::Owned, Encryption::Key),
    }
}

/// A bucket's default key; `None`: S3's own.
pub(super) fn bucket_key(at: Option<&At<BucketEncryption>>, region: Option<&str>, found: &mut Findings<'_>) -> Option<String> {
    match &at?.value {
        Union::Short(_) => None,
        Union::Long(own) => key(own, kms::AWS_S3, region, found),
    }
}

fn key(own: &CustomerKey, reserved: (&str, &str), region: Option<&str>, found: &mut Findings<'_>) -> Option<String> {
    let at = own.key.as_ref()?;
    match kms::key(&at.value, reserved, region) {
        Ok(()) => Some(at.value.clone()),
        Err((reason, help)) => {
            found.error_with(&at.span, reason, help);
            None
        }
    }
}

/// A table's resource policy, canonical; `None`: not managed, or wrong and said.
pub(super) fn policy(at: Option<&At<PolicySyntax>>, files: &mut Attached, found: &mut Findings<'_>) -> Option<Policy> {
    let at = at?;
    let (place, text) = match &at.value {
        Union::Short(false) => return Some(Policy::Off),
        Union::Short(true) => {
            found.error_with(
                &at.span,
                "`policy` cannot be true",
                "write the policy, policy = { file = \"policy.json\" }, or false for none",
            );
            return None;
        }
        Union::Long(Union::Short(text)) => (&at.span, text.clone()),
        Union::Long(Union::Long(PolicyFile { file })) => {
            let file = file.as_ref()?;
            let read = files.text(&file.value).map_err(|why| found.error(&file.span, format!("policy file `{}`: {why}", file.value)));
            (&file.span, read.ok()?)
        }
    };
    match canonical(&text).and_then(|text| policy_lint::check(&text).map(|()| text)) {
        Ok(text) => Some(Policy::On(text)),
        Err(reason) => {
            found.error(place, format!("this is no resource policy: {reason}"));
            None
        }
    }
}
