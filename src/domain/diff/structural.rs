//! Differences of structured content, value by value.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::domain::formats::{self, Format, Values};

/// How many changes a comparison lists; beyond it the two versions are different documents, and the text diff tells more.
pub const MAX_CHANGES: usize = 10_000;

/// One value that was added, removed or changed.
///
/// Numbers are compared as they are written, and one that JSON would print otherwise, or could not hold, is given as a string of
/// its text (see [`Values::to_json`]).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ValueChange {
    /// Where the value is: a JSON Pointer (RFC 6901) for YAML, JSON and TOML, whose first segment is the index of the document
    /// when either version has several, or the name of the property or variable.
    pub path: String,
    /// The value before; absent when it was added.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub from: Option<Value>,
    /// The value now; absent when it was removed.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub to: Option<Value>,
}

/// Reads a field that is there, so that `null` is a value and not an absence.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// What changed between two versions of an entry, in the order of the document; names that only the new version has come after
/// those that both or only the old one have.
///
/// Lists are compared index by index. A value that changes its kind, or that appears or disappears, is one change, however much it
/// holds; only the outermost map of an entry that appears or disappears is listed name by name. The order of names is not compared.
///
/// `None` when the format is not structured, a version's values cannot be told (see [`formats::values()`]), or there are more than
/// [`MAX_CHANGES`]. Versions equal byte by byte have no changes, whatever they hold; `None` for a version is an entry that does
/// not exist.
#[must_use]
pub fn structural(format: Format, from: Option<&[u8]>, to: Option<&[u8]>) -> Option<Vec<ValueChange>> {
    if !format.is_structured() {
        return None;
    }
    if from == to {
        return Some(Vec::new());
    }
    let from = documents(format, from)?;
    let to = documents(format, to)?;
    let flat = matches!(format, Format::Properties | Format::Env);
    let mut comparison = Comparison { flat, changes: Vec::new() };
    let several = from.len() > 1 || to.len() > 1;
    for index in 0..from.len().max(to.len()) {
        let path = if several { format!("/{index}") } else { String::new() };
        match (from.get(index), to.get(index)) {
            (None, Some(Values::Map(entries))) if !several => comparison.maps(&path, &[], entries)?,
            (Some(Values::Map(entries)), None) if !several => comparison.maps(&path, entries, &[])?,
            (from, to) => comparison.sides(&path, from, to)?,
        }
    }
    Some(comparison.changes)
}

/// The documents of one version: none when it does not exist or is an empty YAML stream, several only in YAML.
fn documents(format: Format, content: Option<&[u8]>) -> Option<Vec<Values>> {
    match (content, format) {
        (None, _) => Some(Vec::new()),
        (Some(content), Format::Yaml) => formats::yaml_documents(content),
        (Some(content), _) => formats::values(format, content).map(|values| vec![values]),
    }
}

struct Comparison {
    /// Whether paths are names, without slashes and escapes.
    flat: bool,
    changes: Vec<ValueChange>,
}

impl Comparison {
    fn change(&mut self, path: &str, from: Option<&Values>, to: Option<&Values>) -> Option<()> {
        if self.changes.len() >= MAX_CHANGES {
            return None;
        }
        self.changes.push(ValueChange {
            path: path.to_owned(),
            from: from.map(Values::to_json),
            to: to.map(Values::to_json),
        });
        Some(())
    }

    /// Compares what is at `path`; `None` when there are too many changes. Recursion is bounded by the depth of documents.
    fn sides(&mut self, path: &str, from: Option<&Values>, to: Option<&Values>) -> Option<()> {
        match (from, to) {
            (Some(from), Some(to)) if from == to => Some(()),
            (Some(Values::Map(from)), Some(Values::Map(to))) => self.maps(path, from, to),
            (Some(Values::List(from)), Some(Values::List(to))) => (0..from.len().max(to.len()))
                .try_for_each(|index| self.sides(&format!("{path}/{index}"), from.get(index), to.get(index))),
            (Some(Values::Tagged(tag, from)), Some(Values::Tagged(same, to))) if tag == same => {
                self.sides(path, Some(from), Some(to))
            }
            (None, None) => Some(()),
            (from, to) => self.change(path, from, to),
        }
    }

