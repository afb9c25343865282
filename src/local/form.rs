//! The `application/x-www-form-urlencoded` body of AWS's query protocol, decoded.

/// Name and value pairs in their order; what is not valid UTF-8 becomes the replacement character.
pub(crate) fn parse(body: &[u8]) -> Vec<(String, String)> {
    body.split(|b| *b == b'&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let mut halves = pair.splitn(2, |b| *b == b'=');
            let mut half = || decode(halves.next().unwrap_or_default());
            (half(), half())
        })
        .collect()
}

fn decode(text: &[u8]) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, tail @ ..] = rest {
        let (byte, after) = match (first, tail) {
            (b'+', _) => (b' ', tail),
            (b'%', [a, b, after @ ..]) => match (digit(*a), digit(*b)) {
                (Some(high), Some(low)) => (high * 16 + low, after),
                _ => (b'%', tail),
            },
            _ => (*first, tail),
        };
        out.push(byte);
        rest = after;
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|d| u8::try_from(d).ok())
}

/// The value of `name`.
pub(crate) fn get<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
}

/// `text` for use between XML tags.
pub(crate) fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c if c.is_control() && c != '\n' && c != '\t' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_what_clients_send_and_survives_what_they_should_not() {
        let pairs = parse(b"Action=Get+It&Name=a%2Fb%20c&Bad=%zz&Short=%2&Empty");
        assert_eq!(get(&pairs, "Action"), Some("Get It"));
        assert_eq!(get(&pairs, "Name"), Some("a/b c"));
        assert_eq!(get(&pairs, "Bad"), Some("%zz"));
        assert_eq!(get(&pairs, "Short"), Some("%2"));
        assert_eq!(get(&pairs, "Empty"), Some(""));
    }

    #[test]
    fn xml_text_cannot_open_a_tag() {
        assert_eq!(xml("<a>&\u{1}"), "&lt;a&gt;&amp;\u{fffd}");
    }
}
