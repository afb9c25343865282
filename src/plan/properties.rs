//! What must hold for every pair of desired and live, whatever they are. The rules of single cases: [`super::cases`].

use super::legal::{over_budget, violation};
use super::samples::{all_approvals, any_live, any_table, as_refreshed, context, desired, plan_of, seen};
use super::{Approvals, Goal, Plan, State, Step, cost, diff, make, risk, simulate::simulate};
use crate::live::{ForeignScaling, LiveTable, Mover};
use crate::resource::{Dimension, Encryption, Index, Table};
use proptest::prelude::*;
use std::collections::BTreeSet;

mod leaving;

/// `live` with what cannot be changed in place as `want` has it: nothing is left to refuse once everything is approved.
fn changeable(live: LiveTable, want: &Table) -> LiveTable {
    let mut live = LiveTable { replicas: Vec::new(), ..live };
    live.table.key = want.key.clone();
    live.table.locals = want.locals.clone();
    for (name, index) in &mut live.table.indexes {
        if let Some(want) = want.indexes.get(name) {
            *index = Index { key: want.key.clone(), projection: want.projection.clone(), ..index.clone() };
        }
    }
    as_refreshed(live, want)
}

fn one(want: &Table, live: Option<&LiveTable>, approvals: &Approvals) -> Plan {
    let live = live.map(|l| ("T", l.clone()));
    plan_of(&desired([("T", want.clone())]), &seen(live), approvals)
}

