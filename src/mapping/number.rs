//! DynamoDB's number: up to 38 significant digits, 1E-130 to 9.99…E+125, never a float on the way.
//!
//! Purpose: one exact decimal that every engine's numbers land in, of any length, so that "does not fit" is found and
//! named here and never rounded away.
//! Rules: one spelling per value, so that `==`, `Hash` and `Ord` agree with arithmetic; `-0` is `0`.
//! Key insight: as `0.DIGITS × 10^point` with no zero at either end, order is sign, then `point`, then the digits as text.
//! Called by the whole mapping room, and by `source` for every numeric column.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::cmp::Ordering;

/// A decimal of any length, normalised (no leading or trailing zeros, one spelling), so that equal numbers are equal values.
/// Its order is numeric.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Number {
    negative: bool,
    /// The power of ten that `0.DIGITS` is multiplied by; 0 for zero.
    point: i64,
    /// Significant digits, no zero at either end; empty for zero.
    digits: String,
}

/// What DynamoDB keeps ("Naming rules and data types", Number): more digits are refused by the service.
pub const MAX_DIGITS: usize = 38;
/// Powers of ten of the first digit that DynamoDB holds: 1E-130 to 9.99…E+125.
const MAGNITUDES: std::ops::RangeInclusive<i64> = -130..=125;
/// Exponents beyond this are nonsense in any source; the cap keeps the arithmetic below from overflowing.
const EXPONENT_CAP: i64 = 1_000_000_000_000_000;
/// The longest plain spelling: sign, `0.` and 38 digits.
const PLAIN_LENGTH: u64 = 41;
const ZEROS: &str = "00000000000000000000000000000000000000000";

impl Number {
    /// Reads integer, decimal or exponent notation (`-12`, `.5`, `5.`, `1.50`, `6E+2`); `None` when it is no number, and for
    /// exponents beyond ±10^15. No blanks, no separators, no `NaN`.
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, Some(exponent)),
            None => (unsigned, None),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let spelled = all_digits(whole) && all_digits(fraction) && !(whole.is_empty() && fraction.is_empty());
        if !spelled || exponent.is_some_and(|e| !is_exponent(e)) {
            return None;
        }
        Self::build(negative, whole, fraction, exponent)
    }

    /// The parts are known to be digits; `exponent` to be a signed integer.
    fn build(negative: bool, whole: &str, fraction: &str, exponent: Option<&str>) -> Option<Self> {
        let whole = whole.trim_start_matches('0');
        let (lead, rest) = if whole.is_empty() { (fraction.trim_start_matches('0'), "") } else { (whole, fraction) };
        let lead_zeros = if whole.is_empty() { fraction.len() - lead.len() } else { 0 };
        let rest = rest.trim_end_matches('0');
        let lead_trimmed = if rest.is_empty() { lead.trim_end_matches('0') } else { lead };
        if lead_trimmed.is_empty() {
            return Some(Self::zero());
        }
        let exponent = exponent.map_or(Some(0), |e| e.parse::<i64>().ok()).filter(|e| e.abs() <= EXPONENT_CAP)?;
        let mut digits = String::with_capacity(lead_trimmed.len() + rest.len());
        digits.push_str(lead_trimmed);
        digits.push_str(rest);
        let point = i64::try_from(whole.len()).ok()? - i64::try_from(lead_zeros).ok()? + exponent;
        Some(Self { negative, point, digits })
    }

    fn zero() -> Self {
        Self { negative: false, point: 0, digits: String::new() }
    }

    /// The decimal that reads back as exactly this double by its shortest text; `None` for NaN and the infinities.
    pub fn from_f64(value: f64) -> Option<Self> {
        value.is_finite().then(|| Self::parse(&format!("{value:e}"))).flatten()
    }

    /// The decimal that reads back as exactly this single by its shortest text (`0.1`, not `0.10000000149011612`).
    pub fn from_f32(value: f32) -> Option<Self> {
        value.is_finite().then(|| Self::parse(&format!("{value:e}"))).flatten()
    }

    /// Whether DynamoDB can hold it: at most 38 digits, and in range.
    pub fn fits(&self) -> bool {
        self.digits.is_empty() || (self.digits.len() <= MAX_DIGITS && MAGNITUDES.contains(&(self.point - 1)))
    }

    /// How many significant digits it has; 0 for zero.
    pub fn significant_digits(&self) -> usize {
        self.digits.len()
    }

    /// Sign, significant digits, and the power of ten that `0.DIGITS` is multiplied by: equal parts if and only if equal numbers.
    pub fn parts(&self) -> (bool, &str, i64) {
        (self.negative, &self.digits, self.point)
    }

    /// Gives the spelling of [`Display`](std::fmt::Display) in pieces, so that writers need no copy.
    pub fn spell(&self, mut put: impl FnMut(&str)) {
        if self.negative {
            put("-");
        }
        if self.digits.is_empty() {
            put("0");
        } else if self.plain_length() <= PLAIN_LENGTH {
            self.spell_plain(put);
        } else {
            let (first, rest) = self.digits.split_at(1);
            put(first);
            if !rest.is_empty() {
                put(".");
                put(rest);
            }
            put(if self.point > 0 { "E+" } else { "E" });
            put(&(self.point - 1).to_string());
        }
    }

    fn plain_length(&self) -> u64 {
        let digits = self.digits.len() as u64;
        let before = self.point.unsigned_abs();
        let unsigned = if self.point <= 0 { before.saturating_add(digits + 2) } else { before.max(digits + 1) };
        unsigned.saturating_add(u64::from(self.negative))
    }

    /// Only for numbers that are short in plain spelling, and not for zero.
    fn spell_plain(&self, mut put: impl FnMut(&str)) {
        let before = usize::try_from(self.point.unsigned_abs()).unwrap_or(0);
        if self.point <= 0 {
            put("0.");
            put(&ZEROS[..before]);
            put(&self.digits);
        } else if before >= self.digits.len() {
            put(&self.digits);
            put(&ZEROS[..before - self.digits.len()]);
        } else {
            let (whole, fraction) = self.digits.split_at(before);
            put(whole);
            put(".");
            put(fraction);
        }
    }
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

