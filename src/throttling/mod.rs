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

/// What is told of an index only while it is being made ("DynamoDB metrics and dimensions"): throttled writes that its own totals do
/// not count, and how far it is filled, every five minutes.
const FILLING: [(&str, &str); 2] = [("OnlineIndexThrottleEvents", "Sum"), ("OnlineIndexPercentageProgress", "Average")];
/// How old, in seconds, the newest progress of an index may be that is still being filled: two of its five-minute periods.
const FRESH: i64 = 600;

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
    /// How long after `to` CloudWatch may still tell something new: nothing passes that was asked sooner.
    pub late: Duration,
    /// How long to wait for metrics that are still missing.
    pub wait: Duration,
}

/// Between two questions for metrics that are still missing.
const AGAIN: Duration = Duration::from_secs(10);

/// CloudWatch is one to five minutes late.
pub const LATE: Duration = Duration::from_mins(5);

/// Table name to its global indexes.
pub type Subjects = BTreeMap<String, Vec<String>>;

/// Asks CloudWatch about every table and index, waiting for late metrics as long as the options say; `to` is about now.
pub async fn run(aws: &Aws, subjects: &Subjects, options: &Options, events: &Events) -> Result<ThrottlingReport, Error> {
    let window = whole_minutes(options.from, options.to);
    let started = Instant::now();
    loop {
        let soon = started.elapsed() < options.late;
        let rows = read(aws, subjects, window, options).await?;
        let rows = if soon { rows.into_iter().map(too_soon).collect() } else { rows };
        let missing = rows.iter().filter(|row| row.verdict == Verdict::Inconclusive).count();
        if missing == 0 || started.elapsed() >= options.wait {
            return Ok(ThrottlingReport { from: rfc3339(window.from), to: rfc3339(window.to), max_events: options.max_events, rows });
        }
        let pause = pause(options, started.elapsed());
        events.note(format!(
            "CloudWatch has not everything yet for {missing} of {} tables and indexes; asking again in {} s",
            rows.len(),
            pause.as_secs()
        ));
        tokio::time::sleep(pause).await;
    }
}

/// Until the next question: nothing passes before CloudWatch has had its time, so none is asked in between.
fn pause(options: &Options, elapsed: Duration) -> Duration {
    options.late.saturating_sub(elapsed).max(AGAIN).min(options.wait.saturating_sub(elapsed))
}

async fn read(aws: &Aws, subjects: &Subjects, window: Window, options: &Options) -> Result<Vec<ThrottlingRow>, Error> {
    let resources: Vec<(String, Option<String>)> = subjects
        .iter()
        .flat_map(|(table, indexes)| std::iter::once((table.clone(), None)).chain(indexes.iter().map(|i| (table.clone(), Some(i.clone())))))
        .collect();
    let queries: Vec<MetricQuery> = resources.iter().flat_map(|(table, index)| queries_for(table, index.as_ref())).collect();
    let series = aws.metrics(&queries, window).await?;
    let mut rest = series.as_slice();
    let rows = resources.into_iter().map(|(table, index)| {
        let (own, others) = rest.split_at(metrics(index.as_ref()).count());
        rest = others;
        row(table, index, own, window, options)
    });
    Ok(rows.collect())
}

/// What is asked of a table, or of an index.
fn metrics(index: Option<&String>) -> impl Iterator<Item = (&'static str, &'static str)> + use<> {
    let events = EVENTS.iter().map(|metric| (*metric, "Sum"));
    events.chain(UNITS).chain(FILLING.into_iter().filter(|_| index.is_some()).collect::<Vec<_>>())
}

fn queries_for(table: &str, index: Option<&String>) -> Vec<MetricQuery> {
    let query = |(metric, statistic)| MetricQuery { metric, table: table.to_owned(), index: index.cloned(), statistic };
    metrics(index).map(query).collect()
}

fn row(table: String, index: Option<String>, series: &[Series], window: Window, options: &Options) -> ThrottlingRow {
    let (events, rest) = series.split_at(EVENTS.len());
    let (units, filling) = rest.split_at(UNITS.len());
    let busy = options.busy.get(&table).filter(|_| index.is_none());
    let whole = busy.is_none_or(|since| judge::reaches(&units[..2], *since, window.period));
    let reporting = units.iter().any(|s| !s.is_empty());
    let while_made = filling.first().cloned().unwrap_or_default();
    // No total counts what is throttled while the index is made.
    let mut totals = events.to_vec();
    totals[1] = judge::add(&events[1], &while_made);
    let (verdict, note) = judge::judge(&totals, units, whole, options.max_events);
    let newest = filling.get(1).and_then(|s| s.last_key_value());
    let filled = newest.filter(|(at, percent)| **at >= window.to - FRESH.max(window.period.into()) && **percent < 100.0);
    let named = EVENTS.iter().zip(events).chain(FILLING.iter().map(|(name, _)| name).zip(filling).take(1));
    ThrottlingRow {
        table,
        index,
        events: named.map(|(name, s)| ((*name).to_owned(), judge::count(s, reporting))).collect(),
        consumed_read: judge::sum(&units[0]),
        consumed_write: judge::sum(&units[1]),
        provisioned_read: judge::last(&units[2]),
        provisioned_write: judge::last(&units[3]),
        read_series: judge::buckets(&units[0], window),
        write_series: judge::buckets(&units[1], window),
        throttle_series: judge::buckets(&judge::add(&totals[0], &totals[1]), window),
        filled: filled.map(|(_, percent)| *percent),
        verdict,
        note,
    }
}

