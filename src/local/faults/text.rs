//! Rules as JSON, as the control endpoint takes and shows them.
//!
//! Rule: a member that nobody honours is refused by name, and so is one that its effect has no use for.

use super::rule::{Effect, Moment, Rule};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// One rule as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    effect: String,
    at: Option<String>,
    code: Option<String>,
    status: Option<u16>,
    message: Option<String>,
    ms: Option<u64>,
    share: Option<f64>,
    shown: Option<String>,
    per_second: Option<u32>,
    service: Option<String>,
    operation: Option<String>,
    resource: Option<String>,
    writes: Option<bool>,
    call: Option<u64>,
    times: Option<u64>,
    rate: Option<f64>,
    seed: Option<u64>,
    for_ms: Option<u64>,
}

/// One rule, or a list of rules.
pub(super) fn read(body: &[u8]) -> Result<Vec<Rule>, String> {
    let value: Value = serde_json::from_slice(body).map_err(|e| format!("the body is not JSON: {e}"))?;
    let list = match value {
        Value::Array(list) => list,
        one => vec![one],
    };
    list.into_iter().map(rule).collect()
}

fn rule(value: Value) -> Result<Rule, String> {
    let text: Text = serde_json::from_value(value).map_err(|e| format!("not a fault rule: {e}"))?;
    let effect = effect(&text)?;
    unused(&text)?;
    let plain = Rule::new(effect);
    Ok(Rule {
        service: text.service,
        operation: text.operation,
        resource: text.resource,
        writes: text.writes.unwrap_or(false),
        call: text.call.map_or(Ok(1), |n| (n > 0).then_some(n).ok_or("`call` counts from 1"))?,
        times: text.times.or(text.call.map(|_| 1)),
        rate: text.rate.map(|r| share("rate", r)).transpose()?,
        seed: text.seed.unwrap_or(0),
        lasts: text.for_ms.map(Duration::from_millis),
        ..plain
    })
}

fn effect(text: &Text) -> Result<Effect, String> {
    let at = moment(text.at.as_deref())?;
    let needs = |name: &str| format!("the effect `{}` needs `{name}`", text.effect);
    Ok(match text.effect.as_str() {
        "refuse" if at == Moment::Half => return Err("an error is answered `before` or `after`, not `half`".into()),
        "refuse" => {
            let status = text.status.map(|s| (400..=599).contains(&s).then_some(s).ok_or("`status` is from 400 to 599")).transpose()?;
            Effect::Refuse { code: text.code.clone().ok_or_else(|| needs("code"))?, status, message: text.message.clone(), at }
        }
        "reset" => Effect::Reset(at),
        "delay" if at == Moment::Half => return Err("a delay is `before` or `after`, not `half`".into()),
        "delay" => Effect::Delay(Duration::from_millis(text.ms.ok_or_else(|| needs("ms"))?), at),
        "freeze" => Effect::Freeze(at),
        "unprocessed" => Effect::Unprocessed(share("share", text.share.ok_or_else(|| needs("share"))?)?),
        "status" => Effect::Status(text.shown.clone().ok_or_else(|| needs("shown"))?),
        "limit" => Effect::Limit(text.per_second.filter(|n| *n > 0).ok_or_else(|| needs("per_second"))?),
        other => {
            return Err(format!(
                "there is no effect `{}`: use refuse, reset, delay, freeze, unprocessed, status or limit",
                crate::safe::text(other)
            ));
        }
    })
}

/// What the effect has no use for would be ignored: say so instead.
fn unused(text: &Text) -> Result<(), String> {
    let allowed: &[&str] = match text.effect.as_str() {
        "refuse" => &["at", "code", "status", "message"],
        "reset" | "freeze" => &["at"],
        "delay" => &["at", "ms"],
        "unprocessed" => &["share"],
        "limit" => &["per_second"],
        _ => &["shown"],
    };
    let given = [
        ("at", text.at.is_some()),
        ("code", text.code.is_some()),
        ("status", text.status.is_some()),
        ("message", text.message.is_some()),
        ("ms", text.ms.is_some()),
        ("share", text.share.is_some()),
        ("shown", text.shown.is_some()),
        ("per_second", text.per_second.is_some()),
    ];
    match given.iter().find(|(name, is)| *is && !allowed.contains(name)) {
        Some((name, _)) => Err(format!("the effect `{}` has no use for `{name}`: remove it", text.effect)),
        None if text.seed.is_some() && text.rate.is_none() && text.share.is_none() => Err("`seed` needs a `rate` or a `share`".into()),
        None => Ok(()),
    }
}

fn moment(at: Option<&str>) -> Result<Moment, String> {
    match at {
        None | Some("before") => Ok(Moment::Before),
        Some("after") => Ok(Moment::After),
        Some("half") => Ok(Moment::Half),
        Some(other) => Err(format!("`at` is before, after or half, not {}", crate::safe::text(other))),
    }
}

