//! Logins, one-time passwords, sessions and tokens.

use pintle::domain::names::UserName;
use pintle::runtime::ambient::SystemAmbient;
use pintle::service::accounts::reset_password;
use serde_json::json;

use crate::harness::app::PASSWORD;
use crate::harness::{Actor, App, Running, Server};

const NEW: &str = "another horse and another staple";

#[tokio::test]
async fn a_login_gives_a_session_that_a_logout_ends() {
    let app = App::start().await;
    let session = app.anonymous().post("/api/v1/session", json!({"name": "admin", "password": PASSWORD})).await.ok();
    assert_eq!(session["user"], "admin");
    let caller = app.admin().with_token(session["token"].as_str().unwrap());
    let me = caller.get("/api/v1/access/me").await.ok();
    assert_eq!(me["user"], "admin");
    let grants = me["grants"].as_array().unwrap();
    for role in ["admin", "publisher"] {
        let everything = |grant: &&serde_json::Value| {
            grant["role"] == role
                && grant["environment"] == "*"
                && grant["namespace"] == "*"
                && grant["key_prefix"] == ""
        };
        assert_eq!(grants.iter().filter(everything).count(), 1, "{me}");
    }
    assert_eq!(grants.len(), 2);

    caller.delete("/api/v1/session").await.expect(204);
    let gone = caller.get("/api/v1/access/me").await;
    assert_eq!(gone.header("www-authenticate"), "Bearer");
    gone.problem(401, "unauthenticated");
    app.finish().await;
}

