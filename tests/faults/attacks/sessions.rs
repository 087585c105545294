//! Stealing and riding a browser's session.

use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use super::suite::Suite;
use super::world::World;
use crate::support::node::PASSWORD;
use crate::support::{Tested, ensure};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browsers_session_is_not_ridden() -> Tested {
    let mut suite = Suite::new().await?;
    suite
        .case("S18", "a session id from before the login", async |w| {
            let (first, _) = log_in(w, &[]).await?;
            let (second, _) = log_in(w, &[("cookie", &first)]).await?;
            ensure(first != second, || "the id stayed".to_owned())?;
            let (status, ..) = w.send(Method::GET, "/api/v1/access/me", &[("cookie", &first)], None).await?;
            ensure(status == 401, || status.to_string())?;
            let (planted, _) = log_in(w, &[("cookie", "pintle-session-00000000=planted")]).await?;
            ensure(!planted.contains("planted"), || planted.clone())
        })
        .await;
    suite
        .case("S23", "another origin, with and without what browsers say", async |w| {
            let (cookie, _) = log_in(w, &[]).await?;
            let body = json!({"name": "ridden"});
            let own = w.url();
            for headers in [
                vec![("origin", "https://evil.example")],
                vec![("origin", "null")],
                vec![("origin", "https://evil.example"), ("sec-fetch-site", "same-origin")],
                vec![("origin", own.as_str()), ("sec-fetch-site", "cross-site")],
                vec![("origin", own.as_str()), ("sec-fetch-site", "same-site")],
                vec![("origin", "http://127.0.0.1:1")],
                vec![],
            ] {
                let mut headers = headers;
                headers.push(("cookie", &cookie));
                let (status, _, answer) = w.send(Method::POST, "/api/v1/tokens", &headers, Some(&body)).await?;
                ensure(status == 403, || format!("{headers:?}: {answer}"))?;
            }
            let headers = [("origin", own.as_str()), ("sec-fetch-site", "same-origin"), ("cookie", cookie.as_str())];
            let (status, _, answer) = w.send(Method::POST, "/api/v1/tokens", &headers, Some(&body)).await?;
            ensure(status == 201, || answer.clone())
        })
        .await;
    suite
        .case("S26", "a frame around us", async |w| {
            for path in ["/", "/api/openapi.json", "/none"] {
                let (_, headers, _) = w.send(Method::GET, path, &[], None).await?;
                let policy = headers.get("content-security-policy").and_then(|v| v.to_str().ok()).unwrap_or("");
                ensure(policy.contains("frame-ancestors 'none'"), || format!("{path}: {policy}"))?;
            }
            Ok(())
        })
        .await;
    suite
        .case("S29", "a login that leads elsewhere", async |w| {
            for next in [
                "//evil.example",
                "https://evil.example",
                "/\\evil.example",
                "/%2f%2fevil.example",
                "javascript:alert(1)",
            ] {
                let path = format!("/api/v1/session/oidc/none?next={}", next.replace('%', "%25"));
                let (_, headers, _) = w.send(Method::GET, &path, &[], None).await?;
                let to = headers.get("location").and_then(|v| v.to_str().ok()).unwrap_or("");
                ensure(!to.contains("evil"), || to.to_owned())?;
            }
            Ok(())
        })
        .await;
    suite
        .case("X137", "a cookie that scripts can read or that leaves the site", async |w| {
            let (_, set) = log_in(w, &[]).await?;
            let flags = set.to_lowercase();
            for flag in ["httponly", "samesite=strict", "path=/"] {
                ensure(flags.contains(flag), || format!("no {flag}: {set}"))?;
            }
            ensure(!flags.contains("domain="), || set.clone())
        })
        .await;
    suite
        .case("X138", "a cookie in place of a bearer token, cut or forged", async |w| {
            let (cookie, _) = log_in(w, &[]).await?;
            for forged in [
                cookie[..cookie.len() - 1].to_owned(),
                format!("{cookie}0"),
                cookie.replace("session", "other"),
                "pintle-session=1".to_owned(),
            ] {
                let (status, ..) = w.send(Method::GET, "/api/v1/access/me", &[("cookie", &forged)], None).await?;
                ensure(status == 401, || format!("{forged}: {status}"))?;
            }
            // A bearer token that is wrong does not fall back on the cookie.
            let headers = [("cookie", cookie.as_str()), ("authorization", "Bearer wrong")];
            let (status, ..) = w.send(Method::GET, "/api/v1/access/me", &headers, None).await?;
            ensure(status == 401, || status.to_string())
        })
        .await;
    suite.finish().await
}

/// Logs in as a browser does; gives the cookie as it is sent back, and as it was set.
async fn log_in(w: &World, headers: &[(&str, &str)]) -> Tested<(String, String)> {
    let own = w.url();
    let mut all = vec![("origin", own.as_str()), ("sec-fetch-site", "same-origin")];
    all.extend_from_slice(headers);
    let body = json!({"name": "admin", "password": PASSWORD, "cookie": true});
    let (status, headers, answer) = w.send(Method::POST, "/api/v1/session", &all, Some(&body)).await?;
    ensure(status == 200, || answer.clone())?;
    let told: Value = serde_json::from_str(&answer)?;
    ensure(told.get("token").is_none_or(Value::is_null), || "the token is in the body".to_owned())?;
    let set = set_cookie(&headers)?;
    let pair = set.split(';').next().unwrap_or_default().to_owned();
    Ok((pair, set))
}

fn set_cookie(headers: &HeaderMap) -> Tested<String> {
    let all = headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok());
    let found = all.filter(|cookie| cookie.contains("session")).find(|cookie| !cookie.contains("=;"));
    Ok(found.ok_or("no session cookie was set")?.to_owned())
}
