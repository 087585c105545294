//! Paths and headers that try to be something else than they are.

use super::raw;
use crate::harness::App;

#[tokio::test]
async fn a_path_in_disguise_reaches_no_handler_by_another_name() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    admin.write("dev/orders/a/b", "one").await.expect(200);
    let entries = "/api/v1/environments/dev/namespaces/orders/entries";
    assert!(send(&app, "GET", &format!("{entries}/a/b"), "").await.starts_with("HTTP/1.1 200"));
    for path in [
        "//api/v1/environments",
        "/api//v1/environments",
        "/api/v1//environments",
        "/./api/v1/environments",
        "/api/./v1/environments",
        "/x/../api/v1/environments",
        "/API/v1/environments",
        "/api/v1/Environments",
        "/api/v1/environments/",
        "/api/v1/environments;x",
        "/api/v1;x/environments",
        "/api/v1/%65nvironments",
        "/%61pi/v1/environments",
        "/api%2Fv1%2Fenvironments",
        "/api/v1%252Fenvironments",
        "/api/v1/environments%2Fdev",
        "/api/v1/environments%00",
        "/healthz/../api/v1/environments",
        "/metrics/",
        "/healthz%2f",
    ] {
        let answer = send(&app, "GET", path, "").await;
        assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
    }
    // Where a name stands, what is none is told so, and never read as the one that it resembles.
    for path in [
        "/api/v1/environments/dev;x",
        "/api/v1/environments/%2564ev",
        "/api/v1/environments/dev%2F",
        "/api/v1/environments/dev%20",
        "/api/v1/environments/DEV",
        &format!("{entries}//a/b"),
        &format!("{entries}/a//b"),
        &format!("{entries}/./a/b"),
        &format!("{entries}/a/./b"),
        &format!("{entries}/a/x/../b"),
        &format!("{entries}/a%2F%2E%2E%2Fa%2Fb"),
        &format!("{entries}/a/b/"),
        &format!("{entries}/a/b;x"),
        &format!("{entries}/a%252Fb"),
        &format!("{entries}/a/%2562"),
        &format!("{entries}/a%5Cb"),
        &format!("{entries}/A/b"),
    ] {
        for method in ["GET", "DELETE"] {
            let answer = send(&app, method, path, "").await;
            let refused = ["HTTP/1.1 404", "HTTP/1.1 422", "HTTP/1.1 400"].iter().any(|s| answer.starts_with(s));
            assert!(refused, "{method} {path}: {answer}");
        }
    }
    assert_eq!(admin.text("dev/orders/a/b").await.as_deref(), Some("one"));
    app.finish().await;
}

#[tokio::test]
async fn a_header_makes_no_other_method_or_path_of_a_request() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    admin.write("dev/orders/a", "one").await.expect(200);
    let path = "/api/v1/environments/dev/namespaces/orders/entries/a";
    for header in ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"] {
        assert!(send(&app, "GET", path, &format!("{header}: DELETE\r\n")).await.starts_with("HTTP/1.1 200"));
        let posted = send(&app, "POST", &format!("{path}?_method=DELETE"), &format!("{header}: DELETE\r\n")).await;
        assert!(posted.starts_with("HTTP/1.1 4"), "{posted}");
    }
    for header in ["X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Path", "X-Forwarded-Prefix"] {
        let answer = send(&app, "GET", "/healthz", &format!("{header}: {path}\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("ok\n"), "{header}: {answer}");
        let answer = send(&app, "GET", "/nowhere", &format!("{header}: {path}\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 404"), "{header}: {answer}");
    }
    assert_eq!(admin.text("dev/orders/a").await.as_deref(), Some("one"));
    app.finish().await;
}

/// Sends a path byte for byte, which clients would tidy up.
async fn send(app: &App, method: &str, path: &str, headers: &str) -> String {
    let token = &app.admin().token;
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\nconnection: close\r\n{headers}\r\n"
    );
    raw(app.node().node.address, &request).await
}
