//! AWS's defaults and accidents folded away, so that a difference from the stack is a real one.
//!
//! Rules, each with a test named after it: absent `BillingMode` is provisioned; an on-demand index shows 0/0 and is on demand;
//! absent stream, TTL, recovery and protection are off; sets and index order do not count; a key's order does; an index
//! that is being deleted is gone; `aws:` tags are not ours to see; the ownership tag is the owner, not a tag.
//! Key insight: an unknown word of AWS's is an error that names it: guessing would turn it into a planned change.
//! Called by `live::refresh`.

mod bucket;
pub mod observed;

pub use bucket::{RULE_ID, bucket, is_tls_only};
pub use observed::{ObservedBucket, ObservedIndex, ObservedKey, ObservedRecovery, ObservedRule, ObservedTable, ObservedTtl};

use super::model::{LiveTable, Usage};
use crate::resource::{
    APPLIED_TAG, Capacity, Class, Encryption, Index, Key, KeyKind, KeyPart, Limits, LocalIndex, OWNER_TAG, Projection, StreamView, Table,
    Units,
};
use std::collections::{BTreeMap, BTreeSet};

/// AWS said a word that this version does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{address}: AWS says {what} is \"{word}\", which this version of landfall does not know; use a newer version")]
pub struct Unknown {
    /// `table Users`.
    pub address: String,
    pub what: String,
    pub word: String,
}

/// `DynamoDB`'s recovery window where none is told, in days.
/// Source: API reference, `PointInTimeRecoverySpecification`.
pub const DEFAULT_RECOVERY_DAYS: u32 = 35;

/// The tags of a resource, told apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tags {
    pub owner: Option<String>,
    /// The applied tag's value.
    pub applied: Option<String>,
    pub managed: BTreeMap<String, String>,
    pub foreign: BTreeMap<String, String>,
}

/// Tells the owner, the stack's tags (`managed` keys) and the rest apart; AWS's own (`aws:`) are left out.
pub fn tags(all: &[(String, String)], managed: &BTreeSet<String>) -> Tags {
    let mut out = Tags::default();
    for (key, value) in all.iter().filter(|(key, _)| !key.starts_with("aws:")) {
        if key == OWNER_TAG {
            out.owner = Some(value.clone());
        } else if key == APPLIED_TAG {
            out.applied = Some(value.clone());
        } else if managed.contains(key) {
            out.managed.insert(key.clone(), value.clone());
        } else {
            out.foreign.insert(key.clone(), value.clone());
        }
    }
    out
}

/// One table from its four reads. `all_tags` as `ListTagsOfResource` gave them; `want`: what the stack says of it.
pub fn table(
    name: &str,
    seen: &ObservedTable,
    ttl: &ObservedTtl,
    recovery: &ObservedRecovery,
    all_tags: &[(String, String)],
    want: Option<&Table>,
) -> Result<LiveTable, Unknown> {
    let reader = Reader { address: format!("table {name}"), attributes: seen.attributes.iter().cloned().collect() };
    let on_demand = reader.on_demand(seen.billing.as_deref())?;
    let managed = want.map(|w| w.tags.keys().cloned().collect()).unwrap_or_default();
    let tags = tags(all_tags, &managed);
    Ok(LiveTable {
        table: Table {
            key: reader.key("the key", &seen.key)?,
            capacity: capacity(on_demand, seen.units),
            indexes: reader.indexes(&seen.globals, on_demand)?,
            locals: reader.locals(&seen.locals)?,
            protect: seen.protect.unwrap_or(false),
            ttl: reader.ttl(ttl)?,
            stream: reader.stream(seen.stream.as_ref())?,
            recovery: reader.recovery(recovery)?,
            tags: tags.managed,
            limits: Limits::default(),
            class: Class::default(),
            encryption: Encryption::default(),
            policy: None,
            insights: None,
        },
        id: seen.id.clone(),
        arn: seen.arn.clone(),
        owner: tags.owner,
        busy: busy(seen),
        foreign_tags: tags.foreign,
        created_ms: seen.created_ms,
        applied: tags.applied,
        holder: None,
        replicas: Vec::new(),
        usage: Usage::default(),
    })
}

fn capacity(on_demand: bool, units: Option<Units>) -> Capacity {
    if on_demand { Capacity::OnDemand } else { Capacity::Provisioned(units.unwrap_or(Units { read: 0, write: 0 })) }
}

