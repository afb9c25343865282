//! Child rows inside the parent's item: a list of maps in the given order, or a map of maps by a template's text.
//!
//! Rules: no children is an empty list or map, never no attribute, so that "none" and "not asked for" differ. A map key that is
//! NULL or occurs twice is refused: one child would replace the other.
//! Called by `encode`.

use super::column::{compose, positions};
use super::rule::{Children, Nest};
use super::shape::ReadyShape;
use super::{Attribute, Item, Row, Template, Unmappable};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// A `many` with its columns' positions.
#[derive(Debug, Clone)]
pub(super) struct ReadyChildren {
    pub(super) attribute: String,
    /// The template of a map's keys, with its columns' positions; `None`: a list.
    key: Option<(Template, Vec<usize>)>,
    shape: ReadyShape,
}

impl ReadyChildren {
    pub(super) fn new(attribute: &str, children: &Children, child_columns: &BTreeMap<String, Vec<String>>) -> Result<Self, Unmappable> {
        let unknown =
            || Unmappable::because("the columns of its child rows are not known; this is a fault of landfall, please report it".to_owned());
        let columns = child_columns.get(attribute).ok_or_else(unknown)?;
        let key = match &children.nest {
            Nest::List => None,
            Nest::Map(template) => Some((template.clone(), positions(template, columns)?)),
        };
        Ok(Self { attribute: attribute.to_owned(), key, shape: ReadyShape::new(&children.shape, columns)? })
    }

    /// The attribute's value for these child rows.
    pub(super) fn encode(&self, rows: &[Row], zone: Option<&TimeZone>) -> Result<Attribute, Unmappable> {
        match &self.key {
            None => rows.iter().map(|row| self.element(row, zone)).collect::<Result<_, _>>().map(Attribute::L),
            Some((template, at)) => self.encode_map(rows, template, at, zone),
        }
    }

    fn encode_map(&self, rows: &[Row], template: &Template, at: &[usize], zone: Option<&TimeZone>) -> Result<Attribute, Unmappable> {
        let mut map = Item::new();
        for row in rows {
            let element = self.element(row, zone)?;
            let nameless = || {
                Unmappable::because(
                    "a child row's map key is NULL; filter such rows out in a query of your own, or nest as a list".to_owned(),
                )
            };
            let key = compose(template, at, row, zone)?.ok_or_else(nameless)?;
            if map.insert(key, element).is_some() {
                return Err(Unmappable::because(
                    "two child rows have one map key; make the key's template unique within a parent, or nest as a list".to_owned(),
                ));
            }
        }
        Ok(Attribute::M(map))
    }

    fn element(&self, row: &Row, zone: Option<&TimeZone>) -> Result<Attribute, Unmappable> {
        self.shape.fits(row)?;
        self.shape.encode(row, zone).map(Attribute::M)
    }
}
