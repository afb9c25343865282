//! Auto scaling's share of the order: who lets go of a dimension, and who takes one.
//!
//! Rules: release before anything that would orphan a target (AWS keeps the targets of a deleted index and of an on-demand
//! table); claim as target, then policy. A target without its policy, left by a run that was killed in between, is finished.
//! Called by [`super::next_step`].

use crate::plan::step::{Dimension, Step};
use crate::resource::{Range, Scaling, Table};

/// The table (`None`) and its indexes, each with what scales it.
fn owners(table: &Table) -> impl Iterator<Item = (Option<&String>, Scaling)> {
    let indexes = table.indexes.iter().map(|(name, index)| (Some(name), index.limits.scaling));
    std::iter::once((None, table.limits.scaling)).chain(indexes)
}

fn of(table: &Table, index: Option<&String>) -> Scaling {
    let limits = index.map_or(Some(table.limits), |name| table.indexes.get(name).map(|i| i.limits));
    limits.unwrap_or_default().scaling
}

fn sides(scaling: Scaling) -> [(Dimension, Option<Range>); 2] {
    [(Dimension::Read, scaling.read), (Dimension::Write, scaling.write)]
}

/// A target of `now` that `want` does not have.
pub(super) fn release(want: &Table, now: &Table) -> Option<Step> {
    owners(now).find_map(|(index, held)| {
        let pairs = sides(held).into_iter().zip(sides(of(want, index)));
        let (dimension, _) = pairs.into_iter().find(|((_, held), (_, wanted))| held.is_some() && wanted.is_none())?.0;
        Some(Step::Unscale { index: index.cloned(), dimension })
    })
}

/// A target or a policy of `want` that an existing table or index does not have.
pub(super) fn claim(want: &Table, now: &Table) -> Option<Step> {
    owners(now).find_map(|(index, held)| {
        let pairs = sides(held).into_iter().zip(sides(of(want, index)));
        pairs.into_iter().find_map(|((dimension, held), (_, wanted))| side(index, dimension, held, wanted?))
    })
}

fn side(index: Option<&String>, dimension: Dimension, held: Option<Range>, wanted: Range) -> Option<Step> {
    let index = index.cloned();
    let Range { min, max, target } = wanted;
    if held.is_none_or(|held| (held.min, held.max) != (min, max)) {
        return Some(Step::ScaleTarget { index, dimension, min, max });
    }
    let target = target.filter(|_| held.and_then(|held| held.target) != target)?;
    Some(Step::ScalePolicy { index, dimension, target })
}
