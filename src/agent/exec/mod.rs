//! The service as a child of the agent: its settings, its life, its signals.

pub mod settings;

pub use settings::{ExecSettings, OnChange, OnExit, ValueRef};
