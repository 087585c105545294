//! The cookies of browsers: what they are called, how they are set, found and cleared.

use axum::http::{HeaderMap, HeaderValue, header};
use sha2::{Digest as _, Sha256};

use crate::http::PublicUrl;

/// A cookie of this store, as its public address names it.
///
/// Cookies know no ports: the name ends in digits of the address, so that two stores on one host do not log each other out. Over
/// HTTPS the prefix makes browsers refuse it from anywhere but this very host, and it goes over HTTPS only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cookie {
    name: String,
    flags: &'static str,
}

/// How a cookie crosses sites.
const STRICT: &str = "; Path=/; HttpOnly; SameSite=Strict";
const STRICT_SECURE: &str = "; Path=/; HttpOnly; SameSite=Strict; Secure";
const LAX: &str = "; Path=/; HttpOnly; SameSite=Lax";
const LAX_SECURE: &str = "; Path=/; HttpOnly; SameSite=Lax; Secure";

impl Cookie {
    /// The one that holds the session.
    pub(super) fn session(url: &PublicUrl) -> Self {
        Self::named("pintle-session", url, if url.is_https() { STRICT_SECURE } else { STRICT })
    }

    /// The one that holds a login at a provider while it is under way: a strict one would not come back with the person.
    pub(super) fn login(url: &PublicUrl) -> Self {
        Self::named("pintle-login", url, if url.is_https() { LAX_SECURE } else { LAX })
    }

    fn named(what: &str, url: &PublicUrl, flags: &'static str) -> Self {
        let digits: String = hex::encode(Sha256::digest(url.to_string())).chars().take(8).collect();
        let prefix = if url.is_https() { "__Host-" } else { "" };
        Self { name: format!("{prefix}{what}-{digits}"), flags }
    }

    /// The header that sets it until the browser is closed, or for so many seconds.
    pub(super) fn set(&self, value: &str, seconds: Option<u32>) -> Option<HeaderValue> {
        let age = seconds.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
        let mut header = HeaderValue::from_str(&format!("{}={value}{}{age}", self.name, self.flags)).ok()?;
        header.set_sensitive(true);
        Some(header)
    }

    /// The header that takes it away.
    pub(super) fn clear(&self) -> Option<HeaderValue> {
        self.set("", Some(0))
    }

    /// Its values in a request. There may be several where another host of the same domain set one, too.
    pub(super) fn values<'a>(&'a self, headers: &'a HeaderMap) -> impl Iterator<Item = &'a str> {
        pairs(headers).filter(|(name, value)| *name == self.name && !value.is_empty()).map(|(_, value)| value)
    }
}

/// Names and values of all cookies of a request.
pub(super) fn pairs(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(url: &str) -> PublicUrl {
        PublicUrl::parse(url).unwrap()
    }

    fn line(cookie: &Cookie) -> String {
        cookie.set("x", None).unwrap().to_str().unwrap().to_owned()
    }

    #[test]
    fn over_https_it_belongs_to_the_host_alone() {
        let cookie = line(&Cookie::session(&at("https://example.com/pintle")));
        let (name, flags) = cookie.split_once("=x").unwrap();
        assert!(
            name.starts_with("__Host-pintle-session-") && name.len() == "__Host-pintle-session-".len() + 8,
            "{name}"
        );
        assert_eq!(flags, "; Path=/; HttpOnly; SameSite=Strict; Secure");
    }

    #[test]
    fn over_plain_http_it_has_another_name() {
        let cookie = line(&Cookie::session(&at("http://127.0.0.1:8080")));
        assert!(
            cookie.starts_with("pintle-session-") && cookie.ends_with("=x; Path=/; HttpOnly; SameSite=Strict"),
            "{cookie}"
        );
    }

    #[test]
    fn every_address_has_a_name_of_its_own() {
        let names: std::collections::BTreeSet<String> =
            ["http://127.0.0.1:8080", "http://127.0.0.1:8081", "https://example.com", "https://example.com/a"]
                .into_iter()
                .map(|url| Cookie::session(&at(url)).name)
                .collect();
        assert_eq!(names.len(), 4);
    }

    #[test]
    fn it_is_found_among_others() {
        let cookie = Cookie::session(&at("http://127.0.0.1:8080"));
        let mut headers = HeaderMap::new();
        let line = format!("a=b; {0}=one;{0}x=no; {0}=; c", cookie.name);
        headers.append("cookie", line.parse().unwrap());
        headers.append("cookie", format!("{}=two", cookie.name).parse().unwrap());
        assert_eq!(cookie.values(&headers).collect::<Vec<_>>(), ["one", "two"]);
    }
}
