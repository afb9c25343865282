//! Indexes: added, removed, changed.

use super::*;
use crate::plan::samples::{index, key, table};
use crate::resource::{Capacity, Key, LocalIndex, Projection};
use std::collections::BTreeMap;

fn with(name: &str, attribute: &str) -> Table {
    Table { indexes: BTreeMap::from([(name.to_owned(), index(attribute, Capacity::OnDemand))]), ..table() }
}

#[test]
fn an_index_is_added() {
    insta::assert_snapshot!(change(&table(), &with("byMail", "mail"), &[]), @r"
    Changes (+ create   ~ change in place):

      ~ table T   # id 7c1e0000
          # changed in the file since the last apply; AWS is as it was left
          + index byMail           mail:S; all attributes
          + index byMail.capacity  on-demand

    Calls, in this order for each resource (times are estimates):
      table T
        1. UpdateTable create index byMail (mail:S; all attributes)  (8 min to 17 min)
             minutes even on an empty table; the backfill of its items comes on top and is charged as writes to the index
        2. TagResource landfall:applied  (1 s to 3 s)

    Plan: 0 to create, 1 to change, 0 to delete; 2 calls, about 8 min to 18 min.
    ");
}

#[test]
fn an_index_that_left_the_file_is_refused() {
    insta::assert_snapshot!(change(&with("byMail", "mail"), &table(), &[]), @r"
    Changes (~ change in place   - delete):

      ~ table T   # id 7c1e0000
          # changed in the file since the last apply; AWS is as it was left
          - index byMail           mail:S; all attributes
          - index byMail.capacity  on-demand

    Refused:
      table T: index byMail is not in the file, and removing an index is destructive
          --destroy T/byMail removes it; or put it into the file

    Plan: 0 to create, 1 to change, 0 to delete, 1 refused; 0 calls.
    ");
}

#[test]
fn an_index_is_removed_when_named() {
    insta::assert_snapshot!(change(&with("byMail", "mail"), &table(), &["T/byMail"]), @r"
    Changes (~ change in place   - delete):

      ~ table T   # id 7c1e0000
          # changed in the file since the last apply; AWS is as it was left
          - index byMail           mail:S; all attributes
          - index byMail.capacity  on-demand

    Calls, in this order for each resource (times are estimates):
      table T
        1. UpdateTable delete index byMail  (2 s to 10 s)  DESTRUCTIVE
             queries of it fail from now on; to have it again is a new backfill
        2. TagResource landfall:applied  (1 s to 3 s)

    Plan: 0 to create, 1 to change, 0 to delete; 2 calls, about 3 s to 13 s.
    ");
}

#[test]
fn an_index_with_another_key_is_refused() {
    insta::assert_snapshot!(change(&with("byMail", "mail"), &with("byMail", "email"), &[]), @r"
    Changes (~ change in place):

      ~ table T   # id 7c1e0000
          # changed in the file since the last apply; AWS is as it was left
          ~ index byMail  mail:S; all attributes -> email:S; all attributes

    Refused:
      table T: index byMail is (mail:S; all attributes) and would have to be (email:S; all attributes); an index cannot be changed in place
          add the new index under a new name beside byMail, apply, move the readers, then drop byMail from the file with --destroy T/byMail

    Plan: 0 to create, 1 to change, 0 to delete, 1 refused; 0 calls.
    ");
}

#[test]
fn another_local_index_is_refused() {
    let local = LocalIndex { key: Key { sort: key("at").partition, ..key("pk") }, projection: Projection::Keys };
    let want = Table { locals: BTreeMap::from([("byTime".to_owned(), local)]), ..table() };
    insta::assert_snapshot!(change(&table(), &want, &[]), @r"
    Changes (+ create   ~ change in place):

      ~ table T   # id 7c1e0000
          # changed in the file since the last apply; AWS is as it was left
          + local index byTime  pk:S, at:S; keys only

    Refused:
      table T: its local indexes differ from the file's
          local indexes are made with their table and stay: put the live ones into the file, or give the table a new name and load it again

    Plan: 0 to create, 1 to change, 0 to delete, 1 refused; 0 calls.
    ");
}

#[test]
fn an_index_cannot_be_promised_by_a_deadline() {
    let context = Context { deadline_ms: Some(NOON_MS + 240 * HOUR_MS), ..context(NOON_MS) };
    let live = seen([("T", applied(table()))]);
    insta::assert_snapshot!(shown(&desired([("T", with("byMail", "mail"))]), &live, &Approvals::default(), context), @r"
    Changes (+ create   ~ change in place):

      ~ table T   # id 7c1e0000
          # changed in the file since the last apply; AWS is as it was left
          + index byMail           mail:S; all attributes
          + index byMail.capacity  on-demand

    Calls, in this order for each resource (times are estimates):
      table T
        1. UpdateTable create index byMail (mail:S; all attributes)  (8 min to 17 min)
             minutes even on an empty table; the backfill of its items comes on top and is charged as writes to the index
        2. TagResource landfall:applied  (1 s to 3 s)

    Refused:
      table T: step 1, UpdateTable create index byMail (mail:S; all attributes), has no known end (the backfill grows with the table), so the deadline 2026-12-01T12:00:00Z cannot be promised
          apply this before, without --deadline; then plan the rest with it

    Plan: 0 to create, 1 to change, 0 to delete, 1 refused; 2 calls, about 8 min to 18 min. Deadline: 2026-12-01T12:00:00Z.
    ");
}
