//! What a node says about itself, how it stops, and how it lives without its database.

use std::time::Duration;

use pintle::domain::revisions::Revision;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::Instant;

use crate::harness::actors::entry;
use crate::harness::{App, Running, Server, put};

/// No answer of a node takes longer, whatever its database does.
const PROMPT: Duration = Duration::from_secs(3);

#[tokio::test]
async fn a_healthy_node_is_alive_and_ready_for_reads_and_writes() {
    let app = App::start().await;
    app.admin().create("dev").await;
    let anyone = app.anonymous();
    assert_eq!(anyone.get("/healthz").await.expect(200).text(), "ok\n");
    for query in ["", "?for=reads", "?for=writes"] {
        let ready = anyone.get(&format!("/readyz{query}")).await.ok();
        for (field, expected) in
            [("reads", json!(true)), ("writes", json!(true)), ("revision", json!(1)), ("draining", json!(false))]
        {
            assert_eq!(ready[field], expected, "{query} {field}");
        }
        assert!(ready["access_age_ms"].as_u64().unwrap() < 5_000, "{ready}");
    }
    app.finish().await;
}

#[tokio::test]
async fn metrics_need_a_token_and_none_on_an_address_of_their_own() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let app = App::with(&["--metrics-listen", &free]).await;
    app.admin().create("dev/orders").await;
    app.anonymous().get("/metrics").await.problem(401, "unauthenticated");
    let with_token = app.admin().get("/metrics").await.expect(200);
    let own = app.anonymous().at(&format!("http://{free}"));
    for answer in [with_token, own.get("/metrics").await.expect(200)] {
        assert!(answer.header("content-type").starts_with("application/openmetrics-text"), "{answer:?}");
        let text = answer.text();
        for line in [
            "pintle_node_revision 2\n",
            "pintle_head_revision 2\n",
            "pintle_node_lag_revisions 0\n",
            "pintle_database_up 1\n",
            "pintle_publishes_total{outcome=\"committed\"} 2\n",
            "pintle_store_entries 0\n",
        ] {
            assert!(text.contains(line), "{line} in:\n{text}");
        }
        let route =
            "pintle_http_requests_total{method=\"PUT\",route=\"/api/v1/environments/{env}\",status=\"200\"} 1\n";
        assert!(text.contains(route), "{text}");
        assert!(text.ends_with("# EOF\n"));
    }
    assert_eq!(own.get("/api/v1/environments").await.status, 404);
    app.finish().await;
}

#[tokio::test]
async fn every_route_but_health_login_and_the_document_wants_a_token() {
    let app = App::start().await;
    let anyone = app.anonymous();
    let tokens = ["", "pintle_", "x", &app.admin().token[1..], &format!("{}0", app.admin().token)];
    for token in tokens {
        anyone.with_token(token).get("/api/v1/environments").await.problem(401, "unauthenticated");
    }
    for header in ["Basic YWRtaW46eA==", "Bearer", "bearer  ", &app.admin().token] {
        let answer =
            anyone.call(Method::GET, "/api/v1/environments", |request| request.header("authorization", header));
        answer.await.problem(401, "unauthenticated");
    }
    app.finish().await;
}

#[tokio::test]
async fn what_a_failover_lost_is_for_who_administers_the_store() {
    let app = App::start().await;
    assert_eq!(app.admin().get("/api/v1/lost").await.ok(), json!({"lost": []}));
    app.publisher("*").await.get("/api/v1/lost").await.problem(403, "denied");
    app.finish().await;
}

