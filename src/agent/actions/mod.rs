//! What an agent does to a service around a swap: check the new files, reload it, probe it.

pub mod commands;
pub mod durations;
pub mod probe;
pub mod reload;
pub mod settings;
#[cfg(test)]
mod tests;

pub use commands::{Circumstances, CommandError};
pub use probe::Unwell;
pub use reload::ReloadError;
pub use settings::{
    ActionSettings, CheckSettings, CommandLine, HttpReload, Probe, ProbeSettings, ReloadSettings, Statuses,
};
