//! Grants on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::accounts::GrantView;
use crate::domain::access::Role;

/// A role to be given to somebody on a part of the store.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantBody {
    /// `user:NAME`, `group:NAME` or `token:ID`. What a token is given is its scope: it narrows what its owner may.
    pub subject: String,
    /// The role.
    pub role: Role,
    /// Glob over environments: `prod`, `prod-*`, `*`.
    pub environment: String,
    /// Glob over namespaces: `orders`, `orders*`, `*`. A `*` crosses dots.
    pub namespace: String,
    /// Prefix of keys; empty covers all.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub key_prefix: String,
}

/// A grant with who holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HeldGrantView {
    /// Its id.
    pub id: Uuid,
    /// `user:NAME`, `group:NAME` or `token:ID`.
    pub subject: String,
    /// What it allows, and where.
    #[serde(flatten)]
    pub grant: GrantView,
}

/// A page of grants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GrantList {
    /// By subject and place.
    pub grants: Vec<HeldGrantView>,
    /// For `after=` of the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}
