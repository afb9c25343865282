//! Load and validation, as snapshots.

use super::*;
use crate::report::model::{AttributeDifference, Prove};

const PLAIN: Style = Style { colour: false, width: 130 };

fn a_load() -> LoadReport {
    let entity = EntityLoad { entity: "order".into(), read: 1230, written: 1210, merged: 20, quarantined: 0, filtered: 0 };
    let table = TableLoad {
        table: "Shop".into(),
        path: LoadPath::Stage,
        entities: vec![entity],
        findings: vec![Finding {
            entity: "order".into(),
            what: "2 rows make one item".into(),
            rows: 4,
            samples: vec!["PK=‹#1›".into()],
            declared: true,
            allowed: false,
        }],
        attempted: true,
        acknowledged: 1210,
        bytes: 1,
        seconds: 1.25,
        retries: 1,
        throttles: 0,
        consumed_units: 0.0,
    };
    LoadReport { tables: vec![table], quarantine: None, max_quarantined: 0 }
}

#[test]
fn a_load_shows_its_accounts() {
    insta::assert_snapshot!(render_load(&a_load(), PLAIN), @r"
    Load (rows read = written + merged + quarantined + filtered):
      table   entity   rows read   written   merged   quarantined   filtered   accounts
    ─────────────────────────────────────────────────────────────────────────────────────
      Shop    order        1,230     1,210       20             0          0   close
      Shop: staged on S3, ImportTable: 1,210 items in 1.2 s, 1 retried item
        declared in the stack: order: 2 rows make one item (4 rows), such as PK=‹#1›
    ");
}

#[test]
fn what_let_a_finding_through_is_named() {
    for (declared, allowed, status) in [(true, false, "declared in the stack"), (false, true, "allowed"), (false, false, "finding")] {
        let mut load = a_load();
        (load.tables[0].findings[0].declared, load.tables[0].findings[0].allowed) = (declared, allowed);
        assert!(render_load(&load, PLAIN).contains(&format!("    {status}: order: 2 rows make one item")), "{status}");
    }
}

#[test]
fn a_word_about_the_table_names_no_rows() {
    let mut load = a_load();
    let what = "the table was not empty before the load".to_owned();
    load.tables[0].findings = vec![Finding { entity: String::new(), what, rows: 0, samples: Vec::new(), declared: true, allowed: false }];
    assert!(render_load(&load, PLAIN).ends_with("    note: the table was not empty before the load\n"));
}

#[test]
fn accounts_that_do_not_close_shout() {
    let mut load = a_load();
    load.tables[0].entities[0].written -= 1;
    assert!(render_load(&load, PLAIN).contains("DO NOT CLOSE"));
}

fn a_validation() -> ValidateReport {
    let check = Check {
        table: "Users".into(),
        kind: CheckKind::Full,
        subject: String::new(),
        verdict: Verdict::Mismatch,
        expected: 3,
        found: 3,
        compared: 3,
        missing: 0,
        unexpected: 0,
        different: 1,
        bound: None,
        note: String::new(),
    };
    let mismatch = Mismatch {
        table: "Users".into(),
        kind: MismatchKind::Different,
        key: "userId=101".into(),
        entity: Some("users".into()),
        row: Some("users where user_id = 101".into()),
        attributes: vec![AttributeDifference { name: "email".into(), expected: "S a@b".into(), found: "S a@c".into() }],
        expected: vec!["email: S a@b".into(), "userId: N 101".into()],
        found: vec!["email: S a@c".into(), "userId: N 101".into()],
    };
    ValidateReport {
        checks: vec![check],
        mismatches: vec![mismatch],
        mismatches_total: 3,
        prove: Prove { planted: 3, found: 3 },
        seed: 7,
        read_units: 1.0,
        notes: Vec::new(),
    }
}

#[test]
fn a_mismatch_names_item_attribute_values_and_row() {
    insta::assert_snapshot!(render_validate(&a_validation(), PLAIN), @r"
    Validate (seed 7):
      table   check   of   verdict    expected   found   compared   missing   unexpected   different
    ──────────────────────────────────────────────────────────────────────────────────────────────────
      Users   full         MISMATCH          3       3          3         0            0           1
    Control: 3 faults planted in memory, all found: this comparison can see.

    3 mismatches:
      different: Users userId=101  <- users where user_id = 101
          email: SQL says S a@b, DynamoDB has S a@c
      and 2 more; -o json=FILE --max-listed N lists them

    The first of them, attribute by attribute (Users userId=101):
      --- SQL
      +++ DynamoDB
      - email: S a@b
      + email: S a@c
        userId: N 101
    ");
}

#[test]
fn what_was_left_out_is_said_before_the_verdict() {
    let mut validation = a_validation();
    assert!(!render_validate(&validation, PLAIN).contains("counts only"));
    validation.notes.push("counts only: no record compared".into());
    assert!(render_validate(&validation, PLAIN).contains("\n  counts only: no record compared\nControl:"));
}

#[test]
fn a_control_that_was_missed_is_said_plainly() {
    let mut validation = a_validation();
    validation.prove.found = 2;
    assert!(render_validate(&validation, PLAIN).contains("cannot be trusted"));
}

#[test]
fn hostile_row_text_is_inert() {
    let mut validation = a_validation();
    validation.mismatches[0].attributes[0].found = "S \u{1b}[2J\n::error::x".into();
    validation.mismatches[0].found[0] = "email: \u{1b}]8;;http://x\u{7}".into();
    let text = render_validate(&validation, PLAIN);
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text}");
    assert!(!text.lines().any(|line| line.starts_with("::")), "{text}");
}
