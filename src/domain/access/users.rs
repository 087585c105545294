//! People, services, their tokens and groups, and who is calling.

use core::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::contents::ContentHash;
use crate::domain::names::{GroupName, UserName};
use crate::domain::revisions::Revision;

/// Whether a user is somebody or something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum UserKind {
    /// Logs in, here or at a provider.
    Person,
    /// Has tokens only.
    Service,
}

impl UserKind {
    /// The kind's name on the wire and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Service => "service",
        }
    }
}

/// Somebody or something that may hold grants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Its id.
    pub id: Uuid,
    /// Its login name.
    pub name: UserName,
    /// Person or service.
    pub kind: UserKind,
    /// May do nothing, whatever it holds.
    pub disabled: bool,
    /// The provider that vouches for it, with its name there; none for local accounts.
    pub vouched: Option<(String, String)>,
    /// The head when its rights last changed.
    pub granted_at: Revision,
    /// When it was made.
    pub created_at: OffsetDateTime,
}

impl User {
    /// A local person, as it is made.
    #[must_use]
    pub fn person(id: Uuid, name: UserName) -> Self {
        Self {
            id,
            name,
            kind: UserKind::Person,
            disabled: false,
            vouched: None,
            granted_at: Revision::ZERO,
            created_at: OffsetDateTime::UNIX_EPOCH,
        }
    }
}

/// The source of memberships that are kept here and not by a provider.
pub const LOCAL: &str = "local";

/// A user in a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// The group.
    pub group: GroupName,
    /// The user.
    pub user: Uuid,
    /// [`LOCAL`], or the provider whose claims say so.
    pub source: String,
}

/// What a token was made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// Made by a login; ends with it.
    Session,
    /// Made for a program.
    Api,
}

impl TokenKind {
    /// The kind's name in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Api => "api",
        }
    }
}

/// A secret that stands for its owner. Only its hash is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The public part of its text.
    pub id: Uuid,
    /// Whose rights it carries.
    pub user: Uuid,
    /// What its maker called it.
    pub name: String,
    /// Session or API token.
    pub kind: TokenKind,
    /// SHA-256 of the secret part.
    pub hash: ContentHash,
    /// Whether it may only what its own grants say, too.
    pub scoped: bool,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// From when on it is refused.
    pub expires_at: Option<OffsetDateTime>,
    /// When it was last used, as the database knows.
    pub last_used_at: Option<OffsetDateTime>,
    /// Where a session was opened.
    pub address: Option<String>,
    /// The program a session was opened with.
    pub agent: Option<String>,
}

/// What a session of a browser is called, whose token is in a cookie.
pub const CONSOLE: &str = "console";

impl Token {
    /// Whether it is the session of a browser: taken from a cookie only, and ended when nobody uses it.
    #[must_use]
    pub fn is_console(&self) -> bool {
        self.kind == TokenKind::Session && self.name == CONSOLE
    }
}

/// Where a call comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Peer {
    /// The caller's address, as far as it can be believed.
    pub address: Option<IpAddr>,
    /// The request, for logs and the audit.
    pub request_id: Arc<str>,
}

/// A caller whose token was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The user.
    pub user: User,
    /// What it showed.
    pub credential: Credential,
    /// Where the call comes from.
    pub peer: Peer,
}

/// What a caller showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// The token, or the one that a short-lived token was exchanged for; none when a trusted issuer vouched.
    pub token: Option<Uuid>,
    /// The trusted issuer that vouched.
    pub issuer: Option<Arc<str>>,
    /// From when on a short-lived token is refused.
    pub expires_at: Option<OffsetDateTime>,
}

impl Caller {
    /// Somebody who showed a token of ours.
    #[must_use]
    pub fn with_token(user: User, token: Uuid, peer: Peer) -> Self {
        Self { user, credential: Credential { token: Some(token), issuer: None, expires_at: None }, peer }
    }

    /// A user on whose behalf the node itself acts.
    #[must_use]
    pub fn of_node(user: User) -> Self {
        Self { user, credential: Credential { token: None, issuer: None, expires_at: None }, peer: Peer::default() }
    }

    /// Whose rights its calls are judged by.
    #[must_use]
    pub fn holder(&self) -> Holder {
        Holder { user: self.user.id, token: self.credential.token }
    }
}

/// Whose rights are asked about: a user, through a token or by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Holder {
    /// The user.
    pub user: Uuid,
    /// The token, whose scope counts as well.
    pub token: Option<Uuid>,
}

impl Holder {
    /// A user, whatever tokens it has.
    #[must_use]
    pub fn user(user: Uuid) -> Self {
        Self { user, token: None }
    }
}
