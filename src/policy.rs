//! Resource policies as meaning, not as text: the canonical form in which equal policies are equal strings.
//!
//! Rules, each with a test: one string and a list of one are the same; lists of actions, resources, principals and condition values are
//! sets; the order of statements does not count; `"*"` as principal is `{"AWS": "*"}`; an account's id is its root ARN; the case of
//! action names does not count; a policy without a version is of 2008-10-17; `true` and `"true"` are one condition value.
//! Everything else is a difference. The canonical text is itself a policy of the same meaning, so it is what AWS is sent.
//! Source: IAM user guide, "Grammar of the IAM JSON policy language" and "AWS JSON policy elements: Principal".
//!
//! Key insight: the short spelling is the canonical one (the id, not the ARN), because it is right in every AWS partition.
//! Called by `stack` (desired) and `live::normal` (live), so both sides pass the same door.

mod json;

use json::Node;
use std::collections::BTreeMap;

/// The version that AWS assumes where none is written.
const FIRST_VERSION: &str = "2008-10-17";

/// The canonical JSON of a policy document; an error says what is wrong with it, without repeating more of it than a key.
///
/// # Errors
/// The text is not JSON, holds a key twice, nests too deep, or is no object with at least one `Statement`.
pub fn canonical(text: &str) -> Result<String, String> {
    let node: Node = serde_json::from_str(text).map_err(|e| format!("not JSON: {e}"))?;
    let Node::Object(mut policy) = node else { return Err("a policy is a JSON object".into()) };
    let Some(statements) = policy.remove("Statement") else { return Err("a policy has a `Statement`".into()) };
    policy.insert("Statement".into(), Node::List(statements_of(statements)?));
    policy.entry("Version".into()).or_insert_with(|| Node::Text(FIRST_VERSION.into()));
    Ok(Node::Object(policy).render())
}

/// The statements as a set.
fn statements_of(node: Node) -> Result<Vec<Node>, String> {
    let list = match node {
        Node::List(list) => list,
        one => vec![one],
    };
    let statements: Vec<Node> = list.into_iter().map(statement).collect::<Result<_, _>>()?;
    if statements.is_empty() { Err("`Statement` holds no statement".into()) } else { Ok(sorted(statements)) }
}

fn statement(node: Node) -> Result<Node, String> {
    let Node::Object(statement) = node else { return Err("each statement is a JSON object".into()) };
    let part_of = |(key, node): (String, Node)| {
        let node = match key.as_str() {
            "Action" | "NotAction" => set(node, action),
            "Resource" | "NotResource" => set(node, same),
            "Principal" | "NotPrincipal" => principal(node),
            "Condition" => condition(node),
            _ => node,
        };
        (key, node)
    };
    Ok(Node::Object(statement.into_iter().map(part_of).collect()))
}

/// Everybody in one word is everybody of AWS's.
fn principal(node: Node) -> Node {
    match node {
        Node::Text(everybody) if everybody == "*" => Node::Object(BTreeMap::from([("AWS".into(), Node::Text(everybody))])),
        Node::Object(kinds) => {
            let of_kind = |(kind, who): (String, Node)| {
                let who = if kind == "AWS" { set(who, account) } else { set(who, same) };
                (kind, who)
            };
            Node::Object(kinds.into_iter().map(of_kind).collect())
        }
        other => other,
    }
}

/// Operators, in them condition keys, in them sets of values.
fn condition(node: Node) -> Node {
    each(node, |operator| each(operator, |values| set(values, word)))
}

fn each(node: Node, change: impl Fn(Node) -> Node) -> Node {
    match node {
        Node::Object(object) => Node::Object(object.into_iter().map(|(key, node)| (key, change(node))).collect()),
        other => other,
    }
}

/// A set: one or many, in order, none twice; a set of one is written without its list.
fn set(node: Node, change: fn(Node) -> Node) -> Node {
    let Node::List(list) = node else { return change(node) };
    let mut list = sorted(list.into_iter().map(change).collect());
    // A list in a list is nobody's policy; unwrapping it would make it one.
    match list.pop() {
        Some(only) if list.is_empty() && !matches!(only, Node::List(_)) => only,
        popped => {
            list.extend(popped);
            Node::List(list)
        }
    }
}

fn sorted(mut list: Vec<Node>) -> Vec<Node> {
    list.sort_by_cached_key(Node::render);
    list.dedup();
    list
}

fn same(node: Node) -> Node {
    node
}

fn action(node: Node) -> Node {
    if let Node::Text(name) = node { Node::Text(name.to_ascii_lowercase()) } else { node }
}

/// `arn:aws:iam::123456789012:root` is the account `123456789012`.
fn account(node: Node) -> Node {
    let Node::Text(who) = node else { return node };
    let id = match who.split(':').collect::<Vec<_>>()[..] {
        ["arn", partition, "iam", "", id, "root"] if partition.starts_with("aws") && is_account(id) => id.to_owned(),
        _ => who,
    };
    Node::Text(id)
}

fn is_account(id: &str) -> bool {
    id.len() == 12 && id.bytes().all(|b| b.is_ascii_digit())
}

fn word(node: Node) -> Node {
    match node {
        Node::Bool(value) => Node::Text(value.to_string()),
        Node::Number(value) => Node::Text(value.to_string()),
        other => other,
    }
}

#[cfg(test)]
mod tests;
