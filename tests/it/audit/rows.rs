//! What leaves a row, and what the row says.

use pintle::domain::audit::{Event, Who};
use reqwest::Method;
use serde_json::{Value, json};

use super::{assert_whole, eventually, of_action, rows};
use crate::harness::actors::entry;
use crate::harness::app::PASSWORD;
use crate::harness::{Actor, Answer, App, put};
use crate::openapi::operations;

#[tokio::test]
async fn a_recorded_event_is_durable_when_the_call_returns_and_a_noted_one_follows() {
    let app = App::start().await;
    let audit = &app.node().node.app.service.audit;
    audit.note(&Who::system(), Event::new("reveal", "dev/orders/a.yaml"));
    audit.record(&Who::system(), Event::new("reveal", "dev/orders/b.yaml")).await.unwrap();
    let reveals = of_action(&app, "reveal").await;
    let targets: Vec<&str> = reveals.iter().map(|row| row["target"].as_str().unwrap()).collect();
    assert_eq!(targets, ["dev/orders/a.yaml", "dev/orders/b.yaml"]);
    let wrong = "SELECT count(*) FROM audit WHERE hash <> sha256(previous || convert_to(body, 'UTF8'))";
    assert_eq!(app.database.number(wrong).await, 0, "hashes are made alike here and there");
    assert_whole(&app).await;
    app.finish().await;
}

