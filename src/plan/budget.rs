//! What AWS allows only so often: what a plan uses of it, what is left after, and when a call must wait for more.
//!
//! Rules: each limit stands here once, with its source. What AWS tells (capacity decreases, the time of a last change) is
//! fact; what it does not tell is shown as not told, never as free. AWS's own answer has the last word.
//! Called by [`super::make`] for each table, step by step.

use super::model::{State, Target};
use super::step::{Mode, Step};
use crate::live::{LiveTable, Usage};
use crate::resource::{Capacity, Table, Units};
use crate::safe;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const HOUR_MS: u64 = 3600 * 1000;
const DAY_MS: u64 = 24 * HOUR_MS;

/// Decreases of a table's or an index's units on one UTC day; after them one an hour after the last.
/// Source: developer guide, "Service, account, and table quotas", decreasing provisioned throughput.
const DECREASES: u64 = 4;

/// Source: developer guide, "Considerations when switching capacity modes" (24 hours, rolling).
const TO_ON_DEMAND: u64 = 4;

/// Source: developer guide, "Managing encrypted tables" (24 hours, rolling; after them one in six hours).
const ENCRYPTIONS: u64 = 4;

/// Source: developer guide, "Considerations when choosing a table class" (30 days, rolling).
const CLASSES: u64 = 2;

/// A table that is younger, with TTL off, never had it changed (see [`never_had_ttl`]): half of the shortest cooldown, because our clock
/// may differ from AWS's by as much as AWS lets a signature's time differ.
const TTL_KNOWN_MS: u64 = 15 * 60 * 1000;

/// A change that is limited.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "limit")]
pub enum Limited {
    /// Lower units, of the table (`None`) or of one index.
    Decrease {
        index: Option<String>,
    },
    ToOnDemand,
    /// On or off: one change in up to an hour (source: API reference, `UpdateTimeToLive`).
    Ttl,
    Encryption,
    Class,
}

impl Limited {
    /// How many changes its window allows, and the window in milliseconds.
    pub fn allowed(&self) -> (u64, u64) {
        match self {
            Self::Decrease { .. } => (DECREASES, DAY_MS),
            Self::ToOnDemand => (TO_ON_DEMAND, DAY_MS),
            Self::Ttl => (1, HOUR_MS),
            Self::Encryption => (ENCRYPTIONS, DAY_MS),
            Self::Class => (CLASSES, 30 * DAY_MS),
        }
    }

    /// What is counted, and the window in words.
    pub fn words(&self) -> (String, &'static str) {
        let day = "on a UTC day, then one an hour";
        match self {
            Self::Decrease { index: None } => ("capacity decreases".to_owned(), day),
            Self::Decrease { index: Some(index) } => (format!("capacity decreases of index {}", safe::text(index)), day),
            Self::ToOnDemand => ("changes to on-demand".to_owned(), "in 24 hours"),
            Self::Ttl => ("TTL changes".to_owned(), "in 30 to 60 minutes"),
            Self::Encryption => ("encryption changes".to_owned(), "in 24 hours, then one in 6"),
            Self::Class => ("class changes".to_owned(), "in 30 days"),
        }
    }
}

/// One limit and a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    pub target: Target,
    #[serde(flatten)]
    pub what: Limited,
    /// Changes that the plan makes.
    pub uses: u64,
    /// Changes left in the window once the plan is done; `None`: AWS does not tell how many there were before.
    pub left: Option<u64>,
}

/// What a step meets.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Booked {
    /// The time (epoch milliseconds) before which AWS refuses it, if that is still to come.
    pub(super) not_before_ms: Option<u64>,
    /// The limit that may be spent already, because AWS does not tell.
    pub(super) untold: Option<Limited>,
}

/// One table's account while its steps are planned.
#[derive(Debug)]
pub(super) struct Ledger {
    /// Of a new table nothing is spent, and nobody wants to read that.
    new: bool,
    now_ms: u64,
    never_had_ttl: bool,
    usage: Usage,
    uses: BTreeMap<Limited, u64>,
}

impl Ledger {
    pub(super) fn new(before: &State, now_ms: u64) -> Self {
        let usage = before.table().map(|live| live.usage.clone()).unwrap_or_default();
        let never_had_ttl = before.table().is_some_and(|live| never_had_ttl(live, now_ms));
        Self { new: before.is_absent(), now_ms, never_had_ttl, usage, uses: BTreeMap::new() }
    }

    /// Books `step`.
    pub(super) fn book(&mut self, step: &Step, before: &State) -> Booked {
        let used = before.table().map(|live| limits(step, &live.table)).unwrap_or_default();
        let not_before_ms = used.iter().filter_map(|what| self.free_at(what)).max();
        let untold = used.iter().find(|what| self.is_untold(what)).cloned();
        for what in used {
            *self.uses.entry(what).or_default() += 1;
        }
        Booked { not_before_ms, untold }
    }

