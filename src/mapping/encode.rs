//! Forward: one row (with its children) to one item, or the reason why not.
//!
//! Purpose: `load` writes what this makes and `validate` expects what this makes, so there is one of it.
//! Rules: everything that can be wrong with a mapping is found once, in [`Encoder::new`]; a row can then fail only by its
//! values. No column is dropped or overwritten in silence: a name that the relation lacks, a name that it has twice, and two
//! columns for one attribute are all errors. A parent without children has an empty list or map, so that "none" and "not
//! asked for" differ. A composed text with a NULL column counts as NULL.
//! Key insight: positions and names are resolved once, so a row costs its values and nothing more.
//! Called by `load`, `validate::run` and the data plan.

pub use super::backward::{read_key, read_key_among};
pub use super::check::{check, key_of};
use super::convert::{Made, convert};
use super::rule::{AttributeRule, Children, Nest, OnEmpty, OnNull, Rest, Shape, Test, When};
use super::{Attribute, Item, Mapping, Row, Template, Value};
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, BTreeSet};

/// Why a row cannot become an item. Never holds a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{reason}", attribute.as_ref().map(|a| format!("attribute {a}: ")).unwrap_or_default())]
pub struct Unmappable {
    pub attribute: Option<String>,
    pub reason: String,
}

impl Unmappable {
    /// Without an attribute yet: the caller that knows it adds it with [`Unmappable::at`].
    pub(super) fn because(reason: String) -> Self {
        Self { attribute: None, reason }
    }

    /// Names the attribute; inside children the outer name goes before the inner one (`lines.qty`).
    pub(super) fn at(self, attribute: &str) -> Self {
        let inner = self.attribute.map(|inner| format!(".{inner}")).unwrap_or_default();
        Self { attribute: Some(format!("{attribute}{inner}")), reason: self.reason }
    }
}

/// What one row becomes.
#[derive(Debug, Clone, PartialEq)]
pub enum Encoded {
    Item(Item),
    /// The mapping's `when` does not hold.
    Filtered,
}

/// A mapping made ready: column positions resolved once, names of the rest computed once.
#[derive(Debug, Clone)]
pub struct Encoder {
    when: Option<Condition>,
    shape: ReadyShape,
    many: Vec<ReadyChildren>,
    zone: Option<TimeZone>,
}

#[derive(Debug, Clone)]
struct ReadyShape {
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

#[derive(Debug, Clone)]
struct Condition {
    at: usize,
    test: Test,
}

#[derive(Debug, Clone)]
struct ReadyChildren {
    attribute: String,
    /// The template of a map's keys, with its columns' positions; `None`: a list.
    key: Option<(Template, Vec<usize>)>,
    shape: ReadyShape,
}

impl Encoder {
    /// `columns`: the relation's columns; `child_columns`: those of each `many`. `zone`: what a zone-less date-time means.
    ///
    /// Errors: a column that the relation does not have (with the nearest one that it has) or has twice; two sources for one
    /// attribute; a constant that its `type` cannot hold.
    pub fn new(
        mapping: &Mapping,
        columns: &[String],
        child_columns: &BTreeMap<String, Vec<String>>,
        zone: Option<TimeZone>,
    ) -> Result<Self, Unmappable> {
        let when = mapping.when.as_ref().map(|when| Condition::new(when, columns)).transpose()?;
        let shape = ReadyShape::new(&mapping.shape, columns)?;
        if let Some(taken) = shape.rules.iter().find(|rule| mapping.many.contains_key(&rule.name)) {
            let reason = "made by a rule and by child rows (`many`); rename one, or leave the column out with `except`";
            return Err(Unmappable::because(reason.to_owned()).at(&taken.name));
        }
        let many = mapping
            .many
            .iter()
            .map(|(attribute, children)| ReadyChildren::new(attribute, children, child_columns).map_err(|e| e.at(attribute)));
        Ok(Self { when, shape, many: many.collect::<Result<_, _>>()?, zone })
    }

