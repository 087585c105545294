//! Groups on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::grants::HeldGrantView;

/// A group: whatever it holds, everybody in it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GroupView {
    /// Its name.
    pub name: String,
    /// Who is in it, by name.
    pub members: Vec<MemberView>,
    /// What it holds.
    pub grants: Vec<HeldGrantView>,
}

/// Somebody in a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MemberView {
    /// The user.
    pub user: String,
    /// `local` when it is kept here and may be changed here, else the provider or the issuer that says so.
    pub source: String,
}

/// A page of groups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GroupList {
    /// By name.
    pub groups: Vec<GroupView>,
    /// For `after=` of the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// The members of a group that are kept here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupBody {
    /// All of them, by name; whoever is left out leaves. Members by a provider or an issuer stay.
    pub members: Vec<String>,
}
