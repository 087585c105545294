//! What every answer says to browsers.

use reqwest::Method;

use crate::harness::actors::entry;
use crate::harness::{Answer, App};

const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
                   font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

#[track_caller]
fn is_secure(answer: &Answer) {
    for (name, value) in [
        ("content-security-policy", CSP),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("server", ""),
        ("strict-transport-security", ""),
    ] {
        assert_eq!(answer.header(name), value, "{}: {name}", answer.what);
    }
    let vary =
        answer.headers.get_all("vary").iter().map(|value| value.to_str().unwrap()).collect::<Vec<_>>().join(", ");
    assert!(vary.contains("Accept, Accept-Encoding, Authorization, Cookie"), "{}: {vary}", answer.what);
    let denied = answer.header("permissions-policy");
    assert!(denied.split(", ").all(|feature| feature.ends_with("=()")) && denied.contains("camera"), "{denied}");
    assert!(answer.headers.keys().all(|name| !name.as_str().starts_with("access-control-")), "{}", answer.what);
}

#[tokio::test]
async fn every_answer_tells_browsers_to_trust_nobody_else() {
    let app = App::with(&["--metrics-listen", "127.0.0.1:0"]).await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    admin.write("dev/orders/a", "1").await.expect(200);
    let path = entry("dev/orders/a");
    let tag = admin.get(&path).await.header("etag");
    let known = admin.call(Method::GET, &path, |request| request.header("if-none-match", &tag)).await.expect(304);
    let foreign = |request: reqwest::RequestBuilder| {
        request.header("origin", "https://evil.example").header("access-control-request-method", "PUT")
    };
    for (answer, status, cached) in [
        (admin.get(&path).await, 200, "private, no-cache"),
        (known, 304, "private, no-cache"),
        (admin.get("/api/v1/revisions").await, 200, "no-store"),
        (admin.get("/api/v1/environments/none").await, 404, "no-store"),
        (admin.get("/nowhere").await, 404, "no-store"),
        (admin.delete("/healthz").await, 405, "no-store"),
        (app.anonymous().get("/api/v1/environments").await, 401, "no-store"),
        (admin.get("/api/v1/watch?env=dev&namespace=orders").await, 200, "no-store"),
        (admin.get("/metrics").await, 200, "no-store"),
        (app.anonymous().get("/").await, 200, "no-store"),
        (app.anonymous().get("/healthz").await, 200, "no-store"),
        (app.anonymous().get("/api/openapi.json").await, 200, "no-store"),
        (admin.call(Method::OPTIONS, &path, foreign).await, 405, "no-store"),
        (admin.call(Method::GET, &path, foreign).await, 200, "private, no-cache"),
    ] {
        let answer = answer.expect(status);
        is_secure(&answer);
        assert_eq!(answer.header("cache-control"), cached, "{}", answer.what);
    }
    app.finish().await;
}
