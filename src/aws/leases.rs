//! Leases in `DynamoDB`: one small on-demand table per account and region, an item per stack, every write on a condition; and the fence
//! that stops a mutation before it leaves.
//!
//! Rules: reads are strongly consistent; a write happens on exactly the version that it names, or not at all; a write whose answer was
//! lost is told from a refused one by nobody here: the caller reads again. Behind the fence an attempt has less time than the lease has
//! margin; a large object in the run's own staging folder alone takes longer.
//! Facts: "Condition expressions" and `ConditionalCheckFailedException` (`DynamoDB` Developer Guide, API reference).
//! Called by `lease::keep`.

use super::error::from_sdk;
use super::{Aws, Error};
use crate::lease::model::{Claim, Expect, Machine, Record, State};
use aws_sdk_dynamodb::types::{AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType, Tag};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeSerializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::timeout::TimeoutConfig;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The table of all leases of an account and region.
pub const TABLE: &str = crate::resource::LEASE_TABLE;
/// The tag that says what the table is for.
const TAG: &str = "landfall:leases";
const KEY: &str = "stack";
/// A new on-demand table takes seconds (one lab: 2 to 7).
const MAKING_MS: u64 = 2 * 60_000;
/// What it carries is large, so it may take its time; what arrives late lies in a staging folder of the run's own, which nobody else reads.
const STAGES: &str = "PutObject";
/// No lease is longer: a stored one that is was not written by landfall.
const LONGEST: Duration = Duration::from_hours(24);

/// What is stored for a stack.
#[allow(clippy::large_enum_variant, reason = "read once a beat, and never kept in numbers")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stored {
    NoTable,
    Nothing,
    Record(Record),
}

impl Aws {
    /// `GetItem`, strongly consistent.
    pub async fn read_lease(&self, stack: &str) -> Result<Stored, Error> {
        let key = AttributeValue::S(stack.to_owned());
        let sent = self.dynamodb.get_item().table_name(TABLE).key(KEY, key).consistent_read(true).send().await;
        match sent.map_err(|e| from_sdk(call("GetItem", stack), &e)) {
            Ok(answer) => match answer.item {
                None => Ok(Stored::Nothing),
                Some(item) => parse(&item).map(Stored::Record).ok_or_else(|| unreadable(stack)),
            },
            Err(error) if error.is("ResourceNotFoundException") => Ok(Stored::NoTable),
            Err(error) => Err(error),
        }
    }

