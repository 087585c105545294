//! What structured content holds, in a form that can be compared.

use serde_json::{Map, Number, Value};

/// The largest integer that every JSON reader keeps exactly (RFC 8259, section 6): 2^53 - 1.
const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

/// A value of a structured document, with maps in the order they are written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Values {
    /// No value.
    Null,
    /// A truth value.
    Bool(bool),
    /// A number as it is written, of any size: `1.0`, `0x1F` and `1_000` keep their text.
    Number(String),
    /// A TOML date, time or both, as it is written.
    Date(String),
    /// A text.
    String(String),
    /// Values in order.
    List(Vec<Values>),
    /// Names and values in the order they are written; no name occurs twice.
    Map(Vec<(String, Values)>),
    /// A YAML value with a tag of its own, such as `!Ref`.
    Tagged(String, Box<Values>),
}

impl Values {
    /// The value as JSON, for showing it.
    ///
    /// A number that JSON would print otherwise than it is written, or that a reader could not keep exactly (integers beyond
    /// 2^53 - 1), becomes a string of its text; so does a date. A tagged value becomes an object of the tag: `{"!Ref": "Bucket"}`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(*value),
            Self::Number(text) => number(text),
            Self::Date(text) | Self::String(text) => Value::String(text.clone()),
            Self::List(items) => Value::Array(items.iter().map(Self::to_json).collect()),
            Self::Map(entries) => {
                Value::Object(entries.iter().map(|(name, value)| (name.clone(), value.to_json())).collect())
            }
            Self::Tagged(tag, value) => Value::Object(Map::from_iter([(tag.clone(), value.to_json())])),
        }
    }
}

/// The JSON number that prints as `text`, else a string. Floats are read by the standard library, which rounds correctly;
/// `serde_json` by default may be off by one bit.
fn number(text: &str) -> Value {
    let integer = serde_json::from_str::<Number>(text).ok().filter(|number| !number.is_f64() && is_safe(number));
    let float = || text.parse().ok().and_then(Number::from_f64).filter(|_| text.contains(['.', 'e', 'E']));
    integer
        .or_else(float)
        .filter(|number| number.to_string() == text)
        .map_or_else(|| Value::String(text.to_owned()), Value::Number)
}

fn is_safe(number: &Number) -> bool {
    match (number.as_u64(), number.as_i64()) {
        (Some(value), _) => value <= MAX_SAFE_INTEGER,
        (None, Some(value)) => value.unsigned_abs() <= MAX_SAFE_INTEGER,
        (None, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shown(text: &str) -> Value {
        Values::Number(text.to_owned()).to_json()
    }

    #[test]
    fn numbers_are_never_shown_otherwise_than_written() {
        assert_eq!(shown("1"), json!(1));
        assert_eq!(shown("-7"), json!(-7));
        assert_eq!(shown("1.5"), json!(1.5));
        assert_eq!(shown("1.0"), json!(1.0));
        for text in ["1.10", "1e5", "0x1F", "1_000", ".inf", "-0", "1e400", "0.1000000000000000055511151231257827"] {
            assert_eq!(shown(text), json!(text));
        }
    }

    #[test]
    fn integers_that_a_browser_would_damage_are_strings() {
        assert_eq!(shown("9007199254740991"), json!(9_007_199_254_740_991_u64));
        assert_eq!(shown("9007199254740993"), json!("9007199254740993"));
        assert_eq!(shown("-9007199254740993"), json!("-9007199254740993"));
        assert_eq!(
            shown("1234567890123456789012345678901234567890"),
            json!("1234567890123456789012345678901234567890")
        );
    }

    #[test]
    fn a_tagged_value_is_an_object_of_its_tag() {
        let value = Values::Tagged("!Ref".to_owned(), Box::new(Values::String("Bucket".to_owned())));
        assert_eq!(value.to_json(), json!({"!Ref": "Bucket"}));
    }
}
