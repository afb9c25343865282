//! The least permissions that a verb needs for a stack, as an IAM policy: what the stack's settings ask for, and no more.
//!
//! Rules: no action with a `*`; a resource is `*` only where AWS knows no resource for the action (`ListTables`, metrics, scalable
//! targets' lists); deleting a table or a bucket is never among them unless its name was given; every permission says which call needs it, and a
//! call that only a rare path makes says which path.
//! Key insight: the tests record the calls of every verb at the embedded AWS and hold them to this: none missing, and none spare that
//! does not say its rare path.
//! Called by the verb `iam` and by the tests.

mod api;
mod data;
mod destroy;
mod document;
mod lease;
mod need;
mod provision;
#[cfg(test)]
mod tests;

pub use api::{APIS, Api, Level, api};
pub use document::{MANAGED_POLICY_LIMIT, size};
pub use need::{By, Need, On};

use crate::stack::Stack;
use crate::stack::model::TableSpec;
use need::{Needs, Place};
use serde_json::Value;
use std::collections::BTreeSet;

/// A verb that speaks to AWS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    Plan,
    Drift,
    Apply,
    Load,
    Validate,
    Throttling,
    Run,
    Unlock,
}

impl Verb {
    /// All of them.
    pub const ALL: [Self; 8] =
        [Self::Plan, Self::Drift, Self::Apply, Self::Load, Self::Validate, Self::Throttling, Self::Run, Self::Unlock];

    /// As it is typed.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Drift => "drift",
            Self::Apply => "apply",
            Self::Load => "load",
            Self::Validate => "validate",
            Self::Throttling => "throttling",
            Self::Run => "run",
            Self::Unlock => "unlock",
        }
    }
}

/// What `verbs` need for `stack`, and for deleting the tables and buckets that `destroy` names.
pub fn needs(stack: &Stack, verbs: &[Verb], destroy: &[String]) -> BTreeSet<Need> {
    let mut found = Needs::default();
    for verb in verbs {
        of(*verb, stack, destroy, &mut found);
    }
    let usual: BTreeSet<_> = found.0.iter().filter(|n| n.rare.is_none()).map(|n| (n.action, n.on.clone(), n.by)).collect();
    found.0.into_iter().filter(|n| n.rare.is_none() || !usual.contains(&(n.action, n.on.clone(), n.by))).collect()
}

/// The same as an IAM policy document.
pub fn policy(stack: &Stack, verbs: &[Verb], destroy: &[String]) -> Value {
    document::document(&needs(stack, verbs, destroy), &Place::of(stack))
}

/// The ARN of what a permission is on, as the policy writes it.
pub fn resource(stack: &Stack, on: &On) -> String {
    on.arn(&Place::of(stack))
}

fn of(verb: Verb, stack: &Stack, destroy: &[String], found: &mut Needs) {
    match verb {
        Verb::Plan => {
            provision::reads(stack, found);
            destroy::reads(destroy, found);
        }
        Verb::Drift => provision::reads(stack, found),
        Verb::Apply => {
            lease::hold(found);
            provision::reads(stack, found);
            destroy::reads(destroy, found);
            provision::writes(stack, found);
            destroy::writes(destroy, found);
        }
        Verb::Load => {
            lease::hold(found);
            provision::reads(stack, found);
            data::load(stack, found);
            let imported = |spec: &&TableSpec| !spec.rows.is_empty() && spec.table.locals.is_empty() && !stack.buckets.is_empty();
            let tables = stack.tables.iter().filter(|(_, spec)| imported(spec));
            tables.for_each(|(name, spec)| provision::after_import(name, &spec.table, found));
        }
        Verb::Validate => data::validate(stack, found),
        Verb::Throttling => data::throttling(stack, found),
        Verb::Run => [Verb::Apply, Verb::Load, Verb::Validate, Verb::Throttling].iter().for_each(|v| of(*v, stack, destroy, found)),
        Verb::Unlock => lease::release(found),
    }
}