#[tokio::test]
async fn a_node_that_drains_says_so_answers_what_it_has_begun_and_takes_nothing_new() {
    let app = App::start().await;
    app.admin().create("dev/orders").await;
    let address = app.node().node.address;
    let path = entry("dev/orders/slow.txt");
    let head = format!(
        "PUT {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-length: 4\r\n\r\nha",
        app.admin().token
    );
    // A request whose body is still on its way, and a connection that asks for readiness meanwhile.
    let mut slow = tokio::net::TcpStream::connect(address).await.unwrap();
    slow.write_all(head.as_bytes()).await.unwrap();
    let mut probe = tokio::net::TcpStream::connect(address).await.unwrap();
    probe.write_all(b"GET /readyz HTTP/1.1\r\nhost: x\r\n").await.unwrap();
    // Connections are taken in order: an answer on a third one shows that both beginnings were read.
    app.anonymous().get("/readyz").await.expect(200);

    app.node().lifecycle.soft.cancel();
    probe.write_all(b"\r\n").await.unwrap();
    let mut ready = String::new();
    probe.read_to_string(&mut ready).await.unwrap();
    assert!(ready.starts_with("HTTP/1.1 503") && ready.contains(r#""draining":true"#), "{ready}");

    slow.write_all(b"lf").await.unwrap();
    let mut answer = String::new();
    slow.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains(r#""revision":3"#), "{answer}");
    let refused = tokio::net::TcpStream::connect(address).await;
    assert!(refused.is_err(), "a node that drains listens no more");
    app.finish().await;
}

#[tokio::test]
async fn every_write_that_a_draining_node_has_taken_is_answered() {
    let app = App::start().await;
    let admin = app.admin().clone();
    admin.create("dev/orders").await;
    let writes = (0..20).map(|number| {
        let admin = admin.clone();
        // One that comes too late finds nobody; one that was taken must be answered.
        async move { admin.attempt(Method::PUT, &entry(&format!("dev/orders/{number}")), |r| r.body("x")).await }
    });
    let stop = app.node().lifecycle.soft.clone();
    let first = app.node().node.app.service.view.wait_for(None, Revision(3), PROMPT);
    let (answers, ()) = tokio::join!(futures_util::future::join_all(writes), async {
        first.await;
        stop.cancel();
    });
    let written = answers.iter().flatten().filter(|answer| answer.status == 200).count();
    let counted = app.database.number("SELECT count(*) FROM revisions WHERE revision > 2").await;
    assert_eq!(counted, i64::try_from(written).unwrap(), "{answers:?}");
    assert!(written > 0);
    app.finish().await;
}

#[tokio::test]
async fn a_node_without_its_database_reads_on_and_refuses_writes_at_once() {
    let server: &'static Server = Box::leak(Box::new(Server::start()));
    let app = App::on(server, &[]).await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    admin.write("dev/orders/a.txt", "kept").await.expect(200);
    let draft: Value = admin.post("/api/v1/drafts", json!({"env": "dev", "namespace": "orders"})).await.json();
    let draft = format!("/api/v1/drafts/{}", draft["id"].as_str().unwrap());

    server.pause();
    let noticed = Instant::now();
    let ready = loop {
        // Each answer takes a turn of the node; the pump notices in one of them.
        let ready = admin.get("/readyz").await.ok();
        if ready["writes"] == false {
            break ready;
        }
        assert!(noticed.elapsed() < Duration::from_secs(20), "{ready}");
        tokio::task::yield_now().await;
    };
    assert_eq!(ready["reads"], true);
    assert!(ready["writes_down_since"].is_string(), "{ready}");
    app.anonymous().get("/readyz?for=writes").await.expect(503);

    assert_eq!(admin.text("dev/orders/a.txt").await.as_deref(), Some("kept"));
    admin.get("/api/v1/environments/dev/namespaces/orders/entries").await.expect(200);
    admin.get("/api/v1/access/me").await.expect(200);
    let dry = json!({"dry_run": true, "changes": [put("dev/orders/a.txt", "new")]});
    admin.post("/api/v1/publish", dry).await.expect(200);
    for (method, path) in [
        (Method::PUT, entry("dev/orders/a.txt")),
        (Method::DELETE, entry("dev/orders/a.txt")),
        (Method::PUT, "/api/v1/environments/other".to_owned()),
        (Method::POST, "/api/v1/tokens".to_owned()),
        (Method::POST, "/api/v1/session".to_owned()),
        (Method::POST, "/api/v1/drafts".to_owned()),
        (Method::PATCH, draft.clone()),
        (Method::DELETE, draft.clone()),
        (Method::GET, draft.clone()),
        (Method::POST, format!("{draft}/publish")),
        (Method::GET, "/api/v1/drafts".to_owned()),
        (Method::GET, "/api/v1/revisions".to_owned()),
        (Method::GET, format!("{}?at=2", entry("dev/orders/a.txt"))),
    ] {
        let started = Instant::now();
        let body = match path.as_str() {
            "/api/v1/tokens" => json!({"name": "x"}),
            "/api/v1/session" => json!({"name": "admin", "password": "something long enough"}),
            "/api/v1/drafts" => json!({"env": "dev", "namespace": "orders", "title": "another"}),
            path if path.ends_with("/publish") => json!({"base": 3, "hash": "0".repeat(64)}),
            _ => json!({}),
        };
        let with = |request: reqwest::RequestBuilder| match method {
            Method::PATCH => request.header("if-match", format!("\"{}\"", "0".repeat(64))).json(&body),
            _ => request.json(&body),
        };
        let answer = admin.call(method.clone(), &path, with).await;
        let took = started.elapsed();
        assert_eq!(answer.header("retry-after"), "1", "{method} {path}");
        let problem = answer.problem(503, "unavailable");
        assert_eq!(problem["detail"], "nothing was applied");
        assert!(took < PROMPT, "{method} {path}: {took:?}");
    }

    server.resume();
    while admin.get("/readyz").await.ok()["writes"] == false {
        tokio::task::yield_now().await;
    }
    assert_eq!(admin.write("dev/orders/a.txt", "new").await.revision(), 4);
    assert_eq!(admin.text("dev/orders/a.txt").await.as_deref(), Some("new"));
    app.finish().await;
}

#[tokio::test]
async fn a_node_refuses_a_database_that_could_lose_acknowledged_publishes() {
    use pintle::cli::node;
    use pintle::runtime::lifecycle::Lifecycle;
    use pintle::store::StoreSettings;
    let database = Server::shared().create_database().await;
    let settings = crate::harness::app::settings(&[]);
    let url = format!("{}?options=-c%20synchronous_commit%3Doff", database.url());
    let at = StoreSettings { url, listen_url: None, connections: 4 };
    let error = node::start(&settings, &at, true, &Lifecycle::default()).await.unwrap_err();
    assert!(format!("{error:#}").contains("synchronous_commit is off"), "{error:#}");
    database.drop().await;
}

#[tokio::test]
async fn a_node_does_not_serve_plain_http_to_others_unless_told() {
    use pintle::cli::node;
    use pintle::runtime::lifecycle::Lifecycle;
    use pintle::store::StoreSettings;
    let mut settings = crate::harness::app::settings(&[]);
    settings.listen = "0.0.0.0:0".parse().unwrap();
    let at = StoreSettings { url: "postgres://nobody@localhost/none".to_owned(), listen_url: None, connections: 4 };
    let error = node::start(&settings, &at, true, &Lifecycle::default()).await.unwrap_err();
    assert!(format!("{error:#}").contains("--insecure"), "{error:#}");
}

#[tokio::test]
async fn several_nodes_may_start_at_once_on_an_empty_database() {
    let database = Server::shared().create_database().await;
    let nodes = futures_util::future::join_all((0..3).map(|_| Running::start(&database, &[]))).await;
    assert_eq!(nodes.iter().filter(|node| node.node.first_admin.is_some()).count(), 1);
    for node in nodes {
        node.finish().await;
    }
    database.drop().await;
}
