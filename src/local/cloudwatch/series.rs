//! The datapoints: per metric and minute, the levels that hold until they change, and the indexes that are being filled.
//!
//! Rule: a metric that AWS gathers every five minutes (Developer Guide, "DynamoDB metrics and dimensions") has its datapoints there.

use super::fill::Fill;
use crate::clock::Clock;
use std::collections::BTreeMap;

/// AWS keeps one-minute datapoints for 15 days.
const KEPT: i64 = 15 * 24 * 60;

/// What AWS gathers every five minutes, by how the names begin. Provisioned capacity is told every minute here, so that a rehearsal
/// of minutes sees it.
const SLOW: [&str; 2] = ["OnDemandMax", "OnlineIndex"];

/// A metric, whole.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name {
    pub(super) region: String,
    pub(super) namespace: String,
    pub(super) metric: String,
    pub(super) dimensions: BTreeMap<String, String>,
}

/// What was seen in a minute, or in a longer period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Stat {
    pub(super) sum: f64,
    pub(super) count: f64,
    pub(super) min: f64,
    pub(super) max: f64,
}

impl Name {
    /// How many minutes one datapoint is about.
    fn every(&self) -> i64 {
        if self.namespace == "AWS/DynamoDB" && SLOW.iter().any(|slow| self.metric.starts_with(slow)) { 5 } else { 1 }
    }
}

impl Stat {
    /// `count` samples of `value`.
    pub(super) fn of(value: f64, count: f64) -> Self {
        Self { sum: value * count, count, min: value, max: value }
    }

    /// Both together.
    pub(super) fn and(self, other: Self) -> Self {
        Self { sum: self.sum + other.sum, count: self.count + other.count, min: self.min.min(other.min), max: self.max.max(other.max) }
    }

    /// A statistic by its name.
    pub(super) fn get(&self, statistic: &str) -> Option<f64> {
        match statistic {
            "Sum" => Some(self.sum),
            "Average" => Some(self.sum / self.count),
            "Minimum" => Some(self.min),
            "Maximum" => Some(self.max),
            "SampleCount" => Some(self.count),
            _ => None,
        }
    }
}

/// All metrics.
#[derive(Debug, Default)]
pub(super) struct Series {
    pub(super) clock: Clock,
    pub(super) points: BTreeMap<Name, BTreeMap<i64, Stat>>,
    /// From which minute on which value held.
    pub(super) levels: BTreeMap<Name, BTreeMap<i64, Option<i64>>>,
    /// What is told of indexes while they are being filled, one after another.
    pub(super) fills: BTreeMap<Name, Vec<Fill>>,
}

impl Series {
    /// One sample, now.
    pub(super) fn record(&mut self, name: Name, value: f64) {
        self.add(name, self.minute(), Stat::of(value, 1.0));
    }

    /// Samples of `minute`.
    pub(super) fn add(&mut self, name: Name, minute: i64, stat: Stat) {
        let points = self.points.entry(name).or_default();
        points.entry(minute).and_modify(|s| *s = s.and(stat)).or_insert(stat);
        while points.first_key_value().is_some_and(|(first, _)| *first < minute - KEPT) {
            points.pop_first();
        }
    }

    /// From now on `name` stands at `value`, or nowhere.
    pub(super) fn level(&mut self, name: Name, value: Option<i64>) {
        let now = self.minute();
        let levels = self.levels.entry(name).or_default();
        if levels.last_key_value().map(|(_, v)| *v) != Some(value) && (value.is_some() || !levels.is_empty()) {
            levels.insert(now, value);
        }
    }

