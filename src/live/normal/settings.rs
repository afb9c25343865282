//! The settings that are one word of AWS's each, or a few: TTL, stream, recovery, class, encryption, policy, insights.
//!
//! Rule: a setting in motion counts by where it is going; [`super::busy`] says that it is not there yet.
//! Called by [`super::table`].

use super::observed::{ObservedAll, ObservedEncryption, ObservedInsights, ObservedRecovery, ObservedTtl};
use super::{Reader, Unknown};
use crate::policy;
use crate::resource::{Class, Encryption, Insights, Policy, StreamView, Table};

/// `DynamoDB`'s recovery window where none is told, in days.
/// Source: API reference, `PointInTimeRecoverySpecification`.
pub const DEFAULT_RECOVERY_DAYS: u32 = 35;

impl Reader {
    pub(super) fn ttl(&self, seen: &ObservedTtl) -> Result<Option<String>, Unknown> {
        match seen.status.as_deref() {
            None | Some("DISABLED" | "DISABLING") => Ok(None),
            Some("ENABLED" | "ENABLING") => {
                seen.attribute.clone().map(Some).ok_or_else(|| self.unknown("the attribute of the enabled TTL", "absent"))
            }
            Some(word) => Err(self.unknown("the TTL status", word)),
        }
    }

    pub(super) fn stream(&self, seen: Option<&(bool, Option<String>)>) -> Result<Option<StreamView>, Unknown> {
        let Some((true, view)) = seen else { return Ok(None) };
        match view.as_deref() {
            Some("KEYS_ONLY") => Ok(Some(StreamView::Keys)),
            Some("NEW_IMAGE") => Ok(Some(StreamView::New)),
            Some("OLD_IMAGE") => Ok(Some(StreamView::Old)),
            Some("NEW_AND_OLD_IMAGES") => Ok(Some(StreamView::Both)),
            other => Err(self.unknown("the stream's view", other.unwrap_or("absent"))),
        }
    }

    pub(super) fn recovery(&self, seen: &ObservedRecovery) -> Result<Option<u32>, Unknown> {
        match seen.status.as_deref() {
            None | Some("DISABLED" | "DISABLING") => Ok(None),
            Some("ENABLED" | "ENABLING") => Ok(Some(seen.days.unwrap_or(DEFAULT_RECOVERY_DAYS))),
            Some(word) => Err(self.unknown("point-in-time recovery", word)),
        }
    }

    pub(super) fn class(&self, seen: Option<&str>) -> Result<Class, Unknown> {
        match seen {
            None | Some("STANDARD") => Ok(Class::Standard),
            Some("STANDARD_INFREQUENT_ACCESS") => Ok(Class::InfrequentAccess),
            Some(word) => Err(self.unknown("the table class", word)),
        }
    }

    /// `managed_key`: the key that is shown is the account's `aws/dynamodb` key.
    pub(super) fn encryption(&self, seen: Option<&ObservedEncryption>, managed_key: bool) -> Result<Encryption, Unknown> {
        let Some(seen) = seen else { return Ok(Encryption::Owned) };
        match seen.status.as_deref() {
            None | Some("DISABLED" | "DISABLING") => return Ok(Encryption::Owned),
            Some("ENABLED" | "ENABLING" | "UPDATING") => {}
            Some(word) => return Err(self.unknown("the encryption status", word)),
        }
        match (seen.kind.as_deref(), &seen.key) {
            (None | Some("AES256"), _) => Ok(Encryption::Owned),
            (Some("KMS"), Some(key)) if !managed_key => Ok(Encryption::Key(key.clone())),
            (Some("KMS"), _) => Ok(Encryption::Managed),
            (Some(word), _) => Err(self.unknown("the kind of encryption", word)),
        }
    }

    /// The resource policy in its canonical form, where the wish manages it.
    pub(super) fn policy(&self, seen: &ObservedAll, want: Option<&Table>) -> Result<Option<Policy>, Unknown> {
        let Some((_, seen)) = want.and_then(|w| w.policy.as_ref()).zip(seen.policy.as_ref()) else { return Ok(None) };
        let Some(text) = seen else { return Ok(Some(Policy::Off)) };
        let canonical = policy::canonical(text).map_err(|why| self.unknown("the resource policy", &why))?;
        Ok(Some(Policy::On(canonical)))
    }

    /// Contributor insights of the table (`None`) or of one index, where the wish manages them. FAILED is off: asking again is the cure.
    pub(super) fn insights(&self, seen: &ObservedAll, index: Option<&str>, want: Option<Insights>) -> Result<Option<Insights>, Unknown> {
        let Some((_, seen)) = want.zip(seen.insights.get(&index.map(str::to_owned))) else { return Ok(None) };
        match seen.status.as_deref() {
            None | Some("DISABLED" | "DISABLING" | "FAILED") => Ok(Some(Insights::Off)),
            Some("ENABLED" | "ENABLING") => self.mode(seen).map(Some),
            Some(word) => Err(self.unknown("the status of contributor insights", word)),
        }
    }

    /// Absent is the older, wider mode. Source: API reference, `ContributorInsightsMode`.
    fn mode(&self, seen: &ObservedInsights) -> Result<Insights, Unknown> {
        match seen.mode.as_deref() {
            None | Some("ACCESSED_AND_THROTTLED_KEYS") => Ok(Insights::All),
            Some("THROTTLED_KEYS") => Ok(Insights::Throttled),
            Some(word) => Err(self.unknown("the mode of contributor insights", word)),
        }
    }
}
