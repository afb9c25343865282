//! What is checked of a plan before AWS is asked anything.

use super::Error;
use crate::aws::Identity;
use crate::plan::{Plan, deadline, risk, simulate};

/// Account, region, endpoint, version, expiry, refusals, approvals: in the order of what hurts most.
pub(super) fn check(plan: &Plan, identity: &Identity, now_ms: u64) -> Result<(), Error> {
    same_place(plan, identity)?;
    let version = env!("CARGO_PKG_VERSION");
    if plan.version != version {
        return Err(Error::Version { planned: crate::safe::text(&plan.version), actual: version.to_owned() });
    }
    if now_ms >= plan.expires_ms {
        return Err(Error::Expired);
    }
    if let Some(first) = plan.refusals.first() {
        let first = format!("{}: {}", first.target, first.reason);
        return Err(Error::Refusals { count: plan.refusals.len(), first });
    }
    in_time(plan, now_ms)?;
    approved(plan)
}

/// A sealed plan was in time when it was made; begun later, it may not be.
fn in_time(plan: &Plan, now_ms: u64) -> Result<(), Error> {
    let Some(deadline) = plan.deadline_ms else { return Ok(()) };
    let late = deadline::missed(&plan.works, now_ms, deadline).into_iter().next();
    late.map_or(Ok(()), |first| Err(Error::Refusals { count: 1, first: format!("{}: {}", first.target, first.reason) }))
}

fn same_place(plan: &Plan, identity: &Identity) -> Result<(), Error> {
    let planned = (plan.account.as_str(), plan.region.as_str(), plan.endpoint.as_str());
    let actual = (identity.account.as_str(), identity.region.as_str(), identity.endpoint.as_str());
    let text = |(account, region, endpoint): (&str, &str, &str)| {
        crate::safe::text(&format!("account {account}, region {region}, endpoint {endpoint}"))
    };
    if planned == actual { Ok(()) } else { Err(Error::Elsewhere { planned: text(planned), actual: text(actual) }) }
}

/// Every destructive step is named, and what takes data along was allowed to. The planner would have refused; a second lock costs nothing, and it judges the steps
/// themselves, not the plan's word for them.
fn approved(plan: &Plan) -> Result<(), Error> {
    for work in &plan.works {
        let mut state = work.before.clone();
        for planned in &work.steps {
            let flag = risk::approval(&planned.step, work.target.name());
            let destructive = planned.destructive || risk::destructive(&planned.step, &state);
            let unapproved = |flag| Error::Unapproved { address: work.target.to_string(), call: planned.step.to_string(), flag };
            if destructive && !plan.approvals.destroy.contains(&flag) {
                return Err(unapproved(flag));
            }
            if risk::takes_data(&planned.step) && !plan.approvals.with_data {
                return Err(unapproved(format!("{flag} --with-data")));
            }
            state = simulate(&state, &planned.step, work.target.name());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::samples;
    use crate::plan::{Planned, Refusal, Step, Target};

    fn identity() -> Identity {
        Identity { account: "123456789012".into(), arn: "a".into(), region: "us-east-1".into(), endpoint: "aws".into() }
    }

    #[test]
    fn a_plan_for_here_and_now_passes() {
        assert!(check(&samples::plan(), &identity(), 2).is_ok());
    }

    #[test]
    fn another_account_region_or_endpoint_is_refused() {
        let others = [
            Identity { account: "210987654321".into(), ..identity() },
            Identity { region: "eu-west-1".into(), ..identity() },
            Identity { endpoint: "http://127.0.0.1:1".into(), ..identity() },
        ];
        for other in others {
            assert!(matches!(check(&samples::plan(), &other, 2), Err(Error::Elsewhere { .. })), "{other:?}");
        }
    }

    #[test]
    fn an_expired_plan_and_one_of_another_version_are_stale() {
        let plan = samples::plan();
        assert!(matches!(check(&plan, &identity(), plan.expires_ms), Err(Error::Expired)));
        let other = Plan { version: "0.0.0".into(), ..plan };
        assert!(matches!(check(&other, &identity(), 2), Err(Error::Version { .. })));
    }

    #[test]
    fn a_plan_with_a_refusal_is_not_applied() {
        let refusal = Refusal { target: Target::Table("T".into()), reason: "r".into(), recipe: "x".into() };
        let plan = Plan { refusals: vec![refusal], ..samples::plan() };
        assert!(matches!(check(&plan, &identity(), 2), Err(Error::Refusals { count: 1, .. })));
    }

    #[test]
    fn a_sealed_plan_that_is_begun_too_late_for_its_deadline_is_not_applied() {
        let plan = Plan { deadline_ms: Some(600_000), ..samples::plan() };
        assert!(check(&plan, &identity(), 2).is_ok());
        assert!(matches!(check(&plan, &identity(), 599_000), Err(Error::Refusals { count: 1, .. })));
    }

    #[test]
    fn an_unapproved_destructive_step_is_refused_even_if_the_plan_calls_it_harmless() {
        let mut plan = samples::plan();
        let delete =
            Planned { step: Step::DeleteTable { with_data: true }, seconds: (1, 2), destructive: false, not_before_ms: None, untold: None };
        plan.works[1].steps.push(delete);
        assert!(matches!(check(&plan, &identity(), 2), Err(Error::Unapproved { .. })));
        plan.approvals.destroy.insert(plan.works[1].target.name().to_owned());
        assert!(matches!(check(&plan, &identity(), 2), Err(Error::Unapproved { flag, .. }) if flag.ends_with("--with-data")));
        plan.approvals.with_data = true;
        assert!(check(&plan, &identity(), 2).is_ok());
    }

    #[test]
    fn a_step_is_judged_from_the_state_that_the_steps_before_it_leave() {
        let mut plan = samples::plan();
        let shorten = [35, 7].map(|days| Planned {
            step: Step::SetRecovery { days: Some(days) },
            seconds: (1, 2),
            destructive: false,
            not_before_ms: None,
            untold: None,
        });
        // The plan creates the table: only after the first of these is there something to shorten.
        plan.works[1].steps.extend(shorten);
        assert!(matches!(check(&plan, &identity(), 2), Err(Error::Unapproved { .. })));
    }
}
