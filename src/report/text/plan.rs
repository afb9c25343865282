//! The plan as people read it: the diff with a legend and a summary line, then the numbered calls, then what is refused.

use super::{Style, paint_if, plural};
use crate::report::model::{Action, ApplyReport, Change, Field, PlanReport, Refusal, Step};
use crate::safe;
use std::collections::BTreeSet;

pub(super) fn render(plan: &PlanReport, style: Style) -> String {
    let mut out = String::new();
    if plan.changes.is_empty() && plan.steps.is_empty() && plan.refusals.is_empty() {
        out.push_str("No changes. Live AWS is what the stack says.\n");
        notes(&mut out, plan);
        return out;
    }
    if !plan.changes.is_empty() {
        out.push_str(&legend(plan, style));
        plan.changes.iter().for_each(|change| out.push_str(&block(change, style)));
    }
    if !plan.steps.is_empty() {
        out.push_str(&calls(&plan.steps, style));
    }
    if !plan.refusals.is_empty() {
        out.push_str(&refusals(&plan.refusals, style));
    }
    notes(&mut out, plan);
    out.push_str(&summary(plan));
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

fn block(change: &Change, style: Style) -> String {
    let (sign, colour, _) = glyph(change.action);
    let note = change.note.as_ref().map(|n| format!("   # {}", safe::text(n))).unwrap_or_default();
    let mut out = format!("  {} {}{note}\n", paint_if(style, colour, sign), safe::text(&change.address));
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
    let mut out = "Calls, in this order for each resource (times are estimates):\n".to_owned();
    let mut address = "";
    for step in steps {
        if step.address != address {
            address = &step.address;
            out.push_str(&format!("  {}\n", safe::text(address)));
        }
        let danger = if step.destructive { paint_if(style, "31", "  DESTRUCTIVE") } else { String::new() };
        out.push_str(&format!("    {}. {}  ({}){danger}\n", step.number, safe::text(&step.call), range(step.seconds)));
    }
    out.push('\n');
    out
}

fn range((from, to): (u64, u64)) -> String {
    if from == to { duration(to) } else { format!("{} to {}", duration(from), duration(to)) }
}

fn duration(seconds: u64) -> String {
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h", seconds.div_ceil(3600)),
    }
}

fn refusals(refusals: &[Refusal], style: Style) -> String {
    let mut out = format!("{}:\n", paint_if(style, "31", "Refused"));
    for refusal in refusals {
        out.push_str(&format!("  {}: {}\n", safe::text(&refusal.address), safe::text(&refusal.reason)));
        refusal.recipe.lines().for_each(|line| out.push_str(&format!("      {}\n", safe::text(line))));
    }
    out.push('\n');
    out
}

fn notes(out: &mut String, plan: &PlanReport) {
    plan.notes.iter().for_each(|note| out.push_str(&format!("Note: {}\n", safe::text(note))));
    for thing in &plan.unmanaged {
        out.push_str(&format!("Unmanaged, left alone: {}\n", safe::text(thing)));
    }
}

fn summary(plan: &PlanReport) -> String {
    let count = |action| plan.changes.iter().filter(|c| c.action == action).count();
    let (from, to) = wall(&plan.steps);
    let refused = if plan.refusals.is_empty() { String::new() } else { format!(", {} refused", plan.refusals.len()) };
    format!(
        "Plan: {} to create, {} to change, {} to delete{refused}; {}, about {}.\n",
        count(Action::Create),
        count(Action::Update),
        count(Action::Delete),
        plural(plan.steps.len() as u64, "call"),
        range((from, to)),
    )
}

/// Resources go on side by side, so the longest of them is the whole.
fn wall(steps: &[Step]) -> (u64, u64) {
    let addresses: BTreeSet<&str> = steps.iter().map(|s| s.address.as_str()).collect();
    let of = |address: &&str| {
        let mine = steps.iter().filter(|s| s.address == *address);
        mine.fold((0, 0), |(from, to), s| (from + s.seconds.0, to + s.seconds.1))
    };
    addresses.iter().map(of).fold((0, 0), |a, b| (a.0.max(b.0), a.1.max(b.1)))
}

pub(super) fn render_apply(apply: &ApplyReport) -> String {
    let mut out = String::new();
    if apply.done.is_empty() && apply.unfinished.is_empty() {
        out.push_str("Apply: nothing to do.\n");
    } else {
        let seconds = apply.done.iter().fold(0.0, |sum, d| sum + d.seconds);
        out.push_str(&format!("Apply: {} made in {seconds:.1} s of AWS time.\n", plural(apply.done.len() as u64, "call")));
    }
    for unfinished in &apply.unfinished {
        out.push_str(&format!("  not finished: {}\n", safe::text(unfinished)));
    }
    let proof = if apply.converged {
        "Read again: live AWS is what the stack says.\n"
    } else {
        "Read again: live AWS is NOT yet what the stack says. Run `landfall plan` to see what is left.\n"
    };
    out.push_str(proof);
    out
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
