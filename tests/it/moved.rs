//! The world moved after the plan: a policy, a scaling target, a tag of ours. Noticed before the first mutation, which is not made.

use crate::reconcile_faults::{FIVE, LATER, World, table, unique};
use landfall::exit::Exit;
use landfall::live::refresh;
use landfall::local::{Effect, Moment, Rule};
use landfall::plan::{Approvals, Desired, Dimension};
use landfall::policy::canonical;
use landfall::resource::{Policy, Range, Scaling, Table};
use std::collections::BTreeMap;
use std::time::Duration;

/// Who may read the table.
fn policy(account: &str, arn: &str) -> String {
    let principal = format!(r#"{{"AWS":"arn:aws:iam::{account}:root"}}"#);
    let text = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{principal},"Action":"dynamodb:GetItem","Resource":"{arn}"}}]}}"#
    );
    canonical(&text).expect("a policy")
}

/// A table with a policy, a scaled dimension and a tag, as the stack says; what is to come is its protection.
async fn settled(world: &World) -> (Desired, String) {
    let name = unique("moved");
    let arn = world.aws.table_arn(&name);
    let mut wanted = Table { policy: Some(Policy::On(policy("123456789012", &arn))), ..table(FIVE, &[]) };
    wanted.limits.scaling = Scaling { read: Some(Range { min: 5, max: 50, target: Some(70) }), write: None };
    wanted.tags.insert("team".into(), "m".into());
    let tables = BTreeMap::from([(name.clone(), wanted)]);
    let mut desired = Desired { stack: unique("stack"), digest: "d".into(), tables, ..Desired::default() };
    world.converge(&desired, &Approvals::default(), "settled").await;
    world.clock.advance(LATER);
    desired.tables.get_mut(&name).expect("its table").protect = true;
    (desired, name)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_policy_scaling_target_or_tag_is_noticed_before_the_first_mutation() {
    let world = World::start().await;
    let (desired, name) = settled(&world).await;
    let arn = world.aws.table_arn(&name);
    for change in ["policy", "scaling", "tag"] {
        let plan = world.plan(&desired, &Approvals::default()).await;
        match change {
            "policy" => world.aws.set_policy(&arn, Some(&policy("210987654321", &arn))).await.expect("changed"),
            "scaling" => world.aws.scale_target(&name, None, Dimension::Read, 5, 90).await.expect("changed"),
            _ => world.aws.tag_table(&arn, &BTreeMap::from([("team".to_owned(), "another".to_owned())])).await.expect("changed"),
        }
        // Long enough for the change to be over, and the plan is still good.
        world.clock.advance(Duration::from_mins(10));
        let before = world.writes();
        let outcome = world.apply(&plan).await;
        assert_eq!((outcome.exit(), outcome.report.done.len()), (Exit::Stale, 0), "{change}: {:#?}", outcome.problems);
        assert_eq!(world.writes(), before, "{change}");
    }
    // A new plan sees it all, and puts it right.
    world.converge(&desired, &Approvals::default(), "in the end").await;
}

/// AWS denies the tags of a table that is gone; that is no reason to call a deleted table unreadable.
#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_is_deleted_between_two_reads_is_gone_and_a_real_denial_stays_one() {
    let world = World::start().await;
    let wanted = table(FIVE, &[]);
    for (later, gone) in [(Duration::ZERO, false), (LATER, true)] {
        let name = unique("moved");
        let tables = BTreeMap::from([(name.clone(), wanted.clone())]);
        let desired = Desired { stack: unique("stack"), digest: "d".into(), tables, ..Desired::default() };
        world.converge(&desired, &Approvals::default(), "made").await;
        world.clock.advance(LATER);
        let faults = world.local.faults();
        let read = || refresh::table(&world.aws, &name, Some(&wanted), u64::MAX);
        faults.install(Rule::refuse("AccessDeniedException").operation("ListTagsOfResource"));
        assert!(matches!(read().await, Err(refresh::Error::Aws(error)) if error.is_denied()));
        faults.clear();
        faults.install(Rule::new(Effect::Freeze(Moment::Before)).operation("ListTagsOfResource").call(1));
        let delete = async {
            faults.until_held().await;
            world.aws.delete_table(&name).await.expect("deleted");
            world.clock.advance(later);
            faults.release();
        };
        let (seen, ()) = tokio::join!(read(), delete);
        faults.clear();
        let seen = seen.expect("readable");
        assert!(seen.is_none() || !gone, "there is no such table");
        assert!(seen.is_none_or(|table| table.busy == ["table is DELETING"]));
    }
}
