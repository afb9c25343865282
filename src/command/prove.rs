//! `validate` and `throttling`: reading, and saying what was found.

use super::Draft;
use super::failure::{Failure, aws_help};
use super::session::Session;
use super::transfer::{chain, preflight};
use crate::cli::{CheckArgs, OutputArgs, Throttling, Validate};
use crate::exit::Exit;
use crate::report::model::Problem;
use crate::report::outcome::Asked;
use crate::safe::Masker;
use crate::source::Snapshot;
use crate::stack::{self, Stack};
use crate::throttling::{self, Subjects};
use crate::validate;
use std::collections::BTreeMap;
use std::time::Duration;

/// `validate`.
pub(super) async fn validate(args: &Validate) -> Exit {
    let mut draft = Draft::new("validate", Asked { validate: true, ..Asked::NOTHING });
    if let Err(failure) = validate_into(&mut draft, args).await {
        draft.failed(failure);
    }
    draft.finish(&args.common.output, &[])
}

async fn validate_into(draft: &mut Draft, args: &Validate) -> Result<(), Failure> {
    let session = Session::open(&args.common).await?;
    let source = session.source(&args.common).await?;
    draft.of(&session, Some(&source));
    let mut snapshot = source.snapshot().await?;
    preflight(&mut snapshot, &session).await?;
    compare(draft, &session, &mut snapshot, &args.checks, masker(&args.common.output)).await?;
    session.close(&args.common).await;
    Ok(())
}

/// Runs the checks into the report.
pub(super) async fn compare(
    draft: &mut Draft,
    session: &Session,
    snapshot: &mut Snapshot,
    checks: &CheckArgs,
    masker: Masker,
) -> Result<(), Failure> {
    let options = validate::Options {
        sample: checks.sample,
        full: checks.sample.is_none() && !checks.count_only,
        access: !checks.count_only,
        seed: checks.seed,
        masker,
        max_listed: checks.max_listed,
        prove: !checks.no_prove,
        stop: session.interrupt.flag(),
        ..validate::Options::default()
    };
    let done = validate::run(&session.aws, snapshot, &session.stack, &options, &session.events).await;
    let report = done.map_err(|error| {
        let help = match &error {
            validate::Error::Aws(error) => aws_help(error).0,
            _ => None,
        };
        Failure::Other(Problem { message: chain(&error), help, exit: error.exit() })
    })?;
    draft.report.validate = Some(report);
    Ok(())
}

/// Masks values unless they are wanted; one for the whole run, so that equal values look equal.
pub(super) fn masker(output: &OutputArgs) -> Masker {
    Masker::new(output.show_values, fastrand::u64(..))
}

/// `throttling`.
pub(super) async fn throttling(args: &Throttling) -> Exit {
    let mut draft = Draft::new("throttling", Asked { throttling: true, ..Asked::NOTHING });
    if let Err(failure) = throttling_into(&mut draft, args).await {
        draft.failed(failure);
    }
    draft.finish(&args.common.output, &[])
}

async fn throttling_into(draft: &mut Draft, args: &Throttling) -> Result<(), Failure> {
    let back = args.window.as_deref().map(window).transpose().map_err(Failure::Usage)?;
    let session = Session::open(&args.common).await?;
    draft.of(&session, None);
    let back = back.unwrap_or(session.stack.policy.throttle_window_secs);
    let now = jiff::Timestamp::now().as_second();
    let from = now.saturating_sub(i64::try_from(back).unwrap_or(i64::MAX));
    watch(draft, &session, from, None, Duration::from_secs(args.wait)).await?;
    session.close(&args.common).await;
    Ok(())
}

/// Asks CloudWatch about the time since `from` (epoch seconds), into the report; every table with rows was read at or after `read`.
pub(super) async fn watch(draft: &mut Draft, session: &Session, from: i64, read: Option<i64>, wait: Duration) -> Result<(), Failure> {
    let to = jiff::Timestamp::now().as_second();
    let busy = busy(&session.stack, read);
    let late = late(session.aws.identity().is_aws());
    let options = throttling::Options { from, to, max_events: session.stack.policy.throttle_max_events, busy, late, wait };
    let tables = session.stack.tables.iter();
    let subjects: Subjects = tables.map(|(name, spec)| (name.clone(), spec.table.indexes.keys().cloned().collect())).collect();
    let stop = session.interrupt.stop();
    tokio::select! {
        asked = throttling::run(&session.aws, &subjects, &options, &session.events) => draft.report.throttling = Some(asked?),
        () = stop.said() => return Err(interrupted()),
    }
    Ok(())
}

/// The tables that a run has read at `read`: those that it fills.
fn busy(stack: &Stack, read: Option<i64>) -> BTreeMap<String, i64> {
    let filled = stack.tables.iter().filter(|(_, spec)| !spec.rows.is_empty()).map(|(name, _)| name);
    filled.filter_map(|name| read.map(|at| (name.clone(), at))).collect()
}

/// How late what is asked may come; a stand-in tells at once. What a run has read shows only that CloudWatch came to its first read.
fn late(is_aws: bool) -> Duration {
    if is_aws { throttling::LATE } else { Duration::ZERO }
}

fn interrupted() -> Failure {
    let message = "interrupted: nothing is said about throttling".to_owned();
    Failure::Other(Problem { message, help: Some("run again to ask again".into()), exit: Exit::Interrupted })
}

/// `--window` in seconds: as far back as the stack's own may reach.
fn window(text: &str) -> Result<u64, String> {
    let wrong = |why| format!("--window {} is {why}; write 90m, 24h or 7d", crate::safe::text(text));
    stack::window_secs(text).map_err(wrong)
}

#[cfg(test)]
mod tests {
    use super::{busy, late, window};
    use crate::stack;
    use std::path::Path;

    const STACK: &str = "name = \"s\"\naccount = \"123456789012\"\nregion = \"us-east-1\"\n[source]\nurl = \"sqlite:s.sqlite\"\n\
                         [table.Bare]\nkey = [\"id:S\"]\n[table.Filled]\nkey = [\"id:S\"]\n\
                         [[table.Filled.rows]]\nfrom = \"rows\"\nitem = { id = \"{id}\" }\n";

    /// Of a table that nothing read CloudWatch need not show a read.
    #[test]
    fn reads_are_waited_for_only_where_the_run_has_read() {
        let stack = stack::parse(STACK, Path::new("s.toml"), None).expect("a stack");
        assert_eq!(busy(&stack, Some(7)), [("Filled".to_owned(), 7)].into());
        assert!(busy(&stack, None).is_empty());
    }

    #[test]
    fn only_aws_is_late() {
        assert_eq!([late(true), late(false)].map(|late| late.as_secs()), [300, 0]);
    }

    #[test]
    fn a_window_is_what_a_stack_may_ask_for() {
        assert_eq!(["90s", "90m", "24h", "15d"].map(|text| window(text).expect("a window")), [90, 5400, 86_400, 1_296_000]);
        for (wrong, why) in
            [("30d", "over 15 days: CloudWatch keeps"), ("1s", "a minute or more"), ("24", "no time span"), ("1é", "write 90m")]
        {
            let told = window(wrong).expect_err(wrong);
            assert!(told.starts_with(&format!("--window {wrong} is ")) && told.contains(why), "{told}");
        }
    }
}
