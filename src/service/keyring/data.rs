//! Data keys: what the master key wraps, and what contents are sealed with.

/// The data keys that a node has.
#[derive(Default)]
pub(super) struct DataKeys {}
