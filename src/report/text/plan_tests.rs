//! The rendered plan, as snapshots.

use super::*;

fn field(path: &str, live: Option<&str>, desired: Option<&str>) -> Field {
    Field { path: path.into(), live: live.map(Into::into), desired: desired.map(Into::into) }
}

fn step(address: &str, number: usize, call: &str, seconds: (u64, u64), destructive: bool) -> Step {
    Step { address: address.into(), number, call: call.into(), seconds, destructive, remark: None, not_before: None }
}

fn a_plan() -> PlanReport {
    PlanReport {
        changes: vec![
            Change {
                address: "table Users".into(),
                action: Action::Create,
                note: None,
                since: None,
                fields: vec![field("key", None, Some("userId:N")), field("capacity", None, Some("5 read, 5 write"))],
            },
            Change {
                address: "table Orders".into(),
                action: Action::Update,
                note: Some("id 7c1e".into()),
                since: Some(Side::Live),
                fields: vec![field("capacity", Some("on-demand"), Some("5 read, 5 write")), field("index Old", Some("a:S"), None)],
            },
        ],
        steps: vec![
            step("table Users", 1, "CreateTable with 2 global indexes", (2, 22), false),
            step("table Orders", 1, "UpdateTable billing mode and capacity", (60, 98), false),
            step("table Orders", 2, "UpdateTable delete index Old", (3, 5), true),
        ],
        refusals: vec![Refusal {
            address: "table Sales".into(),
            reason: "its key is id:S in AWS and id:N in the stack".into(),
            recipe: "Load into a table with another name.\nThen switch the application.".into(),
        }],
        budgets: Vec::new(),
        deadline: None,
        unmanaged: vec!["table Legacy".into()],
        resembling: Vec::new(),
        moving: Vec::new(),
        unread: Vec::new(),
        notes: vec!["x\u{1b}[2J".into()],
    }
}

#[test]
fn a_plan_shows_diff_calls_refusals_and_summary() {
    insta::assert_snapshot!(render(&a_plan(), PLAIN), @r"
    Changes (+ create   ~ change in place   - delete):

      + table Users
          + key       userId:N
          + capacity  5 read, 5 write

      ~ table Orders   # id 7c1e
          # changed in AWS since the last apply; the file is as it was applied
          ~ capacity   on-demand -> 5 read, 5 write
          - index Old  a:S

    Calls, in this order for each resource (times are estimates):
      table Users
        1. CreateTable with 2 global indexes  (2 s to 22 s)
      table Orders
        1. UpdateTable billing mode and capacity  (60 s to 98 s)
        2. UpdateTable delete index Old  (3 s to 5 s)  DESTRUCTIVE

    Refused:
      table Sales: its key is id:S in AWS and id:N in the stack
          Load into a table with another name.
          Then switch the application.

    Note: x\u{1b}[2J
    Unmanaged, left alone: table Legacy
    Plan: 1 to create, 1 to change, 0 to delete, 1 refused; 3 calls, about 63 s to 103 s.
    ");
}

#[test]
fn the_whole_takes_as_long_as_the_buckets_in_a_row_and_then_all_others_fifty_at_a_time() {
    let call = |address: &str, seconds| step(address, 1, "call", seconds, false);
    let tables = |count| (0..count).map(|n| call(&format!("table T{n}"), (2, 7))).collect::<Vec<_>>();
    let goes = |address: &str| Change { address: address.into(), action: Action::Delete, note: None, since: None, fields: Vec::new() };
    let buckets = ["bucket a", "bucket b"];
    let plan = |steps, changes| PlanReport { changes, steps, ..PlanReport::default() };
    let with = |mut steps: Vec<Step>| {
        steps.extend(buckets.map(|address| call(address, (10, 20))));
        steps
    };
    let cases = [
        (plan(tables(50), vec![]), (2, 7)),
        (plan(tables(51), vec![]), (4, 14)),
        (plan(tables(120), vec![]), (6, 21)),
        // The long one is the last of the second round.
        (plan([tables(60), vec![call("table Z", (30, 30))]].concat(), vec![]), (32, 37)),
        (plan(with(tables(1)), vec![]), (22, 47)),
        (plan(with(tables(1)), buckets.map(goes).into()), (10, 20)),
    ];
    for (plan, seconds) in cases {
        assert_eq!(wall(&plan), seconds, "{} steps", plan.steps.len());
    }
}

#[test]
fn an_empty_plan_says_so_in_one_line() {
    assert_eq!(render(&PlanReport::default(), PLAIN), "No changes. Live AWS is what the stack says.\n");
}

#[test]
fn a_legend_has_only_the_signs_in_use() {
    let mut plan = a_plan();
    plan.changes.truncate(1);
    assert!(render(&plan, PLAIN).starts_with("Changes (+ create):\n"));
}

#[test]
fn colour_adds_nothing_but_colour() {
    let coloured = render(&a_plan(), Style { colour: true, ..PLAIN });
    let stripped: String = ["32", "33", "31", "0"].iter().fold(coloured, |text, code| text.replace(&format!("\u{1b}[{code}m"), ""));
    assert_eq!(stripped, render(&a_plan(), PLAIN));
}

#[test]
fn an_apply_that_did_not_converge_says_so() {
    let apply = ApplyReport { unfinished: vec!["table T: denied".into()], ..ApplyReport::default() };
    insta::assert_snapshot!(render_apply(&apply), @r"
    Apply: 0 calls made in 0.0 s of AWS time.
      not finished: table T: denied
    It is NOT proved that live AWS is what the stack says. Run `landfall plan` to see what is left.
    ");
}

#[test]
fn an_apply_that_finds_something_in_the_making_says_so() {
    let apply = ApplyReport { creating: vec!["table T: index A is CREATING".into()], ..ApplyReport::default() };
    insta::assert_snapshot!(render_apply(&apply), @r"
    Apply: nothing to do.
      not ready: table T: index A is CREATING
    It is NOT proved that live AWS is what the stack says. Run `landfall plan` to see what is left.
    ");
}

#[test]
fn what_was_left_alone_is_no_part_of_the_proof() {
    let apply = ApplyReport { left_alone: vec!["bucket b".into(), "table T".into()], converged: true, ..ApplyReport::default() };
    insta::assert_snapshot!(render_apply(&apply), @r"
    Apply: nothing to do.
    Read again: live AWS is what the stack says, but for what was left alone: bucket b, table T.
    ");
}

#[test]
fn an_apply_that_was_stopped_at_the_door_does_not_say_that_nothing_was_needed() {
    insta::assert_snapshot!(render_apply(&ApplyReport::default()), @r"
    Apply: nothing was done.
    It is NOT proved that live AWS is what the stack says. Run `landfall plan` to see what is left.
    ");
}

#[test]
fn what_aws_has_under_way_is_no_clean_answer() {
    let plan = PlanReport { moving: vec!["table T: index A is CREATING".into()], ..PlanReport::default() };
    insta::assert_snapshot!(render(&plan, PLAIN), @r"
    No changes, but AWS is not done yet:
      table T: index A is CREATING
    ");
}
