//! From counts to a verdict of three values. Pure.
//!
//! Rules: green needs something to look at, everything looked at, and counters that add up; whatever else is short of a proven
//! mismatch is inconclusive. A sample is judged by the upper bound of its mismatch rate, never by the rate that was seen.

use statrs::function::beta::beta_reg;

/// The three values, in this room's own words: `report` (a higher rank) has its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    Match,
    Mismatch,
    Inconclusive,
}

/// What a comparison of two sides came to, in items.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub expected: u64,
    pub found: u64,
    /// On both sides, and compared.
    pub compared: u64,
    pub missing: u64,
    pub unexpected: u64,
    pub different: u64,
}

impl Counts {
    /// Whether every item of either side is accounted for.
    pub fn add_up(&self) -> bool {
        self.expected == self.compared + self.missing && self.found == self.compared + self.unexpected && self.different <= self.compared
    }

    /// Items that are not as they should be.
    pub fn wrong(&self) -> u64 {
        self.missing + self.unexpected + self.different
    }
}

/// What stands in the way of a green, beside the counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Doubts {
    /// Rows that cannot become items, so nobody can say that they arrived.
    pub unmappable: u64,
    /// Suspects that were not looked at again.
    pub unresolved: u64,
    /// Records corrupted on purpose that the comparison did not notice.
    pub planted_unnoticed: u64,
}

/// A comparison of everything.
pub fn full(counts: &Counts, doubts: &Doubts) -> (Judgement, String) {
    let doubt = if counts.expected == 0 && counts.found == 0 {
        "nothing on either side: 0 against 0 proves nothing".to_owned()
    } else if doubts.planted_unnoticed > 0 {
        format!("{} planted faults were not noticed: do not trust this run", doubts.planted_unnoticed)
    } else if counts.wrong() > 0 {
        let Counts { missing, unexpected, different, .. } = counts;
        return (Judgement::Mismatch, format!("{missing} missing, {unexpected} unexpected, {different} different"));
    } else if doubts.unresolved > 0 {
        format!("{} suspects were not read again", doubts.unresolved)
    } else if doubts.unmappable > 0 {
        format!("{} rows cannot become items and were not compared", doubts.unmappable)
    } else if !counts.add_up() {
        "the counters do not add up: do not trust this run".to_owned()
    } else {
        return (Judgement::Match, "every item compared".to_owned());
    };
    (Judgement::Inconclusive, doubt)
}

/// Two exact numbers.
pub fn count(expected: u64, found: u64, doubts: &Doubts) -> (Judgement, String) {
    if expected == 0 && found == 0 {
        return (Judgement::Inconclusive, "nothing on either side: 0 against 0 proves nothing".to_owned());
    }
    if expected != found {
        let (more, by) = if found > expected { ("too many", found - expected) } else { ("too few", expected - found) };
        return (Judgement::Mismatch, format!("{by} items {more}"));
    }
    if doubts.unmappable > 0 {
        return (Judgement::Inconclusive, format!("{} rows cannot become items and were not counted", doubts.unmappable));
    }
    (Judgement::Match, "exact on both sides".to_owned())
}

/// What a sample was held against.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gate {
    /// The highest bound that passes.
    pub max_rate: f64,
    /// One-sided, in (0, 1).
    pub confidence: f64,
}

/// `wrong` of `drawn` out of `population`: the verdict, the upper bound of the rate, and why.
pub fn sample(drawn: u64, wrong: u64, population: u64, gate: Gate) -> (Judgement, f64, String) {
    if drawn == 0 {
        return (Judgement::Inconclusive, 1.0, "nothing was drawn: proves nothing".to_owned());
    }
    if drawn >= population {
        return whole(drawn, wrong, gate);
    }
    let bound = upper_bound(drawn, wrong, gate.confidence);
    let said = format!(
        "{wrong} of {drawn} drawn from {population} differ; with {}% confidence at most {} of all do",
        gate.confidence * 100.0,
        rate(bound)
    );
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "for a person's eye")]
    let unseen = (bound * population as f64).floor() as u64;
    let unseen = format!("; up to {unseen} wrong items could be outside this sample");
    match () {
        () if bound <= gate.max_rate => (Judgement::Match, bound, said + &unseen),
        () if wrong > 0 => (Judgement::Mismatch, bound, format!("{said}, over the gate of {}", rate(gate.max_rate))),
        () => {
            let needed = needed(gate);
            let more = format!("{said}; the gate is {}: draw {needed}, or compare everything", rate(gate.max_rate));
            (Judgement::Inconclusive, bound, more)
        }
    }
}

/// The sample is everything: its rate is the rate.
fn whole(drawn: u64, wrong: u64, gate: Gate) -> (Judgement, f64, String) {
    #[allow(clippy::cast_precision_loss, reason = "a rate")]
    let seen = wrong as f64 / drawn as f64;
    let said = format!("{wrong} of {drawn} differ; the sample is the whole");
    let judgement = if wrong == 0 || seen <= gate.max_rate { Judgement::Match } else { Judgement::Mismatch };
    (judgement, seen, said)
}

