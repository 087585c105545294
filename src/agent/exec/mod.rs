//! The service as a child of the agent: its settings, its life, its signals.

pub mod init;
mod leftover;
mod life;
pub mod names;
pub mod settings;
mod signals;
mod supervisor;
#[cfg(test)]
mod tests;

pub use life::{Life, OrderError, Supervised, Variables};
pub use settings::{ExecSettings, OnChange, OnExit, ValueRef};
pub use signals::{FORWARDED, Signals};
pub use supervisor::{Ended, Supervisor, supervise};
