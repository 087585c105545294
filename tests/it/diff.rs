//! Diffs: two moments of an environment, or two environments.

use serde_json::{Value, json};

use crate::harness::{App, delete, put};

fn differences(diff: &Value) -> Vec<(String, String)> {
    let entries = diff["entries"].as_array().unwrap().iter();
    entries
        .map(|e| {
            let text = |field: &str| e[field].as_str().unwrap().to_owned();
            (format!("{}/{}", text("namespace"), text("key")), text("difference"))
        })
        .collect()
}

fn pairs<'a>(all: &[(&'a str, &'a str)]) -> Vec<(String, String)> {
    all.iter().map(|(name, difference)| ((*name).to_owned(), (*difference).to_owned())).collect()
}

async fn filled() -> App {
    let app = App::start().await;
    let admin = app.admin();
    for place in ["dev/orders", "dev/payments", "prod/orders"] {
        admin.create(place).await;
    }
    let first = [
        put("dev/orders/a.yaml", "port: 1\nname: x\n"),
        put("dev/orders/b.txt", "b"),
        put("dev/payments/p.json", r#"{"a": [1, 2]}"#),
        put("prod/orders/a.yaml", "name: x\nport: 9\n"),
    ];
    admin.publish(&first).await.expect(200);
    let second = [
        put("dev/orders/a.yaml", "port: 2\nname: x\n"),
        delete("dev/orders/b.txt"),
        put("dev/orders/c.toml", "x = 1\n"),
        put("dev/payments/p.json", r#"{"a": [1, 3]}"#),
    ];
    admin.publish(&second).await.expect(200);
    app
}

#[tokio::test]
async fn two_revisions_differ_by_what_was_published_between_them() {
    let app = filled().await;
    let diff = app.admin().get("/api/v1/diff?env=dev&from=6&to=7").await.ok();
    assert_eq!(
        (&diff["from"], &diff["to"]),
        (&json!({"env": "dev", "revision": 6}), &json!({"env": "dev", "revision": 7}))
    );
    let expected = [
        ("orders/a.yaml", "changed"),
        ("orders/b.txt", "removed"),
        ("orders/c.toml", "added"),
        ("payments/p.json", "changed"),
    ];
    assert_eq!(differences(&diff), pairs(&expected));
    assert_eq!(diff["entries"][0]["diff"]["values"], json!([{"path": "/port", "from": 1, "to": 2}]));
    assert_eq!(diff["entries"][3]["diff"]["values"], json!([{"path": "/a/1", "from": 2, "to": 3}]));
    assert_eq!((&diff["entries"][0]["from_revision"], &diff["entries"][0]["to_revision"]), (&json!(6), &json!(7)));
    assert_eq!(diff["entries"][2].get("from_revision"), None);
    app.finish().await;
}

#[tokio::test]
async fn a_diff_narrows_to_a_namespace_and_to_a_key_and_runs_backwards() {
    let app = filled().await;
    let admin = app.admin();
    let some = async |query: &str| differences(&admin.get(&format!("/api/v1/diff?{query}")).await.ok());
    assert_eq!(some("env=dev&from=6&namespace=payments").await, pairs(&[("payments/p.json", "changed")]));
    assert_eq!(some("env=dev&from=6&namespace=orders&key=b.txt").await, pairs(&[("orders/b.txt", "removed")]));
    assert_eq!(some("env=dev&from=7&to=6&namespace=orders&key=b.txt").await, pairs(&[("orders/b.txt", "added")]));
    assert_eq!(some("env=dev&from=7&to=7").await, pairs(&[]));
    assert_eq!(some("env=dev&from=0&to=6").await.len(), 3);
    app.finish().await;
}

#[tokio::test]
async fn a_diff_takes_instants() {
    let app = filled().await;
    let at = app.admin().revision(6).await["at"].as_str().unwrap().to_owned();
    let diff = app.admin().get(&format!("/api/v1/diff?env=dev&from={at}")).await.ok();
    assert_eq!((&diff["from"]["revision"], &diff["to"]["revision"]), (&json!(6), &json!(7)));
    assert_eq!(differences(&diff).len(), 4);
    app.finish().await;
}

#[tokio::test]
async fn two_environments_differ_by_the_entries_of_equal_names() {
    let app = filled().await;
    let diff = app.admin().get("/api/v1/diff?from_env=dev&to_env=prod&namespace=orders").await.ok();
    assert_eq!(differences(&diff), pairs(&[("orders/a.yaml", "changed"), ("orders/c.toml", "removed")]));
    assert_eq!(diff["entries"][0]["diff"]["values"], json!([{"path": "/port", "from": 2, "to": 9}]));
    let then = app.admin().get("/api/v1/diff?from_env=dev&to_env=prod&from=6&to=7&namespace=orders").await.ok();
    assert_eq!(differences(&then), pairs(&[("orders/a.yaml", "changed"), ("orders/b.txt", "removed")]));
    app.finish().await;
}

#[tokio::test]
async fn a_diff_of_what_the_caller_may_not_read_is_404_or_leaves_it_out() {
    let app = filled().await;
    let vera = app.viewer("orders").await;
    let diff = vera.get("/api/v1/diff?env=dev&from=6").await.ok();
    assert!(differences(&diff).iter().all(|(name, _)| name.starts_with("orders/")), "{diff}");
    vera.get("/api/v1/diff?env=dev&from=6&namespace=payments").await.problem(404, "not_found");
    vera.get("/api/v1/diff?env=nowhere&from=6").await.problem(404, "not_found");
    app.stranger().await.get("/api/v1/diff?env=dev&from=6").await.problem(404, "not_found");
    app.finish().await;
}

#[tokio::test]
async fn a_diff_of_a_deleted_namespace_shows_what_went() {
    let app = filled().await;
    let admin = app.admin();
    admin.delete("/api/v1/environments/dev/namespaces/payments?confirm=payments").await.expect(200);
    let diff = admin.get("/api/v1/diff?env=dev&from=7").await.ok();
    assert_eq!(differences(&diff), pairs(&[("payments/p.json", "removed")]));
    app.finish().await;
}

#[tokio::test]
async fn binary_and_broken_contents_are_compared_without_text_or_values() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    admin.write("dev/orders/x", [0xFF, 0]).await.expect(200);
    admin.write("dev/orders/x", [0xFF, 1]).await.expect(200);
    let diff = admin.get("/api/v1/diff?env=dev&from=3&to=4").await.ok();
    assert_eq!(diff["entries"][0]["diff"], json!({}));
    assert_ne!(diff["entries"][0]["from_hash"], diff["entries"][0]["to_hash"]);
    app.finish().await;
}
