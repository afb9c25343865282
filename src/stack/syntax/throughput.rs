//! Throughput as it is written: capacity, what bounds it, and what scales it.

use super::span::At;
use super::union::{Kind, Takes, Union};
use schemars::JsonSchema;
use serde::Deserialize;

/// How a table or an index is paid for.
pub(crate) type Capacity = Union<CapacityWord, Units>;

/// Paid by the request.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
pub(crate) enum CapacityWord {
    #[serde(rename = "on-demand")]
    OnDemand,
}
impl Takes for CapacityWord {
    fn takes(kind: Kind) -> bool {
        kind == Kind::Text
    }
}

/// Provisioned capacity, in units per second; either side a number, or a range that auto scaling keeps.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Units {
    /// Read units: 1 or more; or auto scaling: `{ min = 5, max = 100, target = 70 }`.
    #[schemars(required)]
    pub read: Option<At<Side>>,
    /// Write units: 1 or more; or auto scaling: `{ min = 5, max = 100, target = 70 }`.
    #[schemars(required)]
    pub write: Option<At<Side>>,
}

/// Units, or the range that auto scaling keeps them in.
pub(crate) type Side = Union<u64, Scale>;

/// Auto scaling of one side: AWS changes the units between min and max, so that the target is held. Landfall then leaves them alone.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scale {
    /// The fewest units: 1 or more; the table begins with them.
    #[schemars(required)]
    pub min: Option<At<u64>>,
    /// The most units.
    #[schemars(required)]
    pub max: Option<At<u64>>,
    /// Used units in percent of provisioned ones that auto scaling aims at: 20 to 90; 70 when absent.
    pub target: Option<At<u64>>,
}

/// The most that an on-demand table or index takes, in request units per second; a side that is absent has no maximum.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Maximum {
    /// Read request units: 1 or more.
    pub read: Option<At<u64>>,
    /// Write request units: 1 or more.
    pub write: Option<At<u64>>,
}

/// Warm throughput: what a table or index takes at once without growing first, at least. AWS only ever raises it, and bills the raise.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Warm {
    /// Read units per second, at least; not below provisioned ones.
    #[schemars(required)]
    pub read: Option<At<u64>>,
    /// Write units per second, at least; not below provisioned ones.
    #[schemars(required)]
    pub write: Option<At<u64>>,
}