/// What keeps the table from being quiescent: ACTIVE alone is not enough, an index or a setting may still be in motion.
fn busy(seen: &ObservedTable) -> Vec<String> {
    let mut out = Vec::new();
    if seen.status != "ACTIVE" {
        out.push(format!("table is {}", crate::safe::text(&seen.status)));
    }
    for index in &seen.globals {
        match index.status.as_deref() {
            Some("ACTIVE") if index.backfilling => out.push(format!("index {} is backfilling", index.name)),
            Some("ACTIVE") | None => {}
            Some(status) => {
                let backfill = if index.backfilling { " (backfilling)" } else { "" };
                out.push(format!("index {} is {}{backfill}", index.name, crate::safe::text(status)));
            }
        }
        if let Some(status) = index.warm_status.as_deref().filter(|s| *s != "ACTIVE") {
            out.push(format!("index {}'s warm throughput is {}", index.name, crate::safe::text(status)));
        }
    }
    out.extend(seen.moving.iter().cloned());
    out
}

/// What reading one table needs: its address for errors, and its attribute types.
struct Reader {
    address: String,
    attributes: BTreeMap<String, KeyKind>,
}

impl Reader {
    fn unknown(&self, what: impl Into<String>, word: &str) -> Unknown {
        Unknown { address: self.address.clone(), what: what.into(), word: crate::safe::text(word) }
    }

    fn on_demand(&self, billing: Option<&str>) -> Result<bool, Unknown> {
        match billing {
            None | Some("PROVISIONED") => Ok(false),
            Some("PAY_PER_REQUEST") => Ok(true),
            Some(word) => Err(self.unknown("the billing mode", word)),
        }
    }

    fn key(&self, what: &str, elements: &[ObservedKey]) -> Result<Key, Unknown> {
        let mut key = Key { partition: Vec::new(), sort: Vec::new() };
        for element in elements {
            let kind = *self
                .attributes
                .get(&element.attribute)
                .ok_or_else(|| self.unknown(format!("the type of {}", element.attribute), "absent"))?;
            let part = KeyPart { name: element.attribute.clone(), kind };
            match element.role.as_str() {
                "HASH" => key.partition.push(part),
                "RANGE" => key.sort.push(part),
                word => return Err(self.unknown(format!("a role in {what}"), word)),
            }
        }
        Ok(key)
    }

    fn projection(&self, index: &ObservedIndex) -> Result<Projection, Unknown> {
        match index.projection.as_str() {
            "ALL" => Ok(Projection::All),
            "KEYS_ONLY" => Ok(Projection::Keys),
            "INCLUDE" => Ok(Projection::Include(index.include.iter().cloned().collect())),
            word => Err(self.unknown(format!("the projection of index {}", index.name), word)),
        }
    }

    fn indexes(&self, seen: &[ObservedIndex], on_demand: bool) -> Result<BTreeMap<String, Index>, Unknown> {
        let staying = seen.iter().filter(|i| i.status.as_deref() != Some("DELETING"));
        staying
            .map(|i| {
                let key = self.key(&format!("the key of index {}", i.name), &i.key)?;
                Ok((i.name.clone(), Index { projection: self.projection(i)?, capacity: capacity(on_demand, i.units), ..Index::plain(key) }))
            })
            .collect()
    }

    fn locals(&self, seen: &[ObservedIndex]) -> Result<BTreeMap<String, LocalIndex>, Unknown> {
        seen.iter()
            .map(|i| {
                let key = self.key(&format!("the key of index {}", i.name), &i.key)?;
                Ok((i.name.clone(), LocalIndex { key, projection: self.projection(i)? }))
            })
            .collect()
    }

    fn ttl(&self, seen: &ObservedTtl) -> Result<Option<String>, Unknown> {
        match seen.status.as_deref() {
            None | Some("DISABLED" | "DISABLING") => Ok(None),
            Some("ENABLED" | "ENABLING") => {
                seen.attribute.clone().map(Some).ok_or_else(|| self.unknown("the attribute of the enabled TTL", "absent"))
            }
            Some(word) => Err(self.unknown("the TTL status", word)),
        }
    }

    fn stream(&self, seen: Option<&(bool, Option<String>)>) -> Result<Option<StreamView>, Unknown> {
        let Some((true, view)) = seen else { return Ok(None) };
        match view.as_deref() {
            Some("KEYS_ONLY") => Ok(Some(StreamView::Keys)),
            Some("NEW_IMAGE") => Ok(Some(StreamView::New)),
            Some("OLD_IMAGE") => Ok(Some(StreamView::Old)),
            Some("NEW_AND_OLD_IMAGES") => Ok(Some(StreamView::Both)),
            other => Err(self.unknown("the stream's view", other.unwrap_or("absent"))),
        }
    }

    fn recovery(&self, seen: &ObservedRecovery) -> Result<Option<u32>, Unknown> {
        match seen.status.as_deref() {
            None | Some("DISABLED" | "DISABLING") => Ok(None),
            Some("ENABLED" | "ENABLING") => Ok(Some(seen.days.unwrap_or(DEFAULT_RECOVERY_DAYS))),
            Some(word) => Err(self.unknown("point-in-time recovery", word)),
        }
    }
}

#[cfg(test)]
mod tests;
