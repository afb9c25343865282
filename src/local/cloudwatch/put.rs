//! PutMetricData: callers' own namespaces; `AWS/` is AWS's.

use super::ask::{Ask, invalid, missing, number};
use super::node::Node;
use super::series::{Name, Series, Stat};
use crate::local::fault::Fault;
use crate::local::moment::seconds_of;

/// PutMetricData.
pub(super) fn put_metric_data(series: &mut Series, region: &str, ask: Ask<'_>) -> Result<Node, Fault> {
    let namespace = ask.needs("Namespace")?;
    if namespace.starts_with("AWS/") {
        return Err(Fault::new(
            "InvalidParameterValue",
            "The value AWS/ for parameter Namespace is invalid: it is reserved for AWS's own metrics.",
        ));
    }
    if ask.list("EntityMetricData").next().is_some() {
        return Err(Fault::new("InvalidParameterValue", "the embedded AWS takes MetricData only, not EntityMetricData"));
    }
    let mut points = Vec::new();
    for datum in ask.list("MetricData") {
        let name = Name {
            region: region.to_owned(),
            namespace: namespace.to_owned(),
            metric: datum.needs("MetricName")?.to_owned(),
            dimensions: datum.dimensions()?,
        };
        points.push((name, minute(series, datum)?, stat(datum)?));
    }
    // All or nothing: the request was read whole before anything is kept.
    for (name, minute, stat) in points {
        series.add(name, minute, stat);
    }
    Ok(Node::Map(Vec::new()))
}

/// From two weeks ago to two hours ahead, as AWS takes them.
fn minute(series: &Series, datum: Ask<'_>) -> Result<i64, Fault> {
    let now = seconds_of(series.clock.now_ms());
    let at = datum.time("Timestamp")?.unwrap_or(now);
    if at < now - 14.0 * 86_400.0 || at > now + 7_200.0 {
        return Err(invalid("MetricData.member.Timestamp"));
    }
    #[allow(clippy::cast_possible_truncation, reason = "within two weeks of now")]
    let minute = (at / 60.0).floor() as i64;
    Ok(minute)
}

fn stat(datum: Ask<'_>) -> Result<Stat, Fault> {
    if let Some(value) = datum.number("Value")? {
        return Ok(Stat::of(value, 1.0));
    }
    if let Some(set) = datum.structure("StatisticValues") {
        let side = |name: &str| set.number(name)?.ok_or_else(|| missing(name));
        return Ok(Stat { sum: side("Sum")?, count: side("SampleCount")?, min: side("Minimum")?, max: side("Maximum")? });
    }
    let mut counts = datum.values("Counts").map(|c| number(c).ok_or_else(|| invalid("Counts")));
    let values = datum.values("Values").map(|v| number(v).ok_or_else(|| invalid("Values")));
    let stats = values.map(|value| Ok::<_, Fault>(Stat::of(value?, counts.next().unwrap_or(Ok(1.0))?)));
    let whole = stats.reduce(|a, b| Ok(a?.and(b?)));
    whole.ok_or_else(|| missing("MetricData.member.Value"))?
}
