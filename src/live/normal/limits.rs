//! Throughput beside the capacity: maximums, warm throughput, auto scaling, and the capacity that auto scaling owns.
//!
//! Rules, each with a test named after it: -1 and absent are no maximum; a warm throughput that nobody asked for is not managed, and one
//! over the floor reads as the floor; capacity of a dimension that the stack scales reads as the range's least once AWS scales it so,
//! unless it is below that: AWS enforces a range when it is registered or changed, and not on a change by hand afterwards (one lab).
//! A target counts as tracking utilisation only if that is all that moves it: a step policy, a metric of somebody's own, two policies
//! or a suspension read as "no target", which no stack can ask for, so they are always seen.
//! Called by [`super::table`].

use super::observed::{ObservedIndex, ObservedMaximum, ObservedScaler, ObservedTable, ObservedTarget};
use super::{Reader, Unknown};
use crate::live::model::{ForeignScaling, Mover};
use crate::resource::{Capacity, Dimension, Limits, Maximum, Range, Scaling, Units};

/// The only metrics that a stack's target is about.
/// Source: Application Auto Scaling API reference, `PredefinedMetricSpecification`.
const UTILISATION: [&str; 2] = ["DynamoDBReadCapacityUtilization", "DynamoDBWriteCapacityUtilization"];

/// What bounds one table or index, as AWS shows it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Throughput {
    units: Option<Units>,
    maximum: ObservedMaximum,
    warm: Option<Units>,
}

impl From<&ObservedTable> for Throughput {
    fn from(t: &ObservedTable) -> Self {
        Self { units: t.units, maximum: t.maximum, warm: t.warm }
    }
}

impl From<&ObservedIndex> for Throughput {
    fn from(i: &ObservedIndex) -> Self {
        Self { units: i.units, maximum: i.maximum, warm: i.warm }
    }
}

impl Throughput {
    /// Capacity and limits against the wish's limits; `None`: nothing is wished of it.
    pub(super) fn fold(self, on_demand: bool, scaling: Scaling, want: Option<&Limits>) -> (Capacity, Limits) {
        let owned = want.map(|w| w.scaling).unwrap_or_default();
        let limits = Limits { maximum: maximum(self.maximum), warm: warm(self.warm, want.and_then(|w| w.warm)), scaling };
        if on_demand {
            return (Capacity::OnDemand, limits);
        }
        let units = self.units.unwrap_or(Units { read: 0, write: 0 });
        let read = least(units.read, owned.read, scaling.read);
        let write = least(units.write, owned.write, scaling.write);
        (Capacity::Provisioned(Units { read, write }), limits)
    }
}

fn maximum(seen: ObservedMaximum) -> Maximum {
    let side = |n: Option<i64>| n.and_then(|n| u64::try_from(n).ok());
    Maximum { read: side(seen.read), write: side(seen.write) }
}

/// Each side for itself: AWS raises them on its own as a table grows.
fn warm(live: Option<Units>, floor: Option<Units>) -> Option<Units> {
    let (live, floor) = (live?, floor?);
    Some(Units { read: live.read.min(floor.read), write: live.write.min(floor.write) })
}

/// One side of a capacity. Before the target is there, a value in the range is as good as its least: registering would keep it. Over the
/// range of a target that is there, no request is refused for want of it, and auto scaling comes down from it with the load.
fn least(live: u64, want: Option<Range>, target: Option<Range>) -> u64 {
    let Some(want) = want else { return live };
    let registered = target.is_some_and(|t| (t.min, t.max) == (want.min, want.max));
    let most = if registered { u64::MAX } else { want.max };
    if (want.min..=most).contains(&live) { want.min } else { live }
}

impl Reader {
    /// The targets of the table (`None`) or of one index.
    pub(super) fn scaling(&self, all: &[ObservedTarget], index: Option<&str>) -> Result<Scaling, Unknown> {
        let mut out = Scaling::default();
        for target in all.iter().filter(|t| t.index.as_deref() == index) {
            let side = match dimension(target) {
                Some(Dimension::Read) => &mut out.read,
                Some(Dimension::Write) => &mut out.write,
                None => return Err(self.unknown("a dimension of auto scaling", &target.dimension)),
            };
            *side = Some(Range { min: target.min, max: target.max, target: tracked(target) });
        }
        Ok(out)
    }
}

fn dimension(target: &ObservedTarget) -> Option<Dimension> {
    match target.dimension.rsplit(':').next() {
        Some("ReadCapacityUnits") => Some(Dimension::Read),
        Some("WriteCapacityUnits") => Some(Dimension::Write),
        _ => None,
    }
}

fn tracked(target: &ObservedTarget) -> Option<u64> {
    match target.policies.as_slice() {
        [only] if !target.suspended => only.target.filter(|_| tracks_utilisation(only)),
        _ => None,
    }
}

fn tracks_utilisation(policy: &ObservedScaler) -> bool {
    policy.kind == "TargetTrackingScaling" && policy.metric.as_deref().is_some_and(|m| UTILISATION.contains(&m))
}

/// What moves a target and is not the one policy that tracks its utilisation. `aws::scaling` asks the same before each change.
pub fn movers(target: &ObservedTarget) -> Vec<Mover> {
    let foreign: Vec<_> = target.policies.iter().filter(|p| !tracks_utilisation(p)).map(|p| Mover::Policy(p.name.clone())).collect();
    let several = (foreign.is_empty() && target.policies.len() > 1).then_some(Mover::Policies(target.policies.len()));
    let scheduled = target.scheduled.iter().cloned().map(Mover::ScheduledAction);
    let suspended = target.suspended.then_some(Mover::Suspension);
    foreign.into_iter().chain(several).chain(scheduled).chain(suspended).collect()
}

/// The same of every target, in an order that AWS does not choose.
pub(super) fn foreign(all: &[ObservedTarget]) -> Vec<ForeignScaling> {
    let of = |target: &ObservedTarget| {
        let (index, dimension) = (target.index.clone(), dimension(target));
        movers(target).into_iter().filter_map(move |by| Some(ForeignScaling { index: index.clone(), dimension: dimension?, by }))
    };
    let mut out: Vec<_> = all.iter().flat_map(of).collect();
    out.sort();
    out
}
