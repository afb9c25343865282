//! The report for people: what changed, what was done, what was found, and the verdict with its reason.

mod data;
mod plan;
mod throttling;

use super::Report;
use crate::exit::Exit;
use comfy_table::{Cell, CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};

/// How the text is laid out.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// Whether ANSI colours may be used.
    pub colour: bool,
    /// Columns of the terminal; tables wrap to it.
    pub width: u16,
}

/// The whole report: its parts, then the verdict.
pub fn render(report: &Report, style: Style) -> String {
    let mut out = render_parts(report, style);
    section(&mut out, &verdict(report, style));
    out
}

/// The parts that the report has so far. A part that is there stays as it is, so a longer text begins with a shorter one.
pub fn render_parts(report: &Report, style: Style) -> String {
    let mut out = String::new();
    if let Some(plan) = &report.plan {
        section(&mut out, &plan::render(plan, style));
    }
    if let Some(apply) = &report.apply {
        section(&mut out, &plan::render_apply(apply));
    }
    if let Some(load) = &report.load {
        section(&mut out, &data::render_load(load, style));
    }
    if let Some(validate) = &report.validate {
        section(&mut out, &data::render_validate(validate, style));
    }
    if let Some(throttling) = &report.throttling {
        section(&mut out, &throttling::render(throttling, style));
    }
    out
}

fn section(out: &mut String, text: &str) {
    if !out.is_empty() && !text.is_empty() {
        out.push('\n');
    }
    out.push_str(text);
}

fn verdict(report: &Report, style: Style) -> String {
    let (code, paint) = match report.outcome {
        Exit::Pass => ("PASS", "32"),
        Exit::Inconclusive | Exit::Partial | Exit::Interrupted => ("NOT PROVED", "33"),
        Exit::Failed | Exit::Usage | Exit::No | Exit::Refused | Exit::Stale | Exit::Locked => ("NO", "31"),
    };
    let head = paint_if(style, paint, code);
    format!("{head}: {} {} in {:.1} s (exit {})\n", report.verb, report.outcome.phrase(), report.seconds, report.exit_code)
}

/// `text` in colour `code` where colours are wanted.
fn paint_if(style: Style, code: &str, text: &str) -> String {
    if style.colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
}

/// One rule under the head, nothing else: it reads well and greps well.
const RULED: TableStyle = TableStyle::new().header_separator(LineStyle::new('─', '─', '─', '─'));

/// A table in the house style: plain lines, numbers to the right.
fn table(style: Style, head: &[&str], rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(RULED).set_content_arrangement(ContentArrangement::Dynamic).set_width(style.width);
    table.set_header(head);
    for row in rows {
        table.add_row(row.iter().map(|text| cell(text)));
    }
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    lines.join(
        "
",
    ) + "
"
}

fn cell(text: &str) -> Cell {
    let numeric = !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || ",.".contains(c)) || text == "-";
    let alignment = if numeric { CellAlignment::Right } else { CellAlignment::Left };
    Cell::new(crate::safe::block(text)).set_alignment(alignment)
}

/// `1234567` as `1,234,567`.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 row`, `2 rows`.
fn plural(number: u64, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", thousands(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_grouped() {
        assert_eq!([0, 999, 1000, 1_234_567].map(thousands), ["0", "999", "1,000", "1,234,567"]);
    }
}
