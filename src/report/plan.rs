//! A plan as the report carries it: all that the human plan shows and its JSON says, in words.
//!
//! Called by the verbs that make or apply a plan.

use super::model::{Action, Budget, Change, Field, PlanReport, Refusal, Side, Step};
use crate::plan::{self, Plan, Work, cost, simulate};
use crate::safe;

impl From<&Plan> for PlanReport {
    fn from(plan: &Plan) -> Self {
        Self {
            changes: plan.works.iter().filter_map(change).collect(),
            steps: plan.works.iter().flat_map(steps).collect(),
            refusals: plan.refusals.iter().map(refusal).collect(),
            budgets: plan.budgets.iter().map(budget).collect(),
            deadline: plan.deadline_ms.map(time),
            unmanaged: plan.unmanaged.iter().map(|name| safe::text(name)).collect(),
            resembling: plan.resembling.iter().map(|name| safe::text(name)).collect(),
            moving: plan.works.iter().flat_map(moving).collect(),
            unread: plan.works.iter().filter_map(|work| unread(work, &plan.endpoint)).collect(),
            notes: plan.notes.iter().cloned().chain(plan.works.iter().flat_map(notes)).collect(),
        }
    }
}

fn address(work: &Work) -> String {
    safe::text(&work.target.to_string())
}

fn change(work: &Work) -> Option<Change> {
    let change = work.change.as_ref()?;
    let action = match change.action {
        plan::Action::Create => Action::Create,
        plan::Action::Update => Action::Update,
        plan::Action::Delete => Action::Delete,
    };
    let since = change.since.map(|side| match side {
        plan::Side::Live => Side::Live,
        plan::Side::File => Side::File,
        plan::Side::Both => Side::Both,
        plan::Side::Unknown => Side::Unknown,
    });
    let fields = change.fields.iter().map(|f| Field { path: f.path.clone(), live: f.live.clone(), desired: f.desired.clone() }).collect();
    Some(Change { address: address(work), action, note: change.note.clone(), since, fields })
}

/// Where there is a change, its note says this already.
fn moving(work: &Work) -> Vec<String> {
    let quiet = work.change.is_none();
    work.before.busy().iter().filter(|_| quiet).map(|what| format!("{}: {}", address(work), safe::text(what))).collect()
}

/// A table that goes is not compared.
fn unread(work: &Work, endpoint: &str) -> Option<String> {
    let compared = work.goal.table().and(work.before.table());
    let why = format!("auto scaling, because {} has no Application Auto Scaling", safe::text(endpoint));
    compared.filter(|live| live.trouble.scaling_unread).map(|_| format!("{}: {why}", address(work)))
}

fn steps(work: &Work) -> Vec<Step> {
    let mut state = work.before.clone();
    let mut out = Vec::new();
    for planned in &work.steps {
        out.push(Step {
            address: address(work),
            number: out.len() + 1,
            call: planned.step.to_string(),
            seconds: planned.seconds,
            destructive: planned.destructive,
            remark: remark(planned, &state),
            not_before: planned.not_before_ms.map(time),
        });
        state = simulate(&state, &planned.step, work.target.name());
    }
    out
}

/// What it costs or risks, and what AWS may have against it.
fn remark(planned: &plan::Planned, before: &plan::State) -> Option<String> {
    let said: Vec<_> = cost::remark(&planned.step, before).into_iter().chain(cost::doubt(planned.untold.as_ref())).collect();
    (!said.is_empty()).then(|| said.join("; "))
}

/// Epoch milliseconds as RFC 3339, UTC.
fn time(epoch_ms: u64) -> String {
    let at = i64::try_from(epoch_ms).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    at.map_or_else(|| format!("{epoch_ms} ms after 1970"), |at| at.to_string())
}

fn budget(budget: &plan::Budget) -> Budget {
    let (limit, window) = budget.what.words();
    let address = safe::text(&budget.target.to_string());
    Budget { address, limit, uses: budget.uses, left: budget.left, allowed: budget.what.allowed().0, window: window.to_owned() }
}

fn refusal(refusal: &plan::Refusal) -> Refusal {
    Refusal { address: safe::text(&refusal.target.to_string()), reason: refusal.reason.clone(), recipe: refusal.recipe.clone() }
}

