//! Column names to attribute names, for the `"*"` rule.
//!
//! Rules: a name is cut into words at everything that is no letter or digit, and where a small letter or digit meets a capital
//! one (`userId`, `HTTPServer` = `HTTP` + `Server`); then the words are joined in the style asked for. Two columns that land on
//! one name are found by `encode`, not here.
//! Called by `encode` and `backward`.

use super::rule::Rest;

impl Rest {
    /// The attribute name of `column`: `user_id` → `userId`, `ID` → `id`, `last_login_2` → `lastLogin2` in camel case.
    /// `None` when the column has no letter or digit to make a name of.
    pub fn name(self, column: &str) -> Option<String> {
        if self == Self::Same {
            return Some(column.to_owned());
        }
        let words = words(column);
        let name = match self {
            Self::Same | Self::SnakeCase => words.join("_"),
            Self::PascalCase => words.iter().map(|word| capital(word)).collect(),
            Self::CamelCase => words.iter().enumerate().map(|(i, word)| if i == 0 { word.clone() } else { capital(word) }).collect(),
        };
        (!name.is_empty()).then_some(name)
    }
}

/// In small letters.
fn words(column: &str) -> Vec<String> {
    let chars: Vec<char> = column.chars().collect();
    let mut words: Vec<String> = Vec::new();
    let mut inside = false;
    for (i, c) in chars.iter().enumerate() {
        let before = i.checked_sub(1).and_then(|i| chars.get(i));
        if !inside || starts_word(before.copied(), *c, chars.get(i + 1).copied()) {
            words.push(String::new());
        }
        inside = c.is_alphanumeric();
        if let (true, Some(word)) = (inside, words.last_mut()) {
            word.extend(c.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn starts_word(before: Option<char>, c: char, after: Option<char>) -> bool {
    let capital_before = before.is_some_and(char::is_uppercase);
    c.is_uppercase() && (!capital_before || after.is_some_and(char::is_lowercase))
}

fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_style() {
        let table = [
            ("user_id", "userId", "UserId", "user_id"),
            ("ID", "id", "Id", "id"),
            ("last_login_2", "lastLogin2", "LastLogin2", "last_login_2"),
            ("userId", "userId", "UserId", "user_id"),
            ("HTTPServer", "httpServer", "HttpServer", "http_server"),
            ("ORDER_ID", "orderId", "OrderId", "order_id"),
            ("_id", "id", "Id", "id"),
            ("a__b-c d.e", "aBCDE", "ABCDE", "a_b_c_d_e"),
            ("address2Line", "address2Line", "Address2Line", "address2_line"),
            ("größe_ÄUSSEN", "größeÄussen", "GrößeÄussen", "größe_äussen"),
        ];
        for (column, camel, pascal, snake) in table {
            assert_eq!(Rest::CamelCase.name(column).as_deref(), Some(camel), "{column}");
            assert_eq!(Rest::PascalCase.name(column).as_deref(), Some(pascal), "{column}");
            assert_eq!(Rest::SnakeCase.name(column).as_deref(), Some(snake), "{column}");
            assert_eq!(Rest::Same.name(column).as_deref(), Some(column));
        }
        assert_eq!(Rest::CamelCase.name("__"), None);
        assert_eq!(Rest::CamelCase.name(""), None);
    }
}
