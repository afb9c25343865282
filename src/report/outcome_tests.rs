//! Truth table of the exit code.

use super::*;
use crate::report::model::{Change, CheckKind, EntityLoad, LoadPath, Problem, Refusal, SCHEMA, ThrottlingRow};

fn empty() -> Report {
    Report {
        schema: SCHEMA,
        version: "0",
        verb: "run".into(),
        stack: None,
        identity: None,
        source: None,
        started: String::new(),
        seconds: 0.0,
        plan: None,
        apply: None,
        load: None,
        validate: None,
        throttling: None,
        errors: Vec::new(),
        outcome: Exit::Pass,
        exit_code: 0,
    }
}

const ALL: Asked = Asked { changes_are_no: false, plan: true, apply: true, load: true, validate: true, throttling: true };

fn table() -> TableLoad {
    TableLoad {
        table: "T".into(),
        path: LoadPath::Write,
        entities: vec![EntityLoad { entity: "e".into(), read: 3, written: 3, ..EntityLoad::default() }],
        findings: Vec::new(),
        attempted: true,
        acknowledged: 3,
        bytes: 0,
        seconds: 0.0,
        retries: 0,
        throttles: 0,
        consumed_units: 0.0,
    }
}

fn a_check(verdict: Verdict) -> Check {
    Check {
        table: "T".into(),
        kind: CheckKind::Full,
        subject: String::new(),
        verdict,
        expected: 3,
        found: 3,
        compared: 3,
        missing: 0,
        unexpected: 0,
        different: 0,
        bound: None,
        note: String::new(),
    }
}

fn throttle_row(verdict: Verdict) -> ThrottlingRow {
    ThrottlingRow {
        table: "T".into(),
        index: None,
        events: Vec::new(),
        consumed_read: None,
        consumed_write: None,
        provisioned_read: None,
        provisioned_write: None,
        write_series: Vec::new(),
        read_series: Vec::new(),
        throttle_series: Vec::new(),
        filled: None,
        verdict,
        note: String::new(),
    }
}

fn good() -> Report {
    Report {
        plan: Some(PlanReport::default()),
        apply: Some(ApplyReport { converged: true, ..ApplyReport::default() }),
        load: Some(LoadReport { tables: vec![table()], ..LoadReport::default() }),
        validate: Some(ValidateReport {
            checks: vec![a_check(Verdict::Match)],
            mismatches: Vec::new(),
            mismatches_total: 0,
            prove: Prove { planted: 3, found: 3 },
            seed: 1,
            read_units: 0.0,
            notes: Vec::new(),
        }),
        throttling: Some(ThrottlingReport {
            from: String::new(),
            to: String::new(),
            max_events: 0,
            rows: vec![throttle_row(Verdict::Match)],
        }),
        ..empty()
    }
}

/// `good` with one thing spoilt.
fn spoilt(spoil: impl FnOnce(&mut Report)) -> Exit {
    let mut report = good();
    spoil(&mut report);
    exit(&report, ALL)
}

fn first(report: &mut Report) -> &mut TableLoad {
    &mut report.load.as_mut().expect("good has a load").tables[0]
}

fn validation(report: &mut Report) -> &mut ValidateReport {
    report.validate.as_mut().expect("good has a validation")
}

#[test]
fn everything_good_is_the_only_pass() {
    assert_eq!(exit(&good(), ALL), Exit::Pass);
}

#[test]
fn a_part_that_was_asked_for_and_is_absent_fails() {
    assert_eq!(spoilt(|r| r.plan = None), Exit::Failed);
    assert_eq!(spoilt(|r| r.apply = None), Exit::Failed);
    assert_eq!(spoilt(|r| r.load = None), Exit::Failed);
    assert_eq!(spoilt(|r| r.validate = None), Exit::Failed);
    assert_eq!(spoilt(|r| r.throttling = None), Exit::Failed);
}

#[test]
fn an_error_explains_an_absent_part_with_its_own_code() {
    let problem = Problem { message: "m".into(), help: None, exit: Exit::Inconclusive };
    assert_eq!(
        spoilt(|r| {
            r.load = None;
            r.errors.push(problem);
        }),
        Exit::Inconclusive
    );
}