    /// `PutItem` on a condition; `false`: what is stored is not what was expected.
    pub async fn write_lease(&self, stack: &str, expect: &Expect, record: &Record) -> Result<bool, Error> {
        let request = self.dynamodb.put_item().table_name(TABLE).set_item(Some(item(stack, record)));
        let request = match expect {
            Expect::Absent => request.condition_expression("attribute_not_exists(#k)").expression_attribute_names("#k", KEY),
            Expect::Version { run, fence, beat } => request
                .condition_expression("#r = :r AND #f = :f AND #b = :b")
                .expression_attribute_names("#r", "run")
                .expression_attribute_names("#f", "fence")
                .expression_attribute_names("#b", "beat")
                .expression_attribute_values(":r", AttributeValue::S(run.clone()))
                .expression_attribute_values(":f", number(*fence))
                .expression_attribute_values(":b", number(*beat)),
        };
        match request.send().await.map_err(|e| from_sdk(call("PutItem", stack), &e)) {
            Ok(_) => Ok(true),
            Err(error) if error.is("ConditionalCheckFailedException") => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Makes the table, or waits for the one that another first writer makes.
    pub async fn make_lease_table(&self) -> Result<(), Error> {
        let built = |e: aws_sdk_dynamodb::error::BuildError| ours("CreateTable", &e.to_string());
        let key = KeySchemaElement::builder().attribute_name(KEY).key_type(KeyType::Hash).build().map_err(built)?;
        let attribute = AttributeDefinition::builder().attribute_name(KEY).attribute_type(ScalarAttributeType::S).build().map_err(built)?;
        let tag = Tag::builder().key(TAG).value("1").build().map_err(built)?;
        let request = self.dynamodb.create_table().table_name(TABLE).key_schema(key).attribute_definitions(attribute);
        let sent = request.billing_mode(BillingMode::PayPerRequest).tags(tag).send().await;
        match sent.map_err(|e| from_sdk(format!("DynamoDB CreateTable {TABLE}"), &e)) {
            Err(error) if !error.is("ResourceInUseException") => Err(error),
            _ => self.lease_table_active().await,
        }
    }

    async fn lease_table_active(&self) -> Result<(), Error> {
        let until_ms = self.clock().now_ms() + MAKING_MS;
        let mut pause = Duration::from_millis(10);
        loop {
            // Right after the create call it may not be shown at all.
            let status = self.table_state(TABLE).await?.map(|state| state.status);
            match status.as_deref() {
                Some("ACTIVE" | "UPDATING") => return Ok(()),
                Some("CREATING") | None if self.clock().now_ms() < until_ms => {}
                other => return Err(ours("CreateTable", &format!("the table is {} and not ACTIVE", other.unwrap_or("not there")))),
            }
            self.clock().sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(1));
        }
    }

    /// The same AWS, but a mutation of a table, an item, a bucket or an object leaves only while `fence` says so: asked directly before
    /// every attempt is sent, the SDK's own repetitions too. A stopped attempt is an error without a code.
    #[must_use]
    pub fn fenced(&self, fence: Fence) -> Self {
        let dynamodb = self.dynamodb.config().to_builder().interceptor(fence.clone()).build();
        let s3 = self.s3.config().to_builder().interceptor(fence.clone()).build();
        let scaling = self.scaling.config().to_builder().interceptor(fence).build();
        Self {
            dynamodb: aws_sdk_dynamodb::Client::from_conf(dynamodb),
            s3: aws_sdk_s3::Client::from_conf(s3),
            scaling: aws_sdk_applicationautoscaling::Client::from_conf(scaling),
            ..self.clone()
        }
    }
}

/// Asked before anything leaves that changes AWS.
#[derive(Clone)]
pub struct Fence {
    open: Arc<dyn Fn() -> bool + Send + Sync>,
    /// How long an attempt that it let pass may be on its way.
    most: Option<Duration>,
}

impl Fence {
    /// `open`: whether a mutation may leave at this moment; must not block.
    pub fn new(open: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self { open: Arc::new(open), most: None }
    }

    /// The same; each attempt of a mutation is given up after `most`, so that none waits for its network into another's lease.
    #[must_use]
    pub fn within(self, most: Duration) -> Self {
        Self { most: Some(most), ..self }
    }
}

impl fmt::Debug for Fence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fence")
    }
}

/// The call was not sent.
#[derive(Debug, thiserror::Error)]
#[error("not sent: the lease of the stack has to be renewed first")]
struct Fenced;

impl Intercept for Fence {
    fn name(&self) -> &'static str {
        "LeaseFence"
    }

    fn read_before_serialization(
        &self,
        _context: &BeforeSerializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let whole = config.load::<Metadata>().is_some_and(|call| is_read(call.name()) || call.name() == STAGES);
        let timeouts = config.load::<TimeoutConfig>().and_then(|now| shorter(now, self.most.filter(|_| !whole)?));
        if let Some(timeouts) = timeouts {
            config.interceptor_state().store_put(timeouts);
        }
        Ok(())
    }

    fn read_before_transmit(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // A call without a name would be one that we do not know: it counts as a mutation.
        let reads = config.load::<Metadata>().is_some_and(|call| is_read(call.name()));
        if reads || (self.open)() { Ok(()) } else { Err(Box::new(Fenced)) }
    }
}

/// Timeouts with attempts of at most `most`; `None`: they are so already, or nothing is timed.
fn shorter(timeouts: &TimeoutConfig, most: Duration) -> Option<TimeoutConfig> {
    let longer = timeouts.operation_attempt_timeout().is_some_and(|now| now > most);
    longer.then(|| timeouts.to_builder().operation_attempt_timeout(most).build())
}

/// Whether an operation changes nothing, by AWS's own naming.
fn is_read(operation: &str) -> bool {
    ["Describe", "List", "Get", "Head", "Query", "Scan", "BatchGet"].iter().any(|begin| operation.starts_with(begin))
}

fn call(api: &str, stack: &str) -> String {
    format!("DynamoDB {api} {TABLE} ({})", crate::safe::text(stack))
}

fn ours(api: &str, message: &str) -> Error {
    let call = format!("DynamoDB {api} {TABLE}");
    Error { call, code: None, message: message.to_owned(), request_id: None, throttling_reasons: Vec::new() }
}

