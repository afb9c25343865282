//! The validation of a stack: table by table the checks that were asked for, then the access patterns.
//!
//! Rules: an error is no verdict; every figure in a check comes from reads that went to their end.
//! Called by the verbs `validate` and `run`.

use super::error::Error;
use super::there::{Reason, Unreadable};
use super::verdict::{Counts, Gate, Judgement};
use super::{access, count, full, sample};
use crate::aws::Aws;
use crate::event::Events;
use crate::report::model::{Check, CheckKind, Mismatch, Prove, ValidateReport, Verdict};
use crate::safe::Masker;
use crate::source::Snapshot;
use crate::stack::Stack;
use crate::stack::model::TableSpec;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What to check, and how to tell it.
#[derive(Debug, Clone)]
#[allow(clippy::struct_excessive_bools, reason = "each is a check that is wanted or not")]
pub struct Options {
    /// Only these tables (and no access patterns); `None`: all.
    pub tables: Option<BTreeSet<String>>,
    pub count: bool,
    /// Items to draw; `None`: no sample.
    pub sample: Option<u64>,
    /// Every item, and every index.
    pub full: bool,
    /// Access patterns.
    pub access: bool,
    /// Corrupt some records in memory, and require that they are found.
    pub prove: bool,
    /// Instead of the stack's.
    pub seed: Option<u64>,
    pub masker: Masker,
    /// Mismatches that are listed; all are counted.
    pub max_listed: usize,
    /// Parallel parts of a scan.
    pub segments: u32,
    /// Raised by somebody else: stop.
    pub stop: Arc<AtomicBool>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            tables: None,
            count: true,
            sample: None,
            full: true,
            access: true,
            prove: true,
            seed: None,
            masker: Masker::new(false, fastrand::u64(..)),
            max_listed: 100,
            segments: 8,
            stop: Arc::new(AtomicBool::new(false)),
        }
    }
}

/// What every check works with.
pub(super) struct Context<'a> {
    pub(super) aws: &'a Aws,
    pub(super) stack: &'a Stack,
    pub(super) options: &'a Options,
    pub(super) events: &'a Events,
    /// Of every hash and draw; in the report.
    pub(super) seed: u64,
    /// Known of every table that was looked at, and before any access pattern.
    pub(super) unreadable: Unreadable,
    pub(super) found: Findings,
}

/// What the checks found so far.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) checks: Vec<Check>,
    pub(super) mismatches: Vec<Mismatch>,
    pub(super) total: u64,
    pub(super) planted: u64,
    pub(super) noticed: u64,
    pub(super) units: f64,
}

/// Validates `stack`'s tables against `snapshot`.
pub async fn run(aws: &Aws, snapshot: &mut Snapshot, stack: &Stack, options: &Options, events: &Events) -> Result<ValidateReport, Error> {
    let seed = options.seed.unwrap_or(stack.policy.seed);
    let mut context = Context { aws, stack, options, events, seed, unreadable: Unreadable::default(), found: Findings::default() };
    for (name, spec) in selected(stack, options.tables.as_ref())? {
        context.table(snapshot, name, spec).await?;
    }
    if options.access && options.tables.is_none() {
        for pattern in &stack.access {
            access::run(&mut context, snapshot, pattern).await?;
        }
    }
    let Findings { checks, mismatches, total, planted, noticed, units } = context.found;
    let prove = Prove { planted, found: noticed };
    Ok(ValidateReport { checks, mismatches, mismatches_total: total, prove, seed, read_units: units, notes: notes(options) })
}

/// What a reader of a pass has to know.
fn notes(options: &Options) -> Vec<String> {
    let counts_only = !options.full && options.sample.is_none();
    let note = "counts only: no record compared; without --count-only every record, every index and the access patterns are";
    counts_only.then(|| note.to_owned()).into_iter().collect()
}

