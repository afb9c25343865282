//! What target tracking makes of the load: capacity follows what is consumed, up soon and down late.
//!
//! Pure. The rule (Developer Guide, "DynamoDB auto scaling"; Knowledge Center, "DynamoDB auto scaling is not working"): out when two
//! minutes on end were above the target, in when fifteen on end were 20 points or more below it; then so much that what was consumed
//! is at the target, within the range. A minute in which nothing was consumed counts as 0 (one lab: idle tables are scaled in).
//! Called by `act`, for every minute that has gone by.

use crate::local::dynamodb::units_of;
use serde_json::Value;

/// Minutes on end that are above, or below.
const OUT: usize = 2;
const IN: usize = 15;
/// So far below the target that there is too much capacity.
const BELOW: f64 = 0.2;

/// Less than this is no difference.
const ROUNDING: f64 = 1e-9;

/// A policy, as far as it decides anything.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Tracking {
    /// The share that shall be used, 0 to 1.
    target: f64,
    scales_in: bool,
    /// Seconds after a change out, or in, before the next of its kind.
    out_cooldown: u64,
    in_cooldown: u64,
}

/// One change of capacity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Out(i64),
    In(i64),
}

impl Step {
    pub(super) fn to(self) -> i64 {
        match self {
            Self::Out(units) | Self::In(units) => units,
        }
    }
}

impl Tracking {
    /// Reads a policy as it was put.
    pub(super) fn of(policy: &Value) -> Option<Self> {
        let tracking = policy.get("TargetTrackingScalingPolicyConfiguration")?;
        let seconds = |name: &str| tracking.get(name).and_then(Value::as_u64).unwrap_or(0);
        Some(Self {
            target: tracking.get("TargetValue")?.as_f64()? / 100.0,
            scales_in: tracking.get("DisableScaleIn").and_then(Value::as_bool) != Some(true),
            out_cooldown: seconds("ScaleOutCooldown"),
            in_cooldown: seconds("ScaleInCooldown"),
        })
    }

    /// What to do, after minutes in which `used` units were consumed (the newest last), with `capacity` units a second.
    pub(super) fn step(&self, used: &[f64], capacity: i64, range: (i64, i64)) -> Option<Step> {
        let share = |units: f64| units / 60.0 / units_of(capacity.max(1));
        let newest = |minutes: usize| used.len().checked_sub(minutes).map(|from| &used[from..]);
        let most = |minutes: &[f64]| minutes.iter().copied().fold(0.0, f64::max);
        let within = |units: f64| (needed(units, self.target)).clamp(range.0, range.1);
        let above = newest(OUT).filter(|m| m.iter().all(|units| share(*units) > self.target)).map(most);
        if let Some(to) = above.map(within).filter(|to| *to > capacity) {
            return Some(Step::Out(to));
        }
        let low = self.target - BELOW;
        let below = newest(IN).filter(|m| self.scales_in && low > 0.0 && m.iter().all(|units| share(*units) <= low + ROUNDING)).map(most);
        below.map(within).filter(|to| *to < capacity).map(Step::In)
    }

    /// How many seconds must have gone by since the last step of this kind.
    pub(super) fn cooldown(&self, step: Step) -> u64 {
        match step {
            Step::Out(_) => self.out_cooldown,
            Step::In(_) => self.in_cooldown,
        }
    }
}

/// Units a second of which `used` in a minute is the `target`.
fn needed(used: f64, target: f64) -> i64 {
    let units = (used / 60.0 / target - ROUNDING).ceil().max(1.0);
    #[allow(clippy::cast_possible_truncation, reason = "a saturating cast is right for more than any table has")]
    let units = units as i64;
    units
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn tracking(target: f64, scales_in: bool) -> Tracking {
        let policy = json!({ "TargetTrackingScalingPolicyConfiguration": { "TargetValue": target, "DisableScaleIn": !scales_in } });
        Tracking::of(&policy).expect("a policy")
    }

    #[test]
    fn two_minutes_above_the_target_scale_out_to_it() {
        let step = |used: &[f64]| tracking(70.0, true).step(used, 10, (5, 50));
        // Seven units a second are the target of ten.
        assert_eq!(step(&[420.0, 420.0]), None);
        assert_eq!(step(&[900.0]), None, "one minute is not enough");
        assert_eq!(step(&[900.0, 100.0]), None);
        assert_eq!(step(&[421.0, 840.0]), Some(Step::Out(20)));
        assert_eq!(step(&[0.0, 600.0, 9_999.0]), Some(Step::Out(50)), "never beyond the maximum");
        assert_eq!(tracking(70.0, true).step(&[9_999.0, 9_999.0], 50, (5, 50)), None, "it is there already");
    }

    #[test]
    fn fifteen_minutes_far_below_it_scale_in_to_it() {
        let low = |units: f64, minutes: usize| vec![units; minutes];
        let step = |used: &[f64]| tracking(70.0, true).step(used, 10, (2, 50));
        assert_eq!(step(&low(300.0, 14)), None);
        assert_eq!(step(&low(300.0, 15)), Some(Step::In(8)), "half of ten, as 70 % of eight");
        assert_eq!(step(&low(301.0, 15)), None, "less than 20 points below");
        assert_eq!(step(&low(0.0, 20)), Some(Step::In(2)), "idle, down to the minimum");
        assert_eq!(tracking(70.0, false).step(&low(0.0, 20), 10, (2, 50)), None, "switched off");
        assert_eq!(tracking(20.0, true).step(&low(0.0, 20), 10, (2, 50)), None, "nothing is 20 points below 20 %");
        assert_eq!(tracking(70.0, true).step(&low(0.0, 20), 2, (2, 50)), None, "it is there already");
        let mut busy = low(0.0, 15);
        busy[3] = 350.0;
        assert_eq!(step(&busy), None, "one busy minute keeps it");
    }

    proptest! {
        #[test]
        fn it_stays_within_its_range_and_comes_to_rest(
            used in 0.0_f64..100_000.0, capacity in 1_i64..2_000, min in 1_i64..100, more in 0_i64..1_000, target in 20.0_f64..90.0,
        ) {
            let (tracking, range, minutes) = (tracking(target, true), (min, min + more), vec![used; 20]);
            let mut now = capacity.clamp(range.0, range.1);
            for _ in 0..3 {
                if let Some(step) = tracking.step(&minutes, now, range) {
                    prop_assert!((range.0..=range.1).contains(&step.to()) && step.to() != now);
                    now = step.to();
                }
            }
            prop_assert_eq!(tracking.step(&minutes, now, range), None);
        }
    }
}
