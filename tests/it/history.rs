//! History: by environment, namespace, key, author, kind and time; in pages; one revision with its diffs.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::actors::entry;
use crate::harness::{Actor, App, delete, put};

async fn numbers(actor: &Actor, query: &str) -> Vec<u64> {
    let list = actor.get(&format!("/api/v1/revisions{query}")).await.ok();
    list["revisions"].as_array().unwrap().iter().map(|revision| revision["revision"].as_u64().unwrap()).collect()
}

/// dev, dev/orders, dev/payments, prod, prod/orders, then changes 6 to 10.
async fn filled() -> (App, Actor) {
    let app = App::start().await;
    let admin = app.admin();
    for place in ["dev/orders", "dev/payments", "prod/orders"] {
        admin.create(place).await;
    }
    let paul = app.publisher("orders").await;
    admin.write("dev/orders/a.yaml", "port: 1\n").await.expect(200);
    paul.publish(&[put("dev/orders/b.txt", "b"), put("prod/orders/a.yaml", "port: 2\n")]).await.expect(200);
    admin.write("dev/payments/a.yaml", "x: 1\n").await.expect(200);
    paul.publish(&[put("dev/orders/a.yaml", "port: 3\n"), delete("dev/orders/b.txt")]).await.expect(200);
    admin.roll_back(json!({"env": "dev", "namespace": "orders", "to": 6})).await.expect(200);
    (app, paul)
}

#[tokio::test]
async fn the_history_is_newest_first_and_narrows_by_place_author_and_kind() {
    let (app, _) = filled().await;
    let admin = app.admin();
    let cases: &[(&str, &[u64])] = &[
        ("", &[10, 9, 8, 7, 6, 5, 4, 3, 2, 1]),
        ("?env=prod", &[7, 5, 4]),
        ("?env=dev&namespace=orders", &[10, 9, 7, 6, 2]),
        ("?env=dev&namespace=orders&key=b.txt", &[9, 7]),
        ("?env=dev&namespace=orders&key=a.yaml", &[10, 9, 6]),
        ("?actor=paul", &[9, 7]),
        ("?actor=nobody", &[]),
        ("?kind=rollback", &[10]),
        ("?kind=environment", &[4, 1]),
        ("?kind=namespace", &[5, 3, 2]),
        ("?kind=publish&env=dev", &[9, 8, 7, 6]),
        ("?before=3", &[2, 1]),
        ("?before=0", &[]),
        ("?env=nowhere", &[]),
    ];
    for (query, expected) in cases {
        assert_eq!(&numbers(admin, query).await, expected, "{query}");
    }
    app.finish().await;
}

#[tokio::test]
async fn since_and_until_include_their_instant() {
    let (app, _) = filled().await;
    let admin = app.admin();
    let at = admin.revision(7).await["at"].as_str().unwrap().to_owned();
    assert_eq!(numbers(admin, &format!("?since={at}")).await, [10, 9, 8, 7]);
    assert_eq!(numbers(admin, &format!("?until={at}")).await, [7, 6, 5, 4, 3, 2, 1]);
    assert_eq!(numbers(admin, &format!("?since={at}&until={at}")).await, [7]);
    assert_eq!(numbers(admin, "?until=2020-01-01T00:00:00%2B02:00").await, [0; 0]);
    app.finish().await;
}

