//! Tables that the stack left behind: not in the file, but under its tag, or under its name.
//!
//! Rules: the tag is the proof, a name that begins with the stack's is a hint and said so; one `ListTables`, and the tags of at most 100
//! tables beside the known ones: first those that begin with the stack's name, then those most like a known one. A name that begins so is
//! told beyond the 100, too. What a table that is not ours forbids or has become is no failure.
//! Called by the verbs for a plan.

use super::refresh::{Error, PATIENCE};
use crate::aws::limit::Api;
use crate::aws::patience::Deadline;
use crate::aws::{self, Aws};
use crate::resource::OWNER_TAG;
use futures::stream::{self, StreamExt, TryStreamExt};
use std::cmp::Reverse;
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
    /// Those whose name begins with the stack's and on which no tag was seen: nobody has tagged them, or they were too many to look at.
    pub named: Vec<String>,
    /// How many others were not looked at.
    pub skipped: usize,
}

/// Tables that are not `known` and carry the tag of `stack`, or are only named as if they did.
pub async fn unmanaged(aws: &Aws, stack: &str, known: &BTreeSet<String>) -> Result<Unmanaged, Error> {
    let deadline = aws.deadline(PATIENCE);
    let mut others = aws.patiently(Api::ListTables, deadline, || Box::pin(aws.table_names())).await?;
    others.retain(|name| !known.contains(name));
    let choice = choose(others, stack, known);
    let looks = stream::iter(choice.looked_at).map(|name| async move { owner(aws, &name, deadline).await.map(|owner| (name, owner)) });
    let looks: Vec<(String, Look)> = looks.buffer_unordered(PARALLEL).try_collect().await?;
    let skipped = choice.others + looks.iter().filter(|(_, look)| *look == Look::Denied).count();
    let of = |wanted: &Look| looks.iter().filter(|(_, look)| look == wanted).map(|(name, _)| name.clone()).collect::<BTreeSet<_>>();
    let named = resembling(of(&Look::Nobodys).into_iter().chain(choice.named), stack);
    Ok(Unmanaged { tagged: of(&Look::Owned(stack.to_owned())).into_iter().collect(), named, skipped })
}

/// Of tables that nobody is known to own, sorted, those that are named as if they were the stack's.
fn resembling(nobodys: impl Iterator<Item = String>, stack: &str) -> Vec<String> {
    nobodys.filter(|name| begins(name, stack)).collect::<BTreeSet<_>>().into_iter().collect()
}

/// Whose tags are read, and what is left of the rest.
#[derive(Debug, PartialEq, Eq)]
struct Choice {
    looked_at: Vec<String>,
    /// Beyond that, those whose name begins with the stack's.
    named: Vec<String>,
    /// How many more there are.
    others: usize,
}

fn choose(mut all: Vec<String>, stack: &str, known: &BTreeSet<String>) -> Choice {
    all.sort_by_cached_key(|name| (!begins(name, stack), Reverse(likeness(name, stack, known)), name.clone()));
    let beyond = all.split_off(all.len().min(LOOK_AT_MOST));
    let (named, others): (Vec<_>, Vec<_>) = beyond.into_iter().partition(|name| begins(name, stack));
    Choice { looked_at: all, named, others: others.len() }
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
    fn of_nobodys_tables_those_of_the_stacks_name_resemble_it() {
        let nobodys = ["shop-b", "shopping", "Orders", "shop-a"].map(str::to_owned);
        assert_eq!(resembling(nobodys.into_iter(), "shop"), ["shop-a", "shop-b"]);
    }

    #[test]
    fn those_of_the_stacks_name_are_looked_at_first_then_the_most_alike() {
        let known = BTreeSet::from(["Users".to_owned()]);
        let names = ["Orders", "UsersOld", "shop-b", "shopping", "shop-a"].map(str::to_owned);
        let choice = choose(names.into(), "shop", &known);
        assert_eq!(choice.looked_at, ["shop-a", "shop-b", "UsersOld", "shopping", "Orders"]);
        assert_eq!((choice.named, choice.others), (Vec::new(), 0));
    }

    #[test]
    fn of_those_beyond_the_most_the_stacks_names_are_told_and_only_the_others_counted() {
        let known = BTreeSet::from(["Users".to_owned()]);
        let of = |prefix: &str, count: usize| (0..count).map(|n| format!("{prefix}{n:03}")).collect::<Vec<_>>();
        let cases = [
            // Names of the stack, others; looked at of the former, told by name, counted.
            ((0, 100), (0, 0, 0)),
            ((30, 100), (30, 0, 30)),
            ((100, 1), (100, 0, 1)),
            ((103, 2), (100, 3, 2)),
        ];
        for ((ours, others), expected) in cases {
            let choice = choose([of("Users", others), of("shop-", ours)].concat(), "shop", &known);
            assert_eq!(choice.looked_at.len(), 100);
            let looked_at = choice.looked_at.iter().filter(|name| begins(name, "shop")).count();
            assert_eq!((looked_at, choice.named.len(), choice.others), expected);
            assert_eq!(choice.named, of("shop-", ours)[looked_at..]);
        }
    }
}
