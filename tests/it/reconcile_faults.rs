//! Fail at the n-th call, for every n and every way to fail: run again, and it is finished, with nothing destroyed that was not named.
//!
//! Called by `moved` too, for its world. Seven changes of a stack, from one state to another, in one process on one manual clock: hours of control plane pass in no time.

use landfall::apply::{self, Options, Outcome, Stop};
use landfall::aws::{Aws, Settings};
use landfall::clock::Clock;
use landfall::event::Events;
use landfall::exit::Exit;
use landfall::live::{Live, refresh};
use landfall::local::{Effect, Local, Moment, Rule};
use landfall::plan::{Approvals, Context, Desired, Plan, make};
use landfall::resource::{Bucket, Capacity, Index, Key, KeyKind, KeyPart, StreamView, Table, Units};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// More often than the SDK repeats a call by itself.
const STUBBORN: u64 = 6;
/// What cools down, and what counts per day, is over by then.
pub(crate) const LATER: Duration = Duration::from_hours(25);

/// A way to fail.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Throttled,
    Failed,
    FailedAfter,
    Expired,
    Denied,
    Reset,
    ResetAfter,
    Cut,
}

const KINDS: [Kind; 8] =
    [Kind::Throttled, Kind::Failed, Kind::FailedAfter, Kind::Expired, Kind::Denied, Kind::Reset, Kind::ResetAfter, Kind::Cut];

impl Kind {
    /// The rule that strikes the `n`-th mutation. What a person must mend first lasts until it is cleared.
    fn at(self, n: u64) -> Rule {
        match self {
            Self::Throttled => Rule::refuse("ThrottlingException").writes().call(n).times(STUBBORN),
            Self::Failed => Rule::refuse("InternalServerError").writes().call(n).times(STUBBORN),
            Self::FailedAfter => Rule::refuse_after("InternalServerError").writes().call(n),
            Self::Expired => Rule::refuse("ExpiredTokenException").writes().call(n).times(u64::MAX),
            Self::Denied => Rule::refuse("AccessDeniedException").writes().call(n).times(u64::MAX),
            Self::Reset => Rule::new(Effect::Reset(Moment::Before)).writes().call(n).times(STUBBORN),
            Self::ResetAfter => Rule::new(Effect::Reset(Moment::After)).writes().call(n),
            Self::Cut => Rule::new(Effect::Reset(Moment::Half)).writes().call(n),
        }
    }
}

/// From one state to another.
struct Story {
    before: Desired,
    after: Desired,
    approvals: Approvals,
    /// How long nothing happens before the change and before the second run.
    rest: Duration,
}

impl Story {
    fn of(before: Option<Table>, after: Option<Table>, destroy: &[&str]) -> Self {
        let name = unique("Table");
        let tables = |table: Option<Table>| table.map(|table| (name.clone(), table)).into_iter().collect::<BTreeMap<_, _>>();
        let empty = Desired { stack: unique("stack"), digest: "d".into(), ..Desired::default() };
        let named = |what: &&str| if what.is_empty() { name.clone() } else { format!("{name}{what}") };
        let approvals = Approvals { destroy: destroy.iter().map(named).collect(), ..Approvals::default() };
        Self {
            before: Desired { tables: tables(before), ..empty.clone() },
            after: Desired { tables: tables(after), ..empty },
            approvals,
            rest: LATER,
        }
    }

    fn with_bucket(mut self, before: Option<Bucket>, after: Bucket) -> Self {
        let name = unique("bucket");
        let named = |bucket: Bucket| (name.clone(), Bucket { name: name.clone(), ..bucket });
        self.before.buckets.extend(before.map(named));
        self.after.buckets.extend([named(after)]);
        // The embedded S3 holds signatures against the machine's clock, a quarter of an hour at most: no long rest there.
        self.rest = Duration::from_mins(1);
        self
    }
}

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

fn rich() -> Table {
    let tags = BTreeMap::from([("team".to_owned(), "m".to_owned())]);
    let (ttl, stream) = (Some("expires".to_owned()), Some(StreamView::Both));
    Table { protect: true, ttl, stream, recovery: Some(35), tags, ..table(FIVE, &["a", "b"]) }
}

