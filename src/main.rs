//! The thin binary: arguments in, exit code out.

use landfall::exit::Exit;
use landfall::{cli, command};
use std::panic::AssertUnwindSafe;
use std::process::ExitCode;

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(panicked));
    let arguments: Vec<_> = std::env::args_os().collect();
    let cli = match cli::parse(&arguments) {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() => {
            quietly(cli::complaint(&error, &arguments).trim_end());
            return ExitCode::from(Exit::Usage.code());
        }
        // Help and the version: clap prints them itself, with its colours.
        Err(help) => {
            let _ = help.print();
            return ExitCode::from(Exit::Pass.code());
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            quietly(&format!("error: no threads to run on: {error}"));
            return ExitCode::from(Exit::Failed.code());
        }
    };
    // A defect has been said by the hook; it leaves with a code of the table, not with one of Rust's own.
    let exit = std::panic::catch_unwind(AssertUnwindSafe(|| runtime.block_on(command::run(cli)))).unwrap_or(Exit::Failed);
    // A blocking call that hangs (a dead server) must not keep a finished run alive.
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    ExitCode::from(exit.code())
}

/// Says where, never what: a panic's payload may hold row data.
fn panicked(info: &std::panic::PanicHookInfo<'_>) {
    let place = info.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    quietly(&format!("error: landfall has a defect at {place}; nothing was judged. Please report it with this line."));
}

/// Writes to stderr without failing when it is closed.
fn quietly(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "{text}");
}
