//! Groups: who is in them, why, and what that gives.

use pintle::domain::names::GroupName;
use pintle::store::Op;
use serde_json::{Value, json};

use crate::harness::{Actor, App};

fn group(name: &str) -> String {
    format!("/api/v1/groups/{name}")
}

async fn put(admin: &Actor, name: &str, members: &[&str]) -> Value {
    admin.put(&group(name), json!({"members": members})).await.ok()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(user, source)| ((*user).to_owned(), (*source).to_owned())).collect()
}

fn members(group: &Value) -> Vec<(String, String)> {
    let text = |member: &Value, name: &str| member[name].as_str().map(str::to_owned).unwrap();
    let all = group["members"].as_array().unwrap().iter();
    all.map(|member| (text(member, "user"), text(member, "source"))).collect()
}

#[tokio::test]
async fn whoever_is_in_a_group_holds_what_it_holds_at_once() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    let sven = app.stranger().await;
    admin
        .post(
            "/api/v1/grants",
            json!({"subject": "group:sre", "role": "publisher", "environment": "dev", "namespace": "orders"}),
        )
        .await
        .expect(201);
    sven.write("dev/orders/a.txt", "a").await.problem(404, "not_found");
    let view = put(admin, "sre", &["sven"]).await;
    assert_eq!(members(&view), pairs(&[("sven", "local")]));
    assert_eq!(view["grants"][0]["role"], "publisher");
    sven.write("dev/orders/a.txt", "a").await.expect(200);
    let shown = admin.get("/api/v1/users/sven").await.ok();
    assert_eq!(shown["groups"], json!([{"group": "sre", "source": "local"}]));
    put(admin, "sre", &["admin"]).await;
    sven.write("dev/orders/a.txt", "b").await.problem(404, "not_found");
    app.finish().await;
}

#[tokio::test]
async fn a_group_of_nobody_that_holds_nothing_does_not_exist() {
    let app = App::start().await;
    let admin = app.admin();
    app.stranger().await;
    admin.get(&group("sre")).await.problem(404, "not_found");
    admin.delete(&group("sre")).await.problem(404, "not_found");
    assert_eq!(members(&put(admin, "sre", &[]).await), pairs(&[]));
    admin.get(&group("sre")).await.problem(404, "not_found");
    put(admin, "sre", &["sven", "admin", "sven"]).await;
    app.grant_group("ops", ("viewer", "dev", "*", "")).await;
    let list = admin.get("/api/v1/groups").await.ok();
    let names: Vec<_> = list["groups"].as_array().unwrap().iter().map(|group| group["name"].clone()).collect();
    assert_eq!(names, ["ops", "sre"]);
    assert_eq!(members(&admin.get(&group("sre")).await.ok()), pairs(&[("admin", "local"), ("sven", "local")]));
    for name in ["sre", "ops"] {
        admin.delete(&group(name)).await.expect(204);
        admin.get(&group(name)).await.problem(404, "not_found");
    }
    assert_eq!(admin.get("/api/v1/groups").await.ok()["groups"], json!([]));
    let noted = "SELECT count(*) FROM audit WHERE body::jsonb ->> 'target' IN ('group:sre', 'group:ops')";
    assert_eq!(app.database.number(noted).await, 5, "two joined, two left, one grant went");
    app.finish().await;
}

#[tokio::test]
async fn members_by_a_provider_are_shown_and_stay() {
    let app = App::start().await;
    let admin = app.admin();
    app.stranger().await;
    let user_id = app.user_id("sven").await;
    let group_name = GroupName::parse("sre").unwrap();
    app.change(vec![Op::AddMember { group_name, user_id, source: "okta".to_owned() }]).await;
    assert_eq!(
        members(&put(admin, "sre", &["sven", "admin"]).await),
        pairs(&[("admin", "local"), ("sven", "local"), ("sven", "okta")])
    );
    assert_eq!(members(&put(admin, "sre", &[]).await), pairs(&[("sven", "okta")]));
    admin.delete(&group("sre")).await.problem(404, "not_found");
    assert_eq!(members(&admin.get(&group("sre")).await.ok()), pairs(&[("sven", "okta")]));
    app.finish().await;
}

#[tokio::test]
async fn bad_and_unknown_members_are_named_and_nothing_changes() {
    let app = App::start().await;
    let admin = app.admin();
    app.stranger().await;
    let fields = |problem: &Value| -> Vec<String> {
        problem["fields"].as_array().unwrap().iter().map(|f| f["field"].as_str().unwrap().to_owned()).collect()
    };
    let put = |members: Value| admin.put("/api/v1/groups/sre", json!({"members": members}));
    let problem = put(json!(["sven", "nobody", "no-one"])).await.problem(422, "invalid");
    assert_eq!(fields(&problem), ["members[1]", "members[2]"]);
    let problem = put(json!(["Sven", "sven", "a b"])).await.problem(422, "invalid");
    assert_eq!(fields(&problem), ["members[0]", "members[2]"]);
    let problem = admin.put("/api/v1/groups/S%20RE", json!({"members": []})).await.problem(422, "invalid");
    assert_eq!(fields(&problem), ["name"]);
    admin.get(&group("sre")).await.problem(404, "not_found");
    app.finish().await;
}

#[tokio::test]
async fn nobody_joins_a_group_that_sees_secrets_by_its_own_hand() {
    let app = App::start().await;
    let admin = app.admin();
    let mona = app.manager().await;
    app.grant_group("vault", ("secret-reader", "prod", "*", "")).await;
    mona.put(&group("vault"), json!({"members": ["mona"]})).await.problem(403, "self_grant");
    mona.put(&group("vault"), json!({"members": ["admin", "mona"]})).await.problem(403, "self_grant");
    put(&mona, "vault", &["admin"]).await;
    put(admin, "vault", &["admin", "mona"]).await;
    // Whoever is in may change the others, and leave.
    put(&mona, "vault", &["mona"]).await;
    put(&mona, "vault", &[]).await;
    mona.put(&group("vault"), json!({"members": ["mona"]})).await.problem(403, "self_grant");
    app.finish().await;
}

#[tokio::test]
async fn the_last_admin_does_not_leave_by_its_group() {
    let app = App::start().await;
    let admin = app.admin();
    app.grant_group("admins", ("admin", "*", "*", "")).await;
    put(admin, "admins", &["admin"]).await;
    let own = admin.get("/api/v1/grants?subject=user:admin&role=admin").await.ok()["grants"][0]["id"].clone();
    admin.delete(&format!("/api/v1/grants/{}", own.as_str().unwrap())).await.expect(204);
    admin.put(&group("admins"), json!({"members": []})).await.problem(409, "last_admin");
    admin.delete(&group("admins")).await.problem(409, "last_admin");
    admin.get(&group("admins")).await.expect(200);
    app.finish().await;
}

#[tokio::test]
async fn groups_are_an_admins_of_the_whole_store() {
    let app = App::start().await;
    let most = app.user("mara", &[("admin", "dev", "*", "")]).await;
    for path in ["/api/v1/groups", "/api/v1/groups/sre"] {
        most.get(path).await.problem(403, "denied");
    }
    most.put(&group("sre"), json!({"members": ["mara"]})).await.problem(403, "denied");
    most.delete(&group("sre")).await.problem(403, "denied");
    app.finish().await;
}
