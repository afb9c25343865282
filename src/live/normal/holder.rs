//! Whether another tool says that a table is its own, told by its tags.
//!
//! Rules: `CloudFormation`'s own tag (`aws:cloudformation:stack-name`, which only AWS can write) counts always. Terraform writes no tag
//! of its own, so the few that teams put into `default_tags` count: `terraform` (unless it says no), and `managed-by`, `managed_by`, `ManagedBy` or
//! `managedBy` with the value terraform or opentofu, in any case. A tag that the stack itself manages is the stack's, not another tool's.
//! Called by [`super::table`].

use crate::live::model::Holder;
use std::collections::BTreeSet;

const CLOUDFORMATION: &str = "aws:cloudformation:stack-name";

/// The holder that `tags` name; `managed`: keys that the stack writes.
pub(super) fn holder(tags: &[(String, String)], managed: &BTreeSet<String>) -> Option<Holder> {
    let stack = tags.iter().find(|(key, _)| key == CLOUDFORMATION);
    stack.map(|(_, name)| Holder::CloudFormation(name.clone())).or_else(|| {
        let mut named: Vec<_> = tags.iter().filter(|(key, value)| !managed.contains(key) && terraform(key, value)).collect();
        named.sort();
        named.first().map(|(key, value)| Holder::Terraform(format!("{key}={value}")))
    })
}

fn terraform(key: &str, value: &str) -> bool {
    let (key, value) = (key.to_ascii_lowercase().replace(['_', '-'], ""), value.to_ascii_lowercase());
    match key.as_str() {
        "terraform" => !matches!(value.as_str(), "false" | "no" | "0"),
        "managedby" => matches!(value.as_str(), "terraform" | "opentofu" | "tofu"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(tags: &[(&str, &str)]) -> Option<Holder> {
        let tags: Vec<_> = tags.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        holder(&tags, &BTreeSet::from(["terraform".to_owned()]))
    }

    #[test]
    fn a_tag_of_another_tool_names_the_holder() {
        assert_eq!(of(&[("ManagedBy", "Terraform")]), Some(Holder::Terraform("ManagedBy=Terraform".into())));
        assert_eq!(of(&[("managed-by", "opentofu")]), Some(Holder::Terraform("managed-by=opentofu".into())));
        assert_eq!(of(&[("Terraform", "true")]), Some(Holder::Terraform("Terraform=true".into())));
        let both = [("managed_by", "terraform"), (CLOUDFORMATION, "web")];
        assert_eq!(of(&both), Some(Holder::CloudFormation("web".into())), "AWS's own tag is the surer one");
    }

    #[test]
    fn other_tags_and_the_stacks_own_do_not() {
        for tag in [("managed-by", "hand"), ("Terraform", "false"), ("terraform", "true"), ("team", "terraform"), ("tf", "x")] {
            assert_eq!(of(&[tag]), None, "{tag:?}");
        }
    }
}
