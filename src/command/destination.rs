//! Where a run's files will go, looked at before its first call: nobody learns at the end of a load that its report cannot be written.
//!
//! Rules: no two files are one, and none is the stack file; what is in the way of a quarantine, or of a plan and no plan itself, is refused
//! and never overwritten; what cannot be written is told as it would be at the end. A run that ends here has its report on stdout
//! alone. Called by [`super::run`].

use super::failure::Failure;
use super::provision::MAX_PLAN_BYTES;
use super::{Draft, output};
use crate::cli::{Common, Format, LoadLimits, OutputArgs, Run, Verb};
use crate::exit::Exit;
use crate::plan::seal;
use crate::report::outcome::Asked;
use crate::{load, safe, stack};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// What a quarantine file holds.
const QUARANTINE: &str = "quarantine";

/// A file that the run reads or will write.
struct Target {
    /// The words that asked for it.
    asked: String,
    /// What it holds: two files that hold the same may be one.
    holds: &'static str,
    path: PathBuf,
}

impl Target {
    fn new(asked: &str, holds: &'static str, path: &Path) -> Self {
        Self { asked: asked.to_owned(), holds, path: path.to_owned() }
    }
}

/// The exit code of a run that ends here, its failure told.
pub(super) fn unfit(verb: &Verb) -> Option<Exit> {
    let (name, common) = reporting(verb)?;
    let failure = check(verb, common).err()?;
    let mut draft = Draft::new(name, Asked::NOTHING);
    draft.failed(failure);
    let outputs = common.output.outputs.iter().filter(|output| output.file.is_none()).cloned().collect();
    Some(draft.finish(&OutputArgs { outputs, ..common.output.clone() }, &[]))
}

/// The verbs that end in a report.
fn reporting(verb: &Verb) -> Option<(&'static str, &Common)> {
    Some(match verb {
        Verb::Plan(args) => ("plan", &args.common),
        Verb::Apply(args) => ("apply", &args.common),
        Verb::Drift(common) => ("drift", common),
        Verb::Load(args) => ("load", &args.common),
        Verb::Validate(args) => ("validate", &args.common),
        Verb::Throttling(args) => ("throttling", &args.common),
        Verb::Run(args) => ("run", &args.common),
        _ => return None,
    })
}

fn check(verb: &Verb, common: &Common) -> Result<(), Failure> {
    let targets = targets(verb, common);
    apart(&Target::new("the stack file", "stack", &common.stack), &targets)?;
    if let Verb::Plan(args) = verb {
        args.out.as_ref().map_or(Ok(()), |path| sealable(path, common))?;
    }
    targets.iter().filter(|target| target.holds == QUARANTINE).try_for_each(not_there)?;
    targets.iter().try_for_each(writable)
}

fn targets(verb: &Verb, common: &Common) -> Vec<Target> {
    let outputs = common.output.outputs.iter().filter_map(|output| {
        let (word, path) = (if output.format == Format::Json { "json" } else { "table" }, output.file.as_ref()?);
        Some(Target::new(&format!("--output {word}"), word, path))
    });
    let beside = match verb {
        Verb::Plan(args) => vec![args.out.as_ref().map(|path| Target::new("--out", "plan", path))],
        Verb::Load(args) => vec![quarantine(&args.limits, common)],
        Verb::Run(args) => vec![report(args, common), quarantine(&args.limits, common)],
        _ => Vec::new(),
    };
    outputs.chain(beside.into_iter().flatten()).collect()
}

fn report(args: &Run, common: &Common) -> Option<Target> {
    let path = args.report.clone().or_else(|| stack_name(common).map(|name| super::report_file(&name)))?;
    Some(Target::new("--report", "json", &path))
}

/// Where no row may be left behind, it is most likely that none is: only a name that was given is looked at.
fn quarantine(limits: &LoadLimits, common: &Common) -> Option<Target> {
    let default = || stack_name(common).filter(|_| limits.max_quarantined > 0).map(|name| load::free_quarantine(&name));
    Some(Target::new("--quarantine", QUARANTINE, &limits.quarantine.clone().or_else(default)?))
}

/// Of a stack that can be read; one that cannot is told by the verb itself.
fn stack_name(common: &Common) -> Option<String> {
    stack::load(&common.stack, common.phase.as_deref()).ok().map(|stack| stack.name)
}

/// A new plan may take an older one's place, and nothing else's.
fn sealable(path: &Path, common: &Common) -> Result<(), Failure> {
    if common.aws.local {
        return Err(Failure::Usage(
            "--out: a sealed plan belongs to the endpoint it was made for, and --local ends with this run; start `landfall local` and \
             export its environment"
                .into(),
        ));
    }
    let mut bytes = Vec::new();
    let in_the_way = std::fs::metadata(path).is_ok_and(|m| m.is_file() && m.len() > 0);
    if in_the_way {
        // One that cannot be read is not known to be a plan.
        let _ = File::open(path).and_then(|file| file.take(MAX_PLAN_BYTES).read_to_end(&mut bytes));
    }
    if !in_the_way || seal::was_sealed(&bytes) {
        return Ok(());
    }
    Err(Failure::Refused(
        format!("--out {} is there already, and is no sealed plan", shown(path)),
        "name another file, or remove it".into(),
    ))
}

fn not_there(target: &Target) -> Result<(), Failure> {
    if std::fs::symlink_metadata(&target.path).is_err() {
        return Ok(());
    }
    Err(Failure::Refused(
        format!("{} {} is there already, and may hold an earlier run's rows", target.asked, shown(&target.path)),
        "move it away, or name another file".into(),
    ))
}

/// No output takes another's place, nor the stack's.
fn apart(stack: &Target, targets: &[Target]) -> Result<(), Failure> {
    for (at, one) in targets.iter().enumerate() {
        let before = || targets[..at].iter().chain([stack]);
        if let Some(other) = before().find(|other| other.holds != one.holds && same(&other.path, &one.path)) {
            let path = shown(&one.path);
            return Err(Failure::Usage(format!("{} and {} are one file, {path}: name another", other.asked, one.asked)));
        }
    }
    Ok(())
}

/// Whether two paths are one file; a device or a pipe takes what it is given, one after the other.
fn same(one: &Path, other: &Path) -> bool {
    !output::is_special(one) && settled(one) == settled(other)
}

/// The file's own path, also where only its folder is there.
fn settled(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let in_folder = || Some(absolute.parent()?.canonicalize().ok()?.join(absolute.file_name()?));
    absolute.canonicalize().ok().or_else(in_folder).unwrap_or(absolute)
}

fn writable(target: &Target) -> Result<(), Failure> {
    output::can_write(&target.path)
        .map_err(|e| Failure::Io(format!("{}: cannot write {}: {e}; nothing was begun", target.asked, shown(&target.path))))
}

fn shown(path: &Path) -> String {
    safe::text(&path.display().to_string())
}
