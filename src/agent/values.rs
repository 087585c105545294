//! Values inside entries, as templates and variables read them.

use std::collections::BTreeMap;

use minijinja::Value;

use crate::domain::formats::{self, Format, Values};

/// The values of a document.
///
/// # Errors
/// When its format has none, or they cannot be told.
pub(super) fn read(format: Format, content: &[u8]) -> Result<Values, String> {
    if !format.is_structured() {
        return Err(format!("{format} has no values; yaml, json, toml, properties and env have"));
    }
    formats::values(format, content)
        .ok_or_else(|| "its values cannot be told: its aliases expand too far, or two keys read the same".to_owned())
}

/// The value at a JSON Pointer (`/server/port`), or of a property's name (`server.port`, also `/server.port`). Empty is the whole.
pub(super) fn at<'a>(values: &'a Values, path: &str) -> Option<&'a Values> {
    let Some(pointer) = path.strip_prefix('/') else {
        return if path.is_empty() { Some(values) } else { member(values, path) };
    };
    let mut place = values;
    for segment in pointer.split('/') {
        place = member(place, &segment.replace("~1", "/").replace("~0", "~"))?;
    }
    Some(place)
}

fn member<'a>(values: &'a Values, name: &str) -> Option<&'a Values> {
    match values {
        Values::Map(entries) => entries.iter().find(|(known, _)| known == name).map(|(_, value)| value),
        Values::List(items) => items.get(name.parse::<usize>().ok()?),
        Values::Tagged(_, value) => member(value, name),
        Values::Null | Values::Bool(_) | Values::Number(_) | Values::Date(_) | Values::String(_) => None,
    }
}

/// A value as one text: for a variable. None for maps, lists and nothing.
pub(super) fn scalar(values: &Values) -> Option<String> {
    match values {
        Values::Bool(value) => Some(value.to_string()),
        Values::Number(text) | Values::Date(text) | Values::String(text) => Some(text.clone()),
        Values::Tagged(_, value) => scalar(value),
        Values::Null | Values::List(_) | Values::Map(_) => None,
    }
}

/// A value as templates see it. A number that would print otherwise than it is written becomes its text.
pub(super) fn to_template(values: &Values) -> Value {
    match values {
        Values::Null => Value::from(()),
        Values::Bool(value) => Value::from(*value),
        Values::Number(text) => number(text),
        Values::Date(text) | Values::String(text) => Value::from(text.as_str()),
        Values::List(items) => items.iter().map(to_template).collect(),
        Values::Map(entries) => {
            let map: BTreeMap<_, _> = entries.iter().map(|(name, value)| (name.clone(), to_template(value))).collect();
            Value::from(map)
        }
        Values::Tagged(_, value) => to_template(value),
    }
}

fn number(text: &str) -> Value {
    let whole = text.parse::<i64>().ok().map(Value::from);
    let float = || text.parse::<f64>().ok().filter(|number| number.is_finite()).map(Value::from);
    whole.or_else(float).filter(|value| value.to_string() == text).unwrap_or_else(|| Value::from(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_pointer_or_a_property() {
        let yaml = read(Format::Yaml, b"a: {b/c: [x, {d: 1}]}\n").unwrap();
        assert_eq!(at(&yaml, "/a/b~1c/1/d").and_then(scalar).as_deref(), Some("1"));
        assert_eq!(at(&yaml, "/a/none"), None);
        assert_eq!(at(&yaml, ""), Some(&yaml));
        assert_eq!(scalar(&yaml), None);
        let properties = read(Format::Properties, b"a.b=c\n").unwrap();
        for path in ["a.b", "/a.b"] {
            assert_eq!(at(&properties, path).and_then(scalar).as_deref(), Some("c"), "{path}");
        }
        assert!(read(Format::Text, b"").is_err());
    }

    #[test]
    fn numbers_print_as_they_are_written() {
        for text in ["1", "-7", "1.5", "1.0", "1.10", "0x1F", "1e5", "12345678901234567890123"] {
            assert_eq!(number(text).to_string(), text);
        }
        assert!(number("1.5").is_number() && number("1").is_number() && !number("1.10").is_number());
    }
}