/// What a write operation leaves in the audit; or why it leaves nothing.
enum Leaves {
    Row(&'static str),
    Nothing(&'static str),
}

fn left_by(operation: &str) -> Option<Leaves> {
    Some(Leaves::Row(match operation {
        "put_environment" | "delete_environment" => "environment",
        "put_namespace" | "delete_namespace" => "namespace",
        "freeze_environment" | "unfreeze_environment" => "freeze",
        "publish" | "publish_draft" | "put_entry" | "delete_entry" => "publish",
        "roll_back" => "rollback",
        "pin_revision" => "pin",
        "unpin_revision" => "unpin",
        "trim_history" => "trim",
        "resume" => "resume",
        "log_in" => "log_in",
        "create_token" => "create_token",
        "revoke_token" => "revoke_token",
        "log_out" | "end_session" | "end_sessions" => "end_session",
        "create_user" => "create_user",
        "put_user" => "disable_user",
        "reset_password" => "reset_password",
        "put_group" => "join_group",
        "delete_group" => "leave_group",
        "put_trusted_issuer" => "put_issuer",
        "delete_trusted_issuer" => "delete_issuer",
        "change_password" => {
            return Some(Leaves::Nothing(
                "it would end the session that this test acts through; a reset leaves its row",
            ));
        }
        "explain_access" | "who_can" | "watch_with_body" => return Some(Leaves::Nothing("it reads")),
        "exchange_token" => {
            return Some(Leaves::Nothing("it works without the database, and the token it rests on has a row"));
        }
        "redact_entry" | "rotate_keys" => {
            return Some(Leaves::Nothing(
                "needs a master key, which this node has not; the statements that do it append the row",
            ));
        }
        "put_identity_provider" | "delete_identity_provider" => {
            return Some(Leaves::Nothing("tests/it/oidc.rs: needs a master key, which this node has not"));
        }
        "grant_login_code" | "log_in_with_code" => {
            return Some(Leaves::Nothing("tests/it/oidc.rs: it takes a browser; the login has its row"));
        }
        "rotate_token" => {
            return Some(Leaves::Nothing("tests/it/tokens.rs: a row of the new token and one of the old"));
        }
        "create_grant" | "apply_access" => "grant",
        "revoke_grant" => "revoke_grant",
        "open_draft" | "delete_draft" => {
            return Some(Leaves::Nothing(
                "tests/it/drafts/mod.rs: a draft changes nothing that runs, and its row follows",
            ));
        }
        "edit_draft" => return Some(Leaves::Nothing("a console does it with each pause of typing")),
        "put_instance" | "send_receipts" | "delete_instance" => {
            return Some(Leaves::Nothing("what instances say of themselves is kept as receipts"));
        }
        _ => return None,
    }))
}

/// Calls a write operation so that it changes something.
#[expect(clippy::too_many_lines, reason = "one arm for each operation")]
async fn write(app: &App, admin: &Actor, operation: &str) -> Option<Answer> {
    let dev = "/api/v1/environments/dev";
    let pin = "/api/v1/revisions/5/pin";
    Some(match operation {
        "put_environment" => admin.put(dev, json!({"description": "changed"})).await,
        "delete_environment" => {
            admin.create("gone").await;
            admin.delete("/api/v1/environments/gone").await
        }
        "put_namespace" => admin.put(&format!("{dev}/namespaces/web"), json!({})).await,
        "delete_namespace" => {
            admin.create("dev/going").await;
            admin.delete(&format!("{dev}/namespaces/going")).await
        }
        "freeze_environment" => admin.put(&format!("{dev}/freeze"), json!({"reason": "r"})).await,
        "unfreeze_environment" => {
            admin.put(&format!("{dev}/freeze"), json!({"reason": "r"})).await;
            admin.delete(&format!("{dev}/freeze")).await
        }
        "publish" => admin.publish(&[put("dev/orders/p.txt", "p")]).await,
        "publish_draft" => {
            let change = json!({"namespace": "orders", "key": "n.txt", "op": "put", "content": "n", "if_revision": 0});
            let draft = json!({"env": "dev", "namespace": "orders", "title": "t", "changes": [change]});
            let draft: Value = admin.post("/api/v1/drafts", draft).await.expect(201).json();
            let path = format!("/api/v1/drafts/{}/publish", draft["id"].as_str().unwrap());
            admin.post(&path, json!({"base": draft["head"], "hash": draft["hash"]})).await
        }
        "put_entry" => admin.write("dev/orders/e.txt", "e").await,
        "delete_entry" => {
            admin.write("dev/orders/d.txt", "d").await.expect(200);
            admin.delete(&entry("dev/orders/d.txt")).await
        }
        "roll_back" => {
            admin.write("dev/orders/a.txt", operation).await.expect(200);
            admin.roll_back(json!({"env": "dev", "namespace": "orders", "to": 3})).await
        }
        "pin_revision" => admin.put(pin, json!({"reason": "r"})).await,
        "unpin_revision" => {
            admin.put(pin, json!({"reason": "r"})).await.expect(200);
            admin.delete(pin).await
        }
        "trim_history" => admin.post("/api/v1/trim", json!({"below": 2})).await,
        "resume" => {
            use sqlx::Connection as _;
            let mut connection = app.database.connect().await;
            sqlx::query("UPDATE head SET held = true").execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
            admin.post("/api/v1/resume", json!({})).await
        }
        "log_in" => admin.post("/api/v1/session", json!({"name": "admin", "password": PASSWORD})).await,
        "create_token" => admin.post("/api/v1/tokens", json!({"name": "t"})).await,
        "log_out" => admin.log_in(PASSWORD).await.delete("/api/v1/session").await,
        "revoke_token" => {
            let made: Value = admin.post("/api/v1/tokens", json!({"name": "t"})).await.json();
            admin.delete(&format!("/api/v1/tokens/{}", made["id"].as_str().unwrap())).await
        }
        "end_session" => {
            let other = admin.log_in(PASSWORD).await;
            let open = other.get("/api/v1/sessions").await.ok();
            let own = open["sessions"].as_array().unwrap().iter().find(|session| session["current"] == true).unwrap();
            admin.delete(&format!("/api/v1/sessions/{}", own["id"].as_str().unwrap())).await
        }
        "end_sessions" => {
            admin.log_in(PASSWORD).await;
            admin.delete("/api/v1/sessions").await
        }
        "create_user" => admin.post("/api/v1/users", json!({"name": "ulla", "kind": "person"})).await,
        "put_user" => admin.put("/api/v1/users/vera", json!({"disabled": true})).await,
        "reset_password" => admin.post("/api/v1/users/vera/password", json!({})).await,
        "put_group" => admin.put("/api/v1/groups/crew", json!({"members": ["vera"]})).await,
        "delete_group" => {
            admin.put("/api/v1/groups/going", json!({"members": ["vera"]})).await;
            admin.delete("/api/v1/groups/going").await
        }
        "apply_access" => {
            let grant = json!({"subject": "group:crew", "role": "viewer", "environment": "dev", "namespace": "web"});
            admin.put("/api/v1/access", json!({"grants": [grant]})).await
        }
        "put_trusted_issuer" => admin.put("/api/v1/trusted-issuers/ci", crate::access_grid::issuer()).await,
        "delete_trusted_issuer" => {
            admin.put("/api/v1/trusted-issuers/ci", crate::access_grid::issuer()).await;
            admin.delete("/api/v1/trusted-issuers/ci").await
        }
        "create_grant" => admin.post("/api/v1/grants", grant("viewer")).await,
        "revoke_grant" => {
            let made: Value = admin.post("/api/v1/grants", grant("operator")).await.json();
            admin.delete(&format!("/api/v1/grants/{}", made["id"].as_str().unwrap())).await
        }
        _ => return None,
    })
}

fn grant(role: &str) -> Value {
    json!({"subject": "user:vera", "role": role, "environment": "dev", "namespace": "orders", "key_prefix": ""})
}

#[tokio::test]
async fn every_operation_that_writes_leaves_a_row_that_says_who_and_by_which_request() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    admin.write("dev/orders/a.txt", "a").await.expect(200);
    app.viewer("web").await;
    let document: Value = admin.get("/api/openapi.json").await.ok();
    let writes = operations(&document).into_iter().filter(|(method, _, _)| method != "get");
    for (_, _, operation) in writes {
        let operation = operation["operationId"].as_str().unwrap();
        let left = left_by(operation);
        let left = left.unwrap_or_else(|| panic!("{operation}: say in tests/it/audit/rows.rs what row it leaves"));
        let Leaves::Row(action) = left else {
            assert!(matches!(left, Leaves::Nothing(why) if !why.is_empty()));
            continue;
        };
        let answer = write(&app, admin, operation).await;
        let answer = answer.unwrap_or_else(|| panic!("{operation}: call it in tests/it/audit/rows.rs"));
        assert!((200..300).contains(&answer.status), "{operation}: {} {}", answer.status, answer.text());
        let request = answer.header("x-request-id");
        let left: Vec<Value> = rows(&app).await.into_iter().filter(|row| row["request_id"] == *request).collect();
        assert!(!left.is_empty(), "{operation} leaves nothing");
        for row in &left {
            assert_eq!((row["action"].as_str(), row["actor"].as_str()), (Some(action), Some("admin")), "{operation}");
            assert_eq!(row["address"], "127.0.0.1", "{operation}");
            assert!(row["token"].is_string() || operation == "log_in", "{operation}: {row}");
            assert!(row["target"].as_str().is_some_and(|target| !target.is_empty()), "{operation}: {row}");
        }
    }
    let report = assert_whole(&app).await;
    assert!(report.revisions > 10, "{report:?}");
    app.finish().await;
}

#[tokio::test]
async fn whoever_is_turned_away_is_told_of_and_a_hidden_thing_is_answered_like_a_missing_one() {
    let mut app = App::start().await;
    let admin = app.admin().clone();
    admin.create("dev/orders").await;
    admin.write("dev/orders/a.txt", "a").await.expect(200);
    let stranger = app.stranger().await;
    let viewer = app.viewer("orders").await;
    let second = app.second_node().await;

    let hidden = stranger.at(&second.url).get(&entry("dev/orders/a.txt")).await;
    let request = hidden.header("x-request-id");
    let hidden = hidden.text().replace(&request, "-");
    let missing = stranger.get(&entry("dev/orders/b.txt")).await;
    let missing = missing.text().replace(&missing.header("x-request-id"), "-").replace("b.txt", "a.txt");
    assert_eq!(hidden, missing);
    let really = admin.get(&entry("dev/orders/b.txt")).await;
    let really = really.text().replace(&really.header("x-request-id"), "-").replace("b.txt", "a.txt");
    assert_eq!(hidden, really, "not a byte tells a hidden thing from a missing one");
    viewer.write("dev/orders/a.txt", "b").await.problem(403, "denied");
    stranger.get("/api/v1/revisions/3").await.problem(404, "not_found");

    let denied = eventually(&app, "denied", 4).await;
    let of = |actor: &str, action: &str, answer: &str| {
        let after = json!({"action": action, "answer": answer});
        let found: Vec<&Value> = denied.iter().filter(|row| row["actor"] == actor && row["after"] == after).collect();
        assert!(!found.is_empty(), "{actor} {action} {answer}: {denied:?}");
        found[0].clone()
    };
    let read = denied.iter().find(|row| row["request_id"] == *request).unwrap();
    assert_eq!(read["after"], json!({"action": "read", "answer": "not_found"}));
    assert_eq!((&read["environment"], &read["namespace"]), (&json!("dev"), &json!("orders")));
    assert_eq!((&read["address"], &read["target"]), (&json!("127.0.0.1"), &json!("dev/orders/a.txt")));
    assert_eq!(of("vera", "publish", "denied")["target"], "dev/orders/a.txt");
    assert_eq!(of("sven", "inspect", "not_found")["target"], "revision 3");
    assert!(!denied.iter().any(|row| row["actor"] == "admin"), "what is really missing is no denial: {denied:?}");
    let chains: std::collections::BTreeSet<_> = denied.iter().map(|row| row["chain"].to_string()).collect();
    assert_eq!(chains.len(), 2, "each node has a chain of its own");
    assert_whole(&app).await;
    app.finish().await;
}

#[tokio::test]
async fn a_caller_whom_nobody_knows_is_told_of_by_address_and_never_with_what_was_secret() {
    let app = App::start().await;
    let anonymous = app.anonymous();
    anonymous.get("/api/v1/tokens").await.problem(401, "unauthenticated");
    anonymous.with_token("pintle_nonsense").get("/api/v1/tokens").await.problem(401, "unauthenticated");
    let made: Value = app.admin().post("/api/v1/tokens", json!({"name": "t"})).await.json();
    let (id, token) = (made["id"].as_str().unwrap(), made["token"].as_str().unwrap());
    app.database.number("WITH u AS (UPDATE tokens SET expires_at = now() - interval '1 s' WHERE name = 't' RETURNING 1) SELECT count(*) FROM u").await;
    app.database.number("WITH u AS (UPDATE head SET access = access + 1 RETURNING 1) SELECT count(*) FROM u").await;
    app.node().refresh().await;
    anonymous.with_token(token).get("/api/v1/tokens").await.problem(401, "unauthenticated");
    for name in ["admin", "hunter2-secret"] {
        let body = json!({"name": name, "password": "not the password"});
        anonymous.post("/api/v1/session", body).await.problem(401, "wrong_password");
    }

    let refused = eventually(&app, "unauthenticated", 3).await;
    let mut shown: Vec<(&str, &str)> =
        refused.iter().map(|row| (row["after"]["shown"].as_str().unwrap(), row["target"].as_str().unwrap())).collect();
    shown.sort_unstable();
    let expired = format!("token:{id}");
    assert_eq!(shown, [("expired", expired.as_str()), ("none", "token"), ("unknown", "token")]);
    for row in &refused {
        assert_eq!((&row["actor"], &row["address"]), (&json!("anonymous"), &json!("127.0.0.1")), "{row}");
    }
    let failed = eventually(&app, "log_in_failed", 2).await;
    assert_eq!((&failed[0]["target"], &failed[0]["after"]), (&json!("user:admin"), &json!({"reason": "wrong"})));
    assert_eq!(failed[1]["target"], "user:unknown", "what was typed as a name may be a password");
    let all = rows(&app).await.iter().map(Value::to_string).collect::<String>();
    assert!(!all.contains("not the password") && !all.contains("hunter2") && !all.contains(&token[40..80]), "{all}");
    assert_whole(&app).await;
    app.finish().await;
}

#[tokio::test]
async fn equal_denials_fold_and_none_is_lost_when_the_node_stops() {
    let mut app = App::start().await;
    let stranger = app.stranger().await;
    let second = app.second_node().await;
    let stranger = stranger.at(&second.url);
    for number in 0..30 {
        stranger.get(&entry(&format!("dev/orders/{number}.txt"))).await.expect(404);
    }
    app.stop_second_node().await;
    let denied = of_action(&app, "denied").await;
    let counts: Vec<u64> = denied.iter().map(|row| row["count"].as_u64().unwrap_or(1)).collect();
    assert!(denied.len() <= 2, "{denied:?}");
    assert_eq!(counts.iter().sum::<u64>(), 30);
    let stopped = of_action(&app, "node_stopped").await;
    assert_eq!(stopped.len(), 1);
    assert_eq!(stopped[0]["chain"], denied[0]["chain"], "the last row of its chain");
    assert_eq!(of_action(&app, "node_started").await.len(), 4, "each in its own chain, and in that of the store");
    assert_whole(&app).await;
    app.finish().await;
}

#[tokio::test]
async fn a_new_epoch_leaves_a_row() {
    use pintle::domain::revisions::Revision;
    let app = App::start().await;
    let epoch = app.node().node.app.service.view.state().cursor().epoch;
    let mut connection = app.database.connect().await;
    assert!(pintle::store::start_epoch(&mut connection, epoch, Revision(7), "a test", false).await.unwrap());
    let row = of_action(&app, "start_epoch").await.pop().unwrap();
    assert_eq!((&row["actor"], &row["after"]["reason"]), (&json!("system"), &json!("a test")));
    assert_eq!(row["before"], json!({"epoch": epoch.0, "head": 0}));
    app.node().refresh().await;
    app.admin().call(Method::PUT, "/api/v1/environments/dev", |request| request.json(&json!({}))).await.expect(200);
    assert_whole(&app).await;
    app.finish().await;
}