    fn maps(&mut self, path: &str, from: &[(String, Values)], to: &[(String, Values)]) -> Option<()> {
        let mut added: HashMap<&str, &Values> = to.iter().map(|(name, value)| (name.as_str(), value)).collect();
        for (name, value) in from {
            let now = added.remove(name.as_str());
            if now != Some(value) {
                self.sides(&self.join(path, name), Some(value), now)?;
            }
        }
        for (name, value) in to {
            if added.contains_key(name.as_str()) {
                self.sides(&self.join(path, name), None, Some(value))?;
            }
        }
        Some(())
    }

    fn join(&self, path: &str, name: &str) -> String {
        if self.flat { name.to_owned() } else { format!("{path}/{}", name.replace('~', "~0").replace('/', "~1")) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn changes(format: Format, from: &str, to: &str) -> Value {
        serde_json::to_value(structural(format, Some(from.as_bytes()), Some(to.as_bytes())).unwrap()).unwrap()
    }

    #[test]
    fn changes_are_added_removed_and_changed_values_with_their_pointer() {
        assert_eq!(
            changes(Format::Yaml, "a: 1\nb: {c: x, d: y}\ne: null\n", "b: {c: x, d: z}\ne: null\nf: [1]\n"),
            json!([{"path": "/a", "from": 1}, {"path": "/b/d", "from": "y", "to": "z"}, {"path": "/f", "to": [1]}])
        );
        assert_eq!(
            changes(Format::Json, "{\"a/b~c\":1}", "{\"a/b~c\":2}"),
            json!([{"path": "/a~1b~0c", "from": 1, "to": 2}])
        );
        assert_eq!(
            changes(Format::Toml, "[a]\nb = 1\n", "[a]\nb = 1.0\n"),
            json!([{"path": "/a/b", "from": 1, "to": 1.0}])
        );
    }

    #[test]
    fn null_is_a_value_and_not_an_absence() {
        let text = "{\"a\":null}";
        assert_eq!(changes(Format::Json, text, "{}"), json!([{"path": "/a", "from": null}]));
        let change: ValueChange = serde_json::from_value(json!({"path": "/a", "from": null})).unwrap();
        assert_eq!((change.from, change.to), (Some(Value::Null), None));
    }

    #[test]
    fn flat_formats_are_addressed_by_name() {
        assert_eq!(
            changes(Format::Properties, "a.b=1\nc/d=2\n", "a.b=1\nc/d=3\n"),
            json!([{"path": "c/d", "from": "2", "to": "3"}])
        );
        assert_eq!(changes(Format::Env, "A=1\n", "export A='1' # same\nB=\n"), json!([{"path": "B", "to": ""}]));
    }

    #[test]
    fn lists_are_compared_index_by_index() {
        assert_eq!(
            changes(Format::Json, "[1,2,3]", "[1,{},3,4]"),
            json!([{"path": "/1", "from": 2, "to": {}}, {"path": "/3", "to": 4}])
        );
    }

    #[test]
    fn a_change_of_kind_is_one_change() {
        assert_eq!(
            changes(Format::Json, "{\"a\":{\"b\":1,\"c\":2}}", "{\"a\":\"x\"}"),
            json!([{"path": "/a", "from": {"b": 1, "c": 2}, "to": "x"}])
        );
        assert_eq!(changes(Format::Json, "1", "[]"), json!([{"path": "", "from": 1, "to": []}]));
        assert_eq!(
            changes(Format::Yaml, "a: !x 1", "a: !y 1"),
            json!([{"path": "/a", "from": {"!x": "1"}, "to": {"!y": "1"}}])
        );
        assert_eq!(
            changes(Format::Yaml, "a: !x {b: 1}", "a: !x {b: 2}"),
            json!([{"path": "/a/b", "from": 1, "to": 2}])
        );
    }

    #[test]
    fn numbers_are_compared_as_written_and_never_damaged() {
        let (from, to) = ("1234567890123456789012345678901234567890", "1234567890123456789012345678901234567891");
        assert_eq!(
            changes(Format::Json, &format!("{{\"a\":{from},\"b\":1e400}}"), &format!("{{\"a\":{to},\"b\":1E400}}")),
            json!([{"path": "/a", "from": from, "to": to}, {"path": "/b", "from": "1e400", "to": "1E400"}])
        );
        assert_eq!(changes(Format::Yaml, "a: 1", "a: '1'"), json!([{"path": "/a", "from": 1, "to": "1"}]));
    }

    #[test]
    fn several_documents_are_addressed_by_index() {
        assert_eq!(
            changes(Format::Yaml, "a: 1\n---\nb: 1\n", "a: 2\n---\nb: 1\n"),
            json!([{"path": "/0/a", "from": 1, "to": 2}])
        );
        assert_eq!(changes(Format::Yaml, "a: 1\n", "a: 1\n---\nb: 1\n"), json!([{"path": "/1", "to": {"b": 1}}]));
    }

    #[test]
    fn an_entry_that_appears_or_disappears_is_listed_name_by_name() {
        let content = Some(b"a: 1\nb: {c: 2}\n".as_slice());
        let to_json = |changes: Option<Vec<ValueChange>>| serde_json::to_value(changes.unwrap()).unwrap();
        let added = json!([{"path": "/a", "to": 1}, {"path": "/b", "to": {"c": 2}}]);
        let removed = json!([{"path": "/a", "from": 1}, {"path": "/b", "from": {"c": 2}}]);
        assert_eq!(to_json(structural(Format::Yaml, None, content)), added);
        assert_eq!(to_json(structural(Format::Yaml, Some(b""), content)), added);
        assert_eq!(to_json(structural(Format::Yaml, content, None)), removed);
        assert_eq!(to_json(structural(Format::Env, None, Some(b"A=1"))), json!([{"path": "A", "to": "1"}]));
        assert_eq!(to_json(structural(Format::Json, None, Some(b"[1]"))), json!([{"path": "", "to": [1]}]));
        assert_eq!(structural(Format::Json, None, None), Some(Vec::new()));
    }

    #[test]
    fn the_order_of_names_and_the_style_do_not_matter() {
        assert_eq!(changes(Format::Yaml, "a: 1\nb: [x]\n", "# c\n{\"b\": [\"x\"], \"a\": 1}\n"), json!([]));
    }

    #[test]
    fn what_cannot_be_compared_is_none() {
        assert_eq!(structural(Format::Text, Some(b"a"), Some(b"b")), None);
        assert_eq!(structural(Format::Xml, Some(b"<a/>"), Some(b"<a/>")), None);
        assert_eq!(structural(Format::Json, Some(b"{"), Some(b"{}")), None);
        assert_eq!(structural(Format::Json, Some(b"{"), Some(b"{")), Some(Vec::new()), "equal bytes need no parser");
        let many = |value: u8| format!("[{}0]", format!("{value},").repeat(MAX_CHANGES + 1));
        assert_eq!(structural(Format::Json, Some(many(1).as_bytes()), Some(many(2).as_bytes())), None);
    }

    proptest! {
        #[test]
        fn nothing_differs_from_itself(text in "([-a{}\\[\\],:=\" \n0]|a: |<<: ){0,40}") {
            for format in Format::ALL {
                let spaced = format!("{text}\n");
                if let Some(changes) = structural(format, Some(text.as_bytes()), Some(text.as_bytes())) {
                    prop_assert!(changes.is_empty());
                }
                let same = formats::values(format, text.as_bytes()) == formats::values(format, spaced.as_bytes());
                if let (true, Some(changes)) = (same, structural(format, Some(text.as_bytes()), Some(spaced.as_bytes()))) {
                    prop_assert!(changes.is_empty());
                }
            }
        }
    }
}
