//! Entries: read as JSON and as bytes, listed in pages, put and deleted one by one.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::actors::entry;
use crate::harness::{App, put};

const LIST: &str = "/api/v1/environments/dev/namespaces/orders/entries";

fn keys(list: &Value) -> Vec<&str> {
    list["entries"].as_array().unwrap().iter().map(|entry| entry["key"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn an_entry_is_read_as_json_with_all_that_is_known_of_it() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    admin.write("dev/orders/application.yaml", "port: 8080\n").await.expect(200);
    let mut read = admin.get(&entry("dev/orders/application.yaml")).await.ok();
    let at = read.as_object_mut().unwrap().remove("at").unwrap();
    assert_eq!(&admin.revision(3).await["at"], &at);
    let expected = json!({"environment": "dev", "namespace": "orders", "key": "application.yaml", "format": "yaml",
        "revision": 3, "actor": "admin", "size": 11, "content": "port: 8080\n",
        "hash": pintle::domain::contents::ContentHash::of(b"port: 8080\n").to_string()});
    assert_eq!(read, expected);
    app.finish().await;
}

#[tokio::test]
async fn raw_bytes_come_by_accept_and_by_parameter() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    let bytes = [0xFF, 0x00, 0x0D, 0x0A, 0x80];
    admin.write("dev/orders/tls.der", bytes).await.expect(200);
    for (query, accept) in [("", "application/octet-stream"), ("?raw", "*/*"), ("?raw=true", "application/json")] {
        let path = format!("{}{query}", entry("dev/orders/tls.der"));
        let answer = admin.call(Method::GET, &path, |request| request.header("accept", accept)).await.expect(200);
        assert_eq!(answer.body, bytes, "{query} {accept}");
        assert_eq!(answer.header("content-type"), "application/octet-stream");
        assert_eq!(answer.header("pintle-format"), "binary");
        assert_eq!(answer.header("etag"), "\"3\"");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
    }
    let json =
        admin.call(Method::GET, &entry("dev/orders/tls.der?raw=false"), |r| r.header("accept", "a/b")).await.ok();
    assert_eq!(json["content_base64"], "/wANCoA=");
    assert_eq!(json.get("content"), None);
    app.finish().await;
}

#[tokio::test]
async fn a_read_of_bytes_is_answered_the_same_whether_or_not_anything_else_is_asked() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    admin.write("dev/orders/mesh/a.yaml", "a: 1\n").await.expect(200);
    admin.write("dev/orders/empty.txt", "").await.expect(200);
    let mut sealed = put("dev/orders/db.yaml", "password: canary\n");
    sealed["secret_paths"] = json!(["/password"]);
    admin.publish(&[sealed]).await.expect(200);
    let robot = app.service("robot", &[("viewer", "dev", "orders", "mesh/")]).await;
    let (nobody, forger) = (app.anonymous(), robot.with_token(&format!("{}0", robot.token)));
    let mut statuses = BTreeSet::new();
    for actor in [admin, &robot, &nobody, &forger] {
        for key in ["mesh/a.yaml", "mesh%2Fa.yaml", "empty.txt", "db.yaml", "absent.txt", "a//b", "mesh/"] {
            let path = format!("{}?raw", entry(&format!("dev/orders/{key}")));
            let mut plain = actor.call(Method::GET, &path, |request| request).await;
            // Whatever is asked besides makes it go the way of all requests.
            let mut other = actor.call(Method::GET, &path, |request| request.header("x-besides", "1")).await;
            statuses.insert(plain.status);
            let given: Vec<_> = [&mut plain, &mut other].map(|answer| answer.headers.remove("x-request-id")).into();
            assert!(given.iter().all(Option::is_some) && given[0] != given[1], "{path}: {given:?}");
            for answer in [&mut plain, &mut other] {
                answer.headers.remove("date");
            }
            assert_eq!((plain.status, &plain.headers), (other.status, &other.headers), "{} {path}", actor.name);
            if plain.status == 200 {
                assert_eq!(plain.body, other.body, "{} {path}", actor.name);
            }
        }
    }
    assert_eq!(statuses, BTreeSet::from([200, 401, 403, 404, 422]));
    app.finish().await;
}

