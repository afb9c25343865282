//! Names from the stack, looked up in the catalogue and quoted in its spelling.
//!
//! Rules: exact spelling first, then any case where only one name fits; a miss names the nearest; nothing from the stack
//! reaches SQL text except through [`find`] and [`quote`].
//! Called by the three engines.

use super::Error;
use crate::safe;

/// A relation as the catalogue spells it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Qualified {
    pub(super) schema: String,
    pub(super) name: String,
}

impl std::fmt::Display for Qualified {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.schema, self.name)
    }
}

/// `name` between two `mark`s, with each `mark` in it doubled.
pub(super) fn quote(name: &str, mark: char) -> String {
    let mut out = String::with_capacity(name.len() + 2);
    out.push(mark);
    for c in name.chars() {
        if c == mark {
            out.push(mark);
        }
        out.push(c);
    }
    out.push(mark);
    out
}

/// The relation that `wanted` (`name` or `schema.name`) means among `all`. A bare name means one of the `default` schemas,
/// the first that has it.
pub(super) fn find<'a>(wanted: &str, all: &'a [Qualified], default: &[String]) -> Result<&'a Qualified, Error> {
    refuse_nul(wanted)?;
    let exact = |a: &str, b: &str| a == b;
    let folded = |a: &str, b: &str| a.to_lowercase() == b.to_lowercase();
    for same in [&exact as &dyn Fn(&str, &str) -> bool, &folded] {
        if let Some(found) = bare(wanted, all, default, same)? {
            return Ok(found);
        }
        if let Some(found) = qualified(wanted, all, same)? {
            return Ok(found);
        }
    }
    Err(missing_relation(wanted, all, default))
}

fn bare<'a>(
    wanted: &str,
    all: &'a [Qualified],
    default: &[String],
    same: &dyn Fn(&str, &str) -> bool,
) -> Result<Option<&'a Qualified>, Error> {
    for schema in default {
        let fits: Vec<_> = all.iter().filter(|q| q.schema == *schema && same(&q.name, wanted)).collect();
        if let Some(found) = only(wanted, &fits)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// Every dot may be the one between schema and name: both may hold dots of their own.
fn qualified<'a>(wanted: &str, all: &'a [Qualified], same: &dyn Fn(&str, &str) -> bool) -> Result<Option<&'a Qualified>, Error> {
    let splits = || wanted.match_indices('.').map(|(i, _)| (&wanted[..i], &wanted[i + 1..]));
    let fits: Vec<_> = all.iter().filter(|q| splits().any(|(s, n)| same(&q.schema, s) && same(&q.name, n))).collect();
    only(wanted, &fits)
}

fn only<'a>(wanted: &str, fits: &[&'a Qualified]) -> Result<Option<&'a Qualified>, Error> {
    match fits {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        many => Err(Error::Missing(format!(
            "the source has no {} in that spelling, but several that differ in case: {}; spell one of them exactly",
            safe::text(wanted),
            many.iter().map(|q| safe::text(&q.to_string())).collect::<Vec<_>>().join(", ")
        ))),
    }
}

fn missing_relation(wanted: &str, all: &[Qualified], default: &[String]) -> Error {
    let spelled = |q: &Qualified| if default.contains(&q.schema) && !wanted.contains('.') { q.name.clone() } else { q.to_string() };
    let names: Vec<String> = all.iter().map(spelled).collect();
    let hint = match nearest(wanted, names.iter().map(String::as_str)) {
        Some(near) => format!("did you mean {}?", safe::text(near)),
        None => "check the name, and that the login may see it".to_owned(),
    };
    Error::Missing(format!("the source has no table or view {}: {hint}", safe::text(wanted)))
}