fn bucket(expire_days: u32, versioning: bool, tag: &str) -> Bucket {
    let tags = BTreeMap::from([("team".to_owned(), tag.to_owned())]);
    Bucket { name: String::new(), expire_days, tags, versioning, kms_key: None }
}

fn created() -> Story {
    Story::of(None, Some(rich()), &[]).with_bucket(None, bucket(7, false, "m"))
}

fn indexes_changed() -> Story {
    let (before, after) = (table(Capacity::OnDemand, &["a", "b"]), table(Capacity::OnDemand, &["b", "c"]));
    Story::of(Some(before), Some(after), &["/by-a"])
}

fn provisioned() -> Story {
    Story::of(Some(table(Capacity::OnDemand, &["a"])), Some(table(FIVE, &["a"])), &[])
}

fn on_demand() -> Story {
    Story::of(Some(table(FIVE, &["a"])), Some(table(Capacity::OnDemand, &["a"])), &[])
}

fn ttl_changed() -> Story {
    let with = |attribute: &str| Some(Table { ttl: Some(attribute.into()), ..table(Capacity::OnDemand, &[]) });
    Story::of(with("old"), with("new"), &[])
}

fn bucket_changed() -> Story {
    Story::of(None, None, &[]).with_bucket(Some(bucket(7, false, "m")), bucket(3, true, "n"))
}

fn destroyed() -> Story {
    Story::of(Some(Table { protect: true, ..table(Capacity::OnDemand, &["a"]) }), None, &[""])
}

/// An embedded AWS, its clock, and a client on that clock.
pub(crate) struct World {
    pub(crate) local: Local,
    pub(crate) clock: Clock,
    pub(crate) aws: Aws,
}

impl World {
    pub(crate) async fn start() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis();
        let clock = Clock::manual(u64::try_from(now).expect("this century"));
        let local = Local::start(landfall::local::Options { clock: clock.clone(), ..Default::default() }).await.expect("a free port");
        let settings =
            Settings { region: Some("us-east-1".into()), endpoint: Some(local.endpoint()), clock: clock.clone(), ..Settings::default() };
        let aws = Aws::connect(&settings).await.expect("it answers STS");
        Self { local, clock, aws }
    }

    pub(crate) async fn live(&self, desired: &Desired, approvals: &Approvals) -> Live {
        refresh::refresh(&self.aws, &desired.wanted(approvals), &Events::silent()).await.expect("readable")
    }

    pub(crate) async fn plan(&self, desired: &Desired, approvals: &Approvals) -> Plan {
        let id = self.aws.identity();
        let context = Context {
            account: id.account.clone(),
            region: id.region.clone(),
            endpoint: id.endpoint.clone(),
            now_ms: self.clock.now_ms(),
            deadline_ms: None,
            unmanaged: Vec::new(),
        };
        make(desired, &self.live(desired, approvals).await, approvals, context)
    }

    pub(crate) async fn apply(&self, plan: &Plan) -> Outcome {
        apply::run(&self.aws, plan, &Events::silent(), &Options::default(), &Stop::never()).await
    }

    /// Plans and applies; insists on a pass, and on an empty plan afterwards.
    pub(crate) async fn converge(&self, desired: &Desired, approvals: &Approvals, why: &str) {
        let plan = self.plan(desired, approvals).await;
        assert_eq!(plan.refusals, vec![], "{why}");
        for work in &plan.works {
            let named = approvals.destroy.iter().any(|what| what.starts_with(work.target.name()));
            assert!(named || work.steps.iter().all(|s| !s.destructive), "{why}: a destructive step that nobody named: {:#?}", work.steps);
        }
        let outcome = self.apply(&plan).await;
        assert_eq!((outcome.exit(), outcome.report.converged), (Exit::Pass, true), "{why}: {:#?}", outcome.problems);
        let again = self.plan(desired, approvals).await;
        assert!(again.is_empty(), "{why}: {:#?}", again.works);
    }

    /// How many mutations AWS has seen.
    pub(crate) fn writes(&self) -> u64 {
        let reads = ["Describe", "List", "Get", "Head", "Query", "Scan", "BatchGet"];
        let is_write = |name: &str| !reads.iter().any(|read| name.starts_with(read));
        self.local.calls().iter().filter(|call| is_write(&call.operation)).count() as u64
    }

    /// The story up to its turning point; the ids of its tables there.
    async fn begin(&self, story: &Story) -> BTreeMap<String, String> {
        self.converge(&story.before, &Approvals::default(), "before").await;
        self.clock.advance(story.rest);
        let live = self.live(&story.before, &Approvals::default()).await;
        live.tables.into_iter().map(|(name, table)| (name, table.id)).collect()
    }

    /// The story with a fault on the way; whether the fault kept the first run from finishing.
    async fn tell(&self, story: &Story, kind: Kind, n: u64) -> bool {
        let why = format!("{kind:?} at mutation {n}");
        let ids = self.begin(story).await;
        let plan = self.plan(&story.after, &story.approvals).await;
        self.local.faults().install(kind.at(n));
        let outcome = self.apply(&plan).await;
        self.local.faults().clear();
        assert_eq!(outcome.exit() == Exit::Pass, outcome.report.converged, "{why}: {:#?}", outcome.problems);
        let unfinished = !outcome.report.converged;
        self.clock.advance(story.rest);
        self.converge(&story.after, &story.approvals, &why).await;
        let live = self.live(&story.after, &story.approvals).await;
        for (name, table) in &live.tables {
            assert!(ids.get(name).is_none_or(|id| *id == table.id), "{why}: {name} was made anew");
        }
        unfinished
    }
}

