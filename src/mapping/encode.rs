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
use super::children::ReadyChildren;
use super::condition::Condition;
use super::shape::ReadyShape;
use super::{Item, Mapping, Row};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

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
        if let Some(taken) = shape.names().find(|name| mapping.many.contains_key(*name)) {
            let reason = "made by a rule and by child rows (`many`); rename one, or leave the column out with `except`";
            return Err(Unmappable::because(reason.to_owned()).at(taken));
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

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::mapping::rule::{AttributeRule, Children, Collapse, Nest, OnEmpty, OnNull, Rest, Shape, Test, When};
    use crate::mapping::{Attribute, Number, Relation, Template, Value, wire};

    pub(crate) fn rule(from: &str) -> AttributeRule {
        let from = Template::parse(from).expect("a template");
        AttributeRule { from, kind: None, on_null: OnNull::Omit, on_empty: OnEmpty::Keep, when: None }
    }

    pub(crate) fn shape<const K: usize>(rules: [(&str, AttributeRule); K], rest: Option<Rest>) -> Shape {
        Shape { rules: rules.map(|(name, rule)| (name.to_owned(), rule)).into(), rest, except: vec![] }
    }

    pub(crate) fn mapping(shape: Shape) -> Mapping {
        Mapping {
            entity: "order".to_owned(),
            from: Relation::Named("orders".to_owned()),
            key: vec![],
            when: None,
            shape,
            many: BTreeMap::new(),
            collapse: Collapse::Refuse,
            collapse_order: vec![],
        }
    }

    pub(crate) fn names<const K: usize>(names: [&str; K]) -> Vec<String> {
        names.map(str::to_owned).to_vec()
    }

    pub(crate) fn row(columns: &[String], values: Vec<Value>) -> Row {
        Row { columns: columns.into(), values }
    }

    pub(crate) fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    pub(crate) fn number(text: &str) -> Value {
        Value::Number(Number::parse(text).expect("a number"))
    }

    pub(crate) fn line(encoded: &Encoded) -> String {
        match encoded {
            Encoded::Filtered => "(filtered)".to_owned(),
            Encoded::Item(item) => {
                let mut out = Vec::new();
                wire::write(item, &mut out);
                String::from_utf8(out).expect("utf-8")
            }
        }
    }

    fn encoder(mapping: &Mapping, columns: &[String]) -> Result<Encoder, Unmappable> {
        Encoder::new(mapping, columns, &BTreeMap::new(), None)
    }

    fn encode(mapping: &Mapping, columns: &[String], values: Vec<Value>) -> Result<String, Unmappable> {
        let encoded = encoder(mapping, columns)?.encode(&row(columns, values), &BTreeMap::new())?;
        Ok(line(&encoded))
    }

    fn lines(nest: Nest) -> Children {
        Children {
            from: Relation::Named("order_lines".to_owned()),
            on: vec![("ord_id".to_owned(), "ord_id".to_owned())],
            order: names(["line_no"]),
            nest,
            shape: shape([("product", rule("{prod_id}")), ("qty", rule("{qty}"))], None),
        }
    }

    #[test]
    fn an_order_with_its_lines_is_one_item() {
        let (columns, child_columns) = (names(["cust_id", "ord_id", "total", "note"]), names(["ord_id", "line_no", "prod_id", "qty"]));
        let mut orders = mapping(shape(
            [("PK", rule("CUST#{cust_id}")), ("SK", rule("ORDER#{ord_id}")), ("total", rule("{total}"))],
            Some(Rest::CamelCase),
        ));
        orders.many.insert("lines".to_owned(), lines(Nest::List));
        let encoder = Encoder::new(&orders, &columns, &[("lines".to_owned(), child_columns.clone())].into(), None).expect("ready");
        let parent = row(&columns, vec![number("7"), number("17"), number("12.50"), Value::Null]);
        let child = |no: &str, product: &str, qty: Value| row(&child_columns, vec![number("17"), number(no), text(product), qty]);
        let children = [("lines".to_owned(), vec![child("1", "b", number("2")), child("2", "a", Value::Null)])].into();
        insta::assert_snapshot!(
            line(&encoder.encode(&parent, &children).expect("an item")),
            @r#"{"PK":{"S":"CUST#7"},"SK":{"S":"ORDER#17"},"lines":{"L":[{"M":{"product":{"S":"b"},"qty":{"N":"2"}}},{"M":{"product":{"S":"a"}}}]},"total":{"N":"12.5"}}"#
        );
        insta::assert_snapshot!(
            line(&encoder.encode(&parent, &BTreeMap::new()).expect("an item")),
            @r#"{"PK":{"S":"CUST#7"},"SK":{"S":"ORDER#17"},"lines":{"L":[]},"total":{"N":"12.5"}}"#
        );
        let bad = [("lines".to_owned(), vec![child("1", "b", Value::NotANumber("NaN"))])].into();
        assert_eq!(encoder.encode(&parent, &bad).expect_err("NaN").attribute.as_deref(), Some("lines.qty"));
        let strangers = [("notes".to_owned(), vec![])].into();
        assert_eq!(encoder.encode(&parent, &strangers).expect_err("unknown").attribute.as_deref(), Some("notes"));
        let swapped = [("lines".to_owned(), vec![row(&names(["ord_id", "prod_id", "line_no", "qty"]), vec![Value::Null; 4])])].into();
        assert!(encoder.encode(&parent, &swapped).expect_err("other columns").reason.contains("columns"));
    }

    #[test]
    fn children_by_key_are_a_map_and_no_child_replaces_another() {
        let columns = names(["ord_id"]);
        let child_columns = names(["prod_id", "qty"]);
        let mut orders = mapping(shape([("id", rule("{ord_id}"))], None));
        orders.many.insert("lines".to_owned(), lines(Nest::Map(Template::parse("P{prod_id}").expect("a template"))));
        let encoder = Encoder::new(&orders, &columns, &[("lines".to_owned(), child_columns.clone())].into(), None).expect("ready");
        let parent = row(&columns, vec![number("1")]);
        let encode = |products: &[Value]| {
            let rows = products.iter().map(|product| row(&child_columns, vec![product.clone(), number("1")])).collect();
            encoder.encode(&parent, &[("lines".to_owned(), rows)].into())
        };
        insta::assert_snapshot!(
            line(&encode(&[text("b"), text("a")]).expect("an item")),
            @r#"{"id":{"N":"1"},"lines":{"M":{"Pa":{"M":{"product":{"S":"a"},"qty":{"N":"1"}}},"Pb":{"M":{"product":{"S":"b"},"qty":{"N":"1"}}}}}}"#
        );
        insta::assert_snapshot!(line(&encode(&[]).expect("an item")), @r#"{"id":{"N":"1"},"lines":{"M":{}}}"#);
        let twice = encode(&[text("secret"), text("secret")]).expect_err("one key twice").to_string();
        assert!(twice.starts_with("attribute lines: two child rows") && !twice.contains("secret"), "{twice}");
        assert!(encode(&[Value::Null]).expect_err("no key").reason.contains("map key is NULL"));
    }

    #[test]
    fn null_and_empty_follow_the_rule() {
        let columns = names(["a", "b"]);
        let encode =
            |rule: AttributeRule, a: Value, b: Value| encode(&mapping(shape([("x", rule)], None)), &columns, vec![a, b]).expect("an item");
        let null = |from: &str| AttributeRule { on_null: OnNull::Null, ..rule(from) };
        let drop_empty = |from: &str| AttributeRule { on_empty: OnEmpty::Omit, ..rule(from) };
        assert_eq!(encode(rule("{a}"), Value::Null, Value::Null), "{}");
        assert_eq!(encode(null("{a}"), Value::Null, Value::Null), r#"{"x":{"NULL":true}}"#);
        assert_eq!(encode(rule("{a}#{b}"), text("1"), Value::Null), "{}");
        assert_eq!(encode(null("{a}#{b}"), text("1"), Value::Null), r#"{"x":{"NULL":true}}"#);
        assert_eq!(encode(rule("{a}#{b}"), text("1"), number("2.0")), r#"{"x":{"S":"1#2"}}"#);
        assert_eq!(encode(rule("{a}"), text(""), Value::Null), r#"{"x":{"S":""}}"#);
        assert_eq!(encode(drop_empty("{a}"), text(""), Value::Null), "{}");
        assert_eq!(encode(drop_empty("{a}{b}"), text(""), text("")), "{}");
        let empty = || Value::Json(crate::mapping::json::Json::Text(String::new()));
        assert_eq!(encode(drop_empty("{a}"), empty(), Value::Null), "{}");
        assert_eq!(encode(rule("{a}"), empty(), Value::Null), r#"{"x":{"S":""}}"#);
        let number = AttributeRule { kind: Some(crate::mapping::rule::As::N), ..drop_empty("{a}") };
        assert_eq!(encode(number, text(""), Value::Null), "{}");
        assert_eq!(encode(null("{a}"), Value::Set(vec![]), Value::Null), "{}");
        assert_eq!(encode(rule("ORDER"), Value::Null, Value::Null), r#"{"x":{"S":"ORDER"}}"#);
    }

    #[test]
    fn when_filters_rows_and_omits_attributes() {
        let columns = names(["kind", "rating"]);
        let when = |column: &str, test| Some(When { column: column.to_owned(), test });
        let rated = AttributeRule { when: when("rating", Test::NotNull), ..rule("yes") };
        let mut films = mapping(shape([("kind", rule("{kind}")), ("rated", rated)], None));
        films.when = when("kind", Test::OneOf(names(["film", "1"])));
        let encode = |kind: Value, rating: Value| encode(&films, &columns, vec![kind, rating]).expect("encodes");
        assert_eq!(encode(text("film"), number("5")), r#"{"kind":{"S":"film"},"rated":{"S":"yes"}}"#);
        assert_eq!(encode(number("1.0"), Value::Null), r#"{"kind":{"N":"1"}}"#);
        assert_eq!(encode(text("book"), number("5")), "(filtered)");
        assert_eq!(encode(Value::Null, number("5")), "(filtered)");
        films.when = when("kind", Test::IsNull);
        assert_eq!(
            line(
                &encoder(&films, &columns).expect("ready").encode(&row(&columns, vec![Value::Null; 2]), &BTreeMap::new()).expect("encodes")
            ),
            "{}"
        );
    }

    #[test]
    fn the_rest_is_every_column_that_no_rule_uses() {
        let columns = names(["user_id", "ID", "last_login_2", "pass_word", "e_mail"]);
        let mut users = mapping(shape([("PK", rule("U#{user_id}"))], Some(Rest::CamelCase)));
        users.shape.except = names(["pass_word"]);
        let values = ["1", "2", "3", "4", "5"].map(number).to_vec();
        insta::assert_snapshot!(
            encode(&users, &columns, values).expect("an item"),
            @r#"{"PK":{"S":"U#1"},"eMail":{"N":"5"},"id":{"N":"2"},"lastLogin2":{"N":"3"}}"#
        );
    }

    #[test]
    fn a_faulty_mapping_is_refused_before_any_row() {
        let fault = |mapping: &Mapping, columns: &[String]| encoder(mapping, columns).expect_err("a fault").to_string();
        let columns = names(["user_id", "email", "e_mail"]);
        insta::assert_snapshot!(
            fault(&mapping(shape([("PK", rule("U#{User_Id}"))], None)), &columns),
            @"attribute PK: the relation has no column `User_Id`; did you mean `user_id`?"
        );
        insta::assert_snapshot!(
            fault(&mapping(shape([("x", rule("{zzz}"))], None)), &columns),
            @"attribute x: the relation has no column `zzz`; it has `user_id`, `email`, `e_mail`"
        );
        insta::assert_snapshot!(
            fault(&mapping(shape([], Some(Rest::SnakeCase))), &names(["userId", "user_id"])),
            @r#"attribute user_id: made by column `user_id` through "*" and by column `userId`; give one of them a rule, or list it in `except`"#
        );
        insta::assert_snapshot!(
            fault(&mapping(shape([("eMail", rule("{user_id}"))], Some(Rest::CamelCase))), &columns),
            @r#"attribute eMail: made by column `e_mail` through "*" and by a rule of its own; give one of them a rule, or list it in `except`"#
        );
        insta::assert_snapshot!(
            fault(&mapping(shape([("id", rule("{id}"))], None)), &names(["id", "id"])),
            @"attribute id: the relation has two columns named `id`; give one another name (`as`) in the query"
        );
        let mut misspelled = mapping(shape([], Some(Rest::Same)));
        misspelled.shape.except = names(["pasword"]);
        assert!(fault(&misspelled, &names(["password"])).contains("did you mean `password`?"));
        let mut filtered = mapping(shape([], None));
        filtered.when = Some(When { column: "kind".to_owned(), test: Test::NotNull });
        assert!(fault(&filtered, &columns).starts_with("`when`: the relation has no column `kind`"));
        let mut clash = mapping(shape([("lines", rule("{email}"))], None));
        clash.many.insert("lines".to_owned(), lines(Nest::List));
        assert!(fault(&clash, &columns).starts_with("attribute lines: made by a rule and by child rows"));
        let constant = AttributeRule { kind: Some(crate::mapping::rule::As::N), ..rule("many") };
        assert!(fault(&mapping(shape([("x", constant)], None)), &columns).contains("no number"));
        assert!(fault(&mapping(shape([], Some(Rest::CamelCase))), &names(["__"])).contains("`__`"));
    }

    #[test]
    fn a_row_of_other_columns_is_refused_and_never_misread() {
        let columns = names(["a", "b"]);
        let encoder = encoder(&mapping(shape([("x", rule("{a}"))], None)), &columns).expect("ready");
        for (columns, count) in [(names(["b", "a"]), 2), (names(["a"]), 1), (columns.clone(), 1), (columns.clone(), 3)] {
            let row = row(&columns, vec![Value::Null; count]);
            assert!(encoder.encode(&row, &BTreeMap::new()).is_err(), "{row:?}");
        }
    }

    #[test]
    fn the_zone_reaches_keys_conditions_and_children() {
        let columns = names(["at"]);
        let zone = TimeZone::get("America/New_York").expect("a zone");
        let events = mapping(shape([("PK", rule("AT#{at}")), ("at", rule("{at}"))], None));
        let encoder = Encoder::new(&events, &columns, &BTreeMap::new(), Some(zone)).expect("ready");
        let at = |month, hour| row(&columns, vec![Value::DateTime(jiff::civil::date(2024, month, 10).at(hour, 30, 0, 0))]);
        insta::assert_snapshot!(
            line(&encoder.encode(&at(7, 8), &BTreeMap::new()).expect("an item")),
            @r#"{"PK":{"S":"AT#2024-07-10T12:30:00Z"},"at":{"S":"2024-07-10T12:30:00Z"}}"#
        );
        let skipped = encoder.encode(&at(3, 2), &BTreeMap::new()).expect_err("a gap");
        assert_eq!(skipped.attribute.as_deref(), Some("PK"));
        assert!(skipped.reason.contains("never happened there"), "{skipped}");
    }

    #[test]
    fn attributes_come_from_values_and_not_from_text() {
        let columns = names(["a"]);
        let item = encoder(&mapping(shape([("x", rule("{a}"))], None)), &columns).expect("ready");
        let encoded = item.encode(&row(&columns, vec![Value::Bytes(vec![0, 255])]), &BTreeMap::new()).expect("an item");
        assert_eq!(encoded, Encoded::Item([("x".to_owned(), Attribute::B(vec![0, 255]))].into()));
    }
}
