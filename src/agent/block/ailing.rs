//! A service that was not well when its files were put in place, such as one that had not been started yet.

use std::time::Duration;

use tokio::time::Instant;

use crate::agent::block::Block;
use crate::api::instances::ReceiptBody;
use crate::domain::revisions::Cursor;

/// How long to wait before the service is asked again.
const PAUSE: Duration = Duration::from_secs(5);

/// What was told of a service that is not well.
#[derive(Debug)]
pub(super) struct Ailing {
    at: Cursor,
    receipt: ReceiptBody,
    again_at: Instant,
}

impl Ailing {
    /// That of a receipt, when it says that the service is not well.
    pub(super) fn of(at: Cursor, receipt: &ReceiptBody) -> Option<Self> {
        let is_ailing = receipt.unhealthy;
        is_ailing.then(|| Self { at, receipt: receipt.clone(), again_at: Instant::now() + PAUSE })
    }

    /// When it is asked again.
    pub(super) fn again_at(&self) -> Instant {
        self.again_at
    }
}

impl Block {
    /// Asks the service again, and tells the server once it is well.
    pub(super) async fn ask_again(&mut self) {
        let Some(mut ailing) = self.ailing.take() else { return };
        if let Some(report) = self.transaction.unwell(ailing.at).await {
            self.set_status(|status| status.unhealthy = Some(report.reason));
            ailing.again_at = Instant::now() + PAUSE;
            self.ailing = Some(ailing);
            return;
        }
        tracing::info!(block = self.settings.name, revision = %ailing.at.revision, "the service is well now");
        self.desk.leave(ReceiptBody { unhealthy: false, ..ailing.receipt });
        self.set_status(|status| status.unhealthy = None);
    }
}
