//! The meaning of things, without I/O, async or a clock.

pub mod access;
pub mod audit;
pub mod changes;
pub mod commit;
pub mod contents;
pub mod diff;
pub mod drafts;
pub mod formats;
pub mod instances;
pub mod limits;
pub mod names;
pub mod passwords;
pub mod patterns;
pub mod refusals;
pub mod revisions;
pub mod secrets;
pub mod sight;
pub mod state;
