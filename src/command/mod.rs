//! One verb per file: read, decide, act, report. The only room that prints.
//!
//! Rule: a verb fills a [`Draft`]; [`finish`] computes the exit code from it, writes every output and says every error
//! with its next step. Called by `main`.

mod check;
mod consent;
mod console;
mod destination;
mod embedded;
mod failure;
mod finish;
mod iam;
mod imported;
mod init;
mod interrupt;
mod keys;
#[cfg(feature = "local")]
mod local;
mod lock;
mod output;
mod prove;
mod provision;
mod session;
mod source_url;
mod transfer;
mod unlock;
mod whole;

use crate::aws;
use crate::cli::{Cli, Output, OutputArgs, Verb};
use crate::event::Events;
use crate::exit::Exit;
use crate::report::Report;
use crate::report::model::{Identity, Problem, SCHEMA};
use crate::report::outcome::{self, Asked};
use crate::report::text;
use failure::Failure;
use std::path::PathBuf;
use std::time::Instant;

/// Runs the verb; the answer is the process's exit code.
pub async fn run(cli: Cli) -> Exit {
    if let Some(exit) = destination::unfit(&cli.verb) {
        return exit;
    }
    match cli.verb {
        Verb::Check(args) => check::run(&args),
        Verb::Init(args) => init::run(&args).await,
        Verb::Plan(args) => provision::plan(&args).await,
        Verb::Apply(args) => provision::apply(&args).await,
        Verb::Drift(args) => provision::drift(&args).await,
        Verb::Load(args) => transfer::run(&args).await,
        Verb::Validate(args) => prove::validate(&args).await,
        Verb::Throttling(args) => prove::throttling(&args).await,
        Verb::Run(args) => Box::pin(whole::run(&args)).await,
        Verb::Unlock(args) => unlock::run(&args).await,
        Verb::Iam(args) => iam::run(&args),
        #[cfg(feature = "local")]
        Verb::Local(args) => local::run(args).await,
        #[cfg(not(feature = "local"))]
        Verb::Local(_) => say(Failure::Usage("this landfall was built without the embedded AWS (feature `local`)".into())),
        Verb::Schema => print(&check::schema()),
        Verb::Completions { shell } => print(&crate::cli::completions(shell)),
    }
}

/// Prints a text that is the whole answer.
fn print(text: &str) -> Exit {
    match output::to_stdout(text) {
        Ok(()) => Exit::Pass,
        Err(message) => say(Failure::Io(message)),
    }
}

/// Says one failure on stderr; its exit code.
fn say(failure: Failure) -> Exit {
    let problem = failure.problem();
    tell(&problem);
    problem.exit
}

fn tell(problem: &Problem) {
    // Diagnostics bring their own "error" heading.
    let heading = if problem.message.starts_with("error") { "" } else { "error: " };
    console::line(&format!("{heading}{}", problem.message.trim_end()));
    if let Some(help) = &problem.help {
        console::line(&format!("  help: {help}"));
    }
}

/// Leaves at once: only for a second Ctrl-C, when waiting for the loops is what the person does not want.
#[allow(clippy::exit)]
fn leave(exit: Exit) -> ! {
    std::process::exit(i32::from(exit.code()))
}

/// A report in the making.
struct Draft {
    report: Report,
    asked: Asked,
    started: Instant,
    /// Bytes of the text report that stdout has already.
    shown: usize,
}

impl Draft {
    fn new(verb: &str, asked: Asked) -> Self {
        let report = Report {
            schema: SCHEMA,
            version: env!("CARGO_PKG_VERSION"),
            verb: verb.to_owned(),
            stack: None,
            identity: None,
            source: None,
            started: now(),
            seconds: 0.0,
            plan: None,
            apply: None,
            load: None,
            validate: None,
            throttling: None,
            errors: Vec::new(),
            outcome: Exit::Pass,
            exit_code: 0,
        };
        Self { report, asked, started: Instant::now(), shown: 0 }
    }

    /// Notes who and where the run is.
    fn of(&mut self, session: &session::Session, source: Option<&crate::source::Source>) {
        self.identity(&session.stack.name, session.aws.identity(), &session.events, source);
    }

    /// The first line of every run.
    fn identity(&mut self, stack: &str, id: &aws::Identity, events: &Events, source: Option<&crate::source::Source>) {
        let from = source.map(|s| format!(" · source {}", s.target())).unwrap_or_default();
        events.note(format!("{}{from}", whereabouts(id)));
        self.report.stack = Some(stack.to_owned());
        self.report.source = source.map(|s| s.target().to_owned());
        self.report.identity =
            Some(Identity { account: id.account.clone(), arn: id.arn.clone(), region: id.region.clone(), endpoint: id.endpoint.clone() });
    }

    /// Shows the parts that are ready where a person reads along: stdout, as a table.
    fn show(&mut self, args: &OutputArgs) {
        if output::table_on_stdout(args) {
            let text = text::render_parts(&self.report, output::style());
            // What could not be written stays due: `finish` writes it again, and its failure counts.
            if output::to_stdout(text.get(self.shown..).unwrap_or_default()).is_ok() {
                self.shown = text.len();
            }
        }
    }

    fn failed(&mut self, failure: Failure) {
        self.report.errors.push(failure.problem());
    }

    /// Computes the exit code, writes the outputs (and `extra` ones), says the errors. What any of them says is what the process leaves with.
    fn finish(mut self, args: &OutputArgs, extra: &[Output]) -> Exit {
        self.report.seconds = (self.started.elapsed().as_secs_f64() * 1000.0).round() / 1000.0;
        self.conclude();
        self.report.errors.iter().for_each(tell);
        let outputs = output::in_order(args, extra);
        let written: Vec<&Output> = outputs.iter().filter(|output| self.write(output)).collect();
        if written.len() < outputs.len() {
            // What was written before the failure says nothing of it.
            for output in written.iter().filter(|output| output::can_be_replaced(output)) {
                self.write(output);
            }
        }
        for file in extra.iter().filter(|o| !args.quiet && written.contains(o)).filter_map(|o| o.file.as_ref()) {
            console::line(&format!("The whole report is in {}", crate::safe::text(&file.display().to_string())));
        }
        self.report.outcome
    }

    /// Whether the report got there; if not, that is one of its errors from here.
    fn write(&mut self, output: &Output) -> bool {
        let Err(message) = output::write(&self.report, output, self.shown) else { return true };
        let problem = Failure::Io(message).problem();
        tell(&problem);
        self.report.errors.push(problem);
        self.conclude();
        false
    }

    fn conclude(&mut self) {
        self.report.outcome = outcome::exit(&self.report, self.asked);
        self.report.exit_code = self.report.outcome.code();
    }
}

/// Account, region, role and endpoint.
fn whereabouts(id: &aws::Identity) -> String {
    format!("account {} · {} · {} · endpoint {}", id.account, id.region, id.arn, id.endpoint)
}

/// Where `run` leaves its report, when nobody says.
fn report_file(stack: &str) -> PathBuf {
    PathBuf::from(format!("{stack}-report.json"))
}

fn now() -> String {
    jiff::Timestamp::now().round(jiff::Unit::Second).unwrap_or_else(|_| jiff::Timestamp::now()).to_string()
}
