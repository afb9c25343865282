//! Fail at the n-th call, for every n and every way to fail: run again, and it is finished, with nothing destroyed that was not named.
//!
//! Nine changes of a stack, from one state to another, in one process on one manual clock: days of control plane pass in no time.
//! The suite takes every third write of each story, or five, others for each way to fail, and some of its reads; `scripts/fail-at-n`
//! takes them all. Called by `moved` too, for its world.

mod kind;
mod story;
mod world;

use kind::{Calls, Kind};
use landfall::apply::Outcome;
use landfall::exit::Exit;
use landfall::local::Rule;
use landfall::mapping::{Attribute, Item};
use landfall::plan::{Approvals, Plan};
use landfall::resource::{Capacity, Index, Key, KeyKind, KeyPart, Table, Units};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use story::Story;
pub(crate) use world::World;

/// What cools down, and what counts per day, is over by then.
pub(crate) const LATER: Duration = Duration::from_hours(25);

/// Points told in one world. Most leave tables behind: the world takes longer with each of them, and no account has more than 2500.
const POINTS: usize = 100;

pub(crate) fn unique(stem: &str) -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("{stem}-{}", NEXT.fetch_add(1, Ordering::Relaxed)).to_lowercase()
}

fn key(name: &str) -> Key {
    Key { partition: vec![KeyPart { name: name.into(), kind: KeyKind::S }], sort: Vec::new() }
}

pub(crate) const FIVE: Capacity = Capacity::Provisioned(Units { read: 5, write: 6 });

pub(crate) fn table(capacity: Capacity, indexes: &[&str]) -> Table {
    let index = |name: &&str| (format!("by-{name}"), Index { capacity, ..Index::plain(key(name)) });
    Table { capacity, indexes: indexes.iter().map(index).collect(), ..Table::plain(key("pk")) }
}

/// What every table holds that is to stay.
fn row() -> Item {
    Item::from([("pk".to_owned(), Attribute::S("kept".into())), ("b".to_owned(), Attribute::S("kept".into()))])
}

/// A place in a story where something goes wrong.
#[derive(Debug, Clone, Copy)]
struct Point {
    kind: Kind,
    calls: Calls,
    n: u64,
}

/// What a point came to, in the first run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Told {
    Finished,
    Unfinished,
    /// The run was over before: how often a busy table is asked is not the same for every table.
    Missed,
}

/// A world with the stories that were told in it.
struct Stage {
    world: World,
    /// The tables that are there because a story is over.
    standing: BTreeSet<String>,
}

impl Stage {
    async fn set() -> Self {
        Self { world: World::start().await, standing: BTreeSet::new() }
    }

    /// The story up to its turning point, and the plan from there. What stays holds a row.
    async fn begin(&self, story: &Story, why: &str) -> Plan {
        self.world.reach(&story.before, &Approvals::default(), "before").await;
        for name in story.kept() {
            self.world.aws.batch_write(name, &[&row()]).await.expect("written");
        }
        for name in story.leaving() {
            self.world.fill_bucket(name).await;
        }
        self.world.clock.advance(LATER);
        let plan = self.world.plan(&story.after, &story.approvals).await;
        world::only_approved(&plan, &story.approvals, why);
        plan
    }

    /// Applies the plan under a rule: how it went, how many calls the rule was about, and how many it struck.
    async fn under(&self, rule: Rule, plan: &Plan) -> (Outcome, u64, u64) {
        let faults = self.world.local.faults();
        let id = faults.install(rule);
        let outcome = self.world.apply(plan).await;
        let rule = faults.installed().into_iter().find(|i| i.id == id).expect("installed");
        faults.clear();
        (outcome, rule.seen, rule.struck)
    }

    /// How many calls the story's change takes when nothing goes wrong.
    async fn count(&mut self, story: &Story, calls: Calls) -> u64 {
        let plan = self.begin(story, "counting").await;
        let (outcome, seen, _) = self.under(calls.counter(), &plan).await;
        assert_eq!(outcome.exit(), Exit::Pass, "without a fault: {:#?}", outcome.problems);
        self.end(story, &plan, "without a fault").await;
        seen
    }

    /// The story with a fault on the way.
    async fn tell(&mut self, story: &Story, point: Point) -> Told {
        let why = format!("{point:?}");
        let plan = self.begin(story, &why).await;
        let (outcome, _, struck) = self.under(point.kind.at(point.n, point.calls), &plan).await;
        // S3 gives no reason with a denied HEAD: the bucket may be another account's.
        let taken = outcome.exit() == Exit::Refused && point.kind == Kind::Denied;
        assert!(taken || [Exit::Pass, Exit::Partial, Exit::Failed].contains(&outcome.exit()), "{why}: {:#?}", outcome.problems);
        let finished = outcome.report.converged;
        assert_eq!(outcome.exit() == Exit::Pass, finished, "{why}: {:#?}", outcome.problems);
        let stopped = struck > 0 && point.kind.lasts();
        assert!(!finished || !stopped, "{why}: finished in spite of it");
        assert!(finished || struck > 0 && !point.kind.passes(), "{why}: was not survived: {:#?}", outcome.problems);
        self.world.clock.advance(LATER);
        self.end(story, &plan, &why).await;
        match (struck, finished) {
            (0, _) => Told::Missed,
            (_, true) => Told::Finished,
            (_, false) => Told::Unfinished,
        }
    }

