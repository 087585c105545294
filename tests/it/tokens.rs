//! Tokens of programs: scopes, owners, rotation, and what narrow ones may not do.

use pintle::store::Op;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{Actor, App, put};

impl Actor {
    /// The caller with a new token of its own, and its id.
    async fn with_new_token(&self, body: Value) -> (Self, Uuid) {
        let made: Value = self.post("/api/v1/tokens", body).await.expect(201).json();
        (self.with_token(made["token"].as_str().unwrap()), made["id"].as_str().unwrap().parse().unwrap())
    }
}

#[tokio::test]
async fn a_scoped_token_may_what_both_its_owner_and_its_scope_allow() {
    let app = App::start().await;
    app.admin().create("dev/orders").await;
    app.admin().create("dev/payments").await;
    for address in ["dev/orders/app/a.txt", "dev/orders/b.txt", "dev/payments/c.txt"] {
        app.admin().write(address, "x").await.expect(200);
    }
    let paul = app.publisher("orders").await;
    let scope = json!([{"role": "viewer", "namespace": "orders", "key_prefix": "app/"}, {"role": "publisher", "namespace": "payments"}]);
    let (narrow, id) = paul.with_new_token(json!({"name": "narrow", "scope": scope})).await;
    assert_eq!(narrow.text("dev/orders/app/a.txt").await.as_deref(), Some("x"));
    assert_eq!(narrow.text("dev/orders/b.txt").await, None, "outside of the scope");
    assert_eq!(narrow.text("dev/payments/c.txt").await, None, "a scope is wider than its owner to no effect");
    narrow.publish(&[put("dev/orders/app/a.txt", "y")]).await.problem(403, "denied");
    narrow.publish(&[put("dev/payments/c.txt", "y")]).await.problem(404, "not_found");

    let listed = paul.get("/api/v1/tokens").await.ok();
    let entry = listed["tokens"].as_array().unwrap().iter().find(|token| token["name"] == "narrow").unwrap();
    let shown = json!([{"role": "viewer", "environment": "*", "namespace": "orders", "key_prefix": "app/"},
                       {"role": "publisher", "environment": "*", "namespace": "payments", "key_prefix": ""}]);
    assert_eq!(entry["scope"].as_array().unwrap().len(), 2, "{entry}");
    for item in shown.as_array().unwrap() {
        assert!(entry["scope"].as_array().unwrap().contains(item), "{entry}");
    }
    assert_eq!(entry["id"], json!(id));

    // What the owner loses, the token loses.
    app.revoke("paul", "orders").await;
    assert_eq!(narrow.text("dev/orders/app/a.txt").await, None);
    app.finish().await;
}

#[tokio::test]
async fn single_actions_are_a_scope_as_well() {
    let app = App::start().await;
    app.admin().create("dev/orders").await;
    let paul = app.publisher("orders").await;
    let scope = json!([{"actions": ["publish", "read"], "environment": "dev"}]);
    let (writer, _) = paul.with_new_token(json!({"name": "writer", "scope": scope})).await;
    writer.write("dev/orders/a.txt", "1").await.expect(200);
    let history = "/api/v1/revisions?env=dev&namespace=orders";
    assert!(!paul.get(history).await.ok()["revisions"].as_array().unwrap().is_empty());
    assert_eq!(writer.get(history).await.ok()["revisions"], json!([]), "inspect is not in the scope");
    app.finish().await;
}

