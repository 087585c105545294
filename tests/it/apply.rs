//! All groups and grants from one document.

use serde_json::{Value, json};

use crate::harness::{Actor, Answer, App};

const ACCESS: &str = "/api/v1/access";

fn grant(subject: &str, role: &str, environment: &str, namespace: &str) -> Value {
    json!({"subject": subject, "role": role, "environment": environment, "namespace": namespace})
}

async fn apply(caller: &Actor, body: Value) -> Answer {
    caller.put(ACCESS, body).await
}

/// The grants that the first admin holds from the start.
fn first() -> Vec<Value> {
    vec![grant("user:admin", "admin", "*", "*"), grant("user:admin", "publisher", "*", "*")]
}

async fn fields(answer: Answer) -> Vec<String> {
    let problem = answer.problem(422, "invalid");
    problem["fields"].as_array().unwrap().iter().map(|field| field["field"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_document_is_applied_whole_and_the_second_time_changes_nothing() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    let sven = app.stranger().await;
    let wanted = json!({
        "groups": {"sre": ["sven", "admin", "sven"]},
        "grants": [grant("group:sre", "publisher", "dev", "orders"), grant("user:sven", "viewer", "prod", "*"),
                   grant("user:sven", "viewer", "prod", "*")],
    });
    let mut rehearsal = wanted.clone();
    rehearsal["dry_run"] = true.into();
    let would = apply(admin, rehearsal).await.ok();
    assert_eq!(would["dry_run"], true);
    sven.get("/api/v1/environments/dev").await.problem(404, "not_found");

    let before = app.database.number("SELECT access FROM head").await;
    let done = apply(admin, wanted.clone()).await.ok();
    assert_eq!(done["added"], would["added"]);
    assert_eq!(done["added"]["groups"], json!({"sre": ["admin", "sven"]}));
    let grants = json!([grant("group:sre", "publisher", "dev", "orders"), grant("user:sven", "viewer", "prod", "*")]);
    assert_eq!((&done["added"]["grants"], &done["unchanged"]), (&grants, &json!(0)));
    assert_eq!(app.database.number("SELECT access FROM head").await, before + 1, "one change of access for all");
    sven.write("dev/orders/a.txt", "a").await.expect(200);

    let again = apply(admin, wanted).await.ok();
    assert_eq!(
        (&again["added"], &again["removed"]),
        (&json!({"groups": {}, "grants": []}), &json!({"groups": {}, "grants": []}))
    );
    assert_eq!(again["unchanged"], 4);
    assert_eq!(app.database.number("SELECT access FROM head").await, before + 1);
    app.finish().await;
}

#[tokio::test]
async fn what_is_not_named_ends_only_when_it_is_pruned() {
    let app = App::start().await;
    let admin = app.admin();
    let sven = app.user("sven", &[("viewer", "dev", "orders", "")]).await;
    app.grant_group("sre", ("operator", "*", "*", "")).await;
    app.join("sven", "sre").await;
    app.join("sven", "ops").await;
    let (_, token) = app.scoped(&sven, &[("viewer", "dev", "orders", "")]).await;
    let mut wanted = json!({"groups": {"ops": ["admin"]}, "grants": first()});
    let done = apply(admin, wanted.clone()).await.ok();
    assert_eq!((&done["removed"], &done["unchanged"]), (&json!({"groups": {}, "grants": []}), &json!(2)));

    wanted["prune"] = true.into();
    let done = apply(admin, wanted).await.ok();
    assert_eq!(done["removed"]["groups"], json!({"ops": ["sven"], "sre": ["sven"]}));
    assert_eq!(
        done["removed"]["grants"],
        json!([grant("group:sre", "operator", "*", "*"), grant("user:sven", "viewer", "dev", "orders")])
    );
    let left = admin.get(ACCESS).await.ok();
    assert_eq!(left, json!({"groups": {"ops": ["admin"]}, "grants": first()}));
    let scope = admin.get(&format!("/api/v1/grants?subject=token:{token}")).await.ok();
    assert_eq!(scope["grants"].as_array().unwrap().len(), 1, "the scope of a token is its owner's");
    app.finish().await;
}

#[tokio::test]
async fn what_is_exported_is_applied_without_a_change() {
    let app = App::start().await;
    let admin = app.admin();
    app.user("sven", &[("publisher", "dev", "orders*", "app/"), ("agent", "*", "orders", "")]).await;
    app.grant_group("sre", ("operator", "*", "*", "")).await;
    app.join("sven", "sre").await;
    let mut document = admin.get(ACCESS).await.ok();
    assert_eq!(document["grants"].as_array().unwrap().len(), 5);
    document["prune"] = true.into();
    let done = apply(admin, document).await.ok();
    assert_eq!(
        (&done["added"], &done["removed"]),
        (&json!({"groups": {}, "grants": []}), &json!({"groups": {}, "grants": []}))
    );
    assert_eq!(done["unchanged"], 6);
    app.finish().await;
}

#[tokio::test]
async fn nobody_is_locked_out_or_led_to_secrets_by_a_document() {
    let app = App::start().await;
    let admin = app.admin();
    app.stranger().await;
    apply(admin, json!({"prune": true})).await.problem(409, "last_admin");
    apply(admin, json!({"prune": true, "dry_run": true})).await.problem(409, "last_admin");
    let sven = grant("user:sven", "admin", "*", "*");
    let mona = app.manager().await;
    for body in [
        json!({"grants": [grant("user:mona", "secret-reader", "dev", "orders")]}),
        json!({"groups": {"vault": ["mona"]}, "grants": [grant("group:vault", "secret-reader", "dev", "orders")]}),
        json!({"groups": {"vault": ["mona"]}, "grants": [grant("group:vault", "secret-reader", "dev", "*")], "dry_run": true}),
    ] {
        apply(&mona, body).await.problem(403, "self_grant");
    }
    assert_eq!(admin.get(ACCESS).await.ok()["groups"], json!({}), "nothing of a refused document is there");
    // Another admin may stay in its place.
    let done = apply(admin, json!({"prune": true, "grants": [sven]})).await.ok();
    assert_eq!(done["removed"]["grants"].as_array().unwrap().len(), 3);
    admin.get(ACCESS).await.problem(403, "denied");
    app.finish().await;
}

#[tokio::test]
async fn everything_wrong_with_a_document_is_named_and_nothing_of_it_is_done() {
    let app = App::start().await;
    let admin = app.admin();
    app.stranger().await;
    let (_, token) = app.scoped(admin, &[]).await;
    let bad = json!({
        "groups": {"SRE": ["sven"], "ops": ["sven", "S"]},
        "grants": [grant("user:sven", "viewer", "dev", "orders"), grant("sven", "viewer", "", "a/../b")],
    });
    let named = ["groups.SRE", "groups.ops[1]", "grants[1].subject", "grants[1].environment", "grants[1].namespace"];
    assert_eq!(fields(apply(admin, bad).await).await, named);
    let unknown = json!({"grants": [grant("user:sven", "viewer", "dev", "orders"), grant("user:nobody", "viewer", "dev", "orders"),
                                    grant(&format!("token:{token}"), "viewer", "dev", "orders")]});
    assert_eq!(fields(apply(admin, unknown).await).await, ["grants[1].subject", "grants[2].subject"]);
    let unknown = json!({"groups": {"ops": ["sven", "nobody"]}});
    assert_eq!(fields(apply(admin, unknown).await).await, ["groups.ops[1]"]);
    apply(admin, json!({"grant": []})).await.problem(400, "bad_request");
    assert_eq!(admin.get(ACCESS).await.ok(), json!({"groups": {}, "grants": first()}));

    let many: Vec<Value> =
        (0..5_001).map(|n| grant(&format!("group:g{}", n % 10), "viewer", "dev", &format!("n{n}"))).collect();
    let problem = apply(admin, json!({"grants": many})).await.problem(422, "over_limit");
    assert_eq!(problem["fields"][0]["field"], "changes");
    app.finish().await;
}

#[tokio::test]
async fn an_admin_of_a_part_applies_grants_inside_of_it_and_no_groups() {
    let app = App::start().await;
    app.stranger().await;
    let tina = app.user("tina", &[("admin", "dev", "orders*", "")]).await;
    let inside = grant("user:sven", "viewer", "dev", "orders.eu");
    apply(&tina, json!({"grants": [inside]})).await.expect(200);
    let outside = grant("user:sven", "viewer", "dev", "*");
    apply(&tina, json!({"grants": [inside, outside]})).await.problem(403, "denied");
    apply(&tina, json!({"groups": {"sre": ["sven"]}})).await.problem(403, "denied");
    apply(&tina, json!({"grants": [inside], "prune": true})).await.problem(403, "denied");
    tina.get(ACCESS).await.problem(403, "denied");
    let sven = app.user("paula", &[("publisher", "*", "*", "")]).await;
    apply(&sven, json!({"grants": [inside]})).await.problem(403, "denied");
    apply(&sven, json!({})).await.expect(200);
    app.finish().await;
}
