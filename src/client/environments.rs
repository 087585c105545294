//! Environments.

use reqwest::Method;

use crate::api::entries::WriteView;
use crate::api::environments::{EnvironmentBody, EnvironmentList, EnvironmentView, FreezeBody};
use crate::client::{Client, ClientError};
use crate::domain::names::EnvironmentName;
use crate::domain::revisions::Cursor;

fn path(environment: &EnvironmentName) -> [&str; 4] {
    ["api", "v1", "environments", environment.as_str()]
}

impl Client {
    /// The environments that the caller may see.
    pub async fn list_environments(&self) -> Result<EnvironmentList, ClientError> {
        self.fetch(self.read(["api", "v1", "environments"])).await
    }

    /// The newest revision of the store, and the history it belongs to.
    pub async fn get_head(&self) -> Result<Cursor, ClientError> {
        let answer = self.send(self.read(["api", "v1", "environments"])).await?;
        answer.head.ok_or_else(|| ClientError::Unexpected {
            status: answer.status.as_u16(),
            body: "the answer does not carry the head of the store".to_owned(),
        })
    }

    /// One environment.
    pub async fn get_environment(&self, environment: &EnvironmentName) -> Result<EnvironmentView, ClientError> {
        self.fetch(self.read(path(environment))).await
    }

    /// Creates an environment or sets its attributes; those left out are cleared.
    pub async fn put_environment(
        &self,
        environment: &EnvironmentName,
        body: &EnvironmentBody,
    ) -> Result<WriteView, ClientError> {
        self.fetch(self.write(Method::PUT, path(environment)).json(body)?).await
    }

    /// Deletes an environment without namespaces.
    pub async fn delete_environment(
        &self,
        environment: &EnvironmentName,
        message: Option<&str>,
    ) -> Result<WriteView, ClientError> {
        self.fetch(self.write(Method::DELETE, path(environment)).message(message)?).await
    }

    /// Refuses publishes to an environment until [`Client::unfreeze`].
    pub async fn freeze(&self, environment: &EnvironmentName, body: &FreezeBody) -> Result<WriteView, ClientError> {
        let path = path(environment).into_iter().chain(["freeze"]);
        self.fetch(self.write(Method::PUT, path).json(body)?).await
    }

    /// Allows publishes to an environment again.
    pub async fn unfreeze(
        &self,
        environment: &EnvironmentName,
        message: Option<&str>,
    ) -> Result<WriteView, ClientError> {
        let path = path(environment).into_iter().chain(["freeze"]);
        self.fetch(self.write(Method::DELETE, path).message(message)?).await
    }
}
