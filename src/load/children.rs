//! Child rows of a chunk of parents, fetched together and dealt out to their parents.
//!
//! Rules: a child that the database says belongs to a parent, and whose join values are not the parent's byte for byte (a collation
//! at work), is an error and is never dropped; an order that does not decide is an error, because a list would differ between two reads.

use super::error::Error;
use super::expect::Place;
use crate::mapping::rule::{Children, Nest};
use crate::mapping::{Row, Value};
use crate::source::{Description, Snapshot};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use xxhash_rust::xxh3::xxh3_128;

/// One `many` of a mapping, ready to fetch.
#[derive(Debug)]
pub(super) struct Nested {
    attribute: String,
    rule: Children,
    child_columns: Vec<String>,
    parent_columns: Vec<String>,
    /// Join values seen so far, hashed; `None` when the parent's key is among them, so that none comes twice.
    seen: Option<HashSet<u128>>,
    /// Child rows that had a parent, each counted once.
    pub(super) joined: u64,
}

impl Nested {
    /// `parent` and its `key`: the relation whose rows the children go into.
    pub(super) fn new(attribute: &str, rule: &Children, parent: &Description, key: &[String]) -> Self {
        let (child_columns, parent_columns): (Vec<_>, Vec<_>) = rule.on.iter().cloned().unzip();
        let key = if key.is_empty() { &parent.key } else { key };
        let unique = !key.is_empty() && key.iter().all(|column| parent_columns.contains(column));
        let seen = (!unique).then(HashSet::new);
        Self { attribute: attribute.to_owned(), rule: rule.clone(), child_columns, parent_columns, seen, joined: 0 }
    }

    pub(super) fn attribute(&self) -> &str {
        &self.attribute
    }

    pub(super) fn rule(&self) -> &Children {
        &self.rule
    }

    /// The children of `parents`, added under this attribute's name to the map of each.
    pub(super) async fn deal(
        &mut self,
        snapshot: &mut Snapshot,
        place: &Place,
        parents: &[Row],
        out: &mut [BTreeMap<String, Vec<Row>>],
    ) -> Result<(), Error> {
        let keys: Vec<Option<Vec<Value>>> = parents.iter().map(|row| values(row, &self.parent_columns, place)).collect::<Result<_, _>>()?;
        let mut asked: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for key in keys.iter().flatten() {
            asked.entry(word(key)).or_insert_with(|| key.clone());
        }
        let mut groups = self.fetch(snapshot, place, asked).await?;
        self.count(&groups);
        let mut uses: HashMap<String, usize> = HashMap::new();
        let words: Vec<Option<String>> = keys.iter().map(|key| key.as_deref().map(word)).collect();
        for word in words.iter().flatten() {
            *uses.entry(word.clone()).or_default() += 1;
        }
        for (word, slot) in words.into_iter().zip(out) {
            let rows = word.map(|word| take(&mut groups, &mut uses, &word)).unwrap_or_default();
            slot.insert(self.attribute.clone(), rows);
        }
        Ok(())
    }

    async fn fetch(
        &self,
        snapshot: &mut Snapshot,
        place: &Place,
        asked: BTreeMap<String, Vec<Value>>,
    ) -> Result<BTreeMap<String, Vec<Row>>, Error> {
        let words: BTreeSet<String> = asked.keys().cloned().collect();
        let keys: Vec<Vec<Value>> = asked.into_values().collect();
        let mut groups: BTreeMap<String, Vec<Row>> = BTreeMap::new();
        if keys.is_empty() {
            return Ok(groups);
        }
        for row in snapshot.lookup(&self.rule.from, &self.child_columns, &keys, &self.rule.order).await? {
            let word = values(&row, &self.child_columns, place)?.map(|v| word(&v)).unwrap_or_default();
            if !words.contains(&word) {
                return Err(place.problem(self.collation()));
            }
            groups.entry(word).or_default().push(row);
        }
        groups.values().try_for_each(|rows| self.decided(rows, place))?;
        Ok(groups)
    }