#[tokio::test]
async fn a_token_whose_scope_was_taken_away_may_nothing() {
    let app = App::start().await;
    app.admin().create("dev/orders").await;
    app.admin().write("dev/orders/a.txt", "x").await.expect(200);
    let scope = json!([{"role": "viewer"}]);
    let (token, id) = app.admin().with_new_token(json!({"name": "t", "scope": scope})).await;
    assert_eq!(token.text("dev/orders/a.txt").await.as_deref(), Some("x"));
    let state = app.node().node.app.service.state().unwrap();
    let grants: Vec<_> = state.access.grants_of(&pintle::domain::access::Subject::Token(id)).to_vec();
    app.change_access(grants.iter().map(|grant| Op::RevokeGrant { id: grant.id }).collect()).await;
    assert_eq!(token.text("dev/orders/a.txt").await, None, "an empty scope is not an absent one");
    let listed = app.admin().get("/api/v1/tokens").await.ok();
    let entry = listed["tokens"].as_array().unwrap().iter().find(|entry| entry["id"] == json!(id)).unwrap();
    assert_eq!(entry["scope"], json!([]));
    app.finish().await;
}

#[tokio::test]
async fn a_scoped_token_makes_no_tokens_and_touches_only_itself() {
    let app = App::start().await;
    let (scoped, id) = app.admin().with_new_token(json!({"name": "t", "scope": [{"role": "admin"}]})).await;
    let (_, other) = app.admin().with_new_token(json!({"name": "other"})).await;
    scoped.post("/api/v1/tokens", json!({"name": "wide"})).await.problem(403, "needs_full_token");
    let inside = json!({"name": "same", "scope": [{"role": "viewer"}]});
    scoped.post("/api/v1/tokens", inside).await.problem(403, "needs_full_token");
    let rotate = |id| format!("/api/v1/tokens/{id}/rotate");
    scoped.post(&rotate(other), json!({})).await.problem(403, "needs_full_token");
    scoped.delete(&format!("/api/v1/tokens/{other}")).await.problem(403, "needs_full_token");
    let seen = scoped.get("/api/v1/tokens").await.ok();
    assert_eq!(seen["tokens"].as_array().unwrap().iter().map(|t| t["id"].clone()).collect::<Vec<_>>(), [json!(id)]);

    let next: Value = scoped.post(&rotate(id), json!({})).await.expect(201).json();
    assert_eq!((&next["name"], &next["scope"][0]["role"]), (&json!("t"), &json!("admin")));
    scoped.delete(&format!("/api/v1/tokens/{id}")).await.expect(204);
    scoped.get("/api/v1/access/me").await.problem(401, "unauthenticated");
    scoped.with_token(next["token"].as_str().unwrap()).get("/api/v1/access/me").await.expect(200);
    app.finish().await;
}

#[tokio::test]
async fn a_rotated_token_goes_on_for_the_overlap_and_no_longer() {
    let mut app = App::start().await;
    let there = app.second_node().await;
    let body = json!({"name": "ci", "expires_in_days": 10, "scope": [{"role": "viewer", "environment": "dev"}]});
    let (first, id) = app.admin().with_new_token(body).await;
    let path = format!("/api/v1/tokens/{id}/rotate");
    let problem = app.admin().post(&path, json!({"overlap_seconds": 604_801})).await.problem(422, "invalid");
    assert_eq!(problem["fields"][0]["field"], "overlap_seconds");
    let next: Value = app.admin().post(&path, json!({"overlap_seconds": 600})).await.expect(201).json();
    let second = app.admin().with_token(next["token"].as_str().unwrap());
    assert_eq!(next["scope"], json!([{"role": "viewer", "environment": "dev", "namespace": "*", "key_prefix": ""}]));
    first.get("/api/v1/access/me").await.expect(200);
    second.get("/api/v1/access/me").await.expect(200);
    let days = "SELECT count(*) FROM tokens WHERE name = 'ci' AND expires_at - created_at > interval '9 days 23 hours'";
    assert_eq!(app.database.number(days).await, 1, "the new one has the lifetime of the old one");
    let soon = "SELECT count(*) FROM tokens WHERE name = 'ci' AND expires_at - now() BETWEEN interval '9 minutes' AND interval '10 minutes'";
    assert_eq!(app.database.number(soon).await, 1, "the old one ends after the overlap");

    app.admin().post(&path, json!({"overlap_seconds": 0})).await.expect(201);
    app.refresh().await;
    first.get("/api/v1/access/me").await.problem(401, "unauthenticated");
    there.with_token(&first.token).get("/api/v1/access/me").await.problem(401, "unauthenticated");
    there.with_token(&second.token).get("/api/v1/access/me").await.expect(200);
    app.admin().post(&path, json!({})).await.problem(404, "not_found");
    app.finish().await;
}