    /// The item of `row`; `children[attribute]` are its child rows, in order. An attribute that is absent there has no children.
    pub fn encode(&self, row: &Row, children: &BTreeMap<String, Vec<Row>>) -> Result<Encoded, Unmappable> {
        let zone = self.zone.as_ref();
        self.shape.fits(row)?;
        if let Some(when) = &self.when
            && !when.holds(row, zone)?
        {
            return Ok(Encoded::Filtered);
        }
        let mut item = self.shape.encode(row, zone)?;
        for many in &self.many {
            let rows = children.get(&many.attribute).map_or(&[][..], Vec::as_slice);
            let nested = many.encode(rows, zone).map_err(|e| e.at(&many.attribute))?;
            item.insert(many.attribute.clone(), nested);
        }
        match children.keys().find(|name| !self.many.iter().any(|many| many.attribute == **name)) {
            Some(stranger) => Err(Unmappable::because("child rows were given, but the mapping has no such `many`".to_owned()).at(stranger)),
            None => Ok(Encoded::Item(item)),
        }
    }
}

impl ReadyShape {
    fn new(shape: &Shape, columns: &[String]) -> Result<Self, Unmappable> {
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

    /// A row of another relation, or of another time, would put values under wrong names.
    fn fits(&self, row: &Row) -> Result<(), Unmappable> {
        if row.values.len() == self.columns.len() && *row.columns == *self.columns {
            return Ok(());
        }
        Err(Unmappable::because(
            "the row's columns are not those that the mapping was made for; read the relation's columns again and start over".to_owned(),
        ))
    }

    fn encode(&self, row: &Row, zone: Option<&TimeZone>) -> Result<Item, Unmappable> {
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
        if self.rule.on_empty == OnEmpty::Omit && matches!(value, Value::Text(text) if text.is_empty()) {
            return Ok(None);
        }
        Ok(match convert(value, self.rule.kind, zone)? {
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

fn compose(template: &Template, at: &[usize], row: &Row, zone: Option<&TimeZone>) -> Result<Option<String>, Unmappable> {
    template.render_with(zone, |nth, _| at.get(nth).and_then(|at| row.values.get(*at)))
}

impl Condition {
    fn new(when: &When, columns: &[String]) -> Result<Self, Unmappable> {
        let at = position(&when.column, columns).map_err(|e| Unmappable::because(format!("`when`: {}", e.reason)))?;
        Ok(Self { at, test: when.test.clone() })
    }

    /// The row is known to fit.
    fn holds(&self, row: &Row, zone: Option<&TimeZone>) -> Result<bool, Unmappable> {
        let value = &row.values[self.at];
        Ok(match &self.test {
            Test::IsNull => value.is_null(),
            Test::NotNull => !value.is_null(),
            Test::OneOf(texts) => value.text(zone)?.is_some_and(|text| texts.contains(&text)),
        })
    }
}

impl ReadyChildren {
    fn new(attribute: &str, children: &Children, child_columns: &BTreeMap<String, Vec<String>>) -> Result<Self, Unmappable> {
        let unknown =
            || Unmappable::because("the columns of its child rows are not known; this is a fault of landfall, please report it".to_owned());
        let columns = child_columns.get(attribute).ok_or_else(unknown)?;
        let key = match &children.nest {
            Nest::List => None,
            Nest::Map(template) => Some((template.clone(), positions(template, columns)?)),
        };
        Ok(Self { attribute: attribute.to_owned(), key, shape: ReadyShape::new(&children.shape, columns)? })
    }

    fn encode(&self, rows: &[Row], zone: Option<&TimeZone>) -> Result<Attribute, Unmappable> {
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

fn positions(template: &Template, columns: &[String]) -> Result<Vec<usize>, Unmappable> {
    template.columns().map(|column| position(column, columns)).collect()
}

/// Where `column` is; it must be there exactly once.
fn position(column: &str, columns: &[String]) -> Result<usize, Unmappable> {
    let mut found = columns.iter().enumerate().filter(|(_, name)| *name == column).map(|(at, _)| at);
    match (found.next(), found.next()) {
        (Some(at), None) => Ok(at),
        (Some(_), Some(_)) => {
            Err(Unmappable::because(format!("the relation has two columns named `{column}`; give one another name (`as`) in the query")))
        }
        (None, _) => Err(Unmappable::because(format!("the relation has no column `{column}`{}", hint(column, columns)))),
    }
}

fn hint(column: &str, columns: &[String]) -> String {
    let wanted = column.to_lowercase();
    let likeness = |name: &String| strsim::jaro_winkler(&name.to_lowercase(), &wanted);
    match columns.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b))) {
        Some(nearest) if likeness(nearest) > 0.7 => format!("; did you mean `{nearest}`?"),
        Some(_) => format!("; it has {}", columns.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")),
        None => "; it has none at all".to_owned(),
    }
}
