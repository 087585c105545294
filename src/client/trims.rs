//! Trimming, pins, and the end of holding.

use reqwest::Method;

use crate::api::holds::{ResumeBody, ResumeView};
use crate::api::trims::{PinBody, PinList, PinView, TrimBody, TrimView};
use crate::client::{Client, ClientError};

impl Client {
    /// Trims the history, or says what that would do.
    pub async fn trim(&self, body: &TrimBody) -> Result<TrimView, ClientError> {
        self.fetch(self.write(Method::POST, ["api", "v1", "trim"]).once().json(body)?).await
    }

    /// Keeps a revision readable however far the history is trimmed.
    pub async fn pin(&self, revision: u64, body: &PinBody) -> Result<PinView, ClientError> {
        let path = ["api", "v1", "revisions", &revision.to_string(), "pin"];
        self.fetch(self.write(Method::PUT, path).once().json(body)?).await
    }

    /// Takes a pin away.
    pub async fn unpin(&self, revision: u64) -> Result<(), ClientError> {
        let path = ["api", "v1", "revisions", &revision.to_string(), "pin"];
        self.send(self.write(Method::DELETE, path).once()).await.map(drop)
    }

    /// All pins, the newest revision first.
    pub async fn list_pins(&self) -> Result<PinList, ClientError> {
        self.fetch(self.read(["api", "v1", "pins"])).await
    }

    /// Lets the instances of a restored store follow it again, or says how it stands.
    pub async fn resume(&self, body: &ResumeBody) -> Result<ResumeView, ClientError> {
        self.fetch(self.write(Method::POST, ["api", "v1", "resume"]).once().json(body)?).await
    }
}
