//! Who may do what, by which grant, and what is missing.

use serde_json::{Value, json};

use crate::harness::app::NO_MASTER_KEY;
use crate::harness::{Actor, App};

async fn explain(caller: &Actor, question: Value) -> Value {
    caller.post("/api/v1/access/explain", question).await.ok()
}

/// A question about an entry, a namespace or an environment.
fn about(subject: Option<&str>, action: &str, target: &str) -> Value {
    let mut parts = target.splitn(3, '/').filter(|part| !part.is_empty());
    let mut question = json!({"action": action});
    if let Some(subject) = subject {
        question["subject"] = subject.into();
    }
    for name in ["environment", "namespace", "key"] {
        if let Some(part) = parts.next() {
            question[name] = part.into();
        }
    }
    question
}

async fn able(caller: &Actor, action: &str, target: &str) -> Vec<(String, String)> {
    let answer = caller.post("/api/v1/access/who-can", about(None, action, target)).await.ok();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let users = answer["users"].as_array().unwrap().iter();
    users.map(|user| (text(&user["user"]), text(&user["grant"]["subject"]))).collect()
}

#[tokio::test]
async fn a_yes_names_the_grant_and_the_group_that_it_came_by() {
    let app = App::start().await;
    let vera = app.viewer("orders").await;
    app.grant_group("sre", ("operator", "prod*", "orders*", "")).await;
    app.join("vera", "sre").await;
    let answer = explain(&vera, about(None, "read", "dev/orders/app.yaml")).await;
    assert_eq!((&answer["allowed"], &answer["reason"]), (&json!(true), &json!("granted")));
    assert_eq!(answer["target"], "dev/orders/app.yaml");
    assert_eq!((&answer["grant"]["subject"], &answer["grant"]["role"]), (&json!("user:vera"), &json!("viewer")));
    let answer = explain(&vera, about(None, "rollback", "prod-eu/orders.eu")).await;
    assert_eq!((&answer["grant"]["subject"], &answer["grant"]["role"]), (&json!("group:sre"), &json!("operator")));
    assert!(answer["who_can_grant"].is_null() && answer["partly"].is_null(), "{answer}");
    app.finish().await;
}

#[tokio::test]
async fn a_no_says_what_is_missing_and_who_could_give_it() {
    let app = App::start().await;
    let vera = app.user("vera", &[("publisher", "dev", "orders", "app/")]).await;
    app.user("tina", &[("admin", "dev", "orders*", "")]).await;
    let answer = explain(&vera, about(None, "publish", "dev/orders")).await;
    assert_eq!((&answer["allowed"], &answer["reason"]), (&json!(false), &json!("no_grant")));
    assert_eq!(answer["partly"]["key_prefix"], "app/", "she may on a part of the keys");
    assert_eq!(answer["who_can_grant"], json!(["admin", "tina"]));
    let answer = explain(&vera, about(None, "freeze", "dev")).await;
    assert!(answer["partly"].is_null() && answer["grant"].is_null(), "{answer}");
    // What she cannot read may as well not exist: nobody is named.
    let answer = explain(&vera, about(None, "read", "prod/payments")).await;
    assert_eq!((&answer["allowed"], &answer["who_can_grant"]), (&json!(false), &Value::Null));
    let answer = explain(&app.stranger().await, about(None, "administer", "")).await;
    assert_eq!((&answer["target"], &answer["who_can_grant"]), (&json!("the store"), &Value::Null));
    app.finish().await;
}

#[tokio::test]
async fn a_scope_that_is_in_the_way_is_told_apart_from_a_missing_grant() {
    let app = App::start().await;
    let paul = app.publisher("orders").await;
    let (program, token) = app.scoped(&paul, &[("viewer", "dev", "*", "")]).await;
    let answer = explain(&program, about(None, "publish", "dev/orders")).await;
    assert_eq!((&answer["allowed"], &answer["reason"]), (&json!(false), &json!("out_of_scope")));
    assert_eq!(answer["grant"]["role"], "publisher");
    assert_eq!(explain(&program, about(None, "read", "dev/orders")).await["allowed"], true);
    assert_eq!(explain(&program, about(None, "read", "dev/payments")).await["reason"], "no_grant");
    // Its owner asks about it without holding any right to ask, and so does an admin.
    let subject = format!("token:{token}");
    for caller in [&paul, app.admin()] {
        let answer = explain(caller, about(Some(&subject), "publish", "dev/orders")).await;
        assert_eq!(answer["reason"], "out_of_scope", "{}", caller.name);
    }
    app.finish().await;
}

