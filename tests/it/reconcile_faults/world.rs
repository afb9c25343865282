//! An embedded AWS on a manual clock, and what is done in it: plan, apply, look.

use landfall::apply::{self, Options, Outcome, Stop};
use landfall::aws::buckets::Head;
use landfall::aws::{Aws, Settings};
use landfall::clock::Clock;
use landfall::event::Events;
use landfall::exit::Exit;
use landfall::live::{Live, refresh};
use landfall::local::Local;
use landfall::plan::{Approvals, Context, Desired, Plan, Work, make, risk};
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// An embedded AWS, its clock, and a client on that clock.
pub(crate) struct World {
    pub(crate) local: Local,
    pub(crate) clock: Clock,
    pub(crate) aws: Aws,
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::lagging(Duration::ZERO).await
    }

    /// Its descriptions lag behind each change by `lag`.
    pub(crate) async fn lagging(lag: Duration) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis();
        let clock = Clock::manual(u64::try_from(now).expect("this century"));
        let options = landfall::local::Options { clock: clock.clone(), lag, ..Default::default() };
        let local = Local::start(options).await.expect("a free port");
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
            resembling: Vec::new(),
        };
        make(desired, &self.live(desired, approvals).await, approvals, context)
    }

    /// With pauses that fit a clock which every pause moves: what AWS takes minutes for is looked at a few times, not a hundred.
    pub(crate) async fn apply(&self, plan: &Plan) -> Outcome {
        let options = Options { first_poll: Duration::from_secs(1), last_poll: Duration::from_mins(2), ..Options::default() };
        apply::run(&self.aws, plan, &Events::silent(), &options, &Stop::never()).await
    }

    /// Plans and applies; insists on a pass, and that nothing was destroyed that is not approved.
    pub(crate) async fn reach(&self, desired: &Desired, approvals: &Approvals, why: &str) {
        let plan = self.plan(desired, approvals).await;
        assert_eq!(plan.refusals, vec![], "{why}");
        only_approved(&plan, approvals, why);
        let outcome = self.apply(&plan).await;
        assert_eq!((outcome.exit(), outcome.report.converged), (Exit::Pass, true), "{why}: {:#?}", outcome.problems);
    }

    /// The same, and on an empty plan afterwards, which it returns.
    pub(crate) async fn converge(&self, desired: &Desired, approvals: &Approvals, why: &str) -> Plan {
        self.reach(desired, approvals, why).await;
        let again = self.plan(desired, approvals).await;
        assert!(again.is_empty(), "{why}: {:#?}", again.works);
        again
    }

    /// Versions, a delete marker, and an upload that nobody finishes.
    pub(crate) async fn fill_bucket(&self, name: &str) {
        use aws_sdk_s3::config::{BehaviorVersion, Config, Credentials, Region, SharedHttpClient};
        use aws_sdk_s3::primitives::ByteStream;
        let http: SharedHttpClient = aws_smithy_http_client::Builder::new().build_http();
        let endpoint = self.local.endpoint();
        let config = Config::builder().behavior_version(BehaviorVersion::latest()).region(Region::new("us-east-1")).force_path_style(true);
        let credentials = Credentials::new(endpoint.access_key, endpoint.secret_key, None, None, "test");
        let client =
            aws_sdk_s3::Client::from_conf(config.endpoint_url(endpoint.url).credentials_provider(credentials).http_client(http).build());
        for key in ["kept", "kept", "gone"] {
            client.put_object().bucket(name).key(key).body(ByteStream::from_static(b"x")).send().await.expect("put");
        }
        client.delete_object().bucket(name).key("gone").send().await.expect("marked");
        client.create_multipart_upload().bucket(name).key("half").send().await.expect("begun");
    }

    /// Whether no bucket has this name.
    pub(crate) async fn is_no_bucket(&self, name: &str) -> bool {
        self.aws.head_bucket(name).await.expect("told") == Head::Absent
    }

    /// How many mutations AWS has seen.
    pub(crate) fn writes(&self) -> u64 {
        let reads = ["Describe", "List", "Get", "Head", "Query", "Scan", "BatchGet"];
        let is_write = |name: &str| !reads.iter().any(|read| name.starts_with(read));
        self.local.calls().iter().filter(|call| is_write(&call.operation)).count() as u64
    }
}

/// The ids of the tables that were there when the plan was made, by name.
pub(crate) fn ids(plan: &Plan) -> BTreeMap<String, String> {
    let id = |work: &Work| Some((work.target.name().to_owned(), work.before.table()?.id.clone()));
    plan.works.iter().filter_map(id).collect()
}

/// Each destructive step of the plan is named by an approval of its own.
pub(crate) fn only_approved(plan: &Plan, approvals: &Approvals, why: &str) {
    for work in &plan.works {
        let mut state = work.before.clone();
        for planned in &work.steps {
            let name = work.target.name();
            let destroys = planned.destructive || risk::destructive(&planned.step, &state);
            let named = approvals.destroy.contains(&risk::approval(&planned.step, name));
            assert!(!destroys || named, "{why}: a destructive step that nobody named: {}", planned.step);
            state = landfall::plan::simulate(&state, &planned.step, name);
        }
    }
}
