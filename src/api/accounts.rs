//! Logins and tokens on the wire.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

/// A login.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginBody {
    /// The login name.
    pub name: String,
    /// The password, or a one-time password.
    pub password: String,
    /// Sets a new password; required after a one-time password. 8 to 128 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_password: Option<String>,
}

impl std::fmt::Debug for LoginBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LoginBody").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A login that worked. The token goes into `Authorization: Bearer`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionView {
    /// The login name.
    pub user: String,
    /// Shown once.
    pub token: String,
    /// When the session ends.
    #[serde(with = "time::serde::rfc3339")]
    pub expires_at: OffsetDateTime,
}

impl std::fmt::Debug for SessionView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SessionView").field("user", &self.user).finish_non_exhaustive()
    }
}

/// Who the caller is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CallerView {
    /// The login name.
    pub user: String,
    /// The grants held.
    pub grants: Vec<GrantView>,
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
