//! A node: everything built, wired and started.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

use crate::feed::{listener, pump};
use crate::http::{self, App};
use crate::metrics::Metrics;
use crate::runtime::ambient::SystemAmbient;
use crate::runtime::lifecycle::Lifecycle;
use crate::runtime::settings::NodeSettings;
use crate::service::accounts::{FirstAdmin, create_first_admin};
use crate::service::ambient::Ambient;
use crate::service::committer::Committer;
use crate::service::passwords::Passwords;
use crate::service::wakeups::PumpLink;
use crate::service::{Service, housekeeping};
use crate::store::{self, Store, StoreError, StoreSettings};

/// How long a starting node waits for its database.
const DATABASE_WAIT: Duration = Duration::from_mins(1);
/// Change sets that may wait for the committer before publishers have to wait for a place.
const SUBMISSIONS: usize = 1024;

/// A node that serves.
#[derive(Debug)]
pub struct Node {
    /// Where it serves.
    pub address: SocketAddr,
    /// Its use cases.
    pub app: Arc<App>,
    /// Set when the store was empty.
    pub first_admin: Option<FirstAdmin>,
    store: Store,
    served: oneshot::Receiver<()>,
}

impl Node {
    /// The address for people and scripts.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Waits for the stop, drains, and ends. An error names the task that failed.
    pub async fn finish(self, lifecycle: &Lifecycle) -> anyhow::Result<()> {
        lifecycle.soft.cancelled().await;
        let failed = lifecycle.finish(async { drop(self.served.await) }).await;
        tokio::time::timeout(Duration::from_secs(5), self.store.close()).await.ok();
        if let Some(task) = failed {
            bail!("the task {task} failed");
        }
        Ok(())
    }
}

/// Builds a node on a database and starts serving.
pub async fn start(
    settings: &NodeSettings,
    database: &StoreSettings,
    migrate: bool,
    lifecycle: &Lifecycle,
) -> anyhow::Result<Node> {
    refuse_open_plain_http(settings)?;
    // Bound first, so that a taken port is known before anything is changed.
    let listener =
        TcpListener::bind(settings.listen).await.with_context(|| format!("cannot listen on {}", settings.listen))?;
    let metrics_listener = match settings.metrics_listen {
        Some(at) => Some(TcpListener::bind(at).await.with_context(|| format!("cannot listen on {at}"))?),
        None => None,
    };
    let store = Store::new(database)?;
    wait_for_database(&store, database.listen_url.is_some()).await?;
    if migrate {
        let done = store::migrate(&store).await?;
        if done.from != done.to {
            tracing::info!(from = done.from, to = done.to, "migrated the schema");
        }
    }
    store::check_level(&store).await?;
    let ambient: Arc<dyn Ambient> = Arc::new(SystemAmbient);
    let passwords = Passwords::new()?;
    let first_admin = create_first_admin(&store, &*ambient, &passwords, settings.admin_password.clone()).await?;

    let limits = Arc::new(settings.limits.limits());
    let metrics = Arc::new(Metrics::default());
    let (to_pump, pump_inbox) = mpsc::channel(SUBMISSIONS);
    let (submissions, inbox) = mpsc::channel(SUBMISSIONS);
    let link = PumpLink(to_pump);
    let (view, pump) =
        pump::start(store.clone(), Arc::clone(&metrics), Arc::clone(&ambient), &limits, pump_inbox).await?;
    let committer = Committer {
        store: store.clone(),
        view: Arc::clone(&view),
        pump: link.clone(),
        limits: Arc::clone(&limits),
        metrics: Arc::clone(&metrics),
        inbox,
    };
    let (age, hints) = (limits.idempotency, link.clone());
    let service = Service { store: store.clone(), view, submissions, pump: link, limits, metrics, ambient, passwords };
    let app = Arc::new(App { service, draining: lifecycle.soft.clone() });

    lifecycle.spawn("pump", &lifecycle.workers, pump.run(lifecycle.workers.clone()));
    lifecycle.spawn("committer", &lifecycle.workers, committer.run(lifecycle.workers.clone()));
    let stop = lifecycle.workers.clone();
    lifecycle.spawn("listener", &lifecycle.workers, listener::run(store.clone(), hints, stop.clone()));
    lifecycle.spawn("housekeeping", &lifecycle.workers, housekeeping::run(store.clone(), age, stop));
    let address = listener.local_addr()?;
    let (done, served) = oneshot::channel();
    let server = axum::serve(listener, http::router(Arc::clone(&app)));
    let server = server.with_graceful_shutdown(lifecycle.soft.clone().cancelled_owned());
    lifecycle.spawn("http", &lifecycle.soft, async move {
        if let Err(error) = server.await {
            tracing::error!(%error, "the HTTP server failed");
        }
        let _ = done.send(());
    });
    if let Some(listener) = metrics_listener {
        let server = axum::serve(listener, http::metrics_router(Arc::clone(&app)));
        let server = server.with_graceful_shutdown(lifecycle.soft.clone().cancelled_owned());
        lifecycle.spawn("metrics", &lifecycle.soft, async move { drop(server.await) });
    }
    Ok(Node { address, app, first_admin, store, served })
}

fn refuse_open_plain_http(settings: &NodeSettings) -> anyhow::Result<()> {
    if settings.insecure || settings.listen.ip().is_loopback() {
        return Ok(());
    }
    bail!(
        "{} can be reached by others, and tokens would cross the network in plain HTTP: listen on 127.0.0.1 behind a \
         proxy that ends TLS, or say --insecure",
        settings.listen
    )
}

async fn wait_for_database(store: &Store, has_direct: bool) -> anyhow::Result<()> {
    let until = tokio::time::Instant::now() + DATABASE_WAIT;
    loop {
        match store.check(has_direct).await {
            Ok(()) => return Ok(()),
            Err(StoreError::Unavailable(cause)) if tokio::time::Instant::now() < until => {
                tracing::warn!(cause, "waiting for the database");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
}
