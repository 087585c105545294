//! Wake-ups: a connection of its own that says "the head moved". A hint, never the truth.

use std::time::Duration;

use sqlx::postgres::{PgListener, PgPoolOptions};
use tokio::time::timeout;

use crate::domain::revisions::Cursor;
use crate::store::{Store, StoreError};

/// How long opening may take.
const OPEN: Duration = Duration::from_secs(5);

/// Listens for moved heads. When it fails, drop it, make another and read the log.
#[derive(Debug)]
pub struct Listener(PgListener);

impl Listener {
    /// Opens the connection and listens.
    pub async fn open(store: &Store) -> Result<Self, StoreError> {
        match timeout(OPEN, Self::connect(store)).await {
            Ok(opened) => opened,
            Err(_) => Err(StoreError::Unavailable("the database does not answer".to_owned())),
        }
    }

    async fn connect(store: &Store) -> Result<Self, StoreError> {
        let (host, _) = super::writable(&store.direct).await?;
        let pool =
            PgPoolOptions::new().max_connections(1).acquire_timeout(super::ACQUIRE).connect_lazy_with(host.clone());
        let mut listener = PgListener::connect_with(&pool).await?;
        listener.eager_reconnect(false);
        listener.listen("pintle_head").await?;
        Ok(Self(listener))
    }

    /// Waits for the next wake-up: where the head moved to, as cursor and access number. None means that some may
    /// have been missed.
    pub async fn moved(&mut self) -> Result<Option<(Cursor, u64)>, StoreError> {
        let mut newest = self.0.try_recv().await?;
        while let Some(newer) = self.0.next_buffered() {
            newest = Some(newer);
        }
        Ok(newest.and_then(|notification| parse(notification.payload())))
    }
}

fn parse(payload: &str) -> Option<(Cursor, u64)> {
    let (cursor, access) = payload.rsplit_once('.')?;
    Some((cursor.parse().ok()?, access.parse().ok()?))
}