fn share(name: &str, value: f64) -> Result<f64, String> {
    if (0.0..=1.0).contains(&value) { Ok(value) } else { Err(format!("`{name}` is from 0 to 1")) }
}

/// The rule as it may be posted again.
pub(super) fn show(rule: &Rule) -> Map<String, Value> {
    let millis = |time: &Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let mut all = match &rule.effect {
        Effect::Refuse { code, status, message, at } => {
            json!({"effect": "refuse", "code": code, "status": status, "message": message, "at": at.name()})
        }
        Effect::Reset(at) => json!({"effect": "reset", "at": at.name()}),
        Effect::Delay(time, at) => json!({"effect": "delay", "ms": millis(time), "at": at.name()}),
        Effect::Freeze(at) => json!({"effect": "freeze", "at": at.name()}),
        Effect::Unprocessed(share) => json!({"effect": "unprocessed", "share": share}),
        Effect::Status(shown) => json!({"effect": "status", "shown": shown}),
        Effect::Limit(most) => json!({"effect": "limit", "per_second": most}),
    };
    let narrowed = json!({
        "service": rule.service, "operation": rule.operation, "resource": rule.resource, "writes": rule.writes.then_some(true),
        "call": (rule.call > 1).then_some(rule.call), "times": rule.times, "rate": rule.rate, "seed": (rule.seed != 0).then_some(rule.seed),
        "for_ms": rule.lasts.as_ref().map(millis),
    });
    let (Value::Object(all), Value::Object(narrowed)) = (&mut all, narrowed) else { return Map::new() };
    all.extend(narrowed);
    std::mem::take(all).into_iter().filter(|(_, value)| !value.is_null()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_reads_as_it_is_shown() {
        for text in [
            r#"{"effect":"refuse","code":"ThrottlingException","call":3,"service":"dynamodb","operation":"PutItem","resource":"Users"}"#,
            r#"{"effect":"refuse","code":"X","status":503,"message":"m","at":"after","rate":0.5,"seed":7}"#,
            r#"{"effect":"reset","at":"half","times":2,"writes":true}"#,
            r#"{"effect":"delay","ms":20}"#,
            r#"{"effect":"freeze","at":"after"}"#,
            r#"{"effect":"unprocessed","share":0.3,"seed":1}"#,
            r#"{"effect":"status","shown":"UPDATING","for_ms":500}"#,
            r#"{"effect":"limit","per_second":6}"#,
        ] {
            let rules = read(text.as_bytes()).expect("readable");
            let shown = Value::Object(show(&rules[0])).to_string();
            assert_eq!(read(shown.as_bytes()), Ok(rules), "{shown}");
        }
    }

    #[test]
    fn a_rule_is_shown_without_what_it_does_not_say() {
        let rules = read(br#"{"effect":"delay","ms":20,"service":"s3"}"#).expect("readable");
        assert_eq!(Value::Object(show(&rules[0])), json!({ "effect": "delay", "ms": 20, "at": "before", "service": "s3" }));
    }

    #[test]
    fn what_nobody_would_honour_is_refused_by_name() {
        let said = |text: &str| read(text.as_bytes()).expect_err("refused");
        assert!(said(r#"{"effect":"refuse","code":"X","tabel":"t"}"#).contains("tabel"));
        let rest: Vec<String> = [
            r#"{"effect":"explode"}"#,
            r#"{"effect":"refuse"}"#,
            r#"{"effect":"refuse","code":"X","at":"half"}"#,
            r#"{"effect":"delay","ms":3,"at":"half"}"#,
            r#"{"effect":"refuse","code":"X","status":200}"#,
            r#"{"effect":"reset","ms":3}"#,
            r#"{"effect":"reset","at":"never"}"#,
            r#"{"effect":"freeze","call":0}"#,
            r#"{"effect":"freeze","rate":1.5}"#,
            r#"{"effect":"freeze","seed":1}"#,
            r#"{"effect":"limit","per_second":0}"#,
        ]
        .into_iter()
        .map(said)
        .collect();
        insta::assert_snapshot!(rest.join("\n"), @r"
        there is no effect `explode`: use refuse, reset, delay, freeze, unprocessed, status or limit
        the effect `refuse` needs `code`
        an error is answered `before` or `after`, not `half`
        a delay is `before` or `after`, not `half`
        `status` is from 400 to 599
        the effect `reset` has no use for `ms`: remove it
        `at` is before, after or half, not never
        `call` counts from 1
        `rate` is from 0 to 1
        `seed` needs a `rate` or a `share`
        the effect `limit` needs `per_second`
        ");
    }
}
