//! The statements that read a relation page by page: everything behind the key of the last row.
//!
//! Rules: only kinds whose `>` and `ORDER BY` agree are paged by; NULL comes first, as the server sorts it, and is never lost;
//! the comparison is spelled out column by column, so that the server uses its index.
//! Pure; called by the snapshot.

use super::bind::{self, placeholder};
use super::decode::Kind;
use crate::mapping::Value;
use mysql_async::Value as Raw;

/// Whether the server orders and compares this kind alike, and the last value of a page can be sent back exactly.
/// Not so: ENUM and SET (ordered by position, compared as text), floats, bits, JSON.
pub(super) fn ordered(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Int | Kind::Bool | Kind::Decimal { .. } | Kind::Text | Kind::Bytes | Kind::Date | Kind::DateTime | Kind::Instant | Kind::Time
    )
}

/// The condition "behind `last`" over `columns` (SQL and kind), with its parameters; `None` when a value cannot be sent back.
pub(super) fn behind(columns: &[(String, Kind)], last: &[Value]) -> Option<(String, Vec<Raw>)> {
    let mut parameters = Vec::new();
    let mut ways = Vec::new();
    for i in 0..columns.len() {
        let mut parts = Vec::new();
        for ((column, kind), value) in columns.iter().zip(last).take(i) {
            parts.push(compare(column, "=", *kind, value, &mut parameters)?);
        }
        let ((column, kind), value) = (columns.get(i)?, last.get(i)?);
        parts.push(compare(column, ">", *kind, value, &mut parameters)?);
        ways.push(format!("({})", parts.join(" and ")));
    }
    Some((ways.join(" or "), parameters))
}

/// `column = value` or `column > value`, where NULL equals NULL and everything else is greater.
fn compare(column: &str, operator: &str, kind: Kind, value: &Value, parameters: &mut Vec<Raw>) -> Option<String> {
    if *value == Value::Null {
        return Some(format!("{column} is {}null", if operator == ">" { "not " } else { "" }));
    }
    parameters.push(bind::key(value, kind)?);
    Some(format!("{column} {operator} {}", placeholder(kind)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::Number;

    #[test]
    fn behind_is_spelled_out_and_nulls_come_first() {
        let columns = [("a".to_owned(), Kind::Int), ("b".to_owned(), Kind::Decimal { precision: 5, scale: 2 })];
        let one = Value::Number(Number::from(1_i64));
        let sql = |last: &[Value]| behind(&columns, last).map(|(sql, p)| (sql, p.len()));
        assert_eq!(sql(&[one.clone(), one.clone()]), Some(("(a > ?) or (a = ? and b > cast(? as decimal(5,2)))".to_owned(), 3)));
        assert_eq!(
            sql(&[Value::Null, one.clone()]),
            Some(("(a is not null) or (a is null and b > cast(? as decimal(5,2)))".to_owned(), 1))
        );
        assert_eq!(sql(&[one.clone(), Value::Null]), Some(("(a > ?) or (a = ? and b is not null)".to_owned(), 2)));
        assert_eq!(sql(&[Value::Text("x".to_owned()), one]), None);
    }
}
