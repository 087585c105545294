//! A node: everything built, wired and started.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

use crate::cli::auditing::{Auditing, Means};
use crate::cli::transport::Transport;
use crate::domain::limits::Limits;
use crate::feed::pump::Pump;
use crate::feed::{Feed, listener, pump};
use crate::http::serve::{Door, serve};
use crate::http::{self, App, RequestIds};
use crate::metrics::Metrics;
use crate::runtime::ambient::SystemAmbient;
use crate::runtime::files;
use crate::runtime::lifecycle::Lifecycle;
use crate::runtime::master_keys;
use crate::runtime::settings::NodeSettings;
use crate::service::accounts::{FirstAdmin, create_first_admin};
use crate::service::ambient::Ambient;
use crate::service::committer::Committer;
use crate::service::instances::census;
use crate::service::instances::recorder::{self, Recorder};
use crate::service::issuer_keys::IssuerKeyCache;
use crate::service::keyring::Keyring;
use crate::service::oidc::Providers;
use crate::service::passwords::Passwords;
use crate::service::search::Searches;
use crate::service::secrets::Resealer;
use crate::service::sessions::Sessions;
use crate::service::trims::{TrimLink, Trimmer};
use crate::service::wakeups::{self, PumpLink};
use crate::service::{Service, ServiceError, housekeeping};
use crate::store::{self, Store, StoreError, StoreSettings};
use crate::view::View;

/// How long a starting node waits for its database.
const DATABASE_WAIT: Duration = Duration::from_mins(1);
/// How often it is tried.
const DATABASE_AGAIN: Duration = Duration::from_millis(250);
/// Change sets that may wait for the committer before publishers have to wait for a place.
const SUBMISSIONS: usize = 1024;

/// How long the last rows of the audit may take.
const AUDITED: Duration = Duration::from_secs(8);

/// A limit of open files below this one is told: instances beyond it cannot be served.
const FEW_FILES: u64 = 4096;

/// A node that serves.
#[derive(Debug)]
pub struct Node {
    /// Where it serves.
    pub address: SocketAddr,
    /// Its use cases.
    pub app: Arc<App>,
    /// Set when the store was empty.
    pub first_admin: Option<FirstAdmin>,
    scheme: &'static str,
    store: Store,
    served: oneshot::Receiver<()>,
    /// Closes when the last row of the audit was written.
    audited: mpsc::Receiver<()>,
}

