//! An index that is being filled, as its metrics tell it: how far it is, and nothing before it began or after it was ACTIVE.
//!
//! Rule: pure; what is told of a period is what stood at its end, or at the moment of asking. The filling is even: nobody documents
//! how it goes. Called by `series`.

use super::series::Stat;

const MINUTE: u64 = 60_000;

/// One filling, in epoch milliseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fill {
    pub(super) from: u64,
    pub(super) until: u64,
    /// When nothing was told any more: at its end, or earlier when the index was given up.
    pub(super) over: u64,
    pub(super) tells: Tells,
}

/// What a metric tells of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tells {
    Percent,
    /// `OnlineIndexThrottleEvents` and `OnlineIndexConsumedWriteCapacity` are always 0 by now (Developer Guide, managing global
    /// secondary indexes).
    Zero,
}

impl Fill {
    /// The datapoints in `[from, to)` minutes, each about `every` minutes.
    pub(super) fn points(&self, every: i64, from: i64, to: i64, now: u64) -> impl Iterator<Item = (i64, Stat)> + use<'_> {
        let begun = if now < self.from { i64::MIN } else { self.last(now) + 1 };
        let all = from.max(minute(self.from).div_euclid(every) * every)..to.min(begun);
        all.filter(move |minute| minute.rem_euclid(every) == 0)
            .map(move |minute| (minute, Stat::of(self.at(end(minute + every), now), 1.0)))
    }

    /// The last minute of which something is told.
    pub(super) fn last(&self, now: u64) -> i64 {
        minute(self.over.saturating_sub(1).min(now))
    }

    fn at(&self, end: u64, now: u64) -> f64 {
        match self.tells {
            Tells::Zero => 0.0,
            Tells::Percent => {
                let done = end.min(now).min(self.over).saturating_sub(self.from);
                #[allow(clippy::cast_precision_loss, reason = "milliseconds of hours")]
                let share = done as f64 / self.until.saturating_sub(self.from).max(1) as f64;
                (share * 100.0).clamp(0.0, 100.0)
            }
        }
    }
}

fn minute(millis: u64) -> i64 {
    i64::try_from(millis / MINUTE).unwrap_or(i64::MAX)
}

fn end(minute: i64) -> u64 {
    u64::try_from(minute).unwrap_or(0).saturating_mul(MINUTE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(fill: &Fill, now: u64) -> Vec<(i64, f64)> {
        fill.points(5, 0, 1_000, now).map(|(minute, stat)| (minute, stat.sum)).collect()
    }

    #[test]
    fn it_is_told_how_far_it_is_until_it_is_active_and_never_after() {
        let fill = Fill { from: 2 * MINUTE, until: 12 * MINUTE, over: 12 * MINUTE, tells: Tells::Percent };
        assert!(told(&fill, MINUTE).is_empty());
        assert_eq!(told(&fill, 3 * MINUTE), [(0, 10.0)]);
        assert_eq!(told(&fill, 7 * MINUTE), [(0, 30.0), (5, 50.0)]);
        assert_eq!(told(&fill, 500 * MINUTE), [(0, 30.0), (5, 80.0), (10, 100.0)]);
        let whole = Fill { until: 10 * MINUTE, over: 10 * MINUTE, ..fill };
        assert_eq!(told(&whole, 500 * MINUTE), [(0, 37.5), (5, 100.0)], "nothing of the minute in which it is ACTIVE");
    }

    #[test]
    fn what_was_given_up_is_told_as_far_as_it_was() {
        let fill = Fill { from: 0, until: 20 * MINUTE, over: 6 * MINUTE, tells: Tells::Percent };
        assert_eq!(told(&fill, 500 * MINUTE), [(0, 25.0), (5, 30.0)]);
        assert_eq!(told(&Fill { tells: Tells::Zero, ..fill }, 500 * MINUTE), [(0, 0.0), (5, 0.0)]);
    }
}
