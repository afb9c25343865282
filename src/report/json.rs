//! The report as JSON: versioned (`schema`), one document, for machines.

use super::Report;

/// The document, with a line feed at its end.
#[allow(clippy::missing_panics_doc)] // see the invariant
pub fn render(report: &Report) -> String {
    let mut text = serde_json::to_string_pretty(report).expect("invariant: a report has only string keys and finite numbers");
    text.push('\n');
    text
}
