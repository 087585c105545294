//! The agent: keeps the files of services equal to their entries, and proves it.
//!
//! One loop for each block of `agent.yaml`: watch, plan, stage, check, swap, reload, probe, report.

pub mod actions;
pub mod block;
pub mod control;
pub mod exec;
pub mod layers;
pub mod merge;
pub mod plan;
pub mod render;
pub mod run;
pub mod set;
pub mod settings;
pub mod templates;
pub mod transaction;
mod values;
