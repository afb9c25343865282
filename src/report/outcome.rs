//! From evidence to exit code: the one place where a run's answer is computed.
//!
//! Rule: every part that was asked for and is not proved good makes the answer worse; a part that was asked for and is
//! absent is an error, not a pass.

use super::model::{
    ApplyReport, Check, CheckKind, Finding, LoadReport, PlanReport, Prove, Report, TableLoad, ThrottlingReport, ValidateReport, Verdict,
};
use crate::exit::Exit;
use crate::live::normal::is_unproved;

#[allow(clippy::struct_excessive_bools)] // one per part: they are independent
/// What the person asked, where it changes the meaning of the same evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// A plan with changes is a "no" (`drift`, `plan --detailed-exitcode`), not just an answer.
    pub changes_are_no: bool,
    /// The parts that must be in the report for a pass.
    pub plan: bool,
    pub apply: bool,
    pub load: bool,
    pub validate: bool,
    pub throttling: bool,
}

impl Asked {
    /// Nothing but the absence of errors.
    pub const NOTHING: Self = Self { changes_are_no: false, plan: false, apply: false, load: false, validate: false, throttling: false };
}

/// The exit code of `report`.
pub fn exit(report: &Report, asked: Asked) -> Exit {
    let errors = report.errors.iter().map(|e| e.exit);
    let parts = [
        part(asked.plan, report.plan.as_ref().map(|p| plan(p, asked.changes_are_no))),
        part(asked.apply, report.apply.as_ref().map(apply)),
        part(asked.load, report.load.as_ref().map(load)),
        part(asked.validate, report.validate.as_ref().map(validate)),
        part(asked.throttling, report.throttling.as_ref().map(throttling)),
    ];
    let whole = errors.clone().chain(parts.into_iter().flatten()).fold(Exit::Pass, Exit::and);
    let missing = [
        (asked.plan, report.plan.is_none()),
        (asked.apply, report.apply.is_none()),
        (asked.load, report.load.is_none()),
        (asked.validate, report.validate.is_none()),
        (asked.throttling, report.throttling.is_none()),
    ];
    let unproved = missing.iter().any(|(asked, absent)| *asked && *absent);
    // An error already says why a part is absent; without one, absence itself is the failure.
    if unproved && whole == Exit::Pass { Exit::Failed } else { whole }
}

fn part(asked: bool, exit: Option<Exit>) -> Option<Exit> {
    exit.filter(|_| asked)
}

fn plan(plan: &PlanReport, changes_are_no: bool) -> Exit {
    let refused = if plan.refusals.is_empty() { Exit::Pass } else { Exit::Refused };
    // A step without a change only records that live is as the file says.
    let pending = changes_are_no && !(plan.changes.is_empty() && plan.refusals.is_empty());
    // Neither what is not there yet nor what was not read is as the file says.
    let unproved = changes_are_no && (plan.moving.iter().any(|what| is_unproved(what)) || !plan.unread.is_empty());
    match (pending, unproved) {
        (true, _) => Exit::No,
        (false, true) => refused.and(Exit::Inconclusive),
        (false, false) => refused,
    }
}

fn apply(apply: &ApplyReport) -> Exit {
    match (apply.unfinished.is_empty(), apply.creating.is_empty(), apply.converged) {
        (true, true, true) => Exit::Pass,
        (true, true, false) => Exit::No,
        (true, false, _) => Exit::Inconclusive,
        // What ended it is a problem of its own, and a failure there outweighs this.
        (false, ..) => Exit::Partial,
    }
}

fn load(load: &LoadReport) -> Exit {
    quarantine(load).and(tables(load))
}

/// Whether what was loaded can be validated: rows that were allowed to stay behind keep the load from a pass, and say nothing against the
/// rest.
pub fn loaded(load: &LoadReport) -> bool {
    matches!(quarantine(load), Exit::Pass | Exit::Inconclusive) && tables(load) == Exit::Pass
}

/// `--max-quarantined` decides what is a failure; a row that is not there is no full coverage all the same.
fn quarantine(load: &LoadReport) -> Exit {
    let quarantined: u64 = load.tables.iter().flat_map(|t| &t.entities).map(|e| e.quarantined).sum();
    match quarantined {
        0 => Exit::Pass,
        rows if rows > load.max_quarantined => Exit::No,
        _ => Exit::Inconclusive,
    }
}

fn tables(load: &LoadReport) -> Exit {
    let empty = if load.tables.is_empty() { Exit::Inconclusive } else { Exit::Pass };
    // A finding keeps every table of the stack from being written: the sound ones are not failures of their own.
    let stopped = load.tables.iter().any(|t| !t.attempted && t.findings.iter().any(Finding::stops));
    load.tables.iter().map(|t| table_load(t, stopped)).fold(empty, Exit::and)
}

/// `stopped`: the data check kept the load from being begun.
fn table_load(table: &TableLoad, stopped: bool) -> Exit {
    if (stopped && !table.attempted) || table.findings.iter().any(Finding::stops) {
        return Exit::No;
    }
    let written: u64 = table.entities.iter().map(|e| e.written).sum();
    if !table.attempted || table.entities.iter().any(|e| !e.closes()) || table.acknowledged != written {
        return Exit::Failed;
    }
    // No rows, or rows that were all filtered or quarantined: nothing arrived, which proves nothing.
    if written == 0 { Exit::Inconclusive } else { Exit::Pass }
}

fn validate(validate: &ValidateReport) -> Exit {
    let nothing = if validate.checks.is_empty() { Exit::Inconclusive } else { Exit::Pass };
    let tolerated: u64 = validate.checks.iter().map(tolerated).sum();
    let listed = if validate.mismatches_total > tolerated { Exit::No } else { Exit::Pass };
    let checks = validate.checks.iter().map(check).fold(Exit::Pass, Exit::and);
    nothing.and(listed).and(checks).and(prove(validate.prove))
}

/// What a sample has found and its own gate lets pass.
fn tolerated(check: &Check) -> u64 {
    let passes = check.kind == CheckKind::Sample && check.verdict == Verdict::Match;
    if passes { check.missing + check.unexpected + check.different } else { 0 }
}

fn check(check: &Check) -> Exit {
    verdict(check.verdict)
}

/// A control that was planted and not found means that the comparison cannot see; nothing planted (planted 0) was switched off.
fn prove(prove: Prove) -> Exit {
    if prove.found < prove.planted { Exit::Inconclusive } else { Exit::Pass }
}

fn throttling(throttling: &ThrottlingReport) -> Exit {
    let nothing = if throttling.rows.is_empty() { Exit::Inconclusive } else { Exit::Pass };
    throttling.rows.iter().map(|row| verdict(row.verdict)).fold(nothing, Exit::and)
}

/// The exit code of one verdict.
pub fn verdict(verdict: Verdict) -> Exit {
    match verdict {
        Verdict::Match => Exit::Pass,
        Verdict::Mismatch => Exit::No,
        Verdict::Inconclusive => Exit::Inconclusive,
    }
}

#[cfg(test)]
#[path = "outcome_tests.rs"]
mod tests;
