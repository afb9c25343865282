//! One streaming pass over the rows of a table: what each becomes. The load writes it and the validation compares it.
//!
//! Rules: memory is a chunk, not a table; every row comes out exactly once, as an item, filtered, merged or quarantined;
//! the pass counts rows and its callers count items, so that the accounting is between two witnesses.
//!
//! Called by `load::check`, `load::run`, `validate`.

use super::children::Nested;
use super::collapse::{Arrival, Collapsing};
use super::error::Error;
use crate::mapping::encode::{Encoded, Encoder, check, key_of};
use crate::mapping::rule::Collapse;
use crate::mapping::{Item, Mapping, Row, Unmappable, Value, canonical};
use crate::source::{Cursor, Description, Snapshot};
use crate::stack::model::TableSpec;
use std::collections::{BTreeMap, HashSet};

/// Rows per chunk.
const CHUNK: usize = 1000;

/// An item that should exist.
#[derive(Debug, Clone, PartialEq)]
pub struct Ready {
    pub item: Item,
    /// The canonical hash of its table key, with the pass's seed.
    pub key: u128,
    /// Child rows inside it.
    pub children: u64,
}

/// The source row behind a problem: its key columns with their values, or its place in the reading order.
#[derive(Debug, Clone, PartialEq)]
pub struct Locator {
    pub columns: Vec<(String, Value)>,
    /// From 1, in the order of reading.
    pub position: u64,
}

/// What one row became.
#[derive(Debug)]
pub enum Fate {
    Item(Ready),
    /// It cannot become an item (nor can its children).
    Quarantined {
        row: Locator,
        reason: Unmappable,
        children: u64,
    },
    Filtered {
        children: u64,
    },
    /// Another row of the same key won a declared collapse.
    Merged {
        children: u64,
    },
}

/// The next rows of one entity.
#[derive(Debug)]
pub struct Chunk {
    /// Position of the mapping in the table's list.
    pub entity: usize,
    /// One for each row that was decided; a row that waits for a collapse comes in a later chunk.
    pub fates: Vec<Fate>,
    /// Parent rows read for this chunk, also those that wait.
    pub rows: u64,
    pub children: u64,
}

/// Child rows that no parent took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Orphans {
    pub entity: usize,
    pub attribute: String,
    pub relation: String,
    pub rows: u64,
}

/// Which keys more than one row makes, per entity. Only declared collapses are looked up in it.
pub type Collisions = BTreeMap<usize, HashSet<u128>>;

/// Where a problem is.
#[derive(Debug, Clone)]
pub(super) struct Place {
    table: String,
    entity: String,
}

impl Place {
    pub(super) fn problem(&self, problem: String) -> Error {
        Error::Rows { table: self.table.clone(), entity: self.entity.clone(), problem }
    }
}

/// The pass. Call [`Pass::next`] until it gives `None`.
#[derive(Debug)]
pub struct Pass<'a> {
    table: &'a str,
    spec: &'a TableSpec,
    zone: Option<jiff::tz::TimeZone>,
    seed: u64,
    /// `None`: declared collapses are not applied, every row gives its item.
    collisions: Option<Collisions>,
    entity: usize,
    reading: Option<Reading>,
    orphans: Vec<Orphans>,
    count_orphans: bool,
}

#[derive(Debug)]
struct Reading {
    place: Place,
    cursor: Cursor,
    encoder: Encoder,
    key: Vec<String>,
    nested: Vec<Nested>,
    collapsing: Option<Collapsing>,
    position: u64,
}

/// A mapping that fits its relations, before a row is read.
#[derive(Debug)]
struct Prepared {
    place: Place,
    encoder: Encoder,
    key: Vec<String>,
    nested: Vec<Nested>,
    collapsing: Option<Collapsing>,
}

impl<'a> Pass<'a> {
    /// Applies declared collapses; `collisions` come from [`collisions`] or from the data check, made with the same `seed`.
    pub fn new(table: &'a str, spec: &'a TableSpec, zone: Option<jiff::tz::TimeZone>, seed: u64, collisions: Collisions) -> Self {
        Self { collisions: Some(collisions), ..Self::raw(table, spec, zone, seed) }
    }

    /// Gives every row's item, also where several have one key.
    pub fn raw(table: &'a str, spec: &'a TableSpec, zone: Option<jiff::tz::TimeZone>, seed: u64) -> Self {
        Self { table, spec, zone, seed, collisions: None, entity: 0, reading: None, orphans: Vec::new(), count_orphans: false }
    }

