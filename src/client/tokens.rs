//! Tokens of programs. A call that makes one is not sent again after a lost answer: a second token would be one too many.

use reqwest::Method;
use uuid::Uuid;

use crate::api::tokens::{NewTokenView, RotateTokenBody, TokenBody, TokenList};
use crate::client::{Client, ClientError};

impl Client {
    /// The caller's tokens, or those of a user.
    pub async fn list_tokens(&self, user: Option<&str>) -> Result<TokenList, ClientError> {
        self.fetch(self.read(["api", "v1", "tokens"]).query("user", user)).await
    }

    /// Makes a token; its secret is told this once.
    pub async fn create_token(&self, body: &TokenBody) -> Result<NewTokenView, ClientError> {
        self.fetch(self.write(Method::POST, ["api", "v1", "tokens"]).once().json(body)?).await
    }

    /// Replaces a token; the secret of the new one is told this once.
    pub async fn rotate_token(&self, id: Uuid, body: &RotateTokenBody) -> Result<NewTokenView, ClientError> {
        let path = ["api", "v1", "tokens", &id.to_string(), "rotate"];
        self.fetch(self.write(Method::POST, path).once().json(body)?).await
    }

    /// Ends a token.
    pub async fn revoke_token(&self, id: Uuid) -> Result<(), ClientError> {
        self.send(self.write(Method::DELETE, ["api", "v1", "tokens", &id.to_string()]).once()).await.map(drop)
    }
}
