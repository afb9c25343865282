//! Load and validation for people: the accounts that must close, the checks, and the first mismatch as a diff.

use super::{Style, paint_if, plural, table, thousands};
use crate::report::model::{
    Check, CheckKind, EntityLoad, Finding, LoadPath, LoadReport, Mismatch, MismatchKind, TableLoad, ValidateReport, Verdict,
};
use crate::safe;
use similar::TextDiff;

pub(super) fn render_load(load: &LoadReport, style: Style) -> String {
    let head = ["table", "entity", "rows read", "written", "merged", "quarantined", "filtered", "accounts"];
    let rows = load.tables.iter().flat_map(|t| t.entities.iter().map(|e| entity_row(t, e))).collect();
    let mut out = format!("Load (rows read = written + merged + quarantined + filtered):\n{}", table(style, &head, rows));
    load.tables.iter().for_each(|t| out.push_str(&table_line(t)));
    if let Some(path) = &load.quarantine {
        let allowed = load.max_quarantined;
        out.push_str(&format!(
            "Quarantined rows, with reasons: {} (at most {allowed} allowed); they are not in DynamoDB\n",
            safe::text(path)
        ));
    }
    out
}

fn entity_row(table: &TableLoad, e: &EntityLoad) -> Vec<String> {
    let accounts = match (table.attempted, e.closes()) {
        (false, _) => "not loaded",
        (true, true) => "close",
        (true, false) => "DO NOT CLOSE",
    };
    let counts = [e.read, e.written, e.merged, e.quarantined, e.filtered].map(thousands);
    let mut row = vec![table.table.clone(), e.entity.clone()];
    row.extend(counts);
    row.push(accounts.into());
    row
}

fn table_line(t: &TableLoad) -> String {
    let path = match t.path {
        LoadPath::Stage => "staged on S3, ImportTable",
        LoadPath::Write => "BatchWriteItem",
    };
    let mut out = if t.attempted {
        let slowed = if t.throttles == 0 { String::new() } else { format!(", throttled {} times", thousands(t.throttles)) };
        let retried = if t.retries == 0 { String::new() } else { format!(", {}", plural(t.retries, "retried item")) };
        format!("  {}: {path}: {} in {:.1} s{retried}{slowed}\n", safe::text(&t.table), plural(t.acknowledged, "item"), t.seconds)
    } else {
        format!("  {}: NOT LOADED: the data check stopped it before anything was written\n", safe::text(&t.table))
    };
    t.findings.iter().for_each(|f| out.push_str(&finding(f)));
    out
}

fn finding(f: &Finding) -> String {
    // Without an entity it is about the table, and no row is to blame.
    if f.entity.is_empty() {
        return safe::text(&format!("    note: {}", f.what)) + "\n";
    }
    let status = match (f.declared, f.allowed) {
        (true, _) => "declared in the stack",
        (false, true) => "allowed",
        (false, false) => "finding",
    };
    let samples = if f.samples.is_empty() { String::new() } else { format!(", such as {}", f.samples.join("; ")) };
    safe::text(&format!("    {status}: {}: {} ({}){samples}", f.entity, f.what, plural(f.rows, "row"))) + "\n"
}

pub(super) fn render_validate(validate: &ValidateReport, style: Style) -> String {
    let head = ["table", "check", "of", "verdict", "expected", "found", "compared", "missing", "unexpected", "different"];
    let rows = validate.checks.iter().map(check_row).collect();
    let mut out = format!("Validate (seed {}):\n{}", validate.seed, table(style, &head, rows));
    for check in validate.checks.iter().filter(|c| worth_a_line(c)) {
        out.push_str(&safe::text(&format!("  {} {}{}: {}", check.table, kind(check.kind), of(check), check.note)));
        out.push('\n');
    }
    for note in &validate.notes {
        out.push_str(&format!("  {}\n", safe::text(note)));
    }
    out.push_str(&prove(validate));
    out.push_str(&mismatches(validate, style));
    out
}