impl Node {
    /// The address for people and scripts of this machine.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// Waits for the stop, drains, and ends. An error names the task that failed.
    pub async fn finish(mut self, lifecycle: &Lifecycle) -> anyhow::Result<()> {
        lifecycle.soft.cancelled().await;
        let failed = lifecycle.finish(async { drop(self.served.await) }).await;
        tokio::time::timeout(AUDITED, self.audited.recv()).await.ok();
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
    let transport = Transport::of(settings)?;
    let files = raise_files();
    // Bound first, so that a taken port is known before anything is changed.
    let (listener, metrics_listener) = bind(settings).await?;
    let (store, passwords) = (Store::new(database)?, Passwords::default());
    let ambient: Arc<dyn Ambient> = Arc::new(SystemAmbient);
    let keyring = open_keyring(settings, &ambient).await?;
    let (limits, metrics) = (Arc::new(settings.limits.limits()), Arc::new(Metrics::default()));
    let mut start = Start {
        store: &store,
        has_direct: database.listen_url.is_some(),
        migrate,
        admin_password: settings.admin_password.as_ref(),
        ambient: &ambient,
        keyring: &keyring,
        passwords: &passwords,
        limits: &limits,
        metrics: &metrics,
        first_admin: None,
    };
    let (link, view, feed, pump) = start.patiently().await?;
    let (first_admin, node, request_ids) = (start.first_admin, ambient.id(), RequestIds::new(ambient.id()));
    let ((submissions, inbox), (to_steps, steps)) = (mpsc::channel(SUBMISSIONS), mpsc::channel(1));
    let trims = TrimLink::new(to_steps);
    let committer = Committer {
        store: store.clone(),
        view: Arc::clone(&view),
        pump: link.clone(),
        limits: Arc::clone(&limits),
        metrics: Arc::clone(&metrics),
        inbox,
        steps,
    };
    let trimmer =
        Trimmer { store: store.clone(), view: Arc::clone(&view), link: trims.clone(), limits: Arc::clone(&limits) };
    let (recorder, inbox) = recorder::channel();
    let recording = Recorder::new(node, store.clone(), Arc::clone(&view), inbox);
    let (audit, auditing) = Auditing::new(&Means {
        settings: &settings.audit,
        node,
        store: &store,
        view: &view,
        metrics: &metrics,
        ambient: &ambient,
        keyring: &keyring,
    })?;
    let service = Service {
        store: store.clone(),
        view,
        submissions,
        trims,
        pump: link,
        recorder,
        audit,
        limits,
        metrics: Arc::clone(&metrics),
        ambient: Arc::clone(&ambient),
        passwords,
        searches: Searches::default(),
        sessions: Sessions::new(settings.sessions.limits()),
        providers: Providers::default(),
        keyring,
        issuer_keys: IssuerKeyCache::default(),
        resealing: Arc::default(),
    };
    let address = listener.local_addr()?;
    let (scheme, entrance) = (transport.scheme(), transport.entrance(address)?);
    let door = transport.door(&entrance, files, &metrics)?;
    transport.keep_certificate(&ambient, &metrics, lifecycle);
    let app = Arc::new(App { service, feed, request_ids, draining: lifecycle.soft.clone(), entrance });

    let workers = &lifecycle.workers;
    lifecycle.spawn("pump", workers, pump.run(workers.clone()));
    lifecycle.spawn("committer", workers, committer.run(workers.clone()));
    lifecycle.spawn("recorder", workers, recording.run(workers.clone()));
    lifecycle.spawn("trimmer", workers, trimmer.run(workers.clone()));
    let audited = auditing.start(lifecycle);
    do_chores(&app, lifecycle);
    let served = serve_http(&app, &door, listener, metrics_listener, lifecycle);
    Ok(Node { address, app, first_admin, scheme, store, served, audited })
}

/// Raises the limit of open files, and tells one that is low.
fn raise_files() -> Option<u64> {
    let files = files::raise_limit();
    match files {
        Some(limit) if limit < FEW_FILES => {
            tracing::warn!(limit, "few files may be open, and each stream is one: raise the hard limit (ulimit -Hn)");
        }
        Some(limit) => tracing::info!(limit, "files that may be open"),
        None => tracing::warn!("the limit of open files cannot be read"),
    }
    files
}

/// Listens for requests, and for those who collect metrics.
async fn bind(settings: &NodeSettings) -> anyhow::Result<(TcpListener, Option<TcpListener>)> {
    let listen = async |at| TcpListener::bind(at).await.with_context(|| format!("cannot listen on {at}"));
    let metrics = match settings.metrics_listen {
        Some(at) => Some(listen(at).await?),
        None => None,
    };
    Ok((listen(settings.listen).await?, metrics))
}

/// Starts what is done beside the requests.
fn do_chores(app: &Arc<App>, lifecycle: &Lifecycle) {
    let (service, workers) = (&app.service, &lifecycle.workers);
    let (store, view, metrics) = (&service.store, Arc::clone(&service.view), Arc::clone(&service.metrics));
    lifecycle.spawn("census", workers, census::run(store.clone(), view, metrics, workers.clone()));
    lifecycle.spawn("listener", workers, listener::run(store.clone(), service.pump.clone(), workers.clone()));
    let age = service.limits.idempotency;
    lifecycle.spawn("housekeeping", workers, housekeeping::run(store.clone(), age, workers.clone()));
    lifecycle.spawn("resealer", workers, Resealer::of(service).run(workers.clone()));
    let (keys, stop) = (Arc::clone(app), workers.clone());
    lifecycle.spawn("signing keys", workers, async move { keys.service.keep_signing_keys(stop).await });
    let (sessions, stop) = (Arc::clone(app), workers.clone());
    lifecycle.spawn("sessions", workers, async move { sessions.service.keep_exchanging_uses(stop).await });
}

/// Reads the master keys, as far as there are any.
async fn open_keyring(settings: &NodeSettings, ambient: &Arc<dyn Ambient>) -> anyhow::Result<Arc<Keyring>> {
    let masters = master_keys::load(&settings.keys, std::env::var_os(master_keys::VARIABLE)).await?;
    Ok(Arc::new(Keyring::new(masters, Arc::clone(ambient))))
}

/// Serves until the soft stop, which ends every stream. The receiver closes when the last request was answered.
fn serve_http(
    app: &Arc<App>,
    door: &Arc<Door>,
    listener: TcpListener,
    metrics_listener: Option<TcpListener>,
    lifecycle: &Lifecycle,
) -> oneshot::Receiver<()> {
    let (done, served) = oneshot::channel();
    let server = serve(listener, http::Front::new(Arc::clone(app)), Arc::clone(door), lifecycle.soft.clone());
    lifecycle.spawn("http", &lifecycle.soft, async move {
        server.await;
        let _ = done.send(());
    });
    if let Some(listener) = metrics_listener {
        let server = serve(
            listener,
            http::metrics_router(Arc::clone(app)).into(),
            Arc::new(door.apart()),
            lifecycle.soft.clone(),
        );
        lifecycle.spawn("metrics", &lifecycle.soft, server);
    }
    let (feed, stop) = (Arc::clone(&app.feed), lifecycle.workers.clone());
    lifecycle.spawn("watchdog", &lifecycle.workers, async move { feed.watch_over(stop).await });
    let (feed, stop) = (Arc::clone(&app.feed), lifecycle.soft.clone());
    lifecycle.spawn("drain", &lifecycle.soft, async move {
        stop.cancelled().await;
        // Each stream looks whether it is to end.
        feed.wake();
    });
    served
}

/// Says early what would keep a node from listening, before a database is made for it.
pub async fn refuse_bad_listen(settings: &NodeSettings) -> anyhow::Result<()> {
    Transport::of(settings)?;
    for at in [Some(settings.listen), settings.metrics_listen].into_iter().flatten() {
        drop(TcpListener::bind(at).await.with_context(|| format!("cannot listen on {at}"))?);
    }
    Ok(())
}

/// The part of the start that needs the database.
struct Start<'a> {
    store: &'a Store,
    has_direct: bool,
    migrate: bool,
    admin_password: Option<&'a String>,
    ambient: &'a Arc<dyn Ambient>,
    keyring: &'a Arc<Keyring>,
    passwords: &'a Passwords,
    limits: &'a Limits,
    metrics: &'a Arc<Metrics>,
    /// Kept over tries: the password is known only to the try that made it.
    first_admin: Option<FirstAdmin>,
}