fn is_exponent(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    !digits.is_empty() && all_digits(digits)
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        self.sign().cmp(&other.sign()).then_with(|| {
            let magnitude = self.point.cmp(&other.point).then_with(|| self.digits.cmp(&other.digits));
            if self.negative { magnitude.reverse() } else { magnitude }
        })
    }
}

impl Number {
    fn sign(&self) -> i8 {
        match (self.digits.is_empty(), self.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self { negative: value < 0, ..Self::from(value.unsigned_abs()) }
    }
}

impl From<u64> for Number {
    fn from(value: u64) -> Self {
        if value == 0 {
            return Self::zero();
        }
        let mut digits = value.to_string();
        let point = i64::try_from(digits.len()).expect("invariant: a u64 has 20 digits at most");
        digits.truncate(digits.trim_end_matches('0').len());
        Self { negative: false, point, digits }
    }
}

impl std::fmt::Display for Number {
    /// Plain decimal up to 41 characters, else `1.5E+99`; DynamoDB reads it back as the same number.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut text = String::with_capacity(24);
        self.spell(|piece| text.push_str(piece));
        f.pad(&text)
    }
}

/// As text, so that no JSON reader turns it into a float.
impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not a decimal number"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::hash::BuildHasher;

    fn n(text: &str) -> Number {
        Number::parse(text).unwrap_or_else(|| panic!("{text} should be a number"))
    }

    #[test]
    fn every_spelling_of_a_number_becomes_one() {
        let table = [
            ("0", "0"),
            ("-0", "0"),
            ("-0.00e99999999999999999999", "0"),
            ("+7", "7"),
            ("007", "7"),
            ("1.10", "1.1"),
            (".5", "0.5"),
            ("5.", "5"),
            ("1e3", "1000"),
            ("-1.5E-3", "-0.0015"),
            ("0.000", "0"),
            ("1200", "1200"),
            ("0.0012e2", "0.12"),
            ("12345678901234567890123456789012345678", "12345678901234567890123456789012345678"),
            ("-0.12345678901234567890123456789012345678", "-0.12345678901234567890123456789012345678"),
            ("1e100", "1E+100"),
            ("-1.25e-100", "-1.25E-100"),
            ("1e40", "10000000000000000000000000000000000000000"),
            ("1e41", "1E+41"),
        ];
        for (from, to) in table {
            assert_eq!(n(from).to_string(), to, "{from}");
        }
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in
            ["", " ", "-", "+", ".", "e5", "1e", "1e+", "1.2.3", "--1", "+-1", "1 ", " 1", "1_000", "0x1", "NaN", "inf", "١", "1e1.5"]
        {
            assert_eq!(Number::parse(text), None, "{text:?}");
        }
        assert_eq!(Number::parse("1e9999999999999999"), None);
        assert_eq!(Number::parse("1e99999999999999999999"), None);
    }

    #[test]
    fn fits_is_dynamodbs_range_and_not_one_digit_more() {
        let nines = "9".repeat(38);
        for text in ["0", "1e-130", "-1e-130", "9e125", &nines, &format!("0.{nines}"), &format!("{nines}e88"), &format!("{nines}000")] {
            assert!(n(text).fits(), "{text}");
        }
        for text in ["9e-131", "1e126", &format!("{nines}1"), &format!("{nines}e89"), &format!("1{}1", "0".repeat(37))] {
            assert!(!n(text).fits(), "{text}");
        }
    }

    #[test]
    fn floats_keep_their_shortest_text() {
        assert_eq!(Number::from_f64(0.1), Some(n("0.1")));
        assert_eq!(Number::from_f32(0.1), Some(n("0.1")));
        assert_eq!(Number::from_f64(-0.0), Some(n("0")));
        assert_eq!(Number::from_f64(1e300), Some(n("1e300")));
        assert_eq!(Number::from_f64(f64::NAN), None);
        assert_eq!(Number::from_f32(f32::INFINITY), None);
    }

    #[test]
    fn extremes_of_integers_convert_exactly() {
        assert_eq!(Number::from(i64::MIN), n("-9223372036854775808"));
        assert_eq!(Number::from(u64::MAX), n("18446744073709551615"));
        assert_eq!(Number::from(0_i64), n("0"));
        assert_eq!(Number::from(-1200_i64), n("-1200"));
    }

    #[test]
    fn serde_keeps_every_digit_and_refuses_what_is_no_number() {
        let text = serde_json::to_string(&n("12345678901234567890.10")).expect("serialises");
        assert_eq!(text, "\"12345678901234567890.1\"");
        assert_eq!(serde_json::from_str::<Number>(&text).expect("reads"), n("12345678901234567890.1"));
        assert!(serde_json::from_str::<Number>("\"1x\"").is_err());
    }

    /// A decimal as an integer over a common scale: sign, then 120 digits of text.
    fn reference(whole: &str, fraction: &str, negative: bool) -> (i8, String) {
        let text = format!("{whole:0>60}{fraction:0<60}");
        let zero = text.bytes().all(|b| b == b'0');
        (
            if zero {
                0
            } else if negative {
                -1
            } else {
                1
            },
            text,
        )
    }

    fn decimal() -> impl Strategy<Value = (String, String, bool)> {
        ("[0-9]{1,5}|[0-9]{1,45}|0{0,3}[0-9]", "[0-9]{0,3}|[0-9]{0,45}|0{0,3}", any::<bool>())
    }

    fn spelled((whole, fraction, negative): &(String, String, bool)) -> String {
        format!("{}{whole}.{fraction}", if *negative { "-" } else { "" })
    }

    proptest! {
        #[test]
        fn order_is_numeric(a in decimal(), b in decimal()) {
            let (ra, rb) = (reference(&a.0, &a.1, a.2), reference(&b.0, &b.1, b.2));
            let magnitude = if ra.0 == -1 { rb.1.cmp(&ra.1) } else { ra.1.cmp(&rb.1) };
            let expected = ra.0.cmp(&rb.0).then(if ra.0 == 0 { Ordering::Equal } else { magnitude });
            prop_assert_eq!(n(&spelled(&a)).cmp(&n(&spelled(&b))), expected);
        }

        #[test]
        fn display_reads_back_equal(a in decimal(), exponent in -300_i64..300) {
            let number = n(&format!("{}e{exponent}", spelled(&a)));
            prop_assert_eq!(&n(&number.to_string()), &number);
        }

        #[test]
        fn equal_values_are_equal_and_hash_equal(a in decimal(), lead in 0_usize..4, trail in 0_usize..4, shift in -40_i64..40) {
            let one = n(&spelled(&a));
            let (whole, fraction, negative) = a;
            let padded = format!("{}{}", "0".repeat(lead), whole);
            let other = n(&format!("{}e{shift}", spelled(&(padded, format!("{fraction}{}", "0".repeat(trail)), negative))));
            let back = n(&shifted(&other, -shift));
            prop_assert_eq!(&back, &one);
            prop_assert_eq!(back.cmp(&one), Ordering::Equal);
            let state = std::hash::RandomState::new();
            prop_assert_eq!(state.hash_one(&back), state.hash_one(&one));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,12}|[-+0-9.eE]{0,12}") {
            if let Some(number) = Number::parse(&text) {
                prop_assert_eq!(n(&number.to_string()), number);
            }
        }

        #[test]
        fn any_finite_double_round_trips(value in any::<f64>()) {
            prop_assume!(value.is_finite());
            let text = Number::from_f64(value).expect("finite").to_string();
            let back: f64 = text.parse().expect("a float");
            // By bits, but for -0, which is 0.
            prop_assert_eq!(back.to_bits(), (value + 0.0).to_bits());
        }
    }

    /// `number × 10^by`, by spelling the exponent anew.
    fn shifted(number: &Number, by: i64) -> String {
        let (negative, digits, point) = number.parts();
        format!("{}0.{digits}0e{}", if negative { "-" } else { "" }, point + by)
    }
}