    /// Whether AWS may refuse the change for what was done before the plan. What the plan itself did before is known.
    fn is_untold(&self, what: &Limited) -> bool {
        !self.new && !self.uses.contains_key(what) && self.spent(what).is_none()
    }

    /// When one more decrease is allowed, if not at once.
    fn free_at(&self, what: &Limited) -> Option<u64> {
        let Limited::Decrease { index } = what else { return None };
        let (spent, last) = self.decreases(index.as_ref());
        let earliest = last.saturating_add(HOUR_MS).min((self.now_ms / DAY_MS + 1) * DAY_MS);
        (spent >= DECREASES && earliest > self.now_ms).then_some(earliest)
    }

    /// Decreases on the present UTC day, and the last one's time. A count of an earlier day is over.
    fn decreases(&self, index: Option<&String>) -> (u64, u64) {
        let (count, last) = self.usage.decreases.get(index.map_or("", String::as_str)).copied().unwrap_or_default();
        let over = last > 0 && last / DAY_MS < self.now_ms / DAY_MS;
        (if over { 0 } else { count }, last)
    }

    /// Every limit that the plan uses, and every decrease that AWS has counted today; nothing for a new table.
    pub(super) fn close(mut self, target: &Target) -> Vec<Budget> {
        let names = self.usage.decreases.keys().map(|name| (!name.is_empty()).then(|| name.clone()));
        let counted: Vec<_> = names.filter(|index| self.decreases(index.as_ref()).0 > 0).collect();
        for index in counted {
            self.uses.entry(Limited::Decrease { index }).or_default();
        }
        let budget = |(what, uses): (&Limited, &u64)| Budget {
            target: target.clone(),
            what: what.clone(),
            uses: *uses,
            left: self.spent(what).map(|spent| what.allowed().0.saturating_sub(spent.saturating_add(*uses))),
        };
        self.uses.iter().filter(|_| !self.new).map(budget).collect()
    }

    /// Changes within the window before the plan; `None`: not told. A last change before the window's begin means that there were none.
    fn spent(&self, what: &Limited) -> Option<u64> {
        let none_since = |last: Option<u64>| last.is_some_and(|last| last.saturating_add(what.allowed().1) <= self.now_ms).then_some(0);
        match what {
            Limited::Decrease { index } => Some(self.decreases(index.as_ref()).0),
            Limited::ToOnDemand => none_since(self.usage.to_on_demand_ms),
            Limited::Class => none_since(self.usage.class_changed_ms),
            Limited::Ttl => self.never_had_ttl.then_some(0),
            Limited::Encryption => None,
        }
    }
}

/// Whether TTL of `live` was surely never changed. AWS does not tell when it was, and refuses the next change for up to an hour after one:
/// so the first change of a plan may have to wait that long, however old or young the table is, because the last one may be a moment ago.
/// One case is certain: TTL is off, and the table is younger than the shortest cooldown. To be off after a change takes two changes, a
/// cooldown apart, and nothing that makes a table (create, import, restore) sets TTL.
fn never_had_ttl(live: &LiveTable, now_ms: u64) -> bool {
    let young = live.created_ms > 0 && now_ms.saturating_sub(live.created_ms) < TTL_KNOWN_MS;
    young && live.table.ttl.is_none() && live.replicas.is_empty()
}

/// The limits that `step` uses on `table`.
fn limits(step: &Step, table: &Table) -> Vec<Limited> {
    match step {
        Step::SetCapacity { mode: Some(Mode::OnDemand), .. } => vec![Limited::ToOnDemand],
        Step::SetCapacity { mode: None, table: units, indexes } => {
            let whole = units.filter(|units| lower(table.capacity, *units)).map(|_| Limited::Decrease { index: None });
            let of = |name: &String| table.indexes.get(name).map(|index| index.capacity);
            let lowered = indexes.iter().filter(|(name, units)| of(name).is_some_and(|now| lower(now, **units)));
            whole.into_iter().chain(lowered.map(|(name, _)| Limited::Decrease { index: Some(name.clone()) })).collect()
        }
        Step::TtlOn { .. } | Step::TtlOff { .. } => vec![Limited::Ttl],
        Step::Encrypt { .. } => vec![Limited::Encryption],
        Step::SetClass { .. } => vec![Limited::Class],
        _ => Vec::new(),
    }
}

/// Whether a side goes down; one of 0 is kept.
fn lower(now: Capacity, to: Units) -> bool {
    let Capacity::Provisioned(now) = now else { return false };
    (to.read > 0 && to.read < now.read) || (to.write > 0 && to.write < now.write)
}
