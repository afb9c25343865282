//! Faults on request, as the SDK and as raw HTTP see them.

use super::{World, code, on_demand, text, world};
use aws_sdk_dynamodb::error::SdkError;
use landfall::local::{Effect, Local, Moment, Rule};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

async fn put(world: &World, id: &str) -> String {
    outcome(&world.dynamodb().put_item().table_name("Users").item("id", text(id)).send().await)
}

/// The service's code, or how the call failed without one.
fn outcome<T, E: aws_sdk_dynamodb::error::ProvideErrorMetadata, R>(result: &Result<T, SdkError<E, R>>) -> String {
    match result {
        Ok(_) => "OK".into(),
        Err(SdkError::DispatchFailure(_)) => "no answer".into(),
        Err(SdkError::ResponseError(_)) => "half an answer".into(),
        Err(error) => error.as_service_error().and_then(|e| e.code()).unwrap_or("no code").to_owned(),
    }
}

async fn is_there(world: &World, id: &str) -> bool {
    world.dynamodb().get_item().table_name("Users").key("id", text(id)).send().await.expect("read").item.is_some()
}

async fn users() -> World {
    let world = world().await;
    on_demand(&world.dynamodb(), "Users").await;
    world
}

/// One HTTP/1.1 exchange; the status, and everything after the head until the connection ended.
pub(super) async fn exchange(local: &Local, request: &str) -> std::io::Result<String> {
    let mut stream = tokio::net::TcpStream::connect(local.url().trim_start_matches("http://")).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).await?;
    Ok(String::from_utf8_lossy(&reply).into_owned())
}

