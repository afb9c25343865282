//! The classic query protocol: flattened parameters in, XML out.

use super::node::Node;
use crate::local::form;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

#[derive(Default)]
struct Branch {
    value: Option<String>,
    children: BTreeMap<String, Self>,
}

/// `A.member.1.B=x` as `{"A": [{"B": "x"}]}`.
pub(super) fn read(body: &[u8]) -> Value {
    let mut root = Branch::default();
    for (name, value) in form::parse(body) {
        // No parameter of CloudWatch is nested deeper; what is, cannot be meant.
        let path = name.split('.').take(16);
        let leaf = path.fold(&mut root, |branch, part| branch.children.entry(part.to_owned()).or_default());
        leaf.value = Some(value);
    }
    tree(root)
}

fn tree(branch: Branch) -> Value {
    if let Some(value) = branch.value {
        return value.into();
    }
    let mut children = branch.children;
    match children.remove("member") {
        Some(list) if children.is_empty() => {
            let mut items: Vec<(u64, Value)> = list.children.into_iter().map(|(n, b)| (n.parse().unwrap_or(u64::MAX), tree(b))).collect();
            items.sort_by_key(|(number, _)| *number);
            items.into_iter().map(|(_, item)| item).collect()
        }
        _ => Value::Object(children.into_iter().map(|(name, child)| (name, tree(child))).collect::<Map<_, _>>()),
    }
}

/// The whole XML of a reply.
pub(super) fn write(operation: &str, answer: &Node, id: &str) -> String {
    let mut result = String::new();
    answer.xml(&mut result);
    format!(
        "<{operation}Response xmlns=\"http://monitoring.amazonaws.com/doc/2010-08-01/\"><{operation}Result>{result}</{operation}Result>\
         <ResponseMetadata><RequestId>{id}</RequestId></ResponseMetadata></{operation}Response>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flattened_parameters_become_a_tree_in_numeric_order() {
        let tree = read(b"Action=X&D.member.10.Name=c&D.member.2.Name=b&D.member.1.Name=a&S.T=1");
        insta::assert_snapshot!(tree.to_string(), @r#"{"Action":"X","D":[{"Name":"a"},{"Name":"b"},{"Name":"c"}],"S":{"T":"1"}}"#);
    }

    #[test]
    fn nested_beyond_reason_is_cut() {
        let deep = format!("{}=1", "a.".repeat(100_000));
        assert!(read(deep.as_bytes()).is_object());
    }
}
