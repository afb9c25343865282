//! One decision at work: what happens to a call before its effect, and to its answer after it.

use super::held::Held;
use super::rule::{Effect, Moment};
use super::torn::{self, Torn};
use super::{Faults, batch, limiter, refusal};
use crate::local::fault::Fault;
use crate::local::gate::Asked;
use bytes::Bytes;
use http::Response;
use http_body_util::BodyExt;
use s3s::Body;
use std::time::Duration;

/// What a rule has decided for one call.
#[derive(Debug)]
pub(crate) struct Strike {
    faults: Faults,
    rule: u64,
    effect: Effect,
    /// What decides about the items of a batch.
    draw: u64,
    service: String,
    operation: String,
    resource: String,
}

/// Why a call goes no further.
#[derive(Debug)]
pub(crate) enum Stop {
    Refuse(Fault),
    /// The connection is reset without an answer.
    Tear,
}

impl Strike {
    pub(super) fn new(faults: Faults, rule: u64, effect: Effect, draw: u64, asked: &Asked<'_>) -> Self {
        let (service, operation, resource) = (asked.service.to_owned(), asked.operation.to_owned(), asked.resource.to_owned());
        Self { faults, rule, effect, draw, service, operation, resource }
    }

    /// Before anything is done.
    pub(crate) async fn before(&self) -> Result<(), Stop> {
        match &self.effect {
            Effect::Refuse { at: Moment::Before, .. } | Effect::Limit(_) => Err(Stop::Refuse(self.refusal())),
            Effect::Reset(Moment::Before) => Err(Stop::Tear),
            Effect::Delay(time, Moment::Before) => {
                self.wait(*time).await;
                Ok(())
            }
            Effect::Freeze(Moment::Before) => {
                self.hold(Moment::Before).await;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The refusal that takes the place of the answer, once the effect is there.
    pub(crate) fn refused_after(&self) -> Option<Fault> {
        matches!(self.effect, Effect::Refuse { at: Moment::After | Moment::Half, .. }).then(|| self.refusal())
    }

    /// What is left of a batch's request, and what to hand back as unprocessed.
    pub(crate) fn thin(&self, body: &Bytes) -> Option<batch::Thinned> {
        match self.effect {
            Effect::Unprocessed(share) => batch::thin(&self.operation, body, share, self.draw),
            _ => None,
        }
    }

    /// Once the effect is there and the answer is written.
    pub(crate) async fn after(self, answer: Response<Body>) -> Result<Response<Body>, Torn> {
        match self.effect {
            Effect::Reset(Moment::After) => Err(Torn),
            Effect::Delay(time, Moment::After | Moment::Half) => {
                self.wait(time).await;
                Ok(answer)
            }
            Effect::Freeze(Moment::After) => {
                self.hold(Moment::After).await;
                Ok(answer)
            }
            Effect::Reset(Moment::Half) | Effect::Freeze(Moment::Half) => self.halve(answer).await,
            Effect::Status(ref shown) => Ok(restate(answer, shown).await),
            _ => Ok(answer),
        }
    }

    /// Sends half of the body; then tears the connection, or holds the rest.
    async fn halve(self, answer: Response<Body>) -> Result<Response<Body>, Torn> {
        let freezes = matches!(self.effect, Effect::Freeze(_));
        let (head, body) = whole(answer).await?;
        if body.len() < 2 {
            if !freezes {
                return Err(Torn);
            }
            self.hold(Moment::Half).await;
            return Ok(Response::from_parts(head, Body::from(body)));
        }
        Ok(torn::half(head, &body, async move {
            if !freezes {
                return Err(Torn);
            }
            self.hold(Moment::Half).await;
            Ok(())
        }))
    }

    fn refusal(&self) -> Fault {
        match &self.effect {
            Effect::Refuse { code, status, message, .. } => refusal::of(&self.service, code, *status, message.as_deref()),
            Effect::Limit(_) => limiter::refusal(),
            _ => Fault::internal("no refusal was asked for"),
        }
    }

    async fn wait(&self, time: Duration) {
        self.faults.0.clock.sleep(time).await;
    }

    async fn hold(&self, at: Moment) {
        let (service, operation, resource) = (self.service.clone(), self.operation.clone(), self.resource.clone());
        self.faults.0.holding.hold(Held { id: 0, rule: self.rule, service, operation, resource, at }).await;
    }
}

async fn whole(answer: Response<Body>) -> Result<(http::response::Parts, Bytes), Torn> {
    let (head, body) = answer.into_parts();
    let body = body.collect().await.map_err(|_| Torn)?.to_bytes();
    Ok((head, body))
}

/// A table that is ACTIVE is shown as something else; any other answer stays as it is.
async fn restate(answer: Response<Body>, shown: &str) -> Response<Body> {
    let Ok((mut head, body)) = whole(answer).await else { return Response::new(Body::empty()) };
    let told = serde_json::from_slice::<serde_json::Value>(&body).ok().and_then(|mut told| {
        let status = told.get_mut("Table")?.get_mut("TableStatus").filter(|s| *s == "ACTIVE")?;
        *status = shown.into();
        Some(Bytes::from(told.to_string()))
    });
    let body = told.unwrap_or(body);
    if let Some(sum) = head.headers.get_mut("x-amz-crc32") {
        *sum = s3s::crypto::Crc32::checksum_u32(&body).into();
    }
    Response::from_parts(head, Body::from(body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::local::faults::Rule;

    /// What the caller gets of an answer of `body` under `effect`: the body, if the head came at all, and whether the connection is torn.
    /// What is held is let go.
    async fn got(effect: Effect, body: &str) -> (Option<String>, bool) {
        let faults = Faults::default();
        faults.install(Rule::new(effect));
        let asked = Asked { service: "dynamodb", operation: "DescribeTable", resource: "", body: b"" };
        let strike = faults.strike(&asked).expect("struck");
        let release = async {
            loop {
                faults.until_held().await;
                faults.release();
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            got = read(strike.after(Response::new(Body::from(Bytes::from(body.to_owned()))))) => got,
            () = release => unreachable!("it goes on for ever"),
        }
    }

    async fn read(answer: impl Future<Output = Result<Response<Body>, Torn>>) -> (Option<String>, bool) {
        let Ok(answer) = answer.await else { return (None, true) };
        let (mut got, mut torn, mut body) = (Vec::new(), false, answer.into_body());
        while let Some(frame) = body.frame().await {
            match frame {
                Ok(frame) => got.extend(frame.into_data().unwrap_or_default()),
                Err(_) => torn = true,
            }
        }
        (Some(String::from_utf8(got).expect("text")), torn)
    }

    #[tokio::test]
    async fn half_of_an_answer_is_torn_off_or_comes_later_and_one_without_halves_does_not_come() {
        for (body, sent) in [("abcd", Some("ab")), ("a", None), ("", None)] {
            assert_eq!(got(Effect::Reset(Moment::Half), body).await, (sent.map(str::to_owned), true), "{body}");
            assert_eq!(got(Effect::Freeze(Moment::Half), body).await, (Some(body.to_owned()), false), "{body}");
        }
    }

    #[tokio::test]
    async fn only_a_table_that_is_active_is_shown_as_something_else() {
        let told = |status: &str| format!(r#"{{"Table":{{"TableStatus":"{status}"}}}}"#);
        for (is, shown) in [("ACTIVE", "UPDATING"), ("CREATING", "CREATING"), ("DELETING", "DELETING")] {
            assert_eq!(got(Effect::Status("UPDATING".into()), &told(is)).await.0, Some(told(shown)));
        }
        assert_eq!(got(Effect::Status("UPDATING".into()), "no table").await.0.as_deref(), Some("no table"));
    }
}
