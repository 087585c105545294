//! The typed client: one method per call of the API, used by the agent, the user's commands and the tests.
//!
//! It speaks the contract of [`crate::api`] and knows how to send a call again without doing it twice: every write carries an
//! idempotency key, and a write that was cut is sent again with the same one.

mod access;
mod accounts;
mod audit;
mod authorities;
mod credentials;
mod drafts;
mod entries;
mod environments;
mod error;
mod instances;
mod issuers;
mod keys;
mod namespaces;
mod nodes;
mod query;
mod revisions;
mod search;
mod server;
mod tokens;
mod transport;
mod trims;
pub mod watch;

use std::fmt;
use std::time::Duration;

pub use access::GrantsQuery;
pub use audit::AuditQuery;
pub use authorities::Authorities;
pub use credentials::{Credentials, Exchange, is_same_holder};
pub use drafts::DraftsQuery;
pub use entries::{EntriesQuery, Listing, Precondition, PutEntry};
pub use error::ClientError;
pub use instances::InstancesQuery;
pub use query::At;
pub use revisions::{DiffQuery, RevisionsQuery};
pub use search::SearchQuery;
pub use server::Server;

/// How long to wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How often an HTTP/2 connection in use is asked whether it is still there.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How long one try of a call may take, its answer included. A change set of 8 MiB fits through 3 Mbit/s.
const TRY_TIMEOUT: Duration = Duration::from_secs(30);

/// The secret of `Authorization: Bearer`. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// Takes the text of a token, without the white space around it.
    ///
    /// # Errors
    /// [`ClientError::Token`] when it is empty or could not stand in a header.
    pub fn parse(text: &str) -> Result<Self, ClientError> {
        let text = text.trim();
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(ClientError::Token);
        }
        Ok(Self(text.to_owned()))
    }

    /// The secret itself.
    #[must_use]
    pub fn secret(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// A connection to one server. Cloning shares its pool of connections.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    server: Server,
    credentials: Credentials,
}

impl Client {
    /// A client of a server, on behalf of the owner of the token. Nothing is sent yet.
    ///
    /// # Errors
    /// [`ClientError::Setup`] when TLS cannot be set up, such as on a machine without root certificates.
    pub fn new(server: Server, token: Option<&Token>) -> Result<Self, ClientError> {
        Self::trusting(server, token, &Authorities::default())
    }

    /// The same, for a server whose certificate may be one of these authorities as well.
    ///
    /// # Errors
    /// [`ClientError::Setup`] when TLS cannot be set up with them.
    pub fn trusting(server: Server, token: Option<&Token>, authorities: &Authorities) -> Result<Self, ClientError> {
        Self::showing(server, Credentials::of(token.cloned()), authorities)
    }

    /// The same, with a token that may change.
    ///
    /// # Errors
    /// [`ClientError::Setup`] when TLS cannot be set up with the authorities.
    pub fn showing(server: Server, credentials: Credentials, authorities: &Authorities) -> Result<Self, ClientError> {
        // A second client of the process, or its server, may have done this already: then theirs stays.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("pintle/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TRY_TIMEOUT)
            // Streams share a connection with calls: one whose other end is gone must not be used for the next try.
            .http2_keep_alive_interval(KEEP_ALIVE)
            .http2_keep_alive_timeout(CONNECT_TIMEOUT)
            // A redirected write would lose its body or its token; the address is wrong, and saying so is better.
            .redirect(reqwest::redirect::Policy::none());
        if server.encrypted() {
            builder = builder.tls_certs_merge(authorities.0.iter().cloned());
        } else {
            // Without TLS no certificate is ever checked, and looking for them fails on machines that have none.
            builder = builder.tls_certs_only([]);
        }
        if server.loopback() {
            // A proxy of the environment cannot reach this machine's own addresses.
            builder = builder.no_proxy();
        }
        let http = builder.build().map_err(|error| ClientError::setup(&error))?;
        Ok(Self { http, server, credentials })
    }

    /// The server it talks to.
    #[must_use]
    pub fn server(&self) -> &Server {
        &self.server
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_never_printed() {
        let token = Token::parse(" secret\n").unwrap();
        assert_eq!(token.secret(), "secret");
        assert!(!format!("{token:?}").contains("secret"));
        let client = Client::new(Server::parse("http://127.0.0.1:1").unwrap(), Some(&token)).unwrap();
        assert!(!format!("{client:?}").contains("secret"));
    }

    #[test]
    fn a_token_must_fit_into_a_header() {
        for bad in ["", "  ", "two words", "ä", "a\nb"] {
            assert!(matches!(Token::parse(bad), Err(ClientError::Token)), "{bad:?}");
        }
    }
}
