//! What tables held before.

use super::*;
use std::collections::BTreeMap;

/// A table whose writes are remembered from now on.
fn watched(aws: &Aws, table: &str) {
    aws.make(table, json!({}));
    let on = json!({ "TableName": table, "PointInTimeRecoverySpecification": { "PointInTimeRecoveryEnabled": true } });
    aws.ok("UpdateContinuousBackups", on);
    aws.pass(1);
}

/// What `table` held then: the `n` of each item.
fn held(aws: &Aws, table: &str, moment: u64) -> BTreeMap<String, String> {
    let mut held = BTreeMap::new();
    let region = aws.region();
    let text = |item: &Value, name: &str| item[name]["S"].as_str().unwrap_or_default().to_owned();
    let each = |item: &Value| {
        held.insert(text(item, "id"), text(item, "n"));
        Ok::<_, Fault>(())
    };
    region.history().each_item_at(&region, table, moment, each).expect("known");
    held
}

fn n(id: &str, n: &str) -> Value {
    json!({ "id": s(id), "n": s(n) })
}

#[test]
fn a_table_is_told_as_it_was_at_a_moment() {
    let aws = Aws::new();
    watched(&aws, "Users");
    for id in ["kept", "changed", "deleted"] {
        aws.put("Users", n(id, "1"));
    }
    let then = aws.clock.now_ms();
    aws.pass(1);
    aws.put("Users", n("changed", "2"));
    aws.put("Users", n("new", "2"));
    aws.ok("DeleteItem", json!({ "TableName": "Users", "Key": item("deleted") }));
    let told = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> { pairs.iter().map(|(id, n)| ((*id).into(), (*n).into())).collect() };
    assert_eq!(held(&aws, "Users", then), told(&[("kept", "1"), ("changed", "1"), ("deleted", "1")]));
    assert_eq!(held(&aws, "Users", aws.clock.now_ms()), told(&[("kept", "1"), ("changed", "2"), ("new", "2")]));
}

#[test]
fn a_table_of_many_pages_is_told_whole() {
    let aws = Aws::new();
    watched(&aws, "Users");
    for id in 0..5 {
        aws.put("Users", json!({ "id": s(&id.to_string()), "n": s(&"x".repeat(399_000)) }));
    }
    assert_eq!(held(&aws, "Users", aws.clock.now_ms()).len(), 5);
}

#[test]
fn a_statement_that_writes_ends_what_is_known_of_its_table_and_of_no_other() {
    let aws = Aws::new();
    watched(&aws, "Users");
    watched(&aws, "Others");
    let then = aws.clock.now_ms();
    let knows = |table: &str| aws.region().history().knows(table, then).map_err(|fault| fault.code);
    aws.pass(1);
    let statement = |text: &str| drop(aws.ok("ExecuteStatement", json!({ "Statement": text })));
    statement("SELECT * FROM Users");
    assert_eq!((knows("Users"), knows("Others")), (Ok(()), Ok(())));
    statement("INSERT INTO Users VALUE {'id': '1'}");
    assert_eq!((knows("Users"), knows("Others")), (Err("InvalidExportTimeException".into()), Ok(())));
}