#[test]
fn every_load_that_is_not_whole_is_not_green() {
    assert_eq!(spoilt(|r| first(r).entities[0].written = 2), Exit::Failed, "a row is unaccounted for");
    let lost = |r: &mut Report| {
        first(r).entities[0].written = 2;
        first(r).acknowledged = 2;
    };
    assert_eq!(spoilt(lost), Exit::Failed, "a row is unaccounted for, and what was written was acknowledged");
    assert_eq!(spoilt(|r| first(r).acknowledged = 2), Exit::Failed, "an item was not acknowledged");
    assert_eq!(spoilt(|r| first(r).acknowledged = 4), Exit::Failed, "an item was acknowledged that no row made");
    assert_eq!(spoilt(|r| first(r).attempted = false), Exit::Failed);
    assert_eq!(
        spoilt(|r| {
            first(r).entities[0] = EntityLoad { entity: "e".into(), read: 3, filtered: 3, ..EntityLoad::default() };
            first(r).acknowledged = 0;
        }),
        Exit::Inconclusive,
        "every row was filtered: nothing arrived"
    );
    let nothing = |r: &mut Report| {
        first(r).entities.clear();
        first(r).acknowledged = 0;
    };
    assert_eq!(spoilt(nothing), Exit::Inconclusive, "0 rows");
    assert_eq!(spoilt(|r| r.load.as_mut().expect("load").tables.clear()), Exit::Inconclusive, "no tables");
    assert_eq!(
        spoilt(|r| {
            first(r).entities[0].written = 2;
            first(r).entities[0].quarantined = 1;
            first(r).acknowledged = 2;
        }),
        Exit::No,
        "a row is in quarantine"
    );
}

/// A report whose load left `rows` of three behind, where one may be.
fn left_behind(rows: u64) -> Report {
    let mut report = good();
    first(&mut report).entities[0].written = 3 - rows;
    first(&mut report).entities[0].quarantined = rows;
    first(&mut report).acknowledged = 3 - rows;
    report.load.as_mut().expect("load").max_quarantined = 1;
    report
}

#[test]
fn quarantine_within_the_allowance_is_no_failure_and_no_full_coverage() {
    let ends = [0, 1, 2, 3].map(|rows| exit(&left_behind(rows), ALL));
    assert_eq!(ends, [Exit::Pass, Exit::Inconclusive, Exit::No, Exit::No]);
}

#[test]
fn what_was_loaded_is_validated_unless_more_is_wrong_than_an_allowed_quarantine() {
    let goes_on = |report: &Report| loaded(report.load.as_ref().expect("a load"));
    assert_eq!([0, 1, 2].map(|rows| goes_on(&left_behind(rows))), [true, true, false]);
    let mut lost = left_behind(1);
    first(&mut lost).acknowledged = 1;
    assert!(!goes_on(&lost), "an item was not acknowledged");
}

#[test]
fn a_finding_that_stopped_the_load_is_a_no() {
    let finding =
        Finding { entity: "e".into(), what: "2 rows make one item".into(), rows: 2, samples: Vec::new(), declared: false, allowed: false };
    for attempted in [false, true] {
        let finding = finding.clone();
        let spoil = |r: &mut Report| {
            first(r).attempted = attempted;
            first(r).findings.push(finding);
        };
        assert_eq!(spoilt(spoil), Exit::No, "attempted: {attempted}");
    }
}

#[test]
fn a_table_that_anothers_finding_kept_back_is_no_failure_of_its_own() {
    let stopped = |(declared, allowed)| {
        spoilt(|r| {
            let finding =
                Finding { entity: "e".into(), what: "2 rows make one item".into(), rows: 2, samples: Vec::new(), declared, allowed };
            let tables = &mut r.load.as_mut().expect("load").tables;
            tables.push(TableLoad { attempted: false, acknowledged: 0, findings: vec![finding], ..table() });
            tables[0] = TableLoad { attempted: false, acknowledged: 0, ..table() };
        })
    };
    assert_eq!(stopped((false, false)), Exit::No);
    assert_eq!(stopped((true, false)), Exit::Failed, "a declared finding stops nothing: something else did");
    assert_eq!(stopped((false, true)), Exit::Failed, "nor does one that a flag allows");
}

#[test]
fn every_validation_that_is_not_whole_is_not_green() {
    assert_eq!(spoilt(|r| validation(r).checks.clear()), Exit::Inconclusive);
    assert_eq!(spoilt(|r| validation(r).checks[0].verdict = Verdict::Inconclusive), Exit::Inconclusive);
    assert_eq!(spoilt(|r| validation(r).checks[0].verdict = Verdict::Mismatch), Exit::No);
    assert_eq!(spoilt(|r| validation(r).mismatches_total = 1), Exit::No);
    // One that the sample's own gate lets pass, and one more.
    let sampled = |total, verdict| {
        spoilt(|r| {
            validation(r).checks[0] = Check { kind: CheckKind::Sample, different: 1, ..a_check(verdict) };
            validation(r).mismatches_total = total;
        })
    };
    assert_eq!((sampled(1, Verdict::Match), sampled(2, Verdict::Match)), (Exit::Pass, Exit::No));
    assert_eq!((sampled(1, Verdict::Inconclusive), sampled(1, Verdict::Mismatch)), (Exit::No, Exit::No));
    assert_eq!(spoilt(|r| validation(r).prove.found = 2), Exit::Inconclusive, "a planted fault was not found");
}

