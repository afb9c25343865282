//! Whether a plan can be over in time, at its worst.
//!
//! Rules: the calls of one resource are serial; the file's buckets go in a row, and then all others side by side, [`AT_ONCE`] at a time:
//! each resource must end in time from its turn on, waits and cooldowns included. What has no known end (an index's backfill) is never
//! promised, whoever began it; of other motion that apply waits for first nobody tells how long it takes, which is said. A limit of which
//! AWS does not tell how much is spent is rarely spent, and no reason to refuse each plan that meets one: the call is named beside the
//! deadline.
//! Called by [`super::make`]; `apply` can ask again with its own clock.

use super::budget::Limited;
use super::cost::unbounded;
use super::model::{Goal, Planned, Refusal, Work};
use super::words;
use crate::live::normal::is_creating;
use crate::safe;
use jiff::Timestamp;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::str::FromStr;

/// How many resources are in motion at once. AWS allows an account some hundreds (its quotas page), shared with everybody else.
pub const AT_ONCE: usize = 50;

/// When a plan must be done: a time, or a span from now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deadline {
    /// Epoch milliseconds.
    At(u64),
    /// Milliseconds.
    In(u64),
}

impl Deadline {
    /// Epoch milliseconds, seen from `now_ms`.
    pub fn at(self, now_ms: u64) -> u64 {
        match self {
            Self::At(at) => at,
            Self::In(span) => now_ms.saturating_add(span),
        }
    }
}

impl FromStr for Deadline {
    type Err = String;

    /// `90m`, `2h`, `45s`, `1d`, or RFC 3339 with its zone (`2026-11-21T02:00Z`).
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "a deadline is a span (`90m`, `2h`) or a time with its zone (`2026-11-21T02:00Z`)".to_owned();
        if let Ok(at) = text.parse::<Timestamp>() {
            return u64::try_from(at.as_millisecond()).map(Self::At).map_err(|_| wrong());
        }
        let unit = text.chars().last().ok_or_else(wrong)?;
        let seconds = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            _ => return Err(wrong()),
        };
        let number: u64 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
        number.checked_mul(seconds * 1000).map(Self::In).ok_or_else(wrong)
    }
}

/// Which of `works`, begun at `now_ms`, may not be done by `deadline_ms`, and why; none: all are, even at their worst.
pub fn missed(works: &[Work], now_ms: u64, deadline_ms: u64) -> Vec<Refusal> {
    let missed = |(work, turn): (&Work, u64)| {
        let (reason, recipe) = awaited(work, deadline_ms).or_else(|| late(&work.steps, now_ms.saturating_add(turn), deadline_ms))?;
        Some(Refusal { target: work.target.clone(), reason, recipe })
    };
    works.iter().zip(turns(works)).filter_map(missed).collect()
}

/// When the turn of each comes at the latest, milliseconds from the beginning.
fn turns(works: &[Work]) -> Vec<u64> {
    let takes = |work: &Work| work.steps.iter().map(|s| s.seconds.1.saturating_mul(1000)).fold(0, u64::saturating_add);
    let in_a_row = |work: &&Work| matches!(work.goal, Goal::Bucket(_));
    let row = works.iter().filter(in_a_row).map(takes).fold(0, u64::saturating_add);
    let (mut bucket, mut free) = (0_u64, BinaryHeap::from([Reverse(row); AT_ONCE]));
    let turn = |work: &Work| {
        if in_a_row(&work) {
            let turn = bucket;
            bucket = turn.saturating_add(takes(work));
            return turn;
        }
        let Reverse(turn) = free.pop().unwrap_or(Reverse(row));
        free.push(Reverse(turn.saturating_add(takes(work))));
        turn
    };
    works.iter().map(turn).collect()
}

/// What may take `work` longer than any deadline, one line each: what AWS has under way (where it is bound to be long, that is refused),
/// and calls that AWS may refuse. The wait for TTL is bounded, and counted.
pub fn unpromised(work: &Work) -> Vec<String> {
    let moving = under_way(work).filter(|motion| !is_creating(motion)).map(|motion| {
        let target = safe::text(&work.target.to_string());
        format!(
            "the deadline is not promised for {target}: apply waits first: {}, and AWS does not tell how long that takes",
            safe::text(motion)
        )
    });
    let line = |(at, planned): (usize, &Planned)| {
        let what = planned.untold.as_ref().filter(|what| **what != Limited::Ttl)?;
        let (counted, window) = what.words();
        let target = safe::text(&work.target.to_string());
        let (step, allowed) = (&planned.step, what.allowed().0);
        let of_it = format!("AWS allows {allowed} {counted} {window}, and does not tell how many are spent");
        Some(format!(
            "the deadline is not promised for {target}: step {}, {step}: {of_it}; where none is left, apply ends with exit code 8",
            at + 1
        ))
    };
    moving.chain(work.steps.iter().enumerate().filter_map(line)).collect()
}

