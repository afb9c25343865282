//! `init --from-live`: live tables and buckets as a stack file. Reads only; the file is the answer.
//!
//! Rules: a file that is there is overwritten only when that was asked for; what was written is read back before anybody trusts it; what a stack file
//! cannot say is said in a note, in the file and on stderr, and never left out in silence.
//!
//! Key insight: what a wish does not manage is not read, so the tables are read twice: first as they are described, then with a wish that
//! names everything that the first reading found.

mod found;

use super::failure::Failure;
use super::{console, embedded, output};
use crate::aws::{Aws, Resolved, Settings, leases};
use crate::cli::Init;
use crate::event::Events;
use crate::exit::Exit;
use crate::live::{Live, Wanted, refresh};
use crate::report::model::Problem;
use crate::{safe, stack};
use found::Found;
use std::collections::BTreeSet;
use std::path::Path;

/// Where the embedded AWS is, when nobody says.
const LOCAL_REGION: &str = "us-east-1";

/// Writes the stack file; says what else there is to know.
pub(super) async fn run(args: &Init) -> Exit {
    match from_live(args).await {
        Ok(()) => Exit::Pass,
        Err(failure) => super::say(failure),
    }
}

async fn from_live(args: &Init) -> Result<(), Failure> {
    stack::can_be_named(&args.name).map_err(|reason| Failure::Usage(format!("--name {}: {reason}", safe::text(&args.name))))?;
    if args.tables.iter().any(|name| name == leases::TABLE) {
        return Err(Failure::Usage(format!("--table {}: it holds landfall's own leases, and no stack manages it", leases::TABLE)));
    }
    free(args)?;
    let local = embedded::start(&args.aws, None, args.aws.region.as_deref().unwrap_or(LOCAL_REGION)).await?;
    let done = with(args, local.as_ref()).await;
    embedded::stop(local).await;
    done
}

async fn with(args: &Init, local: Option<&embedded::Embedded>) -> Result<(), Failure> {
    let events = console::events(args.quiet);
    let mut settings = Settings { profile: args.aws.profile.clone(), region: args.aws.region.clone(), ..Settings::default() };
    embedded::point(&mut settings, local, LOCAL_REGION);
    let aws = Resolved::new(&settings).await?.identify().await?;
    events.note(super::whereabouts(aws.identity()));
    let found = Found::from(&read(&aws, args, &events).await?, &args.name);
    write(args, &aws, &found, &events)
}

/// Before anything is read: the file would be in the way at the end.
fn free(args: &Init) -> Result<(), Failure> {
    let Some(path) = args.out.as_ref().filter(|path| !args.force && std::fs::symlink_metadata(path).is_ok()) else { return Ok(()) };
    Err(in_the_way(path))
}

fn in_the_way(path: &Path) -> Failure {
    Failure::Refused(format!("{} is there already", path.display()), "name another file, or allow it to be overwritten with --force".into())
}

/// Everything that the selection names, with everything that it has.
async fn read(aws: &Aws, args: &Init, events: &Events) -> Result<Live, Failure> {
    let names = names(aws, args).await?;
    let first = Wanted {
        tables: names.into_iter().map(|name| (name, None)).collect(),
        buckets: args.buckets.iter().map(|name| (name.clone(), None)).collect(),
        ..Wanted::default()
    };
    let seen = refresh::refresh(aws, &first, events).await?;
    let second = found::wish(&seen, args.warm);
    let live = refresh::refresh(aws, &second, events).await?;
    let id = aws.identity();
    let absent = |kind: &str, name: &String| {
        let message = format!("there is no {kind} {} in account {}, {}", safe::text(name), id.account, id.region);
        Failure::Usage(format!("{message}: correct the name, the region or the profile"))
    };
    if let Some(name) = first.tables.keys().find(|name| !live.tables.contains_key(*name)) {
        return Err(absent("table", name));
    }
    if let Some(name) = first.buckets.keys().find(|name| !live.buckets.contains_key(*name)) {
        return Err(absent("bucket", name));
    }
    // A holder that is known by an ordinary tag is known by the first look alone: the second wishes for that tag itself.
    let held = seen.tables.into_iter().filter_map(|(name, table)| Some((name, table.holder?)));
    let mut live = live;
    for (name, holder) in held {
        live.tables.entry(name).and_modify(|table| table.holder = Some(holder));
    }
    Ok(live)
}