/// A throttle is one whenever it is told; none so far is no answer yet.
fn too_soon(row: ThrottlingRow) -> ThrottlingRow {
    if row.verdict != Verdict::Match {
        return row;
    }
    let note = format!("{} so far, and CloudWatch is up to five minutes late: add --wait {}", row.note, LATE.as_secs());
    ThrottlingRow { verdict: Verdict::Inconclusive, note, ..row }
}

/// The smallest window of whole periods around the given one; at most 1,440 periods. Where it begins over 15 days ago, CloudWatch has
/// datapoints only for periods of whole five minutes: a shorter one gets none, which is not zero.
fn whole_minutes(from: i64, to: i64) -> Window {
    let minutes = ((to - from) / 60 / 1440 + 1).clamp(1, 1440);
    let minutes = if minutes > 15 { (minutes + 4) / 5 * 5 } else { minutes };
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
    fn a_window_that_begins_fifteen_days_ago_is_of_whole_five_minutes() {
        let day = 86_400;
        let period = |days: i64| whole_minutes(0, days * day).period;
        assert_eq!([1, 13, 14, 15].map(period), [2 * 60, 14 * 60, 15 * 60, 20 * 60]);
    }

    /// The series of a row: throttled writes, consumed writes, and what is told while an index is made.
    fn row_of(index: Option<&str>, throttled: f64, while_made: f64, progress: &[(i64, f64)]) -> ThrottlingRow {
        row_with(index, throttled, while_made, progress, None)
    }

    /// The same of a table that was certainly `busy` at a moment.
    fn row_with(index: Option<&str>, throttled: f64, while_made: f64, progress: &[(i64, f64)], busy: Option<i64>) -> ThrottlingRow {
        let mut options = Options { from: 0, to: 3_600, max_events: 0, busy: BTreeMap::new(), late: Duration::ZERO, wait: Duration::ZERO };
        let mut series = vec![Series::new(); metrics(index.map(str::to_owned).as_ref()).count()];
        series[1] = if throttled > 0.0 { Series::from([(60, throttled)]) } else { Series::new() };
        series[EVENTS.len() + 1] = Series::from([(60, 5.0)]);
        if index.is_some() {
            series[EVENTS.len() + UNITS.len()] = Series::from([(0, while_made)]);
            series[EVENTS.len() + UNITS.len() + 1] = progress.iter().copied().collect();
        }
        options.busy.extend(busy.map(|since| ("T".to_owned(), since)));
        row("T".into(), index.map(str::to_owned), &series, Window { from: 0, to: 3_600, period: 60 }, &options)
    }

    #[test]
    fn what_is_throttled_while_an_index_is_made_counts_and_its_progress_is_told_while_it_lasts() {
        let quiet = row_of(Some("I"), 0.0, 0.0, &[(2_700, 40.0), (3_000, 62.5)]);
        assert_eq!((quiet.verdict, quiet.filled), (Verdict::Match, Some(62.5)));
        assert_eq!(quiet.events.last(), Some(&("OnlineIndexThrottleEvents".to_owned(), Some(0))));
        assert_eq!(row_of(Some("I"), 0.0, 0.0, &[(2_100, 97.0)]).filled, None, "it was filled long ago");
        assert_eq!(row_of(Some("I"), 0.0, 0.0, &[(3_000, 100.0)]).filled, None, "it is whole");
        assert_eq!(row_of(Some("I"), 0.0, 3.0, &[]).note, "3 throttle events, 0 allowed");
        assert_eq!(row_of(Some("I"), 2.0, 3.0, &[]).note, "5 throttle events, 0 allowed");
        let table = row_of(None, 0.0, 0.0, &[]);
        assert_eq!((table.events.len(), table.filled), (EVENTS.len(), None));
    }

    #[test]
    fn what_a_table_was_certainly_asked_is_no_measure_for_its_indexes() {
        let verdict = |index, busy| row_with(index, 0.0, 0.0, &[], Some(busy)).verdict;
        assert_eq!((verdict(None, 100), verdict(None, 3_000)), (Verdict::Match, Verdict::Inconclusive), "its metrics end at 120");
        assert_eq!(verdict(Some("I"), 3_000), Verdict::Match);
    }

    #[test]
    fn no_throttle_passes_before_cloudwatch_has_had_its_time_and_one_that_is_told_counts_at_once() {
        let none = too_soon(row_of(None, 0.0, 0.0, &[]));
        assert_eq!(none.verdict, Verdict::Inconclusive);
        assert_eq!(none.note, "no throttle events so far, and CloudWatch is up to five minutes late: add --wait 300");
        let one = row_of(None, 1.0, 0.0, &[]);
        assert_eq!((too_soon(one.clone()).verdict, too_soon(one.clone()).note), (Verdict::Mismatch, one.note));
    }

    #[test]
    fn nothing_is_asked_in_vain_before_cloudwatch_has_had_its_time() {
        let of = |late, wait, elapsed| {
            let secs = Duration::from_secs;
            let options = Options { from: 0, to: 60, max_events: 0, busy: BTreeMap::new(), late: secs(late), wait: secs(wait) };
            pause(&options, secs(elapsed)).as_secs()
        };
        assert_eq!([of(300, 420, 1), of(300, 420, 300), of(300, 420, 415)], [299, 10, 5]);
        assert_eq!([of(300, 200, 1), of(0, 420, 1)], [199, 10]);
    }

    #[test]
    fn a_long_window_gets_longer_periods() {
        let week = whole_minutes(0, 7 * 86_400);
        assert_eq!(week.period % 60, 0);
        assert!((week.to - week.from) / i64::from(week.period) <= 1441);
    }
}
