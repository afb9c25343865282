//! An error by its name in any service, in the words of the service that is asked.

use crate::local::fault::Fault;

/// How a service writes its errors' codes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dialect {
    /// DynamoDB and all that speak awsJson.
    Json,
    S3,
    /// STS and CloudWatch, which kept the query protocol's names.
    Query,
}

/// One failure as the three dialects name it, with its status there and AWS's message.
struct Known {
    json: (&'static str, u16),
    s3: (&'static str, u16),
    query: (&'static str, u16),
    message: &'static str,
}

/// The names are those of the common errors and of S3's error list in AWS's API references.
const KNOWN: [Known; 7] = [
    Known { json: ("ThrottlingException", 400), s3: ("SlowDown", 503), query: ("Throttling", 400), message: "Rate exceeded" },
    Known {
        json: ("InternalServerError", 500),
        s3: ("InternalError", 500),
        query: ("InternalFailure", 500),
        message: "We encountered an internal error. Please try again.",
    },
    Known {
        json: ("ServiceUnavailable", 503),
        s3: ("ServiceUnavailable", 503),
        query: ("ServiceUnavailable", 503),
        message: "Service is unable to handle request.",
    },
    Known {
        json: ("ExpiredTokenException", 400),
        s3: ("ExpiredToken", 400),
        query: ("ExpiredToken", 403),
        message: "The security token included in the request is expired",
    },
    Known { json: ("AccessDeniedException", 400), s3: ("AccessDenied", 403), query: ("AccessDenied", 403), message: "Access Denied" },
    Known {
        json: ("UnrecognizedClientException", 400),
        s3: ("InvalidAccessKeyId", 403),
        query: ("InvalidClientTokenId", 403),
        message: "The security token included in the request is invalid.",
    },
    Known {
        json: ("InvalidSignatureException", 400),
        s3: ("SignatureDoesNotMatch", 403),
        query: ("SignatureDoesNotMatch", 403),
        message: "The request signature we calculated does not match the signature you provided. \
                  Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
    },
];

/// DynamoDB's own, with its own words.
const OWN: [(&str, u16, &str); 4] = [
    (
        "ProvisionedThroughputExceededException",
        400,
        "The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level with the \
         UpdateTable API.",
    ),
    (
        "RequestLimitExceeded",
        400,
        "Throughput exceeds the current throughput limit for your account. Please contact AWS Support to request a limit increase.",
    ),
    ("LimitExceededException", 400, "Subscriber limit exceeded."),
    ("RequestExpired", 400, "Request has expired."),
];

/// The refusal of `service` for the failure that any service calls `code`.
pub(super) fn of(service: &str, code: &str, status: Option<u16>, message: Option<&str>) -> Fault {
    let (own_code, own_status, words) = translated(service, code);
    Fault::new(own_code, message.unwrap_or(words)).with_status(status.unwrap_or(own_status))
}

fn translated<'a>(service: &str, code: &'a str) -> (&'a str, u16, &'a str) {
    let dialect = match service {
        "s3" => Dialect::S3,
        "sts" | "monitoring" => Dialect::Query,
        _ => Dialect::Json,
    };
    if let Some(known) = KNOWN.iter().find(|k| [k.json.0, k.s3.0, k.query.0].contains(&code)) {
        let (name, status) = match dialect {
            Dialect::Json => known.json,
            Dialect::S3 => known.s3,
            Dialect::Query => known.query,
        };
        return (name, status, known.message);
    }
    let own = OWN.iter().find(|(name, ..)| *name == code);
    own.map_or((code, 400, "a fault that was asked for"), |(_, status, words)| (code, *status, words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_has_the_name_of_the_service_that_is_asked() {
        let told = |service, code| {
            let fault = of(service, code, None, None);
            format!("{} {}", fault.status, fault.code)
        };
        assert_eq!(told("dynamodb", "SlowDown"), "400 ThrottlingException");
        assert_eq!(told("s3", "ThrottlingException"), "503 SlowDown");
        assert_eq!(told("sts", "ExpiredTokenException"), "403 ExpiredToken");
        assert_eq!(told("s3", "AccessDeniedException"), "403 AccessDenied");
        assert_eq!(told("dynamodb", "ResourceInUseException"), "400 ResourceInUseException");
        assert_eq!(of("dynamodb", "InternalServerError", Some(502), Some("m")).status, 502);
    }
}
