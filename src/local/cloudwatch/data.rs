//! GetMetricData and GetMetricStatistics.

use super::ask::{Ask, invalid, missing};
use super::list::offset;
use super::node::Node;
use super::series::{Name, Series, Stat};
use crate::local::fault::Fault;
use std::collections::{BTreeMap, BTreeSet};

const QUERIES: usize = 500;
const DATAPOINTS: i64 = 100_800;
const KNOWN: [&str; 5] = ["Sum", "Average", "Minimum", "Maximum", "SampleCount"];

/// Periods in order: when each begins (seconds), and what was seen in it.
type Periods = BTreeMap<i64, Stat>;

/// GetMetricData.
pub(super) fn get_metric_data(series: &Series, region: &str, ask: Ask<'_>) -> Result<Node, Fault> {
    let window = Window::of(ask)?;
    let oldest_first = match ask.text("ScanBy") {
        None | Some("TimestampDescending") => false,
        Some("TimestampAscending") => true,
        Some(_) => return Err(invalid("ScanBy")),
    };
    let most = ask.integer("MaxDatapoints")?.unwrap_or(DATAPOINTS);
    let most = usize::try_from(most.min(DATAPOINTS)).ok().filter(|m| *m > 0).ok_or_else(|| invalid("MaxDatapoints"))?;
    let mut results = Vec::new();
    for query in queries(ask)? {
        if let Some(result) = run(series, region, query, &window, oldest_first)? {
            results.push(result);
        }
    }
    Ok(page(results, offset(ask)?, most))
}

/// The queries, checked as a whole.
fn queries<'a>(ask: Ask<'a>) -> Result<Vec<Ask<'a>>, Fault> {
    let queries: Vec<Ask<'a>> = ask.list("MetricDataQueries").collect();
    if queries.is_empty() {
        return Err(missing("MetricDataQueries"));
    }
    if queries.len() > QUERIES {
        return Err(problem(format!("The collection MetricDataQueries must not have a size greater than {QUERIES}.")));
    }
    let ids: BTreeSet<&str> = queries.iter().filter_map(|q| q.text("Id")).collect();
    if ids.len() != queries.len() {
        return Err(problem("Every MetricDataQuery must have an Id of its own.".into()));
    }
    let is_id = |id: &&str| id.starts_with(|c: char| c.is_ascii_lowercase()) && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    match ids.iter().find(|id| !is_id(id)) {
        Some(_) => Err(problem("An Id must begin with a lowercase letter and hold letters, digits and underscores only.".into())),
        None => Ok(queries),
    }
}

/// One query's answer.
struct Answer {
    id: String,
    label: String,
    points: Vec<(i64, f64)>,
}

/// `None` for a query whose data is not to be returned.
fn run(series: &Series, region: &str, query: Ask<'_>, window: &Window, oldest_first: bool) -> Result<Option<Answer>, Fault> {
    let stat = query.structure("MetricStat").ok_or_else(|| {
        problem("the embedded AWS answers MetricStat queries only, no Expression: compute it from the metrics themselves".into())
    })?;
    let metric = stat.structure("Metric").ok_or_else(|| missing("MetricStat.Metric"))?;
    let (name, period) = (named(region, metric)?, period(stat)?);
    let statistic = stat.needs("Stat")?;
    if Stat::of(0.0, 1.0).get(statistic).is_none() {
        return Err(problem(format!(
            "the embedded AWS knows Sum, Average, Minimum, Maximum and SampleCount, not {}",
            crate::safe::text(statistic)
        )));
    }
    let periods = gather(series, &name, window, period);
    let mut points: Vec<(i64, f64)> = periods.into_iter().filter_map(|(at, s)| Some((at, s.get(statistic)?))).collect();
    if !oldest_first {
        points.reverse();
    }
    let label = query.text("Label").unwrap_or(&name.metric).to_owned();
    let result = Answer { id: query.needs("Id")?.to_owned(), label, points };
    Ok(Some(result).filter(|_| query.flag("ReturnData") != Some(false)))
}

