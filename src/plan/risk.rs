//! What landfall will not do by itself, with the recipe; and which steps destroy.
//!
//! Rules: nothing is replaced implicitly, ever; what can lose data, its recoverability or its readers needs the thing's name
//! on the command line; what is not tagged as this stack's, or is held by another tool, is not touched.
//! A refusal names the flag or the manual way. Called by [`super::order`], and by `apply` as a second lock.

mod bucket;

use super::desired::is_table;
use super::fit::unfit;
use super::model::{Goal, Refusal, State, Target};
use super::order::Wish;
use super::step::Step;
use super::{diff, foreign, words};
use crate::live::{Holder, LiveTable};
use crate::resource::{Encryption, Index, LEASE_TABLE, Table};
use crate::safe;

/// Everything that stands between this resource and its goal. Empty: the planner may go on.
pub fn refusals(wish: &Wish<'_>, state: &State) -> Vec<Refusal> {
    let found = match (wish.goal, state) {
        _ if *wish.target == Target::Table(LEASE_TABLE.to_owned()) => leases(),
        (Goal::Table(want) | Goal::Import(want), State::Table(None)) => unfit(want),
        (Goal::Table(want) | Goal::Import(want), State::Table(Some(live))) => table(wish, want, live),
        (Goal::Gone { .. }, State::Table(Some(live))) => gone(wish, live),
        (Goal::Gone { with_data }, State::Bucket(Some(live))) => bucket::goes(wish, live, *with_data),
        (Goal::Bucket(want), State::Bucket(Some(live))) => bucket::stays(wish, want, live),
        _ => Vec::new(),
    };
    found.into_iter().map(|(reason, recipe)| Refusal { target: wish.target.clone(), reason, recipe }).collect()
}

/// Without them, two runs could change one stack at once.
fn leases() -> Vec<Reason> {
    vec![("it holds landfall's own leases, those of every stack of the account".into(), "no stack manages or deletes it".into())]
}

/// Reason and recipe.
pub(super) type Reason = (String, String);

fn table(wish: &Wish<'_>, want: &Table, live: &LiveTable) -> Vec<Reason> {
    if let Some(reason) = leaving(live).or_else(|| unusable(live)) {
        return vec![reason];
    }
    let mut out: Vec<Reason> = not_ours(wish, live.owner.as_deref(), false).into_iter().collect();
    out.extend(held(wish, live.holder.as_ref(), live.owner.as_deref() == Some(wish.stack) && live.table == *want));
    out.extend(unfit(want));
    out.extend(key(want, &live.table));
    out.extend(locals(want, &live.table));
    out.extend(indexes(wish, want, &live.table));
    out.extend(recovery(wish, want, &live.table));
    out.extend(stream(wish, want, &live.table));
    out.extend(encryption(wish, want, &live.table));
    out.extend(ttl(wish, want, live));
    out.extend(replicated(want, live));
    out.extend(foreign::refusals(want, live));
    out
}

fn leaving(live: &LiveTable) -> Option<Reason> {
    let leaving = live.busy.iter().any(|b| b.starts_with("table is DELETING"));
    leaving.then(|| ("it is being deleted".into(), "wait until it is gone, usually within a minute, and plan again".into()))
}

/// A status that no waiting ends: the fields are all told as before, and nobody can read an item.
fn unusable(live: &LiveTable) -> Option<Reason> {
    let status = live.trouble.status.as_deref()?;
    let recipe = match status {
        "INACCESSIBLE_ENCRYPTION_CREDENTIALS" => "enable its KMS key again, or give DynamoDB its grant back; then plan again",
        "ARCHIVING" | "ARCHIVED" => "its KMS key was out of reach for too long: restore the table from the backup that AWS made of it",
        _ => "see in the DynamoDB console why, and bring it to ACTIVE; then plan again",
    };
    Some((format!("it is {status}: nothing of it can be read or changed"), recipe.into()))
}

