//! The wire contract, shared by server and client: bodies, views, problems and the one table of error codes.

pub mod access;
pub mod accounts;
pub mod audit;
pub mod drafts;
pub mod entries;
pub mod environments;
pub mod grants;
pub mod groups;
pub mod holds;
pub mod instances;
pub mod issuers;
pub mod keys;
pub mod namespaces;
pub mod nodes;
pub mod problem;
pub mod revisions;
pub mod search;
pub mod tokens;
pub mod trims;
pub mod users;
pub mod watch;

/// Carries the head of the store on every answer of a read or write.
pub const REVISION_HEADER: &str = "pintle-revision";
/// Carries the epoch beside the head.
pub const EPOCH_HEADER: &str = "pintle-epoch";
/// Names the request in answers, logs and history.
pub const REQUEST_ID_HEADER: &str = "x-request-id";
/// Carries the message of a one-entry publish.
pub const MESSAGE_HEADER: &str = "x-message";
/// Makes a write happen once, however often it is sent.
pub const IDEMPOTENCY_HEADER: &str = "idempotency-key";
/// Most items on one page.
pub const PAGE_MAX: u32 = 1000;
/// Items on a page when the caller does not say.
pub const PAGE_DEFAULT: u32 = 100;
