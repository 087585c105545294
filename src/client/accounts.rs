//! Logins and tokens. None of these calls is sent again after a lost answer: a second login or token would be one too many.

use reqwest::Method;
use uuid::Uuid;

use crate::api::accounts::{
    CallerView, CodeBody, LoginBody, NewTokenView, ProviderList, SessionView, TokenBody, TokenList,
};
use crate::client::{Client, ClientError};

impl Client {
    /// Logs in.
    ///
    /// # Errors
    /// `password_change_required` after a one-time password without a new one.
    pub async fn log_in(&self, body: &LoginBody) -> Result<SessionView, ClientError> {
        self.fetch(self.write(Method::POST, ["api", "v1", "session"]).once().json(body)?).await
    }

    /// Logs in with a code that the person got in a browser.
    ///
    /// # Errors
    /// `login_refused` when the code is not good, or no more.
    pub async fn log_in_with_code(&self, body: &CodeBody) -> Result<SessionView, ClientError> {
        self.fetch(self.write(Method::POST, ["api", "v1", "session", "token"]).once().json(body)?).await
    }

    /// Where people may log in.
    pub async fn list_identity_providers(&self) -> Result<ProviderList, ClientError> {
        self.fetch(self.read(["api", "v1", "identity-providers"])).await
    }

    /// Ends the session whose token this client sends.
    pub async fn log_out(&self) -> Result<(), ClientError> {
        self.send(self.write(Method::DELETE, ["api", "v1", "session"]).once()).await.map(drop)
    }

    /// Who the caller is.
    pub async fn get_caller(&self) -> Result<CallerView, ClientError> {
        self.fetch(self.read(["api", "v1", "access", "me"])).await
    }

    /// The caller's tokens.
    pub async fn list_tokens(&self) -> Result<TokenList, ClientError> {
        self.fetch(self.read(["api", "v1", "tokens"])).await
    }

    /// Makes a token of the caller's; its secret is told this once.
    pub async fn create_token(&self, body: &TokenBody) -> Result<NewTokenView, ClientError> {
        self.fetch(self.write(Method::POST, ["api", "v1", "tokens"]).once().json(body)?).await
    }

    /// Revokes a token of the caller's.
    pub async fn revoke_token(&self, id: Uuid) -> Result<(), ClientError> {
        self.send(self.write(Method::DELETE, ["api", "v1", "tokens", &id.to_string()]).once()).await.map(drop)
    }
}
