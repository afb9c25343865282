//! The SDK's answers as `live::normal::observed`: words stay words, nothing is judged here.

use crate::live::normal::{
    ObservedCounters, ObservedEncryption, ObservedIndex, ObservedKey, ObservedMaximum, ObservedRecovery, ObservedReplica, ObservedTable,
    ObservedTtl,
};
use crate::resource::{KeyKind, Units};
use aws_sdk_dynamodb::primitives::DateTime;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, ContinuousBackupsDescription, GlobalSecondaryIndexDescription, KeySchemaElement, LocalSecondaryIndexDescription,
    OnDemandThroughput, Projection, ProvisionedThroughputDescription, ScalarAttributeType, SseDescription, TableDescription,
    TableWarmThroughputDescription, TimeToLiveDescription,
};

pub(super) fn table(t: &TableDescription) -> ObservedTable {
    let stream = t.stream_specification();
    let (warm, warm_status) = t.warm_throughput().map(warm).unwrap_or_default();
    let class = t.table_class_summary();
    ObservedTable {
        id: t.table_id().unwrap_or_default().to_owned(),
        arn: t.table_arn().unwrap_or_default().to_owned(),
        created_ms: millis(t.creation_date_time()).unwrap_or(0),
        items: t.item_count().and_then(|n| u64::try_from(n).ok()).unwrap_or(0),
        status: t.table_status().map_or("unknown", |s| s.as_str()).to_owned(),
        attributes: t.attribute_definitions().iter().filter_map(attribute).collect(),
        key: key(t.key_schema()),
        billing: t.billing_mode_summary().and_then(|b| b.billing_mode()).map(|m| m.as_str().to_owned()),
        units: t.provisioned_throughput().map(units),
        counters: t.provisioned_throughput().map(counters).unwrap_or_default(),
        to_on_demand_ms: t.billing_mode_summary().and_then(|b| millis(b.last_update_to_pay_per_request_date_time())),
        maximum: t.on_demand_throughput().map(maximum).unwrap_or_default(),
        warm,
        warm_status,
        globals: t.global_secondary_indexes().iter().map(global).collect(),
        locals: t.local_secondary_indexes().iter().map(local).collect(),
        protect: t.deletion_protection_enabled(),
        stream: stream.map(|s| (s.stream_enabled(), s.stream_view_type().map(|v| v.as_str().to_owned()))),
        class: class.and_then(|c| c.table_class()).map(|c| c.as_str().to_owned()),
        class_changed_ms: class.and_then(|c| millis(c.last_update_date_time())),
        encryption: t.sse_description().map(encryption),
        replicas: replicas(t),
    }
}

/// Epoch milliseconds; `None`: absent, or before 1970 (some stand-ins say 0 or less for "never").
fn millis(time: Option<&DateTime>) -> Option<u64> {
    time.and_then(|t| t.to_millis().ok()).and_then(|ms| u64::try_from(ms).ok())
}

fn unsigned(n: Option<i64>) -> u64 {
    n.and_then(|n| u64::try_from(n).ok()).unwrap_or(0)
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
    Units { read: unsigned(p.read_capacity_units()), write: unsigned(p.write_capacity_units()) }
}

fn counters(p: &ProvisionedThroughputDescription) -> ObservedCounters {
    ObservedCounters {
        decreases: p.number_of_decreases_today().map(|n| unsigned(Some(n))),
        last_decrease_ms: millis(p.last_decrease_date_time()),
    }
}

fn maximum(t: &OnDemandThroughput) -> ObservedMaximum {
    ObservedMaximum { read: t.max_read_request_units(), write: t.max_write_request_units() }
}

/// Units and status; a description without units (it is in the making) has no units.
fn warm(w: &TableWarmThroughputDescription) -> (Option<Units>, Option<String>) {
    (warm_units(w.read_units_per_second(), w.write_units_per_second()), w.status().map(|s| s.as_str().to_owned()))
}

fn warm_units(read: Option<i64>, write: Option<i64>) -> Option<Units> {
    (read.is_some() || write.is_some()).then(|| Units { read: unsigned(read), write: unsigned(write) })
}

fn encryption(d: &SseDescription) -> ObservedEncryption {
    ObservedEncryption {
        status: d.status().map(|s| s.as_str().to_owned()),
        kind: d.sse_type().map(|k| k.as_str().to_owned()),
        key: d.kms_master_key_arn().map(str::to_owned),
    }
}

/// Replicas, and the witnesses of a strongly consistent global table.
fn replicas(t: &TableDescription) -> Vec<ObservedReplica> {
    let replica = |region: Option<&str>, status: Option<&str>| ObservedReplica {
        region: region.unwrap_or("?").to_owned(),
        status: status.map(str::to_owned),
    };
    let replicas =
        t.replicas().iter().map(|r| replica(r.region_name(), r.replica_status().map(aws_sdk_dynamodb::types::ReplicaStatus::as_str)));
    let witnesses = t
        .global_table_witnesses()
        .iter()
        .map(|w| replica(w.region_name(), w.witness_status().map(aws_sdk_dynamodb::types::WitnessStatus::as_str)));
    replicas.chain(witnesses).collect()
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
        counters: i.provisioned_throughput().map(counters).unwrap_or_default(),
        maximum: i.on_demand_throughput().map(maximum).unwrap_or_default(),
        warm: i.warm_throughput().and_then(|w| warm_units(w.read_units_per_second(), w.write_units_per_second())),
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
