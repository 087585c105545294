//! Users and their passwords on the wire.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::access::UserKind;

/// A person or a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UserView {
    /// Its id.
    pub id: Uuid,
    /// Its login name.
    pub name: String,
    /// A person logs in, a service has tokens only.
    pub kind: UserKind,
    /// May do nothing, whatever it holds.
    pub disabled: bool,
    /// The provider it logs in at; absent for accounts of this server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The groups it is in, by name.
    pub groups: Vec<MembershipView>,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// A group that a user is in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MembershipView {
    /// The group.
    pub group: String,
    /// `local` when it is kept here, else the provider or the issuer because of which the user is in it.
    pub source: String,
}

/// A page of users.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UserList {
    /// By name.
    pub users: Vec<UserView>,
    /// For `after=` of the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A user to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserBody {
    /// The login name: 1 to 64 of a-z, 0-9, '.', '_' and '-'.
    pub name: String,
    /// A person gets a one-time password.
    pub kind: UserKind,
}

/// A new user.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewUserView {
    /// The user.
    #[serde(flatten)]
    pub user: UserView,
    /// For the first login of a person, which must set another one. Shown once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_time_password: Option<String>,
}

impl std::fmt::Debug for NewUserView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewUserView").field("user", &self.user).finish_non_exhaustive()
    }
}

/// What may be changed of a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserChangeBody {
    /// Whether it may do nothing any more. Its sessions and streams end at once.
    pub disabled: bool,
}

/// A one-time password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OneTimePasswordView {
    /// For the next login, which must set another one. Shown once.
    pub one_time_password: String,
}

impl std::fmt::Debug for OneTimePasswordView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OneTimePasswordView").finish_non_exhaustive()
    }
}

/// A change of one's own password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordBody {
    /// The present one.
    pub password: String,
    /// The new one: 12 to 128 characters of any kind, at least 8 of them outside the user name, common words, rows of
    /// keys, sequences and repetitions. It is taken byte by byte, without Unicode normalisation.
    pub new_password: String,
}

impl std::fmt::Debug for PasswordBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PasswordBody").finish_non_exhaustive()
    }
}
