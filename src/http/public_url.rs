//! The address by which people and programs reach the store, whatever stands in front of its nodes.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use reqwest::Url;

/// A public address: scheme, host, port and base path, such as `https://example.com/pintle`.
///
/// Cookies take their path and their `Secure` from it, the Origin check its origin, `OpenID` Connect its redirect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    url: Url,
    /// Empty, or beginning with a slash and not ending with one.
    base: String,
}

/// The text is no public address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} {1}")]
pub struct PublicUrlError(String, &'static str);

impl PublicUrl {
    /// Parses an address.
    ///
    /// # Errors
    /// When it is no `http` or `https` address, or says more than scheme, host, port and a plain path.
    pub fn parse(text: &str) -> Result<Self, PublicUrlError> {
        let bad = |problem| PublicUrlError(text.to_owned(), problem);
        let url = Url::parse(text).map_err(|_| bad("must be an address such as https://example.com/pintle"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(bad("must begin with http:// or https://"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(bad("must not carry a user or a password"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(bad("must not carry a query or a fragment"));
        }
        let base = base(url.path()).ok_or(bad("must have a path of letters, digits and any of . _ ~ - only"))?;
        Ok(Self { url, base })
    }

    /// The address of a listener that nothing stands in front of.
    ///
    /// # Errors
    /// None that a listener can cause.
    pub fn of_listener(address: SocketAddr, tls: bool) -> Result<Self, PublicUrlError> {
        let scheme = if tls { "https" } else { "http" };
        Self::parse(&format!("{scheme}://{address}"))
    }

    /// `http` or `https`.
    #[must_use]
    pub fn scheme(&self) -> &str {
        self.url.scheme()
    }

    /// Whether browsers reach it encrypted.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// The host: a name in lower case, or an address, in brackets when it is of version 6.
    #[must_use]
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// The port, also when it is the usual one of the scheme.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.url.port_or_known_default().unwrap_or_default()
    }

    /// Scheme, host and port as browsers write them in `Origin`: without the usual port.
    #[must_use]
    pub fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    /// The path in front of every path of the API: empty, or such as `/pintle`.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin(), self.base)
    }
}

impl FromStr for PublicUrl {
    type Err = PublicUrlError;
    fn from_str(text: &str) -> Result<Self, PublicUrlError> {
        Self::parse(text)
    }
}

/// A path without its last slash, when it is one that needs no encoding and has no empty or dotted segment.
pub(super) fn base(path: &str) -> Option<String> {
    let path = path.strip_suffix('/').unwrap_or(path);
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '~' | '-');
    let fits = |segment: &str| !segment.is_empty() && !matches!(segment, "." | "..") && segment.chars().all(plain);
    if path.is_empty() {
        return Some(String::new());
    }
    path.strip_prefix('/').filter(|rest| rest.split('/').all(fits)).map(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> (String, String, u16, String, String) {
        let url = PublicUrl::parse(text).unwrap();
        (url.scheme().to_owned(), url.host().to_owned(), url.port(), url.base().to_owned(), url.origin())
    }

    #[test]
    fn an_address_falls_into_its_parts() {
        let own = |scheme: &str, host: &str, port, base: &str, origin: &str| {
            (scheme.to_owned(), host.to_owned(), port, base.to_owned(), origin.to_owned())
        };
        for (text, expected) in [
            ("https://Example.com", own("https", "example.com", 443, "", "https://example.com")),
            ("https://example.com:443/", own("https", "example.com", 443, "", "https://example.com")),
            ("http://127.0.0.1:8080", own("http", "127.0.0.1", 8080, "", "http://127.0.0.1:8080")),
            ("http://[::1]:8080/", own("http", "[::1]", 8080, "", "http://[::1]:8080")),
            ("https://example.com/a/pintle-1/", own("https", "example.com", 443, "/a/pintle-1", "https://example.com")),
        ] {
            assert_eq!(parts(text), expected, "{text}");
        }
    }

    #[test]
    fn it_is_printed_without_the_last_slash() {
        assert_eq!(PublicUrl::parse("https://example.com/pintle/").unwrap().to_string(), "https://example.com/pintle");
        assert_eq!(PublicUrl::parse("http://localhost:80/").unwrap().to_string(), "http://localhost");
    }

    #[test]
    fn a_listener_has_an_address_of_its_own() {
        let at = |text: &str, tls| PublicUrl::of_listener(text.parse().unwrap(), tls).unwrap().to_string();
        assert_eq!(at("127.0.0.1:8080", false), "http://127.0.0.1:8080");
        assert_eq!(at("[::1]:8443", true), "https://[::1]:8443");
    }

    #[test]
    fn an_address_that_says_more_or_less_is_refused() {
        for bad in [
            "",
            "example.com",
            "/pintle",
            "ftp://example.com",
            "https://ann@example.com",
            "https://example.com/?x",
            "https://example.com/#x",
            "https://example.com//pintle",
            "https://example.com/a b",
            "https://example.com/a%2Fb",
            "https://example.com/a;b",
        ] {
            assert!(PublicUrl::parse(bad).is_err(), "{bad:?}");
        }
    }
}
