//! A declared collapse: of the rows that make one key, the first or the last in `collapse_order` is the item.
//!
//! Rule: only rows whose key is known to collide are held; a tie that would let chance decide is an error.
//! The relation is read ordered by `collapse_order`, so first and last are first and last to arrive.

use super::expect::Ready;
use crate::mapping::rule::Collapse;
use crate::mapping::{Row, Value};
use std::collections::{BTreeMap, HashSet};

/// The rows of one mapping that share a key with others.
#[derive(Debug)]
pub(super) struct Collapsing {
    last: bool,
    order: Vec<String>,
    colliding: HashSet<u128>,
    held: BTreeMap<u128, Held>,
}

#[derive(Debug)]
struct Held {
    ready: Ready,
    order: Vec<Value>,
    tied: bool,
}

/// What happens to a row that arrives.
#[derive(Debug)]
pub(super) enum Arrival {
    /// Its key is its own.
    Alone(Ready),
    /// It waits for the end, or it lost; these children (and the row) of the loser are merged.
    Lost {
        children: u64,
    },
    Waits,
}

impl Collapsing {
    pub(super) fn new(collapse: Collapse, order: &[String], colliding: HashSet<u128>) -> Self {
        Self { last: collapse == Collapse::Last, order: order.to_vec(), colliding, held: BTreeMap::new() }
    }

    pub(super) fn arrive(&mut self, ready: Ready, row: &Row) -> Arrival {
        if !self.colliding.contains(&ready.key) {
            return Arrival::Alone(ready);
        }
        let order: Vec<Value> = self.order.iter().map(|column| row.get(column).cloned().unwrap_or(Value::Null)).collect();
        let Some(held) = self.held.get_mut(&ready.key) else {
            self.held.insert(ready.key, Held { ready, order, tied: false });
            return Arrival::Waits;
        };
        let tie = held.order == order && held.ready.item != ready.item;
        if self.last {
            let children = held.ready.children;
            *held = Held { tied: tie || (held.tied && held.order == order), ready, order };
            Arrival::Lost { children }
        } else {
            held.tied |= tie;
            Arrival::Lost { children: ready.children }
        }
    }

    /// The winners, in a fixed order; an error when `order` does not decide one of them.
    pub(super) fn finish(&mut self) -> Result<Vec<Ready>, String> {
        let held = std::mem::take(&mut self.held);
        let ties = held.values().filter(|h| h.tied).count();
        if ties > 0 {
            let order = self.order.join(", ");
            return Err(format!(
                "collapse_order [{order}] does not decide which row wins for {ties} keys; add columns to it until it does"
            ));
        }
        Ok(held.into_values().map(|h| h.ready).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::{Attribute, Number};

    fn row(order: i64) -> Row {
        Row { columns: ["o".to_owned()].into(), values: vec![Value::Number(Number::from(order))] }
    }

    fn ready(key: u128, mark: &str) -> Ready {
        Ready { item: [("m".to_owned(), Attribute::S(mark.into()))].into(), key, children: 0 }
    }

    fn winners(collapse: Collapse, rows: &[(u128, &str, i64)]) -> Result<Vec<String>, String> {
        let mut collapsing = Collapsing::new(collapse, &["o".to_owned()], HashSet::from([1]));
        let mut out = Vec::new();
        for (key, mark, order) in rows {
            if let Arrival::Alone(r) = collapsing.arrive(ready(*key, mark), &row(*order)) {
                out.push(r);
            }
        }
        out.extend(collapsing.finish()?);
        Ok(out.into_iter().map(|r| crate::mapping::wire::display(&r.item["m"])).collect())
    }

    #[test]
    fn first_and_last_are_what_the_order_says() {
        let rows = [(1, "a", 1), (2, "x", 1), (1, "b", 2), (1, "c", 3)];
        assert_eq!(winners(Collapse::First, &rows), Ok(vec!["x".into(), "a".into()]));
        assert_eq!(winners(Collapse::Last, &rows), Ok(vec!["x".into(), "c".into()]));
    }

    #[test]
    fn a_tie_for_the_winner_is_an_error_and_a_tie_among_losers_is_not() {
        assert!(winners(Collapse::First, &[(1, "a", 1), (1, "b", 1)]).is_err());
        assert!(winners(Collapse::Last, &[(1, "a", 1), (1, "b", 1)]).is_err());
        assert!(winners(Collapse::First, &[(1, "a", 1), (1, "b", 2), (1, "c", 2)]).is_ok());
        assert!(winners(Collapse::Last, &[(1, "a", 1), (1, "b", 1), (1, "c", 2)]).is_ok());
        assert!(winners(Collapse::First, &[(1, "a", 1), (1, "a", 1)]).is_ok(), "equal items need no decision");
    }
}