/// Every way to fail at every mutation of the story.
async fn sweep(story: fn() -> Story) {
    let world = World::start().await;
    let smooth = story();
    world.begin(&smooth).await;
    let before = world.writes();
    world.converge(&smooth.after, &smooth.approvals, "without a fault").await;
    let mutations = world.writes() - before;
    assert!(mutations > 0, "a story without a change");
    // A cooldown is asked for dozens of times, all alike: of these the first and the last will do.
    let places: Vec<u64> = (1..=mutations).filter(|n| mutations < 20 || *n <= 6 || mutations - n < 3).collect();
    for kind in KINDS {
        let mut unfinished = 0;
        for n in &places {
            let told = story();
            // A clock that must stay near the machine's is a new one every time.
            let fresh = if told.rest < LATER { Some(World::start().await) } else { None };
            unfinished += usize::from(fresh.as_ref().unwrap_or(&world).tell(&told, kind, *n).await);
        }
        // What a person must mend stops the run at every call; else the fault was not there.
        let stops = matches!(kind, Kind::Expired | Kind::Denied);
        assert!(!stops || unfinished == places.len(), "{kind:?} stopped only {unfinished} of {}", places.len());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_creation_that_fails_anywhere_is_finished_by_another_run() {
    sweep(created).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn indexes_that_come_and_go_survive_any_failure() {
    sweep(indexes_changed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_switch_to_provisioned_survives_any_failure() {
    sweep(provisioned).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_switch_to_on_demand_survives_any_failure() {
    sweep(on_demand).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_ttl_survives_any_failure() {
    sweep(ttl_changed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_a_bucket_survives_any_failure() {
    sweep(bucket_changed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_named_destruction_survives_any_failure() {
    sweep(destroyed).await;
}

/// The embedded AWS as a server of its own cools down in seconds: whoever then sleeps for a minute each time makes its users wait.
#[tokio::test(flavor = "multi_thread")]
async fn what_cools_down_is_asked_for_again_soon_at_first() {
    let world = World::start().await;
    let with = |ttl: Option<&str>| Some(Table { ttl: ttl.map(Into::into), ..table(Capacity::OnDemand, &[]) });
    let story = Story::of(with(None), with(Some("new")), &[]);
    world.begin(&story).await;
    let message = Some("Time to live has been modified multiple times within a fixed interval".to_owned());
    let refused = Effect::Refuse { code: "ValidationException".into(), status: None, message, at: Moment::Before };
    world.local.faults().install(Rule::new(refused).operation("UpdateTimeToLive").times(2));
    let began = world.clock.now_ms();
    world.converge(&story.after, &story.approvals, "two refusals").await;
    let asked = world.local.calls().iter().filter(|call| call.operation == "UpdateTimeToLive").count();
    assert_eq!(asked, 3, "refused twice, then done");
    assert!(world.clock.now_ms() - began < 20_000, "{} ms", world.clock.now_ms() - began);
}
