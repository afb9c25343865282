//! The plan as people read it: the diff with a legend, then the numbered calls with what each takes, costs and risks, then
//! what is left of AWS's budgets, then what is refused with the way on; one summary line at the end.

use super::{Style, paint_if, plural};
use crate::plan::deadline::AT_ONCE;
use crate::report::model::{Action, ApplyReport, Budget, Change, Field, PlanReport, Refusal, Side, Step};
use crate::safe;
use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

pub(super) fn render(plan: &PlanReport, style: Style) -> String {
    if plan.changes.is_empty() && plan.refusals.is_empty() {
        return in_sync(plan, style);
    }
    let mut out = String::new();
    if !plan.changes.is_empty() {
        out.push_str(&legend(plan, style));
        plan.changes.iter().for_each(|change| out.push_str(&block(change, style)));
    }
    out.push_str(&calls(&plan.steps, style));
    out.push_str(&budgets(&plan.budgets));
    out.push_str(&refusals(&plan.refusals, style));
    notes(&mut out, plan);
    out.push_str(&summary(plan));
    out
}

/// Nothing differs; at most it is still to be recorded that this is so.
fn in_sync(plan: &PlanReport, style: Style) -> String {
    let said = match (plan.moving.is_empty(), plan.unread.is_empty()) {
        (true, true) => "No changes. Live AWS is what the stack says.\n",
        (true, false) => "No changes in what could be read.\n",
        (false, _) => "No changes, but AWS is not done yet:\n",
    };
    let mut out = said.to_owned();
    plan.moving.iter().for_each(|what| out.push_str(&format!("  {}\n", safe::text(what))));
    if !plan.steps.is_empty() {
        out.push_str("Only the record of that is missing or old; apply writes it:\n");
        out.push_str(&numbered(&plan.steps, style));
    }
    notes(&mut out, plan);
    out
}

fn glyph(action: Action) -> (&'static str, &'static str, &'static str) {
    match action {
        Action::Create => ("+", "32", "create"),
        Action::Update => ("~", "33", "change in place"),
        Action::Delete => ("-", "31", "delete"),
    }
}

fn action_of(field: &Field) -> Action {
    match (&field.live, &field.desired) {
        (None, _) => Action::Create,
        (Some(_), None) => Action::Delete,
        (Some(_), Some(_)) => Action::Update,
    }
}

/// Only the signs that are used below it.
fn legend(plan: &PlanReport, style: Style) -> String {
    let changes = plan.changes.iter().map(|c| c.action);
    let fields = plan.changes.iter().flat_map(|c| c.fields.iter().map(action_of));
    let used: BTreeSet<&str> = changes.chain(fields).map(|a| glyph(a).0).collect();
    let signs: Vec<String> = [Action::Create, Action::Update, Action::Delete]
        .into_iter()
        .map(glyph)
        .filter(|(sign, ..)| used.contains(sign))
        .map(|(sign, colour, meaning)| format!("{} {meaning}", paint_if(style, colour, sign)))
        .collect();
    format!("Changes ({}):\n\n", signs.join("   "))
}

fn since(side: Side) -> &'static str {
    match side {
        Side::Live => "changed in AWS since the last apply; the file is as it was applied",
        Side::File => "changed in the file since the last apply; AWS is as it was left",
        Side::Both => "neither the file nor AWS is as the last finished apply left it",
        Side::Unknown => "no apply has been recorded on it, so it is not known which side changed",
    }
}

fn block(change: &Change, style: Style) -> String {
    let (sign, colour, _) = glyph(change.action);
    let note = change.note.as_ref().map(|n| format!("   # {}", safe::text(n))).unwrap_or_default();
    let mut out = format!("  {} {}{note}\n", paint_if(style, colour, sign), safe::text(&change.address));
    if let Some(side) = change.since {
        out.push_str(&format!("      # {}\n", since(side)));
    }
    let width = change.fields.iter().map(|f| f.path.chars().count()).max().unwrap_or(0);
    for field in &change.fields {
        out.push_str(&line(field, width, style));
    }
    out.push('\n');
    out
}

fn line(field: &Field, width: usize, style: Style) -> String {
    let (sign, colour, _) = glyph(action_of(field));
    let value = match (&field.live, &field.desired) {
        (Some(live), Some(desired)) => format!("{live} -> {desired}"),
        (Some(only), None) | (None, Some(only)) => only.clone(),
        (None, None) => String::new(),
    };
    let path = safe::text(&field.path);
    format!("      {} {path:width$}  {}\n", paint_if(style, colour, sign), safe::text(&value))
}

fn calls(steps: &[Step], style: Style) -> String {
    if steps.is_empty() {
        return String::new();
    }
    format!("Calls, in this order for each resource (times are estimates):\n{}\n", numbered(steps, style))
}

fn numbered(steps: &[Step], style: Style) -> String {
    let mut out = String::new();
    let mut address = "";
    for step in steps {
        if step.address != address {
            address = &step.address;
            out.push_str(&format!("  {}\n", safe::text(address)));
        }
        out.push_str(&call(step, style));
    }
    out
}

fn call(step: &Step, style: Style) -> String {
    let danger = if step.destructive { paint_if(style, "31", "  DESTRUCTIVE") } else { String::new() };
    let mut out = format!("    {}. {}  ({}){danger}\n", step.number, safe::text(&step.call), range(step.seconds));
    if let Some(at) = &step.not_before {
        out.push_str(&format!("         not before {}: AWS's budget is spent until then\n", safe::text(at)));
    }
    if let Some(remark) = &step.remark {
        out.push_str(&format!("         {}\n", safe::text(remark)));
    }
    out
}