#[test]
fn throttling_without_data_is_inconclusive() {
    assert_eq!(spoilt(|r| r.throttling.as_mut().expect("t").rows.clear()), Exit::Inconclusive);
    assert_eq!(spoilt(|r| r.throttling.as_mut().expect("t").rows[0].verdict = Verdict::Inconclusive), Exit::Inconclusive);
    assert_eq!(spoilt(|r| r.throttling.as_mut().expect("t").rows[0].verdict = Verdict::Mismatch), Exit::No);
}

#[test]
fn apply_is_green_only_when_it_converged() {
    let set = |unfinished: bool, done: bool, converged: bool| {
        spoilt(|r| {
            let apply = r.apply.as_mut().expect("apply");
            apply.converged = converged;
            if unfinished {
                apply.unfinished.push("table T: x".into());
            }
            if done {
                apply.done.push(crate::report::model::Done { address: "table U".into(), call: "c".into(), seconds: 0.0 });
            }
        })
    };
    assert_eq!(set(false, true, true), Exit::Pass);
    assert_eq!(set(false, true, false), Exit::No);
    assert_eq!(set(true, true, false), Exit::Partial);
    assert_eq!(set(true, false, false), Exit::Partial);
}

#[test]
fn an_apply_is_inconclusive_while_something_is_still_being_created_unless_more_is_wrong() {
    let creating = |unfinished: &[&str]| {
        spoilt(|r| {
            let apply = r.apply.as_mut().expect("apply");
            (apply.converged, apply.creating) = (false, vec!["table T: table is CREATING".into()]);
            apply.unfinished.extend(unfinished.iter().map(|what| (*what).to_owned()));
        })
    };
    assert_eq!((creating(&[]), creating(&["table U: x"])), (Exit::Inconclusive, Exit::Partial));
}

/// A budget that is spent before the first call is no failure; an unfinished resource that failed is one.
#[test]
fn what_ended_an_apply_without_a_call_decides() {
    let ended = |exit| {
        spoilt(|r| {
            let apply = r.apply.as_mut().expect("apply");
            apply.converged = false;
            apply.unfinished.push("table T: x".into());
            r.errors.push(Problem { message: "table T: x".into(), help: None, exit });
        })
    };
    assert_eq!((ended(Exit::Partial), ended(Exit::Failed), ended(Exit::Stale)), (Exit::Partial, Exit::Failed, Exit::Stale));
}

#[test]
fn a_plan_with_changes_is_a_no_only_where_that_was_the_question() {
    let change =
        Change { address: "table T".into(), action: crate::report::model::Action::Create, note: None, since: None, fields: Vec::new() };
    let mut report = good();
    report.plan.as_mut().expect("plan").changes.push(change);
    assert_eq!(exit(&report, ALL), Exit::Pass);
    assert_eq!(exit(&report, Asked { changes_are_no: true, ..ALL }), Exit::No);
}

#[test]
fn what_is_still_being_created_or_not_shown_is_inconclusive_where_sync_was_the_question() {
    for (what, want) in [
        ("table T: index A is CREATING (backfilling)", Exit::Inconclusive),
        ("table T: index A is backfilling", Exit::Inconclusive),
        ("table T: point-in-time recovery is not readable yet", Exit::Inconclusive),
        ("table T: table is UPDATING", Exit::Inconclusive),
        ("table T: TTL is ENABLING", Exit::Pass),
    ] {
        assert_eq!(exit(&with_motion(what), ALL), Exit::Pass, "{what}");
        assert_eq!(exit(&with_motion(what), Asked { changes_are_no: true, ..ALL }), want, "{what}");
    }
}

#[test]
fn what_was_not_read_is_inconclusive_where_sync_was_the_question() {
    let mut report = good();
    report.plan.as_mut().expect("plan").unread.push("table T: auto scaling".into());
    assert_eq!(exit(&report, ALL), Exit::Pass);
    assert_eq!(exit(&report, Asked { changes_are_no: true, ..ALL }), Exit::Inconclusive);
}

fn with_motion(moving: &str) -> Report {
    let mut report = good();
    report.plan.as_mut().expect("plan").moving.push(moving.into());
    report
}

#[test]
fn a_refusal_is_a_refusal() {
    let refusal = Refusal { address: "table T".into(), reason: "r".into(), recipe: "x".into() };
    let mut report = good();
    report.plan.as_mut().expect("plan").refusals.push(refusal);
    assert_eq!(exit(&report, ALL), Exit::Refused);
    assert_eq!(exit(&report, Asked { changes_are_no: true, ..ALL }), Exit::No);
}
