//! Imports asked for, repeated, refused, cut off by a restart, and told of.

use super::*;
use crate::local::trial::{REGION, Trial, code, creation, said};
use serde_json::json;

const ITEM: &str = "{\"Item\":{\"id\":{\"S\":\"1\"}}}\n";

/// A bucket `stage` with one item under `run/`.
fn staged() -> Trial {
    with(Trial::new())
}

fn with(trial: Trial) -> Trial {
    trial.objects.make("stage");
    trial.objects.deliver("stage", "run/a", ITEM.as_bytes()).expect("delivered");
    trial
}

/// An import into `table`, with `more` said.
fn asked(table: &str, more: &Value) -> Value {
    let mut parameters = creation(table);
    parameters["BillingMode"] = json!("PAY_PER_REQUEST");
    let mut request = json!({
        "ClientToken": table,
        "S3BucketSource": { "S3Bucket": "stage", "S3KeyPrefix": "run/" },
        "InputFormat": "DYNAMODB_JSON",
        "TableCreationParameters": parameters,
    });
    request.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
    request
}

fn start(trial: &Trial, request: &Value) -> Result<Value, Fault> {
    trial.ask("ImportTable", request).map(|mut told| told["ImportTableDescription"].take())
}

fn described(trial: &Trial, import: &Value) -> Value {
    let told = trial.ask("DescribeImport", &json!({ "ImportArn": import["ImportArn"] })).expect("told");
    told["ImportTableDescription"].clone()
}

