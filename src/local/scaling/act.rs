//! What auto scaling does on its own: capacity out of a range that was just registered is moved into it, by an UpdateTable like any
//! other. Capacity within the range is left alone, and so is a change by hand.

use crate::local::dynamodb::{Region, Target, capacity_of, set_capacity};
use crate::local::fault::Fault;

/// Does what is due. A table that is changing is tried again by the next caller; what AWS refuses for good is given up.
pub(crate) fn act(region: &Region) -> Result<(), Fault> {
    let now = region.time().now_ms();
    let due: Vec<(String, Target)> = {
        let notes = region.notes();
        let due = notes.scaling.iter().filter(|(_, t)| t.acts_at > 0 && t.acts_at <= now);
        due.map(|(key, target)| (key.clone(), target.clone())).collect()
    };
    for (key, target) in due {
        let busy = matches!(move_in(region, &target), Err(fault) if fault.code == "ResourceInUseException");
        if !busy {
            region.change(|all| {
                all.scaling.entry(key).and_modify(|t| t.acts_at = 0);
                Ok(())
            })?;
        }
    }
    Ok(())
}

fn move_in(region: &Region, target: &Target) -> Result<(), Fault> {
    let mut parts = target.resource.split('/').skip(1);
    let (table, index) = (parts.next().unwrap_or_default(), parts.nth(1));
    let Some(Some(now)) = capacity_of(region, table, index) else { return Ok(()) };
    let (reads, mut wanted) = (target.dimension.ends_with("ReadCapacityUnits"), now);
    let side = if reads { &mut wanted.read } else { &mut wanted.write };
    *side = (*side).clamp(target.min, target.max);
    if wanted == now { Ok(()) } else { set_capacity(region, table, index, wanted) }
}
