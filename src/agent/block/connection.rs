//! The servers of the agent and the token for them, which may change while it runs.

use std::path::PathBuf;

use uuid::Uuid;

use crate::client::{Authorities, Client, ClientError, Server, Token};

/// Where the servers are, and where the token comes from.
#[derive(Debug, Clone)]
pub struct Access {
    /// The servers.
    pub servers: Vec<Server>,
    /// Holds the token. It wins over `token`.
    pub token_file: Option<PathBuf>,
    /// Holds authorities besides those of the machine.
    pub ca_file: Option<PathBuf>,
    /// The token of the environment.
    pub token: Option<Token>,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The file of the token cannot be read.
    #[error("the token of {}: {error}", path.display())]
    TokenFile {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: std::io::Error,
    },
    /// The token or the connection is not possible.
    #[error(transparent)]
    Client(#[from] ClientError),
}

impl Access {
    /// The present token; none when neither a file nor the environment has one.
    ///
    /// # Errors
    /// When its file cannot be read or holds no token.
    pub fn token(&self) -> Result<Option<Token>, AccessError> {
        let Some(path) = &self.token_file else { return Ok(self.token.clone()) };
        let text =
            std::fs::read_to_string(path).map_err(|error| AccessError::TokenFile { path: path.clone(), error })?;
        Ok(Some(Token::parse(&text)?))
    }

    /// One client for each server.
    ///
    /// # Errors
    /// When the connection cannot be prepared.
    pub fn clients(&self, token: Option<&Token>) -> Result<Vec<Client>, AccessError> {
        let authorities = self.ca_file.as_deref().map(Authorities::read).transpose()?.unwrap_or_default();
        let one = |server: &Server| Client::trusting(server.clone(), token, &authorities).map_err(AccessError::from);
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
