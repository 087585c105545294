//! SQL, and the only place that names it: free functions over a connection, grouped by noun.

mod access;
mod accounts;
mod audit;
mod checks;
mod data_keys;
mod drafts;
mod entries;
mod error;
mod heads;
mod hosts;
pub mod instances;
mod listener;
mod log;
mod migrations;
mod pins;
mod redactions;
mod restores;
mod revisions;
mod rows;
mod sessions;
mod trims;

use std::sync::Arc;
use std::time::Duration;

use crate::store::revisions::lock;
use arc_swap::ArcSwap;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection as _, PgConnection, PgPool, Postgres};
use tokio::sync::watch;

pub use access::{AccessOutcome, GrantColumns, Op, Step, TokenColumns, change_access, load_access};
pub use accounts::{AccountRow, create_first_admin, find_account};
pub use audit::{
    AuditFilter, ChainOutcome, Digested, ListedRow, Position, Snapshot, Touched, append_rows, begin_chain, chain_rows,
    cut_audit, digests, find_chain_end, hashes_at, list_audit, list_chains, list_endless_chains, list_touched,
    snapshot, sweep_audit,
};
pub use data_keys::{
    Resealing, SealedContent, Sealing, Unsealed, add_data_key, count_sealed_with, find_sealed_with, find_unsealed,
    reseal_contents, rewrap_data_keys, seal_versions,
};
pub use drafts::{
    DraftEdit, DraftFilter, EditOutcome, OpenOutcome, count_drafts, delete_draft, edit_draft, find_draft,
    find_drafts_sealed_with, list_drafts, list_open_contents, open_draft, reseal_draft,
};
pub use entries::{Part, load, load_marks};
pub use error::StoreError;
pub use heads::{Head, Identity, failover_safe, forget_idempotency, poll, resume, start_epoch};
pub use listener::Listener;
pub use log::{Stretch, committed_at, find_head, find_record, newest_within, tail, tail_of};
pub use migrations::{Migrated, check_level, find_schema_level, migrate, pending_sql};
pub use pins::{PinOutcome, find_pin, list_pins, pin, unpin};
pub use redactions::{RedactOutcome, Redaction, find_sharing, redact, redacted_hashes};
pub use restores::{Followers, begin_restored, is_empty, list_followers};
pub use revisions::{
    Batch, BatchSet, CommitOutcome, Duplicate, HistoryFilter, ListedChange, commit, find_committed, find_idempotent,
    history, revision_at,
};
pub use sessions::{LoginCode, keep_place, knows_place, list_uses, note_uses, put_login_code, take_login_code};
pub use trims::{
    Page, Sweep, Trim, announce_floor, count_trimmed, find_floor, find_floor_keeping, find_floor_older, find_trim,
    raise_floor, survey, sweep,
};

/// Longest wait for a connection: callers get their clear 503 after it.
const ACQUIRE: Duration = Duration::from_millis(1500);

/// A connection that runs one statement after the other.
pub type Conn = PgConnection;

/// A pooled connection that one task keeps in its hand.
pub type Session = PoolConnection<Postgres>;

/// A transaction; dropping it rolls back.
pub type Tx = sqlx::Transaction<'static, Postgres>;

/// Commits a transaction.
pub async fn finish(tx: Tx) -> Result<(), StoreError> {
    Ok(tx.commit().await?)
}

/// Where the database is and how much of it to use.
#[derive(Clone)]
pub struct StoreSettings {
    /// One address, or several hosts of which one is writable.
    pub url: String,
    /// A direct address for LISTEN and migrations, where `url` is a pooler.
    pub listen_url: Option<String>,
    /// Connections at most.
    pub connections: u32,
}

impl std::fmt::Debug for StoreSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoreSettings").field("connections", &self.connections).finish_non_exhaustive()
    }
}

/// The database of a node.
#[derive(Debug, Clone)]
pub struct Store {
    /// Made anew after each outage, as connections to a host that fell silent never end.
    pool: Arc<ArcSwap<PgPool>>,
    located: watch::Sender<()>,
    connections: u32,
    hosts: Vec<PgConnectOptions>,
    direct: Vec<PgConnectOptions>,
}

