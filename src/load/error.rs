//! What can stop a load, and what has been done by then.

use crate::exit::Exit;
use crate::lease;
use crate::mapping::Unmappable;
use crate::report::model::LoadReport;
use crate::{aws, source};
use std::path::PathBuf;

/// Why a load stopped.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Source(#[from] source::Error),
    #[error(transparent)]
    Aws(Box<aws::Error>),
    /// The mapping does not fit the relation: nothing about one row.
    #[error("table {table}, entity {entity}: {reason}")]
    Mapping { table: String, entity: String, reason: Unmappable },
    /// The rows cannot be put into one certain order or place.
    #[error("table {table}, entity {entity}: {problem}")]
    Rows { table: String, entity: String, problem: String },
    #[error("the stack has no table {0} with rows: check the name, or give the table `rows` in the stack")]
    NoSuchTable(String),
    /// A table that does not exist and that no import can make.
    #[error("table {table} does not exist, and {why}: run `landfall apply` first, then load again")]
    NotProvisioned { table: String, why: &'static str },
    /// A table that came after the plan was made, or instead of what the plan saw.
    #[error("table {table} is not known to be this stack's: {why}; nothing was written into it")]
    NotOurs { table: String, why: String },
    #[error("table {table}: {problem}")]
    Import { table: String, problem: String },
    /// AWS took nothing for a long time.
    #[error("table {table}: nothing was acknowledged for {seconds} s; what was acknowledged stays, run again to go on")]
    Stalled { table: String, seconds: u64, source: Option<Box<aws::Error>> },
    #[error("table {table}: the deadline of {seconds} s is over; what was acknowledged stays, run again to go on")]
    Deadline { table: String, seconds: u64 },
    #[error("cannot write the quarantine file {}: the load is stopped, because a row that is neither written nor kept is lost", path.display())]
    Quarantine { path: PathBuf, source: std::io::Error },
    #[error("more rows were quarantined than --max-quarantined allows ({max}): see {}", path.display())]
    TooManyQuarantined { max: u64, path: PathBuf },
    #[error("cannot prepare the staged objects")]
    Stage(#[source] std::io::Error),
    #[error(
        "table {table}, entity {entity}: {read} rows were read but {accounted} are accounted for; this is a defect, do not trust this load"
    )]
    DoesNotClose { table: String, entity: String, read: u64, accounted: u64 },
    #[error(transparent)]
    Lease(Box<lease::Error>),
    #[error("interrupted; what was acknowledged stays, run again to go on")]
    Interrupted,
    /// Any of the above, after work was done.
    #[error(transparent)]
    Partial(Box<Partial>),
}

/// An error, and the report of what was done before it.
#[derive(Debug, thiserror::Error)]
#[error("{cause}")]
pub struct Partial {
    pub report: LoadReport,
    /// Shown by `Display` itself, so it is no `source`; [`std::error::Error::source`] goes on behind it.
    pub cause: Error,
}

impl Error {
    /// The exit code that this error alone would leave with.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Interrupted => Exit::Interrupted,
            Self::Lease(error) => error.exit(),
            Self::NoSuchTable(_) | Self::Mapping { .. } => Exit::Usage,
            Self::NotOurs { .. } => Exit::Refused,
            // Running again would end the same, whatever was acknowledged: it is no failure, and nothing is left to finish.
            Self::TooManyQuarantined { .. } => Exit::No,
            Self::Source(error) => error.exit(),
            Self::Partial(partial) => match partial.cause.exit() {
                Exit::Failed if partial.report.tables.iter().any(|t| t.acknowledged > 0) => Exit::Partial,
                other => other,
            },
            _ => Exit::Failed,
        }
    }

    /// The report of what was done (where something was), and the error itself.
    pub fn into_parts(self) -> (Option<LoadReport>, Self) {
        match self {
            Self::Partial(partial) => (Some(partial.report), partial.cause),
            other => (None, other),
        }
    }

    /// With the report of what was done.
    #[must_use]
    pub fn after(self, report: LoadReport) -> Self {
        Self::Partial(Box::new(Partial { report, cause: self }))
    }
}

impl From<aws::Error> for Error {
    fn from(error: aws::Error) -> Self {
        Self::Aws(Box::new(error))
    }
}

impl From<lease::Error> for Error {
    fn from(error: lease::Error) -> Self {
        Self::Lease(Box::new(error))
    }
}

impl From<aws::items::Broken> for Error {
    fn from(broken: aws::items::Broken) -> Self {
        match broken {
            aws::items::Broken::Aws(error) => error.into(),
            aws::items::Broken::Stopped => Self::Interrupted,
            aws::items::Broken::Lost => Self::Stage(std::io::Error::other(broken.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::model::{LoadPath, TableLoad};

    /// The report of one table, so many of whose items were acknowledged.
    fn report(acknowledged: u64) -> LoadReport {
        let table = TableLoad { attempted: true, acknowledged, ..TableLoad::to_come("T", LoadPath::Write) };
        LoadReport { tables: vec![table], ..LoadReport::default() }
    }

    #[test]
    fn too_many_rows_in_quarantine_are_a_no_whatever_was_acknowledged() {
        let many = || Error::TooManyQuarantined { max: 0, path: "q".into() };
        let stalled = || Error::Stalled { table: "T".into(), seconds: 1, source: None };
        let cases = [
            (many(), Exit::No),
            (many().after(report(0)), Exit::No),
            (many().after(report(1)), Exit::No),
            (stalled().after(report(0)), Exit::Failed),
            (stalled().after(report(1)), Exit::Partial),
        ];
        for (error, exit) in cases {
            assert_eq!(error.exit(), exit, "{error:?}");
        }
    }
}
