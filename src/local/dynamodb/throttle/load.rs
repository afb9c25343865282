//! What was consumed in each of the last minutes, for those who follow the load.

use std::collections::BTreeMap;

/// Units consumed of a table or an index, by AWS minute: reads and writes.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Load(BTreeMap<u64, f64>);

impl Load {
    /// So many minutes are remembered.
    pub(crate) const KEPT: u64 = 60;

    pub(super) fn add(&mut self, minute: u64, units: f64) {
        *self.0.entry(minute).or_default() += units;
        while self.0.first_key_value().is_some_and(|(first, _)| first + Self::KEPT < minute) {
            self.0.pop_first();
        }
    }

    /// What was consumed in `minute`.
    pub(crate) fn used(&self, minute: u64) -> f64 {
        self.0.get(&minute).copied().unwrap_or(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_is_remembered() {
        let mut load = Load::default();
        for (minute, units) in [(10, 1.0), (10, 2.0), (11, 5.0), (71, 7.0)] {
            load.add(minute, units);
        }
        assert_eq!([10, 11, 12, 71].map(|minute| load.used(minute).to_string()), ["0", "5", "0", "7"]);
    }
}
