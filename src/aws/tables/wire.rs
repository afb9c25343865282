//! Our nouns as the SDK's types, for `CreateTable`, `UpdateTable` and `ImportTable`'s `TableCreationParameters`.

use crate::resource::{Capacity, Index, Key, KeyKind, LocalIndex, Projection as Carries, StreamView, Units};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, CreateGlobalSecondaryIndexAction, GlobalSecondaryIndex, KeySchemaElement, KeyType,
    LocalSecondaryIndex, Projection, ProjectionType, ProvisionedThroughput, ScalarAttributeType, StreamSpecification, StreamViewType, Tag,
};
use std::collections::BTreeMap;

/// What a builder made: its required fields are all set by the callers here.
pub(crate) fn built<T, E: std::fmt::Debug>(result: Result<T, E>) -> T {
    result.expect("invariant: every required field of the SDK type was set")
}

/// `AttributeDefinitions`.
pub(crate) fn attributes(attributes: &BTreeMap<String, KeyKind>) -> Vec<AttributeDefinition> {
    let kind = |kind: KeyKind| match kind {
        KeyKind::S => ScalarAttributeType::S,
        KeyKind::N => ScalarAttributeType::N,
        KeyKind::B => ScalarAttributeType::B,
    };
    attributes.iter().map(|(name, k)| built(AttributeDefinition::builder().attribute_name(name).attribute_type(kind(*k)).build())).collect()
}

/// `KeySchema`: every HASH before every RANGE.
pub(crate) fn key(key: &Key) -> Vec<KeySchemaElement> {
    let hash = key.partition.iter().map(|part| (part, KeyType::Hash));
    let range = key.sort.iter().map(|part| (part, KeyType::Range));
    hash.chain(range).map(|(part, role)| built(KeySchemaElement::builder().attribute_name(&part.name).key_type(role).build())).collect()
}

pub(crate) fn billing(capacity: Capacity) -> BillingMode {
    match capacity {
        Capacity::OnDemand => BillingMode::PayPerRequest,
        Capacity::Provisioned(_) => BillingMode::Provisioned,
    }
}

/// `ProvisionedThroughput`, absent on demand.
pub(crate) fn throughput(capacity: Capacity) -> Option<ProvisionedThroughput> {
    match capacity {
        Capacity::OnDemand => None,
        Capacity::Provisioned(u) => Some(units(u)),
    }
}

pub(crate) fn units(units: Units) -> ProvisionedThroughput {
    let signed = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    built(ProvisionedThroughput::builder().read_capacity_units(signed(units.read)).write_capacity_units(signed(units.write)).build())
}

fn projection(carries: &Carries) -> Projection {
    match carries {
        Carries::All => Projection::builder().projection_type(ProjectionType::All).build(),
        Carries::Keys => Projection::builder().projection_type(ProjectionType::KeysOnly).build(),
        Carries::Include(names) => {
            let names = Some(names.iter().cloned().collect());
            Projection::builder().projection_type(ProjectionType::Include).set_non_key_attributes(names).build()
        }
    }
}

/// The global indexes of a create call.
pub(crate) fn globals(indexes: &BTreeMap<String, Index>) -> Vec<GlobalSecondaryIndex> {
    let one = |(name, index): (&String, &Index)| {
        let index_builder = GlobalSecondaryIndex::builder().index_name(name).set_key_schema(Some(key(&index.key)));
        let throughput = throughput(index.capacity);
        built(index_builder.projection(projection(&index.projection)).set_provisioned_throughput(throughput).build())
    };
    indexes.iter().map(one).collect()
}

/// The local indexes of a create call.
pub(crate) fn locals(indexes: &BTreeMap<String, LocalIndex>) -> Vec<LocalSecondaryIndex> {
    let one = |(name, index): (&String, &LocalIndex)| {
        let index_builder = LocalSecondaryIndex::builder().index_name(name).set_key_schema(Some(key(&index.key)));
        built(index_builder.projection(projection(&index.projection)).build())
    };
    indexes.iter().map(one).collect()
}

/// An index added by `UpdateTable`.
pub(crate) fn create_index(name: &str, index: &Index) -> CreateGlobalSecondaryIndexAction {
    let action = CreateGlobalSecondaryIndexAction::builder().index_name(name).set_key_schema(Some(key(&index.key)));
    built(action.projection(projection(&index.projection)).set_provisioned_throughput(throughput(index.capacity)).build())
}

/// A stream, on or off.
pub(crate) fn stream(view: Option<StreamView>) -> StreamSpecification {
    let kind = view.map(|view| match view {
        StreamView::Keys => StreamViewType::KeysOnly,
        StreamView::New => StreamViewType::NewImage,
        StreamView::Old => StreamViewType::OldImage,
        StreamView::Both => StreamViewType::NewAndOldImages,
    });
    built(StreamSpecification::builder().stream_enabled(view.is_some()).set_stream_view_type(kind).build())
}

pub(crate) fn tags(tags: &BTreeMap<String, String>) -> Vec<Tag> {
    tags.iter().map(|(key, value)| built(Tag::builder().key(key).value(value).build())).collect()
}
