//! ListMetrics: what there is, 500 at a time.

use super::ask::{Ask, invalid};
use super::node::Node;
use super::series::{Name, Series};
use crate::local::fault::Fault;

const PAGE: usize = 500;

/// ListMetrics.
pub(super) fn list_metrics(series: &Series, region: &str, ask: Ask<'_>) -> Result<Node, Fault> {
    let offset = offset(ask)?;
    let since = match ask.text("RecentlyActive") {
        None => i64::MIN,
        Some("PT3H") => series.minute() - 180,
        Some(_) => return Err(invalid("RecentlyActive")),
    };
    let wanted: Vec<(&str, Option<&str>)> =
        ask.list("Dimensions").map(|d| Ok((d.needs("Name")?, d.text("Value")))).collect::<Result<_, Fault>>()?;
    let names = series.names(region);
    let mut found =
        names.iter().filter(|(name, last)| **last >= since && matches(name, ask, &wanted)).map(|(name, _)| told(name)).skip(offset);
    let page: Vec<Node> = found.by_ref().take(PAGE).collect();
    let mut reply = vec![("Metrics", Node::List(page))];
    if found.next().is_some() {
        reply.push(("NextToken", Node::Text((offset + PAGE).to_string())));
    }
    Ok(Node::Map(reply))
}

/// Where a page begins.
pub(super) fn offset(ask: Ask<'_>) -> Result<usize, Fault> {
    ask.text("NextToken")
        .map_or(Ok(0), |token| token.parse().map_err(|_| Fault::new("InvalidNextToken", "The next token specified is invalid.")))
}

fn matches(name: &Name, ask: Ask<'_>, dimensions: &[(&str, Option<&str>)]) -> bool {
    let same = |wanted: Option<&str>, is: &str| wanted.is_none_or(|w| w == is);
    same(ask.text("Namespace"), &name.namespace)
        && same(ask.text("MetricName"), &name.metric)
        && dimensions.iter().all(|(n, value)| name.dimensions.get(*n).is_some_and(|is| same(*value, is)))
}

fn told(name: &Name) -> Node {
    let dimensions =
        name.dimensions.iter().map(|(n, v)| Node::Map(vec![("Name", Node::Text(n.clone())), ("Value", Node::Text(v.clone()))]));
    Node::Map(vec![
        ("Namespace", Node::Text(name.namespace.clone())),
        ("MetricName", Node::Text(name.metric.clone())),
        ("Dimensions", Node::List(dimensions.collect())),
    ])
}
