//! Search over keys and contents.

use serde_json::{Value, json};

use crate::harness::{Actor, App, put};

/// Environments and namespaces with some entries; the caller is the admin.
async fn filled() -> App {
    let app = App::start().await;
    let admin = app.admin();
    for place in ["dev/orders", "dev/payments", "prod/orders"] {
        admin.create(place).await;
    }
    let changes = [
        put("dev/orders/app/timeouts.yaml", "connect: 3s\nread: 10s # 读取超时\n"),
        put("dev/orders/db/pool.properties", "pool.Timeout=30\npool.size=8\n"),
        put("dev/payments/app/limits.toml", "timeout = 5\n"),
        put("prod/orders/app/timeouts.yaml", "connect: 1s\n"),
        put("prod/orders/app/zones.json", r#"{"zones": ["a", "b"]}"#),
    ];
    admin.publish(&changes).await.expect(200);
    app
}

async fn hits(actor: &Actor, query: &str) -> Vec<Value> {
    let found = actor.get(&format!("/api/v1/search?{query}")).await.ok();
    assert_eq!((&found["complete"], &found["next"]), (&json!(true), &Value::Null), "{found}");
    found["hits"].as_array().unwrap().clone()
}

async fn places(actor: &Actor, query: &str) -> Vec<String> {
    let place = |hit: &Value| {
        let part = |name: &str| hit[name].as_str().unwrap().to_owned();
        format!("{}/{}/{}", part("environment"), part("namespace"), part("key"))
    };
    hits(actor, query).await.iter().map(place).collect()
}

#[tokio::test]
async fn a_text_is_found_in_keys_and_contents_in_any_case_and_in_order() {
    let app = filled().await;
    let admin = app.admin();
    let all = [
        "dev/orders/app/timeouts.yaml",
        "dev/orders/db/pool.properties",
        "dev/payments/app/limits.toml",
        "prod/orders/app/timeouts.yaml",
    ];
    assert_eq!(places(admin, "q=TIMEOUT").await, all);
    assert_eq!(places(admin, "q=timeout&in=keys").await, [all[0], all[3]]);
    assert_eq!(places(admin, "q=timeout&in=contents").await, [all[1], all[2]]);
    assert_eq!(places(admin, "q=timeout&env=prod").await, [all[3]]);
    assert_eq!(places(admin, "q=timeout&env=prod&env=dev&namespace=payments").await, [all[2]]);
    assert_eq!(places(admin, "q=orders/app/time").await, [all[0], all[3]]);
    assert_eq!(places(admin, "q=dev/orders/app/timeouts.yaml").await, [all[0]]);
    assert_eq!(places(admin, "q=timeout&env=nowhere").await, [""; 0]);
    app.finish().await;
}

#[tokio::test]
async fn a_hit_shows_the_line_and_where_in_it_the_text_stands() {
    let app = filled().await;
    let found = hits(app.admin(), "q=%E8%B6%85%E6%97%B6").await;
    let head = app.admin().head().await;
    assert_eq!(
        found,
        [json!({
            "environment": "dev", "namespace": "orders", "key": "app/timeouts.yaml", "format": "yaml", "revision": head,
            "in": ["content"], "matches": 1, "lines": [{
                "line": 2, "column": 1, "snippet": "read: 10s # 读取超时", "ranges": [{"start_char": 14, "end_char": 16}],
            }],
        })]
    );
    let both = &hits(app.admin(), "q=pool").await[0];
    assert_eq!((&both["in"], &both["matches"]), (&json!(["key", "content"]), &json!(2)));
    assert_eq!(both["key_ranges"], json!([{"start_char": 3, "end_char": 7}]));
    assert_eq!(both["lines"].as_array().unwrap().len(), 2);
    app.finish().await;
}

#[tokio::test]
async fn what_the_caller_may_not_read_is_neither_found_nor_counted() {
    let app = filled().await;
    let vera = app.user("vera", &[("viewer", "dev", "orders", "app/")]).await;
    assert_eq!(places(&vera, "q=timeout").await, ["dev/orders/app/timeouts.yaml"]);
    assert_eq!(places(&vera, "q=timeout&env=prod").await, [""; 0]);
    assert_eq!(places(&vera, "q=o&limit=1").await, ["dev/orders/app/timeouts.yaml"], "nothing follows");
    let paul = app.user("paul", &[("publisher", "*", "*", "")]).await;
    let (scoped, _) = app.scoped(&paul, &[("viewer", "prod", "*", "")]).await;
    assert_eq!(places(&scoped, "q=timeout").await, ["prod/orders/app/timeouts.yaml"]);
    assert_eq!(places(&app.stranger().await, "q=timeout").await, [""; 0]);
    app.anonymous().get("/api/v1/search?q=timeout").await.problem(401, "unauthenticated");
    app.finish().await;
}

#[tokio::test]
async fn search_never_looks_into_what_is_sealed_or_binary_or_past() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    let mut sealed = put("dev/orders/secret.yaml", "password: hunter2\n");
    sealed["secret_paths"] = json!(["/password"]);
    let mut binary = put("dev/orders/image.bin", "hunter2");
    binary["format"] = "binary".into();
    admin.publish(&[sealed, binary, put("dev/orders/old.txt", "hunter2")]).await.expect(200);
    admin.write("dev/orders/old.txt", "gone").await.expect(200);
    let reader = app.user("rita", &[("viewer", "*", "*", ""), ("secret-reader", "*", "*", "")]).await;
    assert_eq!(places(&reader, "q=hunter2").await, [""; 0]);
    assert_eq!(places(&reader, "q=password").await, [""; 0], "not even its open parts");
    let found = &hits(&reader, "q=secret").await[0];
    assert_eq!((&found["sealed"], &found["in"], &found["lines"]), (&json!(true), &json!(["key"]), &Value::Null));
    assert_eq!(places(&reader, "q=image").await, ["dev/orders/image.bin"]);
    app.finish().await;
}

