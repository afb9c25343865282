//! Single settings, one call each.

use super::*;
use crate::live::{FailedInsights, Usage};
use crate::plan::samples::table;
use crate::resource::{Class, Encryption, Insights, Policy, StreamView};

fn key() -> Encryption {
    Encryption::Key("arn:aws:kms:us-east-1:123456789012:key/1111".into())
}

#[test]
fn another_ttl_attribute_waits_between_off_and_on() {
    let with = |ttl: &str| Table { ttl: Some(ttl.into()), ..table() };
    insta::assert_snapshot!(change(&with("exp"), &with("expires"), &["T:ttl"]), @r"
    Changes (~ change in place):

      ~ table T   # id 7c1e0000
          # changed in the file since the last apply; AWS is as it was left
          ~ ttl  exp -> expires

    Calls, in this order for each resource (times are estimates):
      table T
        1. UpdateTimeToLive off, exp  (1 s to 61 min)
             AWS refuses it for up to an hour after another change of TTL, and does not tell when one was; apply waits
        2. UpdateTimeToLive on, expires  (30 min to 61 min)  DESTRUCTIVE
             items whose time has passed are deleted
        3. TagResource landfall:applied  (1 s to 3 s)

    Budgets after:
      table T: TTL changes: uses 2; AWS allows 1 in 30 to 60 minutes; AWS does not tell how many are spent

    Note: table T: TTL can be changed once an hour: apply waits between turning the old attribute off and the new one on
    Plan: 0 to create, 1 to change, 0 to delete; 3 calls, about 31 min to 123 min.
    ");
}

#[test]
fn a_ttl_in_a_table_that_is_in_use_is_refused() {
    insta::assert_snapshot!(change(&table(), &Table { ttl: Some("expires".into()), ..table() }, &[]), @r"
    Changes (+ create   ~ change in place):

      ~ table T   # id 7c1e0000
          # changed in the file since the last apply; AWS is as it was left
          + ttl  expires

    Refused:
      table T: its TTL would go from off to expires: AWS deletes the items whose time has passed, within days and for good
          keep `ttl` in the file as it is live, or allow it with --destroy T:ttl

    Plan: 0 to create, 1 to change, 0 to delete, 1 refused; 0 calls.
    ");
}

#[test]
fn a_stream_is_turned_on() {
    insta::assert_snapshot!(change(&table(), &Table { stream: Some(StreamView::New), ..table() }, &[]), @r"
    Changes (+ create   ~ change in place):

      ~ table T   # id 7c1e0000
          # changed in the file since the last apply; AWS is as it was left
          + stream  new images

    Calls, in this order for each resource (times are estimates):
      table T
        1. UpdateTable stream on, new images  (2 s to 10 s)
             the stream has a new ARN: its consumers have to be pointed to it
        2. TagResource landfall:applied  (1 s to 3 s)

    Plan: 0 to create, 1 to change, 0 to delete; 2 calls, about 3 s to 13 s.
    ");
}

fn streaming(view: StreamView) -> Table {
    Table { stream: Some(view), ..table() }
}

#[test]
fn another_view_of_a_stream_is_refused() {
    insta::assert_snapshot!(change(&streaming(StreamView::Keys), &streaming(StreamView::Both), &[]), @r"
    Changes (~ change in place):

      ~ table T   # id 7c1e0000
          # changed in the file since the last apply; AWS is as it was left
          ~ stream  keys -> new and old images

    Refused:
      table T: its stream would go from keys to new and old images: the stream ARN and every unread record go, and its consumers stop
          keep `stream` in the file as it is live; else stop the consumers once they have read all, or allow it with --destroy T:stream

    Plan: 0 to create, 1 to change, 0 to delete, 1 refused; 0 calls.
    ");
}

#[test]
fn another_view_of_a_stream_when_named() {
    insta::assert_snapshot!(change(&streaming(StreamView::Keys), &streaming(StreamView::Both), &["T:stream"]), @r"
    Changes (~ change in place):

      ~ table T   # id 7c1e0000
          # changed in the file since the last apply; AWS is as it was left
          ~ stream  keys -> new and old images

    Calls, in this order for each resource (times are estimates):
      table T
        1. UpdateTable stream off  (2 s to 10 s)  DESTRUCTIVE
             its ARN and unread records go, and its consumers stop
        2. UpdateTable stream on, new and old images  (2 s to 10 s)
             the stream has a new ARN: its consumers have to be pointed to it
        3. TagResource landfall:applied  (1 s to 3 s)

    Plan: 0 to create, 1 to change, 0 to delete; 3 calls, about 5 s to 23 s.
    ");
}

#[test]
fn a_shorter_recovery_window_is_refused() {
    let with = |days| Table { recovery: Some(days), ..table() };
    insta::assert_snapshot!(change(&with(35), &with(7), &[]), @r"
    Changes (~ change in place):

      ~ table T   # id 7c1e0000
          # changed in the file since the last apply; AWS is as it was left
          ~ recovery  35 days -> 7 days

    Refused:
      table T: point-in-time recovery would go from 35 days to 7 days: older recovery points are lost
          keep `recovery` in the file as it is live, or allow it with --destroy T:recovery

    Plan: 0 to create, 1 to change, 0 to delete, 1 refused; 0 calls.
    ");
}

#[test]
fn a_shorter_recovery_window_when_named() {
    let with = |days| Table { recovery: Some(days), ..table() };
    insta::assert_snapshot!(change(&with(35), &with(7), &["T:recovery"]), @r"
    Changes (~ change in place):

      ~ table T   # id 7c1e0000
          # changed in the file since the last apply; AWS is as it was left
          ~ recovery  35 days -> 7 days

    Calls, in this order for each resource (times are estimates):
      table T
        1. UpdateContinuousBackups on, 7 days  (1 s to 5 s)  DESTRUCTIVE
             older recovery points go
        2. TagResource landfall:applied  (1 s to 3 s)

    Plan: 0 to create, 1 to change, 0 to delete; 2 calls, about 2 s to 8 s.
    ");
}

#[test]
fn another_class() {
    let usage = Usage { class_changed_ms: Some(NOON_MS - 24 * HOUR_MS), ..Usage::default() };
    let want = Table { class: Class::InfrequentAccess, ..table() };
    insta::assert_snapshot!(plan(&want, Some(LiveTable { usage, ..applied(table()) }), &[]), @r"
    Changes (~ change in place):

      ~ table T   # id 7c1e0000
          # changed in the file since the last apply; AWS is as it was left
          ~ class  standard -> infrequent access

    Calls, in this order for each resource (times are estimates):
      table T
        1. UpdateTable class infrequent access  (2 s to 60 s)
             storage gets cheaper and requests dearer
        2. TagResource landfall:applied  (1 s to 3 s)

    Budgets after:
      table T: class changes: uses 1; AWS allows 2 in 30 days; AWS does not tell how many are spent

    Plan: 0 to create, 1 to change, 0 to delete; 2 calls, about 3 s to 63 s.
    ");
}

#[test]
fn encryption_by_a_key_of_ones_own() {
    insta::assert_snapshot!(change(&table(), &Table { encryption: key(), ..table() }, &[]), @r"
    Changes (~ change in place):

      ~ table T   # id 7c1e0000
          # changed in the file since the last apply; AWS is as it was left
          ~ encryption  DynamoDB's own key -> key arn:aws:kms:us-east-1:123456789012:key/1111

    Calls, in this order for each resource (times are estimates):
      table T
        1. UpdateTable encryption: key arn:aws:kms:us-east-1:123456789012:key/1111  (20 s to 30 s)
             re-encrypts; requests of the key are charged, and a disabled key makes the table unreadable
        2. TagResource landfall:applied  (1 s to 3 s)

    Budgets after:
      table T: encryption changes: uses 1; AWS allows 4 in 24 hours, then one in 6; AWS does not tell how many are spent

    Plan: 0 to create, 1 to change, 0 to delete; 2 calls, about 21 s to 33 s.
    ");
}

#[test]
fn leaving_ones_own_key_is_refused() {
    insta::assert_snapshot!(change(&Table { encryption: key(), ..table() }, &table(), &[]), @r"
    Changes (~ change in place):

      ~ table T   # id 7c1e0000
          # changed in the file since the last apply; AWS is as it was left
          ~ encryption  key arn:aws:kms:us-east-1:123456789012:key/1111 -> DynamoDB's own key

    Refused:
      table T: it would leave key arn:aws:kms:us-east-1:123456789012:key/1111 for DynamoDB's own key
          who may read the data would no longer be the key policy's to say: keep `encryption` in the file as it is live, or allow it with --destroy T:encryption

    Plan: 0 to create, 1 to change, 0 to delete, 1 refused; 0 calls.
    ");
}

#[test]
fn leaving_ones_own_key_when_named() {
    insta::assert_snapshot!(change(&Table { encryption: key(), ..table() }, &table(), &["T:encryption"]), @r"
    Changes (~ change in place):

      ~ table T   # id 7c1e0000
          # changed in the file since the last apply; AWS is as it was left
          ~ encryption  key arn:aws:kms:us-east-1:123456789012:key/1111 -> DynamoDB's own key

    Calls, in this order for each resource (times are estimates):
      table T
        1. UpdateTable encryption: DynamoDB's own key  (20 s to 30 s)  DESTRUCTIVE
             re-encrypts; the key policy no longer says who reads; backups made with the key still need it
        2. TagResource landfall:applied  (1 s to 3 s)

    Budgets after:
      table T: encryption changes: uses 1; AWS allows 4 in 24 hours, then one in 6; AWS does not tell how many are spent

    Plan: 0 to create, 1 to change, 0 to delete; 2 calls, about 21 s to 33 s.
    ");
}

#[test]
fn another_policy_is_shown_by_statement() {
    let with = |statements: &str| Table {
        policy: Some(Policy::On(format!(r#"{{"Statement":[{statements}],"Version":"2012-10-17"}}"#))),
        ..table()
    };
    let now = with(r#"{"Action":"dynamodb:GetItem","Effect":"Allow","Principal":"*","Sid":"Readers"}"#);
    let want = with(
        r#"{"Action":["dynamodb:GetItem","dynamodb:Query"],"Effect":"Allow","Principal":"*","Sid":"Readers"},{"Action":"dynamodb:DeleteTable","Effect":"Deny","Principal":"*"}"#,
    );
    insta::assert_snapshot!(change(&now, &want, &[]), @r#"
    Changes (+ create   ~ change in place):

      ~ table T   # id 7c1e0000
          # changed in the file since the last apply; AWS is as it was left
          ~ policy                    1 statement -> 2 statements
          + policy statement 2        {"Action":"dynamodb:DeleteTable","Effect":"Deny","Principal":"*"}
          ~ policy statement Readers  {"Action":"dynamodb:GetItem","Effect":"Allow","Principal":"*"} -> {"Action":["dynamodb:GetItem","dynamodb:Query"],"Effect":"Allow","Principal":"*"}

    Calls, in this order for each resource (times are estimates):
      table T
        1. PutResourcePolicy  (1 s to 5 s)
             who may use the table changes; AWS enforces it some minutes later
        2. TagResource landfall:applied  (1 s to 3 s)

    Plan: 0 to create, 1 to change, 0 to delete; 2 calls, about 2 s to 8 s.
    "#);
}

#[test]
fn a_policy_is_deleted() {
    let now = Table { policy: Some(Policy::On(r#"{"Statement":{"Effect":"Allow"}}"#.into())), ..table() };
    insta::assert_snapshot!(change(&now, &Table { policy: Some(Policy::Off), ..table() }, &[]), @r#"
    Changes (~ change in place   - delete):

      ~ table T   # id 7c1e0000
          # changed in the file since the last apply; AWS is as it was left
          - policy              1 statement
          - policy statement 1  {"Effect":"Allow"}

    Calls, in this order for each resource (times are estimates):
      table T
        1. DeleteResourcePolicy  (1 s to 5 s)
             who may use the table changes; AWS enforces it some minutes later
        2. TagResource landfall:applied  (1 s to 3 s)

    Plan: 0 to create, 1 to change, 0 to delete; 2 calls, about 2 s to 8 s.
    "#);
}

#[test]
fn insights_of_throttled_keys() {
    let with = |insights| Table { insights: Some(insights), ..table() };
    insta::assert_snapshot!(change(&with(Insights::Off), &with(Insights::Throttled), &[]), @r"
    Changes (+ create   ~ change in place):

      ~ table T   # id 7c1e0000
          # changed in the file since the last apply; AWS is as it was left
          + insights  throttled keys

    Calls, in this order for each resource (times are estimates):
      table T
        1. UpdateContributorInsights table: throttled keys  (2 s to 60 s)
             charged by the event
        2. TagResource landfall:applied  (1 s to 3 s)

    Plan: 0 to create, 1 to change, 0 to delete; 2 calls, about 3 s to 63 s.
    ");
}

#[test]
fn protection_is_dropped() {
    insta::assert_snapshot!(change(&Table { protect: true, ..table() }, &table(), &[]), @r"
    Changes (~ change in place   - delete):

      ~ table T   # id 7c1e0000
          # changed in the file since the last apply; AWS is as it was left
          - protect  on

    Calls, in this order for each resource (times are estimates):
      table T
        1. UpdateTable deletion protection off  (1 s to 15 s)
             from now on the table can be deleted
        2. TagResource landfall:applied  (1 s to 3 s)

    Plan: 0 to create, 1 to change, 0 to delete; 2 calls, about 2 s to 18 s.
    ");
}

#[test]
fn what_aws_itself_says_is_wrong_is_told_though_nothing_differs() {
    insta::assert_snapshot!(in_sync(|live| live.trouble.status = Some("INACCESSIBLE_ENCRYPTION_CREDENTIALS".into())), @r"
    Refused:
      table T: it is INACCESSIBLE_ENCRYPTION_CREDENTIALS: nothing of it can be read or changed
          enable its KMS key again, or give DynamoDB its grant back; then plan again

    Plan: 0 to create, 0 to change, 0 to delete, 1 refused; 0 calls.
    ");
    insta::assert_snapshot!(in_sync(|live| live.trouble.replicas.push("the replica in eu-west-1 is CREATION_FAILED".into())), @r"
    No changes. Live AWS is what the stack says.
    Note: table T: the replica in eu-west-1 is CREATION_FAILED: landfall changes no replica, see to it with the tool that owns the global table
    ");
    insta::assert_snapshot!(in_sync(|live| live.replicas = vec!["ap-south-1".into(), "eu-west-1\u{1b}[2J".into()]), @r"
    No changes. Live AWS is what the stack says.
    Note: table T: it is a global table with replicas in ap-south-1, eu-west-1\u{1b}[2J: landfall looks at replicas and changes none
    ");
    insta::assert_snapshot!(in_sync(|live| live.trouble.scaling_unread = true), @r"
    No changes in what could be read.
    Not read: table T: auto scaling, because aws has no Application Auto Scaling
    ");
    let why = "LimitExceededException: no rule left".to_owned();
    let failed = in_sync(|live| live.trouble.insights.push(FailedInsights { index: Some("byMail".into()), why }));
    insta::assert_snapshot!(failed, @r"
    No changes. Live AWS is what the stack says.
    Note: table T: contributor insights of index byMail failed: LimitExceededException: no rule left
    ");
}
