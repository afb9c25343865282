//! Query, to its last page: what an access pattern asks of a table or an index.

use super::{Got, Patience, convert, ours, value};
use crate::aws::{Aws, Error};
use crate::mapping::Attribute;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use std::collections::HashMap;

/// A key condition and a filter.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Query {
    pub table: String,
    pub index: Option<String>,
    /// Conditions on key attributes; all hold.
    pub key: Vec<(String, Test)>,
    /// Conditions on other attributes; all hold.
    pub filter: Vec<(String, Test)>,
}

/// What an attribute has to satisfy.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    Equals(Attribute),
    BeginsWith(Attribute),
    AtLeast(Attribute),
    AtMost(Attribute),
    Between(Attribute, Attribute),
}

/// Names and values that the expressions refer to.
#[derive(Default)]
struct Bindings {
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

impl Bindings {
    fn clause(&mut self, tests: &[(String, Test)]) -> Option<String> {
        let parts: Vec<String> = tests.iter().map(|(name, test)| self.one(name, test)).collect();
        (!parts.is_empty()).then(|| parts.join(" AND "))
    }

    fn one(&mut self, name: &str, test: &Test) -> String {
        let n = format!("#n{}", self.names.len());
        self.names.insert(n.clone(), name.to_owned());
        match test {
            Test::Equals(a) => format!("{n} = {}", self.value(a)),
            Test::BeginsWith(a) => format!("begins_with({n}, {})", self.value(a)),
            Test::AtLeast(a) => format!("{n} >= {}", self.value(a)),
            Test::AtMost(a) => format!("{n} <= {}", self.value(a)),
            Test::Between(a, b) => format!("{n} BETWEEN {} AND {}", self.value(a), self.value(b)),
        }
    }

    fn value(&mut self, attribute: &Attribute) -> String {
        let name = format!(":v{}", self.values.len());
        self.values.insert(name.clone(), value(attribute));
        name
    }
}

impl Aws {
    /// Every item that `query` finds, in the order of its sort key.
    pub async fn query(&self, query: &Query) -> Result<Got, Error> {
        let mut got = Got::default();
        let mut start: Option<HashMap<String, AttributeValue>> = None;
        let mut patience = Patience::new(self.clock());
        loop {
            match self.query_page(query, start.clone(), &mut got).await {
                Ok(None) => return Ok(got),
                Ok(next) => (start, patience) = (next, Patience::new(self.clock())),
                Err(error) if error.is_throttle() => {
                    patience.check(error)?;
                    patience.wait().await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn query_page(
        &self,
        query: &Query,
        start: Option<HashMap<String, AttributeValue>>,
        got: &mut Got,
    ) -> Result<Option<HashMap<String, AttributeValue>>, Error> {
        let call = || format!("DynamoDB Query {}{}", query.table, query.index.as_ref().map(|i| format!("/{i}")).unwrap_or_default());
        let mut bindings = Bindings::default();
        let key = bindings.clause(&query.key);
        let filter = bindings.clause(&query.filter);
        let answer = self
            .dynamodb
            .query()
            .table_name(&query.table)
            .set_index_name(query.index.clone())
            .set_key_condition_expression(key)
            .set_filter_expression(filter)
            .set_expression_attribute_names(Some(bindings.names))
            .set_expression_attribute_values(Some(bindings.values))
            .set_exclusive_start_key(start)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(|e| crate::aws::error::from_sdk(call(), &e))?;
        got.units += answer.consumed_capacity().and_then(aws_sdk_dynamodb::types::ConsumedCapacity::capacity_units).unwrap_or(0.0);
        for wire in answer.items.unwrap_or_default() {
            got.items.push(convert::item_from_wire(wire).map_err(|e| ours(call(), &e))?);
        }
        Ok(answer.last_evaluated_key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_are_bound_never_spliced() {
        let mut bindings = Bindings::default();
        let hostile = || Attribute::S("x OR 1=1".into());
        let tests = [
            ("a b".to_owned(), Test::Equals(hostile())),
            ("c".to_owned(), Test::BeginsWith(hostile())),
            ("d".to_owned(), Test::AtLeast(hostile())),
            ("e".to_owned(), Test::AtMost(hostile())),
            ("f".to_owned(), Test::Between(hostile(), hostile())),
        ];
        let clause = bindings.clause(&tests);
        let expected = "#n0 = :v0 AND begins_with(#n1, :v1) AND #n2 >= :v2 AND #n3 <= :v3 AND #n4 BETWEEN :v4 AND :v5";
        assert_eq!(clause.as_deref(), Some(expected));
        assert_eq!((bindings.names.len(), bindings.values.len()), (5, 6));
    }
}
