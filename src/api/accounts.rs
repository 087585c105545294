//! Logins and tokens on the wire.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::names::GroupName;

/// A login.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginBody {
    /// The login name.
    pub name: String,
    /// The password, or a one-time password.
    pub password: String,
    /// Sets a new password; required after a one-time password. 12 to 128 characters of any kind, at least 8 of
    /// them outside the user name, common words, rows of keys, sequences and repetitions. It is taken byte by byte,
    /// without Unicode normalisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_password: Option<String>,
    /// For browsers: the session comes as a cookie, and no token is given.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cookie: bool,
}

impl std::fmt::Debug for LoginBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LoginBody").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A login that worked.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionView {
    /// The login name.
    pub user: String,
    /// For `Authorization: Bearer`, shown once; absent when a cookie holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// When the session ends.
    #[serde(with = "time::serde::rfc3339")]
    pub expires_at: OffsetDateTime,
}

impl std::fmt::Debug for SessionView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SessionView").field("user", &self.user).finish_non_exhaustive()
    }
}

/// An open session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OpenSessionView {
    /// Its id.
    pub id: Uuid,
    /// Whether a browser holds it in a cookie; else a program has its token.
    pub browser: bool,
    /// When it was opened.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When it was last used; up to a minute late when that was at another node.
    #[serde(default, with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<OffsetDateTime>,
    /// When it ends at the latest.
    #[serde(default, with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<OffsetDateTime>,
    /// The address it was opened from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The program it was opened with, as that called itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// Whether this call carries it.
    pub current: bool,
}

/// Open sessions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionList {
    /// The newest first.
    pub sessions: Vec<OpenSessionView>,
}

/// A program to be let in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantCodeBody {
    /// SHA-256 of what the program keeps for itself, in base64url without padding.
    pub challenge: String,
}

/// A code for a program.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CodeView {
    /// Good for one try.
    pub code: String,
    /// From when on it is refused.
    #[serde(with = "time::serde::rfc3339")]
    pub expires_at: OffsetDateTime,
}

impl std::fmt::Debug for CodeView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CodeView").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// A login with a code.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeBody {
    /// The code that the browser gave.
    pub code: String,
    /// What the challenge was made of, 43 to 128 characters.
    pub verifier: String,
}

impl std::fmt::Debug for CodeBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CodeBody")
    }
}

/// An `OpenID` provider, to be made or changed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProviderBody {
    /// Its issuer, exactly as its tokens name it: an `https` address.
    pub issuer: String,
    /// Who this server is there.
    pub client_id: String,
    /// The secret of this server there; absent keeps the one that is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
    /// What is asked for besides `openid`.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// The claim that becomes the user name.
    #[serde(default = "preferred_username")]
    pub name_claim: String,
    /// The claim that lists groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups_claim: Option<String>,
    /// Values of that claim, each with the group that it means here. When empty, values that are names of groups mean these.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, String>)]
    pub groups: BTreeMap<String, GroupName>,
}

fn preferred_username() -> String {
    "preferred_username".to_owned()
}

impl std::fmt::Debug for ProviderBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProviderBody").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

/// An `OpenID` provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProviderView {
    /// What it is called here.
    pub name: String,
    /// For those who operate the store.
    #[serde(flatten)]
    pub details: Option<ProviderDetails>,
}

/// What an `OpenID` provider is set to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProviderDetails {
    /// Its issuer.
    pub issuer: String,
    /// Who this server is there.
    pub client_id: String,
    /// Whether this server has a secret there.
    pub has_secret: bool,
    /// What is asked for besides `openid`.
    pub scopes: Vec<String>,
    /// The claim that becomes the user name.
    pub name_claim: String,
    /// The claim that lists groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups_claim: Option<String>,
    /// Values of that claim, each with the group that it means here.
    #[schema(value_type = BTreeMap<String, String>)]
    pub groups: BTreeMap<String, GroupName>,
}

/// Where people may log in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProviderList {
    /// By name.
    pub providers: Vec<ProviderView>,
}

/// A grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GrantView {
    /// The role.
    pub role: String,
    /// Glob over environments.
    pub environment: String,
    /// Glob over namespaces.
    pub namespace: String,
    /// Prefix of keys; empty covers all.
    pub key_prefix: String,
}