    /// Also counts the child rows that no parent takes: one exact count per child relation.
    #[must_use]
    pub fn counting_orphans(self) -> Self {
        Self { count_orphans: true, ..self }
    }

    /// Child rows without a parent, found so far.
    pub fn orphans(&self) -> &[Orphans] {
        &self.orphans
    }

    /// The next rows; `None` when every row of every mapping was given.
    pub async fn next(&mut self, snapshot: &mut Snapshot) -> Result<Option<Chunk>, Error> {
        loop {
            let Some(mapping) = self.spec.rows.get(self.entity) else { return Ok(None) };
            let mut reading = match self.reading.take() {
                Some(reading) => reading,
                None => self.start(snapshot, mapping).await?,
            };
            let rows = snapshot.next(&mut reading.cursor, CHUNK).await?;
            if !rows.is_empty() {
                let chunk = self.chunk(snapshot, &mut reading, rows).await?;
                self.reading = Some(reading);
                return Ok(Some(chunk));
            }
            let last = self.end(snapshot, reading).await?;
            self.entity += 1;
            if let Some(chunk) = last {
                return Ok(Some(chunk));
            }
        }
    }

    /// Whether the stack's relations and columns are there and the rules fit them; reads no row.
    pub(super) async fn fits(&mut self, snapshot: &mut Snapshot) -> Result<(), Error> {
        while let Some(mapping) = self.spec.rows.get(self.entity) {
            self.prepare(snapshot, mapping).await?;
            self.entity += 1;
        }
        Ok(())
    }

    async fn start(&mut self, snapshot: &mut Snapshot, mapping: &Mapping) -> Result<Reading, Error> {
        let ready = self.prepare(snapshot, mapping).await?;
        let order: &[String] = if ready.collapsing.is_some() { &mapping.collapse_order } else { &[] };
        let cursor = snapshot.open(&mapping.from, &mapping.key, order).await?;
        let Prepared { place, encoder, key, nested, collapsing } = ready;
        Ok(Reading { place, cursor, encoder, key, nested, collapsing, position: 0 })
    }

    async fn prepare(&mut self, snapshot: &mut Snapshot, mapping: &Mapping) -> Result<Prepared, Error> {
        let place = Place { table: self.table.to_owned(), entity: mapping.entity.clone() };
        let description = snapshot.describe(&mapping.from).await?;
        let mut child_columns = BTreeMap::new();
        let mut nested = Vec::new();
        for (attribute, rule) in &mapping.many {
            child_columns.insert(attribute.clone(), names(&snapshot.describe(&rule.from).await?));
            nested.push(Nested::new(attribute, rule, &description, &mapping.key));
        }
        let encoder = Encoder::new(mapping, &names(&description), &child_columns, self.zone.clone());
        let encoder = encoder.map_err(|reason| Error::Mapping { table: self.table.to_owned(), entity: mapping.entity.clone(), reason })?;
        let collapsing = self.collapsing(mapping, &description, &place)?;
        let key = if mapping.key.is_empty() { description.key } else { mapping.key.clone() };
        Ok(Prepared { place, encoder, key, nested, collapsing })
    }

    fn collapsing(&mut self, mapping: &Mapping, description: &Description, place: &Place) -> Result<Option<Collapsing>, Error> {
        let Some(collisions) = &mut self.collisions else { return Ok(None) };
        if mapping.collapse == Collapse::Refuse {
            return Ok(None);
        }
        let unknown = |column: &&String| !description.columns.iter().any(|c| c.name == **column);
        if let Some(column) = mapping.collapse_order.iter().find(unknown) {
            return Err(place.problem(format!("collapse_order: there is no column {column}; spell it as the catalogue does")));
        }
        let colliding = collisions.remove(&self.entity).unwrap_or_default();
        Ok(Some(Collapsing::new(mapping.collapse, &mapping.collapse_order, colliding)))
    }

    async fn chunk(&self, snapshot: &mut Snapshot, reading: &mut Reading, rows: Vec<Row>) -> Result<Chunk, Error> {
        let mut children = vec![BTreeMap::new(); rows.len()];
        for nested in &mut reading.nested {
            nested.deal(snapshot, &reading.place, &rows, &mut children).await?;
        }
        let count = |map: &BTreeMap<String, Vec<Row>>| map.values().map(|rows| rows.len() as u64).sum::<u64>();
        let mut chunk = Chunk { entity: self.entity, fates: Vec::with_capacity(rows.len()), rows: rows.len() as u64, children: 0 };
        for (row, children) in rows.iter().zip(&children) {
            reading.position += 1;
            let nested = count(children);
            chunk.children += nested;
            if let Some(fate) = self.fate(reading, row, children, nested) {
                chunk.fates.push(fate);
            }
        }
        Ok(chunk)
    }

