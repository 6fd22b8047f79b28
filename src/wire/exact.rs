//! JSON text to a value in which no number has been changed by a double.
//!
//! `serde_json` reads whole numbers beyond 64 bits, and all fractions, as `f64`. Here a number that this would change
//! becomes a string with its digits as written: an id of twenty digits stays the id it was.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use serde_json::{Number, Value};

/// Decimal digits that every double keeps (`f64::DIGITS`).
const SAFE_DIGITS: usize = f64::DIGITS as usize;

/// Parses JSON. Nesting is bounded by `serde_json` (128 levels).
///
/// # Errors
/// When it is no JSON. The error's text has a position, and nothing of the content.
pub fn parse(text: &str) -> Result<Value, serde_json::Error> {
    let mut value = serde_json::from_str(text)?;
    restore(&mut value, text)?;
    Ok(value)
}

/// Puts the digits back wherever `value`, parsed from `text`, has lost some.
fn restore(value: &mut Value, text: &str) -> Result<(), serde_json::Error> {
    if !has_double(value) {
        return Ok(());
    }
    match value {
        Value::Number(_) => *value = nearest(text).map_or_else(|| Value::String(text.to_owned()), Value::Number),
        Value::Array(items) => {
            let raw: Vec<&RawValue> = serde_json::from_str(text)?;
            for (item, raw) in items.iter_mut().zip(raw) {
                restore(item, raw.get())?;
            }
        }
        Value::Object(members) => {
            // Of a name given twice, both parsers keep the last one.
            let raw: BTreeMap<String, &RawValue> = serde_json::from_str(text)?;
            for (name, member) in members.iter_mut() {
                if let Some(raw) = raw.get(name) {
                    restore(member, raw.get())?;
                }
            }
        }
        _ => {}
    }
    Ok(())
}

fn has_double(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_f64(),
        Value::Array(items) => items.iter().any(has_double),
        Value::Object(members) => members.values().any(has_double),
        _ => false,
    }
}

/// The double that still says what `text` said, if there is one. `serde_json` reads large exponents less exactly. A
/// whole number only became a double because it has over 64 bits.
fn nearest(text: &str) -> Option<Number> {
    let mantissa = text.split(['e', 'E']).next().unwrap_or(text);
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let significant = digits.trim_start_matches('0').trim_end_matches('0').len();
    let is_whole = !text.contains(['.', 'e', 'E']);
    let double: f64 = text.parse().ok()?;
    let survives = significant == 0 || (!is_whole && double.is_normal() && significant <= SAFE_DIGITS);
    Number::from_f64(double).filter(|_| survives)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_that_a_double_would_change_keep_their_digits_as_text() {
        let text = r#"{"a": [1, 18446744073709551616], "b": {"c": -9223372036854775809, "d": 1.5},
            "e": 18446744073709551615, "f": 12345678901234567.89, "g": 0.10, "h": 100000000000000000000,
            "i": 1e-320, "j": 12.5e3, "k": 0.0}"#;
        let expected = json!({
            "a": [1, "18446744073709551616"],
            "b": {"c": "-9223372036854775809", "d": 1.5},
            "e": 18_446_744_073_709_551_615_u64,
            "f": "12345678901234567.89",
            "g": 0.1,
            "h": "100000000000000000000",
            "i": "1e-320",
            "j": 12500.0,
            "k": 0.0,
        });
        assert_eq!(parse(text).unwrap(), expected);
    }

    /// What is kept as a number is written and read the same for ever.
    #[test]
    fn numbers_with_large_exponents_come_through_unchanged() {
        for text in ["5982324300e154", "5.32430094691e166", "-1.5e-300", "123456789012345e200"] {
            let once = parse(text).unwrap();
            assert!(once.is_number(), "{text}: {once}");
            assert_eq!(once.as_f64(), text.parse().ok());
            assert_eq!(parse(&once.to_string()).unwrap(), once);
        }
    }

    #[test]
    fn the_last_of_two_members_of_one_name_counts() {
        assert_eq!(parse(r#"{"a": 18446744073709551616, "a": 1.5}"#).unwrap(), json!({"a": 1.5}));
        assert_eq!(parse(r#"{"a": 1.5, "a": 18446744073709551617}"#).unwrap(), json!({"a": "18446744073709551617"}));
    }

    #[test]
    fn nesting_is_bounded() {
        let deep = format!("{}1.5{}", "[".repeat(200), "]".repeat(200));
        assert!(parse(&deep).is_err());
    }
}
