//! `iam`: the least policy for a stack, offline.

use super::failure::Failure;
use super::{console, output, say};
use crate::cli::Iam;
use crate::exit::Exit;
use crate::iam::{self, By, Verb};
use crate::resource::destroyed_bucket;
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
    args.destroy.iter().try_for_each(|what| whole_name(what))?;
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

/// A name that is written into a policy is a table's or a bucket's name and nothing wider.
fn whole_name(what: &str) -> Result<(), Failure> {
    let of_table = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let of_bucket = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
    let named = match destroyed_bucket(what) {
        Some(name) => (3..=63).contains(&name.len()) && name.chars().all(of_bucket),
        None => (3..=255).contains(&what.len()) && what.chars().all(of_table),
    };
    if named {
        return Ok(());
    }
    Err(Failure::Usage(format!(
        "--destroy {}: that is no table's name (3 to 255 letters, digits, `_`, `-` and `.`), and no bucket's (`s3://NAME`); name each whole",
        crate::safe::text(what)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_takes_no_name_that_would_widen_it() {
        for name in ["abc", "Users.v2_a-b", "s3://acme-stage.2"] {
            assert!(whole_name(name).is_ok(), "{name}");
        }
        for wide in ["*", "Users*", "Users/index/*", "ab", "s3://*", "s3://Acme", "s3://ab", "s3://acme/*", "a b c", &"x".repeat(256)] {
            assert!(matches!(whole_name(wide), Err(Failure::Usage(told)) if told.contains("no table's name")), "{wide}");
        }
    }
}
