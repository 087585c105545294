//! What an agent does to a service around a swap: check the new files, reload it, probe it.

pub mod durations;
pub mod settings;

pub use settings::{CheckSettings, CommandLine, HttpReload, Probe, ProbeSettings, ReloadSettings, Statuses};
