//! The certificate of a node: read from two files, and read again whenever they change.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;

use crate::http::serve::validity;
use crate::metrics::Metrics;
use crate::service::ambient::Ambient;

/// HTTP/2 as the two sides name it when they agree.
pub(super) const HTTP2: &[u8] = b"h2";
/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(2);
/// A certificate that ends sooner is warned of.
const SOON: time::Duration = time::Duration::days(14);
/// How often that is said again.
const WARN_AGAIN: time::Duration = time::Duration::days(1);

/// Why a certificate cannot be used. Names the file.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {}: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// A file does not hold what it should.
    #[error("{}: {problem}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The two files do not belong together.
    #[error("{} is not the key of the certificate {}: {problem}", key.display(), cert.display())]
    Pair {
        /// The chain.
        cert: PathBuf,
        /// The key.
        key: PathBuf,
        /// What is wrong with them.
        problem: String,
    },
    /// TLS itself cannot be set up.
    #[error("TLS cannot be set up: {0}")]
    Setup(rustls::Error),
}

/// Where the certificate of a node lies.
#[derive(Debug, Clone)]
pub struct Files {
    /// The chain, the node's own certificate first, as PEM.
    pub cert: PathBuf,
    /// Its private key, as PEM.
    pub key: PathBuf,
}

/// The two files as they were read.
#[derive(Clone, PartialEq, Eq)]
struct Texts {
    cert: Vec<u8>,
    key: zeroize::Zeroizing<Vec<u8>>,
}

impl Files {
    fn read(&self) -> Result<Texts, TlsError> {
        let read = |path: &Path| fs::read(path).map_err(|error| TlsError::Read { path: path.to_owned(), error });
        Ok(Texts { cert: read(&self.cert)?, key: read(&self.key)?.into() })
    }

    /// A key with its certificate, and when that ends.
    fn parse(&self, texts: &Texts) -> Result<(CertifiedKey, OffsetDateTime), TlsError> {
        let content = |path: &Path, problem: String| TlsError::Content { path: path.to_owned(), problem };
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&texts.cert).collect();
        let chain = chain.map_err(|error| content(&self.cert, error.to_string()))?;
        let Some(own) = chain.first() else {
            return Err(content(&self.cert, "holds no PEM certificate".to_owned()));
        };
        let ends = validity::not_after(own)
            .ok_or_else(|| content(&self.cert, "holds a certificate that cannot be read".to_owned()))?;
        let key = PrivateKeyDer::from_pem_slice(&texts.key)
            .map_err(|_| content(&self.key, "holds no PEM private key".to_owned()))?;
        let provider = rustls::crypto::ring::default_provider();
        let pair = CertifiedKey::from_der(chain, key, &provider).map_err(|error| TlsError::Pair {
            cert: self.cert.clone(),
            key: self.key.clone(),
            problem: error.to_string(),
        })?;
        Ok((pair, ends))
    }

    /// Says so when others than the owner and the group may read the key.
    fn warn_of_open_key(&self) {
        if let Ok(found) = fs::metadata(&self.key)
            && found.permissions().mode() & 0o007 != 0
        {
            let mode = format!("{:03o}", found.permissions().mode() & 0o777);
            tracing::warn!(file = %self.key.display(), mode, "others can read the private key: make its mode 600 or 640");
        }
    }
}

/// What connections are given: the newest certificate that was good.
#[derive(Debug)]
struct Current(ArcSwap<CertifiedKey>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

/// The certificate of a node.
pub struct Certificate {
    files: Files,
    current: Arc<Current>,
    ends: OffsetDateTime,
    /// What is served.
    good: Texts,
    /// What was found at the last look and is not served, none of it where a file could not be read; and whether that was told.
    bad: Option<(Option<Texts>, bool)>,
    /// When its end was last warned of.
    warned: Option<OffsetDateTime>,
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Certificate").field("files", &self.files).field("ends", &self.ends).finish_non_exhaustive()
    }
}

impl Certificate {
    /// Reads it.
    ///
    /// # Errors
    /// When a file cannot be read, or the two are no certificate with its key.
    pub fn load(files: Files) -> Result<Self, TlsError> {
        let good = files.read()?;
        let (pair, ends) = files.parse(&good)?;
        let current = Arc::new(Current(ArcSwap::from_pointee(pair)));
        Ok(Self { files, current, ends, good, bad: None, warned: None })
    }

    /// How TLS is spoken with it: HTTP/2 or HTTP/1.1 in TLS 1.2 or later.
    ///
    /// # Errors
    /// None that a certificate can cause.
    pub fn config(&self) -> Result<Arc<ServerConfig>, TlsError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider);
        let builder = builder
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
            .map_err(TlsError::Setup)?;
        let resolver: Arc<dyn ResolvesServerCert> = Arc::<Current>::clone(&self.current);
        let mut config = builder.with_no_client_auth().with_cert_resolver(resolver);
        config.alpn_protocols = vec![HTTP2.to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }

    /// Looks at the files every few seconds until `stop`. What is new and good is served; what is not is told, once.
    pub async fn keep(mut self, ambient: Arc<dyn Ambient>, metrics: Arc<Metrics>, stop: CancellationToken) {
        self.files.warn_of_open_key();
        self.tell("serving with a certificate", &metrics);
        loop {
            self.warn_of_end(ambient.now());
            if stop.run_until_cancelled(tokio::time::sleep(LOOK)).await.is_none() {
                return;
            }
            self.look(&metrics);
        }
    }

    /// Serves what the files hold when it is good.
    fn look(&mut self, metrics: &Metrics) {
        let found = self.files.read();
        if matches!(&found, Ok(texts) if *texts == self.good) {
            self.bad = None;
            return;
        }
        let parsed = found.as_ref().map_err(ToString::to_string);
        let parsed = parsed.and_then(|texts| self.files.parse(texts).map_err(|error| error.to_string()));
        match (parsed, found) {
            (Ok((pair, ends)), Ok(texts)) => {
                self.current.0.store(Arc::new(pair));
                (self.good, self.ends, self.bad, self.warned) = (texts, ends, None, None);
                self.files.warn_of_open_key();
                self.tell("serving with a new certificate", metrics);
            }
            (Ok(_), Err(_)) => {}
            (Err(error), found) => self.refuse(found.ok(), &error),
        }
    }

    /// Tells what is wrong, once, and only of what is still there at the next look: the two files are not written at one moment.
    fn refuse(&mut self, found: Option<Texts>, error: &str) {
        match &mut self.bad {
            Some((same, told)) if *same == found => {
                if !std::mem::replace(told, true) {
                    tracing::error!(error, "the new certificate is not usable, the old one stays");
                }
            }
            Some(_) | None => self.bad = Some((found, false)),
        }
    }

    fn tell(&self, what: &str, metrics: &Metrics) {
        let file = self.files.cert.display();
        tracing::info!(%file, ends = %self.ends, "{what}");
        metrics.set_certificate_end(&file.to_string(), self.ends.unix_timestamp());
    }

    fn warn_of_end(&mut self, now: OffsetDateTime) {
        if self.ends - now < SOON && self.warned.is_none_or(|warned| now - warned >= WARN_AGAIN) {
            self.warned = Some(now);
            let file = self.files.cert.display();
            let said = if self.ends <= now { "the certificate has ended" } else { "the certificate ends soon" };
            tracing::warn!(%file, ends = %self.ends, "{said}");
        }
    }
}
