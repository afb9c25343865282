//! Warm throughput: what a table sustains at once. It can be raised, never lowered.

use super::notes::Capacity;
use crate::local::fault::Fault;
use serde_json::{Value, json};

/// A new on-demand table sustains this much (Developer Guide, on-demand capacity mode).
const ON_DEMAND: Capacity = Capacity { read: 12_000, write: 4_000 };

/// What is warm now: what was asked for, or what the capacity mode brings, whichever is more.
pub(super) fn current(asked: Option<Capacity>, provisioned: Option<Capacity>, on_demand: bool) -> Capacity {
    let base = if on_demand { ON_DEMAND } else { provisioned.unwrap_or(Capacity { read: 0, write: 0 }) };
    let asked = asked.unwrap_or(base);
    Capacity { read: asked.read.max(base.read), write: asked.write.max(base.write) }
}

/// `WarmThroughput` of a description.
pub(super) fn shown(asked: Option<Capacity>, provisioned: Option<Capacity>, on_demand: bool) -> Value {
    let now = current(asked, provisioned, on_demand);
    json!({ "ReadUnitsPerSecond": now.read, "WriteUnitsPerSecond": now.write, "Status": "ACTIVE" })
}

/// The new value after `asked` (0 keeps a side), refused when it lowers `now`.
pub(super) fn raise(now: Capacity, asked: Capacity, of: &str) -> Result<Capacity, Fault> {
    let side = |name: &str, now: i64, asked: i64| match asked {
        0 => Ok(now),
        asked if asked < now => Err(Fault::invalid(format!(
            "One or more parameter values were invalid: Requested {name} for WarmThroughput for {of} is lower than current WarmThroughput, \
             decreasing WarmThroughput is not supported"
        ))),
        asked => Ok(asked),
    };
    Ok(Capacity { read: side("ReadUnitsPerSecond", now.read, asked.read)?, write: side("WriteUnitsPerSecond", now.write, asked.write)? })
}
