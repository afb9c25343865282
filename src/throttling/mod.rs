//! Was anything throttled? Which table or index, when, why.
//!
//! Rules: absent is unknown, never zero. Key insight: DynamoDB emits a throttle metric only when there was a throttle, so
//! "no datapoint" proves nothing by itself; it means zero only where another metric of the same table or index shows that
//! CloudWatch was reporting on it in the same window. Where nothing reports, the verdict is inconclusive.
//! Called by the verbs `throttling` and `run`.

mod judge;

use crate::aws::metrics::{MetricQuery, Series, Window};
use crate::aws::{Aws, Error};
use crate::event::Events;
use crate::report::model::{ThrottlingReport, ThrottlingRow, Verdict};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Throttle metrics by cause ("Troubleshooting throttling", DynamoDB developer guide); the first two are the totals.
pub const EVENTS: [&str; 10] = [
    "ReadThrottleEvents",
    "WriteThrottleEvents",
    "ReadProvisionedThroughputThrottleEvents",
    "WriteProvisionedThroughputThrottleEvents",
    "ReadKeyRangeThroughputThrottleEvents",
    "WriteKeyRangeThroughputThrottleEvents",
    "ReadAccountLimitThrottleEvents",
    "WriteAccountLimitThrottleEvents",
    "ReadMaxOnDemandThroughputThrottleEvents",
    "WriteMaxOnDemandThroughputThrottleEvents",
];

/// Consumed and provisioned units: what shows that CloudWatch reports on a resource at all.
const UNITS: [(&str, &str); 4] = [
    ("ConsumedReadCapacityUnits", "Sum"),
    ("ConsumedWriteCapacityUnits", "Sum"),
    ("ProvisionedReadCapacityUnits", "Average"),
    ("ProvisionedWriteCapacityUnits", "Average"),
];

/// What to ask, and how hard.
#[derive(Debug, Clone)]
pub struct Options {
    /// Epoch seconds; widened to whole minutes.
    pub from: i64,
    pub to: i64,
    pub max_events: u64,
    /// Tables that were certainly read or written at or after this moment (epoch seconds): until CloudWatch shows that, it has not
    /// told everything, and no throttle event so far proves nothing.
    pub busy: BTreeMap<String, i64>,
    /// How long to wait for metrics that are still missing: CloudWatch is one to five minutes late.
    pub wait: Duration,
}

/// Table name to its global indexes.
pub type Subjects = BTreeMap<String, Vec<String>>;

/// Asks CloudWatch about every table and index, waiting for late metrics as long as the options say.
pub async fn run(aws: &Aws, subjects: &Subjects, options: &Options, events: &Events) -> Result<ThrottlingReport, Error> {
    let window = whole_minutes(options.from, options.to);
    let started = Instant::now();
    loop {
        let rows = read(aws, subjects, window, options).await?;
        let missing = rows.iter().filter(|row| row.verdict == Verdict::Inconclusive).count();
        if missing == 0 || started.elapsed() >= options.wait {
            return Ok(ThrottlingReport { from: rfc3339(window.from), to: rfc3339(window.to), max_events: options.max_events, rows });
        }
        events.note(format!("CloudWatch has not everything yet for {missing} of {} tables and indexes; asking again in 10 s", rows.len()));
        tokio::time::sleep(Duration::from_secs(10).min(options.wait.saturating_sub(started.elapsed()))).await;
    }
}

async fn read(aws: &Aws, subjects: &Subjects, window: Window, options: &Options) -> Result<Vec<ThrottlingRow>, Error> {
    let resources: Vec<(String, Option<String>)> = subjects
        .iter()
        .flat_map(|(table, indexes)| std::iter::once((table.clone(), None)).chain(indexes.iter().map(|i| (table.clone(), Some(i.clone())))))
        .collect();
    let queries: Vec<MetricQuery> = resources.iter().flat_map(|(table, index)| queries_for(table, index.as_ref())).collect();
    let series = aws.metrics(&queries, window).await?;
    let per_resource = EVENTS.len() + UNITS.len();
    Ok(resources
        .into_iter()
        .zip(series.chunks(per_resource))
        .map(|((table, index), series)| row(table, index, series, window, options))
        .collect())
}

fn queries_for(table: &str, index: Option<&String>) -> Vec<MetricQuery> {
    let events = EVENTS.iter().map(|metric| (*metric, "Sum"));
    let query = |(metric, statistic)| MetricQuery { metric, table: table.to_owned(), index: index.cloned(), statistic };
    events.chain(UNITS).map(query).collect()
}

fn row(table: String, index: Option<String>, series: &[Series], window: Window, options: &Options) -> ThrottlingRow {
    let (events, units) = series.split_at(EVENTS.len());
    let busy = options.busy.get(&table).filter(|_| index.is_none());
    let whole = busy.is_none_or(|since| judge::reaches(&units[..2], *since, window.period));
    let (verdict, note) = judge::judge(events, units, whole, options.max_events);
    let reporting = units.iter().any(|s| !s.is_empty());
    ThrottlingRow {
        table,
        index,
        events: EVENTS.iter().zip(events).map(|(name, s)| ((*name).to_owned(), judge::count(s, reporting))).collect(),
        consumed_read: judge::sum(&units[0]),
        consumed_write: judge::sum(&units[1]),
        provisioned_read: judge::last(&units[2]),
        provisioned_write: judge::last(&units[3]),
        read_series: judge::buckets(&units[0], window),
        write_series: judge::buckets(&units[1], window),
        throttle_series: judge::buckets(&judge::add(&events[0], &events[1]), window),
        verdict,
        note,
    }
}

/// The smallest window of whole periods around the given one; at most 1,440 periods.
fn whole_minutes(from: i64, to: i64) -> Window {
    let minutes = ((to - from) / 60 / 1440 + 1).clamp(1, 1440);
    let period = i32::try_from(minutes * 60).unwrap_or(86_400);
    let p = i64::from(period);
    Window { from: from.div_euclid(p) * p, to: (to.div_euclid(p) + 1) * p, period }
}

fn rfc3339(epoch: i64) -> String {
    jiff::Timestamp::from_second(epoch).map_or_else(|_| epoch.to_string(), |t| t.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_widened_to_whole_minutes() {
        assert_eq!(whole_minutes(61, 119), Window { from: 60, to: 120, period: 60 });
        assert_eq!(whole_minutes(60, 120), Window { from: 60, to: 180, period: 60 });
    }

    #[test]
    fn a_long_window_gets_longer_periods() {
        let week = whole_minutes(0, 7 * 86_400);
        assert_eq!(week.period % 60, 0);
        assert!((week.to - week.from) / i64::from(week.period) <= 1441);
    }
}
