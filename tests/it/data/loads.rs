//! What a load does, refuses and accounts.

use super::field::{Field, SHOP, green, n, s, shop_rows};
use landfall::event::{Event, Events};
use landfall::exit::Exit;
use landfall::load;
use landfall::report::model::LoadPath;
use landfall::safe::Masker;
use std::sync::atomic::{AtomicBool, Ordering};

#[tokio::test(flavor = "multi_thread")]
async fn the_write_path_brings_every_row_and_says_so() {
    let field = Field::with_tables(SHOP, &shop_rows(40)).await;
    let report = field.load().await;
    let shop = report.tables.iter().find(|t| t.table == "Shop").expect("reported");
    let of = |entity: &str| shop.entities.iter().find(|e| e.entity == entity).expect("reported").clone();
    assert_eq!((shop.path, of("customer").read, of("customer").written), (LoadPath::Write, 40, 40));
    assert_eq!((of("order").read, of("order").written, of("order").merged), (80 + 240, 80, 240));
    assert!(shop.consumed_units > 0.0 && shop.bytes > 0);
    assert!(report.quarantine.is_none() && !field.quarantine().exists());
    assert!(green(&field.validate().await));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_load_over_the_first_changes_nothing_and_says_that_the_table_was_not_empty() {
    let field = Field::with_tables(SHOP, &shop_rows(10)).await;
    field.load().await;
    let again = field.load().await;
    assert!(again.tables.iter().all(|t| t.findings.iter().any(|f| f.declared && f.what.contains("not empty"))));
    assert!(green(&field.validate().await));
}

#[tokio::test(flavor = "multi_thread")]
async fn new_tables_come_by_import_with_their_indexes_and_the_stage_is_cleared() {
    let field = Field::new(SHOP, &shop_rows(40)).await;
    bucket(&field).await;
    let report = field.load().await;
    assert!(report.tables.iter().all(|t| t.path == LoadPath::Stage));
    assert!(green(&field.validate().await));
    let left = field.aws.list_objects("shop-staging-bucket", "").await.expect("listed");
    assert_eq!(left.len(), 2, "only the manifests stay: {left:?}");
    assert!(left.iter().all(|o| o.key.ends_with("/manifest.json")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_that_stops_while_aws_imports_is_finished_by_running_it_again() {
    let field = Field::new(SHOP, &shop_rows(20)).await;
    bucket(&field).await;
    let options = field.load_options();
    let stop = std::sync::Arc::clone(&options.stop);
    let events = Events::new(move |event| {
        if matches!(&event, Event::Note(text) if text.contains(": importing ")) {
            stop.store(true, Ordering::Relaxed);
        }
    });
    let stopped = load::run(&field.aws, &mut field.snapshot().await, &field.stack, &options, &events).await.expect_err("stopped");
    assert_eq!(stopped.exit(), Exit::Interrupted);
    let (report, _) = stopped.into_parts();
    assert!(report.expect("carried").tables.iter().all(|t| t.acknowledged == 0), "nothing is called written that was not proved");
    let report = field.load().await;
    assert_eq!(report.tables.iter().filter(|t| t.path == LoadPath::Write).count(), 1, "the table that AWS went on to make");
    assert!(green(&field.validate().await));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_without_rows_is_made_by_an_empty_import() {
    let field = Field::new(SHOP, &shop_rows(0)).await;
    bucket(&field).await;
    let report = field.load().await;
    assert!(report.tables.iter().all(|t| t.acknowledged == 0 && t.path == LoadPath::Stage));
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_share_a_key_stop_the_load_before_anything_is_written() {
    let stack = SHOP.replace("SK = \"ORDER#{ord_id}\"", "SK = \"ORDER\"");
    let field = Field::with_tables(&stack, &shop_rows(5)).await;
    let options = load::Options { masker: Masker::new(false, 1), ..field.load_options() };
    let report = field.load_with(&options).await.expect("a finding is no error");
    assert!(report.tables.iter().all(|t| !t.attempted && t.acknowledged == 0));
    let finding = report.tables.iter().flat_map(|t| &t.findings).find(|f| !f.declared).expect("found");
    assert_eq!((finding.entity.as_str(), finding.rows), ("order", 5));
    assert!(finding.samples.iter().all(|key| !key.contains("CUST")), "masked: {:?}", finding.samples);
    assert!(!field.aws.holds_items("Products").await.expect("read"), "also the other table stays empty");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_two_entities_that_meet_stop_the_load() {
    let stack = SHOP.replace("SK = \"ORDER#{ord_id}\"", "SK = \"PROFILE\"");
    let sql = shop_rows(3) + "delete from orders where ord_id % 2 = 1; delete from order_lines where ord_id % 2 = 1;";
    let report = Field::with_tables(&stack, &sql).await.load_with(&load::Options::default()).await.expect("a finding is no error");
    assert!(report.tables.iter().flat_map(|t| &t.findings).any(|f| !f.declared && f.entity == "order" && f.rows == 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declared_collapse_keeps_the_row_that_its_order_says() {
    for (collapse, expected) in [("first", "2.50"), ("last", "3.50")] {
        let declared = format!("from = \"orders\"\ncollapse = \"{collapse}\"\ncollapse_order = [\"ord_id\"]");
        let stack = SHOP.replace("SK = \"ORDER#{ord_id}\"", "SK = \"ORDER\"").replace("from = \"orders\"", &declared);
        let field = Field::with_tables(&stack, &shop_rows(5)).await;
        let report = field.load().await;
        let order = report.tables.iter().flat_map(|t| &t.entities).find(|e| e.entity == "order").expect("reported").clone();
        assert_eq!((order.read, order.written, order.merged), (40, 5, 35), "5 losers with 15 lines, 15 lines of winners, and themselves");
        let item = field.client.get_item().table_name("Shop").key("PK", s("CUST#1")).key("SK", s("ORDER")).send().await.expect("got");
        let total = item.item().and_then(|i| i["total"].as_n().ok().cloned()).expect("there");
        assert_eq!(total.trim_end_matches('0'), expected.trim_end_matches('0'));
        assert!(green(&field.validate().await));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_cannot_become_items_are_quarantined_only_when_allowed() {
    let sql = shop_rows(10) + "update products set facts = 'no json' where id in (3, 4);";
    let field = Field::with_tables(SHOP, &sql).await;
    let report = field.load_with(&field.load_options()).await.expect("a finding is no error");
    assert!(report.tables.iter().all(|t| !t.attempted) && !field.quarantine().exists());
    let allowed = load::Options { max_quarantined: 2, ..field.load_options() };
    let report = field.load_with(&allowed).await.expect("loads");
    let products = report.tables.iter().find(|t| t.table == "Products").expect("reported").clone();
    assert_eq!((products.entities[0].written, products.entities[0].quarantined, products.entities[0].closes()), (8, 2, true));
    let kept = std::fs::read_to_string(field.quarantine()).expect("written");
    let ids: Vec<String> =
        kept.lines().map(|l| serde_json::from_str::<serde_json::Value>(l).expect("JSON")["key"]["id"].to_string()).collect();
    assert_eq!(ids, ["\"3\"", "\"4\""]);
    let verdicts = field.validate().await;
    assert!(!green(&verdicts) && verdicts.mismatches_total == 0, "rows that were skipped are no match");
}

#[tokio::test(flavor = "multi_thread")]
async fn child_rows_without_a_parent_stop_the_load() {
    let field = Field::with_tables(SHOP, &(shop_rows(3) + "insert into order_lines values (999, 1, 'p', 1), (null, 1, 'p', 1);")).await;
    let report = field.load_with(&field.load_options()).await.expect("a finding is no error");
    let finding = report.tables.iter().flat_map(|t| &t.findings).find(|f| f.what.contains("have no parent")).expect("found");
    assert_eq!((finding.rows, finding.declared, finding.entity.as_str()), (2, false, "order"));
    assert!(report.tables.iter().all(|t| !t.attempted));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_of_children_that_does_not_decide_is_refused() {
    let stack = SHOP.replace("order = [\"line_no\"]", "order = [\"qty\"]");
    let field = Field::with_tables(&stack, &(shop_rows(3) + "update order_lines set qty = 1;")).await;
    let refused = field.load_with(&field.load_options()).await.expect_err("refused");
    assert!(refused.to_string().contains("not put in one certain order by [qty]"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_raised_stop_flag_ends_a_load_as_interrupted() {
    let field = Field::with_tables(SHOP, &shop_rows(10)).await;
    let options = field.load_options();
    options.stop.store(true, Ordering::Relaxed);
    let stopped = field.load_with(&options).await.expect_err("stopped");
    assert_eq!(stopped.exit(), Exit::Interrupted);
    let options = load::Options { stop: AtomicBool::new(false).into(), ..options };
    field.load_with(&options).await.expect("goes on");
    assert!(green(&field.validate().await));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_refuses_the_key_quarantines_its_rows_and_fails() {
    // The live table has another key type than the stack says: DynamoDB refuses every item.
    let field = Field::new(SHOP, &shop_rows(30)).await;
    field.create("Shop").await;
    let text = SHOP
        .replace("key = [\"id:N\"]", "key = [\"id:S\"]")
        .replace("\"id:N\"]", "\"id:S\"]")
        .replace("id = \"{id}\"", "id = { from = \"{id}\", type = \"S\" }");
    let other = field.under(&text);
    other.create("Products").await;
    let field = other.under(SHOP);
    let failed = field.load_with(&field.load_options()).await.expect_err("refused by the table");
    assert_eq!(failed.exit(), landfall::exit::Exit::No);
    let (report, cause) = failed.into_parts();
    assert!(matches!(cause, load::Error::TooManyQuarantined { .. }), "{cause}");
    let products = report.expect("carried").tables.into_iter().find(|t| t.table == "Products").expect("reported");
    assert_eq!((products.entities[0].quarantined, products.entities[0].written, products.entities[0].closes()), (30, 0, true));
    assert_eq!(std::fs::read_to_string(field.quarantine()).expect("written").lines().count(), 30);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_table_and_without_a_bucket_the_load_says_what_to_do_first() {
    let field = Field::new(SHOP, &shop_rows(3)).await;
    let refused = field.load_with(&field.load_options()).await.expect_err("refused");
    let text = refused.to_string();
    assert!(text.contains("Products does not exist") && text.contains("bucket") && text.contains("landfall apply"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_extra_item_from_before_is_kept_and_found_by_validation() {
    let field = Field::with_tables(SHOP, &shop_rows(5)).await;
    field.put("Products", &[("id", n(777)), ("name", s("old"))]).await;
    field.load().await;
    let report = field.validate().await;
    assert_eq!(report.mismatches_total, 1);
    assert_eq!(report.mismatches[0].row.as_deref(), Some("products where id = 777, which does not exist"));
}

async fn bucket(field: &Field) {
    field.make_bucket("shop-staging-bucket").await;
}
