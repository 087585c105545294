//! The servers of the agent and the token for them, which may change while it runs.

use std::path::PathBuf;

use uuid::Uuid;

use crate::client::{Authorities, Client, ClientError, Credentials, Server, Token};

/// Where the servers are, and where the token comes from.
#[derive(Debug, Clone)]
pub struct Access {
    /// The servers.
    pub servers: Vec<Server>,
    /// What is shown to them; shared by all blocks.
    pub credentials: Credentials,
    /// Holds authorities besides those of the machine.
    pub ca_file: Option<PathBuf>,
}

impl Access {
    /// The present token; none when neither a file nor the environment has one.
    ///
    /// # Errors
    /// When its file cannot be read or holds no token.
    pub fn token(&self) -> Result<Option<Token>, ClientError> {
        self.credentials.token()
    }

    /// One client for each server.
    ///
    /// # Errors
    /// When the connection cannot be prepared.
    pub fn clients(&self) -> Result<Vec<Client>, ClientError> {
        let authorities = self.ca_file.as_deref().map(Authorities::read).transpose()?.unwrap_or_default();
        let one = |server: &Server| Client::showing(server.clone(), self.credentials.clone(), &authorities);
        self.servers.iter().map(one).collect()
    }
}

/// A number from 0 to 255 by chance.
#[expect(
    clippy::disallowed_methods,
    reason = "it only spreads what many agents do; the agent stands below the runtime's ids"
)]
pub(super) fn chance() -> u8 {
    let [chance, ..] = Uuid::new_v4().into_bytes();
    chance
}
