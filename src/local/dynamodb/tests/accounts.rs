//! How many tables an account has, and changes at once (quotas page).

use super::notes::{Deleting, TableNotes};
use super::transition::{Pending, What};
use super::*;

/// So many tables besides, each as `like`.
fn crowd(aws: &Aws, many: usize, like: &TableNotes) {
    let all = (0..many).map(|i| (format!("Crowd{i}"), like.clone()));
    let note = |notes: &mut notes::Notes| {
        notes.tables.extend(all);
        Ok(())
    };
    aws.region().change(note).expect("noted");
}

fn creating(until: u64, indexes: &[&str]) -> TableNotes {
    let pending = vec![Pending { what: What::Creating { hidden: 0 }, until, was: serde_json::Map::new() }];
    let indexes = indexes.iter().map(|name| ((*name).to_owned(), notes::IndexNotes::default())).collect();
    TableNotes { indexes, pending, ..TableNotes::default() }
}

const AT_ONCE: &str =
    "LimitExceededException: Subscriber limit exceeded: Only 500 tables can be created, updated, or deleted simultaneously";

#[test]
fn five_hundred_tables_change_at_once_and_no_table_more() {
    let aws = Aws::new();
    aws.make("Users", json!({}));
    crowd(&aws, 500, &creating(u64::MAX, &[]));
    let class = || json!({ "TableClass": "STANDARD_INFREQUENT_ACCESS" });
    assert_eq!(aws.refused("CreateTable", of("More", json!({}))), AT_ONCE);
    assert_eq!(aws.no_update("Users", class()), AT_ONCE);
    assert_eq!(aws.refused("DeleteTable", json!({ "TableName": "Users" })), AT_ONCE);
    crowd(&aws, 500, &creating(1, &[]));
    aws.update("Users", class());
    aws.ok("CreateTable", of("More", json!({})));
}

#[test]
fn tables_that_are_gone_or_there_since_long_do_not_change() {
    let aws = Aws::new();
    let gone = (0..500).map(|i| (format!("Gone{i}"), Deleting { until: START, told: Value::Null }));
    let note = |notes: &mut notes::Notes| {
        notes.deleting.extend(gone);
        Ok(())
    };
    aws.region().change(note).expect("noted");
    crowd(&aws, 600, &creating(START, &["by_a"]));
    aws.ok("CreateTable", of("More", indexed()));
    // And a deletion forgets what is gone.
    aws.pass(A_WHILE);
    aws.ok("DeleteTable", json!({ "TableName": "More" }));
    assert_eq!(aws.region().notes().deleting.keys().collect::<Vec<_>>(), ["More"]);
}

#[test]
fn half_as_many_are_created_with_indexes_at_once() {
    let aws = Aws::new();
    crowd(&aws, 250, &creating(u64::MAX, &["by_a"]));
    let refused = aws.refused("CreateTable", of("More", indexed()));
    assert_eq!(
        refused,
        "LimitExceededException: Subscriber limit exceeded: You have exceeded the maximum number of indexed tables that can be created \
         simultaneously"
    );
    aws.ok("CreateTable", of("More", json!({})));
}

#[test]
fn a_region_has_so_many_tables_and_those_may_change() {
    let aws = Aws::new();
    aws.make("Users", json!({}));
    crowd(&aws, 2_499, &TableNotes::default());
    let refused = aws.refused("CreateTable", of("More", json!({})));
    assert_eq!(refused, "LimitExceededException: Subscriber limit exceeded: There is a limit of 2500 tables per subscriber");
    aws.update("Users", json!({ "TableClass": "STANDARD_INFREQUENT_ACCESS" }));
}