/// What the control endpoint answers, as curl would ask.
async fn control(local: &Local, method: &str, path: &str, body: &str) -> (u16, Value) {
    let request = format!(
        "{method} /_landfall/{path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let reply = exchange(local, &request).await.expect("answered");
    let status = reply[9..12].parse().expect("a status");
    let body = reply.split_once("\r\n\r\n").expect("a head").1;
    (status, serde_json::from_str(body.trim()).expect("JSON"))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_error_comes_by_its_name_at_the_call_that_was_named() {
    let world = users().await;
    for name in [
        "ThrottlingException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "InternalServerError",
        "ServiceUnavailable",
        "ExpiredTokenException",
        "AccessDeniedException",
        "UnrecognizedClientException",
    ] {
        world.local.faults().clear();
        world.local.faults().install(Rule::refuse(name).operation("PutItem").resource("Users").call(2));
        let told = [put(&world, name).await, put(&world, "again").await, put(&world, "again").await];
        assert_eq!(told, ["OK", name, "OK"]);
    }
    world.local.faults().clear();
    world.local.faults().install(Rule::refuse("ThrottlingException").service("s3"));
    let refused = world.s3().list_buckets().send().await;
    assert_eq!(refused.as_ref().err().and_then(|e| e.raw_response()).map(|r| r.status().as_u16()), Some(503));
    assert_eq!(outcome(&refused), "SlowDown");
    world.local.faults().install(Rule::refuse("AccessDeniedException"));
    assert_eq!(code(world.sts_as(super::ME).get_caller_identity().send().await), "AccessDenied");
    assert_eq!(code(world.cloudwatch().list_metrics().send().await), "AccessDenied");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_or_a_reset_after_the_effect_leaves_the_effect() {
    let world = users().await;
    let bucket = |name: &'static str| {
        let s3 = world.s3();
        async move { outcome(&s3.create_bucket().bucket(name).send().await) }
    };
    let reset = |at| Rule::new(Effect::Reset(at));
    for (id, rule, told, there) in [
        ("error-before", Rule::refuse("InternalServerError"), "InternalServerError", false),
        ("error-after", Rule::refuse_after("InternalServerError"), "InternalServerError", true),
        ("reset-before", reset(Moment::Before), "no answer", false),
        ("reset-after", reset(Moment::After), "no answer", true),
    ] {
        world.local.faults().install(rule.writes());
        assert_eq!(put(&world, id).await, told, "{id}");
        assert_eq!(bucket(id).await.replace("InternalError", "InternalServerError"), told, "{id}");
        assert_eq!(is_there(&world, id).await, there, "{id}");
        assert_eq!(world.s3().head_bucket().bucket(id).send().await.is_ok(), there, "{id}");
        world.local.faults().clear();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn half_an_answer_is_half_and_then_a_reset() {
    let world = users().await;
    put(&world, "1").await;
    world.s3().create_bucket().bucket("halves").send().await.expect("made");
    let body = aws_sdk_s3::primitives::ByteStream::from(vec![7_u8; 10_000]);
    world.s3().put_object().bucket("halves").key("k").body(body).send().await.expect("put");
    world.local.faults().install(Rule::new(Effect::Reset(Moment::Half)));
    let got = world.dynamodb().get_item().table_name("Users").key("id", text("1")).send().await;
    assert!(["half an answer", "no answer"].contains(&outcome(&got).as_str()), "{got:?}");
    let got = world.s3().get_object().bucket("halves").key("k").send().await.expect("the head arrives");
    assert_eq!(got.content_length(), Some(10_000));
    assert!(got.body.collect().await.is_err(), "the body does not");
    assert_eq!(world.local.calls().iter().filter(|c| c.status.is_none()).count(), 0, "what was answered by half was answered");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_raw_http_sees_of_a_cut_and_of_a_reset() {
    let world = users().await;
    // Refusals are cut like any answer, so this needs no signature of ours: S3's listing of nobody.
    let unsigned = "GET /bucket HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    let whole = exchange(&world.local, unsigned).await.expect("answered");
    assert!(whole.contains("AccessDenied"), "{whole}");
    let calls = world.local.calls();
    assert_eq!(calls.last().map(|c| (c.service.as_str(), c.operation.as_str(), c.status)), Some(("s3", "", Some(403))));
    // A signed request by hand, to see the bytes on the wire.
    let signed = signed_list_tables("dynamodb");
    let whole = exchange(&world.local, &signed).await.expect("answered");
    assert!(whole.contains(r#"{"TableNames":["Users"]}"#), "{whole}");
    world.local.faults().install(Rule::new(Effect::Reset(Moment::Half)));
    let mut stream = tokio::net::TcpStream::connect(world.local.url().trim_start_matches("http://")).await.expect("connects");
    stream.write_all(signed.as_bytes()).await.expect("sent");
    let mut reply = Vec::new();
    let end = stream.read_to_end(&mut reply).await.expect_err("a reset, no orderly end");
    assert_eq!(end.kind(), std::io::ErrorKind::ConnectionReset);
    let reply = String::from_utf8_lossy(&reply).into_owned();
    assert!(reply.contains("content-length: 24") && reply.ends_with(r#"{"TableNames"#), "{reply}");
    world.local.faults().clear();
    world.local.faults().install(Rule::new(Effect::Reset(Moment::Before)));
    let end = exchange(&world.local, &signed).await.expect_err("a reset");
    assert_eq!(end.kind(), std::io::ErrorKind::ConnectionReset);
}

/// `ListTables` signed by hand for a service.
pub(super) fn signed_list_tables(service: &str) -> String {
    use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
    use sha2::{Digest, Sha256};
    let hex = |text: &str| Sha256::digest(text).iter().fold(String::new(), |out, b| format!("{out}{b:02x}"));
    let now = std::time::SystemTime::now();
    let stamp = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let scope = format!("{}/us-east-1/{service}/aws4_request", &stamp[..8]);
    let canonical = format!("POST\n/\n\nhost:localhost\nx-amz-date:{stamp}\n\nhost;x-amz-date\n{}", hex("{}"));
    let to_sign = format!("AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{}", hex(&canonical));
    let signature = calculate_signature(generate_signing_key("local", now, "us-east-1", service), to_sign.as_bytes());
    format!(
        "POST / HTTP/1.1\r\nhost: localhost\r\nx-amz-date: {stamp}\r\nx-amz-target: DynamoDB_20120810.ListTables\r\n\
         authorization: AWS4-HMAC-SHA256 Credential=local/{scope}, SignedHeaders=host;x-amz-date, Signature={signature}\r\n\
         content-length: 2\r\nconnection: close\r\n\r\n{{}}"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delay_takes_its_time_and_a_slow_table_is_active_later() {
    let world = users().await;
    let faults = world.local.faults();
    faults.install(Rule::new(Effect::Delay(Duration::from_millis(150), Moment::Before)).operation("PutItem").call(1));
    let began = Instant::now();
    assert_eq!(put(&world, "1").await, "OK");
    assert!(began.elapsed() >= Duration::from_millis(150));
    faults.install(Rule::new(Effect::Status("UPDATING".into())).resource("Users").times(2));
    let mut told = Vec::new();
    for _ in 0..3 {
        let table = world.dynamodb().describe_table().table_name("Users").send().await.expect("told").table.expect("a table");
        told.push(table.table_status.expect("a status").as_str().to_owned());
    }
    assert_eq!(told, ["UPDATING", "UPDATING", "ACTIVE"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_held_where_the_rule_says_and_goes_on_when_told() {
    let world = users().await;
    for (id, at, there) in [("a", Moment::Before, false), ("b", Moment::After, true), ("c", Moment::Half, true)] {
        let rule = world.local.faults().install(Rule::new(Effect::Freeze(at)).operation("PutItem").call(1));
        let client = world.dynamodb();
        let sent = tokio::spawn(async move { outcome(&client.put_item().table_name("Users").item("id", text(id)).send().await) });
        world.local.faults().until_held().await;
        let held = world.local.faults().held();
        assert_eq!((held.len(), held[0].rule, held[0].operation.as_str(), held[0].at), (1, rule, "PutItem", at));
        assert_eq!(is_there(&world, id).await, there, "{id}");
        assert!(!sent.is_finished());
        world.local.faults().release();
        assert_eq!(sent.await.expect("ends"), "OK", "{id}");
        assert!(is_there(&world, id).await && world.local.faults().held().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_is_killed_while_it_is_held_leaves_exactly_what_was_done() {
    let world = users().await;
    for (id, at, there) in [("a", Moment::Before, false), ("b", Moment::After, true), ("c", Moment::Half, true)] {
        world.local.faults().install(Rule::new(Effect::Freeze(at)).operation("PutItem").call(1));
        let client = world.dynamodb();
        let sent = tokio::spawn(async move { client.put_item().table_name("Users").item("id", text(id)).send().await.is_ok() });
        world.local.faults().until_held().await;
        sent.abort();
        let _ = sent.await;
        let ended = async {
            while !world.local.faults().held().is_empty() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), ended).await.expect("noticed that the caller is gone");
        assert_eq!(is_there(&world, id).await, there, "{id}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn part_of_a_batch_comes_back_and_the_rest_is_done() {
    use aws_sdk_dynamodb::types::{KeysAndAttributes, PutRequest, WriteRequest};
    let world = users().await;
    world.local.faults().install(Rule::new(Effect::Unprocessed(0.3)).rate(1.0, 3));
    let write = |i: usize| {
        let put = PutRequest::builder().item("id", text(&i.to_string())).build().expect("whole");
        WriteRequest::builder().put_request(put).build()
    };
    let sent = world.dynamodb().batch_write_item().request_items("Users", (0..25).map(write).collect()).send().await.expect("sent");
    let left = sent.unprocessed_items.expect("told").remove("Users").map_or(0, |l| l.len());
    let there = world.dynamodb().scan().table_name("Users").send().await.expect("scanned").count();
    assert!(left > 0 && left < 25, "{left}");
    assert_eq!(usize::try_from(there).expect("a count") + left, 25);
    let keys = (0..20).map(|i: usize| std::collections::HashMap::from([("id".to_owned(), text(&i.to_string()))]));
    let keys = KeysAndAttributes::builder().set_keys(Some(keys.collect())).consistent_read(true).build().expect("whole");
    let got = world.dynamodb().batch_get_item().request_items("Users", keys).send().await.expect("got");
    let left = got.unprocessed_keys.expect("told").remove("Users").expect("some");
    assert!(!left.keys.is_empty() && left.keys.len() < 20 && left.consistent_read == Some(true), "{left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_come_and_go_by_http() {
    let world = users().await;
    let local = &world.local;
    let rule = r#"{"effect":"refuse","code":"ThrottlingException","operation":"PutItem","times":1}"#;
    assert_eq!(control(local, "POST", "faults", &format!("[{rule},{rule}]")).await, (200, json!({"ids": [1, 2]})));
    assert_eq!(put(&world, "1").await, "ThrottlingException");
    assert_eq!(control(local, "DELETE", "faults/2", "").await.0, 200);
    let (_, told) = control(local, "GET", "faults", "").await;
    let shown = json!({"id": 1, "effect": "refuse", "code": "ThrottlingException", "at": "before", "operation": "PutItem",
        "times": 1, "seen": 1, "struck": 1});
    assert_eq!(told, json!({"rules": [shown], "held": []}));
    assert_eq!(put(&world, "1").await, "OK");
    let (_, calls) = control(local, "GET", "calls", "").await;
    let of_put = |status: u16| json!({"service": "dynamodb", "operation": "PutItem", "resource": "Users", "status": status});
    let last = calls["calls"].as_array().expect("a list");
    assert_eq!(last[last.len() - 2..], [of_put(400), of_put(200)]);
    assert_eq!(control(local, "DELETE", "faults", "").await.0, 200);
    assert_eq!(control(local, "GET", "faults", "").await.1["rules"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_call_is_shown_and_let_go_by_http() {
    let world = users().await;
    let local = &world.local;
    control(local, "POST", "faults", r#"{"effect":"freeze","at":"after","service":"s3","resource":"frozen","call":1}"#).await;
    let s3 = world.s3();
    let sent = tokio::spawn(async move { outcome(&s3.create_bucket().bucket("frozen").send().await) });
    local.faults().until_held().await;
    let (_, told) = control(local, "GET", "faults", "").await;
    let held = json!([{"id": 1, "rule": 1, "service": "s3", "operation": "CreateBucket", "resource": "frozen", "at": "after"}]);
    assert_eq!(told["held"], held);
    assert_eq!(control(local, "POST", "release/9", "").await.0, 404);
    assert_eq!(control(local, "POST", "release/1", "").await.0, 200);
    assert_eq!(sent.await.expect("ends"), "OK");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_control_endpoint_does_not_know_it_refuses_by_name() {
    let world = world().await;
    let (status, told) = control(&world.local, "POST", "faults", r#"{"effect":"reset","tabel":"Users"}"#).await;
    assert_eq!(status, 400);
    assert!(told["error"].as_str().is_some_and(|e| e.contains("`tabel`")), "{told}");
    assert_eq!(control(&world.local, "PUT", "faults", "").await.0, 404);
    assert_eq!(control(&world.local, "GET", "nothing", "").await.0, 404);
    assert_eq!(control(&world.local, "DELETE", "faults/7", "").await.0, 404);
    assert!(world.local.faults().installed().is_empty());
    let page = "GET /_landfall/calls HTTP/1.1\r\nhost: localhost\r\norigin: http://example.com\r\nconnection: close\r\n\r\n";
    let reply = exchange(&world.local, page).await.expect("answered");
    assert!(reply.starts_with("HTTP/1.1 403"), "{reply}");
}
