//! The seam that every call of every service passes, with its name, before it acts.
//!
//! Rule: nothing is done and nothing is read from the stores before [`Gate::before`] has said yes; what it answers instead
//! is rendered in the caller's protocol. Today every call passes; throttles, faults and control-plane states over time
//! are answered from here, so the services themselves never learn of them.

use super::fault::Fault;

/// One call, before anything happened.
#[derive(Debug, Clone, Copy)]
#[allow(dead_code, reason = "rules read it, and none is installed yet")]
pub(crate) struct Call<'a> {
    /// `dynamodb`, `s3`, `monitoring`, `sts`.
    pub(crate) service: &'a str,
    /// The API's name: `BatchWriteItem`.
    pub(crate) operation: &'a str,
    pub(crate) region: &'a str,
    /// The request's body where it is whole already (empty for S3, whose bodies stream).
    pub(crate) body: &'a [u8],
}

type Rule = dyn Fn(&Call<'_>) -> Option<Fault> + Send + Sync;

/// Decides whether a call goes on.
pub(crate) struct Gate(Box<Rule>);

impl Gate {
    /// Lets everything through.
    pub(crate) fn open() -> Self {
        Self::ruled(|_| None)
    }

    /// Asks `rule` for each call.
    pub(crate) fn ruled(rule: impl Fn(&Call<'_>) -> Option<Fault> + Send + Sync + 'static) -> Self {
        Self(Box::new(rule))
    }

    /// The refusal to answer with instead of acting, if there is one.
    pub(crate) fn before(&self, call: &Call<'_>) -> Result<(), Fault> {
        (self.0)(call).map_or(Ok(()), Err)
    }
}

impl std::fmt::Debug for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Gate")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_answers_early_for_the_call_it_names_and_for_no_other() {
        let gate = Gate::ruled(|call| (call.operation == "PutItem").then(|| Fault::new("ThrottlingException", "slow down")));
        let call = |operation| Call { service: "dynamodb", operation, region: "us-east-1", body: b"" };
        assert_eq!(gate.before(&call("PutItem")).map_err(|f| f.code), Err("ThrottlingException".to_owned()));
        assert_eq!(gate.before(&call("GetItem")), Ok(()));
    }
}
