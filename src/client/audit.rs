//! The audit.

use time::OffsetDateTime;

use crate::api::audit::AuditList;
use crate::client::query::instant;
use crate::client::{Client, ClientError};
use crate::domain::names::{EnvironmentName, NamespaceName};

/// Which rows of the audit. Everything that is absent does not narrow.
#[derive(Debug, Clone, Default)]
pub struct AuditQuery {
    /// By this user, or `anonymous`, or `system`.
    pub actor: Option<String>,
    /// With this action.
    pub action: Option<String>,
    /// Of this environment.
    pub environment: Option<EnvironmentName>,
    /// Of this namespace.
    pub namespace: Option<NamespaceName>,
    /// With a target that has this text in it.
    pub target: Option<String>,
    /// Then or later.
    pub since: Option<OffsetDateTime>,
    /// Then or earlier.
    pub until: Option<OffsetDateTime>,
    /// What the page before said in `next`.
    pub before: Option<String>,
    /// Most rows on a page.
    pub limit: Option<u32>,
}

impl Client {
    /// One page of the audit, newest first.
    pub async fn list_audit(&self, query: &AuditQuery) -> Result<AuditList, ClientError> {
        let call = self
            .read(["api", "v1", "audit"])
            .query("actor", query.actor.as_ref())
            .query("action", query.action.as_ref())
            .query("env", query.environment.as_ref())
            .query("namespace", query.namespace.as_ref())
            .query("target", query.target.as_ref())
            .query("since", instant(query.since))
            .query("until", instant(query.until))
            .query("before", query.before.as_ref())
            .query("limit", query.limit);
        self.fetch(call).await
    }
}
