//! Where a server is.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use reqwest::Url;

use crate::client::ClientError;

/// The address of a server, such as `https://pintle.example.com` or, behind a proxy, `https://example.com/pintle`.
///
/// Written without a scheme it is `https`, or `http` when it is this machine. Two spellings of one address are equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server(Url);

impl Server {
    /// Parses an address.
    ///
    /// # Errors
    /// [`ClientError::Server`] when it is no `http` or `https` address, or carries a user, a query or a fragment.
    pub fn parse(text: &str) -> Result<Self, ClientError> {
        let bad = |problem: &str| ClientError::Server { server: text.to_owned(), problem: problem.to_owned() };
        let read = |text: &str| Url::parse(text).map_err(|error| bad(&error.to_string()));
        let url = if text.contains("://") {
            read(text)?
        } else {
            let plain = read(&format!("http://{text}"))?;
            if is_loopback(&plain) { plain } else { read(&format!("https://{text}"))? }
        };
        if !matches!(url.scheme(), "http" | "https") {
            return Err(bad("the scheme must be http or https"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(bad("it may not carry a user or password; use a token"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(bad("it may not carry a query or fragment"));
        }
        Ok(Self(url))
    }

    /// The address of a resource below it; every segment is encoded.
    pub(crate) fn resource<'a>(&self, segments: impl IntoIterator<Item = &'a str>) -> Url {
        let mut url = self.0.clone();
        // `http` addresses always have a path, so there are always segments to extend.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }

    /// Whether an address is one of this server's.
    pub(super) fn covers(&self, url: &Url) -> bool {
        let base = self.resource([""]);
        let anonymous = url.username().is_empty() && url.password().is_none();
        anonymous && url.origin() == base.origin() && url.path().starts_with(base.path())
    }

    /// Whether what is sent cannot be read on the way.
    #[must_use]
    pub fn encrypted(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Whether others could read on the way what is sent: it is neither encrypted nor stays on this machine.
    #[must_use]
    pub fn exposed(&self) -> bool {
        !self.encrypted() && !self.loopback()
    }

    /// Whether it is this machine.
    #[must_use]
    pub fn loopback(&self) -> bool {
        is_loopback(&self.0)
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

impl FromStr for Server {
    type Err = ClientError;
    fn from_str(text: &str) -> Result<Self, ClientError> {
        Self::parse(text)
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_prints_without_the_last_slash() {
        for (text, printed) in [
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("HTTPS://Pintle.example.com/", "https://pintle.example.com"),
            ("https://example.com/pintle/", "https://example.com/pintle"),
            ("http://[::1]:8080/", "http://[::1]:8080"),
        ] {
            assert_eq!(Server::parse(text).unwrap().to_string(), printed);
        }
    }

    #[test]
    fn without_a_scheme_only_this_machine_is_spoken_to_in_the_clear() {
        assert_eq!(Server::parse("localhost:8080").unwrap().to_string(), "http://localhost:8080");
        assert_eq!(Server::parse("127.0.0.1:8080").unwrap().to_string(), "http://127.0.0.1:8080");
        assert_eq!(Server::parse("pintle.example.com").unwrap().to_string(), "https://pintle.example.com");
    }

    #[test]
    fn an_address_with_more_than_a_place_is_refused() {
        for bad in [
            "",
            "ftp://example.com",
            "https://ann:pw@example.com",
            "https://example.com/?a=b",
            "https://example.com/#a",
            "http://",
        ] {
            assert!(Server::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn resources_lie_below_the_path_of_the_server_and_are_encoded() {
        let server = Server::parse("https://example.com/pintle/").unwrap();
        let url = server.resource(["api", "v1", "a b", "c/d", "e?f"]);
        assert_eq!(url.as_str(), "https://example.com/pintle/api/v1/a%20b/c%2Fd/e%3Ff");
    }
}
