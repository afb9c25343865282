//! One permission that a verb needs, and why.

use super::api;
use crate::resource::partition;
use crate::stack::Stack;
use std::collections::BTreeSet;

/// What a permission is for, by its name in AWS; [`On::arns`] makes ARNs of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum On {
    /// The action takes no resource.
    Any,
    Table(String),
    /// Every index of the table.
    Indexes(String),
    /// Every import that made the table.
    Imports(String),
    /// Every table of account and region.
    AnyTable,
    Bucket(String),
    /// Objects of a bucket under a prefix that ends in `/`.
    Objects(String, String),
    /// The log group that `ImportTable` writes what it could not import to.
    ImportLogs,
    /// Scalable targets of `DynamoDB`: AWS names them by ids of its own, so the namespace is a condition.
    ScalableTargets,
    /// The alarms that target tracking makes for a table (`NAME-`) or its indexes (`NAME/index/`), by how their names begin.
    ScalingAlarms(String),
    /// A service-linked role, made when a service is first used in an account: the service's principal.
    ServiceRole(&'static str),
    /// A KMS key as the stack names it (ARN, id or alias), asked about.
    Key(String),
    /// A KMS key, used by the service of this name on the caller's behalf.
    KeyThrough(String, &'static str),
    /// Whichever key of account and region it is, asked about: that of a table which the file does not name.
    AnyKey,
    /// The same, used by the service of this name on the caller's behalf.
    AnyKeyThrough(&'static str),
}

/// Who asks for the permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// landfall's own call: service and operation.
    Call(&'static str, &'static str),
    /// AWS, on the way to what a call asked for; the call's name.
    Aws(&'static str),
}

/// A permission.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Need {
    pub action: &'static str,
    pub on: On,
    pub by: By,
    /// The path that needs it, where an ordinary run does not take it.
    pub rare: Option<&'static str>,
}

/// The permissions found so far.
#[derive(Debug, Default)]
pub(super) struct Needs(pub(super) BTreeSet<Need>);

impl Needs {
    /// An ordinary call.
    pub(super) fn call(&mut self, service: &'static str, operation: &'static str, on: &On) {
        self.add(service, operation, on, None);
    }

    /// A call that only `path` makes.
    pub(super) fn rare(&mut self, service: &'static str, operation: &'static str, on: &On, path: &'static str) {
        self.add(service, operation, on, Some(path));
    }

    /// What AWS asks of the caller while it does `call`.
    pub(super) fn implied(&mut self, call: &'static str, actions: &[&'static str], on: &On) {
        self.asked(call, actions, on, None);
    }

    /// The same, where only `path` makes the call.
    pub(super) fn rarely_implied(&mut self, call: &'static str, actions: &[&'static str], on: &On, path: &'static str) {
        self.asked(call, actions, on, Some(path));
    }

    fn asked(&mut self, call: &'static str, actions: &[&'static str], on: &On, rare: Option<&'static str>) {
        self.0.extend(actions.iter().map(|action| Need { action, on: on.clone(), by: By::Aws(call), rare }));
    }

    fn add(&mut self, service: &'static str, operation: &'static str, on: &On, rare: Option<&'static str>) {
        let api = api::api(service, operation).expect("invariant: every call that is asked for here has a row in `APIS`");
        self.0.extend(api.actions.iter().map(|action| Need { action, on: on.clone(), by: By::Call(service, operation), rare }));
    }
}

/// Account and region, as ARNs need them.
#[derive(Debug, Clone)]
pub(super) struct Place {
    partition: &'static str,
    region: String,
    account: String,
}

impl Place {
    pub(super) fn of(stack: &Stack) -> Self {
        Self { partition: partition(&stack.region), region: stack.region.clone(), account: stack.account.clone() }
    }

    fn arn(&self, service: &str, rest: &str) -> String {
        format!("arn:{}:{service}:{}:{}:{rest}", self.partition, self.region, self.account)
    }

    fn table(&self, rest: &str) -> String {
        self.arn("dynamodb", &format!("table/{rest}"))
    }

    /// `SERVICE.REGION.amazonaws.com`, China's domain too where the region is there.
    fn through(&self, service: &str) -> Vec<String> {
        let usual = format!("{service}.{}.amazonaws.com", self.region);
        let china = (self.partition == "aws-cn").then(|| format!("{usual}.cn"));
        std::iter::once(usual).chain(china).collect()
    }
}

/// A condition: operator, key, values.
pub(super) type Condition = (&'static str, &'static str, Vec<String>);

impl On {
    /// The resource's ARN.
    pub(super) fn arn(&self, place: &Place) -> String {
        let s3 = |rest: &str| format!("arn:{}:s3:::{rest}", place.partition);
        match self {
            Self::Any => "*".to_owned(),
            Self::Table(name) => place.table(name),
            Self::Indexes(name) => place.table(&format!("{name}/index/*")),
            Self::Imports(name) => place.table(&format!("{name}/import/*")),
            Self::AnyTable => place.table("*"),
            Self::Bucket(name) => s3(name),
            Self::Objects(name, prefix) => s3(&format!("{name}/{prefix}*")),
            Self::ImportLogs => place.arn("logs", "log-group:/aws-dynamodb/*"),
            Self::ScalableTargets => place.arn("application-autoscaling", "scalable-target/*"),
            Self::ScalingAlarms(start) => place.arn("cloudwatch", &format!("alarm:TargetTracking-table/{start}*")),
            Self::ServiceRole(principal) => {
                format!("arn:{}:iam::{}:role/aws-service-role/{principal}/*", place.partition, place.account)
            }
            Self::Key(key) | Self::KeyThrough(key, _) => key_arn(key, place),
            Self::AnyKey | Self::AnyKeyThrough(_) => place.arn("kms", "key/*"),
        }
    }

    /// What narrows an ARN that cannot say it all.
    pub(super) fn conditions(&self, place: &Place) -> Vec<Condition> {
        let alias = |key: &String| alias(key).map(|name| ("ForAnyValue:StringEquals", "kms:ResourceAliases", vec![name]));
        let through = |service: &str| ("StringEquals", "kms:ViaService", place.through(service));
        match self {
            Self::ScalableTargets => {
                vec![("StringEquals", "application-autoscaling:service-namespace", vec!["dynamodb".to_owned()])]
            }
            Self::ServiceRole(principal) => vec![("StringEquals", "iam:AWSServiceName", vec![(*principal).to_owned()])],
            Self::Key(key) => alias(key).into_iter().collect(),
            Self::KeyThrough(key, service) => alias(key).into_iter().chain([through(service)]).collect(),
            Self::AnyKeyThrough(service) => vec![through(service)],
            _ => Vec::new(),
        }
    }
}

/// The alias that a key is named by, `alias/NAME`.
fn alias(key: &str) -> Option<String> {
    key.find("alias/").map(|at| key[at..].to_owned())
}

/// An alias is no resource of a key's actions (KMS developer guide, "Using aliases to control access to KMS keys"): any key, by condition.
fn key_arn(key: &str, place: &Place) -> String {
    match (alias(key), key.starts_with("arn:")) {
        (Some(_), _) => place.arn("kms", "key/*"),
        (None, true) => key.to_owned(),
        (None, false) => place.arn("kms", &format!("key/{key}")),
    }
}
