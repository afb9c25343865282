//! Throttling for people: a row per table and index, with a line of bars for when.

use super::{Style, data::word, table, thousands};
use crate::report::model::{ThrottlingReport, ThrottlingRow, Verdict};
use crate::safe;

/// The totals in `events`; an index in the making has a third. All others are causes.
const TOTALS: [&str; 3] = ["ReadThrottleEvents", "WriteThrottleEvents", "OnlineIndexThrottleEvents"];
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

pub(super) fn render(report: &ThrottlingReport, style: Style) -> String {
    let head = ["table", "index", "verdict", "throttles", "read units", "write units", "provisioned", "when"];
    let rows = report.rows.iter().map(row).collect();
    let mut out = format!("Throttling ({} to {}, {} allowed):\n", report.from, report.to, report.max_events);
    out.push_str(&table(style, &head, rows));
    for row in report.rows.iter().filter(|r| r.verdict != Verdict::Match || r.filled.is_some()) {
        out.push_str(&(safe::text(&format!("  {}: {}{}{}", name(row), row.note, causes(row), filled(row))) + "\n"));
    }
    out
}

fn filled(row: &ThrottlingRow) -> String {
    row.filled.map_or_else(String::new, |percent| format!("; the index is being filled, {percent:.0} % so far"))
}

fn name(row: &ThrottlingRow) -> String {
    row.index.as_ref().map_or_else(|| row.table.clone(), |index| format!("{}/{index}", row.table))
}

fn row(row: &ThrottlingRow) -> Vec<String> {
    let throttles: Option<u64> = row.events.iter().filter(|(name, _)| TOTALS.contains(&name.as_str())).map(|(_, n)| *n).sum();
    let units = |value: Option<f64>| value.map_or("unknown".into(), |v| format!("{v:.1}"));
    let provisioned = match (row.provisioned_read, row.provisioned_write) {
        (Some(read), Some(write)) => format!("{read:.0} read, {write:.0} write"),
        _ => "-".into(),
    };
    vec![
        row.table.clone(),
        row.index.clone().unwrap_or_else(|| "-".into()),
        word(row.verdict).into(),
        throttles.map_or("unknown".into(), thousands),
        units(row.consumed_read),
        units(row.consumed_write),
        provisioned,
        spark(row),
    ]
}

/// Throttles over time where there were any, otherwise consumption.
fn spark(row: &ThrottlingRow) -> String {
    let throttled = row.throttle_series.iter().flatten().any(|v| *v > 0.0);
    if throttled {
        return bars(&row.throttle_series);
    }
    let both = row.read_series.iter().zip(&row.write_series);
    let total: Vec<Option<f64>> = both.map(|(r, w)| r.or(*w).map(|_| r.unwrap_or(0.0) + w.unwrap_or(0.0))).collect();
    bars(&total)
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a fraction of eight
fn bars(series: &[Option<f64>]) -> String {
    let top = series.iter().flatten().fold(0.0_f64, |a, b| a.max(*b));
    let bar = |value: &Option<f64>| match value {
        Some(v) if top > 0.0 => BARS[((v / top * 7.0).round() as usize).min(7)],
        Some(_) => BARS[0],
        None => '·',
    };
    series.iter().map(bar).collect()
}

fn causes(row: &ThrottlingRow) -> String {
    let causes: Vec<String> = row
        .events
        .iter()
        .filter(|(name, _)| !TOTALS[..2].contains(&name.as_str()))
        .filter_map(|(name, n)| n.filter(|n| *n > 0).map(|n| format!("{} {}", thousands(n), name.trim_end_matches("ThrottleEvents"))))
        .collect();
    if causes.is_empty() { String::new() } else { format!(" ({})", causes.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_show_gaps_as_dots() {
        assert_eq!(bars(&[None, Some(0.0), Some(7.0), Some(14.0)]), "·▁▅█");
        assert_eq!(bars(&[Some(0.0)]), "▁");
    }
}
