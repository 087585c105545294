//! Places in TOML.

use ::toml::Spanned;
use ::toml::de::{DeTable, DeValue};

use super::{Place, Wanted};
use crate::domain::formats::toml;

pub(super) fn find(text: &str, wanted: &Wanted<'_>) -> Option<Vec<Place>> {
    let document = toml::parse(text).ok()?;
    let mut walk = Walk { text, path: Vec::new(), wanted, found: Vec::new() };
    walk.table(document.get_ref(), false);
    walk.found.sort_by_key(|place| place.span.start);
    Some(walk.found)
}

struct Walk<'a> {
    text: &'a str,
    path: Vec<String>,
    wanted: &'a Wanted<'a>,
    found: Vec<Place>,
}

impl Walk<'_> {
    fn table(&mut self, table: &DeTable<'_>, inside: bool) {
        for (name, value) in table {
            self.path.push(name.get_ref().to_string());
            self.value(value, inside);
            self.path.pop();
        }
    }

    fn value(&mut self, value: &Spanned<DeValue<'_>>, inside: bool) {
        let is_wanted = inside || self.wanted.is(&self.path);
        match value.get_ref() {
            // With a header or dotted keys its values may stand anywhere.
            DeValue::Table(table) if !is_wanted || !self.begins(value, '{') => self.table(table, is_wanted),
            DeValue::Array(items) if !is_wanted || self.is_of_tables(items.iter().next()) => {
                for (index, item) in items.iter().enumerate() {
                    self.path.push(index.to_string());
                    self.value(item, is_wanted);
                    self.path.pop();
                }
            }
            DeValue::String(_)
            | DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_)
            | DeValue::Table(_) => {
                if is_wanted {
                    self.found.push(Place { path: self.path.clone(), span: value.span() });
                }
            }
        }
    }

    fn begins(&self, value: &Spanned<DeValue<'_>>, with: char) -> bool {
        self.text.get(value.span()).is_some_and(|text| text.starts_with(with))
    }

    fn is_of_tables(&self, first: Option<&Spanned<DeValue<'_>>>) -> bool {
        first.is_some_and(|first| matches!(first.get_ref(), DeValue::Table(_)) && !self.begins(first, '{'))
    }
}
