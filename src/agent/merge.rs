//! `merge: deep`: documents of several layers made one. Maps are merged; lists and everything else are replaced by the later layer.
//!
//! The merged document is written anew in the format of the layers: values keep their text (`1.10` stays so), comments are lost. A
//! library would read numbers into its own types and drop the tags of YAML, so JSON, YAML and properties are written here.

use std::fmt::Write as _;

use bytes::Bytes;

use crate::domain::formats::{self, Format, Values};

/// Why documents cannot be merged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// The layers have different formats.
    #[error("one layer is {0} and a later one is {1}")]
    Formats(Format, Format),
    /// There is no merging in this format.
    #[error("only yaml, json, toml and properties can be, and this is {0}")]
    Format(Format),
    /// A layer holds more than one document.
    #[error("a layer holds several YAML documents")]
    Documents,
    /// A layer has no values that could be told.
    #[error("the values of a layer cannot be told: its aliases expand too far, or two keys read the same")]
    Values,
    /// The outcome cannot be written.
    #[error("the outcome cannot be written as {0}: {1}")]
    Unwritable(Format, String),
}

/// Merges documents, the later over the earlier ones.
///
/// # Errors
/// When they do not fit together.
pub fn merge(layers: &[(Format, &Bytes)]) -> Result<Bytes, MergeError> {
    let mut merged: Option<(Format, Values)> = None;
    for (format, content) in layers {
        let values = read(*format, content)?;
        merged = Some(match merged {
            Some((before, _)) if before != *format => return Err(MergeError::Formats(before, *format)),
            // An empty document says nothing.
            Some((_, below)) if values == Values::Null => (*format, below),
            Some((_, below)) => (*format, over(below, values)),
            None => (*format, values),
        });
    }
    let Some((format, values)) = merged else { return Ok(Bytes::new()) };
    write(format, &values).map(Bytes::from)
}

fn read(format: Format, content: &[u8]) -> Result<Values, MergeError> {
    match format {
        Format::Yaml => {
            let mut documents = formats::yaml_documents(content).ok_or(MergeError::Values)?;
            match documents.len() {
                0 => Ok(Values::Null),
                1 => Ok(documents.pop().unwrap_or(Values::Null)),
                _ => Err(MergeError::Documents),
            }
        }
        Format::Json | Format::Toml | Format::Properties => formats::values(format, content).ok_or(MergeError::Values),
        Format::Xml | Format::Env | Format::Text | Format::Binary => Err(MergeError::Format(format)),
    }
}

/// The later value over the earlier one. The order of names is that of their first appearance.
#[must_use]
pub fn over(below: Values, above: Values) -> Values {
    match (below, above) {
        (Values::Map(mut below), Values::Map(above)) => {
            for (name, value) in above {
                match below.iter_mut().find(|(known, _)| *known == name) {
                    Some((_, place)) => *place = over(std::mem::replace(place, Values::Null), value),
                    None => below.push((name, value)),
                }
            }
            Values::Map(below)
        }
        (_, above) => above,
    }
}

fn write(format: Format, values: &Values) -> Result<String, MergeError> {
    let mut text = String::new();
    match format {
        Format::Json => {
            json(values, 0, &mut text);
            text.push('\n');
        }
        Format::Yaml => yaml(values, &mut text),
        Format::Properties => properties(values, &mut text),
        Format::Toml => text = toml(values)?,
        Format::Xml | Format::Env | Format::Text | Format::Binary => return Err(MergeError::Format(format)),
    }
    Ok(text)
}

/// A JSON string, which is also a double-quoted YAML one.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn json(values: &Values, depth: usize, out: &mut String) {
    let pad = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    };
    match values {
        Values::Null => out.push_str("null"),
        Values::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Values::Number(text) => out.push_str(text),
        Values::Date(text) | Values::String(text) => out.push_str(&quoted(text)),
        Values::Tagged(_, value) => json(value, depth, out),
        Values::List(items) if items.is_empty() => out.push_str("[]"),
        Values::Map(entries) if entries.is_empty() => out.push_str("{}"),
        Values::List(items) => {
            out.push('[');
            for (number, item) in items.iter().enumerate() {
                out.push_str(if number > 0 { "," } else { "" });
                pad(out, depth + 1);
                json(item, depth + 1, out);
            }
            pad(out, depth);
            out.push(']');
        }
        Values::Map(entries) => {
            out.push('{');
            for (number, (name, value)) in entries.iter().enumerate() {
                out.push_str(if number > 0 { "," } else { "" });
                pad(out, depth + 1);
                out.push_str(&quoted(name));
                out.push_str(": ");
                json(value, depth + 1, out);
            }
            pad(out, depth);
            out.push('}');
        }
    }
}

