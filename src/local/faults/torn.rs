//! Half an answer: the head, half of the body, and then what a test wants to happen.

use bytes::Bytes;
use futures::stream::{self, StreamExt};
use http::{HeaderValue, Response, header, response};
use http_body_util::StreamBody;
use hyper::body::Frame;
use s3s::Body;
use std::time::Duration;

/// Ends the connection by a reset, with whatever was sent until then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the connection is torn on request: clear the fault rule to get answers")]
pub(crate) struct Torn;

/// So that the first half is on its way before the reset overtakes it.
const FLUSH: Duration = Duration::from_millis(30);

/// An answer that stops halfway until `between` is over, and ends there if that fails.
pub(super) fn half(
    mut head: response::Parts,
    body: &Bytes,
    between: impl Future<Output = Result<(), Torn>> + Send + 'static,
) -> Response<Body> {
    let (first, rest) = (body.slice(..body.len() / 2), body.slice(body.len() / 2..));
    head.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    let first = stream::once(async move { Ok(Frame::data(first)) });
    let rest = stream::once(async move {
        tokio::time::sleep(FLUSH).await;
        between.await.map(|()| Frame::data(rest))
    });
    Response::from_parts(head, Body::http_body_unsync(StreamBody::new(first.chain(rest))))
}