#[tokio::test]
async fn an_unknown_name_and_a_wrong_password_are_told_apart_by_nobody() {
    let app = App::start().await;
    let mut answers = Vec::new();
    for (name, password) in
        [("admin", "wrong"), ("nobody", PASSWORD), ("NOT A NAME", PASSWORD), ("", ""), ("admin", &"x".repeat(100_000))]
    {
        let answer = app.anonymous().post("/api/v1/session", json!({"name": name, "password": password})).await;
        let mut problem = answer.problem(401, "wrong_password");
        problem.as_object_mut().unwrap().remove("request_id");
        answers.push(problem);
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
    app.finish().await;
}

#[tokio::test]
async fn a_one_time_password_is_good_for_one_login_that_sets_a_new_one() {
    let database = Server::shared().create_database().await;
    let node = Running::start(&database, &[]).await;
    let first = node.node.first_admin.as_ref().unwrap().one_time_password.clone().unwrap();
    let anyone = Actor::new("admin", &node.node.url(), "");
    let log_in = |password: &str, new: Option<&str>| {
        let mut body = json!({"name": "admin", "password": password});
        if let Some(new) = new {
            body["new_password"] = new.into();
        }
        let anyone = anyone.clone();
        async move { anyone.post("/api/v1/session", body).await }
    };
    let problem = log_in(&first, None).await.problem(403, "password_change_required");
    assert_eq!(problem["fields"][0]["field"], "new_password");
    let problem = log_in(&first, Some("short")).await.problem(422, "invalid");
    assert_eq!(problem["fields"][0]["field"], "new_password");
    log_in("wrong", Some(NEW)).await.problem(401, "wrong_password");
    log_in(&first, Some(NEW)).await.expect(200);
    log_in(&first, Some(NEW)).await.problem(401, "wrong_password");
    log_in(NEW, None).await.expect(200);
    node.finish().await;
    database.drop().await;
}

#[tokio::test]
async fn the_new_password_is_not_the_one_time_password_again() {
    let database = Server::shared().create_database().await;
    let node = Running::start(&database, &[]).await;
    let first = node.node.first_admin.as_ref().unwrap().one_time_password.clone().unwrap();
    let anyone = Actor::new("admin", &node.node.url(), "");
    let body = json!({"name": "admin", "password": first, "new_password": first});
    let problem = anyone.post("/api/v1/session", body).await.problem(422, "invalid");
    assert_eq!(problem["fields"][0]["field"], "new_password");
    node.finish().await;
    database.drop().await;
}

#[tokio::test]
async fn a_new_password_ends_the_sessions_and_leaves_the_tokens() {
    let app = App::start().await;
    let admin = app.admin();
    let token = admin.post("/api/v1/tokens", json!({"name": "ci"})).await.expect(201).json::<serde_json::Value>();
    let program = admin.with_token(token["token"].as_str().unwrap());
    let body = json!({"name": "admin", "password": PASSWORD, "new_password": NEW});
    app.anonymous().post("/api/v1/session", body).await.expect(200);
    admin.get("/api/v1/access/me").await.problem(401, "unauthenticated");
    program.get("/api/v1/access/me").await.expect(200);
    app.finish().await;
}

#[tokio::test]
async fn a_password_reset_beside_the_database_gives_a_one_time_password_and_is_recorded() {
    let app = App::start().await;
    let service = &app.node().node.app.service;
    let name = UserName::parse("admin").unwrap();
    let one_time = reset_password(&service.store, &SystemAmbient, &service.passwords, &name).await.unwrap();
    app.node().refresh().await;
    app.admin().get("/api/v1/access/me").await.problem(401, "unauthenticated");
    let anyone = app.anonymous();
    let log_in = |body| anyone.post("/api/v1/session", body);
    log_in(json!({"name": "admin", "password": PASSWORD})).await.problem(401, "wrong_password");
    log_in(json!({"name": "admin", "password": one_time})).await.problem(403, "password_change_required");
    log_in(json!({"name": "admin", "password": one_time, "new_password": NEW})).await.expect(200);
    let recorded = "SELECT count(*) FROM audit \
                    WHERE actor = 'system' AND action = 'reset_password' AND body::jsonb ->> 'target' = 'user:admin'";
    assert_eq!(app.database.number(recorded).await, 1);
    app.finish().await;
}

#[tokio::test]
async fn a_token_works_from_its_making_to_its_end_on_every_node() {
    let mut app = App::start().await;
    let there = app.second_node().await;
    let admin = app.admin();
    let made = admin.post("/api/v1/tokens", json!({"name": "ci", "expires_in_days": 7})).await.expect(201);
    let made: serde_json::Value = made.json();
    let text = made["token"].as_str().unwrap();
    assert!(text.starts_with("pintle_") && text.len() == 111, "{text}");
    assert_eq!((&made["name"], &made["session"]), (&json!("ci"), &json!(false)));
    app.others()[0].refresh().await;
    for actor in [admin.with_token(text), there.with_token(text)] {
        assert_eq!(actor.get("/api/v1/access/me").await.ok()["user"], "admin");
    }
    let list = admin.get("/api/v1/tokens").await.ok();
    let names: Vec<_> = list["tokens"].as_array().unwrap().iter().map(|t| (&t["name"], &t["session"])).collect();
    assert_eq!(names, [(&json!("ci"), &json!(false)), (&json!("login"), &json!(true))]);
    assert!(!list.to_string().contains("pintle_"), "a list shows no secret: {list}");

    let path = format!("/api/v1/tokens/{}", made["id"].as_str().unwrap());
    admin.delete(&path).await.expect(204);
    admin.with_token(text).get("/api/v1/access/me").await.problem(401, "unauthenticated");
    app.others()[0].refresh().await;
    there.with_token(text).get("/api/v1/access/me").await.problem(401, "unauthenticated");
    admin.delete(&path).await.problem(404, "not_found");
    app.finish().await;
}

#[tokio::test]
async fn an_expired_token_is_refused_and_not_listed() {
    let app = App::start().await;
    let admin = app.admin();
    let made: serde_json::Value = admin.post("/api/v1/tokens", json!({"name": "old"})).await.expect(201).json();
    let mut connection = app.database.connect().await;
    let expire = "SELECT change_access(NULL, '{}', jsonb_build_array(jsonb_build_object('op', 'expire_token', 'id', id, \
                  'expires_at', now() - interval '1 s', 'event', '{}'::jsonb))) FROM tokens WHERE name = 'old'";
    sqlx::query(expire).execute(&mut connection).await.unwrap();
    app.node().refresh().await;
    let program = admin.with_token(made["token"].as_str().unwrap());
    program.get("/api/v1/access/me").await.problem(401, "unauthenticated");
    assert_eq!(admin.get("/api/v1/tokens").await.ok()["tokens"].as_array().unwrap().len(), 1);
    app.finish().await;
}

#[tokio::test]
async fn only_hashes_of_passwords_and_tokens_are_stored() {
    let app = App::start().await;
    let made: serde_json::Value = app.admin().post("/api/v1/tokens", json!({"name": "ci"})).await.expect(201).json();
    let secret = &made["token"].as_str().unwrap()[39..103];
    let plain = format!(
        "SELECT count(*) FROM users WHERE password_hash NOT LIKE '$argon2id$v=19$m=19456,t=2,p=1$%' \
         OR password_hash LIKE '%{PASSWORD}%'"
    );
    assert_eq!(app.database.number(&plain).await, 0);
    let kept = format!("SELECT count(*) FROM tokens WHERE encode(hash, 'hex') = '{secret}' OR name LIKE '%{secret}%'");
    assert_eq!(app.database.number(&kept).await, 0);
    app.finish().await;
}

#[tokio::test]
async fn the_first_admin_is_made_once() {
    let mut app = App::start().await;
    app.second_node().await;
    assert_eq!(app.others()[0].node.first_admin.as_ref().map(|admin| &admin.name), None);
    assert_eq!(app.database.number("SELECT count(*) FROM users").await, 1);
    app.finish().await;
}

#[tokio::test]
async fn a_preset_password_that_is_too_short_stops_the_start() {
    use pintle::cli::node;
    use pintle::runtime::lifecycle::Lifecycle;
    use pintle::store::StoreSettings;
    let database = Server::shared().create_database().await;
    let settings = crate::harness::app::settings(&["--admin-password", "short"]);
    let at = StoreSettings { url: database.url().to_owned(), listen_url: None, connections: 4 };
    let error = node::start(&settings, &at, true, &Lifecycle::default()).await.unwrap_err();
    assert!(
        format!("{error:#}").contains("PINTLE_ADMIN_PASSWORD must have 12 to 128 characters, this has 5"),
        "{error:#}"
    );
    database.drop().await;
}