#[tokio::test]
async fn a_caller_that_has_the_tag_gets_304_for_every_kind_of_read() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    admin.write("dev/orders/a.txt", "a").await.expect(200);
    let raw = format!("{}?raw", entry("dev/orders/a.txt"));
    let paths = [
        "/api/v1/environments",
        "/api/v1/environments/dev",
        "/api/v1/environments/dev/namespaces",
        "/api/v1/environments/dev/namespaces/orders",
        LIST,
        &entry("dev/orders/a.txt"),
        &raw,
    ];
    let mut tags = Vec::new();
    for path in paths {
        let tag = admin.get(path).await.expect(200).header("etag");
        for sent in [tag.clone(), format!("W/{tag}"), format!("\"9999\", {tag}"), "*".to_owned()] {
            let answer = admin.call(Method::GET, path, |request| request.header("if-none-match", &sent)).await;
            let answer = answer.expect(304);
            assert_eq!(answer.header("etag"), tag, "{path} {sent}");
            assert!(answer.body.is_empty());
        }
        tags.push((path, tag));
    }
    admin.write("dev/orders/a.txt", "b").await.expect(200);
    for (path, tag) in tags.into_iter().skip(2) {
        admin.call(Method::GET, path, |request| request.header("if-none-match", tag)).await.expect(200);
    }
    app.finish().await;
}

#[tokio::test]
async fn the_tag_of_a_list_moves_with_every_change_also_a_deletion() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    admin.create("dev/payments").await;
    admin.publish(&[put("dev/orders/a.txt", "a"), put("dev/orders/b.txt", "b")]).await.expect(200);
    admin.write("dev/payments/a.txt", "elsewhere").await.expect(200);
    let list = admin.get(LIST).await;
    assert_eq!((list.header("etag"), list.header("pintle-revision")), ("\"4\"".to_owned(), "5".to_owned()));
    admin.delete(&entry("dev/orders/b.txt")).await.expect(200);
    assert_eq!(admin.get(LIST).await.header("etag"), "\"6\"");
    app.finish().await;
}

#[tokio::test]
async fn a_list_is_in_pages_by_key_and_may_leave_contents_out() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    let all = ["B.txt", "a.txt", "mesh-x", "mesh/a", "mesh/b", "z"];
    let changes: Vec<_> = all.iter().map(|key| put(&format!("dev/orders/{key}"), "x")).collect();
    admin.publish(&changes).await.expect(200);
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = admin.get(&format!("{LIST}?limit=2&content=false{cursor}")).await.ok();
        assert_eq!(page["entries"][0].get("content"), None);
        assert_eq!(page["entries"][0]["size"], 1);
        seen.extend(keys(&page).into_iter().map(str::to_owned));
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, all);
    assert_eq!(keys(&admin.get(&format!("{LIST}?prefix=mesh/")).await.ok()), ["mesh/a", "mesh/b"]);
    assert_eq!(keys(&admin.get(&format!("{LIST}?prefix=mesh/&limit=1")).await.ok()), ["mesh/a"]);
    assert_eq!(admin.get(LIST).await.ok()["entries"][0]["content"], "x");
    app.finish().await;
}

#[tokio::test]
async fn an_encoded_slash_in_a_key_equals_a_slash() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    admin.write("dev/orders/mesh%2Froutes.yaml", "a: 1").await.expect(200);
    assert_eq!(admin.get(&entry("dev/orders/mesh/routes.yaml")).await.ok()["key"], "mesh/routes.yaml");
    assert_eq!(admin.get(&entry("dev/orders/mesh%2froutes.yaml")).await.ok()["key"], "mesh/routes.yaml");
    app.finish().await;
}

#[tokio::test]
async fn the_format_of_a_put_is_the_given_the_present_or_the_guessed_one() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    let format = async |address: &str| admin.get(&entry(address)).await.ok()["format"].as_str().unwrap().to_owned();
    for (key, bytes, expected) in [
        ("a.yml", &b"a: 1"[..], "yaml"),
        ("a.json", b"{}", "json"),
        (".env", b"A=1", "env"),
        ("nginx.conf", b"server {}", "text"),
        ("plain", b"{", "text"),
        ("cert", b"\xFF\x00", "binary"),
    ] {
        admin.write(&format!("dev/orders/{key}"), bytes).await.expect(200);
        assert_eq!(format(&format!("dev/orders/{key}")).await, expected, "{key}");
    }
    let typed = |query: &str, body: &'static str| {
        let path = format!("{}{query}", entry("dev/orders/plain"));
        let admin = admin.clone();
        async move { admin.call(Method::PUT, &path, |r| r.header("content-type", "text/xml").body(body)).await }
    };
    typed("?format=json", "{\"a\": 1}").await.expect(200);
    assert_eq!(format("dev/orders/plain").await, "json");
    typed("", "{\"a\": 2}").await.expect(200);
    assert_eq!(format("dev/orders/plain").await, "json");
    typed("", "{").await.problem(422, "invalid_content");
    app.finish().await;
}

