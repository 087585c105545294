//! How callers reach a node, from its settings: TLS, proxies, the public address, and whether it may be open at all.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};

use crate::http::serve::tls::{Certificate, Files};
use crate::http::serve::{Bounds, Door};
use crate::http::{Entrance, Network, Proxies, PublicUrl};
use crate::metrics::Metrics;
use crate::runtime::lifecycle::Lifecycle;
use crate::runtime::settings::{NodeSettings, TransportSettings};
use crate::service::ambient::Ambient;

/// Open files that are not connections of callers: those of the database, of logs, and those that are told to come back.
const OTHER_FILES: u64 = 512;

/// How long a caller may read nothing of its answer. A watch is cut before, by its own rule.
const UNREAD: Duration = Duration::from_mins(1);

/// How callers reach a node; the files are read and everything is checked.
#[derive(Debug)]
pub(super) struct Transport {
    certificate: Option<Certificate>,
    proxies: Proxies,
    public_url: Option<PublicUrl>,
    settings: TransportSettings,
}

impl Transport {
    /// Reads and checks the settings. An address that others reach is refused unless something is said about TLS.
    pub(super) fn of(settings: &NodeSettings) -> anyhow::Result<Self> {
        let transport = &settings.transport;
        let said = |path: &Option<std::path::PathBuf>| path.clone().filter(|path| !path.as_os_str().is_empty());
        let certificate = match (said(&transport.tls_cert), said(&transport.tls_key)) {
            (Some(cert), Some(key)) => Some(Certificate::load(Files { cert, key })?),
            (None, None) => None,
            (Some(_), None) => bail!("--tls-cert needs --tls-key, the private key of the certificate"),
            (None, Some(_)) => bail!("--tls-key needs --tls-cert, the certificate of the key"),
        };
        let networks = transport.behind_proxy.iter().flat_map(|text| text.split(',')).map(str::trim);
        let networks = networks.filter(|text| !text.is_empty());
        let networks: Result<Vec<_>, _> = networks.map(Network::parse).collect();
        let proxies = Proxies::new(networks.context("--behind-proxy")?);
        let public_url = transport.public_url.as_deref().filter(|text| !text.is_empty());
        let public_url = public_url.map(PublicUrl::parse).transpose().context("--public-url")?;
        let this = Self { certificate, proxies, public_url, settings: transport.clone() };
        for at in [Some(settings.listen), settings.metrics_listen].into_iter().flatten() {
            this.refuse_open_plain_http(at)?;
        }
        Ok(this)
    }

    fn refuse_open_plain_http(&self, at: SocketAddr) -> anyhow::Result<()> {
        let protected = self.certificate.is_some() || !self.proxies.is_empty() || self.settings.insecure;
        if protected || at.ip().to_canonical().is_loopback() {
            return Ok(());
        }
        bail!(
            "{at} can be reached by others, and tokens would cross the network in plain HTTP: give --tls-cert and \
             --tls-key, or --behind-proxy with the network of the proxy that ends TLS, or say --insecure"
        )
    }

    /// What the listeners speak.
    pub(super) fn scheme(&self) -> &'static str {
        if self.certificate.is_some() { "https" } else { "http" }
    }

    /// How requests are seen by a node that listens at `address`.
    pub(super) fn entrance(&self, address: SocketAddr) -> anyhow::Result<Entrance> {
        if self.public_url.is_none() && address.ip().is_unspecified() {
            tracing::info!("browsers have to know the address of this node: give --public-url");
        }
        let own = || PublicUrl::of_listener(address, self.certificate.is_some());
        let public_url = self.public_url.clone().map_or_else(own, Ok)?;
        let body_silence = Duration::from_secs(self.settings.body_timeout_seconds);
        Ok(Entrance {
            public_url,
            public_url_said: self.public_url.is_some(),
            proxies: self.proxies.clone(),
            body_silence,
        })
    }

    /// What the listeners have in common, where so many files may be open.
    pub(super) fn door(&self, entrance: &Entrance, files: Option<u64>, metrics: &Metrics) -> anyhow::Result<Arc<Door>> {
        let wanted = u64::from(self.settings.max_connections);
        let most = files.map_or(wanted, |files| files.saturating_sub(OTHER_FILES).max(files / 2).min(wanted));
        if most < wanted {
            tracing::info!(wanted, most, "connections at once, as the limit of open files allows");
        }
        let bounds = Bounds {
            connections: usize::try_from(most).unwrap_or(usize::MAX),
            head: Duration::from_secs(self.settings.head_timeout_seconds),
            write: UNREAD,
        };
        let tls = self.certificate.as_ref().map(Certificate::config).transpose()?;
        Ok(Arc::new(Door::new(tls, bounds, entrance.public_url.base().to_owned(), metrics.http_connections.clone())))
    }

    /// Keeps looking for a renewed certificate.
    pub(super) fn keep_certificate(self, ambient: &Arc<dyn Ambient>, metrics: &Arc<Metrics>, lifecycle: &Lifecycle) {
        if let Some(certificate) = self.certificate {
            let stop = lifecycle.workers.clone();
            let keeping = certificate.keep(Arc::clone(ambient), Arc::clone(metrics), stop);
            lifecycle.spawn("certificate", &lifecycle.workers, keeping);
        }
    }
}
