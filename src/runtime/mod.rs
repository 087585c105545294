//! The process: settings, lifecycle, telemetry, time and chance. Used by `cli` only.

#[cfg(feature = "cli")]
pub mod age;
pub mod ambient;
#[cfg(feature = "cli")]
pub mod files;
pub mod lifecycle;
#[cfg(feature = "cli")]
pub mod master_keys;
#[cfg(feature = "cli")]
pub mod postgres;
#[cfg(feature = "cli")]
pub mod settings;
pub mod telemetry;