/// The datapoints from `offset` on, `most` of them, as AWS spreads them over pages.
fn page(results: Vec<Answer>, offset: usize, most: usize) -> Node {
    let total: usize = results.iter().map(|r| r.points.len()).sum();
    let end = offset.saturating_add(most);
    let (mut before, mut told) = (0, Vec::new());
    for result in results {
        let (first, last) = (before, before + result.points.len());
        before = last;
        let here = if first == last { first >= offset && (first < end || end >= total) } else { first < end && last > offset };
        if here {
            let skip = offset.saturating_sub(first);
            let complete = last <= end;
            told.push(tell(&result, skip, most.min(end.saturating_sub(first.max(offset))), complete));
        }
    }
    let mut reply = vec![("MetricDataResults", Node::List(told)), ("Messages", Node::List(Vec::new()))];
    if end < total {
        reply.push(("NextToken", Node::Text(end.to_string())));
    }
    Node::Map(reply)
}

fn tell(result: &Answer, skip: usize, most: usize, complete: bool) -> Node {
    let points = || result.points.iter().skip(skip).take(most);
    Node::Map(vec![
        ("Id", Node::Text(result.id.clone())),
        ("Label", Node::Text(result.label.clone())),
        ("Timestamps", Node::List(points().map(|(at, _)| Node::Time(*at)).collect())),
        ("Values", Node::List(points().map(|(_, value)| Node::Number(*value)).collect())),
        ("StatusCode", Node::Text(if complete { "Complete" } else { "PartialData" }.into())),
    ])
}

/// GetMetricStatistics.
pub(super) fn get_metric_statistics(series: &Series, region: &str, ask: Ask<'_>) -> Result<Node, Fault> {
    let (window, name, period) = (Window::of(ask)?, named(region, ask)?, period(ask)?);
    let statistics: Vec<&str> = ask.values("Statistics").filter_map(serde_json::Value::as_str).collect();
    if statistics.is_empty() || ask.values("ExtendedStatistics").next().is_some() {
        return Err(Fault::new("InvalidParameterCombination", "the embedded AWS needs Statistics, and no ExtendedStatistics"));
    }
    if !statistics.iter().all(|s| KNOWN.contains(s)) {
        return Err(invalid("Statistics"));
    }
    let periods = gather(series, &name, &window, period);
    if periods.len() > 1_440 {
        return Err(Fault::new(
            "InvalidParameterCombination",
            "You have requested more than 1,440 datapoints: use a longer Period or a shorter time",
        ));
    }
    let told = periods.into_iter().map(|(at, stat)| {
        let mut members = vec![("Timestamp", Node::Time(at))];
        let wanted = KNOWN.into_iter().filter(|s| statistics.contains(s));
        members.extend(wanted.filter_map(|s| Some((s, Node::Number(stat.get(s)?)))));
        Node::Map(members)
    });
    Ok(Node::Map(vec![("Label", Node::Text(name.metric.clone())), ("Datapoints", Node::List(told.collect()))]))
}

/// From when to when, in seconds.
struct Window {
    from: f64,
    to: f64,
}

impl Window {
    fn of(ask: Ask<'_>) -> Result<Self, Fault> {
        let (from, to) = (ask.needs_time("StartTime")?, ask.needs_time("EndTime")?);
        if from >= to {
            return Err(problem("The parameter StartTime must be less than the parameter EndTime.".into()));
        }
        Ok(Self { from, to })
    }
}

fn named(region: &str, metric: Ask<'_>) -> Result<Name, Fault> {
    Ok(Name {
        region: region.to_owned(),
        namespace: metric.needs("Namespace")?.to_owned(),
        metric: metric.needs("MetricName")?.to_owned(),
        dimensions: metric.dimensions()?,
    })
}

/// In minutes: nothing here is finer.
fn period(of: Ask<'_>) -> Result<i64, Fault> {
    match of.integer("Period")? {
        Some(seconds) if seconds >= 60 && seconds % 60 == 0 => Ok(seconds / 60),
        Some(_) => Err(problem("Period must be a multiple of 60 seconds.".into())),
        None => Err(missing("Period")),
    }
}

/// Minutes gathered into periods that begin at whole multiples of the period.
fn gather(series: &Series, name: &Name, window: &Window, period: i64) -> Periods {
    #[allow(clippy::cast_possible_truncation, reason = "a saturating cast is right for times out of range")]
    let (from, to) = ((window.from / 60.0).floor() as i64, (window.to / 60.0).ceil() as i64);
    let from = from.div_euclid(period).saturating_mul(period);
    let mut periods = Periods::new();
    for (minute, stat) in series.points(name, from, to) {
        let begins = minute.div_euclid(period) * period * 60;
        periods.entry(begins).and_modify(|s| *s = s.and(stat)).or_insert(stat);
    }
    periods
}

