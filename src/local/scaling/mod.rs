//! Application Auto Scaling for DynamoDB: targets and policies as they are registered, and what it does on its own: it moves capacity
//! that is out of a new range into it, and lets capacity follow the load under a policy.
//!
//! Rules: the namespace is `dynamodb`; a target needs its table (and index) when it is registered and outlives them; a policy needs its
//! target; minutes are AWS's, so a clock that goes a thousand times as fast scales a thousand times as soon. Called by the server, and
//! by the calls of the region so that what is due happens before anybody looks.

mod act;
mod follow;
mod policy;
mod target;

pub(crate) use act::act;

use super::dynamodb::Region;
use super::fault::Fault;
use serde_json::Value;

/// Answers one call.
pub(crate) fn answer(region: &Region, operation: &str, request: &Value) -> Result<Value, Fault> {
    match operation {
        "RegisterScalableTarget" => target::register(region, request),
        "DescribeScalableTargets" => target::describe(region, request),
        "DeregisterScalableTarget" => target::deregister(region, request),
        "PutScalingPolicy" => policy::put(region, request),
        "DescribeScalingPolicies" => policy::describe(region, request),
        "DeleteScalingPolicy" => policy::delete(region, request),
        other => {
            let why = format!("the embedded AWS's auto scaling does not answer {}", crate::safe::text(other));
            Err(Fault::new("UnknownOperationException", why))
        }
    }
}

/// What a request is about: a resource and one dimension of it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct About {
    resource: String,
    dimension: String,
    table: String,
    index: Option<String>,
}

impl About {
    /// Reads `ServiceNamespace`, `ResourceId` and `ScalableDimension`.
    fn of(request: &Value) -> Result<Self, Fault> {
        namespace(request)?;
        let (resource, dimension) = (text(request, "ResourceId")?, text(request, "ScalableDimension")?);
        let parts: Vec<&str> = resource.split('/').collect();
        let (table, index) = match parts[..] {
            ["table", table] => (table, None),
            ["table", table, "index", index] => (table, Some(index.to_owned())),
            _ => return Err(Fault::invalid(format!("Unsupported resource ID: {}", crate::safe::text(resource)))),
        };
        let kind = if index.is_some() { "index" } else { "table" };
        if ![format!("dynamodb:{kind}:ReadCapacityUnits"), format!("dynamodb:{kind}:WriteCapacityUnits")].contains(&dimension.to_owned()) {
            let (dimension, resource) = (crate::safe::text(dimension), crate::safe::text(resource));
            return Err(Fault::invalid(format!(
                "Unsupported service namespace, resource type or scalable dimension: {dimension} of {resource}"
            )));
        }
        Ok(Self { resource: resource.to_owned(), dimension: dimension.to_owned(), table: table.to_owned(), index })
    }

    /// Its place in the notes.
    fn key(&self) -> String {
        format!("{} {}", self.resource, self.dimension)
    }

    fn absent(&self) -> Fault {
        let (resource, dimension) = (crate::safe::text(&self.resource), crate::safe::text(&self.dimension));
        let why =
            format!("No scalable target found for service namespace: dynamodb, resource ID: {resource}, scalable dimension: {dimension}");
        Fault::new("ObjectNotFoundException", why)
    }
}

fn namespace(request: &Value) -> Result<(), Fault> {
    match text(request, "ServiceNamespace")? {
        "dynamodb" => Ok(()),
        other => Err(Fault::invalid(format!("the embedded AWS scales dynamodb only, not {}", crate::safe::text(other)))),
    }
}

fn text<'a>(request: &'a Value, name: &str) -> Result<&'a str, Fault> {
    let mut place = name.to_owned();
    place[..1].make_ascii_lowercase();
    request.get(name).and_then(Value::as_str).filter(|t| !t.is_empty()).ok_or_else(|| {
        Fault::invalid(format!(
            "1 validation error detected: Value null at '{place}' failed to satisfy constraint: Member must not be null"
        ))
    })
}

/// One page of `all`, after the token of the request, 50 at most; and the next token.
fn page(request: &Value, all: Vec<(String, Value)>) -> Result<(Vec<Value>, Option<String>), Fault> {
    let size = match request.get("MaxResults").and_then(Value::as_u64) {
        Some(0) => return Err(Fault::invalid("MaxResults must be at least 1")),
        size => usize::try_from(size.unwrap_or(50).min(50)).unwrap_or(50),
    };
    let after = request.get("NextToken").and_then(Value::as_str);
    let mut rest = all.into_iter().skip_while(|(key, _)| after.is_some_and(|after| key.as_str() <= after));
    let mut taken: Vec<(String, Value)> = rest.by_ref().take(size).collect();
    let next = rest.next().and_then(|_| taken.last()).map(|(key, _)| key.clone());
    Ok((taken.drain(..).map(|(_, value)| value).collect(), next))
}

/// Whether `value` (a `ResourceIds` or a single id) lets `resource` pass.
fn asked_for(request: &Value, resource: &str, dimension: &str) -> bool {
    let one = request.get("ResourceId").and_then(Value::as_str).is_none_or(|r| r == resource);
    let many = request.get("ResourceIds").and_then(Value::as_array).filter(|l| !l.is_empty());
    let many = many.is_none_or(|l| l.iter().any(|r| r == resource));
    one && many && request.get("ScalableDimension").and_then(Value::as_str).is_none_or(|d| d == dimension)
}

#[cfg(test)]
mod tests;
