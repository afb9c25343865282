//! Many writers, every order of events that chance finds: no mutation of an older fence ever follows one of a newer.
//!
//! The writers are the production state machines ([`Watch`], [`Tenure`]); the world around them is simulated: requests that arrive late,
//! twice answered or never, processes that are stopped, killed or asleep with their machine, wall clocks that are wrong by hours, a person
//! who unlocks by force. A mutation directly after a positive check is atomic here; in the real world one round trip lies between.
//! Each rule is also broken once, and then the same search must find the double write: else it would prove nothing.

use super::world::{Break, World};
use std::collections::BTreeMap;

const RUNS: u64 = 12_000;

/// The first mutation that follows one of a newer number, or shares its number with another writer's.
fn double_write(log: &[(u64, usize)]) -> bool {
    let older = log.windows(2).any(|pair| pair[1].0 < pair[0].0);
    let mut owners = BTreeMap::new();
    older || log.iter().any(|(fence, who)| owners.insert(*fence, *who).is_some_and(|before| before != *who))
}

#[test]
fn no_order_of_events_lets_two_writers_write() {
    let (mut mutations, mut followed) = (0, 0);
    for seed in 0..RUNS {
        let log = World::new(seed, None).run();
        assert!(!double_write(&log), "seed {seed}: {log:?}");
        mutations += log.len();
        followed += log.windows(2).filter(|pair| pair[0].0 != pair[1].0).count();
    }
    assert!(mutations > 100_000 && followed > 10_000, "a search that saw little: {mutations} mutations, {followed} successions");
}

#[test]
fn each_broken_rule_is_found_to_let_two_writers_write() {
    use Break::{Condition, CreditFromReceived, CreditWithoutAnswer, Deadline, Fence, Force, Sleep, WatchFromSent, Watching};
    for broken in [Condition, Watching, WatchFromSent, CreditFromReceived, CreditWithoutAnswer, Deadline, Sleep, Force, Fence] {
        let found = (0..RUNS).find(|seed| double_write(&World::new(*seed, Some(broken)).run()));
        assert!(found.is_some(), "{broken:?} was not noticed");
    }
}
