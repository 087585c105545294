//! Namespaces.

use reqwest::Method;

use crate::api::entries::WriteView;
use crate::api::namespaces::{NamespaceBody, NamespaceList, NamespaceView};
use crate::client::{At, Client, ClientError};
use crate::domain::names::{EnvironmentName, NamespaceName};

fn path<'a>(environment: &'a EnvironmentName, namespace: &'a NamespaceName) -> [&'a str; 6] {
    ["api", "v1", "environments", environment.as_str(), "namespaces", namespace.as_str()]
}

impl Client {
    /// The namespaces of an environment that the caller may see.
    pub async fn list_namespaces(
        &self,
        environment: &EnvironmentName,
        at: Option<At>,
    ) -> Result<NamespaceList, ClientError> {
        let path = ["api", "v1", "environments", environment.as_str(), "namespaces"];
        self.fetch(self.read(path).query("at", at)).await
    }

    /// One namespace.
    pub async fn get_namespace(
        &self,
        environment: &EnvironmentName,
        namespace: &NamespaceName,
    ) -> Result<NamespaceView, ClientError> {
        self.fetch(self.read(path(environment, namespace))).await
    }

    /// Creates a namespace or sets its attributes; those left out are cleared.
    pub async fn put_namespace(
        &self,
        environment: &EnvironmentName,
        namespace: &NamespaceName,
        body: &NamespaceBody,
    ) -> Result<WriteView, ClientError> {
        self.fetch(self.write(Method::PUT, path(environment, namespace)).json(body)?).await
    }

    /// Deletes a namespace with its entries.
    ///
    /// # Errors
    /// `confirmation_required` with the impact, unless `confirmed` says that the caller knows it.
    pub async fn delete_namespace(
        &self,
        environment: &EnvironmentName,
        namespace: &NamespaceName,
        confirmed: bool,
        message: Option<&str>,
    ) -> Result<WriteView, ClientError> {
        let call = self.write(Method::DELETE, path(environment, namespace));
        self.fetch(call.query("confirm", confirmed.then_some(namespace)).message(message)?).await
    }
}
