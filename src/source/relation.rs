//! A relation as an engine found it: how SQL names it, what its columns are, and what landfall makes of each.
//!
//! Rules: a column that is not mapped stops the read before the first row; two columns of one name stop it too.
//! `K` is the engine's own notion of a column's kind. Called by the three engines.

use super::{Column, Description, Error, name};
use crate::mapping::value::Columns;
use crate::safe;
use std::collections::BTreeSet;

/// One column and what it decodes to; `None`: landfall does not map its type.
#[derive(Debug, Clone)]
pub(super) struct Field<K> {
    pub(super) column: Column,
    pub(super) kind: Option<K>,
}

/// A relation, resolved once per snapshot.
#[derive(Debug, Clone)]
pub(super) struct Found<K> {
    /// What stands behind `from`: a quoted name or a query in brackets, `as landfall_rows`.
    pub(super) from: String,
    /// For people: `users`, or `(query)`.
    pub(super) label: String,
    pub(super) fields: Vec<Field<K>>,
    /// The primary key's columns, in order.
    pub(super) key: Vec<String>,
}

impl<K> Found<K> {
    pub(super) fn description(&self) -> Description {
        Description { columns: self.fields.iter().map(|f| f.column.clone()).collect(), key: self.key.clone() }
    }

    /// The column names, shared by all rows.
    pub(super) fn columns(&self) -> Columns {
        self.fields.iter().map(|f| f.column.name.clone()).collect()
    }

    /// The positions of `names`, in their order.
    pub(super) fn positions(&self, names: &[String]) -> Result<Vec<usize>, Error> {
        let all: Vec<&str> = self.fields.iter().map(|f| f.column.name.as_str()).collect();
        names.iter().map(|n| name::column(n, &self.label, &all)).collect()
    }

    /// Positions to order by: `order`, then the primary key, so that rows of equal `order` have one order too.
    pub(super) fn order(&self, order: &[String]) -> Result<Vec<usize>, Error> {
        let mut out = self.positions(order)?;
        for i in self.positions(&self.key)? {
            if !out.contains(&i) {
                out.push(i);
            }
        }
        Ok(out)
    }

    /// Every column is mapped and has a name of its own.
    pub(super) fn readable(&self) -> Result<(), Error> {
        let bad: Vec<String> = self
            .fields
            .iter()
            .filter(|f| f.kind.is_none())
            .map(|f| safe::text(&format!("{}.{} is {}", self.label, f.column.name, f.column.sql_type)))
            .collect();
        if !bad.is_empty() {
            return Err(Error::Unmapped(format!(
                "{}: landfall does not map such columns; leave them out with a query, or cast them in a query",
                bad.join(", ")
            )));
        }
        let mut seen = BTreeSet::new();
        match self.fields.iter().find(|f| !seen.insert(&f.column.name)) {
            Some(twice) => Err(twice_named(&self.label, &twice.column.name)),
            None => Ok(()),
        }
    }
}

/// Two columns of one name: which one is meant cannot be told.
pub(super) fn twice_named(label: &str, column: &str) -> Error {
    Error::Missing(safe::text(&format!("{label} gives two columns named {column}: give one of them another name with AS")))
}

/// A parameter whose value no statement can take.
pub(super) fn not_a_parameter(name: &str) -> Error {
    Error::Query {
        what: format!("the parameter :{}", safe::text(name)),
        message: "lists, sets and the like cannot be parameters: let params_from give a plain column".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(fields: &[(&str, Option<()>)]) -> Found<()> {
        let field = |(n, k): &(&str, Option<()>)| Field {
            column: Column { name: (*n).to_owned(), sql_type: "geometry".to_owned(), nullable: true },
            kind: *k,
        };
        Found { from: String::new(), label: "shops".to_owned(), fields: fields.iter().map(field).collect(), key: vec!["a".to_owned()] }
    }

    #[test]
    fn an_unmapped_column_is_named_with_its_type_and_the_way_out() {
        let error = found(&[("a", Some(())), ("b", None), ("c", None)]).readable().expect_err("unmapped");
        assert_eq!(
            error.to_string(),
            "shops.b is geometry, shops.c is geometry: landfall does not map such columns; leave them out with a query, or cast them in a query"
        );
    }

    #[test]
    fn a_name_given_twice_is_refused() {
        let error = found(&[("a", Some(())), ("a", Some(()))]).readable().expect_err("twice");
        assert_eq!(error.to_string(), "shops gives two columns named a: give one of them another name with AS");
    }

    #[test]
    fn the_key_breaks_ties_once() {
        let found = found(&[("a", Some(())), ("b", Some(()))]);
        assert_eq!(found.order(&["b".to_owned()]).expect("order"), [1, 0]);
        assert_eq!(found.order(&["A".to_owned()]).expect("order"), [0]);
    }
}