    /// The datapoints of `name` in `[from, to)` minutes.
    pub(super) fn points(&self, name: &Name, from: i64, to: i64) -> BTreeMap<i64, Stat> {
        let mut found: BTreeMap<i64, Stat> =
            self.points.get(name).into_iter().flat_map(|p| p.range(from..to.max(from))).map(|(m, s)| (*m, *s)).collect();
        let (every, now) = (name.every(), self.minute());
        if let Some(levels) = self.levels.get(name) {
            let first = levels.first_key_value().map_or(to, |(m, _)| m.div_euclid(every) * every);
            let all = from.max(first).max(now - KEPT)..to.min(now + 1);
            for minute in all.filter(|minute| minute.rem_euclid(every) == 0) {
                if let Some((_, Some(value))) = levels.range(..=(minute + every - 1).min(now)).next_back() {
                    #[allow(clippy::cast_precision_loss, reason = "capacity units are far below 2^52")]
                    found.insert(minute, Stat::of(*value as f64, 1.0));
                }
            }
        }
        for fill in self.fills.get(name).into_iter().flatten() {
            found.extend(fill.points(every, from.max(now - KEPT), to, self.clock.now_ms()));
        }
        found
    }

    /// This minute, counted from 1970.
    pub(super) fn minute(&self) -> i64 {
        i64::try_from(self.clock.now_ms() / 60_000).unwrap_or(i64::MAX)
    }

    /// Every metric of `region`, with the last minute in which it had a datapoint.
    pub(super) fn names(&self, region: &str) -> BTreeMap<&Name, i64> {
        let points = self.points.iter().filter_map(|(name, p)| Some((name, *p.last_key_value()?.0)));
        let levels = self.levels.iter().filter_map(|(name, levels)| {
            let (at, value) = levels.last_key_value()?;
            Some((name, if value.is_some() { self.minute() } else { *at }))
        });
        let now = self.clock.now_ms();
        let begun = |fills: &[Fill]| fills.iter().rfind(|fill| fill.from <= now).map(|fill| fill.last(now));
        let fills = self.fills.iter().filter_map(|(name, fills)| Some((name, begun(fills)?)));
        points.chain(levels).chain(fills).filter(|(name, _)| name.region == region).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name() -> Name {
        Name { region: "r".into(), namespace: "n".into(), metric: "m".into(), dimensions: BTreeMap::new() }
    }

    #[test]
    fn a_minute_gathers_its_samples() {
        let mut series = Series::default();
        for value in [1.0, 4.0, 7.0] {
            series.add(name(), 10, Stat::of(value, 1.0));
        }
        let stat = series.points(&name(), 10, 11)[&10];
        let all = ["Sum", "Average", "Minimum", "Maximum", "SampleCount", "p99"].map(|s| stat.get(s));
        assert_eq!(all, [Some(12.0), Some(4.0), Some(1.0), Some(7.0), Some(3.0), None]);
        assert!(series.points(&name(), 11, 20).is_empty(), "absent is not zero");
    }

    #[test]
    fn a_level_holds_until_it_changes_and_never_into_the_future() {
        let mut series = Series::default();
        let now = series.minute();
        series.levels.insert(name(), BTreeMap::from([(now - 5, Some(3)), (now - 2, None), (now - 1, Some(9))]));
        let values: Vec<(i64, f64)> = series.points(&name(), now - 10, now + 10).into_iter().map(|(m, s)| (m - now, s.sum)).collect();
        assert_eq!(values, [(-5, 3.0), (-4, 3.0), (-3, 3.0), (-1, 9.0), (0, 9.0)]);
    }

    #[test]
    fn what_is_gathered_every_five_minutes_is_told_at_their_beginnings_as_it_stood_last() {
        let mut series = Series { clock: Clock::manual(12 * 60_000), ..Series::default() };
        let name = Name { namespace: "AWS/DynamoDB".into(), metric: "OnDemandMaxReadRequestUnits".into(), ..name() };
        series.levels.insert(name.clone(), BTreeMap::from([(3, Some(7)), (4, Some(9)), (11, Some(2))]));
        let values: Vec<(i64, f64)> = series.points(&name, 0, 60).into_iter().map(|(m, s)| (m, s.sum)).collect();
        assert_eq!(values, [(0, 9.0), (5, 9.0), (10, 2.0)]);
    }

    #[test]
    fn what_never_was_has_no_level() {
        let mut series = Series::default();
        series.level(name(), None);
        assert!(series.names("r").is_empty());
    }
}