impl Start<'_> {
    /// Waits for a database that is away, and begins anew when it goes away meanwhile.
    async fn patiently(&mut self) -> anyhow::Result<(PumpLink, Arc<View>, Arc<Feed>, Pump)> {
        let until = tokio::time::Instant::now() + DATABASE_WAIT;
        let mut told = false;
        loop {
            match self.once().await {
                Err(error) if is_away(&error) && tokio::time::Instant::now() < until => {
                    if !std::mem::replace(&mut told, true) {
                        tracing::warn!(%error, "waiting for the database");
                    }
                    tokio::time::sleep(DATABASE_AGAIN).await;
                }
                done => return done,
            }
        }
    }

    async fn once(&mut self) -> anyhow::Result<(PumpLink, Arc<View>, Arc<Feed>, Pump)> {
        self.store.check(self.has_direct).await?;
        if self.migrate {
            let done = store::migrate(self.store).await?;
            if done.from != done.to {
                tracing::info!(from = done.from, to = done.to, "migrated the schema");
            }
        }
        store::check_level(self.store).await?;
        let created =
            create_first_admin(self.store, &**self.ambient, self.passwords, self.admin_password.cloned()).await?;
        self.first_admin = self.first_admin.take().or(created);
        let (link, inbox) = wakeups::channel(SUBMISSIONS);
        let (metrics, ambient) = (Arc::clone(self.metrics), Arc::clone(self.ambient));
        let keyring = Arc::clone(self.keyring);
        let (view, feed, pump) = pump::start(self.store.clone(), metrics, ambient, keyring, self.limits, inbox).await?;
        Ok((link, view, feed, pump))
    }
}

fn is_away(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(StoreError::Unavailable(_) | StoreError::Cut(_)))
        || matches!(error.downcast_ref(), Some(ServiceError::Unavailable(_)))
}
