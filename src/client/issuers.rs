//! Trusted issuers.

use reqwest::Method;

use crate::api::issuers::{IssuerBody, IssuerList, IssuerView};
use crate::client::{Client, ClientError};

impl Client {
    /// All trusted issuers.
    pub async fn list_issuers(&self) -> Result<IssuerList, ClientError> {
        self.fetch(self.read(["api", "v1", "trusted-issuers"])).await
    }

    /// Makes a trusted issuer, or replaces it.
    pub async fn put_issuer(&self, name: &str, body: &IssuerBody) -> Result<IssuerView, ClientError> {
        self.fetch(self.write(Method::PUT, ["api", "v1", "trusted-issuers", name]).json(body)?).await
    }

    /// Trusts an issuer no more.
    pub async fn delete_issuer(&self, name: &str) -> Result<(), ClientError> {
        self.send(self.write(Method::DELETE, ["api", "v1", "trusted-issuers", name])).await.map(drop)
    }
}
