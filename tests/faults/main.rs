//! What must hold while things break: processes are killed, databases stopped, promoted and cut off, all of it real.

mod agent;
#[expect(
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::too_many_lines,
    clippy::unused_async,
    clippy::format_push_string,
    reason = "a case reads as a script: an answer that is not what it must be may end it"
)]
mod attacks;
mod crash;
mod dev;
mod envoy;
mod exchange;
mod failover;
#[expect(clippy::indexing_slicing, reason = "a history that is shorter than it was written may end the test")]
mod history;
mod many;
mod migrations;
mod outage;
mod restore;
mod stalled;
mod support;
mod watch;
mod watch_epochs;
