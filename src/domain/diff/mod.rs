//! What changed between two versions of an entry: line by line for any text, value by value for structured formats.

mod edits;
mod structural;
mod text;

pub use structural::{MAX_CHANGES, ValueChange, structural};
pub use text::unified;