/// Draws without a mismatch that the gate asks for: the smallest n with 1 - (1 - confidence)^(1/n) <= rate.
fn needed(gate: Gate) -> String {
    let n = (1.0 - gate.confidence).ln() / (1.0 - gate.max_rate).ln();
    if n.is_finite() { format!("{:.0}", n.ceil()) } else { "all".to_owned() }
}

/// A rate for people: ppm where it is small.
fn rate(rate: f64) -> String {
    if rate < 0.001 { format!("{:.0} ppm", (rate * 1e6).ceil()) } else { format!("{:.2}%", rate * 100.0) }
}

/// The exact one-sided upper bound (Clopper and Pearson 1934): the rate at which `wrong` or fewer of `drawn` would be seen with
/// probability 1 - `confidence`.
pub fn upper_bound(drawn: u64, wrong: u64, confidence: f64) -> f64 {
    if wrong >= drawn {
        return 1.0;
    }
    #[allow(clippy::cast_precision_loss, reason = "counts far below 2^53")]
    let (a, b) = ((wrong + 1) as f64, (drawn - wrong) as f64);
    let (mut low, mut high) = (0.0_f64, 1.0_f64);
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        if beta_reg(a, b, middle) < confidence {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const GATE: Gate = Gate { max_rate: 0.001, confidence: 0.95 };

    #[test]
    fn the_bound_is_the_published_one() {
        // k = 0: 1 - 0.05^(1/n). k > 0: binom.test(k, n, alternative = "less") of R.
        for (n, k, expected) in
            [(1000, 0, 0.002_991_250), (59_915, 0, 0.000_049_999), (100, 1, 0.046_559_810), (20, 20, 1.0), (10, 3, 0.606_624_200)]
        {
            let bound = upper_bound(n, k, 0.95);
            assert!((bound - expected).abs() < 1e-6, "{n} {k}: {bound}");
        }
    }

    #[test]
    fn nothing_against_nothing_is_never_green() {
        assert_eq!(full(&Counts::default(), &Doubts::default()).0, Judgement::Inconclusive);
        assert_eq!(count(0, 0, &Doubts::default()).0, Judgement::Inconclusive);
        assert_eq!(sample(0, 0, 0, GATE).0, Judgement::Inconclusive);
    }

    #[test]
    fn green_falls_with_each_doubt() {
        let good = Counts { expected: 5, found: 5, compared: 5, ..Counts::default() };
        let none = Doubts::default();
        assert_eq!(full(&good, &none).0, Judgement::Match);
        let table = [
            (Counts { expected: 6, ..good }, none, Judgement::Inconclusive),
            (Counts { found: 6, ..good }, none, Judgement::Inconclusive),
            (Counts { different: 1, ..good }, none, Judgement::Mismatch),
            (Counts { missing: 1, expected: 6, ..good }, none, Judgement::Mismatch),
            (Counts { unexpected: 1, found: 6, ..good }, none, Judgement::Mismatch),
            (good, Doubts { unmappable: 1, ..none }, Judgement::Inconclusive),
            (good, Doubts { unresolved: 1, ..none }, Judgement::Inconclusive),
            (good, Doubts { planted_unnoticed: 1, ..none }, Judgement::Inconclusive),
        ];
        for (counts, doubts, expected) in table {
            assert_eq!(full(&counts, &doubts).0, expected, "{counts:?} {doubts:?}");
        }
        assert!(good.add_up() && !Counts { different: 6, ..good }.add_up());
        assert_eq!(count(5, 4, &none).0, Judgement::Mismatch);
        assert_eq!(count(5, 5, &Doubts { unmappable: 1, ..none }).0, Judgement::Inconclusive);
    }

    #[test]
    fn a_sample_is_judged_by_its_bound_and_not_by_its_rate() {
        assert_eq!(sample(1000, 0, 1_000_000, GATE).0, Judgement::Inconclusive, "bound 0.3% over a gate of 0.1%");
        assert_eq!(sample(2995, 0, 1_000_000, GATE).0, Judgement::Match);
        assert_eq!(sample(2995, 1, 1_000_000, GATE).0, Judgement::Mismatch);
        assert_eq!(sample(10, 0, 10, GATE).0, Judgement::Match, "the whole is no sample");
        assert_eq!(sample(10, 1, 10, GATE).0, Judgement::Mismatch);
    }

    #[test]
    fn the_note_says_how_many_are_needed_and_what_was_not_seen() {
        assert!(sample(1000, 0, 1_000_000, GATE).2.contains("draw 2995"));
        assert!(sample(2995, 0, 1_000_000, GATE).2.contains("up to 999 wrong items"));
    }

    proptest! {
        #[test]
        fn the_bound_covers_the_seen_rate_and_falls_with_n(n in 1_u64..5000, k in 0_u64..50) {
            let k = k.min(n);
            #[allow(clippy::cast_precision_loss)]
            let seen = k as f64 / n as f64;
            prop_assert!(upper_bound(n, k, 0.95) >= seen);
            prop_assert!(upper_bound(n + 1, k, 0.95) <= upper_bound(n, k, 0.95) + 1e-12);
            prop_assert!(upper_bound(n, k, 0.99) >= upper_bound(n, k, 0.95) - 1e-12);
        }
    }
}
