//! A store that was restored, and its end of holding, on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Let the instances follow the store again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResumeBody {
    /// Say what they run, and do nothing.
    #[serde(default)]
    pub dry_run: bool,
}

/// How the store stood before it was resumed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ResumeView {
    /// Whether it was held.
    pub held: bool,
    /// Whether nothing was done.
    #[serde(default)]
    pub dry_run: bool,
    /// What the instances run, by environment and namespace.
    #[serde(default)]
    pub namespaces: Vec<FollowersView>,
}

/// The instances of a namespace, as far as they were heard of in the last 10 minutes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FollowersView {
    /// The environment.
    pub env: String,
    /// The namespace.
    pub namespace: String,
    /// How many there are.
    pub instances: u64,
    /// How many of them run content that the store does not have: when they follow it, they go back.
    pub ahead: u64,
}
