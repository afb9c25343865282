//! The result's way out: stdout and files, in the formats that were asked for.

use crate::cli::{Format, Output, OutputArgs};
use crate::report::{Report, json, text};
use std::fs::OpenOptions;
use std::io::{IsTerminal, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Columns when nobody says.
const WIDTH: u16 = 120;
/// Columns that a table needs.
const NARROWEST: u16 = 60;

/// Whether stdout gets the table: asked for, or nothing else goes there.
pub(super) fn table_on_stdout(args: &OutputArgs) -> bool {
    let mut to_stdout = args.outputs.iter().filter(|o| o.file.is_none()).peekable();
    to_stdout.peek().is_none() || to_stdout.all(|o| o.format == Format::Table)
}

/// Writes `report` to every output; stdout gets a table where no output names it, less the `shown` bytes that it has already.
pub(super) fn write(report: &Report, args: &OutputArgs, extra: &[Output], shown: usize) -> Result<(), String> {
    let table = Output { format: Format::Table, file: None };
    let to_stdout = args.outputs.iter().any(|o| o.file.is_none());
    let implied = (!to_stdout).then_some(&table);
    for output in implied.into_iter().chain(&args.outputs).chain(extra) {
        write_one(report, output, shown)?;
    }
    Ok(())
}

fn write_one(report: &Report, output: &Output, shown: usize) -> Result<(), String> {
    let style = if output.file.is_none() { style() } else { text::Style { colour: false, width: WIDTH } };
    let rendered = match output.format {
        Format::Table => text::render(report, style),
        Format::Json => json::render(report),
    };
    match &output.file {
        // Nothing was shown where anything but the table goes to stdout.
        None => to_stdout(rendered.get(shown..).unwrap_or(&rendered)),
        Some(path) => file(path, rendered.as_bytes()).map_err(|e| format!("cannot write {}: {e}", path.display())),
    }
}

/// Prints to stdout; a reader that went away is not an error.
pub(super) fn to_stdout(text: &str) -> Result<(), String> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => Err(format!("cannot write to stdout: {e}")),
        _ => Ok(()),
    }
}

/// Writes `bytes` to `path` whole or not at all, readable by the owner only: a report may hold row values.
pub(super) fn file(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    // A device or a pipe is written to; a rename would put a file in its place.
    if std::fs::metadata(path).is_ok_and(|m| !m.is_file()) {
        return OpenOptions::new().write(true).open(path)?.write_all(bytes);
    }
    let mut name = path.file_name().ok_or_else(|| std::io::Error::other("not a file name"))?.to_os_string();
    name.push(format!(".{}.part", std::process::id()));
    let part = path.with_file_name(name);
    let written = write_part(&part, bytes).and_then(|()| std::fs::rename(&part, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&part);
    }
    written
}

fn write_part(part: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(part)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// The style for stdout: `NO_COLOR`, `CLICOLOR_FORCE`, `CLICOLOR`, `TERM=dumb` and the terminal decide, in this order.
pub(super) fn style() -> text::Style {
    let set = |name: &str| std::env::var(name).is_ok_and(|v| !v.is_empty() && v != "0");
    let off = std::env::var("NO_COLOR").is_ok_and(|v| !v.is_empty());
    let dumb = std::env::var("TERM").is_ok_and(|t| t == "dumb") || std::env::var("CLICOLOR").is_ok_and(|v| v == "0");
    let terminal = std::io::stdout().is_terminal() && !dumb;
    let said = std::env::var("COLUMNS").ok().and_then(|c| c.parse().ok());
    let seen = console::Term::stdout().size_checked().map(|(_, width)| width);
    text::Style { colour: !off && (set("CLICOLOR_FORCE") || terminal), width: width(said, seen) }
}

/// The first that a table fits in.
fn width(said: Option<u16>, seen: Option<u16>) -> u16 {
    said.into_iter().chain(seen).find(|width| *width >= NARROWEST).unwrap_or(WIDTH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::os::unix::fs::FileTypeExt;

    #[test]
    fn a_width_in_which_no_table_fits_is_none() {
        assert_eq!(
            [(Some(60), Some(99)), (None, Some(99)), (Some(59), Some(99)), (Some(9), Some(59))].map(|(a, b)| width(a, b)),
            [60, 99, 99, WIDTH]
        );
        assert_eq!(width(None, None), WIDTH);
    }

    #[test]
    fn a_report_in_a_file_leaves_stdout_to_the_table() {
        let args = |outputs: &[(Format, Option<&str>)]| {
            let outputs = outputs.iter().map(|(format, file)| Output { format: *format, file: file.map(Into::into) });
            OutputArgs { outputs: outputs.collect(), ..OutputArgs::default() }
        };
        assert!(table_on_stdout(&args(&[])) && table_on_stdout(&args(&[(Format::Table, None)])));
        assert!(table_on_stdout(&args(&[(Format::Json, Some("f"))])));
        assert!(
            !table_on_stdout(&args(&[(Format::Json, None)])) && !table_on_stdout(&args(&[(Format::Table, None), (Format::Json, None)]))
        );
    }

    #[test]
    fn a_pipe_is_written_to_and_stays_one() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().expect("mkfifo").success());
        // Open for both, so that neither side waits for the other.
        let mut pipe = OpenOptions::new().read(true).write(true).open(&path).expect("a pipe");
        file(&path, b"report").expect("written");
        assert!(std::fs::metadata(&path).expect("there").file_type().is_fifo());
        let mut read = [0; 6];
        pipe.read_exact(&mut read).expect("readable");
        assert_eq!(&read, b"report");
    }
}