impl Context<'_> {
    async fn table(&mut self, snapshot: &mut Snapshot, name: &str, spec: &TableSpec) -> Result<(), Error> {
        self.unreadable.look(name, spec, self.aws.describe_table(name).await?.as_ref());
        if let Some(reason) = self.unreadable.table(name).cloned() {
            self.unread(name, CheckKind::Count, "", &reason);
            return Ok(());
        }
        for (index, reason) in self.unreadable.indexes(name) {
            self.unread(name, CheckKind::Index, &format!("index {index}"), &reason);
        }
        if spec.rows.is_empty() {
            self.unfilled(name);
            return Ok(());
        }
        if self.options.full {
            full::run(self, snapshot, name, spec).await?;
        }
        if let Some(draws) = self.options.sample {
            sample::run(self, snapshot, name, spec, draws).await?;
        } else if self.options.count && !self.options.full {
            count::run(self, snapshot, name, spec).await?;
        }
        Ok(())
    }

    /// Books what cannot be read: nothing of it was compared.
    pub(super) fn unread(&mut self, table: &str, kind: CheckKind, of: &str, reason: &Reason) {
        let Reason { judgement, note } = reason.clone();
        self.book(table, check(kind, of, &Counts::default(), judgement, note));
    }

    /// Books a table that nobody said the contents of: it is the stack's, so a pass would be one for it too.
    fn unfilled(&mut self, name: &str) {
        let note = "the stack has no rows for it: nothing says what it should hold, and nothing was compared; \
                    give it rows, or a stack of its own";
        self.book(name, check(CheckKind::Count, "", &Counts::default(), Judgement::Inconclusive, note.to_owned()));
    }

    /// Books a check of `table`.
    pub(super) fn book(&mut self, table: &str, checked: Check) {
        self.found.checks.push(Check { table: table.to_owned(), ..checked });
    }

    /// Counts a mismatch, and lists it while there is room.
    pub(super) fn mismatch(&mut self, make: impl FnOnce(Masker) -> Mismatch) {
        self.found.total += 1;
        if self.found.mismatches.len() < self.options.max_listed {
            self.found.mismatches.push(make(self.options.masker));
        }
    }

    /// Whether another mismatch would be listed.
    pub(super) fn lists(&self) -> bool {
        self.found.mismatches.len() < self.options.max_listed
    }

    pub(super) fn go_on(&self) -> Result<(), Error> {
        if self.options.stop.load(Ordering::Relaxed) { Err(Error::Interrupted) } else { Ok(()) }
    }

    pub(super) fn zone(&self) -> Option<jiff::tz::TimeZone> {
        self.stack.source.as_ref().and_then(|s| s.timezone.clone())
    }

    pub(super) fn gate(&self) -> Gate {
        Gate { max_rate: self.stack.policy.max_mismatch_rate, confidence: self.stack.policy.confidence }
    }
}

/// A check without its table.
pub(super) fn check(kind: CheckKind, subject: &str, counts: &Counts, judgement: Judgement, note: String) -> Check {
    let Counts { expected, found, compared, missing, unexpected, different } = *counts;
    let verdict = match judgement {
        Judgement::Match => Verdict::Match,
        Judgement::Mismatch => Verdict::Mismatch,
        Judgement::Inconclusive => Verdict::Inconclusive,
    };
    let (table, subject) = (String::new(), subject.to_owned());
    Check { table, kind, subject, verdict, expected, found, compared, missing, unexpected, different, bound: None, note }
}

/// `entity order`, or nothing where the table has only one.
pub(super) fn subject(spec: &TableSpec, entity: usize) -> String {
    spec.rows.get(entity).map(|m| format!("entity {}", m.entity)).unwrap_or_default()
}

/// The tables that were asked for by name, which must have rows, or all of them.
fn selected<'a>(stack: &'a Stack, wanted: Option<&BTreeSet<String>>) -> Result<Vec<(&'a str, &'a TableSpec)>, Error> {
    let has_rows = |name: &str| stack.tables.get(name).is_some_and(|spec| !spec.rows.is_empty());
    if let Some(unknown) = wanted.and_then(|names| names.iter().find(|name| !has_rows(name))) {
        return Err(Error::NoSuchTable(unknown.clone()));
    }
    let chosen = |name: &str| wanted.is_none_or(|names| names.contains(name));
    Ok(stack.tables.iter().filter(|(name, _)| chosen(name)).map(|(name, spec)| (name.as_str(), spec)).collect())
}