/// The states before each step and after the last.
fn walk(plan: &Plan) -> Vec<State> {
    let mut states = vec![plan.works[0].before.clone()];
    for planned in &plan.works[0].steps {
        states.push(simulate(&states[states.len() - 1], &planned.step, "T"));
    }
    states
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_plan_reaches_desired_by_legal_steps(want in any_table(), live in proptest::option::of(any_live())) {
        let live = live.map(|l| changeable(l, &want));
        let plan = one(&want, live.as_ref(), &all_approvals());
        prop_assert_eq!(&plan.refusals, &vec![]);
        let states = walk(&plan);
        for (state, planned) in states.iter().zip(&plan.works[0].steps) {
            prop_assert_eq!(violation(state, &planned.step), None);
        }
        let last = &states[states.len() - 1];
        prop_assert_eq!(diff::fields(&Goal::Table(want.clone()), "s", last), vec![]);
        prop_assert_eq!(&last.table().expect("there").table, &want);
    }

    #[test]
    fn planning_again_from_any_prefix_converges(want in any_table(), live in proptest::option::of(any_live())) {
        let live = live.map(|l| changeable(l, &want));
        let plan = one(&want, live.as_ref(), &all_approvals());
        prop_assert_eq!(&plan.refusals, &vec![]);
        let states = walk(&plan);
        for (at, state) in states.iter().enumerate() {
            let again = one(&want, state.table(), &all_approvals());
            prop_assert!(again.refusals.is_empty());
            let rest = again.works[0].steps.iter().map(|s| &s.step);
            prop_assert!(rest.eq(plan.works[0].steps[at..].iter().map(|s| &s.step)));
        }
    }

    #[test]
    fn without_approval_nothing_is_destroyed_and_nobody_else_is_touched(want in any_table(), live in any_live()) {
        let live = as_refreshed(live, &want);
        let plan = one(&want, Some(&live), &Approvals::default());
        let states = walk(&plan);
        for (state, planned) in states.iter().zip(&plan.works[0].steps) {
            prop_assert!(!planned.destructive && !risk::destructive(&planned.step, state));
        }
        prop_assert!(live.owner.as_deref() == Some("s") || plan.works[0].steps.is_empty());
        let changes = plan.works[0].change.is_some() && !plan.works[0].steps.is_empty();
        prop_assert!(live.holder.is_none() || !changes);
        let key = |table: &Table| matches!(table.encryption, Encryption::Key(_));
        let narrowed = live.table.recovery.is_some_and(|now| want.recovery.is_none_or(|d| d < now))
            || (live.table.stream.is_some() && live.table.stream != want.stream)
            || (key(&live.table) && !key(&want))
            || (live.applied.is_some() && want.ttl.is_some() && live.table.ttl != want.ttl);
        let removes = live.table.indexes.keys().any(|n| !want.indexes.contains_key(n));
        let reshaped = live.table.key != want.key || live.table.locals != want.locals;
        prop_assert!(!(narrowed || removes || reshaped) || !plan.refusals.is_empty());
    }

    /// What came before the file named the attribute goes by nobody's doing who did not name it, from every prefix of the plan.
    #[test]
    fn no_item_is_let_expire_in_a_table_in_use_without_the_word(want in any_table(), live in any_live(), imported: bool) {
        let live = changeable(live, &want);
        let new = live.applied.is_none() && (live.owner.as_deref() == Some("s") || imported);
        let imported: BTreeSet<String> = imported.then(|| "T".to_owned()).into_iter().collect();
        let worded = Approvals { imported, ..all_approvals() };
        let mut unworded = worded.clone();
        unworded.destroy.remove("T:ttl");
        let plan = one(&want, Some(&live), &worded);
        let steps = &plan.works[0].steps;
        prop_assert_eq!(&plan.refusals, &vec![]);
        for (at, state) in walk(&plan).iter().enumerate() {
            let to_come = steps[at..].iter().any(|s| matches!(s.step, Step::TtlOn { .. }));
            let again = one(&want, state.table(), &worded);
            prop_assert!(again.works[0].steps.iter().map(|s| &s.step).eq(steps[at..].iter().map(|s| &s.step)));
            let marked = again.works[0].steps.iter().filter(|s| s.destructive && matches!(s.step, Step::TtlOn { .. })).count();
            prop_assert_eq!(marked, usize::from(to_come && !new));
            let without = one(&want, state.table(), &unworded);
            prop_assert_eq!(without.refusals.iter().any(|r| r.recipe.contains("T:ttl")), to_come && !new);
            prop_assert_eq!(without.calls() > 0, at < steps.len() && (new || !to_come));
        }
    }

    #[test]
    fn a_refused_resource_has_no_steps(want in any_table(), live in any_live()) {
        let plan = one(&want, Some(&as_refreshed(live, &want)), &Approvals::default());
        prop_assert!(plan.refusals.is_empty() || plan.calls() == 0);
    }

    #[test]
    fn a_plan_has_changes_exactly_when_live_is_not_desired_and_else_only_records_it(want in any_table(), live in any_live()) {
        let live = as_refreshed(live, &want);
        let plan = one(&want, Some(&live), &all_approvals());
        let same = live.table == want && live.owner.as_deref() == Some("s");
        prop_assert_eq!(plan.works[0].change.is_none(), same);
        prop_assert_eq!(plan.is_empty(), same && live.applied == Some(diff::applied(&want)));
        prop_assert!(!same || plan.calls() <= 1);
    }

    #[test]
    fn what_was_applied_is_in_sync_and_recorded_last(want in any_table(), live in proptest::option::of(any_live())) {
        let live = live.map(|l| changeable(l, &want));
        let plan = one(&want, live.as_ref(), &all_approvals());
        let states = walk(&plan);
        let last = states[states.len() - 1].table().expect("there");
        let digest = Some(diff::applied(&want));
        prop_assert_eq!(&last.applied, &digest);
        for state in &states[1..states.len().max(2) - 1] {
            prop_assert_ne!(state.table().map(|t| &t.applied), Some(&digest));
        }
        prop_assert!(one(&want, Some(last), &Approvals::default()).is_empty());
    }

    #[test]
    fn a_global_table_keeps_what_its_replicas_share(want in any_table(), live in any_live()) {
        let live = as_refreshed(LiveTable { replicas: vec!["eu-west-1".into()], ..live }, &want);
        let plan = one(&want, Some(&live), &all_approvals());
        let own = |step: &Step| matches!(
            step,
            Step::Tag { .. } | Step::Protect { .. } | Step::SetClass { .. } | Step::SetPolicy { .. } | Step::SetInsights { .. } | Step::SetRecovery { .. }
        );
        prop_assert!(plan.works[0].steps.iter().all(|s| own(&s.step)));
    }

    #[test]
    fn no_decrease_is_planned_before_its_time(want in any_table(), live in any_live(), count in 0..6u64, last in 0..48u64, now in 0..48u64) {
        let hour = 3_600_000;
        let (last, now) = (last.min(now) * hour / 2, now * hour / 2 + 1);
        let mut live = changeable(LiveTable { owner: Some("s".into()), ..live }, &want);
        live.usage.decreases = ["", "i", "j"].into_iter().map(|name| (name.to_owned(), (count, last))).collect();
        let plan = make(&desired([("T", want)]), &seen([("T", live)]), &all_approvals(), context(now));
        for (state, planned) in walk(&plan).iter().zip(&plan.works[0].steps) {
            let at = planned.not_before_ms.unwrap_or(now).max(now);
            prop_assert!(!over_budget(state.table().expect("there"), &planned.step, at));
            prop_assert!(planned.not_before_ms.is_none() || over_budget(state.table().expect("there"), &planned.step, now));
        }
    }

    #[test]
    fn scaling_that_somebody_else_moves_is_refused_exactly_where_it_would_be_touched(
        want in any_table(), live in any_live(), index in proptest::option::of("[ijk]"), reads in any::<bool>()
    ) {
        let dimension = if reads { Dimension::Read } else { Dimension::Write };
        let live = changeable(live, &want);
        let side = (&index, &dimension);
        let touches = |step: &Step| matches!(
            step,
            Step::ScaleTarget { index, dimension, .. } | Step::ScalePolicy { index, dimension, .. } | Step::Unscale { index, dimension }
                if (index, dimension) == side
        );
        let free = one(&want, Some(&live), &all_approvals());
        let foreign_scaling = vec![ForeignScaling { index: index.clone(), dimension, by: Mover::Suspension }];
        let held = one(&want, Some(&LiveTable { foreign_scaling, ..live }), &all_approvals());
        prop_assert_eq!(!held.refusals.is_empty(), free.works[0].steps.iter().any(|s| touches(&s.step)));
        prop_assert!(held.works[0].steps.iter().all(|s| !touches(&s.step)));
    }

    #[test]
    fn digests_tell_states_apart(a in any_live(), b in any_live()) {
        let digest = |t: &LiveTable| diff::digest(&State::Table(Some(Box::new(t.clone()))));
        prop_assert_eq!(digest(&a) == digest(&b), a == b);
    }

    #[test]
    fn a_call_and_its_remark_have_words_for_everything(want in any_table(), live in any_live()) {
        let plan = one(&want, Some(&changeable(live, &want)), &all_approvals());
        for (state, planned) in walk(&plan).iter().zip(&plan.works[0].steps) {
            let text = planned.step.to_string();
            prop_assert!(!text.contains('{') && !text.contains("Some(") && text.len() > 8, "{}", text);
            prop_assert!(cost::remark(&planned.step, state).is_none_or(|r| r.len() > 10));
            prop_assert!(planned.seconds.0 <= planned.seconds.1 && planned.seconds.1 > 0);
        }
    }
}
