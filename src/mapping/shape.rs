//! A shape made ready: which column, by position, becomes which attribute.
//!
//! Rules: a named rule first, then the `"*"` rule for every column that no named rule's template uses and `except` does not
//! list. A column that only a `when`, a map key or a join uses is still part of the rest. Two sources for one attribute are an
//! error, and so is an unknown name in `except`: a column that was to be kept out would get in.
//! Called by `encode` for items, by `children` for nested elements.

use super::column::{compose, position, positions};
use super::condition::Condition;
use super::convert::{Made, convert};
use super::rule::{AttributeRule, OnEmpty, OnNull, Rest, Shape};
use super::{Attribute, Item, Row, Template, Unmappable, Value};
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, BTreeSet};

/// The rules of a shape, with the relation's columns that they were resolved against.
#[derive(Debug, Clone)]
pub(super) struct ReadyShape {
    columns: Vec<String>,
    rules: Vec<ReadyRule>,
}

#[derive(Debug, Clone)]
struct ReadyRule {
    name: String,
    source: Source,
    rule: AttributeRule,
    when: Option<Condition>,
}

/// Where an attribute's value comes from, with the columns' positions.
#[derive(Debug, Clone)]
enum Source {
    Constant(Value),
    Column(usize),
    Composed(Template, Vec<usize>),
}

impl ReadyShape {
    pub(super) fn new(shape: &Shape, columns: &[String]) -> Result<Self, Unmappable> {
        let ready = |(name, rule): (&String, &AttributeRule)| ReadyRule::new(name, rule, columns).map_err(|e| e.at(name));
        let mut rules: Vec<ReadyRule> = shape.rules.iter().map(ready).collect::<Result<_, _>>()?;
        for column in &shape.except {
            position(column, columns)?;
        }
        if let Some(rest) = shape.rest {
            rules.extend(the_rest(rest, shape, columns)?);
        }
        Ok(Self { columns: columns.to_vec(), rules })
    }

    /// The attributes that it may make.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().map(|rule| rule.name.as_str())
    }

    /// A row of another relation, or of another time, would put values under wrong names.
    pub(super) fn fits(&self, row: &Row) -> Result<(), Unmappable> {
        if row.values.len() == self.columns.len() && *row.columns == *self.columns {
            return Ok(());
        }
        Err(Unmappable::because(
            "the row's columns are not those that the mapping was made for; read the relation's columns again and start over".to_owned(),
        ))
    }

    /// The row is known to fit.
    pub(super) fn encode(&self, row: &Row, zone: Option<&TimeZone>) -> Result<Item, Unmappable> {
        let mut item = Item::new();
        for rule in &self.rules {
            if let Some(value) = rule.encode(row, zone).map_err(|e| e.at(&rule.name))? {
                item.insert(rule.name.clone(), value);
            }
        }
        Ok(item)
    }
}

/// Rules for the columns that no named rule uses and `except` does not list.
fn the_rest(rest: Rest, shape: &Shape, columns: &[String]) -> Result<Vec<ReadyRule>, Unmappable> {
    let used: BTreeSet<&str> =
        shape.rules.values().flat_map(|rule| rule.from.columns()).chain(shape.except.iter().map(String::as_str)).collect();
    let mut taken: BTreeMap<String, String> = shape.rules.keys().map(|name| (name.clone(), "a rule of its own".to_owned())).collect();
    let mut rules = Vec::new();
    for column in columns.iter().filter(|column| !used.contains(column.as_str())) {
        let unnamed = || {
            Unmappable::because(format!(
                "column `{column}` has no letter or digit to make a name of; give it a rule, or list it in `except`"
            ))
        };
        let name = rest.name(column).ok_or_else(unnamed)?;
        if let Some(other) = taken.insert(name.clone(), format!("column `{column}`")) {
            let reason = format!("made by column `{column}` through \"*\" and by {other}; give one of them a rule, or list it in `except`");
            return Err(Unmappable::because(reason).at(&name));
        }
        rules.push(ReadyRule { name, source: Source::Column(position(column, columns)?), rule: plain_rule(column), when: None });
    }
    Ok(rules)
}

fn plain_rule(column: &str) -> AttributeRule {
    let from = Template { parts: vec![super::template::Part::Column(column.to_owned())] };
    AttributeRule { from, kind: None, on_null: OnNull::default(), on_empty: OnEmpty::default(), when: None }
}

impl ReadyRule {
    fn new(name: &str, rule: &AttributeRule, columns: &[String]) -> Result<Self, Unmappable> {
        let source = match rule.from.lone_column() {
            Some(column) => Source::Column(position(column, columns)?),
            None if rule.from.is_constant() => Source::Constant(constant(rule)?),
            None => Source::Composed(rule.from.clone(), positions(&rule.from, columns)?),
        };
        let when = rule.when.as_ref().map(|when| Condition::new(when, columns)).transpose()?;
        Ok(Self { name: name.to_owned(), source, rule: rule.clone(), when })
    }

    fn encode(&self, row: &Row, zone: Option<&TimeZone>) -> Result<Option<Attribute>, Unmappable> {
        if let Some(when) = &self.when
            && !when.holds(row, zone)?
        {
            return Ok(None);
        }
        match &self.source {
            Source::Constant(value) => self.convert(value, zone),
            Source::Column(at) => self.convert(&row.values[*at], zone),
            Source::Composed(template, at) => {
                let text = compose(template, at, row, zone)?;
                self.convert(&text.map_or(Value::Null, Value::Text), zone)
            }
        }
    }

    fn convert(&self, value: &Value, zone: Option<&TimeZone>) -> Result<Option<Attribute>, Unmappable> {
        let omit_empty = self.rule.on_empty == OnEmpty::Omit;
        if omit_empty && matches!(value, Value::Text(text) if text.is_empty()) {
            return Ok(None);
        }
        Ok(match convert(value, self.rule.kind, zone)? {
            Made::Is(Attribute::S(text)) if omit_empty && text.is_empty() => None,
            Made::Is(attribute) => Some(attribute),
            Made::Absent => None,
            Made::Null => (self.rule.on_null == OnNull::Null).then_some(Attribute::Null),
        })
    }
}

/// The text of a template without columns, known to suit the rule's `type`.
fn constant(rule: &AttributeRule) -> Result<Value, Unmappable> {
    let row = Row { columns: [].into(), values: Vec::new() };
    let value = Value::Text(rule.from.render(&row, None)?.unwrap_or_default());
    convert(&value, rule.kind, None)?;
    Ok(value)
}
