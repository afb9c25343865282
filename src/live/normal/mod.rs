//! AWS's defaults and accidents folded away, so that a difference from the stack is a real one.
//!
//! Rules, each with a test named after it: absent `BillingMode` is provisioned; an on-demand index shows 0/0 and is on demand;
//! absent stream, TTL, recovery, protection, class and encryption are AWS's defaults; sets and index order do not count; a key's order
//! does; an index that is being deleted is gone; `aws:` tags are not ours to see; the ownership tag is the owner, not a tag. What a wish
//! does not manage is folded away, and what AWS may move on its own is folded against the wish ([`limits`]), so that live and desired
//! are compared as they are.
//! Key insight: an unknown word of AWS's is an error that names it: guessing would turn it into a planned change.
//! Called by `live::refresh`.

mod bucket;
mod busy;
mod holder;
mod limits;
pub mod observed;
mod settings;

pub use bucket::{RULE_ID, STATEMENT_ID, bucket, is_tls_only};
pub use busy::{UNREAD, busy, is_changing, is_creating, is_filling, is_unproved, soon_done};
pub use limits::movers;
pub use observed::*;
pub use settings::DEFAULT_RECOVERY_DAYS;

use super::model::{LiveTable, Usage};
use crate::resource::{APPLIED_TAG, Capacity, Index, Key, KeyKind, KeyPart, LocalIndex, OWNER_TAG, Projection, Scaling, Table};
use limits::Throughput;
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

/// One table from everything that was read of it; `want`: what the stack says of it, `None`: nothing of it is managed.
pub fn table(name: &str, all: &ObservedAll, want: Option<&Table>) -> Result<LiveTable, Unknown> {
    let seen = &all.table;
    let managed = want.map(|w| w.tags.keys().cloned().collect()).unwrap_or_default();
    let tags = tags(&all.tags, &managed);
    let reader = Reader::new(name, seen);
    let table = Table { tags: tags.managed, ..reader.table(all, want)? };
    let leftover = reader.leftover(all, want, &table)?;
    Ok(LiveTable {
        table,
        id: seen.id.clone(),
        arn: seen.arn.clone(),
        owner: tags.owner,
        busy: busy::busy(all),
        foreign_tags: tags.foreign,
        created_ms: seen.created_ms,
        applied: tags.applied,
        holder: holder::holder(&all.tags, &managed),
        replicas: replicas(seen),
        foreign_scaling: limits::foreign(&all.scaling),
        leftover,
        usage: usage(seen),
        trouble: busy::trouble(all),
    })
}

/// What whoever reads a table relies on: its key, and the key and projection of each index that stays, global and local.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    pub key: Key,
    pub indexes: BTreeMap<String, (Key, Projection)>,
}

/// The shape of a table as AWS shows it.
pub fn shape(name: &str, seen: &ObservedTable) -> Result<Shape, Unknown> {
    let reader = Reader::new(name, seen);
    let all = seen.globals.iter().chain(&seen.locals).filter(|index| index.status.as_deref() != Some("DELETING"));
    let index = |i: &ObservedIndex| Ok((i.name.clone(), (reader.index_key(i)?, reader.projection(i)?)));
    Ok(Shape { key: reader.key("the key", &seen.key)?, indexes: all.map(index).collect::<Result<_, _>>()? })
}

/// Regions with a replica, sorted, the table's own not among them.
fn replicas(seen: &ObservedTable) -> Vec<String> {
    let own = seen.arn.split(':').nth(3);
    let regions: BTreeSet<_> = seen.replicas.iter().map(|r| crate::safe::text(&r.region)).collect();
    regions.into_iter().filter(|region| Some(region.as_str()) != own).collect()
}

fn usage(seen: &ObservedTable) -> Usage {
    let counted = |c: &ObservedCounters| c.decreases.map(|n| (n, c.last_decrease_ms.unwrap_or(0)));
    let table = counted(&seen.counters).map(|n| (String::new(), n));
    let indexes = seen.globals.iter().filter_map(|i| Some((i.name.clone(), counted(&i.counters)?)));
    Usage {
        decreases: table.into_iter().chain(indexes).collect(),
        to_on_demand_ms: seen.to_on_demand_ms,
        class_changed_ms: seen.class_changed_ms,
        items: seen.items,
        in_use: false,
    }
}

