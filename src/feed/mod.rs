//! From the log to the view: the pump reads every revision once, in order, and shows it.

pub mod hub;
pub mod listener;
pub mod pump;
