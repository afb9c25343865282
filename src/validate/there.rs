//! What of the stack can be read at all: a table or an index that is not there is an answer, not a read that failed.
//!
//! Rules: one DescribeTable for each table, before anything of it is read; what cannot be read is a check of its own, and everything else
//! is checked all the same. One of another key or projection is not the one that the stack speaks of: its items may all be right, and the
//! application's queries fail. Called by `run`; `indexes` and `access` ask it before they read.

use super::verdict::Judgement;
use crate::live::normal::{self, ObservedTable, Shape};
use crate::plan::words;
use crate::resource::{Key, Projection};
use crate::stack::model::TableSpec;
use std::collections::BTreeMap;

/// What cannot be read.
#[derive(Debug, Default)]
pub(super) struct Unreadable {
    tables: BTreeMap<String, Reason>,
    /// By table and index.
    indexes: BTreeMap<(String, String), Reason>,
}

/// Why something cannot be read, and what that says of the stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reason {
    pub(super) judgement: Judgement,
    pub(super) note: String,
}

impl Unreadable {
    /// Holds the table `name` of the stack against what AWS shows of it.
    pub(super) fn look(&mut self, name: &str, spec: &TableSpec, shown: Option<&ObservedTable>) {
        let status = shown.map(|shown| shown.status.as_str());
        let absent = reason("the table", mend(spec), status).map_or(Ok(()), Err);
        match absent.and_then(|()| shape(name, spec, shown)) {
            Err(reason) => _ = self.tables.insert(name.to_owned(), reason),
            Ok(shape) => self.look_at_indexes(name, spec, shown, &shape),
        }
    }

    fn look_at_indexes(&mut self, name: &str, spec: &TableSpec, shown: Option<&ObservedTable>, shape: &Shape) {
        let statuses: BTreeMap<&str, &str> = shown.into_iter().flat_map(indexes).collect();
        for (index, want) in wanted(spec) {
            let absent = reason(&format!("index {index}"), "run `landfall apply`", statuses.get(index.as_str()).copied());
            let reason = absent.or_else(|| shape.indexes.get(index).and_then(|is| other_index(index, is, &want)));
            reason.map(|reason| self.indexes.insert((name.to_owned(), index.clone()), reason));
        }
    }

    pub(super) fn table(&self, name: &str) -> Option<&Reason> {
        self.tables.get(name)
    }

    pub(super) fn index(&self, name: &str, index: &str) -> Option<&Reason> {
        self.indexes.get(&(name.to_owned(), index.to_owned()))
    }

    /// The indexes of a table that cannot be read.
    pub(super) fn indexes(&self, name: &str) -> Vec<(String, Reason)> {
        let own = self.indexes.iter().filter(|((table, _), _)| table == name);
        own.map(|((_, index), reason)| (index.clone(), reason.clone())).collect()
    }

    /// What a query of `name`, or of an index of it, cannot read.
    pub(super) fn query(&self, name: &str, index: Option<&str>) -> Option<&Reason> {
        self.table(name).or_else(|| self.index(name, index?))
    }
}

/// What makes the table be there as it should.
fn mend(spec: &TableSpec) -> &'static str {
    if spec.rows.is_empty() { "run `landfall apply`" } else { "run `landfall apply`, then `landfall load`" }
}

/// The key and projection of each index of the stack.
fn wanted(spec: &TableSpec) -> impl Iterator<Item = (&String, (Key, Projection))> {
    let globals = spec.table.indexes.iter().map(|(name, index)| (name, (index.key.clone(), index.projection.clone())));
    globals.chain(spec.table.locals.iter().map(|(name, local)| (name, (local.key.clone(), local.projection.clone()))))
}

/// The table's shape, if its key is the stack's.
fn shape(name: &str, spec: &TableSpec, shown: Option<&ObservedTable>) -> Result<Shape, Reason> {
    let unknown = |e: normal::Unknown| Reason { judgement: Judgement::Inconclusive, note: e.to_string() };
    let shape = normal::shape(name, &shown.cloned().unwrap_or_default()).map_err(unknown)?;
    if shape.key == spec.table.key { Ok(shape) } else { Err(differs("the table", "key", &shape.key, &spec.table.key, words::key)) }
}

fn other_index(name: &str, is: &(Key, Projection), want: &(Key, Projection)) -> Option<Reason> {
    let what = format!("index {name}");
    if is.0 != want.0 {
        return Some(differs(&what, "key", &is.0, &want.0, words::key));
    }
    (is.1 != want.1).then(|| differs(&what, "projection", &is.1, &want.1, words::projection))
}

fn differs<T>(what: &str, part: &str, is: &T, want: &T, words: impl Fn(&T) -> String) -> Reason {
    let note = format!("{what} has the {part} {}, and the stack says {}: `landfall plan` tells how to change it", words(is), words(want));
    Reason { judgement: Judgement::Mismatch, note }
}

/// The indexes that AWS shows, with their status; a local one is as its table.
fn indexes(shown: &ObservedTable) -> impl Iterator<Item = (&str, &str)> {
    let all = shown.globals.iter().chain(&shown.locals);
    all.map(|index| (index.name.as_str(), index.status.as_deref().unwrap_or("ACTIVE")))
}

