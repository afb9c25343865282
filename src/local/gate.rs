//! The seam that every call of every service passes, with its name, before it acts and after it was answered.
//!
//! Rule: nothing is done and nothing is read from the stores before [`Pass::before`] has said yes; what it answers instead
//! is rendered in the caller's protocol. Every call is recorded, and the faults that were asked for happen here, so the services
//! themselves never learn of them.

use super::fault::Fault;
use super::faults::{Call, Faults, Log, Stop, Strike, Torn, first_resource, refusal};
use crate::clock::Clock;
use bytes::Bytes;
use http::Response;
use s3s::Body;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// One call, before anything happened.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    /// `dynamodb`, `s3`, `monitoring`, `sts`.
    pub(crate) service: &'a str,
    /// The API's name: `BatchWriteItem`.
    pub(crate) operation: &'a str,
    /// The bucket, or the first table; empty where there is none.
    pub(crate) resource: &'a str,
    /// The request's body where it is whole already (empty for S3, whose bodies stream).
    pub(crate) body: &'a [u8],
}

impl Asked<'_> {
    /// Every table or bucket that the call is about.
    pub(crate) fn resources(&self) -> Vec<String> {
        let mut all = super::faults::all_resources(self.body);
        if !self.resource.is_empty() && !all.iter().any(|name| name == self.resource) {
            all.push(self.resource.to_owned());
        }
        all
    }
}

/// Records calls and decides about them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gate {
    faults: Faults,
    log: Log,
    clock: Clock,
    /// From when on (epoch milliseconds) every caller's token is expired.
    expired: Option<u64>,
}

impl Gate {
    /// A gate that goes by `clock`, through which nobody passes after `lasts`.
    pub(crate) fn new(clock: Clock, lasts: Option<Duration>) -> Self {
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let expired = lasts.map(|time| clock.now_ms().saturating_add(millis(time)));
        Self { faults: Faults::new(clock.clone()), log: Log::default(), clock, expired }
    }

    pub(crate) fn faults(&self) -> &Faults {
        &self.faults
    }

    pub(crate) fn log(&self) -> &Log {
        &self.log
    }

    /// Records a call whose first table is in its body, and decides about it.
    pub(crate) fn enter(&self, service: &str, operation: &str, body: &[u8]) -> Pass {
        self.pass(&Asked { service, operation, resource: &first_resource(body), body })
    }

    /// Records the call and decides about it.
    pub(crate) fn pass(&self, asked: &Asked<'_>) -> Pass {
        let (service, operation, resource) = (asked.service.to_owned(), asked.operation.to_owned(), asked.resource.to_owned());
        let number = self.log.begin(Call { service, operation, resource, status: None });
        let expired = self.expired.is_some_and(|at| self.clock.now_ms() >= at).then(|| refusal(asked.service, "ExpiredTokenException"));
        Pass { log: self.log.clone(), number, expired, strike: self.faults.strike(asked) }
    }

    /// Records a call that was refused before anybody knew what it asks.
    pub(crate) fn unknown(&self, service: &str, status: u16) {
        let call = Call { service: service.to_owned(), operation: String::new(), resource: String::new(), status: Some(status) };
        self.log.begin(call);
    }
}

/// One call on its way through.
#[derive(Debug)]
pub(crate) struct Pass {
    log: Log,
    number: u64,
    expired: Option<Fault>,
    strike: Option<Strike>,
}

impl Pass {
    /// Whether the call goes on; returns when it may.
    pub(crate) async fn before(&self) -> Result<(), Stop> {
        match (&self.expired, &self.strike) {
            (Some(fault), _) => Err(Stop::Refuse(fault.clone())),
            (None, Some(strike)) => strike.before().await,
            (None, None) => Ok(()),
        }
    }

