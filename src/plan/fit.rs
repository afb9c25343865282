//! Wishes that AWS refuses whatever is live. The file's own lint says most of it earlier and with a line number; this holds for
//! every way that a wish can come to the planner.
//!
//! Called by [`super::risk`].

use super::risk::Reason;
use super::words;
use crate::resource::{Capacity, Encryption, Index, Limits, Maximum, Projection, Range, Table, Units};
use crate::safe;

/// Source: "Service, account, and table quotas": global secondary indexes per table, by default.
pub(super) const MOST_INDEXES: usize = 20;

/// Source: API reference, `Projection`: what one index projects by name.
pub(super) const MOST_PROJECTED: usize = 20;

/// Everything about `want` that no sequence of calls can reach.
pub(super) fn unfit(want: &Table) -> Vec<Reason> {
    let mut out: Vec<Reason> = want.indexes.iter().filter_map(|(name, index)| odd(name, index, want.capacity)).collect();
    if want.indexes.len() > MOST_INDEXES {
        let reason = format!("it has {} global indexes; AWS allows {MOST_INDEXES}", want.indexes.len());
        out.push((reason, "take indexes out of the file; a higher quota has to be asked of AWS first".into()));
    }
    let globals = want.indexes.iter().map(|(name, index)| (name, &index.projection));
    let projections = globals.chain(want.locals.iter().map(|(name, local)| (name, &local.projection)));
    out.extend(projections.filter_map(|(name, projection)| wide(name, projection)));
    out.extend(key(&want.encryption));
    out.extend(bounds(None, want.capacity, &want.limits));
    out.extend(want.indexes.iter().filter_map(|(name, index)| bounds(Some(name), index.capacity, &index.limits)));
    out
}

/// An index is paid for as its table is.
fn odd(name: &str, index: &Index, table: Capacity) -> Option<Reason> {
    let kind = |c: Capacity| matches!(c, Capacity::OnDemand);
    let reason = || format!("index {} and the table do not share a billing mode", safe::text(name));
    (kind(index.capacity) != kind(table)).then(|| (reason(), "make both on-demand, or give both `read` and `write`".into()))
}

fn wide(name: &str, projection: &Projection) -> Option<Reason> {
    let Projection::Include(names) = projection else { return None };
    let reason = || format!("index {} projects {} attributes; AWS allows {MOST_PROJECTED}", safe::text(name), names.len());
    (names.len() > MOST_PROJECTED).then(|| (reason(), "take attributes out of its projection, or project all".into()))
}

/// How the refusal of a key that nobody could look up ends.
pub const UNRESOLVED: &str = "was not resolved to a key's ARN";

/// `DynamoDB` shows the ARN, so only an ARN can be compared with it.
fn key(encryption: &Encryption) -> Option<Reason> {
    let Encryption::Key(key) = encryption else { return None };
    let reason = || format!("the encryption key {} {UNRESOLVED}", safe::text(key));
    (!(key.starts_with("arn:") && key.contains(":key/")))
        .then(|| (reason(), "write the key's ARN (`aws kms describe-key --key-id ALIAS` shows it)".into()))
}

fn bounds(index: Option<&String>, capacity: Capacity, limits: &Limits) -> Option<Reason> {
    let whose = words::part(index);
    let scaled = limits.scaling.read.is_some() || limits.scaling.write.is_some();
    match capacity {
        Capacity::OnDemand if scaled => Some((
            format!("{whose}: auto scaling needs provisioned capacity"),
            "give it `read` and `write`, or take the scaling out".into(),
        )),
        Capacity::Provisioned(_) if limits.maximum != Maximum::default() => {
            Some((format!("{whose}: a maximum is of on-demand capacity only"), "make it on-demand, or take the maximum out".into()))
        }
        Capacity::Provisioned(units) if units.read == 0 || units.write == 0 => {
            Some((format!("{whose}: capacity of 0 units"), "AWS wants at least 1 read and 1 write".into()))
        }
        _ => warm(&whose, limits.warm).or_else(|| scaling(&whose, capacity, limits)),
    }
}

fn warm(whose: &str, warm: Option<Units>) -> Option<Reason> {
    let zero = warm.is_some_and(|units| units.read == 0 || units.write == 0);
    zero.then(|| (format!("{whose}: warm throughput of 0 units"), "AWS wants at least 1; take `warm` out to leave it alone".into()))
}

fn scaling(whose: &str, capacity: Capacity, limits: &Limits) -> Option<Reason> {
    let Capacity::Provisioned(units) = capacity else { return None };
    let sides = [(limits.scaling.read, units.read), (limits.scaling.write, units.write)];
    let bad = sides.into_iter().filter_map(|(range, units)| Some((range?, units))).find(|(range, units)| !sound(range, *units));
    bad.map(|(range, units)| {
        let reason = format!("{whose}: scaling {} from {units} units", words::range(range));
        (
            reason,
            "the minimum is at least 1 and what the capacity starts with, the maximum is no less, the target is 20 to 90 percent".into(),
        )
    })
}

/// Source: Application Auto Scaling, `RegisterScalableTarget`; the target's bounds are `DynamoDB`'s (developer guide).
fn sound(range: &Range, units: u64) -> bool {
    range.min >= 1 && range.min == units && range.max >= range.min && range.target.is_some_and(|t| (20..=90).contains(&t))
}
