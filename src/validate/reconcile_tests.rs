//! The reduction must leave exactly what differs, in any order of arrival, with or without plants.

use super::*;
use crate::mapping::Number;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// One arrival: from the source, or from the table.
#[derive(Debug, Clone, Copy)]
enum Step {
    Expect(u128, u128),
    Find(u128, u128),
}

fn steps(source: &BTreeMap<u8, u8>, target: &BTreeMap<u8, u8>) -> Vec<Step> {
    let wide = |n: u8| u128::from(n) * 0x0001_0001_0001_0001_0001_0001_0001_0001 + 1;
    let expect = source.iter().map(|(k, v)| Step::Expect(wide(*k), u128::from(*v)));
    expect.chain(target.iter().map(|(k, v)| Step::Find(wide(*k), u128::from(*v)))).collect()
}

fn item(v: u128) -> Item {
    [("v".to_owned(), Attribute::N(Number::from(u64::try_from(v).unwrap_or(0))))].into()
}

fn run(steps: &[Step], plants: Option<Plants>) -> (Leftover, (u64, u64)) {
    let mut reconciler = Reconciler::new(1);
    let mut plants = plants;
    for step in steps {
        match *step {
            Step::Expect(k, v) => reconciler.expect(0, k, canonical::hash(&item(v), 1)),
            Step::Find(k, v) => {
                let record = canonical::hash(&item(v), 1);
                let taken = plants.as_mut().is_some_and(|p| p.corrupt(&mut reconciler, &item(v), k, record, 1));
                if !taken {
                    reconciler.find(k, record);
                }
            }
        }
    }
    let score = plants.map_or((0, 0), |p| p.harvest(&mut reconciler));
    (reconciler.finish(), score)
}

fn shuffled(mut steps: Vec<Step>, seed: u64) -> Vec<Step> {
    fastrand::Rng::with_seed(seed).shuffle(&mut steps);
    steps
}

proptest! {
    #[test]
    fn exactly_the_differences_are_left_in_any_order(source: BTreeMap<u8, u8>, target: BTreeMap<u8, u8>, seed: u64, prove: bool) {
        let (left, (planted, noticed)) = run(&shuffled(steps(&source, &target), seed), prove.then(Plants::default));
        let missing = source.keys().filter(|k| !target.contains_key(k)).count();
        let unexpected = target.keys().filter(|k| !source.contains_key(k)).count();
        let different = source.iter().filter(|(k, v)| target.get(k).is_some_and(|t| t != *v)).count();
        prop_assert_eq!((left.missing.len(), left.unexpected.len(), left.different.len()), (missing, unexpected, different));
        prop_assert_eq!(left.equal[0], (source.len() - missing - different) as u64);
        prop_assert_eq!((left.expected[0], left.found), (source.len() as u64, target.len() as u64));
        prop_assert_eq!(planted, noticed);
    }
}

#[test]
fn the_same_edit_on_an_even_number_of_records_does_not_cancel() {
    let source: BTreeMap<u8, u8> = (0..4).map(|k| (k, 1)).collect();
    let target: BTreeMap<u8, u8> = (0..4).map(|k| (k, 2)).collect();
    assert_eq!(run(&steps(&source, &target), None).0.different.len(), 4);
}

#[test]
fn two_records_that_swapped_their_values_are_both_found() {
    let (source, target) = (BTreeMap::from([(1, 1), (2, 2)]), BTreeMap::from([(1, 2), (2, 1)]));
    assert_eq!(run(&steps(&source, &target), None).0.different.len(), 2);
}

#[test]
fn a_key_that_rows_make_twice_is_left_over_whenever_the_item_comes() {
    for at in 0..3 {
        let mut steps = vec![Step::Expect(9, 1), Step::Expect(9, 2)];
        steps.insert(at, Step::Find(9, 1));
        let (left, _) = run(&steps, None);
        assert_eq!(left.missing.len() + left.different.len(), 1, "found as number {at}");
        assert_eq!((left.expected[0], left.found), (2, 1));
    }
}

#[test]
fn three_plants_are_noticed_and_gone_on_equal_sides() {
    let side: BTreeMap<u8, u8> = (0..10).map(|k| (k, k)).collect();
    let (left, score) = run(&steps(&side, &side), Some(Plants::default()));
    assert_eq!((left.suspects(), score), (0, (3, 3)));
}

#[test]
fn a_comparison_that_ignores_records_is_caught_by_the_plant() {
    let mut reconciler = Reconciler::new(1);
    let mut plants = Plants::default();
    assert!(plants.corrupt(&mut reconciler, &item(5), 1, canonical::hash(&item(5), 1), 1));
    // A broken reduction: it cancels by key alone.
    reconciler.open.remove(&1);
    let (planted, noticed) = plants.harvest(&mut reconciler);
    assert!(noticed < planted);
}

#[test]
fn a_comparison_that_loses_unexpected_items_is_caught_by_the_invented_one() {
    let mut reconciler = Reconciler::new(1);
    let mut plants = Plants::default();
    plants.invent(&mut reconciler, 9);
    // A broken reduction: what nobody expected is forgotten.
    reconciler.open.clear();
    assert_eq!(plants.harvest(&mut reconciler), (1, 0));
}

#[test]
fn an_unexpected_item_that_was_dropped_as_a_plant_is_put_back() {
    let (source, target) = (BTreeMap::from([(1, 1)]), BTreeMap::from([(1, 1), (2, 2)]));
    let (left, score) = run(&steps(&source, &target), Some(Plants::default()));
    assert_eq!((left.unexpected.len(), score.0, score.1), (1, 2, 2));
}