fn not_ours(wish: &Wish<'_>, owner: Option<&str>, fresh: bool) -> Option<Reason> {
    let name = wish.target.name();
    let allowed = fresh || owner == Some(wish.stack) || wish.approvals.adopt.contains(name);
    let whose = owned_by(owner);
    let recipe = format!("--adopt {} takes it over as it is and changes what the plan shows; or choose another name", safe::text(name));
    (!allowed).then(|| (format!("it exists and has {whose}"), recipe))
}

fn owned_by(owner: Option<&str>) -> String {
    owner.map_or_else(|| "no stack's ownership tag".to_owned(), |o| format!("the tag of the stack \"{}\"", safe::text(o)))
}

/// Another tool's table or bucket. One that was adopted before is ours to look at, and each change of it needs the word again. `quiet`: it
/// is ours, and as the file says.
fn held(wish: &Wish<'_>, holder: Option<&Holder>, quiet: bool) -> Option<Reason> {
    let holder = holder?;
    let name = wish.target.name();
    let recipe = format!(
        "take it out of {}'s configuration first (it would undo these changes); --adopt {} changes it all the same",
        tool(holder),
        safe::text(name)
    );
    (!quiet && !wish.approvals.adopt.contains(name)).then(|| (format!("it is held by {}", words::holder(holder)), recipe))
}

fn tool(holder: &Holder) -> &'static str {
    match holder {
        Holder::CloudFormation(_) => "CloudFormation",
        Holder::Terraform(_) => "Terraform",
    }
}

fn key(want: &Table, live: &Table) -> Option<Reason> {
    let reason =
        || format!("its key is {} and would have to be {}; DynamoDB cannot change a key", words::key(&live.key), words::key(&want.key));
    let recipe = "give the table a new name in the file, load and validate it there, move the readers, then --destroy the old one";
    (want.key != live.key).then(|| (reason(), recipe.into()))
}

fn locals(want: &Table, live: &Table) -> Option<Reason> {
    let recipe =
        "local indexes are made with their table and stay: put the live ones into the file, or give the table a new name and load it again";
    (want.locals != live.locals).then(|| ("its local indexes differ from the file's".into(), recipe.into()))
}

fn indexes(wish: &Wish<'_>, want: &Table, live: &Table) -> Vec<Reason> {
    live.indexes.iter().filter_map(|(name, now)| index(wish, name, want.indexes.get(name), now)).collect()
}

fn index(wish: &Wish<'_>, name: &str, want: Option<&Index>, now: &Index) -> Option<Reason> {
    let shown = safe::text(name);
    let Some(want) = want else {
        let what = format!("{}/{name}", wish.target.name());
        let recipe = format!("--destroy {} removes it; or put it into the file", safe::text(&what));
        return (!wish.approvals.destroy.contains(&what))
            .then(|| (format!("index {shown} is not in the file, and removing an index is destructive"), recipe));
    };
    let same = want.key == now.key && want.projection == now.projection;
    let text = |i: &Index| format!("{}; {}", words::key(&i.key), words::projection(&i.projection));
    let reason = || format!("index {shown} is ({}) and would have to be ({}); an index cannot be changed in place", text(now), text(want));
    let recipe = || {
        format!(
            "add the new index under a new name beside {shown}, apply, move the readers, then drop {shown} from the file with --destroy {}/{shown}",
            safe::text(wish.target.name())
        )
    };
    (!same).then(|| (reason(), recipe()))
}

/// A refusal unless `--destroy TABLE:aspect` (of a bucket `s3://BUCKET:aspect`) was given.
fn unless_named(wish: &Wish<'_>, aspect: &str, reason: impl FnOnce() -> String, otherwise: &str) -> Option<Reason> {
    let scheme = if matches!(wish.target, Target::Bucket(_)) { "s3://" } else { "" };
    let what = format!("{scheme}{}:{aspect}", wish.target.name());
    (!wish.approvals.destroy.contains(&what)).then(|| (reason(), format!("{otherwise}, or allow it with --destroy {}", safe::text(&what))))
}

fn recovery(wish: &Wish<'_>, want: &Table, live: &Table) -> Option<Reason> {
    let now = live.recovery.filter(|now| want.recovery.is_none_or(|days| days < *now))?;
    let wanted = want.recovery.map_or_else(|| "off".to_owned(), words::days);
    let reason = || format!("point-in-time recovery would go from {} to {wanted}: older recovery points are lost", words::days(now));
    unless_named(wish, "recovery", reason, "keep `recovery` in the file as it is live")
}

