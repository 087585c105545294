//! What must hold while things break: processes are killed, databases stopped, promoted and cut off, all of it real.

mod agent;
mod crash;
mod dev;
mod envoy;
mod failover;
mod migrations;
mod outage;
mod restore;
mod support;