/// The tables that are named, or those of the account and region that begin with the prefix; never landfall's own.
async fn names(aws: &Aws, args: &Init) -> Result<BTreeSet<String>, Failure> {
    if !args.tables.is_empty() {
        return Ok(args.tables.iter().cloned().collect());
    }
    let prefix = args.prefix.as_deref().unwrap_or_default();
    let chosen = |name: &String| name.starts_with(prefix) && name != leases::TABLE;
    let names: BTreeSet<String> = aws.table_names().await?.into_iter().filter(chosen).collect();
    if names.is_empty() && args.buckets.is_empty() {
        let id = aws.identity();
        let which = if prefix.is_empty() { String::new() } else { format!(" whose name begins with {}", safe::text(prefix)) };
        return Err(Failure::Other(Problem {
            message: format!("account {} has no table{which} in {}: there is nothing to write", id.account, id.region),
            help: Some("check the account and region in the first line, or name tables with --table".into()),
            exit: Exit::Inconclusive,
        }));
    }
    Ok(names)
}

/// The file, checked by reading it back.
fn write(args: &Init, aws: &Aws, found: &Found, events: &Events) -> Result<(), Failure> {
    let id = aws.identity();
    let text = found.noted(&stack::write(&args.name, &id.account, &id.region, &found.tables, &found.buckets));
    let unread = reads_back(&text, found, args.out.as_deref().unwrap_or(Path::new("stack.toml")));
    match &args.out {
        None => output::to_stdout(&text).map_err(Failure::Io)?,
        Some(path) => save(path, args.force, &text)?,
    }
    found.notes.iter().for_each(|note| events.warn(note.clone()));
    unread?;
    if let Some(path) = &args.out {
        let adopt = found.strange.iter().fold(String::new(), |all, name| all + " --adopt " + name);
        events.note(format!("Written to {0}. What it would change: landfall plan {0}{adopt}", path.display()));
    }
    Ok(())
}

/// Whether the text says what was found. It does, unless AWS has what a stack may not have; then the file is there to be corrected.
fn reads_back(text: &str, found: &Found, path: &Path) -> Result<(), Failure> {
    let stack = stack::parse(text, path, None)?;
    let same = stack.tables.iter().all(|(name, spec)| found.tables.get(name) == Some(&spec.table))
        && stack.tables.len() == found.tables.len()
        && stack.buckets == found.buckets;
    if same {
        return Ok(());
    }
    Err(Failure::Io("the file that was written does not say what was read from AWS: please report this as a defect".into()))
}

fn save(path: &Path, force: bool, text: &str) -> Result<(), Failure> {
    let failed = |e: std::io::Error| Failure::Io(format!("cannot write {}: {e}", path.display()));
    if force {
        return output::file(path, text.as_bytes()).map_err(failed);
    }
    match std::fs::File::create_new(path) {
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => Err(in_the_way(path)),
        Err(e) => Err(failed(e)),
        Ok(mut file) => std::io::Write::write_all(&mut file, text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// It may have come since the first look.
    #[test]
    fn a_file_that_came_in_between_is_neither_overwritten_nor_a_failure() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("stack.toml");
        std::fs::write(&path, "theirs").expect("written");
        assert!(matches!(save(&path, false, "ours"), Err(Failure::Refused(..))));
        assert_eq!(std::fs::read_to_string(&path).expect("there"), "theirs");
        assert!(matches!(save(&folder.path().join("no/stack.toml"), false, "ours"), Err(Failure::Io(_))));
        save(&path, true, "ours").expect("allowed");
        assert_eq!(std::fs::read_to_string(&path).expect("there"), "ours");
    }
}