fn stream(wish: &Wish<'_>, want: &Table, live: &Table) -> Option<Reason> {
    let now = live.stream.filter(|now| want.stream != Some(*now))?;
    let wanted = want.stream.map_or("off", words::stream);
    let reason = || {
        format!(
            "its stream would go from {} to {wanted}: the stream ARN and every unread record go, and its consumers stop",
            words::stream(now)
        )
    };
    unless_named(wish, "stream", reason, "keep `stream` in the file as it is live; else stop the consumers once they have read all")
}

fn encryption(wish: &Wish<'_>, want: &Table, live: &Table) -> Option<Reason> {
    let leaves = leaves_key(&live.encryption, &want.encryption);
    let reason = || format!("it would leave {} for {}", words::encryption(&live.encryption), words::encryption(&want.encryption));
    let otherwise = "who may read the data would no longer be the key policy's to say: keep `encryption` in the file as it is live";
    leaves.then(|| unless_named(wish, "encryption", reason, otherwise)).flatten()
}

/// The file that makes a table says what goes from it in time. What a table got without that file was meant to stay.
fn ttl(wish: &Wish<'_>, want: &Table, live: &LiveTable) -> Option<Reason> {
    let attribute = want.ttl.as_ref().filter(|_| want.ttl != live.table.ttl)?;
    let made_here = live.owner.as_deref() == Some(wish.stack) || wish.approvals.imported.contains(wish.target.name());
    if made_here && !holds_what_was_meant_to_stay(live) {
        return None;
    }
    let (now, wanted) = (live.table.ttl.as_ref().map_or_else(|| "off".to_owned(), |now| safe::text(now)), safe::text(attribute));
    let reason =
        || format!("its TTL would go from {now} to {wanted}: AWS deletes the items whose time has passed, within days and for good");
    unless_named(wish, "ttl", reason, "keep `ttl` in the file as it is live")
}

/// Whether an apply was once finished on the table, or it was adopted: the applied tag says so from the first call on, through every state
/// of a plan. Or it was left unfinished, and used.
fn holds_what_was_meant_to_stay(live: &LiveTable) -> bool {
    live.applied.is_some() || live.usage.in_use
}

/// From a customer's key to one that the customer does not control.
fn leaves_key(now: &Encryption, to: &Encryption) -> bool {
    matches!(now, Encryption::Key(_)) && !matches!(to, Encryption::Key(_))
}

/// A global table: what AWS keeps equal in all replicas is not changed from here.
/// Source: developer guide, "How DynamoDB global tables work": class, protection, recovery, tags, policy and insights are each replica's own.
fn replicated(want: &Table, live: &LiveTable) -> Option<Reason> {
    if live.replicas.is_empty() {
        return None;
    }
    let as_now = |name: &String, index: &Index| live.table.indexes.get(name).map_or(index.insights, |now| now.insights);
    let indexes = want.indexes.iter().map(|(name, index)| (name.clone(), Index { insights: as_now(name, index), ..index.clone() }));
    let now = live.table.clone();
    let shared = Table {
        indexes: indexes.collect(),
        class: now.class,
        protect: now.protect,
        recovery: now.recovery,
        tags: now.tags,
        policy: now.policy,
        insights: now.insights,
        ..want.clone()
    };
    let states = [&live.table, &shared].map(|table| State::Table(Some(Box::new(LiveTable { table: table.clone(), ..live.clone() }))));
    let paths: Vec<String> = diff::between(&states[0], &states[1]).into_iter().map(|field| field.path).collect();
    let regions = live.replicas.iter().map(|region| safe::text(region)).collect::<Vec<_>>().join(", ");
    let reason = || format!("it is a global table with replicas in {regions}, and these would change there too: {}", paths.join(", "));
    let recipe =
        "landfall looks at replicas and changes none: make the change with the tool that owns the global table, then put it into the file";
    (live.table != shared).then(|| (reason(), recipe.into()))
}

