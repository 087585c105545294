//! What every test stands on: a private PostgreSQL, nodes in this process, and actors who call them over HTTP.

pub(crate) mod access;
pub(crate) mod actors;
pub(crate) mod app;
pub(crate) mod database;
pub(crate) mod logs;
pub(crate) mod streams;

pub(crate) use actors::{Actor, Answer, delete, put};
pub(crate) use app::{App, Running};
pub(crate) use database::Server;