fn problem(message: String) -> Fault {
    Fault::new("ValidationError", message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn series() -> Series {
        let mut series = Series::default();
        for (minute, value) in [(100, 1.0), (101, 2.0), (103, 4.0)] {
            let dimensions = BTreeMap::from([("TableName".into(), "Users".into())]);
            series.add(
                Name { region: "r".into(), namespace: "AWS/DynamoDB".into(), metric: "M".into(), dimensions },
                minute,
                Stat::of(value, 1.0),
            );
        }
        series
    }

    fn query(id: &str, table: &str, period: i64) -> Value {
        json!({"Id": id, "MetricStat": {"Stat": "Sum", "Period": period,
            "Metric": {"Namespace": "AWS/DynamoDB", "MetricName": "M", "Dimensions": [{"Name": "TableName", "Value": table}]}}})
    }

    fn ask(changes: &Value) -> Result<String, String> {
        let mut request =
            json!({"StartTime": 6000, "EndTime": 6300, "ScanBy": "TimestampAscending", "MetricDataQueries": [query("a", "Users", 60)]});
        changes.as_object().into_iter().flatten().for_each(|(name, value)| request[name] = value.clone());
        get_metric_data(&series(), "r", Ask(&request)).map(|n| n.json()["MetricDataResults"].to_string()).map_err(|f| f.code)
    }

    #[test]
    fn minutes_with_nothing_have_no_datapoint() {
        insta::assert_snapshot!(ask(&json!({})).unwrap_or_default(), @r#"[{"Id":"a","Label":"M","StatusCode":"Complete","Timestamps":[6000,6060,6180],"Values":[1.0,2.0,4.0]}]"#);
        insta::assert_snapshot!(ask(&json!({"ScanBy": "TimestampDescending"})).unwrap_or_default(), @r#"[{"Id":"a","Label":"M","StatusCode":"Complete","Timestamps":[6180,6060,6000],"Values":[4.0,2.0,1.0]}]"#);
        insta::assert_snapshot!(ask(&json!({"MetricDataQueries": [query("b", "Other", 60)]})).unwrap_or_default(), @r#"[{"Id":"b","Label":"M","StatusCode":"Complete","Timestamps":[],"Values":[]}]"#);
    }

    #[test]
    fn periods_begin_at_their_own_multiples() {
        let hour = json!({"MetricDataQueries": [query("a", "Users", 300)]});
        insta::assert_snapshot!(ask(&hour).unwrap_or_default(), @r#"[{"Id":"a","Label":"M","StatusCode":"Complete","Timestamps":[6000],"Values":[7.0]}]"#);
    }

    #[test]
    fn what_cannot_be_answered_is_refused() {
        let many: Vec<Value> = (0..501).map(|i| query(&format!("q{i}"), "Users", 60)).collect();
        for changes in [
            json!({"StartTime": 6300}),
            json!({"MetricDataQueries": []}),
            json!({"MetricDataQueries": many}),
            json!({"MetricDataQueries": [query("a", "Users", 60), query("a", "Users", 60)]}),
            json!({"MetricDataQueries": [query("A", "Users", 60)]}),
            json!({"MetricDataQueries": [query("a", "Users", 61)]}),
            json!({"MetricDataQueries": [{"Id": "a", "Expression": "1+1"}]}),
        ] {
            assert!(ask(&changes).is_err(), "{changes}");
        }
    }

    #[test]
    fn pages_hold_every_datapoint_once() {
        let queries = json!([query("a", "Users", 60), query("none", "Other", 60), query("b", "Users", 60)]);
        let (mut seen, mut token) = (Vec::new(), Value::Null);
        loop {
            let request = json!({"StartTime": 6000, "EndTime": 6300, "MaxDatapoints": 2, "MetricDataQueries": queries, "NextToken": token});
            let reply = get_metric_data(&series(), "r", Ask(&request)).map(|n| n.json()).unwrap_or_default();
            for result in reply["MetricDataResults"].as_array().into_iter().flatten() {
                seen.push((result["Id"].to_string(), result["Values"].to_string(), result["StatusCode"].to_string()));
            }
            token = reply["NextToken"].clone();
            if token.is_null() {
                break;
            }
        }
        insta::assert_snapshot!(format!("{seen:?}").replace("\\\"", ""), @r#"[("a", "[4.0,2.0]", "PartialData"), ("a", "[1.0]", "Complete"), ("none", "[]", "Complete"), ("b", "[4.0]", "PartialData"), ("b", "[2.0,1.0]", "Complete")]"#);
    }
}