    /// Another run finishes the story; everything that was to stay is there still, and nothing else.
    async fn end(&mut self, story: &Story, plan: &Plan, why: &str) {
        let world = &self.world;
        let (before, after) = (world::ids(plan), world::ids(&world.converge(&story.after, &story.approvals, why).await));
        for name in story.kept() {
            assert_eq!(before.get(name), after.get(name), "{why}: {name} was made anew");
            assert!(world.aws.holds_items(name).await.expect("scanned"), "{why}: {name} lost its row");
        }
        for name in story.leaving() {
            assert!(world.is_no_bucket(name).await, "{why}: {name} is there");
        }
        self.standing.extend(story.after.tables.keys().cloned());
        let there: BTreeSet<String> = world.aws.table_names().await.expect("listed").into_iter().collect();
        assert_eq!(there, self.standing, "{why}: an orphan");
        assert!(world.local.faults().held().is_empty(), "{why}: a call is under way");
    }
}

/// Which share of a story's writes and of all its calls is struck: `LANDFALL_FULL` takes every write and, unless `LANDFALL_READS` says
/// how few, every call. Else a story with many writes, most of them one that is tried again and again, has no more points than others.
fn shares(writes: u64) -> (u64, u64) {
    let reads = || std::env::var("LANDFALL_READS").ok().and_then(|every| every.parse().ok()).unwrap_or(1);
    if std::env::var_os("LANDFALL_FULL").is_some() { (1, reads()) } else { (3.max(writes / 5), 53) }
}

/// The points of a story with so many calls of a sort: every `share`-th, from another first one for each kind.
fn points(kinds: &[Kind], calls: Calls, count: u64, share: u64) -> Vec<Point> {
    let of = |(at, kind): (usize, &Kind)| {
        // Kinds that begin seven apart spread over all places of any share but a multiple of seven.
        let (kind, first) = (*kind, at as u64 * 7 % share.min(count) + 1);
        (first..=count).step_by(usize::try_from(share).expect("small")).map(move |n| Point { kind, calls, n })
    };
    kinds.iter().enumerate().flat_map(of).collect()
}

/// Every way to fail at every write of the story, and at its reads.
#[allow(clippy::print_stderr, reason = "the figure of the full form")]
async fn sweep(story: fn() -> Story) {
    let began = Instant::now();
    let mut stage = Stage::set().await;
    let writes = stage.count(&story(), Calls::Writes).await;
    let all = stage.count(&story(), Calls::All).await;
    assert!(writes > 0 && all > writes, "a story without a change");
    let (of_writes, of_all) = shares(writes);
    let mut points = points(&kind::ALL, Calls::Writes, writes, of_writes);
    points.extend(self::points(&kind::ALL, Calls::All, all, of_all));
    let mut tally = BTreeMap::<Told, usize>::new();
    for told in points.chunks(POINTS) {
        let mut stage = Stage::set().await;
        for point in told {
            *tally.entry(stage.tell(&story(), *point).await).or_default() += 1;
        }
    }
    let missed = tally.get(&Told::Missed).copied().unwrap_or(0);
    assert!(missed * 5 < points.len(), "most of it was never struck: {tally:?}");
    eprintln!("{writes} writes of {all} calls, {} points: {tally:?} in {:.1} s", points.len(), began.elapsed().as_secs_f64());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_creation_that_fails_anywhere_is_finished_by_another_run() {
    sweep(story::created).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn indexes_that_come_and_go_survive_any_failure() {
    sweep(story::indexes_changed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_switch_to_provisioned_survives_any_failure() {
    sweep(story::provisioned).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_switch_to_on_demand_survives_any_failure() {
    sweep(story::on_demand).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_ttl_survives_any_failure() {
    sweep(story::ttl_changed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_a_bucket_survives_any_failure() {
    sweep(story::bucket_changed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_every_setting_survives_any_failure() {
    sweep(story::settings_changed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_named_destruction_survives_any_failure() {
    sweep(story::destroyed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_goes_with_all_it_holds_survives_any_failure() {
    sweep(story::bucket_destroyed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_that_reads_lag_behind_is_finished() {
    let world = World::lagging(Duration::from_secs(20)).await;
    let story = story::destroyed();
    world.converge(&story.before, &Approvals::default(), "before").await;
    world.clock.advance(LATER);
    world.converge(&story.after, &story.approvals, "after").await;
}

/// The embedded AWS as a server of its own cools down in seconds: whoever then sleeps for a minute each time makes its users wait.
#[tokio::test(flavor = "multi_thread")]
async fn what_cools_down_is_asked_for_again_soon_at_first() {
    let world = World::start().await;
    let story = story::ttl_changed();
    world.converge(&story.before, &Approvals::default(), "before").await;
    world.clock.advance(LATER);
    let asked = || world.local.calls().iter().filter(|call| call.operation == "UpdateTimeToLive").count();
    let before = asked();
    let message = Some("Time to live has been modified multiple times within a fixed interval".to_owned());
    let refused =
        landfall::local::Effect::Refuse { code: "ValidationException".into(), status: None, message, at: landfall::local::Moment::Before };
    world.local.faults().install(Rule::new(refused).operation("UpdateTimeToLive").times(2));
    let began = world.clock.now_ms();
    world.converge(&story.after, &story.approvals, "two refusals").await;
    let tries = asked() - before;
    assert!((4..60).contains(&tries), "off after two refusals, on after the cooldown: {tries}");
    // AWS's cooldown is half an hour: what goes beyond it is the waiting between tries.
    assert!(world.clock.now_ms() - began < 40 * 60_000, "{} ms", world.clock.now_ms() - began);
}
