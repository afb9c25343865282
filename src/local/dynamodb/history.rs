//! What tables held before, for exports of a moment that has gone by: while point-in-time recovery is on, every write leaves behind
//! the item as it was.
//!
//! Rules: writes to such tables go one at a time, so that what was before each is certain; what cannot be known is refused, never made
//! up. A region keeps 64 MB of old items, and the oldest go first; a statement of `PartiQL` that writes, and a restart, end what was
//! kept. Moments before that cannot be exported here, where AWS could. Key insight: the table as it is, with the later writes undone,
//! is the table as it was.
//! Called by `data` around every write, by `backups` when recovery is switched, and by exports.

use super::data::Request;
use super::draft::{key_names, key_of};
use super::{Region, engine};
use crate::local::fault::Fault;
use crate::local::moment::iso_ms;
use dynoxide::actions::get_item::GetItemRequest;
use dynoxide::types::{Item, item_size};
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What a region keeps of old items, and what an entry takes besides.
const BYTES: usize = 64 << 20;
const ENTRY: usize = 200;

/// A region's histories.
#[derive(Debug, Default)]
pub(crate) struct History {
    kept: Mutex<Kept>,
    /// How many tables have one, so that writes to others cost one load.
    tables: AtomicUsize,
}

#[derive(Debug, Default)]
struct Kept {
    logs: BTreeMap<String, Log>,
    bytes: usize,
}

/// One table's.
#[derive(Debug, Default)]
struct Log {
    /// Moments from here on (epoch milliseconds) are known.
    from: u64,
    undo: VecDeque<Undo>,
}

/// One write, backwards.
#[derive(Debug)]
struct Undo {
    at: u64,
    key: String,
    /// The item before it.
    was: Option<Item>,
}

impl Undo {
    fn bytes(&self) -> usize {
        ENTRY + self.key.len() + self.was.as_ref().map_or(0, item_size)
    }
}

impl History {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on what `table` held is remembered; one that is remembered already goes on.
    pub(super) fn watch(&self, table: &str, now: u64) {
        let mut kept = self.kept();
        kept.logs.entry(table.to_owned()).or_insert_with(|| Log { from: now, ..Log::default() });
        self.tables.store(kept.logs.len(), Ordering::SeqCst);
    }

    /// Nothing of `table` is remembered any more.
    pub(super) fn forget(&self, table: &str) {
        let mut kept = self.kept();
        kept.empty(table);
        kept.logs.remove(table);
        self.tables.store(kept.logs.len(), Ordering::SeqCst);
    }

    /// A write begins: how what it writes is now. `None` when nobody will want to know.
    pub(super) fn begin<Q: Request>(&self, region: &Region, request: &Q, writes: bool) -> Option<Write<'_>> {
        if !writes || self.tables.load(Ordering::SeqCst) == 0 {
            return None;
        }
        let kept = self.kept();
        let (mut before, blind) = (Vec::new(), request.blind());
        request.written(&mut |table, item| {
            if kept.logs.contains_key(table) {
                before.extend(as_it_is(region, table, item).map(|(key, was)| (table.to_owned(), key, was)));
            }
        });
        (blind || !before.is_empty()).then_some(Write { kept, before, blind })
    }

    /// Gives every item that `table` held at `moment` (epoch milliseconds) to `each`; nobody writes to it meanwhile.
    pub(crate) fn each_item_at<E: From<Fault>>(
        &self,
        region: &Region,
        table: &str,
        moment: u64,
        mut each: impl FnMut(&Value) -> Result<(), E>,
    ) -> Result<(), E> {
        let kept = self.kept();
        let mut was = kept.undone(table, moment)?;
        let names = names(region, table)?;
        super::table::each_item(region, table, |item| {
            let known: Item = engine::typed(item.clone())?;
            match key_string(&known, &names).and_then(|key| was.remove(&key)) {
                None => each(item),
                Some(None) => Ok(()),
                Some(Some(old)) => each(&engine::tree(old)?),
            }
        })?;
        was.into_values().flatten().try_for_each(|old| each(&engine::tree(old)?))
    }

    /// Refuses a moment that is not known any more.
    pub(crate) fn knows(&self, table: &str, moment: u64) -> Result<(), Fault> {
        self.kept().undone(table, moment).map(drop)
    }
}

impl Kept {
    /// The items that were written after `moment`, by key, as they were then.
    fn undone(&self, table: &str, moment: u64) -> Result<BTreeMap<String, Option<&Item>>, Fault> {
        let Some(log) = self.logs.get(table) else { return Ok(BTreeMap::new()) };
        if moment < log.from {
            let why = format!(
                "the embedded AWS cannot tell what the table held then, only from {} on: it keeps {} MB of old items, and none over a \
                 restart or a PartiQL write. Export a later time, or the table as it is",
                iso_ms(log.from),
                BYTES >> 20
            );
            return Err(Fault::new("InvalidExportTimeException", why));
        }
        let later = log.undo.iter().rev().filter(|undo| undo.at > moment);
        Ok(later.map(|undo| (undo.key.clone(), undo.was.as_ref())).collect())
    }

    fn push(&mut self, table: &str, undo: Undo) {
        self.bytes += undo.bytes();
        if let Some(log) = self.logs.get_mut(table) {
            log.undo.push_back(undo);
        }
        while self.bytes > BYTES && self.drop_oldest() {}
    }

