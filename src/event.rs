//! Progress as values: rooms below `command` never print, they send events; `command` decides how a person sees them.

use std::sync::Arc;

/// One thing that happened, in words for people (already safe to print) or as a count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A line worth reading once: "table Users: waiting for ACTIVE".
    Note(String),
    /// Something that a person should look at, though the run goes on.
    Warning(String),
    /// A long task moved: `done` of `total` (0 = unknown) `unit`s, for the task called `task`.
    Progress { task: String, done: u64, total: u64, unit: &'static str },
    /// The long task called `task` is over.
    Finished { task: String },
}

/// Where events go. Cheap to clone; never blocks; never fails.
#[derive(Clone)]
pub struct Events(Arc<dyn Fn(Event) + Send + Sync>);

impl Events {
    /// Events go to `sink`.
    pub fn new(sink: impl Fn(Event) + Send + Sync + 'static) -> Self {
        Self(Arc::new(sink))
    }

    /// Events go nowhere.
    pub fn silent() -> Self {
        Self::new(|_| ())
    }

    /// Sends any event.
    pub fn send(&self, event: Event) {
        (self.0)(event);
    }

    /// Sends [`Event::Note`].
    pub fn note(&self, text: impl Into<String>) {
        self.send(Event::Note(text.into()));
    }

    /// Sends [`Event::Warning`].
    pub fn warn(&self, text: impl Into<String>) {
        self.send(Event::Warning(text.into()));
    }

    /// Sends [`Event::Progress`].
    pub fn progress(&self, task: &str, done: u64, total: u64, unit: &'static str) {
        self.send(Event::Progress { task: task.to_owned(), done, total, unit });
    }

    /// Sends [`Event::Finished`].
    pub fn finished(&self, task: &str) {
        self.send(Event::Finished { task: task.to_owned() });
    }
}

impl std::fmt::Debug for Events {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Events")
    }
}
