//! Drafts. A call that opens or edits one is not sent again after a lost answer: it may have happened.

use reqwest::Method;
use reqwest::header::{HeaderValue, IF_MATCH};
use uuid::Uuid;

use crate::api::drafts::{DraftBody, DraftList, DraftPatch, DraftPublishBody, DraftView};
use crate::api::entries::WriteView;
use crate::client::transport::Call;
use crate::client::{Client, ClientError};
use crate::domain::names::{EnvironmentName, NamespaceName};

/// Which drafts. Everything that is absent does not narrow.
#[derive(Debug, Clone, Default)]
pub struct DraftsQuery {
    /// Those of this environment.
    pub environment: Option<EnvironmentName>,
    /// Those at home in this namespace, or with a change of it.
    pub namespace: Option<NamespaceName>,
    /// Those of this user.
    pub owner: Option<String>,
    /// What the page before said in `next`.
    pub after: Option<String>,
    /// Most drafts on a page.
    pub limit: Option<u32>,
}

fn matching(call: Call, hash: &str) -> Result<Call, ClientError> {
    let value = HeaderValue::from_str(&format!("\"{hash}\"")).map_err(|error| ClientError::Setup(error.to_string()))?;
    Ok(call.header(IF_MATCH, value))
}

impl Client {
    /// One page of the drafts that the caller may see, newest first, without contents.
    pub async fn list_drafts(&self, query: &DraftsQuery) -> Result<DraftList, ClientError> {
        let call = self
            .read(["api", "v1", "drafts"])
            .query("env", query.environment.as_ref())
            .query("namespace", query.namespace.as_ref())
            .query("owner", query.owner.as_ref())
            .query("after", query.after.as_ref())
            .query("limit", query.limit);
        self.fetch(call).await
    }

    /// Opens a draft; without a title, the one that is there already is given.
    pub async fn open_draft(&self, body: &DraftBody) -> Result<DraftView, ClientError> {
        self.fetch(self.write(Method::POST, ["api", "v1", "drafts"]).once().json(body)?).await
    }

    /// A draft with its contents.
    pub async fn get_draft(&self, id: Uuid) -> Result<DraftView, ClientError> {
        self.fetch(self.read(["api", "v1", "drafts", &id.to_string()])).await
    }

    /// Edits a draft that was seen with this hash.
    ///
    /// # Errors
    /// `precondition_failed`, with the draft as it is now, when it has another hash.
    pub async fn edit_draft(&self, id: Uuid, hash: &str, body: &DraftPatch) -> Result<DraftView, ClientError> {
        let call = self.write(Method::PATCH, ["api", "v1", "drafts", &id.to_string()]).once();
        self.fetch(matching(call, hash)?.json(body)?).await
    }

    /// Deletes a draft, with a hash only as it was seen.
    pub async fn delete_draft(&self, id: Uuid, hash: Option<&str>) -> Result<(), ClientError> {
        let call = self.write(Method::DELETE, ["api", "v1", "drafts", &id.to_string()]).once();
        let call = match hash {
            Some(hash) => matching(call, hash)?,
            None => call,
        };
        self.send(call).await.map(drop)
    }

    /// Publishes a draft exactly as it was reviewed.
    ///
    /// # Errors
    /// `draft_moved` when it was edited since, `conflict` when an entry changed since.
    pub async fn publish_draft(&self, id: Uuid, body: &DraftPublishBody) -> Result<WriteView, ClientError> {
        self.fetch(self.write(Method::POST, ["api", "v1", "drafts", &id.to_string(), "publish"]).json(body)?).await
    }
}
