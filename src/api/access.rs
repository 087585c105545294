//! Rights on the wire: who may do what and why, and all groups and grants at once.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::grants::{GrantBody, HeldGrantView};
use crate::api::users::MembershipView;
use crate::domain::access::{Action, UserKind};

/// Who the caller is, and what it may do with the token it showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CallerView {
    /// The login name.
    pub user: String,
    /// Person or service.
    pub kind: UserKind,
    /// How it showed who it is.
    pub authenticated_by: AuthenticatedBy,
    /// The token it showed, or the one that was exchanged for what it showed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<ShownTokenView>,
    /// The trusted issuer that vouched for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// Until when what it showed is taken.
    #[serde(default, with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<OffsetDateTime>,
    /// The groups it is in.
    pub groups: Vec<MembershipView>,
    /// The grants it holds by itself and by its groups.
    pub grants: Vec<HeldGrantView>,
    /// What the token is limited to; absent when it may whatever its owner may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Vec<HeldGrantView>>,
    /// What it may do after all: the grants, within the scope.
    pub effective: Vec<EffectiveView>,
    /// The server that answers.
    pub server: ServerView,
}

/// What a server can do, for those who ask before they offer it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ServerView {
    /// Its release.
    pub version: String,
    /// Whether it has a master key: without one, nothing can be marked as secret.
    pub master_key: bool,
    /// Most bytes of one content.
    pub entry_bytes: u64,
    /// Most bytes of the contents of one publish.
    pub change_set_bytes: u64,
    /// Most entries of one publish.
    pub change_set_entries: u64,
    /// Most bytes of a message.
    pub message_bytes: u64,
}

/// How a caller shows who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum AuthenticatedBy {
    /// The session of a login.
    Session,
    /// An API token.
    Token,
    /// A short-lived token that an API token was exchanged for.
    Jwt,
    /// The word of a trusted issuer.
    Issuer,
}

/// The token that a caller showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ShownTokenView {
    /// Its id.
    pub id: Uuid,
    /// What it is for.
    pub name: String,
}

/// Actions on a part of the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EffectiveView {
    /// What may be done.
    pub actions: Vec<Action>,
    /// Glob over environments; `a&b` stands for the names that match both.
    pub environment: String,
    /// Glob over namespaces; `a&b` stands for the names that match both.
    pub namespace: String,
    /// Prefix of keys; empty covers all.
    pub key_prefix: String,
}

/// A question: may somebody do this there?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExplainBody {
    /// `user:NAME` or `token:ID`; the caller with its token when absent. About others only those are told who may give
    /// rights there or read its audit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// What is to be done.
    pub action: Action,
    /// Where; the store as a whole when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// With `environment`; all of its namespaces when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// With `namespace`; all of its keys when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// Why something is allowed or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReasonView {
    /// `grant` allows it.
    Granted,
    /// `grant` would allow it, but the scope of the token does not.
    OutOfScope,
    /// No grant allows it.
    NoGrant,
    /// The user is disabled.
    Disabled,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExplainView {
    /// Who was asked about.
    pub subject: String,
    /// Whether it may, on all of the target.
    pub allowed: bool,
    /// Why, or why not.
    pub reason: ReasonView,
    /// What is to be done.
    pub action: Action,
    /// On what.
    pub target: String,
    /// The grant that decides. A `group:` as its subject says by which group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<HeldGrantView>,
    /// Not allowed on all of the target: a grant that allows it on a part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partly: Option<HeldGrantView>,
    /// Not granted: users who could give the right, ten at most. Empty when the caller may not know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub who_can_grant: Vec<String>,
}

/// A question: who may do this there?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WhoCanBody {
    /// What is to be done.
    pub action: Action,
    /// Where; the store as a whole when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// With `environment`; all of its namespaces when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// With `namespace`; all of its keys when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// Who may.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WhoCanView {
    /// What is to be done.
    pub action: Action,
    /// On what.
    pub target: String,
    /// By name, 1000 at most.
    pub users: Vec<AbleView>,
    /// Whether there are more.
    pub more: bool,
}

/// A user who may.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AbleView {
    /// Its name.
    pub user: String,
    /// Person or service.
    pub kind: UserKind,
    /// The grant by which it may. A `group:` as its subject says by which group.
    pub grant: HeldGrantView,
}

/// Groups and grants of users and groups. The scopes of tokens are their owners' and not among them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccessDocument {
    /// Groups with the members that are kept here, by name.
    #[serde(default)]
    pub groups: BTreeMap<String, Vec<String>>,
    /// Grants.
    #[serde(default)]
    pub grants: Vec<GrantBody>,
}

/// What groups and grants shall be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccessBody {
    /// Groups with the members that are kept here, by name.
    #[serde(default)]
    pub groups: BTreeMap<String, Vec<String>>,
    /// Grants.
    #[serde(default)]
    pub grants: Vec<GrantBody>,
    /// Ends every grant of a user or a group and every membership kept here that is not named.
    #[serde(default)]
    pub prune: bool,
    /// Only say what would change.
    #[serde(default)]
    pub dry_run: bool,
}

/// What changed, or would.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AppliedView {
    /// What came.
    pub added: AccessDocument,
    /// What went.
    pub removed: AccessDocument,
    /// How many grants and memberships of the call were there already.
    pub unchanged: u64,
    /// Whether nothing was changed because only the changes were asked for.
    pub dry_run: bool,
}
