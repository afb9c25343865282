//! "Did you mean": the valid name that a mistyped one is closest to.

/// The candidate nearest to `name`, if one is near enough to be meant: equal but for case, or about one edit in three characters.
pub(super) fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| near_enough(*distance, candidate.chars().count()))
        .min()
        .map(|(_, candidate)| candidate)
}

/// One edit in three characters, but never all of them: `X` is not meant as `B`.
fn near_enough(distance: usize, length: usize) -> bool {
    distance <= length.max(3) / 3 && distance < length
}

/// Help for a name that is not one of `candidates`: the nearest, or else all of them.
pub(super) fn hint<'a>(name: &str, noun: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let all: Vec<&str> = candidates.into_iter().collect();
    match nearest(name, all.iter().copied()) {
        Some(near) => Some(format!("did you mean `{near}`?")),
        None if all.is_empty() => None,
        None => Some(format!("{noun}: {}", list(&all))),
    }
}

/// "`a`, `b` and `c`".
pub(super) fn list(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|n| format!("`{n}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant_and_nothing_else() {
        let keys = ["capacity", "protect", "ttl", "recovery", "S"];
        for (typed, meant) in
            [("capcity", Some("capacity")), ("Protect", Some("protect")), ("tll", Some("ttl")), ("billing", None), ("x", None)]
        {
            assert_eq!(nearest(typed, keys), meant, "{typed}");
        }
    }

    #[test]
    fn without_a_near_name_all_are_listed() {
        assert_eq!(hint("zzz", "keys", ["a", "b", "c"]).as_deref(), Some("keys: `a`, `b` and `c`"));
        assert_eq!(hint("zzz", "keys", []), None);
    }
}
