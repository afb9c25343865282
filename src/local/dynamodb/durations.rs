//! How long AWS takes for what. One lab's figures (2026, two regions) unless said otherwise; no service promises them.
//!
//! Rule: a duration comes from a range and a seed, never from chance, so that a run can be repeated.
//! Called by whatever begins something that takes time.

use std::ops::RangeInclusive;
use std::time::Duration;

/// CreateTable without and with global indexes.
pub(super) const CREATE: Range = Range(2_000..=6_500);
pub(super) const CREATE_WITH_INDEXES: Range = Range(14_000..=22_000);
/// DeleteTable until the name is free.
pub(super) const DELETE: Range = Range(4_000..=6_000);
/// Capacity of a table, and of an index.
pub(super) const THROUGHPUT: Range = Range(1_000..=2_000);
pub(super) const INDEX_THROUGHPUT: Range = Range(2_000..=4_000);
/// Billing: to provisioned; to on-demand for the first time, and again.
pub(super) const TO_PROVISIONED: Range = Range(60_500..=98_200);
pub(super) const TO_ON_DEMAND_FIRST: Range = Range(128_600..=171_600);
pub(super) const TO_ON_DEMAND: Range = Range(4_100..=5_100);
pub(super) const STREAM: Range = Range(4_050..=5_070);
pub(super) const CLASS: Range = Range(3_600..=6_100);
/// A change of the key, and how long the old one is named.
pub(super) const ENCRYPTION: Range = Range(21_300..=23_300);
pub(super) const OLD_KEY: Range = Range(8_000..=9_000);
pub(super) const WARM: Range = Range(271_600..=510_000);
/// A new index of an existing, small table: resources, then all of it. Sometimes it takes twice as long.
pub(super) const INDEX_ALLOCATION: Range = Range(24_300..=56_300);
pub(super) const INDEX_CREATE: Range = Range(506_000..=539_000);
pub(super) const INDEX_DELETE: Range = Range(2_600..=5_100);
/// From ACTIVE until backups can be switched.
pub(super) const BACKUPS_READY: Range = Range(1_400..=2_700);
pub(super) const TTL: Range = Range(1_000..=2_100);
/// A second change of TTL (the documentation says an hour).
pub(super) const TTL_COOLDOWN: Duration = Duration::from_mins(31);
/// A second change of deletion protection, or of a resource policy.
pub(super) const COOLDOWN: Duration = Duration::from_secs(15);
/// How long a policy's change is pending, and until it can be read.
pub(super) const POLICY_PENDING: Range = Range(600..=2_000);
pub(super) const POLICY_READ: Range = Range(1_050..=2_730);
/// How long a change of tags keeps others out, and until it can be read.
pub(super) const TAG_LOCK: Duration = Duration::from_millis(1_520);
pub(super) const TAG_READ: Range = Range(1_580..=3_000);
pub(super) const INSIGHTS_ON: Range = Range(1_010..=16_190);
pub(super) const INSIGHTS_OFF: Range = Range(2_020..=2_030);

/// From the shortest to the longest seen, in milliseconds.
#[derive(Debug, Clone)]
pub(crate) struct Range(pub(crate) RangeInclusive<u64>);

impl Range {
    /// The duration that `seed` draws.
    pub(crate) fn draw(&self, seed: &str) -> Duration {
        let span = self.0.end() - self.0.start() + 1;
        Duration::from_millis(self.0.start() + hash(seed) % span)
    }
}

/// FNV-1a, mixed once more: short seeds that differ in one letter must not draw neighbours.
pub(crate) fn hash(seed: &str) -> u64 {
    let hash = seed.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
    let mixed = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    mixed ^ (mixed >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_draws_the_same_time_within_the_range_and_another_another() {
        let drawn: Vec<Duration> = (0..200).map(|i| INDEX_CREATE.draw(&format!("Table{i}"))).collect();
        assert_eq!(drawn[7], INDEX_CREATE.draw("Table7"));
        assert!(drawn.iter().all(|d| (506_000..=539_000).contains(&d.as_millis())));
        let distinct: std::collections::BTreeSet<_> = drawn.iter().collect();
        assert!(distinct.len() > 150, "{}", distinct.len());
    }
}