#[tokio::test]
async fn a_login_is_not_rotated() {
    let app = App::start().await;
    let listed = app.admin().get("/api/v1/tokens").await.ok();
    let login = listed["tokens"][0]["id"].as_str().unwrap();
    assert_eq!(listed["tokens"][0]["session"], true);
    app.admin().post(&format!("/api/v1/tokens/{login}/rotate"), json!({})).await.problem(404, "not_found");
    app.finish().await;
}

#[tokio::test]
async fn tokens_of_others_are_there_only_for_whoever_operates_the_store() {
    let app = App::start().await;
    let paul = app.publisher("orders").await;
    let vera = app.viewer("orders").await;
    let list = paul.get("/api/v1/tokens").await.ok();
    let path = format!("/api/v1/tokens/{}", list["tokens"][0]["id"].as_str().unwrap());
    vera.delete(&path).await.problem(404, "not_found");
    vera.post(&format!("{path}/rotate"), json!({})).await.problem(404, "not_found");
    vera.get("/api/v1/tokens?user=paul").await.problem(403, "denied");
    assert_eq!(paul.get("/api/v1/tokens?user=paul").await.ok(), list);
    assert_eq!(app.admin().get("/api/v1/tokens?user=paul").await.ok(), list);
    app.admin().get("/api/v1/tokens?user=nobody").await.problem(404, "not_found");
    // A person's token is ended by an admin, never taken over.
    let problem = app.admin().post(&format!("{path}/rotate"), json!({})).await.problem(422, "invalid");
    assert_eq!(problem["fields"][0]["field"], "user");
    app.admin().delete(&path).await.expect(204);
    paul.get("/api/v1/access/me").await.problem(401, "unauthenticated");
    app.finish().await;
}

#[tokio::test]
async fn an_admin_makes_tokens_of_services_and_never_of_persons() {
    let app = App::start().await;
    app.admin().create("dev/orders").await;
    let paul = app.publisher("orders").await;
    app.service("robot", &[("agent", "*", "orders", "")]).await;
    let body = |user: &str| json!({"name": "t", "user": user});
    paul.post("/api/v1/tokens", body("robot")).await.problem(403, "denied");
    let problem = app.admin().post("/api/v1/tokens", body("paul")).await.problem(422, "invalid");
    assert_eq!(problem["fields"][0]["field"], "user");
    app.admin().post("/api/v1/tokens", body("nobody")).await.problem(404, "not_found");
    let (robot, id) = app.admin().with_new_token(body("robot")).await;
    assert_eq!(robot.get("/api/v1/access/me").await.ok()["user"], "robot");
    let next = app.admin().post(&format!("/api/v1/tokens/{id}/rotate"), json!({})).await.expect(201);
    let next: Value = next.json();
    assert_eq!(robot.with_token(next["token"].as_str().unwrap()).get("/api/v1/access/me").await.ok()["user"], "robot");
    app.finish().await;
}

#[tokio::test]
async fn an_admin_gets_at_no_secrets_by_a_token_of_a_service() {
    let app = App::start().await;
    let grants = [("agent", "*", "orders", ""), ("secret-reader", "dev", "orders", "")];
    app.service("robot", &grants).await;
    let body = json!({"name": "t", "user": "robot"});
    let problem = app.admin().post("/api/v1/tokens", body.clone()).await.problem(403, "denied");
    assert_eq!((&problem["action"], &problem["target"]), (&json!("reveal"), &json!("dev/orders")));
    // A scope does not help, since it can be widened later.
    let scoped = json!({"name": "t", "user": "robot", "scope": [{"role": "agent"}]});
    app.admin().post("/api/v1/tokens", scoped).await.problem(403, "denied");

    app.grant("admin", ("secret-reader", "dev", "*", "")).await;
    let (_, id) = app.admin().with_new_token(body).await;
    app.revoke("admin", "*").await;
    app.grant("admin", ("admin", "*", "*", "")).await;
    app.admin().post(&format!("/api/v1/tokens/{id}/rotate"), json!({})).await.problem(403, "denied");
    app.finish().await;
}