/// Block style for maps and lists; texts always in double quotes, so that no reader takes them for something else.
fn yaml(values: &Values, out: &mut String) {
    match values {
        Values::Map(entries) if !entries.is_empty() => yaml_map(entries, 0, out),
        Values::List(items) if !items.is_empty() => yaml_list(items, 0, out),
        other => {
            let mut rest = String::new();
            yaml_after(other, 0, &mut rest);
            out.push_str(rest.trim_start());
        }
    }
}

fn indent(depth: usize, out: &mut String) {
    out.extend(std::iter::repeat_n("  ", depth));
}

fn yaml_map(entries: &[(String, Values)], depth: usize, out: &mut String) {
    for (name, value) in entries {
        indent(depth, out);
        out.push_str(&yaml_name(name));
        out.push(':');
        yaml_after(value, depth + 1, out);
    }
}

fn yaml_list(items: &[Values], depth: usize, out: &mut String) {
    for item in items {
        indent(depth, out);
        out.push('-');
        yaml_after(item, depth + 1, out);
    }
}

/// A value behind `name:` or `-`, up to the end of its lines.
fn yaml_after(value: &Values, depth: usize, out: &mut String) {
    match value {
        Values::Map(entries) if !entries.is_empty() => {
            out.push('\n');
            yaml_map(entries, depth, out);
        }
        Values::List(items) if !items.is_empty() => {
            out.push('\n');
            yaml_list(items, depth, out);
        }
        Values::Tagged(tag, value) => {
            out.push(' ');
            out.push_str(tag);
            yaml_after(value, depth, out);
        }
        Values::Map(_) => out.push_str(" {}\n"),
        Values::List(_) => out.push_str(" []\n"),
        Values::Null => out.push_str(" null\n"),
        Values::Bool(value) => out.push_str(if *value { " true\n" } else { " false\n" }),
        Values::Number(text) | Values::Date(text) => {
            let _ = writeln!(out, " {text}");
        }
        Values::String(text) => {
            let _ = writeln!(out, " {}", quoted(text));
        }
    }
}

/// A name without quotes where no reader, of YAML 1.1 either, could take it for anything but a text.
fn yaml_name(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'/'))
        && !matches!(
            name.to_ascii_lowercase().as_str(),
            "y" | "n" | "yes" | "no" | "on" | "off" | "true" | "false" | "null"
        );
    if plain { name.to_owned() } else { quoted(name) }
}

fn properties(values: &Values, out: &mut String) {
    let Values::Map(entries) = values else { return };
    for (name, value) in entries {
        let text = match value {
            Values::String(text) | Values::Number(text) | Values::Date(text) => text.as_str(),
            Values::Null | Values::Bool(_) | Values::List(_) | Values::Map(_) | Values::Tagged(..) => "",
        };
        escape(name, true, out);
        out.push('=');
        escape(text, false, out);
        out.push('\n');
    }
}

/// Escapes as `java.util.Properties.store` does, but leaves what is UTF-8 as it is.
fn escape(text: &str, name: bool, out: &mut String) {
    for (at, character) in text.char_indices() {
        match character {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{c}' => out.push_str("\\f"),
            ' ' if name || at == 0 => out.push_str("\\ "),
            '=' | ':' | '#' | '!' if name => {
                out.push('\\');
                out.push(character);
            }
            other => out.push(other),
        }
    }
}

fn toml(values: &Values) -> Result<String, MergeError> {
    let bad = |message: String| MergeError::Unwritable(Format::Toml, message);
    toml::to_string(&toml_value(values).map_err(bad)?).map_err(|error| bad(error.to_string()))
}

