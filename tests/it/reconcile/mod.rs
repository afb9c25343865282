//! Plan and apply against a stand-in for AWS, with faults put in at every call.
//!
//! Each test of `whole` runs against the embedded AWS, moto and ministack; the sweeps of `faults` against the embedded one.
//! Run them with `scripts/test`, which starts the servers and names them in `LANDFALL_TEST_…_URL`.

/// Each of these against each stand-in.
macro_rules! on_each_stand {
    ($($name:ident),* $(,)?) => {
        mod embedded {
            $(#[tokio::test]
            async fn $name() {
                super::$name(&crate::reconcile::Stand::embedded().await).await;
            })*
        }
        mod ministack {
            $(#[tokio::test]
            async fn $name() {
                super::$name(&crate::reconcile::Stand::ministack()).await;
            })*
        }
        mod moto {
            $(#[tokio::test]
            async fn $name() {
                super::$name(&crate::reconcile::Stand::moto()).await;
            })*
        }
    };
}

mod every;
mod faults;
mod leaving;
mod proxy;
mod staging;
mod whole;

use landfall::apply::{self, Options, Outcome, Stop};
use landfall::aws::{Aws, Endpoint, Settings};
use landfall::event::Events;
use landfall::exit::Exit;
use landfall::live::{Live, refresh};
use landfall::local::Local;
use landfall::plan::{Approvals, Context, Desired, Plan, make};
use landfall::resource::{Bucket, Capacity, Index, Key, KeyKind, KeyPart, LocalIndex, Projection, StreamView, Table, Units};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A stand-in for AWS.
struct Stand {
    url: String,
    key: String,
    /// Keeps the embedded server running.
    _local: Option<Local>,
    /// moto keeps a stream's label for ever, so a stream that was turned off cannot be turned on again there.
    streams_change: bool,
    knows: Knows,
}

/// Attributes that a stand-in keeps and shows; see `tests/capabilities.md`.
#[allow(clippy::struct_excessive_bools)] // each is one row of that table
#[derive(Debug, Clone, Copy)]
struct Knows {
    maximum: bool,
    warm: bool,
    class: bool,
    /// By KMS keys, AWS's own told apart from a customer's.
    encryption: bool,
    policy: bool,
    insights: bool,
    scaling: bool,
    /// Maximums and insights of an index apart from the table's.
    of_index: bool,
    /// A change of mode of contributor insights.
    modes: bool,
    /// Deregistering a target takes its policies along.
    unscales: bool,
    /// A new range brings the capacity into it.
    lifts: bool,
}

impl Knows {
    const ALL: Self = Self {
        maximum: true,
        warm: true,
        class: true,
        encryption: true,
        policy: true,
        insights: true,
        scaling: true,
        of_index: true,
        modes: true,
        unscales: true,
        lifts: true,
    };

    /// Whether the attribute that a change by hand (see `every`) is about can be changed here.
    fn attribute(&self, what: &str) -> bool {
        match what {
            "maximum" => self.maximum,
            "index maximum" => self.maximum && self.of_index,
            "warm" => self.warm,
            "class" => self.class,
            "encryption" => self.encryption,
            "policy" => self.policy,
            "insights" => self.insights,
            "index insights" => self.insights && self.of_index,
            "scaled capacity" | "target" | "range" => self.scaling,
            "unscaled" => self.scaling && self.unscales,
            _ => true,
        }
    }
}

impl Stand {
    /// moto, as scripts/test started it.
    fn moto() -> Self {
        Self {
            url: crate::servers::moto(),
            key: "test".into(),
            _local: None,
            streams_change: false,
            knows: Knows {
                unscales: false,
                lifts: false,
                maximum: false,
                warm: false,
                class: false,
                insights: false,
                encryption: false,
                policy: false,
                ..Knows::ALL
            },
        }
    }

    /// ministack, as scripts/test started it.
    fn ministack() -> Self {
        Self {
            url: crate::servers::ministack(),
            key: "test".into(),
            _local: None,
            streams_change: true,
            knows: Knows { modes: false, warm: false, scaling: false, of_index: false, encryption: false, policy: false, ..Knows::ALL },
        }
    }

    /// An embedded AWS of its own.
    async fn embedded() -> Self {
        let local = Local::start(landfall::local::Options::default()).await.expect("a free port");
        Self { url: local.url(), key: "local".into(), _local: Some(local), streams_change: true, knows: Knows::ALL }
    }

    async fn connect(&self) -> Aws {
        self.connect_by(&self.url).await
    }

    /// One item into a table keyed as [`rich`].
    async fn put_item(&self, table: &str) {
        use aws_sdk_dynamodb::{Client, Config, config, types::AttributeValue};
        let credentials = config::Credentials::new(&self.key, &self.key, None, None, "test");
        let config = Config::builder().behavior_version_latest().region(config::Region::new("us-east-1")).endpoint_url(&self.url);
        let http = aws_smithy_http_client::Builder::new().build_http();
        let client = Client::from_conf(config.credentials_provider(credentials).http_client(http).build());
        let item = client.put_item().table_name(table).item("pk", AttributeValue::S("a".into())).item("sk", AttributeValue::N("1".into()));
        item.send().await.expect("written");
    }

