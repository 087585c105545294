//! Calls to addresses that administrators name: over TLS or on this machine, nowhere where only this machine's own metadata
//! lives, to the address that was said, within a time and a size.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{ClientBuilder, Response, Url};

/// Why an address may not be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unsafe {
    /// It is neither encrypted nor on this machine.
    #[error("must begin with https://, or with http:// and an address of this machine")]
    Scheme,
    /// It is no address of anybody else.
    #[error("must not be a link-local, unspecified or multicast address")]
    Address,
}

/// Why an answer was not read.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unread {
    /// It broke off.
    #[error("{0}")]
    Broken(#[from] reqwest::Error),
    /// It is too large.
    #[error("it answered with more than {0} bytes")]
    TooLarge(usize),
}

/// Whether an address may be called: HTTPS, or HTTP on this machine; nothing link-local.
pub(super) fn check(url: &Url) -> Result<(), Unsafe> {
    let loopback = is_loopback(url);
    if url.scheme() != "https" && !(url.scheme() == "http" && loopback) {
        return Err(Unsafe::Scheme);
    }
    match literal(url) {
        Some(address) if !may_call(address, loopback) => Err(Unsafe::Address),
        _ => Ok(()),
    }
}

/// A client for one address, which follows nobody elsewhere and connects to no address that may not be called.
pub(super) fn client(url: &Url, connect: Duration, whole: Duration) -> ClientBuilder {
    // Another part of the process may have done it already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder()
        .timeout(whole)
        .connect_timeout(connect)
        .redirect(reqwest::redirect::Policy::none())
        .dns_resolver(Arc::new(Vetted { loopback: is_loopback(url) }))
        .user_agent(concat!("pintle/", env!("CARGO_PKG_VERSION")));
    if url.scheme() == "https" {
        return builder;
    }
    // On this machine: no proxy could reach it, no certificate is checked, and looking for some fails on machines without.
    builder.tls_certs_only([]).no_proxy()
}

/// Reads an answer of at most so many bytes.
pub(super) async fn read(mut answer: Response, most: usize) -> Result<Vec<u8>, Unread> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        if body.len() + chunk.len() > most {
            return Err(Unread::TooLarge(most));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn literal(url: &Url) -> Option<IpAddr> {
    url.host_str()?.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

fn is_loopback(url: &Url) -> bool {
    url.host_str() == Some("localhost") || literal(url).is_some_and(|address| address.to_canonical().is_loopback())
}

/// Whether an address may be called. Services of this machine only when they were named as such.
fn may_call(address: IpAddr, loopback: bool) -> bool {
    let address = address.to_canonical();
    if address.is_unspecified() || address.is_multicast() || address.is_loopback() != loopback {
        return false;
    }
    match address {
        IpAddr::V4(address) => !address.is_link_local() && address != Ipv4Addr::BROADCAST,
        IpAddr::V6(address) => !address.is_unicast_link_local(),
    }
}

/// Resolves names to addresses that may be called, and the connection goes to these and no others.
struct Vetted {
    loopback: bool,
}

impl Resolve for Vetted {
    fn resolve(&self, name: Name) -> Resolving {
        let loopback = self.loopback;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let good: Vec<SocketAddr> = found.filter(|address| may_call(address.ip(), loopback)).collect();
            if good.is_empty() {
                return Err("the name has no address that may be called".into());
            }
            Ok(Box::new(good.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_and_this_machine_are_called() {
        for good in [
            "https://id.example.com",
            "https://10.0.0.1/keys",
            "http://localhost:1",
            "http://127.0.0.1",
            "http://[::1]:80",
        ] {
            assert!(check(&Url::parse(good).unwrap()).is_ok(), "{good}");
        }
        for bad in [
            "http://id.example.com",
            "http://10.0.0.1",
            "ftp://localhost",
            "http://localhost.example.com",
            "https://169.254.169.254/latest",
            "https://[fe80::1]/",
        ] {
            assert!(check(&Url::parse(bad).unwrap()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_name_that_leads_to_this_machine_is_not_asked_unless_it_says_so() {
        let address = |text: &str| text.parse().unwrap();
        assert!(may_call(address("93.184.216.34"), false) && may_call(address("192.168.0.1"), false));
        for bad in ["127.0.0.1", "::1", "::ffff:127.0.0.1", "169.254.169.254", "fe80::1", "0.0.0.0", "255.255.255.255"]
        {
            assert!(!may_call(address(bad), false), "{bad}");
        }
        assert!(may_call(address("127.0.0.1"), true) && !may_call(address("10.0.0.1"), true));
    }
}
