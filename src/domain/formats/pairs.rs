//! Names and values of a flat format, with the repetitions noticed on the way.

use std::collections::HashMap;

use super::cursor::Position;
use super::{MAX_WARNINGS, Values, Warning};

/// Names with their values in the order of first appearance; of a repeated name the last value counts, as it does for the
/// programs that read such files.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    entries: Vec<(String, String)>,
    places: HashMap<String, usize>,
    warnings: Vec<Warning>,
}

impl Pairs {
    /// Adds a name found at `position`, and a `repeated_key` warning if it was there before.
    pub(super) fn set(&mut self, name: String, value: String, position: Position) {
        let known = self.places.get(&name).and_then(|place| self.entries.get_mut(*place));
        if let Some(entry) = known {
            entry.1 = value;
            self.warn("repeated_key", position, || format!("`{name}` is set again; the last value counts"));
        } else {
            self.places.insert(name.clone(), self.entries.len());
            self.entries.push((name, value));
        }
    }

    /// Adds a warning, unless there are [`MAX_WARNINGS`].
    pub(super) fn warn(&mut self, code: &str, position: Position, message: impl FnOnce() -> String) {
        if self.warnings.len() < MAX_WARNINGS {
            self.warnings.push(Warning {
                code: code.to_owned(),
                line: position.line,
                column: position.column,
                message: message(),
            });
        }
    }

    pub(super) fn into_entries(self) -> Vec<(String, String)> {
        self.entries
    }

    pub(super) fn into_warnings(self) -> Vec<Warning> {
        self.warnings
    }

    pub(super) fn into_values(self) -> Values {
        Values::Map(self.entries.into_iter().map(|(name, value)| (name, Values::String(value))).collect())
    }
}
