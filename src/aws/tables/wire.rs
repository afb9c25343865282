//! Our nouns as the SDK's types, for `CreateTable`, `UpdateTable` and `ImportTable`'s `TableCreationParameters`.

use crate::resource::{Capacity, Class, Encryption, Index, Key, KeyKind, LocalIndex, Maximum, Projection as Carries, StreamView, Units};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, CreateGlobalSecondaryIndexAction, GlobalSecondaryIndex, KeySchemaElement, KeyType,
    LocalSecondaryIndex, OnDemandThroughput, Projection, ProjectionType, ProvisionedThroughput, ScalarAttributeType, SseSpecification,
    SseType, StreamSpecification, StreamViewType, TableClass, Tag, WarmThroughput,
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

fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

pub(crate) fn units(units: Units) -> ProvisionedThroughput {
    built(ProvisionedThroughput::builder().read_capacity_units(signed(units.read)).write_capacity_units(signed(units.write)).build())
}

/// `OnDemandThroughput` of something new: absent where there is no maximum (an empty one is an HTTP 500, one lab's figure).
pub(crate) fn maximum(maximum: Maximum) -> Option<OnDemandThroughput> {
    let builder = OnDemandThroughput::builder().set_max_read_request_units(maximum.read.map(signed));
    let made = builder.set_max_write_request_units(maximum.write.map(signed)).build();
    (maximum != Maximum::default()).then_some(made)
}

/// `OnDemandThroughput` with both sides told: -1 clears. Source: API reference.
pub(crate) fn whole_maximum(maximum: Maximum) -> OnDemandThroughput {
    let side = |n: Option<u64>| n.map_or(-1, signed);
    OnDemandThroughput::builder().max_read_request_units(side(maximum.read)).max_write_request_units(side(maximum.write)).build()
}

/// A side of 0 is not sent: it is high enough, and AWS refuses a value below the present one.
pub(crate) fn warm(units: Units) -> WarmThroughput {
    let side = |n: u64| (n > 0).then(|| signed(n));
    WarmThroughput::builder().set_read_units_per_second(side(units.read)).set_write_units_per_second(side(units.write)).build()
}

/// What a new on-demand table or index is born with. Source: Developer Guide, "Understanding DynamoDB warm throughput".
const BORN: Units = Units { read: 12_000, write: 4_000 };

/// The same for something new: AWS refuses a side below what its capacity brings along, and a floor that low is met.
pub(crate) fn new_warm(floor: Option<Units>, capacity: Capacity) -> Option<WarmThroughput> {
    let born = if let Capacity::Provisioned(units) = capacity { units } else { BORN };
    let above = |floor: u64, born: u64| if floor > born { floor } else { 0 };
    let asked = floor.map(|floor| Units { read: above(floor.read, born.read), write: above(floor.write, born.write) })?;
    (asked != Units { read: 0, write: 0 }).then(|| warm(asked))
}

pub(crate) fn class(class: Class) -> TableClass {
    match class {
        Class::Standard => TableClass::Standard,
        Class::InfrequentAccess => TableClass::StandardInfrequentAccess,
    }
}

/// `SSESpecification`: off is a key of `DynamoDB`'s own; on without a key is the account's `aws/dynamodb` key.
pub(crate) fn encryption(with: &Encryption) -> SseSpecification {
    let on = SseSpecification::builder().enabled(true).sse_type(SseType::Kms);
    match with {
        Encryption::Owned => SseSpecification::builder().enabled(false).build(),
        Encryption::Managed => on.build(),
        Encryption::Key(key) => on.kms_master_key_id(key).build(),
    }
}

/// The same for something new: absent is AWS's default.
pub(crate) fn new_encryption(with: &Encryption) -> Option<SseSpecification> {
    (*with != Encryption::Owned).then(|| encryption(with))
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
        let index_builder = index_builder.projection(projection(&index.projection)).set_provisioned_throughput(throughput);
        let maximum = maximum(index.limits.maximum);
        built(index_builder.set_on_demand_throughput(maximum).set_warm_throughput(new_warm(index.limits.warm, index.capacity)).build())
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
    let action = action.projection(projection(&index.projection)).set_provisioned_throughput(throughput(index.capacity));
    let action =
        action.set_on_demand_throughput(maximum(index.limits.maximum)).set_warm_throughput(new_warm(index.limits.warm, index.capacity));
    built(action.build())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_maximum_that_is_none_is_left_out_of_a_new_table_and_cleared_on_an_old_one() {
        let one = Maximum { read: Some(7), write: None };
        assert_eq!(maximum(Maximum::default()), None);
        assert_eq!(maximum(one).map(|m| (m.max_read_request_units(), m.max_write_request_units())), Some((Some(7), None)));
        let whole = whole_maximum(one);
        assert_eq!((whole.max_read_request_units(), whole.max_write_request_units()), (Some(7), Some(-1)));
    }

    #[test]
    fn a_side_of_warm_throughput_that_is_high_enough_is_not_sent() {
        let sent = warm(Units { read: 5, write: 0 });
        assert_eq!((sent.read_units_per_second(), sent.write_units_per_second()), (Some(5), None));
    }

    #[test]
    fn something_new_is_asked_only_for_more_than_it_is_born_with() {
        let asked = |read, write, capacity| {
            new_warm(Some(Units { read, write }), capacity).map(|w| (w.read_units_per_second(), w.write_units_per_second()))
        };
        assert_eq!(asked(12_000, 4_000, Capacity::OnDemand), None);
        assert_eq!(asked(12_001, 100, Capacity::OnDemand), Some((Some(12_001), None)));
        let five = Capacity::Provisioned(Units { read: 5, write: 6 });
        assert_eq!((asked(5, 6, five), asked(5, 7, five)), (None, Some((None, Some(7)))));
        assert_eq!(new_warm(None, Capacity::OnDemand), None);
    }

    #[test]
    fn each_encryption_is_said_as_dynamodb_takes_it() {
        assert_eq!(new_encryption(&Encryption::Owned), None);
        assert_eq!(encryption(&Encryption::Owned).enabled(), Some(false));
        let managed = encryption(&Encryption::Managed);
        assert_eq!((managed.enabled(), managed.sse_type(), managed.kms_master_key_id()), (Some(true), Some(&SseType::Kms), None));
        assert_eq!(encryption(&Encryption::Key("arn:k".into())).kms_master_key_id(), Some("arn:k"));
    }
}
