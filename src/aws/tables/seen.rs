//! The SDK's answers as `live::normal::observed`: words stay words, nothing is judged here.

use crate::live::normal::{ObservedIndex, ObservedKey, ObservedRecovery, ObservedTable, ObservedTtl};
use crate::resource::{KeyKind, Units};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, ContinuousBackupsDescription, GlobalSecondaryIndexDescription, KeySchemaElement, LocalSecondaryIndexDescription,
    Projection, ProvisionedThroughputDescription, ScalarAttributeType, TableDescription, TimeToLiveDescription,
};

pub(super) fn table(t: &TableDescription) -> ObservedTable {
    let stream = t.stream_specification();
    ObservedTable {
        id: t.table_id().unwrap_or_default().to_owned(),
        arn: t.table_arn().unwrap_or_default().to_owned(),
        created_ms: t.creation_date_time().and_then(|d| d.to_millis().ok()).and_then(|ms| u64::try_from(ms).ok()).unwrap_or(0),
        status: t.table_status().map_or("unknown", |s| s.as_str()).to_owned(),
        attributes: t.attribute_definitions().iter().filter_map(attribute).collect(),
        key: key(t.key_schema()),
        billing: t.billing_mode_summary().and_then(|b| b.billing_mode()).map(|m| m.as_str().to_owned()),
        units: t.provisioned_throughput().map(units),
        globals: t.global_secondary_indexes().iter().map(global).collect(),
        locals: t.local_secondary_indexes().iter().map(local).collect(),
        protect: t.deletion_protection_enabled(),
        stream: stream.map(|s| (s.stream_enabled(), s.stream_view_type().map(|v| v.as_str().to_owned()))),
        moving: moving(t),
    }
}

/// An attribute whose type we do not know is left out; a key that uses it is then refused by name.
fn attribute(a: &AttributeDefinition) -> Option<(String, KeyKind)> {
    let kind = match a.attribute_type() {
        ScalarAttributeType::S => KeyKind::S,
        ScalarAttributeType::N => KeyKind::N,
        ScalarAttributeType::B => KeyKind::B,
        _ => return None,
    };
    Some((a.attribute_name().to_owned(), kind))
}

fn key(schema: &[KeySchemaElement]) -> Vec<ObservedKey> {
    schema.iter().map(|e| ObservedKey { attribute: e.attribute_name().to_owned(), role: e.key_type().as_str().to_owned() }).collect()
}

fn units(p: &ProvisionedThroughputDescription) -> Units {
    let unsigned = |n: Option<i64>| n.and_then(|n| u64::try_from(n).ok()).unwrap_or(0);
    Units { read: unsigned(p.read_capacity_units()), write: unsigned(p.write_capacity_units()) }
}

fn projection(p: Option<&Projection>) -> (String, Vec<String>) {
    let kind = p.and_then(Projection::projection_type).map_or("absent", |k| k.as_str());
    (kind.to_owned(), p.map(|p| p.non_key_attributes().to_vec()).unwrap_or_default())
}

fn global(i: &GlobalSecondaryIndexDescription) -> ObservedIndex {
    let (projection, include) = projection(i.projection());
    ObservedIndex {
        name: i.index_name().unwrap_or_default().to_owned(),
        status: i.index_status().map(|s| s.as_str().to_owned()),
        backfilling: i.backfilling().unwrap_or(false),
        key: key(i.key_schema()),
        projection,
        include,
        units: i.provisioned_throughput().map(units),
        warm_status: i.warm_throughput().and_then(|w| w.status()).map(|s| s.as_str().to_owned()),
    }
}

fn local(i: &LocalSecondaryIndexDescription) -> ObservedIndex {
    let (projection, include) = projection(i.projection());
    ObservedIndex {
        name: i.index_name().unwrap_or_default().to_owned(),
        key: key(i.key_schema()),
        projection,
        include,
        ..ObservedIndex::default()
    }
}

/// Encryption, warm throughput and replicas that have not settled.
fn moving(t: &TableDescription) -> Vec<String> {
    let settled = ["ENABLED", "DISABLED", "ACTIVE"];
    let say = |what: String, status: &str| (!settled.contains(&status)).then(|| format!("{what} is {}", crate::safe::text(status)));
    let sse = t.sse_description().and_then(|s| s.status()).and_then(|s| say("encryption".into(), s.as_str()));
    let warm = t.warm_throughput().and_then(|w| w.status()).and_then(|s| say("warm throughput".into(), s.as_str()));
    let replica = |r: &aws_sdk_dynamodb::types::ReplicaDescription| {
        let region = crate::safe::text(r.region_name().unwrap_or("?"));
        r.replica_status().and_then(|s| say(format!("the replica in {region}"), s.as_str()))
    };
    sse.into_iter().chain(warm).chain(t.replicas().iter().filter_map(replica)).collect()
}

pub(super) fn ttl(d: &TimeToLiveDescription) -> ObservedTtl {
    ObservedTtl { status: d.time_to_live_status().map(|s| s.as_str().to_owned()), attribute: d.attribute_name().map(str::to_owned) }
}

pub(super) fn recovery(d: &ContinuousBackupsDescription) -> ObservedRecovery {
    let Some(point) = d.point_in_time_recovery_description() else { return ObservedRecovery::default() };
    ObservedRecovery {
        status: point.point_in_time_recovery_status().map(|s| s.as_str().to_owned()),
        days: point.recovery_period_in_days().and_then(|d| u32::try_from(d).ok()),
    }
}