impl Store {
    /// Prepares connections; none is opened yet.
    pub fn new(settings: &StoreSettings) -> Result<Self, StoreError> {
        let hosts = hosts::parse(&settings.url)?;
        let direct = match &settings.listen_url {
            Some(url) => hosts::parse(url)?,
            None => hosts.clone(),
        };
        let first = hosts.first().cloned().ok_or_else(|| StoreError::Unfit("DATABASE_URL names no host".to_owned()))?;
        let pool = Arc::new(ArcSwap::from_pointee(pool(first, settings.connections)));
        Ok(Self { pool, located: watch::Sender::new(()), connections: settings.connections, hosts, direct })
    }

    /// A pooled connection to the writable host.
    pub async fn acquire(&self) -> Result<Session, StoreError> {
        let pool = self.pool.load_full();
        pool.acquire().await.map_err(|error| StoreError::connecting(&error))
    }

    /// Finds the writable host and turns to it, with new connections only.
    pub async fn locate(&self) -> Result<(), StoreError> {
        let (host, _) = writable(&self.hosts).await?;
        self.pool.store(Arc::new(pool(host.clone(), self.connections)));
        self.located.send_replace(());
        Ok(())
    }

    /// Changes each time the writable host was looked for and found: what was connected before may have fallen silent.
    #[must_use]
    pub fn located(&self) -> watch::Receiver<()> {
        self.located.subscribe()
    }

    /// A connection that no pooler shares, for migrations.
    pub async fn direct(&self) -> Result<PgConnection, StoreError> {
        writable(&self.direct).await.map(|(_, connection)| connection)
    }

    /// Refuses a database that could lose or mix up acknowledged publishes.
    pub async fn check(&self, has_direct: bool) -> Result<(), StoreError> {
        self.locate().await?;
        let mut connection = self.acquire().await?;
        checks::durable(&mut connection).await?;
        let mut other = self.acquire().await?;
        checks::pooler(&mut connection, &mut other, has_direct).await
    }

    /// Begins a transaction that holds the lock of the store; dropping it rolls back.
    pub async fn locked(&self) -> Result<Tx, StoreError> {
        let pool = self.pool.load_full();
        let mut tx = pool.begin().await.map_err(|error| StoreError::connecting(&error))?;
        lock(&mut tx).await?;
        Ok(tx)
    }

    /// Connections in use and idle.
    #[must_use]
    pub fn connections(&self) -> (u32, u32) {
        let pool = self.pool.load();
        let idle = u32::try_from(pool.num_idle()).unwrap_or(u32::MAX);
        (pool.size().saturating_sub(idle), idle)
    }

    /// Closes every connection.
    pub async fn close(&self) {
        self.pool.load_full().close().await;
    }
}

fn pool(host: PgConnectOptions, connections: u32) -> PgPool {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE)
        .test_before_acquire(false)
        .after_connect(|connection, _| {
            Box::pin(async move {
                checks::prepare_session(connection).await?;
                refuse_standby(checks::is_writable(connection).await?)
            })
        })
        // Also a liveness check: a connection that broke, or turned read-only in a failover, is closed here.
        .before_acquire(|connection, _| Box::pin(async move { checks::is_writable(connection).await }))
        .connect_lazy_with(host)
}

/// The first host that takes writes, with a connection to it.
async fn writable(hosts: &[PgConnectOptions]) -> Result<(&PgConnectOptions, PgConnection), StoreError> {
    let mut last = StoreError::Unavailable("no host answers".to_owned());
    for host in hosts {
        match connect(host).await {
            Ok(mut connection) => match checks::is_writable(&mut connection).await {
                Ok(true) => return Ok((host, connection)),
                Ok(false) => last = StoreError::Unavailable(format!("{} is a standby", host.get_host())),
                Err(error) => last = StoreError::connecting(&error),
            },
            Err(error) => last = error,
        }
    }
    Err(last)
}

async fn connect(host: &PgConnectOptions) -> Result<PgConnection, StoreError> {
    match tokio::time::timeout(ACQUIRE, PgConnection::connect_with(host)).await {
        Ok(connected) => connected.map_err(|error| StoreError::knocking(&error)),
        Err(_) => Err(StoreError::Unavailable(format!("{} does not answer", host.get_host()))),
    }
}

fn refuse_standby(writable: bool) -> Result<(), sqlx::Error> {
    if writable {
        return Ok(());
    }
    Err(sqlx::Error::Io(std::io::Error::other("this host is a standby, not the primary")))
}