/// How the import of `request` ends.
fn ended(trial: &Trial, request: &Value) -> Value {
    let import = start(trial, request).expect("started");
    trial.pass(112.0);
    described(trial, &import)
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_refused_before_anything_is_made() {
    let trial = staged();
    let mut with_class = creation("Users");
    with_class["TableClass"] = json!("STANDARD");
    let cases = [
        json!({ "Tags": [] }),
        json!({ "S3BucketSource": "stage" }),
        json!({ "InputFormat": "CSV" }),
        json!({ "InputCompressionType": "LZ4" }),
        json!({ "TableCreationParameters": null }),
        json!({ "TableCreationParameters": with_class }),
    ];
    let all: Vec<String> = cases.iter().map(|more| said(start(&trial, &asked("Users", more)))).collect();
    insta::assert_snapshot!(all.join("\n"), @r"
    ValidationException: the embedded AWS does not know Tags of ImportTable: leave it out
    ValidationException: S3BucketSource is required
    ValidationException: the embedded AWS imports DYNAMODB_JSON only, not CSV
    ValidationException: InputCompressionType must be NONE, GZIP or ZSTD
    ValidationException: TableCreationParameters is required
    ValidationException: the embedded AWS does not know TableClass of ImportTable's TableCreationParameters: leave it out
    ");
    assert_eq!(trial.ask("ListImports", &json!({})).expect("listed")["ImportSummaryList"], json!([]));
    trial.pass(60.0);
    assert_eq!(trial.ask("ListTables", &json!({})).expect("listed")["TableNames"], json!([]));
}

#[tokio::test]
async fn a_token_is_its_first_import_for_eight_hours_and_a_conflict_for_another_table() {
    let trial = staged();
    let first = ended(&trial, &asked("Users", &json!({})));
    assert_eq!(first["ImportStatus"], "COMPLETED");
    let elsewhere = asked("Users", &json!({ "S3BucketSource": { "S3Bucket": "other" } }));
    let again = start(&trial, &elsewhere).expect("the same");
    assert_eq!((&again["ImportArn"], &again["S3BucketSource"]), (&first["ImportArn"], &first["S3BucketSource"]));
    let other = asked("Other", &json!({ "ClientToken": "Users" }));
    assert_eq!(code(start(&trial, &other)), "ImportConflictException");
    trial.pass(8.0 * 3_600.0);
    assert_eq!(code(start(&trial, &asked("Users", &json!({})))), "ResourceInUseException", "an import of its own now");
}

#[tokio::test]
async fn fifty_imports_run_at_once_and_one_more_waits_for_their_end() {
    let trial = staged();
    for i in 0..50 {
        start(&trial, &asked(&format!("Table{i}"), &json!({}))).expect("started");
    }
    assert_eq!(code(start(&trial, &asked("Users", &json!({})))), "LimitExceededException");
    trial.pass(112.0);
    assert_eq!(code(start(&trial, &asked("Users", &json!({})))), "OK");
}

#[tokio::test]
async fn a_bucket_of_somebody_else_ends_the_import_without_a_table() {
    let trial = staged();
    let from = |bucket: &str, owner: &str| json!({ "S3BucketSource": { "S3Bucket": bucket, "S3BucketOwner": owner } });
    trial.objects.make("taken-theirs");
    for (table, source) in [("First", from("stage", "210987654321")), ("Second", from("taken-theirs", "123456789012"))] {
        let told = ended(&trial, &asked(table, &source));
        assert_eq!((&told["ImportStatus"], &told["FailureCode"]), (&json!("FAILED"), &json!("S3AccessDenied")), "{table}");
    }
    let told = ended(&trial, &asked("Third", &from("stage", "123456789012")));
    assert_eq!((&told["ImportStatus"], &told["ImportedItemCount"]), (&json!("COMPLETED"), &json!(1)));
    assert_eq!(trial.ask("ListTables", &json!({})).expect("listed")["TableNames"], json!(["Third"]));
}

#[tokio::test]
async fn who_asks_after_its_time_finds_even_a_long_import_at_its_end() {
    let trial = staged();
    let many = (0..5_000).map(|i| format!("{{\"Item\":{{\"id\":{{\"S\":\"{i}\"}}}}}}\n")).collect::<Vec<_>>().concat();
    trial.objects.deliver("stage", "run/b", many.as_bytes()).expect("delivered");
    let told = ended(&trial, &asked("Users", &json!({})));
    assert_eq!((&told["ImportStatus"], &told["ImportedItemCount"]), (&json!("COMPLETED"), &json!(5_001)));
}

#[tokio::test]
async fn of_items_with_one_key_any_may_be_the_one_that_stays() {
    let trial = Trial::new();
    trial.objects.make("stage");
    for version in ["old", "new"] {
        let lines = (0..100).map(|i| format!("{{\"Item\":{{\"id\":{{\"S\":\"{i}\"}},\"v\":{{\"S\":\"{version}\"}}}}}}\n"));
        trial.objects.deliver("stage", &format!("run/{version}"), lines.collect::<String>().as_bytes()).expect("delivered");
    }
    let told = ended(&trial, &asked("Users", &json!({})));
    assert_eq!((&told["ImportStatus"], &told["ImportedItemCount"]), (&json!("COMPLETED"), &json!(200)));
    let items = trial.ask("Scan", &json!({ "TableName": "Users" })).expect("scanned")["Items"].clone();
    let of = |version: &str| items.as_array().expect("a list").iter().filter(|item| item["v"]["S"] == version).count();
    // One chance in 2^100 that this fails.
    assert!(of("old") > 0 && of("new") > 0 && of("old") + of("new") == 100, "{} and {}", of("old"), of("new"));
}

#[tokio::test]
async fn an_import_in_progress_tells_nothing_of_its_end() {
    let trial = staged();
    let import = start(&trial, &asked("Users", &json!({}))).expect("started");
    trial.dynamodb.finish_imports().await;
    let told = described(&trial, &import);
    let parts = ["ImportStatus", "EndTime", "ProcessedSizeBytes", "ImportedItemCount"].map(|name| told[name].clone());
    assert_eq!(parts, [json!("IN_PROGRESS"), Value::Null, Value::Null, json!(0)]);
    let again = start(&trial, &asked("Users", &json!({}))).expect("the same");
    assert_eq!((&again["ImportStatus"], &again["ImportedItemCount"]), (&json!("IN_PROGRESS"), &json!(0)));
    trial.pass(112.0);
    let told = described(&trial, &import);
    let parts = ["ImportStatus", "ProcessedSizeBytes", "ImportedItemCount"].map(|name| told[name].clone());
    assert_eq!(parts, [json!("COMPLETED"), json!(ITEM.len()), json!(1)]);
}

#[tokio::test]
async fn imports_are_listed_of_one_table_in_pages_of_one_to_twenty_five() {
    let trial = staged();
    let all: Vec<Value> = ["First", "Second"].iter().map(|table| ended(&trial, &asked(table, &json!({})))).collect();
    let listed = |request: &Value| trial.ask("ListImports", request);
    let arns = |request: &Value| -> Vec<Value> {
        let told = listed(request).expect("listed");
        told["ImportSummaryList"].as_array().expect("a list").iter().map(|i| i["ImportArn"].clone()).collect()
    };
    assert_eq!(arns(&json!({})), [all[1]["ImportArn"].clone(), all[0]["ImportArn"].clone()], "the latest first");
    assert_eq!(arns(&json!({ "TableArn": all[0]["TableArn"] })), [all[0]["ImportArn"].clone()]);
    for (size, answer) in [(0, "ValidationException"), (1, "OK"), (25, "OK"), (26, "ValidationException")] {
        assert_eq!(code(listed(&json!({ "PageSize": size }))), answer, "{size}");
    }
}

#[tokio::test]
async fn a_runner_forgets_imports_that_are_over() {
    let trial = staged();
    let (region, runner) = (trial.dynamodb.region(REGION).expect("opens"), Runner::default());
    for i in 0..4 {
        runner.start(&region, &trial.objects, &asked(&format!("Table{i}"), &json!({}))).expect("started");
        let over = || runner.0.lock().unwrap_or_else(PoisonError::into_inner).iter().all(JoinHandle::is_finished);
        while !over() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    assert_eq!(runner.0.lock().unwrap_or_else(PoisonError::into_inner).len(), 1, "only the last");
}

#[tokio::test]
async fn after_a_restart_what_was_done_is_done_and_what_ran_has_failed_without_a_table() {
    let dir = tempfile::tempdir().expect("a directory");
    let (done, cut) = {
        let trial = with(Trial::kept(dir.path(), Duration::ZERO));
        let done = start(&trial, &asked("Done", &json!({}))).expect("started");
        let cut = start(&trial, &asked("Cut", &json!({}))).expect("started");
        trial.dynamodb.finish_imports().await;
        // As if it had been killed while it ran.
        let unfinished = |notes: &mut crate::local::dynamodb::Notes| {
            let import = notes.imports.get_mut(cut["ImportArn"].as_str().expect("an ARN")).expect("noted");
            (import.ended, import.counts, import.status) = (None, None, "IN_PROGRESS".into());
            Ok(())
        };
        trial.dynamodb.region(REGION).expect("open").change(unfinished).expect("noted");
        (done, cut)
    };
    for later in [200, 300] {
        let trial = Trial::kept(dir.path(), Duration::from_secs(later));
        let told = described(&trial, &done);
        assert_eq!((&told["ImportStatus"], &told["ImportedItemCount"]), (&json!("COMPLETED"), &json!(1)), "{later}");
        let told = described(&trial, &cut);
        assert_eq!((&told["ImportStatus"], &told["FailureCode"]), (&json!("FAILED"), &json!("InternalServerError")), "{later}");
        assert!(told["EndTime"].as_f64() <= Some(1_791_504_200.0), "it ended at the first restart: {told}");
        assert_eq!(trial.ask("ListTables", &json!({})).expect("listed")["TableNames"], json!(["Done"]));
    }
}

#[tokio::test]
async fn an_import_whose_table_cannot_be_written_has_failed_for_no_fault_of_its_items() {
    let dir = tempfile::tempdir().expect("a directory");
    let trial = with(Trial::kept(dir.path(), Duration::ZERO));
    let region = trial.dynamodb.region(REGION).expect("opens");
    let request = asked("Users", &json!({}));
    let import = request::parse(&region, &request).expect("sound");
    make_table(&region, request::creation(&import).expect("sound"), Some(0)).expect("made");
    // What a broken disk would do to it.
    let file = rusqlite::Connection::open(dir.path().join(format!("dynamodb/{REGION}/tables.sqlite"))).expect("opens");
    file.execute_batch("DROP TABLE \"Users\"").expect("dropped");
    run::run(&region, &trial.objects, Import { arn: "a".into(), ..import });
    let told = region.notes().imports["a"].clone();
    assert_eq!((told.status.as_str(), told.counts), ("FAILED", None));
    assert_eq!(told.failure.map(|f| f.0).as_deref(), Some("InternalServerError"));
}
