//! Certificates of a test.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use pintle::client::{Authorities, Client, Server, Token};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tempfile::TempDir;
use time::{Duration, OffsetDateTime};

use crate::harness::Actor;

/// An authority, and the files of a node that it certifies.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: TempDir,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let folder = tempfile::Builder::new().prefix("pintle-tls-").tempdir().unwrap();
        fs::write(folder.path().join("ca.pem"), issuer.pem()).unwrap();
        Self { issuer, folder }
    }

    /// The same with a good certificate of this machine in its files.
    pub(crate) fn of_this_machine(name: &str) -> Self {
        let this = Self::new(name);
        this.certify(&this, &["127.0.0.1", "localhost"], Duration::days(90));
        this
    }

    /// Writes a certificate of these names, which ends after so long, to the files of `place`.
    pub(crate) fn certify(&self, place: &Self, names: &[&str], ends: Duration) {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.distinguished_name.push(DnType::CommonName, "a node");
        params.not_before = OffsetDateTime::now_utc() - Duration::days(100);
        params.not_after = OffsetDateTime::now_utc() + ends;
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        fs::write(place.cert(), certificate.pem()).unwrap();
        fs::write(place.key(), key.serialize_pem()).unwrap();
        fs::set_permissions(place.key(), Permissions::from_mode(0o600)).unwrap();
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn cert(&self) -> PathBuf {
        self.folder().join("cert.pem")
    }

    pub(crate) fn key(&self) -> PathBuf {
        self.folder().join("key.pem")
    }

    pub(crate) fn ca(&self) -> PathBuf {
        self.folder().join("ca.pem")
    }

    /// What makes a node serve with the files.
    pub(crate) fn flags(&self) -> Vec<String> {
        let text = |path: PathBuf| path.to_str().unwrap().to_owned();
        vec!["--tls-cert".to_owned(), text(self.cert()), "--tls-key".to_owned(), text(self.key())]
    }

    /// Connections to nodes that this authority certifies, and to no others.
    pub(crate) fn http(&self) -> reqwest::ClientBuilder {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let root = reqwest::Certificate::from_pem(self.issuer.pem().as_bytes()).unwrap();
        reqwest::Client::builder().no_proxy().tls_certs_only([root])
    }

    /// A caller of a node that this authority certifies.
    pub(crate) fn actor(&self, actor: &Actor, url: &str) -> Actor {
        actor.over(url, self.http().build().unwrap())
    }

    /// The typed client of a server.
    pub(crate) fn client(&self, actor: &Actor, url: &str) -> Client {
        let token = Token::parse(&actor.token).unwrap();
        let authorities = Authorities::read(&self.ca()).unwrap();
        Client::trusting(Server::parse(url).unwrap(), Some(&token), &authorities).unwrap()
    }
}
