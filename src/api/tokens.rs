//! Tokens of programs on the wire.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::access::{Action, Role};

/// A token to be made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenBody {
    /// What it is for, 1 to 100 characters.
    pub name: String,
    /// Days until it ends, 1 to 366; 90 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 366)]
    pub expires_in_days: Option<u32>,
    /// What it may at most, 1 to 50 items; whatever its owner may when absent. Never more than its owner may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Vec<ScopeItem>>,
    /// The service that owns it, for whoever operates the store; the caller when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
}

/// A part of a scope: a role or single actions, on a part of the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScopeItem {
    /// What the role allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Single actions instead of a role.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<Action>,
    /// Glob over environments.
    #[serde(default = "any")]
    pub environment: String,
    /// Glob over namespaces.
    #[serde(default = "any")]
    pub namespace: String,
    /// Prefix of keys; empty covers all.
    #[serde(default)]
    pub key_prefix: String,
}

fn any() -> String {
    "*".to_owned()
}

/// How a token is replaced.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateTokenBody {
    /// Seconds for which the old token goes on, 0 to 604800; 3600 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 604_800)]
    pub overlap_seconds: Option<u32>,
}

/// A token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenView {
    /// Its id.
    pub id: Uuid,
    /// What it is for.
    pub name: String,
    /// Whether a login made it.
    pub session: bool,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When it was last used, to the minute or so.
    #[serde(default, with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<OffsetDateTime>,
    /// When it ends.
    #[serde(default, with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<OffsetDateTime>,
    /// What it may at most; absent when it may whatever its owner may, empty when nothing is left of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Vec<ScopeItem>>,
}

/// Tokens of one user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenList {
    /// By name.
    pub tokens: Vec<TokenView>,
}

/// A new token with its secret, which is shown this once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewTokenView {
    /// The text for `Authorization: Bearer` and `PINTLE_TOKEN`.
    pub token: String,
    /// What is kept of it.
    #[serde(flatten)]
    pub view: TokenView,
}

impl std::fmt::Debug for NewTokenView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewTokenView").field("view", &self.view).finish_non_exhaustive()
    }
}

/// What is exchanged for a short-lived token: nothing here for the token in `Authorization`.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExchangeBody {
    /// A token of a trusted issuer, instead of one of ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject_token: Option<String>,
}

impl std::fmt::Debug for ExchangeBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ExchangeBody").field("foreign", &self.subject_token.is_some()).finish_non_exhaustive()
    }
}

/// A short-lived token, for `Authorization: Bearer`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExchangeView {
    /// A JWT that only this server reads.
    pub token: String,
    /// When it ends, after ten minutes at the latest.
    #[serde(with = "time::serde::rfc3339")]
    pub expires_at: OffsetDateTime,
}

impl std::fmt::Debug for ExchangeView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ExchangeView").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}