/// `what` that AWS shows in `status`; `None`: it can be read. `mend`: what makes it be there.
fn reason(what: &str, mend: &str, status: Option<&str>) -> Option<Reason> {
    let (judgement, note) = match status {
        None => (Judgement::Mismatch, format!("{what} does not exist: {mend}")),
        Some("DELETING") => (Judgement::Mismatch, format!("{what} is being deleted: once it is gone, {mend}")),
        Some("CREATING") => (Judgement::Inconclusive, format!("{what} is still being made: validate again once it is there")),
        Some(_) => return None,
    };
    Some(Reason { judgement, note })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::normal::{ObservedIndex, ObservedKey};
    use crate::resource::{Index, KeyKind, KeyPart, LocalIndex, Table};

    /// Without rows: two indexes are all that it says.
    fn spec() -> TableSpec {
        let key = |name: &str| Key { partition: vec![KeyPart { name: name.into(), kind: KeyKind::S }], sort: vec![] };
        let table = Table {
            indexes: [("Global".to_owned(), Index::plain(key("g")))].into(),
            locals: [("Local".to_owned(), LocalIndex { key: key("l"), projection: Projection::Keys })].into(),
            ..Table::plain(key("id"))
        };
        TableSpec { table, rows: Vec::new() }
    }

    fn shown(status: &str, global: Option<&str>, local: bool) -> ObservedTable {
        let hash = |name: &str| vec![ObservedKey { attribute: name.into(), role: "HASH".into() }];
        let index = |name: &str, key: &str, projection: &str, status: Option<&str>| ObservedIndex {
            name: name.into(),
            status: status.map(Into::into),
            key: hash(key),
            projection: projection.into(),
            ..Default::default()
        };
        ObservedTable {
            status: status.into(),
            attributes: ["id", "g", "l", "x"].map(|name| (name.to_owned(), KeyKind::S)).into(),
            key: hash("id"),
            globals: global.map(|status| index("Global", "g", "ALL", Some(status))).into_iter().collect(),
            locals: local.then(|| index("Local", "l", "KEYS_ONLY", None)).into_iter().collect(),
            ..Default::default()
        }
    }

    fn looked(shown: Option<&ObservedTable>) -> Unreadable {
        let mut found = Unreadable::default();
        found.look("T", &spec(), shown);
        found
    }

    #[test]
    fn a_table_that_is_not_there_has_no_indexes_to_miss() {
        for (shown, judgement, note) in [
            (None, Judgement::Mismatch, "the table does not exist: run `landfall apply`"),
            (Some(shown("CREATING", None, false)), Judgement::Inconclusive, "the table is still being made"),
            (Some(shown("DELETING", None, false)), Judgement::Mismatch, "the table is being deleted"),
        ] {
            let found = looked(shown.as_ref());
            let reason = found.table("T").expect("not readable");
            assert!(reason.judgement == judgement && reason.note.starts_with(note), "{reason:?}");
            assert_eq!((found.indexes("T"), found.query("T", Some("Global"))), (vec![], Some(reason)));
        }
    }

    #[test]
    fn an_index_is_there_absent_or_on_its_way_whatever_the_others_are() {
        for (global, local, judgement, note) in [
            (None, true, Judgement::Mismatch, "index Global does not exist: run `landfall apply`"),
            (Some("CREATING"), true, Judgement::Inconclusive, "index Global is still being made"),
            (Some("DELETING"), true, Judgement::Mismatch, "index Global is being deleted"),
            (Some("ACTIVE"), false, Judgement::Mismatch, "index Local does not exist"),
        ] {
            let found = looked(Some(&shown("UPDATING", global, local)));
            let unreadable = found.indexes("T");
            assert!(unreadable.len() == 1 && unreadable[0].1.judgement == judgement, "{unreadable:?}");
            assert!(unreadable[0].1.note.starts_with(note) && found.table("T").is_none(), "{unreadable:?}");
            assert_eq!(found.query("T", Some(&unreadable[0].0)), Some(&unreadable[0].1));
            assert_eq!((found.query("T", None), found.indexes("U")), (None, vec![]));
        }
        assert!(looked(Some(&shown("ACTIVE", Some("UPDATING"), true))).indexes("T").is_empty());
    }

    /// What is booked of a table that is there, with both indexes, after `change`.
    fn changed(change: impl FnOnce(&mut ObservedTable)) -> Unreadable {
        let mut seen = shown("ACTIVE", Some("ACTIVE"), true);
        change(&mut seen);
        looked(Some(&seen))
    }

    #[test]
    fn a_table_or_an_index_of_another_key_or_projection_is_not_the_stacks() {
        assert!(changed(|_| ()).indexes("T").is_empty());
        let other = changed(|seen| seen.key[0].attribute = "x".into());
        let note = &other.table("T").expect("another key").note;
        assert_eq!(note, "the table has the key x:S, and the stack says id:S: `landfall plan` tells how to change it");
        let kind = changed(|seen| seen.attributes[0].1 = KeyKind::N);
        assert!(kind.table("T").is_some_and(|r| r.judgement == Judgement::Mismatch && r.note.contains("key id:N,")));
        let index = changed(|seen| seen.globals[0].key[0].attribute = "x".into());
        let reason = index.index("T", "Global").expect("another key");
        assert!(reason.judgement == Judgement::Mismatch && reason.note.starts_with("index Global has the key x:S,"), "{reason:?}");
        let projection = changed(|seen| seen.locals[0].projection = "ALL".into());
        let note = &projection.index("T", "Local").expect("another projection").note;
        assert!(note.starts_with("index Local has the projection all attributes, and the stack says keys only"), "{note}");
    }

    #[test]
    fn a_word_that_is_not_known_is_no_pass() {
        let unknown = changed(|seen| seen.globals[0].projection = "SOME".into());
        assert!(unknown.table("T").is_some_and(|r| r.judgement == Judgement::Inconclusive && r.note.contains("\"SOME\"")));
    }
}