    /// What `row` becomes; `None`: it waits for the end of its collapse.
    fn fate(&self, reading: &mut Reading, row: &Row, nested: &BTreeMap<String, Vec<Row>>, children: u64) -> Option<Fate> {
        let item = match self.encode(&reading.encoder, row, nested) {
            Ok(Encoded::Item(item)) => item,
            Ok(Encoded::Filtered) => return Some(Fate::Filtered { children }),
            Err(reason) => return Some(Fate::Quarantined { row: locate(reading, row), reason, children }),
        };
        let Some(key) = key_of(&item, &self.spec.table.key) else {
            let reason = Unmappable { attribute: None, reason: "the item has no whole key".into() };
            return Some(Fate::Quarantined { row: locate(reading, row), reason, children });
        };
        let ready = Ready { key: canonical::hash(&key, self.seed), item, children };
        let Some(collapsing) = &mut reading.collapsing else { return Some(Fate::Item(ready)) };
        match collapsing.arrive(ready, row) {
            Arrival::Alone(ready) => Some(Fate::Item(ready)),
            Arrival::Lost { children } => Some(Fate::Merged { children }),
            Arrival::Waits => None,
        }
    }

    fn encode(&self, encoder: &Encoder, row: &Row, children: &BTreeMap<String, Vec<Row>>) -> Result<Encoded, Unmappable> {
        let made = encoder.encode(row, children)?;
        if let Encoded::Item(item) = &made {
            check(item, &self.spec.table)?;
        }
        Ok(made)
    }

    /// The winners that waited, and the children that nobody asked for.
    async fn end(&mut self, snapshot: &mut Snapshot, mut reading: Reading) -> Result<Option<Chunk>, Error> {
        if self.count_orphans {
            for nested in &reading.nested {
                self.count_orphans(snapshot, nested, &reading.place).await?;
            }
        }
        let Some(collapsing) = &mut reading.collapsing else { return Ok(None) };
        let winners = collapsing.finish().map_err(|problem| reading.place.problem(problem))?;
        let fates: Vec<Fate> = winners.into_iter().map(Fate::Item).collect();
        Ok((!fates.is_empty()).then_some(Chunk { entity: self.entity, fates, rows: 0, children: 0 }))
    }

    async fn count_orphans(&mut self, snapshot: &mut Snapshot, nested: &Nested, place: &Place) -> Result<(), Error> {
        let rule = nested.rule();
        let total = snapshot.count(&rule.from).await?;
        let Some(rows) = total.checked_sub(nested.joined) else {
            return Err(place.problem(format!("{} gave more rows than it counts; the snapshot is not one", rule.from)));
        };
        if rows > 0 {
            let attribute = nested.attribute().to_owned();
            self.orphans.push(Orphans { entity: self.entity, attribute, relation: rule.from.to_string(), rows });
        }
        Ok(())
    }
}

fn names(description: &Description) -> Vec<String> {
    description.columns.iter().map(|c| c.name.clone()).collect()
}

fn locate(reading: &Reading, row: &Row) -> Locator {
    let columns = reading.key.iter().filter_map(|column| row.get(column).map(|v| (column.clone(), v.clone()))).collect();
    Locator { columns, position: reading.position }
}

/// Reads the table once to learn which keys several rows make; nothing is read where no collapse is declared.
pub async fn collisions(
    snapshot: &mut Snapshot,
    table: &str,
    spec: &TableSpec,
    zone: Option<jiff::tz::TimeZone>,
    seed: u64,
) -> Result<Collisions, Error> {
    let mut found = Collisions::new();
    if spec.rows.iter().all(|mapping| mapping.collapse == Collapse::Refuse) {
        return Ok(found);
    }
    let mut once: BTreeMap<usize, HashSet<u128>> = BTreeMap::new();
    let mut pass = Pass::raw(table, spec, zone, seed);
    while let Some(chunk) = pass.next(snapshot).await? {
        let (once, twice) = (once.entry(chunk.entity).or_default(), found.entry(chunk.entity).or_default());
        for fate in chunk.fates {
            if let Fate::Item(ready) = fate
                && !once.insert(ready.key)
            {
                twice.insert(ready.key);
            }
        }
    }
    Ok(found)
}