/// What a person should know about a resource beside its fields and the remarks of its steps.
fn notes(work: &Work) -> Vec<String> {
    let address = address(work);
    let of_step = |planned: &plan::Planned| match &planned.step {
        plan::Step::TtlOn { .. } if planned.seconds.0 >= 1800 => Some(format!(
            "{address}: TTL can be changed once an hour: apply waits between turning the old attribute off and the new one on"
        )),
        _ => None,
    };
    let trouble = work.before.table().map(|live| &live.trouble);
    let replicas = trouble.map(|trouble| trouble.replicas.as_slice()).unwrap_or_default().iter();
    let replicas = replicas.map(|what| format!("{what}: landfall changes no replica, see to it with the tool that owns the global table"));
    // Where there is a change, its note has the regions.
    let regions = work.before.table().filter(|_| work.change.is_none()).map(|live| live.replicas.as_slice()).unwrap_or_default();
    let global = (!regions.is_empty()).then(|| {
        let regions: Vec<_> = regions.iter().map(|region| safe::text(region)).collect();
        format!("it is a global table with replicas in {}: landfall looks at replicas and changes none", regions.join(", "))
    });
    let insights = trouble.map(|trouble| trouble.insights.as_slice()).unwrap_or_default().iter().map(ToString::to_string);
    let foreign = work.goal.table().zip(work.before.table()).map(|(want, live)| plan::foreign::left_alone(want, live)).unwrap_or_default();
    let told = foreign.into_iter().chain(global).chain(replicas).chain(insights).map(|note| format!("{address}: {note}"));
    work.steps.iter().filter_map(of_step).chain(told).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::LiveTable;
    use crate::plan::samples::{desired, index, live, plan, plan_of, seen, table};
    use crate::plan::{Approvals, Plan};
    use crate::resource::{Capacity, StreamView, Table};
    use std::collections::{BTreeMap, BTreeSet};
    use std::fmt::Write;

    /// All of a plan report as text, so that nothing is carried unseen.
    fn text(plan: &Plan) -> String {
        let report = PlanReport::from(plan);
        let mut out = String::new();
        for c in &report.changes {
            let _ = writeln!(out, "{:?} {} ({})", c.action, c.address, c.note.as_deref().unwrap_or("-"));
            for f in &c.fields {
                let side = |s: &Option<String>| s.clone().unwrap_or_else(|| "-".into());
                let _ = writeln!(out, "  {}: {} -> {}", f.path, side(&f.live), side(&f.desired));
            }
        }
        for s in &report.steps {
            let mark = if s.destructive { " !" } else { "" };
            let _ = writeln!(out, "{} {}. {} [{}..{} s]{mark}", s.address, s.number, s.call, s.seconds.0, s.seconds.1);
        }
        for r in &report.refusals {
            let _ = writeln!(out, "refused {}: {} / {}", r.address, r.reason, r.recipe);
        }
        report.notes.iter().fold(out, |out, n| out + "note " + n + "\n")
    }

    #[test]
    fn a_first_plan_carries_every_field_and_call() {
        insta::assert_snapshot!(text(&plan()), @r"
        Create bucket acme-staging (-)
          abort unfinished uploads: - -> on
          encryption: - -> SSE-S3
          expire: - -> 7 days
          owner: - -> s
          owner enforced: - -> on
          public access block: - -> on
          tls only: - -> on
        Create table Orders (-)
          capacity: - -> on-demand
          key: - -> pk:S
          owner: - -> s
        Create table Users (-)
          capacity: - -> 5 read, 5 write
          index byName: - -> name:S; all attributes
          index byName.capacity: - -> 5 read, 5 write
          key: - -> pk:S
          owner: - -> s
          recovery: - -> 7 days
          ttl: - -> expires
        bucket acme-staging 1. CreateBucket [1..2 s]
        bucket acme-staging 2. PutBucketTagging landfall:stack [1..2 s]
        bucket acme-staging 3. PutPublicAccessBlock, all four [1..2 s]
        bucket acme-staging 4. PutBucketOwnershipControls BucketOwnerEnforced [1..2 s]
        bucket acme-staging 5. PutBucketEncryption SSE-S3 [1..2 s]
        bucket acme-staging 6. PutBucketLifecycleConfiguration expire after 7 days, abort unfinished uploads after 1 day [1..2 s]
        bucket acme-staging 7. PutBucketPolicy deny requests without TLS [1..2 s]
        table Orders 1. CreateTable [2..7 s]
        table Users 1. CreateTable with 1 global index [7..25 s]
        table Users 2. UpdateContinuousBackups on, 7 days [1..5 s]
        table Users 3. UpdateTimeToLive on, expires [1..2 s]
        table Users 4. TagResource landfall:applied [1..3 s]
        ");
    }

    #[test]
    fn an_update_tells_both_sides_and_its_consequences() {
        let with = |name: &str, ttl: &str, stream| Table {
            indexes: BTreeMap::from([(name.to_owned(), index(name, Capacity::OnDemand))]),
            ttl: Some(ttl.into()),
            stream: Some(stream),
            ..table()
        };
        let now = live(with("old", "exp", StreamView::Keys));
        let approvals = Approvals { destroy: ["T/old".to_owned(), "T:stream".to_owned()].into(), ..Approvals::default() };
        let plan = plan_of(&desired([("T", with("new", "expires", StreamView::Both))]), &seen([("T", now)]), &approvals);
        insta::assert_snapshot!(text(&plan), @r"
        Update table T (id 7c1e0000)
          index new: - -> new:S; all attributes
          index new.capacity: - -> on-demand
          index old: old:S; all attributes -> -
          index old.capacity: on-demand -> -
          stream: keys -> new and old images
          ttl: exp -> expires
        table T 1. UpdateTimeToLive off, exp [1..3660 s]
        table T 2. UpdateTable delete index old [2..10 s] !
        table T 3. UpdateTable create index new (new:S; all attributes) [450..1020 s]
        table T 4. UpdateTable stream off [2..10 s] !
        table T 5. UpdateTable stream on, new and old images [2..10 s]
        table T 6. UpdateTimeToLive on, expires [1800..3660 s]
        table T 7. TagResource landfall:applied [1..3 s]
        note table T: TTL can be changed once an hour: apply waits between turning the old attribute off and the new one on
        ");
    }

    /// Every field of the JSON form as a path, `[]` for what a list holds.
    fn paths(value: &serde_json::Value, at: &str, out: &mut BTreeSet<String>) {
        match value {
            serde_json::Value::Object(fields) => {
                for (name, value) in fields {
                    paths(value, &if at.is_empty() { name.clone() } else { format!("{at}.{name}") }, out);
                }
            }
            serde_json::Value::Array(items) if !at.ends_with("seconds") => {
                out.insert(format!("{at}[]"));
                for item in items {
                    paths(item, &format!("{at}[]"), out);
                }
            }
            _ => drop(out.insert(at.to_owned())),
        }
    }

    #[test]
    fn what_was_not_read_of_a_table_is_told_unless_the_table_goes() {
        let mut now = live(table());
        now.trouble.scaling_unread = true;
        let unread = |wanted: &plan::Desired, approvals: &Approvals| {
            PlanReport::from(&plan_of(wanted, &seen([("T", now.clone())]), approvals)).unread
        };
        let told = ["table T: auto scaling, because aws has no Application Auto Scaling"];
        assert_eq!(unread(&desired([("T", table())]), &Approvals::default()), told);
        let destroy = Approvals { destroy: ["T".to_owned()].into(), ..Approvals::default() };
        assert!(unread(&desired([]), &destroy).is_empty());
    }

    /// One of everything that a report can hold.
    fn everything() -> PlanReport {
        let now = live(Table { ttl: Some("exp".into()), ..table() });
        let want = Table { ttl: Some("expires".into()), ..table() };
        let foreign = LiveTable { owner: None, ..live(table()) };
        let busy = LiveTable { busy: vec!["table is UPDATING".into()], ..live(table()) };
        let wanted = desired([("T", want), ("U", table()), ("W", table())]);
        let mut plan = plan_of(&wanted, &seen([("T", now), ("U", foreign), ("W", busy)]), &Approvals::default());
        plan.unmanaged.push("V".into());
        plan.resembling.push("s-V".into());
        PlanReport::from(&plan)
    }

    #[test]
    fn the_readme_names_every_field_of_the_plan_and_no_other() {
        let readme = include_str!("../../README.md");
        let section = readme.split("### The plan as JSON").nth(1).and_then(|rest| rest.split("\n## ").next()).expect("the section");
        let told: BTreeSet<String> =
            section.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next().map(str::to_owned)).collect();
        let mut made = BTreeSet::new();
        paths(&serde_json::to_value(everything()).expect("JSON"), "", &mut made);
        assert_eq!(told, made);
    }
}