    fn collation(&self) -> String {
        format!(
            "{}: a row of {} joins a parent only because the database compares {} loosely (case, accents or trailing spaces); \
             make the values equal in the source, or join in a query of your own",
            self.attribute,
            self.rule.from,
            self.child_columns.join(", ")
        )
    }

    /// Two neighbours that the order cannot tell apart, and that differ, could come in either order.
    fn decided(&self, rows: &[Row], place: &Place) -> Result<(), Error> {
        if matches!(self.rule.nest, Nest::Map(_)) {
            return Ok(());
        }
        let order = &self.rule.order;
        let same = |a: &Row, b: &Row| order.iter().all(|column| a.get(column) == b.get(column));
        if rows.windows(2).any(|pair| same(&pair[0], &pair[1]) && pair[0].values != pair[1].values) {
            let problem = format!(
                "{}: rows of {} with the same parent are not put in one certain order by [{}]; add columns to `order` until they are",
                self.attribute,
                self.rule.from,
                order.join(", ")
            );
            return Err(place.problem(problem));
        }
        Ok(())
    }

    fn count(&mut self, groups: &BTreeMap<String, Vec<Row>>) {
        for (word, rows) in groups {
            let first = self.seen.as_mut().is_none_or(|seen| seen.insert(xxh3_128(word.as_bytes())));
            self.joined += if first { rows.len() as u64 } else { 0 };
        }
    }
}

/// The group of `word`: given away at its last use, copied before.
fn take(groups: &mut BTreeMap<String, Vec<Row>>, uses: &mut HashMap<String, usize>, word: &str) -> Vec<Row> {
    let left = uses.entry(word.to_owned()).or_default();
    *left = left.saturating_sub(1);
    if *left == 0 { groups.remove(word).unwrap_or_default() } else { groups.get(word).cloned().unwrap_or_default() }
}

/// The values of `columns`; `None` when one is NULL, because NULL joins nothing.
fn values(row: &Row, columns: &[String], place: &Place) -> Result<Option<Vec<Value>>, Error> {
    let mut all = Vec::with_capacity(columns.len());
    for column in columns {
        match row.get(column) {
            None => return Err(place.problem(format!("there is no column {column} to join by; spell it as the catalogue does"))),
            Some(Value::Null) => return Ok(None),
            Some(value) => all.push(value.clone()),
        }
    }
    Ok(Some(all))
}

/// Join values as one text that two sides of a join agree on although their column types differ (integer and decimal, char and text).
fn word(values: &[Value]) -> String {
    values.iter().map(plain).fold(String::new(), |word, text| word + &text.len().to_string() + ":" + &text)
}

fn plain(value: &Value) -> String {
    match value {
        Value::Text(text) | Value::Time(text) | Value::Impossible(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) => u8::from(*flag).to_string(),
        Value::Date(date) => date.to_string(),
        Value::DateTime(time) => time.to_string(),
        Value::Instant(instant) => instant.to_string(),
        other => format!("{other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::Number;

    #[test]
    fn join_values_do_not_run_into_each_other() {
        let text = |t: &str| Value::Text(t.into());
        assert_ne!(word(&[text("a"), text("bc")]), word(&[text("ab"), text("c")]));
        assert_ne!(word(&[text("1:a")]), word(&[text("1"), text("a")]));
    }

    #[test]
    fn a_number_joins_its_own_text_and_case_makes_a_difference() {
        assert_eq!(word(&[Value::Number(Number::from(7_i64))]), word(&[Value::Text("7".into())]));
        assert_ne!(word(&[Value::Text("a".into())]), word(&[Value::Text("A".into())]));
    }

    #[test]
    fn a_group_is_given_to_every_parent_that_asks() {
        let row = Row { columns: [].into(), values: Vec::new() };
        let mut groups = BTreeMap::from([("k".to_owned(), vec![row])]);
        let mut uses = HashMap::from([("k".to_owned(), 2)]);
        assert_eq!(take(&mut groups, &mut uses, "k").len(), 1);
        assert_eq!(take(&mut groups, &mut uses, "k").len(), 1);
        assert!(groups.is_empty());
    }
}
