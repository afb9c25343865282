//! What keeps a validation from an answer. A difference is no error; an error is no answer.

use crate::aws::items::Broken;
use crate::exit::Exit;
use crate::{aws, load, source};

/// Why a validation could not finish.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Aws(Box<aws::Error>),
    #[error(transparent)]
    Source(#[from] source::Error),
    /// The rows could not be turned into the items that they should be.
    #[error(transparent)]
    Rows(load::Error),
    #[error("the stack has no table {0} with rows: check the name, or give the table `rows` in the stack")]
    NoSuchTable(String),
    #[error("access pattern {name}: {problem}")]
    Access { name: String, problem: String },
    #[error("table {table}: the reading of the table ended abnormally; this is a defect of landfall, do not trust this run")]
    Lost { table: String },
    #[error("interrupted: nothing is said about the data")]
    Interrupted,
}

impl Error {
    /// The exit code that this error alone would leave with.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Interrupted => Exit::Interrupted,
            Self::NoSuchTable(_) | Self::Access { .. } => Exit::Usage,
            Self::Rows(error) => error.exit(),
            Self::Source(error) => error.exit(),
            _ => Exit::Failed,
        }
    }
}

impl From<aws::Error> for Error {
    fn from(error: aws::Error) -> Self {
        Self::Aws(Box::new(error))
    }
}

impl From<load::Error> for Error {
    fn from(error: load::Error) -> Self {
        match error {
            load::Error::Source(error) => Self::Source(error),
            load::Error::Aws(error) => Self::Aws(error),
            load::Error::Interrupted => Self::Interrupted,
            other => Self::Rows(other),
        }
    }
}

/// How a scan of `table` broke off.
pub(super) fn broken(table: &str) -> impl Fn(Broken) -> Error {
    let table = table.to_owned();
    move |broken| match broken {
        Broken::Aws(error) => error.into(),
        Broken::Stopped => Error::Interrupted,
        Broken::Lost => Error::Lost { table: table.clone() },
    }
}