/// What the table has not said already; the JSON form has every note.
fn worth_a_line(check: &Check) -> bool {
    !check.note.is_empty() && (check.verdict != Verdict::Match || matches!(check.kind, CheckKind::Sample | CheckKind::Access))
}

fn of(check: &Check) -> String {
    if check.subject.is_empty() { String::new() } else { format!(" of {}", check.subject) }
}

fn check_row(c: &Check) -> Vec<String> {
    let mut row = vec![c.table.clone(), kind(c.kind).into(), c.subject.clone(), word(c.verdict).into()];
    row.extend([c.expected, c.found, c.compared, c.missing, c.unexpected, c.different].map(thousands));
    row
}

pub(super) fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Match => "match",
        Verdict::Mismatch => "MISMATCH",
        Verdict::Inconclusive => "INCONCLUSIVE",
    }
}

fn kind(kind: CheckKind) -> &'static str {
    match kind {
        CheckKind::Count => "count",
        CheckKind::Sample => "sample",
        CheckKind::Full => "full",
        CheckKind::Index => "index",
        CheckKind::Access => "access",
    }
}

fn prove(validate: &ValidateReport) -> String {
    match (validate.prove.planted, validate.prove.found) {
        (0, _) => "Control: no fault was planted (--no-prove was given, or there was nothing to plant it in).\n".into(),
        (planted, found) if planted == found => {
            format!("Control: {} planted in memory, all found: this comparison can see.\n", plural(planted, "fault"))
        }
        (planted, found) => {
            format!("Control FAILED: {planted} faults planted in memory, {found} found: this comparison cannot be trusted.\n")
        }
    }
}

fn mismatches(validate: &ValidateReport, style: Style) -> String {
    if validate.mismatches_total == 0 {
        return String::new();
    }
    let mut out = format!("\n{}:\n", plural(validate.mismatches_total, "mismatch").replace("mismatchs", "mismatches"));
    validate.mismatches.iter().for_each(|m| out.push_str(&mismatch(m)));
    let unlisted = validate.mismatches_total - validate.mismatches.len() as u64;
    if unlisted > 0 {
        out.push_str(&format!("  and {} more; -o json=FILE --max-listed N lists them\n", thousands(unlisted)));
    }
    if let Some(first) = validate.mismatches.iter().find(|m| !m.expected.is_empty() && !m.found.is_empty()) {
        out.push_str(&diff(first, style));
    }
    out
}

fn mismatch(m: &Mismatch) -> String {
    let what = match m.kind {
        MismatchKind::Missing => "missing",
        MismatchKind::Unexpected => "unexpected",
        MismatchKind::Different => "different",
    };
    let row = m.row.as_ref().map(|r| format!("  <- {r}")).unwrap_or_default();
    let mut out = safe::text(&format!("  {what}: {} {}{row}", m.table, m.key)) + "\n";
    for a in &m.attributes {
        out.push_str(&(safe::text(&format!("      {}: SQL says {}, DynamoDB has {}", a.name, a.expected, a.found)) + "\n"));
    }
    out
}

fn diff(m: &Mismatch, style: Style) -> String {
    let (expected, found) = (lines(&m.expected), lines(&m.found));
    let mut out = format!("\nThe first of them, attribute by attribute ({}):\n", safe::text(&format!("{} {}", m.table, m.key)));
    out.push_str("  --- SQL\n  +++ DynamoDB\n");
    for change in TextDiff::from_lines(&expected, &found).iter_all_changes() {
        let (sign, colour) = match change.tag() {
            similar::ChangeTag::Delete => ("-", "31"),
            similar::ChangeTag::Insert => ("+", "32"),
            similar::ChangeTag::Equal => (" ", "0"),
        };
        out.push_str(&format!("  {}\n", paint_if(style, colour, &format!("{sign} {}", change.value().trim_end_matches('\n')))));
    }
    out
}

fn lines(lines: &[String]) -> String {
    lines.iter().map(|line| safe::text(line) + "\n").collect()
}

#[cfg(test)]
#[path = "data_tests.rs"]
mod tests;
