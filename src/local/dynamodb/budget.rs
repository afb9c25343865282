//! What AWS allows only so often: decreases of capacity, changes of encryption, class and billing mode.
//!
//! Rules: pure; the windows are AWS's, paced by the caller's clock; an attempt that is refused changes nothing.
//! Called by `update` before anything is done.

use super::notes::{Capacity, Throughput};
use crate::local::fault::Fault;
use crate::local::moment::Time;
use std::time::Duration;

const DAY_MS: u64 = 86_400_000;
/// Decreases that a UTC day begins with (quotas page); after them one an hour after the last.
const DECREASES: u32 = 4;
const HOUR: Duration = Duration::from_hours(1);

/// `NumberOfDecreasesToday`: it starts anew at midnight UTC.
pub(super) fn decreases_today(of: &Throughput, now: u64) -> u32 {
    if of.decreased.map(|at| at / DAY_MS) == Some(now / DAY_MS) { of.decreases } else { 0 }
}

/// `of` after a change of capacity from `old` to `new`; refused when the decreases are used up.
pub(super) fn change(of: &Throughput, old: Capacity, new: Capacity, time: &Time) -> Result<Throughput, Fault> {
    let now = time.now_ms();
    let mut after = of.clone();
    if new.read < old.read || new.write < old.write {
        let today = decreases_today(of, now);
        if let Some(next) = of.decreased.filter(|_| today >= DECREASES).map(|last| next_decrease(last, time)).filter(|next| now < *next) {
            return Err(too_many(today, of.decreased.unwrap_or(now), next));
        }
        after.decreases = today + 1;
        after.decreased = Some(now);
    }
    if new.read > old.read || new.write > old.write {
        after.increased = Some(now);
    }
    Ok(after)
}

/// An hour after the last, or midnight.
fn next_decrease(last: u64, time: &Time) -> u64 {
    (last + time.paced(HOUR)).min((last / DAY_MS + 1) * DAY_MS)
}

fn too_many(today: u32, last: u64, next: u64) -> Fault {
    let told = format!(
        "Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC day. After the first {DECREASES} \
         decreases, each subsequent decrease in the same UTC day can be performed at most once every 3600 seconds. Number of decreases \
         today: {today}. Last decrease at {}. Next decrease can be made at {}",
        spoken(last),
        spoken(next)
    );
    Fault::new("LimitExceededException", told)
}

/// `Friday, October 9, 2026 at 12:21:34 AM Coordinated Universal Time`.
fn spoken(millis: u64) -> String {
    let at = jiff::Timestamp::from_millisecond(i64::try_from(millis).unwrap_or(i64::MAX)).unwrap_or_default();
    at.to_zoned(jiff::tz::TimeZone::UTC).strftime("%A, %B %-d, %Y at %-I:%M:%S %p Coordinated Universal Time").to_string()
}

/// Changes of one kind that are remembered for a window.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quota {
    /// In words, as a person knows it.
    what: &'static str,
    times: usize,
    window: Duration,
    /// After the quota is spent, one more this long after the last.
    then: Option<Duration>,
}

/// Encryption: four in 24 hours, then one in six (one lab's figures).
pub(super) const ENCRYPTION: Quota =
    Quota { what: "Table encryption mode", times: 4, window: Duration::from_hours(24), then: Some(Duration::from_hours(6)) };
/// Storage class: two in 30 days (Developer Guide, table classes).
pub(super) const CLASS: Quota = Quota { what: "Table class", times: 2, window: Duration::from_hours(30 * 24), then: None };
/// To on-demand: four in 24 hours (Developer Guide, switching capacity modes).
pub(super) const ON_DEMAND: Quota = Quota { what: "PayPerRequest mode", times: 4, window: Duration::from_hours(24), then: None };

impl Quota {
    /// Refuses one more change now, after those of `past` (epoch milliseconds, ascending).
    pub(super) fn check(&self, past: &[u64], time: &Time) -> Result<(), Fault> {
        let recent: Vec<u64> = past.iter().copied().filter(|at| time.within(*at, self.window)).collect();
        let (Some(first), Some(last)) = (recent.first(), recent.last()) else { return Ok(()) };
        let next = self.then.map_or(first + time.paced(self.window), |then| last + time.paced(then));
        if recent.len() < self.times || time.now_ms() >= next {
            return Ok(());
        }
        let (what, times, hours) = (self.what, self.times, self.window.as_secs() / 3_600);
        let message = format!(
            "Subscriber limit exceeded: Updates to {what} are limited to {times} times in {hours} hour(s). Last update at {}. Next update can \
             be made at {}",
            spoken(*last),
            spoken(next)
        );
        Err(Fault::new("LimitExceededException", message))
    }

