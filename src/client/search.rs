//! Search.

use crate::api::search::SearchList;
use crate::client::{Client, ClientError};
use crate::domain::names::{EnvironmentName, NamespaceName};

/// What to look for, and where. Everything that is absent does not narrow.
#[derive(Debug, Clone, Default)]
pub struct SearchQuery {
    /// The text, 1 to 200 characters in one line.
    pub text: String,
    /// In this environment.
    pub environment: Option<EnvironmentName>,
    /// In namespaces of this name.
    pub namespace: Option<NamespaceName>,
    /// Only in keys.
    pub keys_only: bool,
    /// Most entries on a page.
    pub limit: Option<u32>,
    /// What the page before said in `next`.
    pub cursor: Option<String>,
}

impl Client {
    /// One page of the entries that have a text and that the caller may read.
    pub async fn search(&self, query: &SearchQuery) -> Result<SearchList, ClientError> {
        let call = self
            .read(["api", "v1", "search"])
            .query("q", Some(&query.text))
            .query("env", query.environment.as_ref())
            .query("namespace", query.namespace.as_ref())
            .query("in", query.keys_only.then_some("keys"))
            .query("limit", query.limit)
            .query("cursor", query.cursor.as_ref());
        self.fetch(call).await
    }
}
