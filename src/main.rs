//! The thin binary: arguments in, exit code out.

use clap::Parser;
use landfall::{cli::Cli, command};
use std::process::ExitCode;

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(panicked));
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            quietly(&format!("error: no threads to run on: {error}"));
            return ExitCode::from(landfall::exit::Exit::Failed.code());
        }
    };
    let exit = runtime.block_on(command::run(cli));
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
