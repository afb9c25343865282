//! Tables that the stack left behind: not in the file, but under its tag, or under its name.
//!
//! Rules: the tag is the proof, a name that begins with the stack's is a hint and said so; one `ListTables`, and the tags of at most 100
//! tables beside the known ones, those most like a known one first. What a table that is not ours forbids or has become is no failure.
//! Called by the verbs for a plan.

use super::refresh::{Error, PATIENCE};
use crate::aws::limit::Api;
use crate::aws::patience::Deadline;
use crate::aws::{self, Aws};
use crate::resource::OWNER_TAG;
use futures::stream::{self, StreamExt, TryStreamExt};
use std::collections::BTreeSet;

/// Tables outside the file whose tags are read.
const LOOK_AT_MOST: usize = 100;
/// Tags read at once.
const PARALLEL: usize = 16;

/// Tables that are not `known`, sorted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unmanaged {
    /// Those that carry the stack's tag.
    pub tagged: Vec<String>,
    /// Those that nobody has tagged and whose name begins with the stack's.
    pub named: Vec<String>,
    /// How many others were not looked at.
    pub skipped: usize,
}

/// Tables that are not `known` and carry the tag of `stack`, or are only named as if they did.
pub async fn unmanaged(aws: &Aws, stack: &str, known: &BTreeSet<String>) -> Result<Unmanaged, Error> {
    let deadline = aws.deadline(PATIENCE);
    let mut others = aws.patiently(Api::ListTables, deadline, || Box::pin(aws.table_names())).await?;
    others.retain(|name| !known.contains(name));
    others.sort_by_key(|name| (std::cmp::Reverse(likeness(name, stack, known)), name.clone()));
    let beyond = others.split_off(others.len().min(LOOK_AT_MOST));
    let looks = stream::iter(others).map(|name| async move { owner(aws, &name, deadline).await.map(|owner| (name, owner)) });
    let looks: Vec<(String, Look)> = looks.buffer_unordered(PARALLEL).try_collect().await?;
    let skipped = beyond.len() + looks.iter().filter(|(_, look)| *look == Look::Denied).count();
    let of = |wanted: &Look| {
        let all: BTreeSet<&String> = looks.iter().filter(|(_, look)| look == wanted).map(|(name, _)| name).collect();
        all.into_iter().cloned().collect::<Vec<_>>()
    };
    let named = of(&Look::Nobodys).into_iter().filter(|name| begins(name, stack)).collect();
    Ok(Unmanaged { tagged: of(&Look::Owned(stack.to_owned())), named, skipped })
}

/// What the tags of a table say.
#[derive(Debug, PartialEq, Eq)]
enum Look {
    Owned(String),
    Nobodys,
    Denied,
}

async fn owner(aws: &Aws, name: &str, deadline: Deadline) -> Result<Look, aws::Error> {
    let arn = aws.table_arn(name);
    match aws.patiently(Api::ListTagsOfResource, deadline, || aws.table_tags(&arn)).await {
        Ok(tags) => Ok(tags.into_iter().find(|(key, _)| key == OWNER_TAG).map_or(Look::Nobodys, |(_, stack)| Look::Owned(stack))),
        Err(error) if error.is("AccessDeniedException") => Ok(Look::Denied),
        // Gone since it was listed: neither ours nor worth a word.
        Err(error) if error.is("ResourceNotFoundException") => Ok(Look::Owned(String::new())),
        Err(error) => Err(error),
    }
}

/// Whether `name` is the stack's name, a separator, and more.
fn begins(name: &str, stack: &str) -> bool {
    name.strip_prefix(stack).is_some_and(|rest| rest.len() > 1 && rest.starts_with(['-', '_', '.']))
}

/// How many leading bytes `name` shares with the known name, or the stack's, that is most like it.
fn likeness(name: &str, stack: &str, known: &BTreeSet<String>) -> usize {
    let shared = |other: &str| name.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
    known.iter().map(String::as_str).chain([stack]).map(shared).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_stacks_only_after_a_separator() {
        assert!(begins("shop-Orders", "shop") && begins("shop_a", "shop") && begins("shop.a", "shop"));
        assert!(!begins("shopping", "shop") && !begins("shop", "shop") && !begins("shop-", "shop") && !begins("a-shop-b", "shop"));
    }

    #[test]
    fn the_most_alike_are_looked_at_first() {
        let known = BTreeSet::from(["Users".to_owned()]);
        assert!(likeness("UsersOld", "shop", &known) > likeness("Orders", "shop", &known));
        assert!(likeness("shop-x", "shop", &known) > likeness("Orders", "shop", &known));
    }
}
