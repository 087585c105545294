//! The agent: keeps the files of services equal to their entries, and proves it.
//!
//! One loop for each block of `agent.yaml`: watch, plan, stage, check, swap, reload, probe, report.

pub mod actions;
pub mod exec;
pub mod set;
pub mod transaction;