/// What apply waits for before its first call, of a work that has one.
fn under_way(work: &Work) -> impl Iterator<Item = &String> {
    work.before.busy().iter().filter(|_| !work.steps.is_empty())
}

fn awaited(work: &Work, deadline_ms: u64) -> Option<(String, String)> {
    let motion = under_way(work).find(|motion| is_creating(motion))?;
    let (motion, deadline) = (safe::text(motion), words::time(deadline_ms));
    let reason = format!("apply waits first: {motion}, which has no known end, so the deadline {deadline} cannot be promised");
    Some((reason, "wait until that is over, and plan again".into()))
}

fn late(steps: &[Planned], now_ms: u64, deadline_ms: u64) -> Option<(String, String)> {
    let deadline = words::time(deadline_ms);
    let mut end = now_ms;
    for (at, planned) in steps.iter().enumerate() {
        end = end.saturating_add(planned.seconds.1.saturating_mul(1000));
        let step = format!("step {}, {},", at + 1, planned.step);
        if let Some(why) = unbounded(&planned.step) {
            let reason = format!("{step} has no known end ({why}), so the deadline {deadline} cannot be promised");
            return Some((reason, "apply this before, without --deadline; then plan the rest with it".into()));
        }
        if end > deadline_ms {
            let minutes = steps.iter().map(|s| s.seconds.1).sum::<u64>().div_ceil(60);
            let recipe = "begin earlier, give a later --deadline, or leave this change to another day";
            let reason = format!("{step} may end only at {}, after the deadline {deadline}", words::time(end));
            return Some((reason, format!("{recipe}; at its worst the whole takes {minutes} min")));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_to_wait_for_a_turn_is_late_sooner() {
        use crate::plan::samples::{bucket, desired, live, plan_of, seen, table};
        use crate::plan::{Approvals, Desired};
        let names: Vec<&'static str> = (0..AT_ONCE + 2).map(|n| &*format!("T{n:02}").leak()).collect();
        let changed = crate::resource::Table { ttl: Some("expires".into()), ..table() };
        let desired = desired(names.iter().map(|name| (*name, changed.clone())));
        let there = seen(names.iter().map(|name| (*name, live(table()))));
        let plan = plan_of(&desired, &there, &Approvals::default());
        let hour = 3_600_000;
        let late = |works: &[Work], ms| missed(works, 0, ms).iter().map(|r| r.target.name().to_owned()).collect::<Vec<_>>();
        assert_eq!(late(&plan.works, hour + hour / 2), names[AT_ONCE..], "one round of up to 61 minutes is in time, two are not");
        assert_eq!(late(&plan.works, 3 * hour), [""; 0]);
        let buckets = [("a", bucket()), ("b", bucket())].map(|(name, bucket)| (name.to_owned(), bucket)).into();
        let plan = plan_of(&Desired { buckets, ..desired }, &there, &Approvals::default());
        let alone = |work: &Work| work.steps.iter().map(|s| s.seconds.1 * 1000).sum::<u64>();
        let turns = turns(&plan.works);
        assert_eq!((turns[0], turns[1], turns[2]), (0, alone(&plan.works[0]), alone(&plan.works[0]) + alone(&plan.works[1])));
    }

    #[test]
    fn a_deadline_is_a_span_or_a_time_with_its_zone() {
        let good = [
            ("90m", Deadline::In(5_400_000)),
            ("45s", Deadline::In(45_000)),
            ("2h", Deadline::In(7_200_000)),
            ("1d", Deadline::In(86_400_000)),
            ("2026-11-21T02:00Z", Deadline::At(1_795_226_400_000)),
            ("2026-11-21T03:00:00+01:00", Deadline::At(1_795_226_400_000)),
        ];
        for (text, want) in good {
            assert_eq!(text.parse(), Ok(want), "{text}");
        }
        for text in ["", "m", "90", "-5m", "1.5h", "9w", "2026-11-21T02:00", "02:00Z", "99999999999999999999m", "9999999999999999d", "5µ"]
        {
            assert!(text.parse::<Deadline>().is_err(), "{text}");
        }
        assert_eq!((Deadline::In(5).at(7), Deadline::At(5).at(7)), (12, 5));
    }
}