#[tokio::test]
async fn pages_of_the_history_are_complete_also_while_it_grows() {
    let (app, _) = filled().await;
    let admin = app.admin();
    let (mut seen, mut before) = (Vec::new(), String::new());
    loop {
        let page = admin.get(&format!("/api/v1/revisions?limit=3{before}")).await.ok();
        seen.extend(
            page["revisions"].as_array().unwrap().iter().map(|revision| revision["revision"].as_u64().unwrap()),
        );
        admin.write("dev/orders/more.txt", format!("{}", seen.len())).await.expect(200);
        let Some(next) = page["next"].as_u64() else { break };
        before = format!("&before={next}");
    }
    assert_eq!(seen, [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
    app.finish().await;
}

#[tokio::test]
async fn a_listed_revision_tells_who_did_what_and_why() {
    let (app, _) = filled().await;
    let list = app.admin().get("/api/v1/revisions?env=dev&namespace=orders&key=b.txt&limit=1").await.ok();
    let revision = &list["revisions"][0];
    for (field, expected) in
        [("revision", json!(9)), ("actor", json!("paul")), ("message", json!("a change")), ("kind", json!("publish"))]
    {
        assert_eq!(revision[field], expected, "{field}");
    }
    let ops: Vec<_> =
        revision["changes"].as_array().unwrap().iter().map(|c| (&c["key"], &c["op"], &c["previous"])).collect();
    assert_eq!(ops, [(&json!("a.yaml"), &json!("put"), &json!(6)), (&json!("b.txt"), &json!("delete"), &json!(7))]);
    assert_eq!(list["next"], 9);
    app.finish().await;
}

#[tokio::test]
async fn one_revision_shows_its_diffs_as_text_and_by_value() {
    let (app, _) = filled().await;
    let revision = app.admin().revision(9).await;
    let change = |key: &str| -> Value {
        revision["changes"].as_array().unwrap().iter().find(|change| change["key"] == key).unwrap().clone()
    };
    let diff = &change("a.yaml")["diff"];
    assert_eq!(diff["values"], json!([{"path": "/port", "from": 1, "to": 3}]));
    let text = diff["unified"].as_str().unwrap();
    assert!(
        text.contains("--- a/dev/orders/a.yaml\n+++ b/dev/orders/a.yaml\n") && text.contains("-port: 1\n+port: 3\n"),
        "{text}"
    );
    let gone = &change("b.txt")["diff"]["unified"];
    assert!(gone.as_str().unwrap().contains("+++ /dev/null\n"), "{gone}");
    let back = app.admin().revision(10).await;
    assert_eq!((&back["kind"], &back["rollback_to"]), (&json!("rollback"), &json!(6)));
    app.finish().await;
}

#[tokio::test]
async fn an_unknown_revision_is_404() {
    let (app, _) = filled().await;
    for unknown in ["0", "11", "9223372036854775807"] {
        app.admin().get(&format!("/api/v1/revisions/{unknown}")).await.problem(404, "not_found");
    }
    app.finish().await;
}

#[tokio::test]
async fn who_may_not_read_something_does_not_find_it_in_the_history() {
    let (app, paul) = filled().await;
    assert_eq!(numbers(&paul, "").await, [10, 9, 7, 6, 5, 4, 2, 1]);
    paul.get("/api/v1/revisions/8").await.problem(404, "not_found");
    assert_eq!(numbers(&paul, "?env=dev&namespace=payments").await, [0; 0]);
    let stranger = app.stranger().await;
    assert_eq!(numbers(&stranger, "").await, [0; 0]);
    let picky = app.user("petra", &[("viewer", "prod", "*", "")]).await;
    assert_eq!(numbers(&picky, "").await, [7, 5, 4]);
    assert_eq!(picky.revision(7).await["changed"], 1);
    app.finish().await;
}

#[tokio::test]
async fn a_caller_who_sees_little_still_gets_through_the_history_by_its_pages() {
    let app = App::start().await;
    let admin = app.admin();
    for place in ["dev/orders", "dev/noise"] {
        admin.create(place).await;
    }
    admin.write("dev/orders/a.txt", "x").await.expect(200);
    for number in 0..30 {
        admin.write("dev/noise/a.txt", format!("{number}")).await.expect(200);
    }
    let vera = app.viewer("orders").await;
    let (mut seen, mut before) = (Vec::new(), String::new());
    loop {
        let page = vera.get(&format!("/api/v1/revisions?limit=1{before}")).await.ok();
        seen.extend(
            page["revisions"].as_array().unwrap().iter().map(|revision| revision["revision"].as_u64().unwrap()),
        );
        let Some(next) = page["next"].as_u64() else { break };
        before = format!("&before={next}");
    }
    assert_eq!(seen, [4, 2, 1]);
    app.finish().await;
}

#[tokio::test]
async fn revision_times_never_decrease() {
    let app = App::start().await;
    app.admin().create("dev/orders").await;
    for number in 0..10 {
        app.admin().write("dev/orders/a.txt", format!("{number}")).await.expect(200);
    }
    let list = app.admin().get("/api/v1/revisions").await.ok();
    let parse = |text: &Value| {
        let rfc3339 = &time::format_description::well_known::Rfc3339;
        time::OffsetDateTime::parse(text.as_str().unwrap(), rfc3339).unwrap()
    };
    let times: Vec<_> = list["revisions"].as_array().unwrap().iter().map(|revision| parse(&revision["at"])).collect();
    assert!(times.iter().rev().is_sorted(), "{times:?}");
    app.finish().await;
}

#[tokio::test]
async fn a_head_request_answers_like_a_get_without_a_body() {
    let (app, _) = filled().await;
    let answer = app.admin().call(Method::HEAD, &entry("dev/orders/a.yaml"), |request| request).await.expect(200);
    assert_eq!((answer.header("etag"), answer.body.len()), ("\"10\"".to_owned(), 0));
    app.finish().await;
}
