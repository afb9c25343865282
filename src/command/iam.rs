//! `iam`: the least policy for a stack, offline.

use super::failure::Failure;
use super::{console, output, say};
use crate::cli::Iam;
use crate::exit::Exit;
use crate::iam::{self, By, Verb};
use crate::stack::{self, Stack};
use std::fmt::Write;

/// Prints the policy, or what each permission is for.
pub(super) fn run(args: &Iam) -> Exit {
    match text(args).and_then(|text| output::to_stdout(&text).map_err(Failure::Io)) {
        Ok(()) => Exit::Pass,
        Err(failure) => say(failure),
    }
}

fn text(args: &Iam) -> Result<String, Failure> {
    let stack = stack::load(&args.stack, args.phase.as_deref())?;
    args.destroy.iter().try_for_each(|name| table_name(name))?;
    let verbs = if args.verbs.is_empty() { Verb::ALL.to_vec() } else { args.verbs.clone() };
    if args.why {
        return Ok(reasons(&stack, &verbs, &args.destroy));
    }
    let policy = iam::policy(&stack, &verbs, &args.destroy);
    let size = iam::size(&policy);
    if size > iam::MANAGED_POLICY_LIMIT {
        let limit = iam::MANAGED_POLICY_LIMIT;
        console::line(&format!(
            "The policy is {size} characters long, and one managed policy holds {limit}: make one for each verb (--verb), or spread its \
             statements over several that are attached together"
        ));
    }
    Ok(format!("{policy:#}\n"))
}

/// A name that is written into a policy is a table's name and nothing wider.
fn table_name(name: &str) -> Result<(), Failure> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if (3..=255).contains(&name.len()) && name.chars().all(allowed) {
        return Ok(());
    }
    Err(Failure::Usage(format!(
        "--destroy {}: that is no table's name (3 to 255 letters, digits, `_`, `-` and `.`); name each table whole",
        crate::safe::text(name)
    )))
}

fn reasons(stack: &Stack, verbs: &[Verb], destroy: &[String]) -> String {
    let mut text = String::new();
    for need in iam::needs(stack, verbs, destroy) {
        let by = match need.by {
            By::Call(_, operation) => operation.to_owned(),
            By::Aws(call) => format!("asked by AWS for {call}"),
        };
        let rare = need.rare.map(|path| format!(", only for {path}")).unwrap_or_default();
        let _ = writeln!(text, "{} on {}: {by}{rare}", need.action, iam::resource(stack, &need.on));
    }
    text
}
