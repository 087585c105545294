//! Pintle: a configuration centre for fleets of services.
//!
//! The map, in layer order; a module uses only those above it (`tests/architecture.rs` checks the arrows).

pub mod domain;

pub mod api;

#[cfg(feature = "server")]
pub mod metrics;

#[cfg(feature = "server")]
pub mod store;

#[cfg(feature = "server")]
pub mod view;

#[cfg(feature = "server")]
pub mod service;

#[cfg(feature = "server")]
pub mod feed;

#[cfg(feature = "server")]
pub mod http;

pub mod client;

#[cfg(feature = "agent")]
pub mod agent;

#[cfg(feature = "server")]
pub mod runtime;

#[cfg(feature = "cli")]
pub mod cli;
