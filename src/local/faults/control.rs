//! The rules by HTTP: `/_landfall/…`, for tests and rehearsals in any language.
//!
//! Rules: no signature, since the port is on the loopback and this gives away no row; but nothing that a browser sends on behalf
//! of some page, and no name but the loopback's own.

use super::text;
use super::{Call, Held, Installation};
use crate::local::gate::Gate;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, ORIGIN};
use http::request::Parts;
use http::{Method, Response, StatusCode};
use s3s::Body;
use serde_json::{Value, json};

type Answer = Result<Value, (StatusCode, String)>;

/// Where it all is.
const PREFIX: &str = "/_landfall/";

/// Answers a request for the control endpoint; `None` for any other.
pub(crate) fn answer(gate: &Gate, parts: &Parts, body: &Bytes) -> Option<Response<Body>> {
    let path = parts.uri.path().strip_prefix(PREFIX)?;
    let (status, value) = match guard(parts).and_then(|()| route(gate, &parts.method, path, body)) {
        Ok(value) => (StatusCode::OK, value),
        Err((status, error)) => (status, json!({ "error": error })),
    };
    let response = Response::builder().status(status).header(CONTENT_TYPE, "application/json").body(Body::from(format!("{value}\n")));
    Some(response.unwrap_or_else(|_| Response::new(Body::empty())))
}

/// Whether `parts` is for the control endpoint, which has small bodies and needs no signature.
pub(crate) fn is_control(parts: &Parts) -> bool {
    parts.uri.path().starts_with(PREFIX)
}

fn guard(parts: &Parts) -> Result<(), (StatusCode, String)> {
    let host = parts.headers.get(HOST).and_then(|h| h.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit())).map_or(host, |(name, _)| name);
    let own = name == "localhost" || name.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    if !own || parts.headers.contains_key(ORIGIN) {
        let error = "only for programs on this machine that call it by its loopback address, and not for pages in a browser";
        return Err((StatusCode::FORBIDDEN, error.into()));
    }
    Ok(())
}

fn route(gate: &Gate, method: &Method, path: &str, body: &Bytes) -> Answer {
    let faults = gate.faults();
    let (room, id) = path.split_once('/').map_or((path, None), |(room, id)| (room, Some(id)));
    match (method.as_str(), room, id) {
        ("GET", "faults", None) => Ok(json!({
            "rules": faults.installed().iter().map(shown).collect::<Vec<_>>(),
            "held": faults.held().iter().map(waiting).collect::<Vec<_>>(),
        })),
        ("POST", "faults", None) => {
            let rules = text::read(body).map_err(|error| (StatusCode::BAD_REQUEST, error))?;
            Ok(json!({ "ids": rules.into_iter().map(|rule| faults.install(rule)).collect::<Vec<_>>() }))
        }
        ("DELETE", "faults", None) => {
            faults.clear();
            Ok(json!({}))
        }
        ("DELETE", "faults", Some(id)) => found(id, "rule", |id| faults.remove(id)),
        ("POST", "release", None) => {
            faults.release();
            Ok(json!({}))
        }
        ("POST", "release", Some(id)) => found(id, "held call", |id| faults.release_one(id)),
        ("GET", "calls", None) => {
            let (calls, forgotten) = gate.log().all();
            Ok(json!({ "calls": calls.iter().map(call).collect::<Vec<_>>(), "forgotten": forgotten }))
        }
        _ => Err((StatusCode::NOT_FOUND, "GET, POST or DELETE /_landfall/faults, POST /_landfall/release, GET /_landfall/calls".into())),
    }
}

fn found(id: &str, what: &str, act: impl FnOnce(u64) -> bool) -> Answer {
    match id.parse().ok().map(act) {
        Some(true) => Ok(json!({})),
        _ => Err((StatusCode::NOT_FOUND, format!("there is no {what} {}: GET /_landfall/faults lists them", crate::safe::text(id)))),
    }
}

fn shown(installation: &Installation) -> Value {
    let mut all = text::show(&installation.rule);
    all.insert("id".into(), installation.id.into());
    all.insert("seen".into(), installation.seen.into());
    all.insert("struck".into(), installation.struck.into());
    Value::Object(all)
}

fn waiting(held: &Held) -> Value {
    json!({
        "id": held.id, "rule": held.rule, "service": held.service, "operation": held.operation, "resource": held.resource,
        "at": held.at.name(),
    })
}

fn call(call: &Call) -> Value {
    json!({ "service": call.service, "operation": call.operation, "resource": call.resource, "status": call.status })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_programs_of_this_machine_are_answered() {
        let allowed = |host: &str, origin: bool| {
            let mut request = http::Request::get("/_landfall/faults").header(HOST, host);
            if origin {
                request = request.header(ORIGIN, "https://example.com");
            }
            guard(&request.body(()).expect("a request").into_parts().0).is_ok()
        };
        assert!(allowed("127.0.0.1:4566", false) && allowed("localhost", false) && allowed("[::1]:80", false) && allowed("[::1]", false));
        assert!(!allowed("127.0.0.1:4566", true) && !allowed("example.com:4566", false) && !allowed("", false));
    }
}