    /// Through a proxy.
    async fn connect_by(&self, url: &str) -> Aws {
        let endpoint = Endpoint { url: url.to_owned(), access_key: self.key.clone(), secret_key: self.key.clone() };
        let settings = Settings { region: Some("us-east-1".into()), endpoint: Some(endpoint), ..Settings::default() };
        Aws::connect(&settings).await.expect("the stand-in answers STS")
    }
}

/// A name that no other test has.
fn unique(stem: &str) -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let nanos = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").subsec_nanos();
    format!("{stem}-{}-{}-{nanos}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

fn part(name: &str, kind: KeyKind) -> KeyPart {
    KeyPart { name: name.into(), kind }
}

fn key(partition: &str, sort: Option<&str>) -> Key {
    let sort = sort.map(|name| part(name, KeyKind::N));
    Key { partition: vec![part(partition, KeyKind::S)], sort: sort.into_iter().collect() }
}

const FIVE: Capacity = Capacity::Provisioned(Units { read: 5, write: 6 });

fn index(partition: &str, projection: Projection, capacity: Capacity) -> Index {
    Index { projection, capacity, ..Index::plain(key(partition, None)) }
}

fn plain() -> Table {
    Table::plain(key("pk", None))
}

/// A table with one of everything.
fn rich() -> Table {
    let include = Projection::Include(BTreeSet::from(["q".to_owned(), "p".to_owned()]));
    let local = LocalIndex { key: Key { sort: vec![part("other", KeyKind::S)], ..key("pk", None) }, projection: Projection::Keys };
    Table {
        capacity: FIVE,
        indexes: BTreeMap::from([
            ("byName".to_owned(), index("name", Projection::All, FIVE)),
            ("byMail".to_owned(), index("mail", include, FIVE)),
        ]),
        locals: BTreeMap::from([("byOther".to_owned(), local)]),
        protect: true,
        ttl: Some("expires".into()),
        stream: Some(StreamView::Both),
        recovery: Some(35),
        tags: BTreeMap::from([("team".to_owned(), "migration".to_owned())]),
        ..Table::plain(key("pk", Some("sk")))
    }
}

/// A stack of its own: a bucket, a rich table and a plain one.
struct Scene {
    desired: Desired,
    approvals: Approvals,
    rich: String,
    plain: String,
    bucket: String,
}

impl Scene {
    fn new() -> Self {
        let (rich_name, plain_name, bucket) = (unique("Rich"), unique("Plain"), unique("staging"));
        let staging = Bucket {
            name: bucket.clone(),
            expire_days: 7,
            tags: BTreeMap::from([("team".to_owned(), "m".to_owned())]),
            versioning: false,
            kms_key: None,
        };
        let desired = Desired {
            stack: unique("stack"),
            digest: "d".into(),
            tables: BTreeMap::from([(rich_name.clone(), rich()), (plain_name.clone(), plain())]),
            buckets: BTreeMap::from([(bucket.clone(), staging)]),
            defer: BTreeSet::new(),
        };
        Self { desired, approvals: Approvals::default(), rich: rich_name, plain: plain_name, bucket }
    }

    fn table(&mut self, name: &str) -> &mut Table {
        self.desired.tables.get_mut(name).expect("the scene's own table")
    }

    async fn live(&self, aws: &Aws) -> Live {
        refresh::refresh(aws, &self.desired.wanted(&self.approvals), &Events::silent()).await.expect("readable")
    }

    async fn plan(&self, aws: &Aws) -> Plan {
        let id = aws.identity();
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
        let context = Context {
            account: id.account.clone(),
            region: id.region.clone(),
            endpoint: id.endpoint.clone(),
            now_ms: u64::try_from(now.as_millis()).expect("this century"),
            deadline_ms: None,
            unmanaged: Vec::new(),
            resembling: Vec::new(),
        };
        make(&self.desired, &self.live(aws).await, &self.approvals, context)
    }

    /// Plans and applies, and insists that it passed.
    async fn converge(&self, aws: &Aws) -> Outcome {
        let plan = self.plan(aws).await;
        let outcome = apply_plan(aws, &plan).await;
        assert_eq!((outcome.exit(), outcome.report.converged), (Exit::Pass, true), "{:#?}", outcome.problems);
        let again = self.plan(aws).await;
        assert!(again.is_empty(), "{:#?}", again.works.iter().map(|w| &w.change).collect::<Vec<_>>());
        outcome
    }
}

fn options() -> Options {
    Options {
        timeout: Duration::from_secs(30),
        lag: Duration::from_millis(300),
        last_poll: Duration::from_millis(300),
        ..Options::default()
    }
}

async fn apply_plan(aws: &Aws, plan: &Plan) -> Outcome {
    apply::run(aws, plan, &Events::silent(), &options(), &Stop::never()).await
}