/// What reading one table needs: its address for errors, and its attribute types.
struct Reader {
    address: String,
    attributes: BTreeMap<String, KeyKind>,
}

impl Reader {
    fn new(name: &str, seen: &ObservedTable) -> Self {
        Self { address: format!("table {name}"), attributes: seen.attributes.iter().cloned().collect() }
    }

    /// Everything but the tags.
    fn table(&self, all: &ObservedAll, want: Option<&Table>) -> Result<Table, Unknown> {
        let seen = &all.table;
        let on_demand = self.on_demand(seen.billing.as_deref())?;
        let scaling = self.scaling(&all.scaling, None)?;
        let (capacity, limits) = Throughput::from(seen).fold(on_demand, scaling, want.map(|w| &w.limits));
        Ok(Table {
            capacity,
            limits,
            indexes: self.indexes(all, on_demand, want)?,
            locals: self.locals(&seen.locals)?,
            protect: seen.protect.unwrap_or(false),
            ttl: self.ttl(&all.ttl)?,
            stream: self.stream(seen.stream.as_ref())?,
            recovery: self.recovery(&all.recovery)?,
            class: self.class(seen.class.as_deref())?,
            encryption: self.encryption(seen.encryption.as_ref(), all.managed_key)?,
            policy: self.policy(all, want)?,
            insights: self.insights(all, None, want.and_then(|w| w.insights))?,
            ..Table::plain(self.key("the key", &seen.key)?)
        })
    }

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

    fn index_key(&self, index: &ObservedIndex) -> Result<Key, Unknown> {
        self.key(&format!("the key of index {}", index.name), &index.key)
    }

    fn projection(&self, index: &ObservedIndex) -> Result<Projection, Unknown> {
        match index.projection.as_str() {
            "ALL" => Ok(Projection::All),
            "KEYS_ONLY" => Ok(Projection::Keys),
            "INCLUDE" => Ok(Projection::Include(index.include.iter().cloned().collect())),
            word => Err(self.unknown(format!("the projection of index {}", index.name), word)),
        }
    }

    fn indexes(&self, all: &ObservedAll, on_demand: bool, want: Option<&Table>) -> Result<BTreeMap<String, Index>, Unknown> {
        let staying = all.table.globals.iter().filter(|i| i.status.as_deref() != Some("DELETING"));
        staying.map(|i| Ok((i.name.clone(), self.index(i, all, on_demand, want.and_then(|w| w.indexes.get(&i.name)))?))).collect()
    }

    fn index(&self, seen: &ObservedIndex, all: &ObservedAll, on_demand: bool, want: Option<&Index>) -> Result<Index, Unknown> {
        let scaling = self.scaling(&all.scaling, Some(&seen.name))?;
        let (capacity, limits) = Throughput::from(seen).fold(on_demand, scaling, want.map(|w| &w.limits));
        Ok(Index {
            key: self.index_key(seen)?,
            projection: self.projection(seen)?,
            capacity,
            limits,
            insights: self.insights(all, Some(&seen.name), want.and_then(|w| w.insights))?,
        })
    }

    /// What will scale an index that is wanted and not there; on demand nothing does.
    fn leftover(&self, all: &ObservedAll, want: Option<&Table>, now: &Table) -> Result<BTreeMap<String, Scaling>, Unknown> {
        let mut out = BTreeMap::new();
        let absent = want.into_iter().flat_map(|w| &w.indexes).filter(|(name, _)| !now.indexes.contains_key(*name));
        for (name, _) in absent.filter(|(_, index)| index.capacity != Capacity::OnDemand) {
            let scaling = self.scaling(&all.scaling, Some(name))?;
            if scaling != Scaling::default() {
                out.insert(name.clone(), scaling);
            }
        }
        Ok(out)
    }

    fn locals(&self, seen: &[ObservedIndex]) -> Result<BTreeMap<String, LocalIndex>, Unknown> {
        seen.iter().map(|i| Ok((i.name.clone(), LocalIndex { key: self.index_key(i)?, projection: self.projection(i)? }))).collect()
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod wish_tests;
