//! History, diff and rollback.

use reqwest::Method;
use time::OffsetDateTime;

use crate::api::entries::WriteView;
use crate::api::revisions::{DiffView, RevisionList, RevisionView, RollbackBody};
use crate::client::query::instant;
use crate::client::{At, Client, ClientError};
use crate::domain::changes::Kind;
use crate::domain::names::{EntryKey, EnvironmentName, NamespaceName};

/// Which revisions. Everything that is absent does not narrow.
#[derive(Debug, Clone, Default)]
pub struct RevisionsQuery {
    /// Those that touched this environment.
    pub environment: Option<EnvironmentName>,
    /// Those that touched this namespace.
    pub namespace: Option<NamespaceName>,
    /// Those that touched this key.
    pub key: Option<EntryKey>,
    /// Those of this user.
    pub actor: Option<String>,
    /// Those of this kind.
    pub kind: Option<Kind>,
    /// Committed then or later.
    pub since: Option<OffsetDateTime>,
    /// Committed then or earlier.
    pub until: Option<OffsetDateTime>,
    /// With a smaller number: what the page before said in `next`.
    pub before: Option<u64>,
    /// Most revisions on a page.
    pub limit: Option<u32>,
}

/// What is compared with what.
#[derive(Debug, Clone)]
pub enum DiffQuery {
    /// An environment, or a namespace of it, at two moments.
    Moments {
        /// The environment.
        environment: EnvironmentName,
        /// Only this namespace.
        namespace: Option<NamespaceName>,
        /// Left.
        from: At,
        /// Right; the head when absent.
        to: Option<At>,
    },
    /// Two environments, or a namespace of both.
    Environments {
        /// Left.
        from_environment: EnvironmentName,
        /// Right.
        to_environment: EnvironmentName,
        /// Only this namespace.
        namespace: Option<NamespaceName>,
        /// Left as it stood then; the head when absent.
        from: Option<At>,
        /// Right as it stood then; the head when absent.
        to: Option<At>,
    },
}

impl Client {
    /// One page of the history, newest first.
    pub async fn list_revisions(&self, query: &RevisionsQuery) -> Result<RevisionList, ClientError> {
        let call = self
            .read(["api", "v1", "revisions"])
            .query("env", query.environment.as_ref())
            .query("namespace", query.namespace.as_ref())
            .query("key", query.key.as_ref())
            .query("actor", query.actor.as_ref())
            .query("kind", query.kind.map(Kind::as_str))
            .query("since", instant(query.since))
            .query("until", instant(query.until))
            .query("before", query.before)
            .query("limit", query.limit);
        self.fetch(call).await
    }

    /// One revision with its changes and their diffs.
    pub async fn get_revision(&self, revision: u64) -> Result<RevisionView, ClientError> {
        self.fetch(self.read(["api", "v1", "revisions", &revision.to_string()])).await
    }

    /// How two moments or two environments differ.
    pub async fn diff(&self, query: &DiffQuery) -> Result<DiffView, ClientError> {
        let call = self.read(["api", "v1", "diff"]);
        let call = match query {
            DiffQuery::Moments { environment, namespace, from, to } => call
                .query("env", Some(environment))
                .query("namespace", namespace.as_ref())
                .query("from", Some(from))
                .query("to", to.as_ref()),
            DiffQuery::Environments { from_environment, to_environment, namespace, from, to } => call
                .query("from_env", Some(from_environment))
                .query("to_env", Some(to_environment))
                .query("namespace", namespace.as_ref())
                .query("from", from.as_ref())
                .query("to", to.as_ref()),
        };
        self.fetch(call).await
    }

    /// Goes to a revision, or undoes one, by a new revision.
    pub async fn roll_back(&self, body: &RollbackBody) -> Result<WriteView, ClientError> {
        self.fetch(self.write(Method::POST, ["api", "v1", "rollback"]).json(body)?).await
    }
}
