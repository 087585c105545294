//! What every command has at hand: the options, the streams, the logins and the client.

use anyhow::Result;

use crate::api::problem::Code;
use crate::cli::user::credentials::{Credentials, Store};
use crate::cli::user::exit::Stop;
use crate::cli::user::output::Output;
use crate::cli::user::surroundings::Surroundings;
use crate::cli::user::{Global, paint};
use crate::client::{Authorities, Client, ClientError, Credentials as Shown, Server, Token};

/// The server of a first command on a developer's machine.
const DEFAULT_SERVER: &str = "http://127.0.0.1:8080";

/// The means of a command.
#[derive(Debug)]
pub(super) struct Context<'a> {
    pub(super) global: &'a Global,
    pub(super) out: Output,
    pub(super) surroundings: Surroundings,
}

impl<'a> Context<'a> {
    pub(super) fn new(global: &'a Global) -> Self {
        let out = Output { json: global.json, color: global.color.into() };
        Self { global, out, surroundings: Surroundings::read() }
    }

    /// Where logins are kept.
    pub(super) fn store(&self) -> Result<Store> {
        let directory = self.surroundings.configuration.clone();
        let directory =
            directory.ok_or_else(|| Stop::failed("there is no place for logins: set HOME or XDG_CONFIG_HOME"))?;
        Ok(Store::new(directory))
    }

    /// The logins; none without a home directory.
    pub(super) fn credentials(&self) -> Result<Credentials> {
        match self.surroundings.configuration.clone() {
            Some(directory) => Store::new(directory).load(|text| self.out.warn(text)),
            None => Ok(Credentials::default()),
        }
    }

    /// The server that is meant: the one said, else that of the last login, else this machine.
    pub(super) fn server(&self, credentials: &Credentials) -> Result<Server> {
        let said = self.global.server.as_deref().filter(|text| !text.is_empty());
        Ok(Server::parse(said.or(credentials.current.as_deref()).unwrap_or(DEFAULT_SERVER))?)
    }

    /// The client, with the token said, that of the file said, or else that of the login on the server.
    pub(super) fn client(&self) -> Result<Client> {
        let said = self.said()?;
        // With both said, no file of logins is needed, and a damaged one is not in the way.
        let credentials = match (&said, &self.global.server) {
            (Some(_), Some(_)) => Credentials::default(),
            (Some(_), None) | (None, Some(_) | None) => self.credentials()?,
        };
        let server = self.server(&credentials)?;
        let kept = || credentials.login(&server).map(|login| Token::parse(&login.token)).transpose();
        let shown = match said {
            Some(said) => said,
            None => Shown::of(kept()?),
        };
        self.connect_showing(server, shown)
    }

    /// What the options and the environment give to be shown; a token before the file of one.
    fn said(&self) -> Result<Option<Shown>> {
        let token = self.global.token.as_ref().map(|secret| secret.0.as_str()).filter(|text| !text.is_empty());
        if let Some(token) = token {
            return Ok(Some(Shown::of(Some(Token::parse(token)?))));
        }
        Ok(self.global.token_file.as_deref().filter(|path| !path.as_os_str().is_empty()).map(Shown::file))
    }

    /// A client of a server, which must have a certificate of the machine's authorities or of `--ca-file`.
    pub(super) fn connect(&self, server: Server, token: Option<&Token>) -> Result<Client> {
        self.connect_showing(server, Shown::of(token.cloned()))
    }

    fn connect_showing(&self, server: Server, shown: Shown) -> Result<Client> {
        if server.exposed() {
            self.out
                .warn(format_args!("{server} is not encrypted: passwords, tokens and contents can be read on the way"));
        }
        let said = self.global.ca_file.as_deref().filter(|path| !path.as_os_str().is_empty());
        let authorities = said.map(Authorities::read).transpose()?.unwrap_or_default();
        Ok(Client::showing(server, shown, &authorities)?)
    }

    /// Asks whether to go on. Without a person to ask, only `--yes` goes on.
    pub(super) fn agreed(&self, yes: bool, question: &str) -> Result<()> {
        if yes {
            return Ok(());
        }
        if !self.out.interactive() {
            return Err(Stop::usage(format!("{question} Nobody is there to be asked: give --yes")).into());
        }
        self.confirmed(question)
    }

    /// Asks whether to go on. Without a person to ask, goes on.
    pub(super) fn agreed_or_alone(&self, yes: bool, question: &str) -> Result<()> {
        if yes || !self.out.interactive() { Ok(()) } else { self.confirmed(question) }
    }

    fn confirmed(&self, question: &str) -> Result<()> {
        if self.out.confirm(question)? { Ok(()) } else { Err(Stop::failed("nothing was changed").into()) }
    }

    /// The message that a protected environment asked for, when a person is there to give one. Otherwise the error itself.
    pub(super) fn message_for(&self, error: ClientError, given: &str) -> Result<String> {
        if error.code() != Some(Code::MessageRequired) || !given.is_empty() || !self.out.interactive() {
            return Err(error.into());
        }
        let question = paint::paint(paint::STRONG, "This environment is protected. Why this change?");
        match self.out.ask(&question)? {
            Some(message) if !message.is_empty() => Ok(message),
            Some(_) | None => Err(error.into()),
        }
    }
}