fn unreadable(stack: &str) -> Error {
    let message = format!(
        "the lease of stack {} was not written by this landfall: finish or stop the run of the other version; if there is none, delete this item",
        crate::safe::text(stack)
    );
    Error { code: Some("UnreadableLease".into()), ..ours("GetItem", &message) }
}

fn number(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn item(stack: &str, record: &Record) -> HashMap<String, AttributeValue> {
    let claim = &record.claim;
    let state = match record.state {
        State::Held => "held",
        State::Revoked => "revoked",
        State::Released => "released",
    };
    let mut texts =
        vec![(KEY, stack), ("state", state), ("run", &claim.run), ("user", &claim.user), ("host", &claim.host), ("verb", &claim.verb)];
    let mut numbers = vec![
        ("fence", record.fence),
        ("beat", record.beat),
        ("lease_ms", millis(record.lease)),
        ("written_ms", record.written_ms),
        ("since_ms", claim.since_ms),
        ("pid", u64::from(claim.pid)),
    ];
    if let Some(machine) = &claim.machine {
        texts.extend([("boot", machine.boot.as_str()), ("pid_namespace", &machine.pid_namespace)]);
        numbers.extend([("started", machine.started), ("uid", u64::from(machine.uid))]);
    }
    let texts = texts.into_iter().map(|(name, value)| (name.to_owned(), AttributeValue::S(value.to_owned())));
    texts.chain(numbers.into_iter().map(|(name, value)| (name.to_owned(), self::number(value)))).collect()
}

fn parse(item: &HashMap<String, AttributeValue>) -> Option<Record> {
    let text = |name: &str| item.get(name)?.as_s().ok().cloned();
    let number = |name: &str| item.get(name)?.as_n().ok()?.parse::<u64>().ok();
    let small = |name: &str| u32::try_from(number(name)?).ok();
    let machine =
        || Some(Machine { boot: text("boot")?, pid_namespace: text("pid_namespace")?, started: number("started")?, uid: small("uid")? });
    let state = match text("state")?.as_str() {
        "held" => State::Held,
        "revoked" => State::Revoked,
        "released" => State::Released,
        _ => return None,
    };
    let lease = Duration::from_millis(number("lease_ms")?);
    if lease.is_zero() || lease > LONGEST {
        return None;
    }
    let claim = Claim {
        run: text("run")?,
        user: text("user")?,
        host: text("host")?,
        pid: small("pid")?,
        verb: text("verb")?,
        since_ms: number("since_ms")?,
        machine: machine(),
    };
    Some(Record { claim, fence: number("fence")?, beat: number("beat")?, lease, state, written_ms: number("written_ms")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        let machine = Machine { boot: "b".into(), pid_namespace: "pid:[1]".into(), started: 9, uid: 1000 };
        let (run, user, host, verb) = ("r".into(), "ann".into(), "laptop".into(), "apply".into());
        let claim = Claim { run, user, host, pid: 7, verb, since_ms: 5, machine: Some(machine) };
        Record { claim, fence: 3, beat: 4, lease: Duration::from_mins(1), state: State::Held, written_ms: 6 }
    }

    #[test]
    fn what_is_written_reads_back() {
        for state in [State::Held, State::Revoked, State::Released] {
            let with = Record { state, ..record() };
            assert_eq!(parse(&item("s", &with)), Some(with));
        }
        let bare = Record { claim: Claim { machine: None, ..record().claim }, ..record() };
        assert_eq!(parse(&item("s", &bare)), Some(bare));
    }

    #[test]
    fn what_another_program_wrote_is_not_guessed_at() {
        let spoilt = [("state", AttributeValue::S("open".into())), ("fence", AttributeValue::S("3".into())), ("lease_ms", number(0))];
        for (name, value) in spoilt {
            let mut item = item("s", &record());
            item.insert(name.to_owned(), value);
            assert_eq!(parse(&item), None, "{name}");
        }
        assert_eq!(parse(&item("s", &Record { lease: LONGEST * 2, ..record() })), None);
    }

    #[test]
    fn only_reads_pass_a_closed_fence() {
        for read in ["DescribeTable", "ListTagsOfResource", "GetObject", "HeadBucket", "Query", "Scan", "BatchGetItem"] {
            assert!(is_read(read), "{read}");
        }
        for write in
            ["PutItem", "BatchWriteItem", "CreateTable", "UpdateTable", "ImportTable", "TagResource", "DeleteObjects", "ExecuteStatement"]
        {
            assert!(!is_read(write), "{write}");
        }
    }
}
