//! The integration tests: real nodes, real HTTP, real PostgreSQL.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "the functions that tests are built of may fail the test, and speak SQL where the API does not"
)]

mod access_grid;
mod accounts;
mod agent;
mod agent_credentials;
mod apply;
mod audit;
mod bad_input;
mod bench_report;
mod cli;
mod cli_access;
mod cli_secrets;
mod console;
mod deploy;
mod diff;
mod docs;
mod drafts;
mod entries;
mod environments;
mod examples;
mod exchange;
mod explain;
mod formats;
mod grants;
mod groups;
mod harness;
mod history;
mod holds;
mod idempotency;
mod instance_counts;
mod instances;
mod model;
mod namespaces;
mod nodes;
mod oidc;
mod openapi;
mod parsers;
mod private_postgres;
mod program;
mod publish;
mod revert;
mod rollback;
mod search;
mod secrets;
mod sessions;
mod telemetry;
mod time_travel;
mod tokens;
mod transport;
mod trims;
mod users;
mod wait;
mod watch;
mod watch_client;
