//! YAML 1.2, by the event stream of `saphyr-parser`.
//!
//! The parser's events are read into a [`graph`] in which an alias is only a second edge to a node, so that a document that would
//! expand to billions of nodes costs no more than its own size; [`scalars`] types plain scalars by the core schema.

mod graph;
mod load;
mod scalars;

use super::{SyntaxError, Values, Warning};

/// Judges a stream of documents; there are no warnings.
///
/// # Errors
/// What the grammar forbids, a repeated key (at its second place), an unknown alias, an alias within what it stands for, a merge
/// key without a mapping, nesting or expansion beyond the limits.
pub(super) fn check(text: &str) -> Result<Vec<Warning>, SyntaxError> {
    load::load(text).map(|_| Vec::new())
}

/// The values of every document in the stream; `None` when it does not parse or its values cannot be told.
pub(super) fn documents(text: &str) -> Option<Vec<Values>> {
    load::load(text).ok()?.values(text.len())
}

#[cfg(test)]
mod tests;
