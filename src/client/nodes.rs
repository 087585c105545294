//! What a node says about itself.

use reqwest::StatusCode;

use crate::api::nodes::{LostList, ReadyView};
use crate::client::{Client, ClientError};

impl Client {
    /// Whether the node can do its work. A node that cannot read yet, or is stopping, answers as well.
    pub async fn get_ready(&self) -> Result<ReadyView, ClientError> {
        self.fetch(self.read(["readyz"]).also(StatusCode::SERVICE_UNAVAILABLE)).await
    }

    /// The change sets that a failover lost and this node still holds.
    pub async fn list_lost(&self) -> Result<LostList, ClientError> {
        self.fetch(self.read(["api", "v1", "lost"])).await
    }
}