#[tokio::test]
async fn bad_scopes_are_refused_all_at_once() {
    let app = App::start().await;
    let admin = app.admin();
    let scope = json!([{"environment": "dev"}, {"role": "viewer", "actions": ["read"]}, {"role": "viewer", "namespace": "A B"},
                       {"role": "viewer", "key_prefix": "a\0"}]);
    let problem = admin.post("/api/v1/tokens", json!({"name": "t", "scope": scope})).await.problem(422, "invalid");
    let fields: Vec<_> = problem["fields"].as_array().unwrap().iter().map(|f| f["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["scope[0]", "scope[1]", "scope[2].namespace", "scope[3].key_prefix"]);
    let king = json!({"name": "t", "scope": [{"role": "king"}]});
    admin.post("/api/v1/tokens", king).await.problem(400, "bad_request");
    for scope in [json!([]), Value::Array(vec![json!({"role": "viewer"}); 51])] {
        let problem = admin.post("/api/v1/tokens", json!({"name": "t", "scope": scope})).await.problem(422, "invalid");
        assert_eq!(problem["fields"][0]["field"], "scope");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_user_has_at_most_200_live_tokens() {
    let app = App::start().await;
    let fill = "SELECT change_access(NULL, '{\"actor\": \"system\"}', (SELECT jsonb_agg(jsonb_build_object('op', 'create_token', \
                'id', gen_random_uuid(), 'user_id', (SELECT id FROM users), 'name', 'n' || n, 'kind', 'api', \
                'hash', repeat('00', 32), 'scoped', false, 'event', '{}'::jsonb)) FROM generate_series(1, 199) n))";
    app.database.connect_and_run(fill).await;
    app.refresh().await;
    app.admin().post("/api/v1/tokens", json!({"name": "the last"})).await.expect(201);
    let problem = app.admin().post("/api/v1/tokens", json!({"name": "one more"})).await.problem(422, "over_limit");
    assert_eq!(problem["fields"][0]["field"], "tokens");
    app.finish().await;
}

#[tokio::test]
async fn the_audit_says_what_a_token_may_and_never_its_secret() {
    let app = App::start().await;
    let scope = json!([{"role": "agent", "environment": "prod", "namespace": "orders", "key_prefix": "app/"}]);
    let (_, id) = app.admin().with_new_token(json!({"name": "ci", "scope": scope})).await;
    app.admin().post(&format!("/api/v1/tokens/{id}/rotate"), json!({})).await.expect(201);
    let count =
        |what: &str| format!("SELECT count(*) FROM audit WHERE body::jsonb @> '{what}'::jsonb AND actor = 'admin'");
    let made =
        json!({"action": "create_token", "target": format!("token:{id}"), "after": {"name": "ci", "scoped": true}});
    let scope = json!({"action": "grant", "target": format!("token:{id}"),
                       "after": {"allows": "agent", "environment": "prod", "namespace": "orders", "key_prefix": "app/"}});
    let replaced = json!({"action": "create_token", "after": {"replaces": id}});
    let ended = json!({"action": "expire_token", "target": format!("token:{id}")});
    for row in [made, scope, replaced, ended] {
        assert_eq!(app.database.number(&count(&row.to_string())).await, 1, "{row}");
    }
    assert_eq!(app.database.number("SELECT count(*) FROM audit WHERE body LIKE '%pintle\\_%'").await, 0);
    app.finish().await;
}
