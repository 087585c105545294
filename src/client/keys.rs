//! Keys that secrets are sealed with, and redaction.

use reqwest::Method;

use crate::api::keys::{KeyList, RedactBody, RedactView, RotateBody, RotateView};
use crate::client::{Client, ClientError};
use crate::domain::names::Address;

impl Client {
    /// The keys, by their ids, and how far a rotation has come.
    pub async fn list_keys(&self) -> Result<KeyList, ClientError> {
        self.fetch(self.read(["api", "v1", "keys"])).await
    }

    /// Begins a rotation of keys.
    pub async fn rotate_keys(&self, body: &RotateBody) -> Result<RotateView, ClientError> {
        self.fetch(self.write(Method::POST, ["api", "v1", "keys", "rotate"]).once().json(body)?).await
    }

    /// Removes the bytes of one version of an entry for ever.
    pub async fn redact(&self, address: &Address, body: &RedactBody) -> Result<RedactView, ClientError> {
        let Address { environment, namespace, key } = address;
        let before =
            ["api", "v1", "environments", environment.as_str(), "namespaces", namespace.as_str(), "redact"].into_iter();
        let call = self.write(Method::POST, before.chain(key.as_str().split('/')));
        self.fetch(call.once().json(body)?).await
    }
}
