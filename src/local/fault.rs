//! A refusal in words that every protocol can render: status, code, message.

use bytes::Bytes;

/// What a service answers when it says no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) status: u16,
    /// AWS's short code: `ResourceNotFoundException`.
    pub(crate) code: String,
    pub(crate) message: String,
    /// The whole JSON body where the code and message do not say it all (cancellation reasons, the item that was there).
    pub(crate) json: Option<Bytes>,
}

impl Fault {
    /// A refusal of the caller's request (400).
    pub(crate) fn new(code: &str, message: impl Into<String>) -> Self {
        Self { status: 400, code: code.to_owned(), message: message.into(), json: None }
    }

    /// `ValidationException`.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new("ValidationException", message)
    }

    /// Our own failure (500): a full disk, a broken file.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self { status: 500, ..Self::new("InternalServerError", message) }
    }

    /// The same with another HTTP status.
    pub(crate) fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }
}

impl From<std::io::Error> for Fault {
    fn from(error: std::io::Error) -> Self {
        Self::internal(format!("the embedded AWS could not read or write its files: {error}"))
    }
}