#[tokio::test]
async fn pages_go_on_where_the_last_one_ended_also_when_something_changes_between_them() {
    let app = filled().await;
    let admin = app.admin();
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = admin.get(&format!("/api/v1/search?q=o&in=contents&limit=1{cursor}")).await.ok();
        seen.extend(page["hits"].as_array().unwrap().iter().map(|hit| hit["key"].as_str().unwrap().to_owned()));
        // Before and after the cursor: the one is never told, the other is.
        admin.publish(&[put("dev/orders/a.txt", "o"), put("prod/orders/z.txt", "o")]).await.expect(200);
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    let expected =
        ["app/timeouts.yaml", "db/pool.properties", "app/limits.toml", "app/timeouts.yaml", "app/zones.json", "z.txt"];
    assert_eq!(seen, expected);
    app.finish().await;
}

#[tokio::test]
async fn a_text_out_of_its_bounds_is_refused_with_the_limit() {
    let app = App::start().await;
    let admin = app.admin();
    for (query, field) in [
        ("q=", "q"),
        ("q=a%0Ab", "q"),
        (&*format!("q={}", "a".repeat(201)), "q"),
        ("q=a&in=values", "in"),
        ("q=a&env=Dev", "env"),
        ("q=a&namespace=Orders", "namespace"),
        ("q=a&cursor=nonsense", "cursor"),
        ("q=a&limit=0", "limit"),
        (&*format!("q=a{}", "&env=dev".repeat(101)), "env"),
    ] {
        let problem = admin.get(&format!("/api/v1/search?{query}")).await.problem(422, "invalid");
        assert_eq!(problem["fields"][0]["field"], field, "{problem}");
    }
    admin.get("/api/v1/search").await.problem(400, "bad_request");
    admin.get("/api/v1/search?q=a&q=b").await.problem(400, "bad_request");
    app.finish().await;
}
