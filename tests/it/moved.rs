//! The world moved after the plan: a policy, a scaling target, a tag of ours. Noticed before the first mutation, which is not made.

use crate::reconcile_faults::{FIVE, LATER, World, table, unique};
use landfall::exit::Exit;
use landfall::plan::{Approvals, Desired, Dimension};
use landfall::policy::canonical;
use landfall::resource::{Policy, Range, Scaling, Table};
use std::collections::BTreeMap;

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
        world.clock.advance(LATER);
        let before = world.writes();
        let outcome = world.apply(&plan).await;
        assert_eq!((outcome.exit(), outcome.report.done.len()), (Exit::Stale, 0), "{change}: {:#?}", outcome.problems);
        assert_eq!(world.writes(), before, "{change}");
    }
    // A new plan sees it all, and puts it right.
    world.converge(&desired, &Approvals::default(), "in the end").await;
}
