//! From any table to any other of its key: what the planner thinks legal, the embedded AWS takes, and then live is what the file says.
//!
//! Key insight: the planner's own properties hold its steps to a second table of rules; this holds them to whoever answers the calls,
//! with budgets, cooldowns and states in motion. `LANDFALL_FULL` takes 400 pairs, `LANDFALL_SEED=N`
//! the one pair `N`.

mod any;

use crate::reconcile_faults::{FIVE, LATER, World, table, unique};
use any::Pair;
use futures::FutureExt;
use futures::stream::{self, StreamExt};
use landfall::mapping::{Attribute, Item, Number};
use landfall::plan::{Approvals, Desired};
use landfall::resource::{Capacity, KeyKind, Limits, Table, Units};
use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;

/// A pair takes seconds: some hundred reads before and after every step.
const PAIRS: u64 = 6;
const ALL_PAIRS: u64 = 400;
/// Pairs at once.
const PARALLEL: usize = 4;

fn seeds() -> Vec<u64> {
    let only = std::env::var("LANDFALL_SEED").ok().and_then(|seed| seed.parse().ok());
    let many = if std::env::var_os("LANDFALL_FULL").is_some() { ALL_PAIRS } else { PAIRS };
    only.map_or_else(|| (0..many).collect(), |seed| vec![seed])
}

/// Everything of the table that may go, each by its name; the table itself is not named.
fn approvals(name: &str, pair: &Pair) -> Approvals {
    let indexes = pair.before.indexes.keys().map(|index| format!("{name}/{index}"));
    let aspects = ["stream", "recovery", "encryption"].map(|aspect| format!("{name}:{aspect}"));
    Approvals { destroy: indexes.chain(aspects).collect(), ..Approvals::default() }
}

/// An item that is in every index.
fn row(pair: &Pair) -> Item {
    let value = |kind| match kind {
        KeyKind::S => Attribute::S("kept".into()),
        KeyKind::N => Attribute::N(Number::parse("1").expect("a number")),
        KeyKind::B => Attribute::B(vec![1]),
    };
    pair.attributes().into_iter().map(|(name, kind)| (name, value(kind))).collect()
}

/// One pair, in an AWS of its own, from nothing.
async fn converges(pair: Pair, why: &str) {
    let (world, name) = (World::start().await, unique("Pair"));
    let desired = |table: &Table| Desired {
        stack: "pairs".into(),
        digest: "d".into(),
        tables: BTreeMap::from([(name.clone(), table.clone())]),
        ..Desired::default()
    };
    let (before, after, named) = (desired(&pair.before), desired(&pair.after), approvals(&name, &pair));
    let first = world.converge(&before, &Approvals::default(), why).await;
    world.aws.batch_write(&name, &[&row(&pair)]).await.expect("written");
    world.clock.advance(LATER);
    let last = world.converge(&after, &named, why).await;
    let live = world.live(&after, &named).await.tables.remove(&name).expect("there");
    assert_eq!(live.table, pair.after, "{why}");
    let id = |plan: &landfall::plan::Plan| plan.works[0].before.table().map(|live| live.id.clone());
    assert_eq!(id(&first), id(&last), "{why}: made anew");
    assert!(world.aws.holds_items(&name).await.expect("scanned"), "{why}: lost its row");
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_planner_thinks_legal_is_taken_and_reaches_what_is_wanted() {
    let tried = |seed: u64| async move {
        let told = format!("seed {seed}");
        let run = converges(Pair::of(seed), &told);
        (seed, AssertUnwindSafe(run).catch_unwind().await.is_err())
    };
    let runs = stream::iter(seeds()).map(tried).buffer_unordered(PARALLEL);
    let failed: BTreeSet<u64> = runs.filter_map(|(seed, failed)| async move { failed.then_some(seed) }).collect().await;
    let shown: Vec<String> = failed.iter().take(3).map(|seed| format!("seed {seed}: {:#?}", Pair::of(*seed))).collect();
    assert!(failed.is_empty(), "seeds {failed:?} failed, as is said above; LANDFALL_SEED=N runs one\n{}", shown.join("\n"));
}

/// On demand, a table sustains more than the wished reads at once, and fewer than the wished writes.
#[tokio::test(flavor = "multi_thread")]
async fn warm_throughput_that_comes_with_the_billing_mode_is_waited_for_and_only_the_rest_of_it_asked_for() {
    let limits = Limits { warm: Some(Units { read: 10_000, write: 5_000 }), ..Limits::default() };
    let before = table(FIVE, &["a"]);
    let mut after = Table { limits, ..table(Capacity::OnDemand, &["a"]) };
    after.indexes.values_mut().for_each(|index| index.limits = limits);
    converges(Pair { before, after }, "to on demand").await;
}
