//! Expressions that are too large, refused before the engine reads them: it calls itself for every parenthesis, and would run out of stack.
//! And a function's name in the wrong case, which the engine takes in a key condition.
//!
//! Rule (Amazon DynamoDB Developer Guide, quotas, "Expression parameters"): 300 operators and functions in one expression; the `=` of a
//! `SET` is none. What nests deeper with so few operators has parentheses that say nothing, which AWS refuses too.
//! Pure; called by `data` for every expression of a request.

use crate::local::fault::Fault;

/// Operators and functions of one expression, and its bytes (quotas page).
const MOST: usize = 300;
const BYTES: usize = 4096;

/// Refuses the expression `text` of the member `name` when it is too large, or names `begins_with` in another case.
pub(super) fn check(name: &str, text: &str) -> Result<(), Fault> {
    if text.len() > BYTES {
        // The engine looks at that first of all, and has AWS's words for it.
        return Ok(());
    }
    let refuse = |why: String| Err(Fault::invalid(format!("Invalid {name}: {why}")));
    if depth(text) > MOST {
        return refuse("The expression has redundant parentheses;".into());
    }
    if operators(text, name != "UpdateExpression") > MOST {
        return refuse(format!("The expression contains too many operators; operator count: {}", MOST + 1));
    }
    match other_case(text) {
        Some(function) if name == "KeyConditionExpression" => refuse(format!("Invalid function name; function: {function}")),
        _ => Ok(()),
    }
}

/// `begins_with` in another case: "The function name begins_with is case-sensitive" (API reference, `Query`).
fn other_case(text: &str) -> Option<&str> {
    const RIGHT: &str = "begins_with";
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || ['_', '#', ':'].contains(&c)));
    words.into_iter().find(|word| word.eq_ignore_ascii_case(RIGHT) && *word != RIGHT)
}

/// The parentheses that are open at most.
fn depth(text: &str) -> usize {
    let (mut open, mut most) = (0_usize, 0);
    for byte in text.bytes() {
        match byte {
            b'(' => open += 1,
            b')' => open = open.saturating_sub(1),
            _ => {}
        }
        most = most.max(open);
    }
    most
}

/// The operators and functions; comparisons only where `compares`.
fn operators(text: &str, compares: bool) -> usize {
    let is_word = |c: char| c.is_ascii_alphanumeric() || ['_', '#', ':'].contains(&c);
    let (mut count, mut between) = (0, false);
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let word = &rest[..rest.find(|c| !is_word(c)).unwrap_or(rest.len())];
        let taken = if word.is_empty() { symbol(rest, first) } else { word.len() };
        count += usize::from(match word.to_ascii_uppercase().as_str() {
            "" => ['+', '-'].contains(&first) || (compares && ['=', '<', '>'].contains(&first)),
            "AND" => !std::mem::take(&mut between),
            "BETWEEN" => {
                between = true;
                true
            }
            "OR" | "NOT" | "IN" => true,
            _ => rest[taken..].trim_start().starts_with('('),
        });
        rest = &rest[taken..];
    }
    count
}

/// The length of a symbol: `<=`, `>=` and `<>` are one.
fn symbol(rest: &str, first: char) -> usize {
    if ["<=", ">=", "<>"].iter().any(|two| rest.starts_with(two)) { 2 } else { first.len_utf8() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_and_functions_are_counted_as_the_guide_counts_them() {
        for (text, count) in [
            ("a = :b", 1),
            ("a<=:b AND NOT #and >= :or", 4),
            ("a BETWEEN :b AND :c and d IN (:e, :f)", 3),
            ("attribute_exists (a) or size(b) <> :c", 4),
            ("contains(ü, :c)", 1),
        ] {
            assert_eq!(operators(text, true), count, "{text}");
        }
        // The guide's own example.
        assert_eq!(operators("SET a = :val1 + :val2 + :val3", false), 2);
    }

    #[test]
    fn what_is_too_large_is_refused_and_so_is_a_function_in_another_case() {
        let told = |text: String| check("ConditionExpression", &text).map_err(|f| f.message);
        assert_eq!(told(format!("a<b {}{}", "or (a<b ".repeat(149), ")".repeat(149))), Ok(()));
        assert_eq!(told(format!("{}attribute_exists(a)", "NOT ".repeat(299))), Ok(()));
        let many = told(format!("{}attribute_exists(a)", "NOT ".repeat(300)));
        assert!(many.is_err_and(|m| m.ends_with("too many operators; operator count: 301")));
        let called = |function: &str| check("KeyConditionExpression", &format!("a = :a AND {function}(b, :b)")).map_err(|f| f.message);
        assert_eq!(called("begins_with"), Ok(()));
        assert!(called("BEGINS_WITH").is_err_and(|m| m.ends_with("Invalid function name; function: BEGINS_WITH")));
        assert!(told("(".repeat(4096)).is_err_and(|m| m.contains("redundant parentheses")));
        assert_eq!(told("(".repeat(4097)), Ok(()), "its size is what the engine refuses");
    }

    /// It ends: at each blank the rest was looked through once.
    #[test]
    fn what_is_longer_than_an_expression_may_be_costs_nothing_here() {
        let blanks = format!("a = :b{}", " ".repeat(1 << 20));
        assert_eq!(check("ConditionExpression", &blanks).map_err(|f| f.message), Ok(()), "the engine refuses it");
        assert_eq!(operators(&blanks, true), 1);
    }
}