/// The position of the column that `wanted` means in `relation`.
pub(super) fn column(wanted: &str, relation: &str, names: &[&str]) -> Result<usize, Error> {
    refuse_nul(wanted)?;
    if let Some(i) = names.iter().position(|n| *n == wanted) {
        return Ok(i);
    }
    let fits: Vec<usize> = (0..names.len()).filter(|i| names[*i].to_lowercase() == wanted.to_lowercase()).collect();
    if let [one] = fits[..] {
        return Ok(one);
    }
    let hint = match (fits.len(), nearest(wanted, names.iter().copied())) {
        (2.., _) => "several differ from it only in case; spell one of them exactly".to_owned(),
        (_, Some(near)) => format!("did you mean {}?", safe::text(near)),
        (_, None) => format!("it has {}", safe::text(&names.join(", "))),
    };
    Err(Error::Missing(format!("{} has no column {}: {hint}", safe::text(relation), safe::text(wanted))))
}

/// The name most like `wanted`, if one is like enough to be a slip of the fingers.
fn nearest<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let folded = wanted.to_lowercase();
    names
        .map(|n| (strsim::jaro_winkler(&folded, &n.to_lowercase()), n))
        .filter(|(score, _)| *score > 0.7)
        .map(|(score, n)| (score, strsim::jaro_winkler(wanted, n), n))
        .max_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)))
        .map(|(_, _, n)| n)
}

fn refuse_nul(wanted: &str) -> Result<(), Error> {
    if wanted.contains('\0') {
        return Err(Error::Missing(format!("{} holds a NUL character, which no SQL name can: take it out", safe::text(wanted))));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all() -> Vec<Qualified> {
        [("public", "users"), ("public", "Users"), ("public", "Orders"), ("sales", "orders"), ("sales", "a.b")]
            .map(|(s, n)| Qualified { schema: s.into(), name: n.into() })
            .to_vec()
    }

    #[test]
    fn names_resolve_exactly_then_by_case_then_by_schema() {
        let default = ["public".to_owned()];
        for (wanted, found) in [
            ("users", "public.users"),
            ("Users", "public.Users"),
            ("orders", "public.Orders"),
            ("ORDERS", "public.Orders"),
            ("sales.orders", "sales.orders"),
            ("SALES.ORDERS", "sales.orders"),
            ("sales.a.b", "sales.a.b"),
            ("public.users", "public.users"),
        ] {
            assert_eq!(find(wanted, &all(), &default).expect(wanted).to_string(), found, "{wanted}");
        }
    }

    #[test]
    fn a_name_that_is_not_there_or_not_clear_is_refused_with_a_hint() {
        let default = ["public".to_owned()];
        for (wanted, text) in [
            ("USERS", "several that differ in case: public.users, public.Users; spell one of them exactly"),
            ("user", "no table or view user: did you mean users?"),
            ("sales.order", "did you mean sales.orders?"),
            ("zzz", "check the name, and that the login may see it"),
            ("us\0ers", "NUL"),
            ("users\"; drop table users; --", "no table or view"),
        ] {
            let error = find(wanted, &all(), &default).expect_err(wanted).to_string();
            assert!(error.contains(text), "{wanted:?}: {error}");
        }
    }

    #[test]
    fn columns_resolve_like_relations() {
        assert_eq!(column("ID", "users", &["name", "id"]).expect("by case"), 1);
        assert_eq!(column("id", "users", &["ID", "id"]).expect("exact"), 1);
        let error = |wanted| column(wanted, "users", &["user_id", "email", "EMAIL"]).expect_err("missing").to_string();
        assert_eq!(error("userid"), "users has no column userid: did you mean user_id?");
        assert_eq!(error("Email"), "users has no column Email: several differ from it only in case; spell one of them exactly");
    }

    /// Reads a quoted name as SQL does, or `None` when it ends early.
    fn unquote(sql: &str, mark: char) -> Option<String> {
        let mut out = String::new();
        let mut rest = sql.strip_prefix(mark)?.strip_suffix(mark)?.chars().peekable();
        while let Some(c) = rest.next() {
            if c == mark && rest.next() != Some(mark) {
                return None;
            }
            out.push(c);
        }
        Some(out)
    }

    proptest! {
        #[test]
        fn a_quoted_name_reads_back_as_itself(name in "[a\"`;\\\\-]{0,12}") {
            for mark in ['"', '`'] {
                prop_assert_eq!(unquote(&quote(&name, mark), mark), Some(name.clone()));
            }
        }
    }
}