fn toml_value(values: &Values) -> Result<toml::Value, String> {
    Ok(match values {
        Values::Bool(value) => toml::Value::Boolean(*value),
        Values::Number(text) | Values::Date(text) => {
            text.parse().map_err(|error: toml::de::Error| format!("{text}: {}", error.message()))?
        }
        Values::String(text) => toml::Value::String(text.clone()),
        Values::List(items) => toml::Value::Array(items.iter().map(toml_value).collect::<Result<_, _>>()?),
        Values::Map(entries) => {
            let one = |(name, value): &(String, Values)| Ok((name.clone(), toml_value(value)?));
            toml::Value::Table(entries.iter().map(one).collect::<Result<_, String>>()?)
        }
        Values::Null | Values::Tagged(..) => return Err("TOML has no such value".to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn merged(format: Format, layers: &[&str]) -> Result<String, MergeError> {
        let bytes: Vec<_> = layers.iter().map(|text| Bytes::copy_from_slice(text.as_bytes())).collect();
        let layers: Vec<_> = bytes.iter().map(|bytes| (format, bytes)).collect();
        merge(&layers).map(|bytes| String::from_utf8(bytes.to_vec()).unwrap())
    }

    #[test]
    fn maps_are_merged_and_lists_and_values_are_replaced() {
        let text = merged(Format::Yaml, &["a: {x: 1, w: [1, 2]}\nb: 0x1F\n", "a: {w: [3], z: 'no'}\n", ""]).unwrap();
        assert_eq!(text, "a:\n  x: 1\n  w:\n    - 3\n  z: \"no\"\nb: 0x1F\n");
        let text = merged(Format::Json, &[r#"{"a": {"x": 1.10}, "b": [1]}"#, r#"{"a": {"y": null}}"#]).unwrap();
        assert_eq!(text, "{\n  \"a\": {\n    \"x\": 1.10,\n    \"y\": null\n  },\n  \"b\": [\n    1\n  ]\n}\n");
        let text = merged(Format::Toml, &["a = 1\n[t]\nd = 2026-01-31\n", "[t]\nx = [1]\n"]).unwrap();
        assert_eq!(text, "a = 1\n\n[t]\nd = 2026-01-31\nx = [1]\n");
        let text = merged(Format::Properties, &["a = 1\nb = x y\n", "a = 2\nc\\ d = \\ e\\n=f\n"]).unwrap();
        assert_eq!(text, "a=2\nb=x y\nc\\ d=\\ e\\n=f\n");
    }

    #[test]
    fn what_cannot_be_merged_is_refused() {
        let (yaml, json) = (Bytes::from_static(b"a: 1"), Bytes::from_static(b"{}"));
        let mixed = merge(&[(Format::Yaml, &yaml), (Format::Json, &json)]);
        assert_eq!(mixed, Err(MergeError::Formats(Format::Yaml, Format::Json)));
        assert_eq!(merged(Format::Text, &["a", "b"]), Err(MergeError::Format(Format::Text)));
        assert_eq!(merged(Format::Yaml, &["a: 1", "a: 1\n---\nb: 2"]), Err(MergeError::Documents));
    }

    #[test]
    fn tags_and_odd_names_survive() {
        let text =
            merged(Format::Yaml, &["a: !Ref x\nb: !Sub {c: 1}", "'yes': 1\n'a b': {}\n'8080': []\nd: .inf"]).unwrap();
        let again = merged(Format::Yaml, &[&text, ""]).unwrap();
        assert_eq!(again, text);
        assert!(text.contains("a: !Ref \"x\"\n") && text.contains("\"yes\": 1\n"), "{text}");
    }

    fn tree() -> impl Strategy<Value = Values> {
        let leaf = prop_oneof![
            Just(Values::Null),
            any::<bool>().prop_map(Values::Bool),
            any::<i64>().prop_map(|number| Values::Number(number.to_string())),
            "\\PC{0,8}|[ \\n\\t\"'#:\\\\-]{1,4}|true|null|1e3|0x1F|2026-01-31".prop_map(Values::String),
        ];
        leaf.prop_recursive(4, 40, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Values::List),
                prop::collection::btree_map("[a-z]{1,2}|\\PC{0,3}|yes|1|- |\\? ", inner, 0..4)
                    .prop_map(|map| Values::Map(map.into_iter().collect())),
            ]
        })
    }

    fn map() -> impl Strategy<Value = Values> {
        prop::collection::btree_map("[a-c]{1,2}", tree(), 0..4).prop_map(|map| Values::Map(map.into_iter().collect()))
    }

    /// Every place of the outcome is from the later document where that has it, else from the earlier one.
    fn holds(below: &Values, above: &Values, outcome: &Values) -> bool {
        let (Values::Map(low), Values::Map(high), Values::Map(out)) = (below, above, outcome) else {
            return above == outcome;
        };
        let get = |map: &[(String, Values)], name: &str| {
            map.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
        };
        let names = low.iter().chain(high).all(|(name, _)| get(out, name).is_some());
        let values = out.iter().all(|(name, value)| match (get(low, name), get(high, name)) {
            (Some(low), Some(high)) => holds(&low, &high, value),
            (one, None) | (None, one) => one.as_ref() == Some(value),
        });
        names && values
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_later_layer_wins_at_every_place(below in map(), above in map()) {
            let outcome = over(below.clone(), above.clone());
            prop_assert!(holds(&below, &above, &outcome), "{:?}", outcome);
            prop_assert_eq!(over(outcome.clone(), above), outcome);
        }

        #[test]
        fn what_is_written_reads_the_same(values in map()) {
            for format in [Format::Json, Format::Yaml] {
                let text = write(format, &values).unwrap();
                prop_assert_eq!(formats::values(format, text.as_bytes()), Some(values.clone()), "{}", text);
            }
        }

        #[test]
        fn properties_read_the_same(pairs in prop::collection::btree_map("\\PC{0,4}|[ =:#!\\\\\\n]{1,3}", "\\PC{0,6}|[ =\\\\\\n\\t]{1,3}", 0..4)) {
            let values = Values::Map(pairs.into_iter().map(|(name, value)| (name, Values::String(value))).collect());
            let text = write(Format::Properties, &values).unwrap();
            prop_assert_eq!(formats::values(Format::Properties, text.as_bytes()), Some(values), "{}", text);
        }
    }
}
