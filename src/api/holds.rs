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
}
