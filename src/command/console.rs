//! How a person sees events: bars on a terminal, a line now and then elsewhere; always on stderr.

use crate::event::{Event, Events};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::collections::HashMap;
use std::io::{IsTerminal, Write};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Elsewhere than on a terminal, a task speaks this often.
const QUIET_FOR: Duration = Duration::from_secs(10);

/// Events for people, or none with `quiet` (warnings are shown all the same).
pub(super) fn events(quiet: bool) -> Events {
    if quiet {
        return Events::new(|event| {
            if let Event::Warning(text) = event {
                note(&format!("warning: {text}"));
            }
        });
    }
    if std::io::stderr().is_terminal() { on_terminal() } else { elsewhere() }
}

/// Writes one line to stderr; a closed stderr is nobody's error.
pub(super) fn line(text: &str) {
    let _ = writeln!(std::io::stderr(), "{}", crate::safe::block(text));
}

/// One event on one line: foreign text in it begins none of its own.
fn note(text: &str) {
    line(&crate::safe::text(text));
}

fn on_terminal() -> Events {
    let bars = MultiProgress::new();
    let tasks: Mutex<HashMap<String, ProgressBar>> = Mutex::new(HashMap::new());
    Events::new(move |event| {
        let Ok(mut tasks) = tasks.lock() else { return };
        match event {
            Event::Note(text) => bars.suspend(|| note(&text)),
            Event::Warning(text) => bars.suspend(|| note(&format!("warning: {text}"))),
            Event::Progress { task, done, total, unit } => {
                let bar = tasks.entry(task).or_insert_with_key(|task| bars.add(bar(task, total, unit)));
                bar.set_length(total.max(done));
                bar.set_position(done);
            }
            Event::Finished { task } => {
                if let Some(bar) = tasks.remove(&task) {
                    bar.finish_and_clear();
                }
            }
        }
    })
}

fn bar(task: &str, total: u64, unit: &str) -> ProgressBar {
    let shape = if total == 0 {
        format!("{{spinner}} {{msg}} {{human_pos}} {unit} ({{per_sec}})")
    } else {
        format!("{{msg}} {{bar:24}} {{human_pos}}/{{human_len}} {unit} ({{per_sec}}, {{eta}} left)")
    };
    let style = ProgressStyle::with_template(&shape).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(total).with_style(style).with_message(crate::safe::text(task))
}

fn elsewhere() -> Events {
    let spoken: Mutex<HashMap<String, Instant>> = Mutex::new(HashMap::new());
    Events::new(move |event| {
        let Ok(mut spoken) = spoken.lock() else { return };
        match event {
            Event::Note(text) => note(&text),
            Event::Warning(text) => note(&format!("warning: {text}")),
            Event::Progress { task, done, total, unit } => {
                let last = spoken.entry(task.clone()).or_insert_with(Instant::now);
                if last.elapsed() >= QUIET_FOR {
                    *last = Instant::now();
                    let of = if total == 0 { String::new() } else { format!(" of {total}") };
                    note(&format!("{task}: {done}{of} {unit}"));
                }
            }
            Event::Finished { task } => drop(spoken.remove(&task)),
        }
    })
}