#[tokio::test]
async fn a_message_of_a_put_may_be_in_any_language() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    let message = reqwest::header::HeaderValue::from_bytes("放宽超时 für alle".as_bytes()).unwrap();
    let put = |request: reqwest::RequestBuilder| request.header("x-message", message).body("x");
    admin.call(Method::PUT, &entry("dev/orders/a.txt"), put).await.expect(200);
    assert_eq!(admin.revision(3).await["message"], "放宽超时 für alle");
    app.finish().await;
}

#[tokio::test]
async fn deleting_what_is_not_there_is_404_and_a_stale_tag_keeps_what_is() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    admin.delete(&entry("dev/orders/a.txt")).await.problem(404, "not_found");
    admin.write("dev/orders/a.txt", "a").await.expect(200);
    let path = entry("dev/orders/a.txt");
    let stale = admin.call(Method::DELETE, &path, |request| request.header("if-match", "\"1\"")).await;
    let problem = stale.problem(412, "precondition_failed");
    assert_eq!(problem["conflicts"][0].get("yours"), None);
    admin.call(Method::DELETE, &path, |request| request.header("if-match", "\"3\"")).await.expect(200);
    admin.get(&path).await.problem(404, "not_found");
    assert_eq!(admin.text_at("dev/orders/a.txt", "?at=3").await.as_deref(), Some("a"));
    app.finish().await;
}

#[tokio::test]
async fn every_answer_carries_the_head_a_request_id_and_what_it_varies_by() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    let own = admin.call(Method::GET, LIST, |request| request.header("x-request-id", "my-id.1")).await.expect(200);
    assert_eq!(own.header("x-request-id"), "my-id.1");
    assert_eq!(own.header("pintle-revision"), "2");
    assert!(own.header("pintle-epoch").parse::<u64>().unwrap() > 0);
    assert_eq!(own.header("vary"), "Accept, Accept-Encoding, Authorization, Cookie");
    let odd = admin.call(Method::GET, LIST, |request| request.header("x-request-id", "not a plain one")).await;
    assert_eq!(odd.header("x-request-id").len(), 32);
    let written = admin.call(Method::PUT, &entry("dev/orders/a"), |r| r.header("x-request-id", "w-1").body("x")).await;
    written.expect(200);
    assert_eq!(admin.revision(3).await["request_id"], "w-1");
    app.finish().await;
}

#[tokio::test]
async fn a_large_answer_is_compressed_for_who_understands_it() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    admin.write("dev/orders/a.txt", "all the same ".repeat(10_000)).await.expect(200);
    for (encoding, expected) in [("gzip", "gzip"), ("br, gzip;q=0.5", "br"), ("identity", "")] {
        let path = entry("dev/orders/a.txt");
        let answer = admin.call(Method::GET, &path, |request| request.header("accept-encoding", encoding)).await;
        assert_eq!(answer.header("content-encoding"), expected);
        assert_eq!(answer.body.len() < 10_000, !expected.is_empty(), "{encoding}: {}", answer.body.len());
    }
    app.finish().await;
}

#[tokio::test]
async fn an_unknown_route_and_an_unknown_method_are_problems_too() {
    let app = App::start().await;
    let admin = app.admin();
    admin.get("/api/v1/nothing").await.problem(404, "not_found");
    admin.get("/nothing").await.problem(404, "not_found");
    let answer = admin.call(Method::PATCH, "/api/v1/environments", |request| request).await;
    assert_eq!(answer.header("allow"), "GET,HEAD");
    answer.problem(405, "method_not_allowed");
    app.finish().await;
}

#[tokio::test]
async fn the_typed_client_does_the_same_over_the_same_wire() {
    use pintle::client::{EntriesQuery, PutEntry};
    use pintle::domain::names::{Address, EntryKey, EnvironmentName, NamespaceName};
    let app = App::start().await;
    app.admin().create("dev/orders").await;
    let client = app.admin().client();
    let environment = EnvironmentName::parse("dev").unwrap();
    let namespace = NamespaceName::parse("orders").unwrap();
    let key = EntryKey::parse("mesh/a.yaml").unwrap();
    let address = Address { environment: environment.clone(), namespace: namespace.clone(), key };
    let written = client.put_entry(&address, "a: 1\n".into(), &PutEntry::default()).await.unwrap();
    assert_eq!(written.revision, 3);
    assert_eq!(&client.get_content(&address, None).await.unwrap()[..], b"a: 1\n");
    let query = EntriesQuery { content: true, limit: Some(1), ..EntriesQuery::default() };
    let listing = client.list_all_entries(&environment, &namespace, &query).await.unwrap();
    assert_eq!(listing.entries.len(), 1);
    assert_eq!(client.get_head().await.unwrap().revision.0, 3);
    app.finish().await;
}