fn gone(wish: &Wish<'_>, live: &LiveTable) -> Vec<Reason> {
    let named = wish.approvals.destroy.contains(wish.target.name()) && is_table(wish.target.name());
    let unnamed = (!named).then(|| ("it would be deleted".into(), format!("--destroy {} allows it", safe::text(wish.target.name()))));
    let held = live.holder.as_ref().map(|holder| {
        (format!("it is held by {}", words::holder(holder)), format!("take it out of {}'s configuration first", tool(holder)))
    });
    let replicas = live.replicas.iter().map(|region| safe::text(region)).collect::<Vec<_>>().join(", ");
    let replicated = (!replicas.is_empty()).then(|| {
        (format!("it is a global table with replicas in {replicas}"), "remove the replicas with the tool that made them first".to_owned())
    });
    let nothing = Table::plain(live.table.key.clone());
    let scaled = foreign::refusals(&nothing, live);
    let ours = || not_ours(wish, live.owner.as_deref(), false);
    leaving(live)
        .or_else(|| unusable(live))
        .into_iter()
        .chain(anothers(wish, live.owner.as_deref()).or_else(ours))
        .chain(held)
        .chain(replicated)
        .chain(scaled)
        .chain(unnamed)
        .collect()
}

/// A table that another stack has tagged is not deleted from here, whatever is adopted.
fn anothers(wish: &Wish<'_>, owner: Option<&str>) -> Option<Reason> {
    let owner = owner.filter(|owner| *owner != wish.stack)?;
    let recipe = "delete it with that stack's file; or put it into this one and apply that with --adopt first, which takes it over";
    Some((format!("it has {}", owned_by(Some(owner))), recipe.into()))
}

/// Whether `step` takes data along knowingly, which `--with-data` has to have allowed.
pub fn takes_data(step: &Step) -> bool {
    matches!(step, Step::DeleteTable { with_data: true } | Step::AbortUploads | Step::DeleteVersions)
}

/// Whether `step` can lose data, its recoverability, its readers or the control over it, seen from the state before it.
pub fn destructive(step: &Step, before: &State) -> bool {
    let now = before.table().map(|live| &live.table);
    match step {
        Step::DeleteIndex { .. }
        | Step::DeleteTable { .. }
        | Step::SetRecovery { days: None }
        | Step::SetStream { view: None }
        | Step::AbortUploads
        | Step::DeleteVersions
        | Step::DeleteBucket => true,
        Step::SetRecovery { days: Some(days) } => now.and_then(|t| t.recovery).is_some_and(|now| *days < now),
        Step::TtlOn { .. } => before.table().is_some_and(holds_what_was_meant_to_stay),
        Step::Encrypt { with } => now.is_some_and(|t| leaves_key(&t.encryption, with)),
        Step::ExpireObjects { days, versions } => before.bucket().is_some_and(|live| bucket::expires_sooner(live, *days, *versions)),
        Step::EncryptBucket { kms_key } => before.bucket().is_some_and(|live| bucket::leaves_bucket_key(live, kms_key.as_deref())),
        Step::SetVersioning { on } => before.bucket().is_some_and(|live| live.bucket.versioning && !on),
        _ => false,
    }
}

/// The `--destroy` argument that allows a destructive step on the table or bucket `name`.
pub fn approval(step: &Step, name: &str) -> String {
    match step {
        Step::DeleteIndex { index } => format!("{name}/{index}"),
        Step::SetRecovery { .. } => format!("{name}:recovery"),
        Step::SetStream { .. } => format!("{name}:stream"),
        Step::Encrypt { .. } => format!("{name}:encryption"),
        Step::TtlOn { .. } => format!("{name}:ttl"),
        Step::ExpireObjects { .. } => format!("s3://{name}:expire"),
        Step::EncryptBucket { .. } => format!("s3://{name}:encryption"),
        Step::SetVersioning { .. } => format!("s3://{name}:versioning"),
        Step::AbortUploads | Step::DeleteVersions | Step::DeleteBucket => format!("s3://{name}"),
        _ => name.to_owned(),
    }
}