#[tokio::test]
async fn about_others_only_those_may_ask_who_give_rights_there() {
    let app = App::start().await;
    let admin = app.admin();
    let vera = app.viewer("orders").await;
    let paul = app.publisher("orders").await;
    let tina = app.user("tina", &[("admin", "dev", "orders", "")]).await;
    let ask = |caller: &Actor, subject: &str, target: &str| {
        let (caller, body) = (caller.clone(), about(Some(subject), "publish", target));
        async move { caller.post("/api/v1/access/explain", body).await }
    };
    assert_eq!(ask(&tina, "user:paul", "dev/orders").await.ok()["allowed"], true);
    assert_eq!(ask(&tina, "user:vera", "dev/orders/a").await.ok()["allowed"], false);
    ask(&tina, "user:nobody", "dev/orders").await.problem(404, "not_found");
    ask(&tina, "user:paul", "dev/payments").await.problem(404, "not_found");
    ask(&tina, "user:paul", "").await.problem(403, "denied");
    ask(&vera, "user:paul", "dev/orders").await.problem(403, "denied");
    ask(&vera, "user:nobody", "dev/orders").await.problem(403, "denied");
    ask(&app.stranger().await, "user:paul", "dev/orders").await.problem(404, "not_found");
    assert_eq!(ask(&vera, "user:vera", "dev/payments").await.ok()["allowed"], false, "about oneself anybody may");
    let problem = ask(admin, "group:sre", "dev/orders").await.problem(422, "invalid");
    assert_eq!(problem["fields"][0]["field"], "subject");

    admin.put("/api/v1/users/paul", json!({"disabled": true})).await.expect(200);
    assert_eq!(ask(&tina, "user:paul", "dev/orders").await.ok()["reason"], "disabled");
    let who_can = |caller: &Actor, target: &str| {
        let (caller, body) = (caller.clone(), about(None, "publish", target));
        async move { caller.post("/api/v1/access/who-can", body).await }
    };
    who_can(&paul, "dev/orders").await.problem(401, "unauthenticated");
    who_can(&vera, "dev/orders").await.problem(403, "denied");
    who_can(&vera, "dev/payments").await.problem(404, "not_found");
    who_can(&tina, "dev/payments").await.problem(404, "not_found");
    app.finish().await;
}

#[tokio::test]
async fn who_can_lists_the_users_with_the_grant_by_which_they_may() {
    let app = App::start().await;
    let admin = app.admin();
    app.user("zoe", &[("publisher", "dev", "orders", "")]).await;
    app.user("part", &[("publisher", "dev", "orders", "app/")]).await;
    app.stranger().await;
    app.grant_group("sre", ("publisher", "*", "orders*", "")).await;
    app.join("sven", "sre").await;
    let pairs = |expected: &[(&str, &str)]| -> Vec<(String, String)> {
        expected.iter().map(|(user, by)| ((*user).to_owned(), (*by).to_owned())).collect()
    };
    let all = pairs(&[("admin", "user:admin"), ("sven", "group:sre"), ("zoe", "user:zoe")]);
    assert_eq!(able(admin, "publish", "dev/orders").await, all);
    let with_part =
        pairs(&[("admin", "user:admin"), ("part", "user:part"), ("sven", "group:sre"), ("zoe", "user:zoe")]);
    assert_eq!(able(admin, "publish", "dev/orders/app/a").await, with_part);
    assert_eq!(able(admin, "reveal", "dev/orders").await, []);
    assert_eq!(able(admin, "administer", "").await, pairs(&[("admin", "user:admin")]));
    admin.put("/api/v1/users/zoe", json!({"disabled": true})).await.expect(200);
    assert_eq!(able(admin, "publish", "dev/orders").await.len(), 2);
    app.finish().await;
}

