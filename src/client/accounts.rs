//! Logins. None of these calls is sent again after a lost answer: a second login would be one too many.

use reqwest::Method;

use crate::api::access::CallerView;
use crate::api::accounts::{LoginBody, SessionView};
use crate::client::{Client, ClientError};

impl Client {
    /// Logs in.
    ///
    /// # Errors
    /// `password_change_required` after a one-time password without a new one.
    pub async fn log_in(&self, body: &LoginBody) -> Result<SessionView, ClientError> {
        self.fetch(self.write(Method::POST, ["api", "v1", "session"]).once().json(body)?).await
    }

    /// Ends the session whose token this client sends.
    pub async fn log_out(&self) -> Result<(), ClientError> {
        self.send(self.write(Method::DELETE, ["api", "v1", "session"]).once()).await.map(drop)
    }

    /// Who the caller is.
    pub async fn get_caller(&self) -> Result<CallerView, ClientError> {
        self.fetch(self.read(["api", "v1", "access", "me"])).await
    }
}
