//! What must hold while things break: processes are killed, databases stopped, promoted and cut off, all of it real.

mod agent;
mod attacks;
mod crash;
mod dev;
mod envoy;
mod exchange;
mod failover;
mod many;
mod migrations;
mod outage;
mod restore;
mod stalled;
mod support;
mod watch;
mod watch_epochs;