#[tokio::test]
async fn a_bad_question_names_the_field() {
    let app = App::start().await;
    let cases = [
        (json!({"action": "read", "namespace": "orders"}), "namespace"),
        (json!({"action": "read", "environment": "dev", "key": "a"}), "key"),
        (json!({"action": "read", "environment": "Dev"}), "environment"),
        (json!({"action": "read", "environment": "dev", "namespace": "*"}), "namespace"),
        (json!({"action": "read", "environment": "dev", "namespace": "orders", "key": "../a"}), "key"),
        (json!({"action": "read", "subject": "vera"}), "subject"),
    ];
    for (question, field) in cases {
        let problem = app.admin().post("/api/v1/access/explain", question.clone()).await.problem(422, "invalid");
        assert_eq!(problem["fields"][0]["field"], field, "{question}");
    }
    let problem =
        app.admin().post("/api/v1/access/explain", json!({"action": "fly"})).await.problem(400, "bad_request");
    assert_eq!(problem["fields"][0]["field"], "action");
    app.finish().await;
}

#[tokio::test]
async fn a_caller_is_told_who_it_is_and_what_its_token_may() {
    let app = App::start().await;
    let admin = app.admin();
    let me = admin.get("/api/v1/access/me").await.ok();
    assert_eq!(
        (&me["user"], &me["kind"], &me["authenticated_by"]),
        (&json!("admin"), &json!("person"), &json!("session"))
    );
    assert!(me["expires_at"].is_string() && me["scope"].is_null(), "{me}");
    let effective = json!([{
        "actions": ["read", "inspect", "draft", "publish", "rollback", "freeze", "report", "manage", "grant", "audit",
                    "administer"],
        "environment": "*", "namespace": "*", "key_prefix": "",
    }]);
    assert_eq!(me["effective"], effective);

    let paul = app.user("paul", &[("publisher", "dev*", "orders*", "app/")]).await;
    app.grant_group("sre", ("operator", "prod", "*", "")).await;
    app.join("paul", "sre").await;
    let scope = [("viewer", "*-eu", "orders.eu", ""), ("publisher", "dev", "*", "app/x/"), ("admin", "*", "*", "web/")];
    let (program, token) = app.scoped(&paul, &scope).await;
    let me = program.get("/api/v1/access/me").await.ok();
    assert_eq!((&me["authenticated_by"], &me["token"]["id"]), (&json!("token"), &json!(token)));
    assert_eq!(me["groups"], json!([{"group": "sre", "source": "local"}]));
    assert_eq!(me["grants"].as_array().unwrap().len(), 2);
    assert_eq!(me["scope"].as_array().unwrap().len(), 3);
    let effective = json!([
        {"actions": ["read", "inspect", "draft", "publish", "rollback", "report"],
         "environment": "dev", "namespace": "orders*", "key_prefix": "app/x/"},
        {"actions": ["read", "inspect"], "environment": "dev*&*-eu", "namespace": "orders.eu", "key_prefix": "app/"},
        {"actions": ["read", "inspect", "freeze"], "environment": "prod", "namespace": "*", "key_prefix": "web/"},
    ]);
    assert_eq!(me["effective"], effective);
    app.finish().await;
}

#[tokio::test]
async fn a_denial_names_ten_people_at_most() {
    let app = App::start().await;
    app.admin().create("dev/orders").await;
    let vera = app.viewer("orders").await;
    for number in 0..12 {
        app.user(&format!("p{number:02}"), &[("publisher", "dev", "orders", ""), ("admin", "dev", "orders", "")]).await;
    }
    let problem = vera.write("dev/orders/a.txt", "a").await.problem(403, "denied");
    assert_eq!((&problem["action"], &problem["target"]), (&json!("publish"), &json!("dev/orders/a.txt")));
    let names: Vec<_> =
        std::iter::once("admin".to_owned()).chain((0..9).map(|number| format!("p{number:02}"))).collect();
    assert_eq!((&problem["who_can"], &problem["who_can_grant"]), (&json!(names), &json!(names)));
    app.finish().await;
}

#[tokio::test]
async fn a_caller_is_told_what_the_server_can_do() {
    let app = App::with(&["--max-entry-bytes", "1000"]).await;
    let server = app.admin().get("/api/v1/access/me").await.ok()["server"].clone();
    let expected = json!({
        "version": env!("CARGO_PKG_VERSION"), "master_key": true, "entry_bytes": 1000, "change_set_bytes": 8_388_608,
        "change_set_entries": 1000, "message_bytes": 4096,
    });
    assert_eq!(server, expected);
    let without = App::with(&[NO_MASTER_KEY]).await;
    assert_eq!(without.admin().get("/api/v1/access/me").await.ok()["server"]["master_key"], false);
    app.finish().await;
    without.finish().await;
}