    /// Whether there was one.
    fn drop_oldest(&mut self) -> bool {
        let oldest = self.logs.values_mut().filter(|log| !log.undo.is_empty()).min_by_key(|log| log.undo.front().map(|u| u.at));
        let Some((log, undo)) = oldest.and_then(|log| log.undo.pop_front().map(|undo| (log, undo))) else { return false };
        log.from = log.from.max(undo.at);
        self.bytes = self.bytes.saturating_sub(undo.bytes());
        true
    }

    fn empty(&mut self, table: &str) {
        let gone: usize = self.logs.get_mut(table).into_iter().flat_map(|log| log.undo.drain(..)).map(|undo| undo.bytes()).sum();
        self.bytes = self.bytes.saturating_sub(gone);
    }
}

/// A write on its way; others wait.
pub(super) struct Write<'a> {
    kept: MutexGuard<'a, Kept>,
    before: Vec<(String, String, Option<Item>)>,
    blind: bool,
}

impl Write<'_> {
    /// It was done, at `now`, in these tables.
    pub(super) fn done(mut self, tables: &[String], now: u64) {
        for (table, key, was) in std::mem::take(&mut self.before) {
            self.kept.push(&table, Undo { at: now, key, was });
        }
        if self.blind {
            // What it wrote is not known: nothing before it is.
            let named: Vec<String> = self.kept.logs.keys().filter(|log| tables.is_empty() || tables.contains(log)).cloned().collect();
            for table in named {
                self.kept.empty(&table);
                self.kept.logs.entry(table).and_modify(|log| log.from = now);
            }
        }
    }
}

fn names(region: &Region, table: &str) -> Result<Vec<String>, Fault> {
    Ok(region.db().get_table_metadata(table)?.map(|told| key_names(&told.key_schema)).unwrap_or_default())
}

/// The key of what is written, and the item that is there. What has no key is refused by the engine.
fn as_it_is(region: &Region, table: &str, item: &Item) -> Option<(String, Option<Item>)> {
    let names = names(region, table).ok()?;
    let key = key_of(item, &names)?;
    let text = key_string(&key, &names)?;
    let request = GetItemRequest { table_name: table.to_owned(), key, consistent_read: Some(true), ..GetItemRequest::default() };
    Some((text, region.db().get_item(request).ok()?.item))
}

/// The same for every way of writing a number.
fn key_string(item: &Item, names: &[String]) -> Option<String> {
    let parts: Option<Vec<String>> = names.iter().map(|name| item.get(name)?.to_key_string()).collect();
    Some(serde_json::json!(parts?).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use dynoxide::types::AttributeValue;

    fn item(text: &str) -> Item {
        Item::from([("id".to_owned(), AttributeValue::S("1".into())), ("pad".to_owned(), AttributeValue::S(text.into()))])
    }

    fn undo(at: u64, key: &str, was: Option<&str>) -> Undo {
        Undo { at, key: key.to_owned(), was: was.map(item) }
    }

    #[test]
    fn a_moment_is_what_came_later_undone() {
        let history = History::default();
        history.watch("T", 100);
        let mut kept = history.kept();
        for undo in [undo(110, "a", None), undo(120, "a", Some("one")), undo(120, "b", None), undo(130, "a", Some("two"))] {
            kept.push("T", undo);
        }
        let at = |moment| {
            let told = kept.undone("T", moment).map_err(|f| f.code)?;
            Ok::<_, String>(told.into_iter().map(|(key, was)| (key, was.map(|i| format!("{:?}", i["pad"])))).collect::<Vec<_>>())
        };
        let told = |key: &str, was: Option<&str>| (key.to_owned(), was.map(|w| format!("{:?}", AttributeValue::S(w.into()))));
        assert_eq!(at(130), Ok(vec![]), "what was written at the moment itself is in it");
        assert_eq!(at(120), Ok(vec![told("a", Some("two"))]));
        assert_eq!(at(119), Ok(vec![told("a", Some("one")), told("b", None)]));
        assert_eq!(at(100), Ok(vec![told("a", None), told("b", None)]));
        assert_eq!(at(99), Err("InvalidExportTimeException".into()));
    }

    #[test]
    fn memory_is_bounded_and_what_went_is_not_made_up() {
        let history = History::default();
        history.watch("T", 0);
        history.watch("U", 0);
        let mut kept = history.kept();
        let big = "x".repeat(1 << 20);
        for at in 1..=100 {
            kept.push(if at % 2 == 0 { "T" } else { "U" }, undo(at, "a", Some(&big)));
        }
        assert!(kept.bytes <= BYTES && kept.bytes > BYTES / 2, "{}", kept.bytes);
        assert!(kept.undone("T", 10).is_err() && kept.undone("U", 10).is_err());
        let from = kept.logs["T"].from;
        assert!(kept.undone("T", from).is_ok() && kept.undone("T", from - 1).is_err());
        drop(kept);
        history.forget("T");
        history.forget("U");
        assert_eq!(history.kept().bytes, 0);
    }

    #[test]
    fn one_large_item_drives_out_as_many_small_ones_as_it_takes() {
        let history = History::default();
        // One that has nothing to forget is no way out.
        history.watch("Empty", 0);
        history.watch("T", 0);
        let mut kept = history.kept();
        let small = "x".repeat(1 << 16);
        for at in 1..=1_000 {
            kept.push("T", undo(at, "a", Some(&small)));
        }
        kept.push("T", undo(9_999, "a", Some(&small.repeat(100))));
        assert!(kept.bytes <= BYTES && kept.bytes > BYTES / 2, "{}", kept.bytes);
        assert!(kept.undone("Empty", 0).is_ok() && kept.undone("T", 2).is_err());
    }
}
