//! What AWS said when it said no, in one shape: code, message, request id, and the transport's chain.

use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

/// How the SDK says that nobody had credentials.
const NO_CREDENTIALS: [&str; 2] = ["no credentials found in chain", "no providers in chain provided credentials"];

/// One failed call. `Display` is whole: SDK errors hide their cause behind "service error", this does not.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{call}: {}{message}{}", code.as_ref().map(|c| format!("{c}: ")).unwrap_or_default(), request_id.as_ref().map(|r| format!(" (request id {r})")).unwrap_or_default())]
pub struct Error {
    /// The API and what it was about: `DynamoDB DescribeTable Users`.
    pub call: String,
    /// AWS's error code, where the service answered.
    pub code: Option<String>,
    /// The service's message, or the transport's chain of causes.
    pub message: String,
    pub request_id: Option<String>,
    /// `table/...` and `LimitType` reasons of a throttle, where the service gave any.
    pub throttling_reasons: Vec<String>,
}

impl Error {
    /// Whether the service's code is `code`.
    pub fn is(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
    }

    /// Whether the service slowed the caller down.
    pub fn is_throttle(&self) -> bool {
        matches!(
            self.code.as_deref(),
            Some(
                "ProvisionedThroughputExceededException"
                    | "ThrottlingException"
                    | "RequestLimitExceeded"
                    | "SlowDown"
                    | "Throttling"
                    | "TooManyRequestsException"
            )
        )
    }

    /// Whether the credentials were refused, missing or expired.
    pub fn is_credentials(&self) -> bool {
        matches!(
            self.code.as_deref(),
            Some(
                "ExpiredToken"
                    | "ExpiredTokenException"
                    | "UnrecognizedClientException"
                    | "InvalidClientTokenId"
                    | "SignatureDoesNotMatch"
                    | "InvalidSignatureException"
                    | "MissingAuthenticationToken"
                    | "MissingAuthenticationTokenException"
                    | "InvalidAccessKeyId"
                    | "NoCredentials"
            )
        )
    }

    /// Whether the permission is missing.
    pub fn is_denied(&self) -> bool {
        matches!(self.code.as_deref(), Some("AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation"))
    }
}

/// Turns an SDK error into ours. `call` names the API and its object.
pub(crate) fn from_sdk<E, R>(call: impl Into<String>, error: &SdkError<E, R>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug,
{
    let call = call.into();
    if let Some(service) = error.as_service_error() {
        let meta = service.meta();
        return Error {
            call,
            code: meta.code().map(str::to_owned),
            message: crate::safe::text(&meta.message().map_or_else(|| wordless(service), str::to_owned)),
            request_id: meta.extra("aws_request_id").map(crate::safe::text),
            throttling_reasons: throttling_reasons(service),
        };
    }
    let message = chain(error);
    let (code, message) = if NO_CREDENTIALS.iter().any(|words| message.contains(words)) {
        // The chain lists every provider that it tried, over many lines; what matters is that none had any.
        (Some("NoCredentials".to_owned()), "no source of the standard chain has credentials".to_owned())
    } else {
        (None, crate::safe::text(&message))
    };
    Error { call, code, message, request_id: None, throttling_reasons: Vec::new() }
}

/// An answer without a message: what the SDK made of it.
fn wordless(error: &(dyn std::error::Error + 'static)) -> String {
    format!("the service gave no message: {}", chain(error))
}

/// The reasons that `DynamoDB` gives with a throttle, as `reason on resource`; the modelled exceptions sit behind the operation's error.
fn throttling_reasons(error: &(dyn std::error::Error + 'static)) -> Vec<String> {
    use aws_sdk_dynamodb::types::error::{ProvisionedThroughputExceededException, RequestLimitExceeded, ThrottlingException};
    let mut next = Some(error);
    while let Some(error) = next {
        let reasons = None
            .or_else(|| {
                error
                    .downcast_ref::<ProvisionedThroughputExceededException>()
                    .map(ProvisionedThroughputExceededException::throttling_reasons)
            })
            .or_else(|| error.downcast_ref::<ThrottlingException>().map(ThrottlingException::throttling_reasons))
            .or_else(|| error.downcast_ref::<RequestLimitExceeded>().map(RequestLimitExceeded::throttling_reasons));
        if let Some(reasons) = reasons {
            let text = |part: Option<&str>| crate::safe::text(part.unwrap_or("unknown"));
            return reasons.iter().map(|r| format!("{} on {}", text(r.reason()), text(r.resource()))).collect();
        }
        next = error.source();
    }
    Vec::new()
}

/// `error`'s causes, outermost first, without repeats.
fn chain(error: &dyn std::error::Error) -> String {
    let mut parts = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(inner) = cause {
        let text = inner.to_string();
        if !parts.iter().any(|p| p.contains(&text)) {
            parts.push(text);
        }
        cause = inner.source();
    }
    parts.join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Link(&'static str, #[source] Option<Box<Self>>);

    #[test]
    fn a_cause_that_its_effect_has_told_already_is_not_told_again() {
        let inner = Link("connection refused", Some(Box::new(Link("os error 111", None))));
        let outer = Link("dispatch failure", Some(Box::new(Link("cannot reach it: connection refused", Some(Box::new(inner))))));
        assert_eq!(chain(&outer), "dispatch failure: cannot reach it: connection refused: os error 111");
    }
}
