//! PostgreSQL's `numeric`: base-10000 digits and a scale, read without a float.
//!
//! Facts: `numeric_send` in the server's `numeric.c`: count of digits, weight, sign (or NaN and the infinities), display scale,
//! then the digits, each worth 10000 to the power of its weight. Pure; called by `decode`.

use crate::mapping::{Number, Value};
use std::fmt::Write;

/// The value of `raw`; the error says what is wrong with the bytes.
pub(super) fn numeric(raw: &[u8]) -> Result<Value, String> {
    let mut words = raw.chunks(2).map(|c| c.try_into().map(u16::from_be_bytes).map_err(|_| "a numeric of odd length".to_owned()));
    let mut word = || words.next().unwrap_or_else(|| Err("a numeric that ends early".to_owned()));
    let (count, weight, sign, _scale) = (word()?, word()?.cast_signed(), word()?, word()?);
    match sign {
        0xC000 => return Ok(Value::NotANumber("NaN")),
        0xD000 => return Ok(Value::NotANumber("Infinity")),
        0xF000 => return Ok(Value::NotANumber("-Infinity")),
        _ => {}
    }
    let mut text = String::from(if sign == 0x4000 { "-0" } else { "0" });
    for _ in 0..count {
        let digit = word()?;
        if digit > 9999 {
            return Err("a numeric with a digit over 9999".to_owned());
        }
        write!(text, "{digit:04}").map_err(|e| e.to_string())?;
    }
    // The digits are an integer now; the first is worth 10000^weight, so the last is worth 10000^(weight + 1 - count).
    let exponent = (i64::from(weight) + 1 - i64::from(count)) * 4;
    Number::parse(&format!("{text}e{exponent}")).map(Value::Number).ok_or_else(|| "a numeric that does not read as a number".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(words: &[u16]) -> Vec<u8> {
        words.iter().flat_map(|w| w.to_be_bytes()).collect()
    }

    #[test]
    fn digits_weight_sign_and_scale_make_the_number() {
        let minus_one = 0xFFFF;
        for (words, expected) in [
            (vec![0, 0, 0, 0], "0"),
            (vec![1, 0, 0, 0, 7], "7"),
            (vec![1, 0, 0x4000, 0, 7], "-7"),
            (vec![2, 1, 0, 0, 1, 2], "10002"),
            (vec![2, 0, 0, 2, 12, 3400], "12.34"),
            (vec![1, minus_one, 0, 4, 1], "0.0001"),
            (vec![1, minus_one - 1, 0, 8, 1], "0.00000001"),
            (vec![1, 2, 0, 0, 5], "500000000"),
            (vec![5, 4, 0, 0, 9999, 9999, 9999, 9999, 9999], "99999999999999999999"),
        ] {
            assert_eq!(numeric(&raw(&words)), Ok(Value::Number(Number::parse(expected).expect(expected))), "{expected}");
        }
    }

    #[test]
    fn what_is_no_number_says_so_and_broken_bytes_are_errors() {
        assert_eq!(numeric(&raw(&[0, 0, 0xC000, 0])), Ok(Value::NotANumber("NaN")));
        assert_eq!(numeric(&raw(&[0, 0, 0xD000, 0])), Ok(Value::NotANumber("Infinity")));
        assert_eq!(numeric(&raw(&[0, 0, 0xF000, 0])), Ok(Value::NotANumber("-Infinity")));
        for bad in [raw(&[2, 0, 0, 0, 1]), raw(&[1, 0, 0, 0, 10000]), vec![0, 0, 0], Vec::new()] {
            assert!(numeric(&bad).is_err(), "{bad:?}");
        }
    }
}
