//! Whether a request that a cookie speaks for was made by our own pages.
//!
//! Three things say so, and all must: `Sec-Fetch-Site`, where the browser sends it; for everything that may change something
//! `Origin`, which must be ours; and the type of the body, which no form of another site can send.

use std::net::IpAddr;

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, Method, header};

use crate::api::problem::Code;
use crate::http::error::ApiError;
use crate::http::layers::Way;
use crate::http::{Entrance, PublicUrl};

impl Entrance {
    /// The address by which the sender of a request reaches this node: the public one. Where none was set it is what the request
    /// says, as long as that is a number or `localhost`: a name could be one that somebody else points here.
    pub(super) fn address_of(&self, parts: &Parts) -> Option<PublicUrl> {
        if self.public_url_said {
            return Some(self.public_url.clone());
        }
        let host = match parts.uri.authority() {
            Some(authority) => authority.as_str(),
            None => single(&parts.headers, &header::HOST)?,
        };
        let https = parts.extensions.get::<Way>().is_some_and(|way| way.https);
        let url = PublicUrl::parse(&format!("{}://{host}", if https { "https" } else { "http" })).ok()?;
        let bare = url.host().trim_start_matches('[').trim_end_matches(']');
        (bare == "localhost" || bare.parse::<IpAddr>().is_ok()).then_some(url)
    }
}

/// Refuses what another site may have made.
pub(super) fn refuse(entrance: &Entrance, parts: &Parts) -> Result<(), ApiError> {
    let reads = matches!(parts.method, Method::GET | Method::HEAD);
    let refused = |why: String| Err(ApiError::new(Code::CrossSite, why));
    if parts.headers.contains_key("sec-fetch-site") {
        let site = single(&parts.headers, &HeaderName::from_static("sec-fetch-site")).unwrap_or_default();
        if !(site == "same-origin" || reads && site == "none") {
            return refused("Sec-Fetch-Site must be same-origin".to_owned());
        }
    }
    if reads {
        return Ok(());
    }
    let Some(own) = entrance.address_of(parts) else {
        return refused(
            "the address in Host is not this server's: set --public-url to the one that people use".to_owned(),
        );
    };
    if single(&parts.headers, &header::ORIGIN) != Some(own.origin().as_str()) {
        return refused(format!("Origin must be {}", own.origin()));
    }
    let kind = parts.headers.get(header::CONTENT_TYPE).map(|value| value.to_str().unwrap_or_default());
    if !may_be(kind, &parts.method) {
        return refused("Content-Type must be application/json, or application/octet-stream for a PUT".to_owned());
    }
    Ok(())
}

/// Whether a body of this type can only come from a program of our own: a form sends three types, or none.
fn may_be(kind: Option<&str>, method: &Method) -> bool {
    let essence = kind.map(|kind| kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
    match essence.as_deref() {
        // Without a type there is no JSON; no form deletes or puts.
        None => *method != Method::POST,
        Some("application/json") => true,
        Some("application/octet-stream") => *method == Method::PUT,
        Some(_) => false,
    }
}

/// The one value of a header; none when there are several.
fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Proxies;
    use axum::http::Request;

    fn entrance(url: &str, said: bool) -> Entrance {
        Entrance {
            public_url: PublicUrl::parse(url).unwrap(),
            public_url_said: said,
            proxies: Proxies::default(),
            body_silence: std::time::Duration::ZERO,
        }
    }

    fn parts(method: &str, headers: &[(&str, &str)]) -> Parts {
        let mut request = Request::builder().method(method).uri("/api/v1/x");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    fn passes(method: &str, headers: &[(&str, &str)]) -> bool {
        refuse(&entrance("https://example.com/pintle", true), &parts(method, headers)).is_ok()
    }

    const ORIGIN: (&str, &str) = ("origin", "https://example.com");
    const JSON: (&str, &str) = ("content-type", "application/json; charset=utf-8");
    const SAME: (&str, &str) = ("sec-fetch-site", "same-origin");

    #[test]
    fn our_own_pages_may_write() {
        assert!(passes("POST", &[ORIGIN, JSON, SAME]));
        assert!(passes("POST", &[ORIGIN, JSON]), "an older browser");
        assert!(passes("DELETE", &[ORIGIN, SAME]));
        assert!(passes("PUT", &[ORIGIN, SAME, ("content-type", "application/octet-stream")]));
    }

    #[test]
    fn other_pages_may_not() {
        for site in ["cross-site", "same-site", "none", "", "SAME-ORIGIN"] {
            assert!(!passes("POST", &[ORIGIN, JSON, ("sec-fetch-site", site)]), "{site}");
        }
        for origin in
            ["https://evil.example", "null", "http://example.com", "https://example.com:444", "https://example.com/"]
        {
            assert!(!passes("POST", &[("origin", origin), JSON, SAME]), "{origin}");
        }
        assert!(!passes("POST", &[JSON, SAME]), "no origin");
        assert!(!passes("POST", &[ORIGIN, ORIGIN, JSON]), "two origins");
        assert!(!passes("POST", &[ORIGIN, JSON, SAME, SAME]), "two sites");
        for kind in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "text/plain; application/json",
            "",
        ] {
            assert!(!passes("POST", &[ORIGIN, SAME, ("content-type", kind)]), "{kind}");
            assert!(!passes("PUT", &[ORIGIN, SAME, ("content-type", kind)]), "{kind}");
        }
        assert!(!passes("POST", &[ORIGIN, SAME]), "no type");
    }

    #[test]
    fn reading_wants_no_origin_but_no_other_site_either() {
        for (site, good) in [("same-origin", true), ("none", true), ("cross-site", false), ("same-site", false)] {
            assert_eq!(passes("GET", &[("sec-fetch-site", site)]), good, "{site}");
        }
        assert!(passes("GET", &[]));
    }

    #[test]
    fn without_a_public_address_only_numbers_and_localhost_are_ours() {
        let entrance = entrance("http://0.0.0.0:8080", false);
        let own = |host: &str| entrance.address_of(&parts("POST", &[("host", host)])).map(|url| url.origin());
        for host in ["127.0.0.1:8080", "192.0.2.7:8080", "[::1]:8080", "localhost:8080"] {
            assert_eq!(own(host), Some(format!("http://{host}")));
        }
        for host in ["rebound.evil.example:8080", "localhost.evil.example", "", "a b", "127.0.0.1@evil.example"] {
            assert_eq!(own(host), None, "{host}");
        }
    }
}
