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

/// Refuses what is asked of a new table or index where it is less than that is born with (0: nothing is asked of a side). The words are
/// an independent stand-in's.
pub(super) fn born(asked: Option<Capacity>, provisioned: Option<Capacity>, of: &str) -> Result<(), Fault> {
    let Some(asked) = asked else { return Ok(()) };
    let (base, on_demand) = (provisioned.unwrap_or(ON_DEMAND), provisioned.is_none());
    let side = |kind: &str, base: i64, asked: i64| {
        if asked == 0 || asked >= base {
            return Ok(());
        }
        let least =
            if on_demand { "initial throughput for OnDemand".to_owned() } else { format!("{kind}CapacityUnits of ProvisionedThroughput") };
        Err(Fault::invalid(format!(
            "One or more parameter values were invalid: Requested {kind}UnitsPerSecond for WarmThroughput for {of} is lower than {least}"
        )))
    };
    side("Read", base.read, asked.read)?;
    side("Write", base.write, asked.write)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_born_below_what_its_capacity_brings() {
        let five = Some(Capacity { read: 5, write: 5 });
        let born = |read, write, provisioned| born(Some(Capacity { read, write }), provisioned, "table").map_err(|f| f.message);
        assert_eq!((born(12_000, 4_000, None), born(0, 4_001, None), born(5, 0, five)), (Ok(()), Ok(()), Ok(())));
        insta::assert_snapshot!(born(11_999, 4_000, None).expect_err("too low"), @"One or more parameter values were invalid: Requested ReadUnitsPerSecond for WarmThroughput for table is lower than initial throughput for OnDemand");
        insta::assert_snapshot!(born(9, 4, five).expect_err("too low"), @"One or more parameter values were invalid: Requested WriteUnitsPerSecond for WarmThroughput for table is lower than WriteCapacityUnits of ProvisionedThroughput");
    }
}
