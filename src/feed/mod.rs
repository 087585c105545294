//! From the log to the view and to whoever watches: the pump reads every revision once, in order, and shows it; readers
//! follow the ring of the newest ones.

pub mod frames;
pub mod hub;
pub mod listener;
pub mod pump;
pub mod reader;
pub mod seats;
pub mod subscribers;
#[cfg(test)]
mod tests;

pub use subscribers::Feed;
