//! Users: made, disabled, given another password; and what nobody may do to itself.

use serde_json::{Value, json};

use crate::harness::app::PASSWORD;
use crate::harness::{Actor, App};

const USERS: &str = "/api/v1/users";
const NEW: &str = "another horse and another staple";

/// Makes a person and gives the one-time password.
async fn person(admin: &Actor, name: &str) -> String {
    let made: Value = admin.post(USERS, json!({"name": name, "kind": "person"})).await.expect(201).json();
    made["one_time_password"].as_str().unwrap().to_owned()
}

/// Logs a new person in for the first time.
async fn first_login(app: &App, name: &str, one_time: &str) -> Actor {
    let body = json!({"name": name, "password": one_time, "new_password": NEW});
    let session = app.anonymous().post("/api/v1/session", body).await.ok();
    Actor::new(name, &app.node().node.url(), session["token"].as_str().unwrap())
}

fn user(name: &str) -> String {
    format!("{USERS}/{name}")
}

#[tokio::test]
async fn a_new_person_logs_in_once_with_what_was_shown_and_holds_nothing() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    let one_time = person(admin, "vera").await;
    app.anonymous()
        .post("/api/v1/session", json!({"name": "vera", "password": one_time}))
        .await
        .problem(403, "password_change_required");
    let vera = first_login(&app, "vera", &one_time).await;
    assert_eq!(vera.get("/api/v1/access/me").await.ok()["grants"], json!([]));
    vera.get("/api/v1/environments/dev").await.problem(404, "not_found");
    let shown = admin.get(&user("vera")).await.ok();
    assert_eq!((&shown["kind"], &shown["disabled"], &shown["groups"]), (&json!("person"), &json!(false), &json!([])));
    assert!(shown["created_at"].is_string() && shown["provider"].is_null(), "{shown}");
    assert!(!shown.to_string().contains("password"), "{shown}");
    app.finish().await;
}

