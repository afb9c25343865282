//! What must hold for every bucket that is to go, whatever it holds and whoever owns it.

use super::super::samples::{any_leaving_bucket, desired, plan_of, seen_bucket};
use super::super::{Approvals, Plan, State, legal::violation, risk, simulate::simulate};
use crate::live::{Live, LiveBucket};
use crate::resource::Bucket;
use proptest::prelude::*;
use std::collections::BTreeSet;

fn plan(live: Option<&LiveBucket>, with_data: bool) -> Plan {
    let approvals = Approvals { destroy: BTreeSet::from(["s3://acme-staging".to_owned()]), with_data, ..Approvals::default() };
    plan_of(&desired([]), &live.cloned().map(seen_bucket).unwrap_or_default(), &approvals)
}

fn walk(plan: &Plan) -> Vec<State> {
    let mut states = vec![plan.works[0].before.clone()];
    for planned in &plan.works[0].steps {
        states.push(simulate(&states[states.len() - 1], &planned.step, "acme-staging"));
    }
    states
}

proptest! {
    #[test]
    fn a_plan_ends_without_the_bucket_by_legal_steps_from_every_prefix(live in any_leaving_bucket(), with_data: bool) {
        let plan = self::plan(Some(&live), with_data);
        let states = walk(&plan);
        for (at, (state, planned)) in states.iter().zip(&plan.works[0].steps).enumerate() {
            prop_assert_eq!(violation(state, &planned.step), None);
            let again = self::plan(state.bucket(), with_data);
            prop_assert!(again.works[0].steps.iter().map(|s| &s.step).eq(plan.works[0].steps[at..].iter().map(|s| &s.step)));
        }
        prop_assert_eq!(plan.refusals.is_empty(), states[states.len() - 1].is_absent());
        prop_assert_eq!(plan.calls() == 0, !plan.refusals.is_empty());
    }

    #[test]
    fn nobody_elses_bucket_is_touched_and_nothing_is_lost_without_the_word(live in any_leaving_bucket(), with_data: bool) {
        let plan = self::plan(Some(&live), with_data);
        let holds = live.contents.as_ref().is_some_and(|c| !c.is_empty());
        let free = live.owner.as_deref() == Some("s") && live.holder.is_none() && live.contents.as_ref().is_some_and(|c| c.imports.is_empty());
        prop_assert!(plan.calls() == 0 || (free && (with_data || !holds)));
        prop_assert!(plan.works[0].steps.iter().all(|s| s.destructive && (with_data || !risk::takes_data(&s.step))));
        let unnamed = plan_of(&desired([]), &seen_bucket(live), &Approvals { with_data, ..Approvals::default() });
        prop_assert_eq!(unnamed.calls(), 0);
    }

    #[test]
    fn a_bucket_of_the_file_is_never_deleted(live in any_leaving_bucket()) {
        let bucket = super::super::samples::bucket();
        let desired = super::super::Desired { buckets: [(bucket.name.clone(), bucket)].into(), ..desired([]) };
        let live = Live { buckets: [("acme-staging".to_owned(), LiveBucket { contents: None, ..live })].into(), ..Live::default() };
        for destroy in [BTreeSet::new(), BTreeSet::from(["s3://acme-staging:expire".to_owned()]), BTreeSet::from(["s3://acme-staging".to_owned()])] {
            let plan = plan_of(&desired, &live, &Approvals { destroy, with_data: true, adopt: ["acme-staging".to_owned()].into(), ..Approvals::default() });
            prop_assert!(plan.works[0].steps.iter().all(|s| !s.destructive));
        }
        let plan = plan_of(&desired, &live, &Approvals::default());
        prop_assert!(plan.calls() == 0 || live.buckets["acme-staging"].holder.is_none(), "another tool would undo it");
    }

    /// What S3 would delete by a rule is deleted by nobody who did not name it, from every prefix of the plan.
    #[test]
    fn no_object_goes_sooner_than_it_would_without_the_word(live in any_leaving_bucket(), now in 0..4u32, days in 1..4u32, empty: bool) {
        let want = Bucket { expire_days: days, ..super::super::samples::bucket() };
        let bucket = Bucket { expire_days: now, ..live.bucket.clone() };
        let live = LiveBucket { bucket, empty, aborts_multipart: now > 0, contents: None, ..live };
        let desired = super::super::Desired { buckets: [(want.name.clone(), want)].into(), ..desired([]) };
        let approvals = |destroy: &[&str]| Approvals { destroy: destroy.iter().map(|&what| what.to_owned()).collect(), adopt: ["acme-staging".to_owned()].into(), ..Approvals::default() };
        let sooner = !empty && (now == 0 || days < now);
        let unnamed = plan_of(&desired, &seen_bucket(live.clone()), &approvals(&["s3://acme-staging"]));
        prop_assert_eq!(unnamed.refusals.iter().any(|r| r.recipe.contains(":expire")), sooner);
        let named = plan_of(&desired, &seen_bucket(live), &approvals(&["s3://acme-staging:expire"]));
        prop_assert_eq!(&named.refusals, &vec![]);
        prop_assert_eq!(named.works[0].steps.iter().filter(|s| s.destructive).count(), usize::from(sooner));
        let states = walk(&named);
        for (at, (state, planned)) in states.iter().zip(&named.works[0].steps).enumerate() {
            prop_assert_eq!(violation(state, &planned.step), None);
            let again = plan_of(&desired, &seen_bucket(state.bucket().expect("it stays").clone()), &approvals(&["s3://acme-staging:expire"]));
            prop_assert!(again.works[0].steps.iter().map(|s| &s.step).eq(named.works[0].steps[at..].iter().map(|s| &s.step)));
        }
    }
}