fn budgets(budgets: &[Budget]) -> String {
    if budgets.is_empty() {
        return String::new();
    }
    let lines = budgets.iter().map(|budget| {
        let Budget { address, limit, uses, allowed, window, .. } = budget;
        let left = budget.left.map_or_else(|| "AWS does not tell how many are spent".to_owned(), |left| format!("{left} left"));
        format!("  {}: {}: uses {uses}; AWS allows {allowed} {window}; {left}\n", safe::text(address), safe::text(limit))
    });
    format!("Budgets after:\n{}\n", lines.collect::<String>())
}

fn range((from, to): (u64, u64)) -> String {
    let (from, to) = (duration(from), duration(to));
    if from == to { to } else { format!("{from} to {to}") }
}

fn duration(seconds: u64) -> String {
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=14_399 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h", seconds.div_ceil(3600)),
    }
}

fn refusals(refusals: &[Refusal], style: Style) -> String {
    if refusals.is_empty() {
        return String::new();
    }
    let mut out = format!("{}:\n", paint_if(style, "31", "Refused"));
    for refusal in refusals {
        out.push_str(&format!("  {}: {}\n", safe::text(&refusal.address), safe::text(&refusal.reason)));
        refusal.recipe.lines().for_each(|line| out.push_str(&format!("      {}\n", safe::text(line))));
    }
    out.push('\n');
    out
}

fn notes(out: &mut String, plan: &PlanReport) {
    plan.unread.iter().for_each(|what| out.push_str(&format!("Not read: {}\n", safe::text(what))));
    plan.notes.iter().for_each(|note| out.push_str(&format!("Note: {}\n", safe::text(note))));
    for thing in &plan.unmanaged {
        out.push_str(&format!("Unmanaged, left alone: {}\n", safe::text(thing)));
    }
    for thing in &plan.resembling {
        out.push_str(&format!("Unmanaged, left alone: {} (by its name only: no tag was seen on it)\n", safe::text(thing)));
    }
}

fn summary(plan: &PlanReport) -> String {
    let count = |action| plan.changes.iter().filter(|c| c.action == action).count();
    let about = if plan.steps.is_empty() { String::new() } else { format!(", about {}", range(wall(plan))) };
    let refused = if plan.refusals.is_empty() { String::new() } else { format!(", {} refused", plan.refusals.len()) };
    let deadline = plan.deadline.as_ref().map(|at| format!(" Deadline: {}.", safe::text(at))).unwrap_or_default();
    format!(
        "Plan: {} to create, {} to change, {} to delete{refused}; {}{about}.{deadline}\n",
        count(Action::Create),
        count(Action::Update),
        count(Action::Delete),
        plural(plan.steps.len() as u64, "call"),
    )
}

/// The buckets of the file go in a row, then all others side by side, a bucket that goes among them.
fn wall(plan: &PlanReport) -> (u64, u64) {
    let goes = |address: &str| plan.changes.iter().any(|c| c.address == address && c.action == Action::Delete);
    let (mut row, mut others) = ((0, 0), (Vec::new(), Vec::new()));
    for steps in plan.steps.chunk_by(|a, b| a.address == b.address) {
        let (from, to) = steps.iter().fold((0, 0), |sum: (u64, u64), s| (sum.0 + s.seconds.0, sum.1 + s.seconds.1));
        if steps[0].address.starts_with("bucket ") && !goes(&steps[0].address) {
            row = (row.0 + from, row.1 + to);
        } else {
            others.0.push(from);
            others.1.push(to);
        }
    }
    (row.0 + side_by_side(&others.0), row.1 + side_by_side(&others.1))
}

/// How long it takes when each begins, in this order, as soon as one of [`AT_ONCE`] before it is over.
fn side_by_side(seconds: &[u64]) -> u64 {
    let mut free = BinaryHeap::from([Reverse(0); AT_ONCE]);
    let end = |takes: &u64| {
        let end = free.pop().map_or(0, |Reverse(turn)| turn) + takes;
        free.push(Reverse(end));
        end
    };
    seconds.iter().map(end).max().unwrap_or(0)
}

fn but_for(left_alone: &[String]) -> String {
    if left_alone.is_empty() { String::new() } else { format!(", but for what was left alone: {}", safe::text(&left_alone.join(", "))) }
}

pub(super) fn render_apply(apply: &ApplyReport) -> String {
    let mut out = String::new();
    if apply.done.is_empty() && apply.unfinished.is_empty() {
        out.push_str(if apply.converged || !apply.creating.is_empty() { "Apply: nothing to do.\n" } else { "Apply: nothing was done.\n" });
    } else {
        let seconds = apply.done.iter().fold(0.0, |sum, d| sum + d.seconds);
        out.push_str(&format!("Apply: {} made in {seconds:.1} s of AWS time.\n", plural(apply.done.len() as u64, "call")));
    }
    for unfinished in &apply.unfinished {
        out.push_str(&format!("  not finished: {}\n", safe::text(unfinished)));
    }
    for creating in &apply.creating {
        out.push_str(&format!("  not ready: {}\n", safe::text(creating)));
    }
    let proof = if apply.converged {
        format!("Read again: live AWS is what the stack says{}.\n", but_for(&apply.left_alone))
    } else {
        "It is NOT proved that live AWS is what the stack says. Run `landfall plan` to see what is left.\n".to_owned()
    };
    out.push_str(&proof);
    out
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "situations/mod.rs"]
mod situations;

#[cfg(test)]
const PLAIN: Style = Style { colour: false, width: 100 };