    /// Remembers a change now, and forgets what no longer counts.
    pub(super) fn note(&self, past: &mut Vec<u64>, time: &Time) {
        past.retain(|at| time.within(*at, self.window));
        past.push(time.now_ms());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    /// 2026-10-09T00:21:34Z.
    const START: u64 = 1_791_505_294_000;

    fn time() -> Time {
        Time { clock: Clock::manual(START), lag: Duration::ZERO }
    }

    fn lower(of: &Throughput, time: &Time) -> Result<Throughput, Fault> {
        change(of, Capacity { read: 5, write: 5 }, Capacity { read: 4, write: 9 }, time)
    }

    #[test]
    fn four_decreases_a_day_then_one_an_hour_and_a_new_day_begins_anew() {
        let time = time();
        let mut of = Throughput::default();
        for _ in 0..4 {
            of = lower(&of, &time).expect("within the four");
        }
        let refused = lower(&of, &time).expect_err("the fifth");
        assert_eq!(refused.code, "LimitExceededException");
        assert!(refused.message.ends_with("Next decrease can be made at Friday, October 9, 2026 at 1:21:34 AM Coordinated Universal Time"));
        assert!(refused.message.contains("Number of decreases today: 4."), "{}", refused.message);
        time.clock.advance(Duration::from_secs(3_599));
        assert!(lower(&of, &time).is_err());
        time.clock.advance(Duration::from_secs(1));
        of = lower(&of, &time).expect("after an hour");
        assert_eq!(decreases_today(&of, time.now_ms()), 5);
        assert!(lower(&of, &time).is_err());
        time.clock.advance(Duration::from_hours(23));
        assert_eq!(decreases_today(&of, time.now_ms()), 0);
        assert_eq!(lower(&of, &time).map(|of| of.decreases), Ok(1));
    }

    #[test]
    fn the_next_decrease_is_at_midnight_where_that_is_sooner() {
        let time = Time { clock: Clock::manual(START - 1_800_000), lag: Duration::ZERO };
        let spent = Throughput { decreased: Some(time.now_ms()), decreases: 4, increased: None };
        let refused = lower(&spent, &time).expect_err("the fifth");
        assert!(refused.message.ends_with("Friday, October 9, 2026 at 12:00:00 AM Coordinated Universal Time"), "{}", refused.message);
    }

    #[test]
    fn a_decrease_of_either_side_is_one() {
        let (time, five) = (time(), Capacity { read: 5, write: 5 });
        for to in [Capacity { read: 4, ..five }, Capacity { write: 4, ..five }] {
            assert_eq!(change(&Throughput::default(), five, to, &time).map(|of| of.decreases), Ok(1), "{to:?}");
        }
    }

    #[test]
    fn an_increase_costs_nothing() {
        let time = time();
        let spent = Throughput { decreased: Some(START), decreases: 4, increased: None };
        let after = change(&spent, Capacity { read: 1, write: 1 }, Capacity { read: 2, write: 1 }, &time).expect("allowed");
        assert_eq!((after.decreases, after.increased), (4, Some(START)));
    }

    #[test]
    fn encryption_changes_four_times_a_day_and_then_every_six_hours() {
        let time = time();
        let mut past = Vec::new();
        for _ in 0..4 {
            ENCRYPTION.check(&past, &time).expect("within the four");
            ENCRYPTION.note(&mut past, &time);
        }
        assert!(ENCRYPTION.check(&past, &time).is_err());
        time.clock.advance(Duration::from_hours(6));
        ENCRYPTION.check(&past, &time).expect("six hours later");
        ENCRYPTION.note(&mut past, &time);
        assert!(ENCRYPTION.check(&past, &time).is_err());
    }

    #[test]
    fn a_class_changes_twice_in_thirty_days() {
        let time = time();
        let mut past = Vec::new();
        CLASS.note(&mut past, &time);
        time.clock.advance(Duration::from_hours(24));
        CLASS.check(&past, &time).expect("the second");
        CLASS.note(&mut past, &time);
        assert!(CLASS.check(&past, &time).is_err());
        time.clock.advance(Duration::from_hours(29 * 24));
        assert_eq!(CLASS.check(&past, &time), Ok(()), "the first no longer counts");
    }
}
