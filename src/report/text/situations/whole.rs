//! Whole tables: made, in sync, not ours, gone, late.

use super::*;
use crate::live::Holder;
use crate::plan::samples::{index, table};
use crate::resource::{Capacity, Class, Encryption, Insights, Limits, Maximum, Policy, Range, Scaling, StreamView, Units};
use std::collections::BTreeMap;

fn rich() -> Table {
    let units = Capacity::Provisioned(Units { read: 5, write: 5 });
    let scaling = Scaling { read: Some(Range { min: 5, max: 100, target: Some(70) }), write: None };
    let mut by_mail = index("mail", units);
    by_mail.insights = Some(Insights::Throttled);
    Table {
        capacity: units,
        indexes: BTreeMap::from([("byMail".to_owned(), by_mail)]),
        protect: true,
        ttl: Some("expires".into()),
        stream: Some(StreamView::Both),
        recovery: Some(35),
        tags: BTreeMap::from([("team".to_owned(), "sales".to_owned())]),
        limits: Limits { maximum: Maximum::default(), warm: Some(Units { read: 20_000, write: 8000 }), scaling },
        class: Class::InfrequentAccess,
        encryption: Encryption::Key("arn:aws:kms:us-east-1:123456789012:key/1111".into()),
        policy: Some(Policy::On(r#"{"Statement":[{"Action":"dynamodb:GetItem","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::210987654321:root"},"Resource":"*","Sid":"Readers"}],"Version":"2012-10-17"}"#.into())),
        insights: Some(Insights::All),
        ..table()
    }
}

#[test]
fn a_plain_table_is_one_call() {
    insta::assert_snapshot!(plan(&table(), None, &[]), @r"
    Changes (+ create):

      + table T
          + capacity  on-demand
          + key       pk:S
          + owner     s

    Calls, in this order for each resource (times are estimates):
      table T
        1. CreateTable  (2 s to 7 s)

    Plan: 1 to create, 0 to change, 0 to delete; 1 call, about 2 s to 7 s.
    ");
}

#[test]
fn a_rich_table_is_one_create_and_what_has_calls_of_its_own() {
    insta::assert_snapshot!(plan(&rich(), None, &[]), @r#"
    Changes (+ create):

      + table T
          + capacity                  scaled read, 5 write
          + class                     infrequent access
          + encryption                key arn:aws:kms:us-east-1:123456789012:key/1111
          + index byMail              mail:S; all attributes
          + index byMail.capacity     5 read, 5 write
          + index byMail.insights     throttled keys
          + insights                  accessed and throttled keys
          + key                       pk:S
          + owner                     s
          + policy                    1 statement
          + policy statement Readers  {"Action":"dynamodb:GetItem","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::210987654321:root"},"Resource":"*"}
          + policy version            2012-10-17
          + protect                   on
          + recovery                  35 days
          + scaling of reads          5 to 100, at 70%
          + stream                    new and old images
          + tag team                  sales
          + ttl                       expires
          + warm                      at least 20000 read, 8000 write

    Calls, in this order for each resource (times are estimates):
      table T
        1. CreateTable with 1 global index  (7 s to 25 s)
             warm throughput above what a new table has is charged once
        2. RegisterScalableTarget table reads, 5 to 100  (1 s to 3 s)
             the capacity, and its cost, moves between these bounds by itself
        3. PutScalingPolicy table reads, hold 70%  (1 s to 3 s)
        4. UpdateContributorInsights table: accessed and throttled keys  (2 s to 60 s)
             charged by the event
        5. UpdateContributorInsights index byMail: throttled keys  (2 s to 60 s)
             charged by the event
        6. UpdateContinuousBackups on, 35 days  (1 s to 5 s)
             charged by the table's size
        7. UpdateTimeToLive on, expires  (1 s to 2 s)
             items whose time has passed are deleted
        8. TagResource landfall:applied  (1 s to 3 s)

    Plan: 1 to create, 0 to change, 0 to delete; 8 calls, about 16 s to 3 min.
    "#);
}

#[test]
fn in_sync() {
    insta::assert_snapshot!(change(&rich(), &rich(), &[]), @r"No changes. Live AWS is what the stack says.");
}

#[test]
fn only_the_record_is_missing() {
    insta::assert_snapshot!(plan(&table(), Some(live(table())), &[]), @r"
    No changes. Live AWS is what the stack says.
    Only the record of that is missing or old; apply writes it:
      table T
        1. TagResource landfall:applied  (1 s to 3 s)
    ");
}

#[test]
fn each_side_that_may_have_moved_is_named() {
    let want = Table { protect: true, ..table() };
    let other = diff::applied(&Table { recovery: Some(1), ..table() });
    let sides = [Some(diff::applied(&want)), Some(diff::applied(&table())), Some(other), None];
    let line = |applied| {
        let text = plan(&want, Some(LiveTable { applied, ..live(table()) }), &[]);
        text.lines().filter(|line| line.trim_start().starts_with("# ")).map(|line| line.to_owned() + "\n").collect::<String>()
    };
    insta::assert_snapshot!(sides.map(line).concat(), @r"
    # changed in AWS since the last apply; the file is as it was applied
    # changed in the file since the last apply; AWS is as it was left
    # neither the file nor AWS is as the last finished apply left it
    # no apply has been recorded on it, so it is not known which side changed
    ");
}

#[test]
fn a_table_without_our_tag_is_refused() {
    insta::assert_snapshot!(plan(&table(), Some(LiveTable { owner: None, ..live(table()) }), &[]), @r"
    Changes (+ create   ~ change in place):

      ~ table T   # id 7c1e0000
          + owner  s

    Refused:
      table T: it exists and has no stack's ownership tag
          --adopt T takes it over as it is and changes what the plan shows; or choose another name

    Plan: 0 to create, 1 to change, 0 to delete, 1 refused; 0 calls.
    ");
}

#[test]
fn an_adopted_table_is_tagged_first_and_then_changed() {
    let want = Table { protect: true, ..table() };
    insta::assert_snapshot!(plan(&want, Some(LiveTable { owner: None, ..live(table()) }), &["adopt:T"]), @r"
    Changes (+ create   ~ change in place):

      ~ table T   # id 7c1e0000
          + owner    s
          + protect  on

    Calls, in this order for each resource (times are estimates):
      table T
        1. TagResource landfall:applied, landfall:stack  (1 s to 3 s)
        2. UpdateTable deletion protection on  (1 s to 15 s)
        3. TagResource landfall:applied  (1 s to 3 s)

    Plan: 0 to create, 1 to change, 0 to delete; 3 calls, about 3 s to 21 s.
    ");
}

#[test]
fn a_table_of_another_tool_is_refused() {
    let holder = Some(Holder::CloudFormation("prod-users".into()));
    let want = Table { protect: true, ..table() };
    insta::assert_snapshot!(plan(&want, Some(LiveTable { holder, ..applied(table()) }), &[]), @r"
    Changes (+ create   ~ change in place):

      ~ table T   # id 7c1e0000; held by CloudFormation (stack prod-users)
          # changed in the file since the last apply; AWS is as it was left
          + protect  on

    Refused:
      table T: it is held by CloudFormation (stack prod-users)
          take it out of CloudFormation's configuration first (it would undo these changes); --adopt T changes it all the same

    Plan: 0 to create, 1 to change, 0 to delete, 1 refused; 0 calls.
    ");
}

#[test]
fn a_global_table_keeps_what_its_replicas_share() {
    let replicas = vec!["eu-central-1".to_owned(), "eu-west-1".to_owned()];
    let want = Table { ttl: Some("expires".into()), protect: true, ..table() };
    insta::assert_snapshot!(plan(&want, Some(LiveTable { replicas, ..applied(table()) }), &["T:ttl"]), @r"
    Changes (+ create   ~ change in place):

      ~ table T   # id 7c1e0000; global table, replicas in eu-central-1, eu-west-1
          # changed in the file since the last apply; AWS is as it was left
          + protect  on
          + ttl      expires

    Refused:
      table T: it is a global table with replicas in eu-central-1, eu-west-1, and these would change there too: ttl
          landfall looks at replicas and changes none: make the change with the tool that owns the global table, then put it into the file

    Plan: 0 to create, 1 to change, 0 to delete, 1 refused; 0 calls.
    ");
}

#[test]
fn a_busy_table_is_waited_for() {
    let busy = vec!["index byMail is CREATING (backfilling)".to_owned()];
    let want = Table { protect: true, ..table() };
    insta::assert_snapshot!(plan(&want, Some(LiveTable { busy, ..applied(table()) }), &[]), @r"
    Changes (+ create   ~ change in place):

      ~ table T   # id 7c1e0000; apply waits: index byMail is CREATING (backfilling)
          # changed in the file since the last apply; AWS is as it was left
          + protect  on

    Calls, in this order for each resource (times are estimates):
      table T
        1. UpdateTable deletion protection on  (1 s to 15 s)
        2. TagResource landfall:applied  (1 s to 3 s)

    Plan: 0 to create, 1 to change, 0 to delete; 2 calls, about 2 s to 18 s.
    ");
}

#[test]
fn another_key_is_never_a_replacement() {
    let want = Table::plain(crate::plan::samples::key("id"));
    insta::assert_snapshot!(change(&table(), &want, &[]), @r"
    Changes (~ change in place):

      ~ table T   # id 7c1e0000
          # changed in the file since the last apply; AWS is as it was left
          ~ key  pk:S -> id:S

    Refused:
      table T: its key is pk:S and would have to be id:S; DynamoDB cannot change a key
          give the table a new name in the file, load and validate it there, move the readers, then --destroy the old one

    Plan: 0 to create, 1 to change, 0 to delete, 1 refused; 0 calls.
    ");
}

#[test]
fn a_table_is_destroyed_empty() {
    let now = Table { protect: true, ..table() };
    let live = seen([("T", applied(now))]);
    insta::assert_snapshot!(shown(&desired([]), &live, &allowing(&["T"]), context(NOON_MS)), @r"
    Changes (- delete):

      - table T   # id 7c1e0000
          - capacity  on-demand
          - key       pk:S
          - owner     s
          - protect   on

    Calls, in this order for each resource (times are estimates):
      table T
        1. UpdateTable deletion protection off  (1 s to 15 s)
             from now on the table can be deleted
        2. DeleteTable, after a consistent scan has found it empty  (2 s to 20 s)  DESTRUCTIVE
             cannot be undone, and an item written after the last look is lost with it

    Plan: 0 to create, 0 to change, 1 to delete; 2 calls, about 3 s to 35 s.
    ");
}

#[test]
fn a_table_is_destroyed_with_its_data() {
    let approvals = Approvals { with_data: true, ..allowing(&["T"]) };
    insta::assert_snapshot!(shown(&desired([]), &seen([("T", applied(table()))]), &approvals, context(NOON_MS)), @r"
    Changes (- delete):

      - table T   # id 7c1e0000
          - capacity  on-demand
          - key       pk:S
          - owner     s

    Calls, in this order for each resource (times are estimates):
      table T
        1. DeleteTable WITH ITS DATA  (2 s to 20 s)  DESTRUCTIVE
             cannot be undone, and an item written after the last look is lost with it

    Plan: 0 to create, 0 to change, 1 to delete; 1 call, about 2 s to 20 s.
    ");
}

#[test]
fn what_left_the_file_is_shown_and_left_alone() {
    let context = Context { unmanaged: vec!["Legacy".into()], resembling: vec!["s-old".into()], ..context(NOON_MS) };
    let live = seen([("T", applied(table()))]);
    insta::assert_snapshot!(shown(&desired([("T", table())]), &live, &Approvals::default(), context), @r"
    No changes. Live AWS is what the stack says.
    Unmanaged, left alone: Legacy
    Unmanaged, left alone: s-old (by its name only: no tag was seen on it)
    ");
}

#[test]
fn a_plan_that_may_end_after_its_deadline_is_refused_with_its_calls_shown() {
    let context = Context { deadline_ms: Some(NOON_MS + HOUR_MS / 2), ..context(NOON_MS) };
    let want = Table { ttl: Some("expires".into()), ..table() };
    let now = seen([("T", applied(Table { ttl: Some("exp".into()), ..table() }))]);
    insta::assert_snapshot!(shown(&desired([("T", want)]), &now, &allowing(&["T:ttl"]), context), @r"
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

    Refused:
      table T: step 1, UpdateTimeToLive off, exp, may end only at 2026-11-21T13:01:00Z, after the deadline 2026-11-21T12:30:00Z
          begin earlier, give a later --deadline, or leave this change to another day; at its worst the whole takes 123 min

    Note: table T: TTL can be changed once an hour: apply waits between turning the old attribute off and the new one on
    Plan: 0 to create, 1 to change, 0 to delete, 1 refused; 3 calls, about 31 min to 123 min. Deadline: 2026-11-21T12:30:00Z.
    ");
}

#[test]
fn a_plan_that_ends_in_time_names_its_deadline() {
    let context = Context { deadline_ms: Some(NOON_MS + HOUR_MS), ..context(NOON_MS) };
    let want = Table { protect: true, ..table() };
    insta::assert_snapshot!(shown(&desired([("T", want)]), &seen([("T", applied(table()))]), &Approvals::default(), context), @r"
    Changes (+ create   ~ change in place):

      ~ table T   # id 7c1e0000
          # changed in the file since the last apply; AWS is as it was left
          + protect  on

    Calls, in this order for each resource (times are estimates):
      table T
        1. UpdateTable deletion protection on  (1 s to 15 s)
        2. TagResource landfall:applied  (1 s to 3 s)

    Plan: 0 to create, 1 to change, 0 to delete; 2 calls, about 2 s to 18 s. Deadline: 2026-11-21T13:00:00Z.
    ");
}

#[test]
fn a_deadline_names_the_calls_that_it_cannot_promise() {
    let context = Context { deadline_ms: Some(NOON_MS + HOUR_MS), ..context(NOON_MS) };
    let want = Table { encryption: crate::resource::Encryption::Managed, ..table() };
    insta::assert_snapshot!(shown(&desired([("T", want)]), &seen([("T", applied(table()))]), &Approvals::default(), context), @r"
    Changes (~ change in place):

      ~ table T   # id 7c1e0000
          # changed in the file since the last apply; AWS is as it was left
          ~ encryption  DynamoDB's own key -> the account's aws/dynamodb key

    Calls, in this order for each resource (times are estimates):
      table T
        1. UpdateTable encryption: the account's aws/dynamodb key  (20 s to 30 s)
             re-encrypts
        2. TagResource landfall:applied  (1 s to 3 s)

    Budgets after:
      table T: encryption changes: uses 1; AWS allows 4 in 24 hours, then one in 6; AWS does not tell how many are spent

    Note: the deadline is not promised for table T: step 1, UpdateTable encryption: the account's aws/dynamodb key: AWS allows 4 encryption changes in 24 hours, then one in 6, and does not tell how many are spent; where none is left, apply ends with exit code 8
    Plan: 0 to create, 1 to change, 0 to delete; 2 calls, about 21 s to 33 s. Deadline: 2026-11-21T13:00:00Z.
    ");
}
