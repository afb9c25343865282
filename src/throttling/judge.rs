//! Datapoints to a verdict: pure.

use crate::aws::metrics::{Series, Window};
use crate::report::model::Verdict;

/// How many buckets a series is drawn with, at most.
const BUCKETS: usize = 60;

/// The sum of the datapoints; `None` without any.
pub(super) fn sum(series: &Series) -> Option<f64> {
    (!series.is_empty()).then(|| series.values().sum())
}

/// The newest datapoint.
pub(super) fn last(series: &Series) -> Option<f64> {
    series.values().next_back().copied()
}

/// Events in a series: absent means zero only where the resource is `reporting` otherwise.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // event counts: whole and not negative
pub(super) fn count(series: &Series, reporting: bool) -> Option<u64> {
    match sum(series) {
        Some(events) => Some(events.max(0.0).round() as u64),
        None => reporting.then_some(0),
    }
}

/// Pointwise sum.
pub(super) fn add(a: &Series, b: &Series) -> Series {
    let mut all = a.clone();
    for (time, value) in b {
        *all.entry(*time).or_insert(0.0) += value;
    }
    all
}

/// Whether one of `consumed` has a period that ends after `since`.
pub(super) fn reaches(consumed: &[Series], since: i64, period: i32) -> bool {
    consumed.iter().filter_map(|s| s.keys().next_back()).any(|start| start + i64::from(period) > since)
}

/// `events`: the throttle metrics, totals first; `units`: consumed and provisioned; `whole`: the data reaches as far as it must.
pub(super) fn judge(events: &[Series], units: &[Series], whole: bool, max_events: u64) -> (Verdict, String) {
    let reporting = units.iter().any(|s| !s.is_empty());
    let counted: Vec<u64> = events.iter().filter_map(|s| count(s, reporting)).collect();
    // A cause can be counted where the total is late, so neither is trusted alone.
    let totals: u64 = counted.iter().take(2).sum();
    let causes: u64 = counted.iter().skip(2).sum();
    let throttled = totals.max(causes);
    if throttled > max_events {
        return (Verdict::Mismatch, format!("{throttled} throttle events, {max_events} allowed"));
    }
    if !reporting {
        return (Verdict::Inconclusive, "CloudWatch has no data for this window, which is not zero".into());
    }
    if !whole {
        let note = "CloudWatch's data ends before the work did: run `landfall throttling` again in some minutes";
        return (Verdict::Inconclusive, note.into());
    }
    let allowed =
        if throttled == 0 { "no throttle events".to_owned() } else { format!("{throttled} throttle events, {max_events} allowed") };
    (Verdict::Match, allowed)
}

/// The series over the window in at most [`BUCKETS`] equal buckets; `None`: no datapoint in it.
pub(super) fn buckets(series: &Series, window: Window) -> Vec<Option<f64>> {
    let period = i64::from(window.period);
    let periods = usize::try_from((window.to - window.from) / period).unwrap_or(1).max(1);
    let per_bucket = periods.div_ceil(BUCKETS);
    let mut drawn = vec![None; periods.div_ceil(per_bucket)];
    for (time, value) in series {
        let at = usize::try_from((time - window.from) / period).unwrap_or(0) / per_bucket;
        if let Some(bucket) = drawn.get_mut(at) {
            *bucket = Some(bucket.unwrap_or(0.0) + value);
        }
    }
    drawn
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn none() -> Vec<Series> {
        vec![Series::new(); 4]
    }

    fn some(value: f64) -> Series {
        BTreeMap::from([(60, value)])
    }

    #[test]
    fn nothing_at_all_is_unknown_and_not_zero() {
        let (verdict, note) = judge(&vec![Series::new(); 10], &none(), true, 0);
        assert_eq!(verdict, Verdict::Inconclusive, "{note}");
        assert_eq!(count(&Series::new(), false), None);
    }

    #[test]
    fn no_throttle_metric_beside_consumption_is_zero() {
        let units = [some(3.0), Series::new(), Series::new(), Series::new()];
        assert_eq!(judge(&vec![Series::new(); 10], &units, true, 0).0, Verdict::Match);
        assert_eq!(count(&Series::new(), true), Some(0));
    }

    #[test]
    fn one_event_over_the_gate_is_no_even_without_other_metrics() {
        for at in 0..10 {
            let mut events = vec![Series::new(); 10];
            events[at] = some(1.0);
            assert_eq!(judge(&events, &none(), true, 0).0, Verdict::Mismatch, "metric {at}");
        }
    }

    #[test]
    fn events_within_the_gate_pass_and_are_told() {
        let mut events = vec![Series::new(); 10];
        events[1] = some(4.0);
        let units = [some(3.0), Series::new(), Series::new(), Series::new()];
        assert_eq!(judge(&events, &units, true, 4), (Verdict::Match, "4 throttle events, 4 allowed".into()));
        assert_eq!(judge(&events, &units, true, 3).0, Verdict::Mismatch);
    }

    #[test]
    fn causes_are_not_counted_on_top_of_their_total() {
        let mut events = vec![Series::new(); 10];
        events[1] = some(4.0);
        events[3] = some(4.0);
        let units = [some(3.0), Series::new(), Series::new(), Series::new()];
        assert_eq!(judge(&events, &units, true, 4).0, Verdict::Match);
    }

    #[test]
    fn data_that_ends_before_the_work_did_proves_nothing_and_hides_nothing() {
        let consumed = [some(3.0), Series::new()];
        assert!(reaches(&consumed, 119, 60), "the minute from 60 to 120");
        assert!(!reaches(&consumed, 120, 60) && !reaches(&[Series::new(), Series::new()], 0, 60));
        let units = [some(3.0), Series::new(), Series::new(), Series::new()];
        assert_eq!(judge(&vec![Series::new(); 10], &units, false, 0).0, Verdict::Inconclusive);
        let mut events = vec![Series::new(); 10];
        events[1] = some(1.0);
        assert_eq!(judge(&events, &units, false, 0).0, Verdict::Mismatch);
    }

    #[test]
    fn buckets_keep_gaps_as_gaps() {
        let window = Window { from: 0, to: 240, period: 60 };
        let series = BTreeMap::from([(60, 2.0), (180, 5.0)]);
        assert_eq!(buckets(&series, window), [None, Some(2.0), None, Some(5.0)]);
    }
}
