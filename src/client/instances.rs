//! Instances and receipts.

use reqwest::Method;

use crate::api::instances::{InstanceBody, InstanceList, InstanceView, ReceiptsBody, ReceiptsView};
use crate::client::{At, Client, ClientError};
use crate::domain::names::{EnvironmentName, InstanceId, NamespaceName};

/// Which instances of an environment. Everything that is absent does not narrow.
#[derive(Debug, Clone, Default)]
pub struct InstancesQuery {
    /// Those that run on this namespace.
    pub namespace: Option<NamespaceName>,
    /// Those that run this revision.
    pub revision: Option<u64>,
    /// Those that are there so, or stand so: `live`, `late`, `gone`, `in_sync`, `behind`, `rejected`, `held`, `unknown`,
    /// `drifted`, `broken`, `unhealthy`, `missing`.
    pub state: Option<String>,
    /// Those with all of these labels.
    pub labels: Vec<(String, String)>,
    /// Those of this service.
    pub service: Option<String>,
    /// What they ran then.
    pub at: Option<At>,
    /// With a greater id: what the page before said in `next`.
    pub cursor: Option<String>,
    /// Most instances on a page.
    pub limit: Option<u32>,
}

fn path<'a>(environment: &'a EnvironmentName, id: &'a InstanceId) -> [&'a str; 6] {
    ["api", "v1", "environments", environment.as_str(), "instances", id.as_str()]
}

impl Client {
    /// Says what an instance is, before it watches.
    ///
    /// # Errors
    /// `instance_taken` while the id is another user's, `not_found` for a namespace of which the caller may read nothing.
    pub async fn put_instance(
        &self,
        environment: &EnvironmentName,
        id: &InstanceId,
        body: &InstanceBody,
    ) -> Result<InstanceView, ClientError> {
        self.fetch(self.write(Method::PUT, path(environment, id)).json(body)?).await
    }

    /// Says goodbye for an instance that stops.
    pub async fn delete_instance(&self, environment: &EnvironmentName, id: &InstanceId) -> Result<(), ClientError> {
        self.send(self.write(Method::DELETE, path(environment, id))).await.map(drop)
    }

    /// Says what became of revisions at an instance.
    pub async fn send_receipts(
        &self,
        environment: &EnvironmentName,
        id: &InstanceId,
        body: &ReceiptsBody,
    ) -> Result<(), ClientError> {
        let path = path(environment, id).into_iter().chain(["receipts"]);
        self.send(self.write(Method::POST, path).json(body)?).await.map(drop)
    }

    /// One page of the instances of an environment, by id.
    pub async fn list_instances(
        &self,
        environment: &EnvironmentName,
        query: &InstancesQuery,
    ) -> Result<InstanceList, ClientError> {
        let call = self
            .read(["api", "v1", "environments", environment.as_str(), "instances"])
            .query("namespace", query.namespace.as_ref())
            .query("revision", query.revision)
            .query("state", query.state.as_ref())
            .query("service", query.service.as_ref())
            .query("at", query.at)
            .query("cursor", query.cursor.as_ref())
            .query("limit", query.limit);
        let labels = query.labels.iter().map(|(name, value)| format!("{name}={value}"));
        self.fetch(labels.fold(call, |call, label| call.query("label", Some(label)))).await
    }

    /// One instance, now or as it was then.
    pub async fn get_instance(
        &self,
        environment: &EnvironmentName,
        id: &InstanceId,
        at: Option<At>,
    ) -> Result<InstanceView, ClientError> {
        self.fetch(self.read(path(environment, id)).query("at", at)).await
    }

    /// Who runs a revision.
    pub async fn get_receipts(&self, revision: u64) -> Result<ReceiptsView, ClientError> {
        self.fetch(self.read(["api", "v1", "revisions", &revision.to_string(), "receipts"])).await
    }
}
