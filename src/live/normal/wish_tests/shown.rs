//! What AWS shows of a table right after it was made as wished.

use super::super::*;
use super::units;
use crate::resource::{Capacity, Class, Encryption, Insights, Maximum, Policy, Range, Scaling, StreamView, Units};

/// What AWS shows of `want` right after it was made, with everything that AWS adds on its own.
pub(super) fn shown(want: &Table) -> ObservedAll {
    let mut all = ObservedAll {
        table: ObservedTable {
            id: "id".into(),
            arn: "arn:aws:dynamodb:us-east-1:1:table/T".into(),
            status: "ACTIVE".into(),
            attributes: vec![("pk".into(), KeyKind::S), ("sk".into(), KeyKind::S), ("other".into(), KeyKind::S)],
            key: elements(&want.key),
            billing: (want.capacity == Capacity::OnDemand).then(|| "PAY_PER_REQUEST".into()),
            units: Some(drawn(want.capacity)),
            maximum: ceiling(want.limits.maximum),
            // An on-demand table is born with 12,000 and 4,000 (Developer Guide, "warm throughput").
            warm: Some(want.limits.warm.map_or(units(12_000, 4_000), |w| units(w.read.max(12_000), w.write.max(4_000)))),
            warm_status: Some("ACTIVE".into()),
            globals: want.indexes.iter().map(|(name, index)| global(name, index)).collect(),
            protect: Some(want.protect),
            stream: want.stream.map(|view| (true, Some(view_word(view).into()))),
            class: (want.class == Class::InfrequentAccess).then(|| "STANDARD_INFREQUENT_ACCESS".into()),
            encryption: encrypted(&want.encryption),
            ..ObservedTable::default()
        },
        managed_key: want.encryption == Encryption::Managed,
        scaling: targets(None, want.limits.scaling),
        policy: want.policy.as_ref().map(|p| if let Policy::On(text) = p { Some(format!(" {text} ")) } else { None }),
        ..ObservedAll::default()
    };
    all.ttl = ObservedTtl { status: want.ttl.as_ref().map(|_| "ENABLED".into()), attribute: want.ttl.clone() };
    all.recovery = ObservedRecovery { status: want.recovery.map(|_| "ENABLED".into()), days: want.recovery };
    all.tags = want.tags.clone().into_iter().chain([(OWNER_TAG.to_owned(), "s".to_owned())]).collect();
    all.insights.extend(want.insights.map(|i| (None, insight(i))));
    for (name, index) in &want.indexes {
        all.insights.extend(index.insights.map(|i| (Some(name.clone()), insight(i))));
        all.scaling.extend(targets(Some(name), index.limits.scaling));
    }
    all
}

fn elements(key: &Key) -> Vec<ObservedKey> {
    let element = |part: &KeyPart, role: &str| ObservedKey { attribute: part.name.clone(), role: role.into() };
    key.partition.iter().map(|p| element(p, "HASH")).chain(key.sort.iter().map(|p| element(p, "RANGE"))).collect()
}

fn drawn(capacity: Capacity) -> Units {
    if let Capacity::Provisioned(units) = capacity { units } else { units(0, 0) }
}

fn ceiling(maximum: Maximum) -> ObservedMaximum {
    let side = |n: Option<u64>| Some(n.map_or(-1, |n| i64::try_from(n).expect("small")));
    if maximum == Maximum::default() {
        ObservedMaximum::default()
    } else {
        ObservedMaximum { read: side(maximum.read), write: side(maximum.write) }
    }
}

fn global(name: &str, index: &Index) -> ObservedIndex {
    ObservedIndex {
        name: name.into(),
        status: Some("ACTIVE".into()),
        key: elements(&index.key),
        projection: "ALL".into(),
        units: Some(drawn(index.capacity)),
        maximum: ceiling(index.limits.maximum),
        warm: Some(index.limits.warm.unwrap_or(units(12_000, 4_000))),
        warm_status: Some("ACTIVE".into()),
        ..ObservedIndex::default()
    }
}

fn view_word(view: StreamView) -> &'static str {
    match view {
        StreamView::Keys => "KEYS_ONLY",
        StreamView::New => "NEW_IMAGE",
        StreamView::Old => "OLD_IMAGE",
        StreamView::Both => "NEW_AND_OLD_IMAGES",
    }
}

fn encrypted(encryption: &Encryption) -> Option<ObservedEncryption> {
    let key = match encryption {
        Encryption::Owned => return None,
        Encryption::Managed => "arn:aws:kms:us-east-1:1:key/aws",
        Encryption::Key(key) => key,
    };
    Some(ObservedEncryption { status: Some("ENABLED".into()), kind: Some("KMS".into()), key: Some(key.into()) })
}

pub(super) fn targets(index: Option<&str>, scaling: Scaling) -> Vec<ObservedTarget> {
    let one = |(range, side, metric): (Option<Range>, &str, &str)| {
        let range = range?;
        let kind = if index.is_some() { "index" } else { "table" };
        let policy =
            ObservedScaler { name: "any".into(), kind: "TargetTrackingScaling".into(), metric: Some(metric.into()), target: range.target };
        Some(ObservedTarget {
            table: "T".into(),
            index: index.map(Into::into),
            dimension: format!("dynamodb:{kind}:{side}CapacityUnits"),
            min: range.min,
            max: range.max,
            suspended: false,
            policies: vec![policy],
            scheduled: Vec::new(),
        })
    };
    let sides = [(scaling.read, "Read", "DynamoDBReadCapacityUtilization"), (scaling.write, "Write", "DynamoDBWriteCapacityUtilization")];
    sides.into_iter().filter_map(one).collect()
}

fn insight(insights: Insights) -> ObservedInsights {
    let (status, mode) = match insights {
        Insights::Off => ("DISABLED", None),
        Insights::All => ("ENABLED", None),
        Insights::Throttled => ("ENABLED", Some("THROTTLED_KEYS".to_owned())),
    };
    ObservedInsights { status: Some(status.into()), mode, failure: None }
}