    /// Answers by `act`, which gets the request's body or what a fault has left of it.
    pub(crate) async fn around<F: Future<Output = Result<Bytes, Fault>>>(
        &self,
        body: Bytes,
        act: impl FnOnce(Bytes) -> F,
    ) -> Result<Bytes, Fault> {
        let thinned = self.strike.as_ref().and_then(|strike| strike.thin(&body));
        let answer = match thinned {
            None => act(body).await,
            Some(mut thinned) => match thinned.request.take() {
                Some(rest) => act(rest).await.map(|answer| thinned.answer(&answer)),
                None => Ok(thinned.answer(b"{}")),
            },
        };
        self.refused_after().map_or(answer, Err)
    }

    /// The refusal that takes the answer's place after the effect.
    pub(crate) fn refused_after(&self) -> Option<Fault> {
        self.strike.as_ref().and_then(Strike::refused_after)
    }

    /// The answer as the caller gets it, recorded.
    pub(crate) async fn after(self, answer: Response<Body>) -> Result<Response<Body>, Torn> {
        let status = answer.status().as_u16();
        let answer = match self.strike {
            Some(strike) => strike.after(answer).await?,
            None => answer,
        };
        self.log.end(self.number, status);
        Ok(answer)
    }
}

/// How the pass of an S3 call, which is given inside of `s3s`, comes back out of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Slip(Arc<Mutex<Option<Slipped>>>);

/// What became of an S3 call at the gate.
#[derive(Debug)]
pub(crate) struct Slipped {
    pub(crate) pass: Pass,
    /// The connection is to be reset, nothing was done.
    pub(crate) torn: bool,
}

impl Slip {
    pub(crate) fn put(&self, pass: Pass, torn: bool) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Slipped { pass, torn });
    }

    pub(crate) fn take(&self) -> Option<Slipped> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

#[cfg(test)]
mod tests {
    use super::super::faults::Rule;
    use super::*;

    #[tokio::test]
    async fn a_rule_answers_early_for_the_call_it_names_and_for_no_other_and_both_are_recorded() {
        let gate = Gate::default();
        gate.faults().install(Rule::refuse("ThrottlingException").operation("PutItem"));
        let put = gate.enter("dynamodb", "PutItem", br#"{"TableName":"A"}"#);
        assert!(matches!(put.before().await, Err(Stop::Refuse(fault)) if fault.code == "ThrottlingException"));
        let get = gate.enter("dynamodb", "GetItem", b"{}");
        assert!(get.before().await.is_ok());
        assert!(get.after(Response::new(Body::empty())).await.is_ok());
        let told: Vec<_> = gate.log().all().0.into_iter().map(|c| (c.operation, c.resource, c.status)).collect();
        assert_eq!(told, [("PutItem".into(), "A".into(), None), ("GetItem".into(), String::new(), Some(200))]);
    }

    #[tokio::test]
    async fn an_expired_token_is_refused_from_its_moment_on() {
        let clock = Clock::manual(1_000);
        let gate = Gate::new(clock.clone(), Some(Duration::from_secs(5)));
        let passes = async || gate.enter("dynamodb", "GetItem", b"{}").before().await;
        clock.advance(Duration::from_millis(4_999));
        assert!(passes().await.is_ok());
        clock.advance(Duration::from_millis(1));
        assert!(matches!(passes().await, Err(Stop::Refuse(fault)) if fault.code == "ExpiredTokenException"));
    }

    #[tokio::test]
    async fn a_refusal_after_the_effect_takes_the_place_of_the_answer() {
        let gate = Gate::default();
        gate.faults().install(Rule::refuse_after("InternalServerError").operation("PutItem"));
        let answer = async |operation: &str| {
            let pass = gate.enter("dynamodb", operation, b"{}");
            assert!(pass.before().await.is_ok(), "nothing stops it before");
            pass.around(Bytes::new(), async |_| Ok(Bytes::from("done"))).await.map_err(|fault| fault.code)
        };
        assert_eq!(answer("PutItem").await, Err("InternalServerError".into()));
        assert_eq!(answer("GetItem").await, Ok("done".into()));
    }
}