#[tokio::test]
async fn a_service_has_no_password() {
    let app = App::start().await;
    let admin = app.admin();
    let made: Value = admin.post(USERS, json!({"name": "ci", "kind": "service"})).await.expect(201).json();
    assert!(made["one_time_password"].is_null(), "{made}");
    let problem = admin.post(&format!("{USERS}/ci/password"), json!({})).await.problem(422, "invalid");
    assert!(problem["fields"][0]["problem"].as_str().unwrap().contains("service"), "{problem}");
    for password in ["", PASSWORD] {
        let body = json!({"name": "ci", "password": password});
        app.anonymous().post("/api/v1/session", body).await.problem(401, "wrong_password");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_name_belongs_to_one_user_and_follows_its_grammar() {
    let app = App::start().await;
    let admin = app.admin();
    person(admin, "vera").await;
    for kind in ["person", "service"] {
        admin.post(USERS, json!({"name": "vera", "kind": kind})).await.problem(409, "already_exists");
    }
    for name in ["", "Vera", "vera b", "vera/../admin", "véra", &"v".repeat(65)] {
        let problem = admin.post(USERS, json!({"name": name, "kind": "person"})).await.problem(422, "invalid");
        assert_eq!(problem["fields"][0]["field"], "name", "{name}");
    }
    for body in
        [json!({"name": "a"}), json!({"name": "a", "kind": "root"}), json!({"name": "a", "kind": "person", "id": "7"})]
    {
        admin.post(USERS, body).await.problem(400, "bad_request");
    }
    admin.get(&user("nobody")).await.problem(404, "not_found");
    admin.put(&user("nobody"), json!({"disabled": true})).await.problem(404, "not_found");
    admin.post(&format!("{USERS}/nobody/password"), json!({})).await.problem(404, "not_found");
    app.finish().await;
}

#[tokio::test]
async fn only_an_admin_of_the_whole_store_sees_users() {
    let app = App::start().await;
    let most =
        app.user("mara", &[("admin", "*", "a*", ""), ("admin", "dev", "*", ""), ("publisher", "*", "*", "")]).await;
    let stranger = app.stranger().await;
    for caller in [&most, &stranger] {
        let problem = caller.get(USERS).await.problem(403, "denied");
        assert_eq!((&problem["action"], &problem["target"]), (&json!("administer"), &json!("the store")));
        caller.get(&user("admin")).await.problem(403, "denied");
        caller.get(&user("nobody")).await.problem(403, "denied");
        caller.post(USERS, json!({"name": "eve", "kind": "person"})).await.problem(403, "denied");
        caller.put(&user("admin"), json!({"disabled": true})).await.problem(403, "denied");
        caller.post(&format!("{USERS}/admin/password"), json!({})).await.problem(403, "denied");
    }
    assert_eq!(
        most.get(USERS).await.problem(403, "denied")["who_can"],
        json!(["admin"]),
        "who reads is told whom to ask"
    );
    assert!(stranger.get(USERS).await.problem(403, "denied")["who_can"].is_null(), "a stranger is told no names");
    app.finish().await;
}

#[tokio::test]
async fn users_are_listed_by_name_page_by_page() {
    let app = App::start().await;
    let admin = app.admin();
    for name in ["vera", "bob", "zoe", "ann"] {
        admin.post(USERS, json!({"name": name, "kind": "service"})).await.expect(201);
    }
    let (mut names, mut after, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let page = admin.get(&format!("{USERS}?limit=2{after}")).await.ok();
        names.extend(page["users"].as_array().unwrap().iter().map(|user| user["name"].as_str().unwrap().to_owned()));
        pages += 1;
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(names, ["admin", "ann", "bob", "vera", "zoe"]);
    assert_eq!(pages, 3);
    admin.get(&format!("{USERS}?limit=0")).await.problem(422, "invalid");
    admin.get(&format!("{USERS}?after=%25")).await.problem(422, "invalid");
    app.finish().await;
}

#[tokio::test]
async fn a_disabled_user_may_do_nothing_until_it_is_enabled_again() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    let program = app.publisher("orders").await;
    assert_eq!(admin.put(&user("paul"), json!({"disabled": true})).await.ok()["disabled"], true);
    program.write("dev/orders/a.txt", "a").await.problem(401, "unauthenticated");
    let one_time: Value = admin.post(&format!("{USERS}/paul/password"), json!({})).await.ok();
    let body = json!({"name": "paul", "password": one_time["one_time_password"], "new_password": NEW});
    app.anonymous().post("/api/v1/session", body.clone()).await.problem(401, "wrong_password");

    assert_eq!(admin.put(&user("paul"), json!({"disabled": false})).await.ok()["disabled"], false);
    program.write("dev/orders/a.txt", "a").await.expect(200);
    app.anonymous().post("/api/v1/session", body).await.expect(200);
    let noted = |action| {
        format!("SELECT count(*) FROM audit WHERE action = '{action}' AND body::jsonb ->> 'target' = 'user:paul'")
    };
    // A second time changes nothing, and is no event.
    admin.put(&user("paul"), json!({"disabled": false})).await.expect(200);
    for action in ["disable_user", "enable_user", "reset_password"] {
        assert_eq!(app.database.number(&noted(action)).await, 1, "{action}");
    }
    app.finish().await;
}

#[tokio::test]
async fn nobody_disables_itself_or_the_last_admin() {
    let app = App::start().await;
    let admin = app.admin();
    admin.put(&user("admin"), json!({"disabled": true})).await.problem(409, "last_admin");
    let mona = app.manager().await;
    let problem = admin.put(&user("admin"), json!({"disabled": true})).await.problem(422, "invalid");
    assert_eq!(problem["fields"][0]["field"], "disabled");
    mona.put(&user("admin"), json!({"disabled": true})).await.expect(200);
    mona.put(&user("mona"), json!({"disabled": true})).await.problem(409, "last_admin");
    // A service does not count: nobody could log in as it.
    mona.post(USERS, json!({"name": "robot", "kind": "service"})).await.expect(201);
    let everything = json!({"subject": "user:robot", "role": "admin", "environment": "*", "namespace": "*"});
    mona.post("/api/v1/grants", everything).await.expect(201);
    mona.put(&user("mona"), json!({"disabled": true})).await.problem(409, "last_admin");
    app.finish().await;
}

#[tokio::test]
async fn a_reset_ends_the_sessions_and_leaves_the_tokens() {
    let app = App::start().await;
    let admin = app.admin();
    let vera = first_login(&app, "vera", &person(admin, "vera").await).await;
    let token: Value = vera.post("/api/v1/tokens", json!({"name": "ci"})).await.expect(201).json();
    let program = vera.with_token(token["token"].as_str().unwrap());
    let reset: Value = admin.post(&format!("{USERS}/vera/password"), json!({})).await.ok();
    vera.get("/api/v1/access/me").await.problem(401, "unauthenticated");
    program.get("/api/v1/access/me").await.expect(200);
    app.anonymous()
        .post("/api/v1/session", json!({"name": "vera", "password": NEW}))
        .await
        .problem(401, "wrong_password");
    let body = json!({"name": "vera", "password": reset["one_time_password"], "new_password": PASSWORD});
    app.anonymous().post("/api/v1/session", body).await.expect(200);
    app.finish().await;
}

#[tokio::test]
async fn ones_own_password_changes_and_this_session_goes_on() {
    let app = App::start().await;
    let admin = app.admin();
    let other = Actor::new("admin", &app.node().node.url(), "").log_in(PASSWORD).await;
    let token: Value = admin.post("/api/v1/tokens", json!({"name": "ci"})).await.expect(201).json();
    let program = admin.with_token(token["token"].as_str().unwrap());
    let change = |old: &str, new: &str| {
        let body = json!({"password": old, "new_password": new});
        async move { admin.put("/api/v1/password", body).await }
    };
    change("wrong", NEW).await.problem(401, "wrong_password");
    change(&"x".repeat(100_000), NEW).await.problem(401, "wrong_password");
    other.get("/api/v1/access/me").await.expect(200);
    change(PASSWORD, NEW).await.expect(204);
    admin.get("/api/v1/access/me").await.expect(200);
    other.get("/api/v1/access/me").await.problem(401, "unauthenticated");
    program.get("/api/v1/access/me").await.expect(200);
    change(PASSWORD, "yet another horse").await.problem(401, "wrong_password");
    Actor::new("admin", &app.node().node.url(), "").log_in(NEW).await;
    app.finish().await;
}

#[tokio::test]
async fn a_weak_password_is_refused_with_the_rule() {
    let app = App::start().await;
    let admin = app.admin();
    for weak in [
        "",
        "short",
        "elevenchars",
        "password1234!",
        "adminadmin-admin",
        "qwertyuiop123",
        "aaaaaaaaaaaaaaaa",
        &"xk7 ".repeat(40),
    ] {
        let body = json!({"password": PASSWORD, "new_password": weak});
        let problem = admin.put("/api/v1/password", body).await.problem(422, "invalid");
        assert_eq!(problem["fields"][0]["field"], "new_password", "{weak}");
        assert!(problem["fields"][0]["problem"].as_str().unwrap().contains("12 to 128 characters"), "{problem}");
        assert!(weak.is_empty() || !problem.to_string().contains(weak), "a problem does not repeat it");
        let body = json!({"name": "admin", "password": PASSWORD, "new_password": weak});
        app.anonymous().post("/api/v1/session", body).await.problem(422, "invalid");
    }
    let same = json!({"password": PASSWORD, "new_password": PASSWORD});
    admin.put("/api/v1/password", same).await.problem(422, "invalid");
    app.finish().await;
}
