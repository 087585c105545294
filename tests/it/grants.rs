//! Grants: who may give and take which rights, and what that changes at once.

use std::cell::Cell;
use std::time::{Duration, Instant};

use pintle::domain::access::Subject;
use serde_json::{Value, json};
use tokio::sync::watch;
use uuid::Uuid;

use crate::harness::access::held_by;
use crate::harness::streams::Stream;
use crate::harness::{Actor, Answer, App};

const GRANTS: &str = "/api/v1/grants";

/// The body that gives a role: subject, role, environment, namespace, key prefix.
fn body((subject, role, environment, namespace, key_prefix): (&str, &str, &str, &str, &str)) -> Value {
    json!({"subject": subject, "role": role, "environment": environment, "namespace": namespace, "key_prefix": key_prefix})
}

async fn give(giver: &Actor, given: (&str, &str, &str, &str, &str)) -> Answer {
    giver.post(GRANTS, body(given)).await
}

/// The id of a grant that must have been given.
async fn given(giver: &Actor, given: (&str, &str, &str, &str, &str)) -> String {
    let made: Value = give(giver, given).await.expect(201).json();
    made["id"].as_str().unwrap().to_owned()
}

async fn take(taker: &Actor, id: &str) -> Answer {
    taker.delete(&format!("{GRANTS}/{id}")).await
}

/// What a caller is shown of the grants, as `subject role environment/namespace/prefix`.
async fn listed(caller: &Actor, query: &str) -> Vec<String> {
    let list = caller.get(&format!("{GRANTS}{query}")).await.ok();
    let text = |grant: &Value, name: &str| grant[name].as_str().unwrap().to_owned();
    let line = |grant: &Value| {
        let place = ["environment", "namespace", "key_prefix"].map(|name| text(grant, name)).join("/");
        format!("{} {} {place}", text(grant, "subject"), text(grant, "role"))
    };
    list["grants"].as_array().unwrap().iter().map(line).collect()
}

#[tokio::test]
async fn a_right_works_from_its_grant_to_its_end_on_every_node_without_a_new_login() {
    let mut app = App::start().await;
    app.admin().create("dev/orders").await;
    let vera = app.stranger().await;
    let there = vera.at(&app.second_node().await.url);
    there.get("/api/v1/environments/dev/namespaces/orders").await.problem(404, "not_found");

    let id = given(app.admin(), ("user:sven", "publisher", "dev", "orders", "app/")).await;
    vera.write("dev/orders/app/a.txt", "a").await.expect(200);
    vera.write("dev/orders/b.txt", "b").await.problem(404, "not_found");
    app.others()[0].refresh().await;
    there.write("dev/orders/app/b.txt", "b").await.expect(200);

    take(app.admin(), &id).await.expect(204);
    vera.write("dev/orders/app/a.txt", "c").await.problem(404, "not_found");
    app.others()[0].refresh().await;
    there.read("dev/orders/app/a.txt", "").await.problem(404, "not_found");
    take(app.admin(), &id).await.problem(404, "not_found");
    app.finish().await;
}

#[tokio::test]
async fn an_equal_grant_is_held_once() {
    let app = App::start().await;
    app.stranger().await;
    let wanted = ("user:sven", "viewer", "dev", "orders*", "");
    let first: Value = give(app.admin(), wanted).await.expect(201).json();
    let again: Value = give(app.admin(), wanted).await.expect(200).json();
    assert_eq!(first, again);
    give(app.admin(), ("user:sven", "viewer", "dev", "orders**", "")).await.expect(200);
    given(app.admin(), ("user:sven", "viewer", "dev", "orders*", "app/")).await;
    assert_eq!(listed(app.admin(), "?subject=user:sven").await.len(), 2);
    let noted = "SELECT count(*) FROM audit WHERE action = 'grant' AND actor = 'admin'";
    assert_eq!(app.database.number(noted).await, 2, "what changed nothing is no event");
    app.finish().await;
}

#[tokio::test]
async fn an_admin_of_a_part_gives_rights_inside_of_it_only() {
    let app = App::start().await;
    app.admin().create("dev/orders").await;
    app.stranger().await;
    let tina = app.user("tina", &[("admin", "dev*", "orders*", "app/")]).await;
    for place in [("dev", "orders", "app/"), ("dev-eu", "orders.eu*", "app/x"), ("dev*", "orders*", "app/")] {
        given(&tina, ("user:sven", "publisher", place.0, place.1, place.2)).await;
    }
    for place in [("*", "orders", "app/"), ("dev", "*", "app/"), ("dev", "order*", "app/"), ("dev", "orders", "")] {
        let problem = give(&tina, ("user:sven", "publisher", place.0, place.1, place.2)).await.problem(403, "denied");
        assert_eq!(problem["action"], "grant");
        assert_eq!(problem["who_can_grant"], json!(["admin"]), "{place:?}");
    }
    for place in [("prod", "orders", "app/"), ("dev", "payments", "app/"), ("dev", "orders", "web/")] {
        give(&tina, ("user:sven", "viewer", place.0, place.1, place.2)).await.problem(404, "not_found");
    }
    // What it holds wider than its part is not for it to take away.
    let wide = given(app.admin(), ("user:sven", "viewer", "dev", "*", "")).await;
    take(&tina, &wide).await.problem(404, "not_found");
    app.finish().await;
}

#[tokio::test]
async fn nobody_without_the_right_to_grant_gives_anything() {
    let app = App::start().await;
    app.admin().create("dev/orders").await;
    app.stranger().await;
    for (number, role) in ["viewer", "editor", "publisher", "operator", "agent"].into_iter().enumerate() {
        let caller = app.user(&format!("u{number}"), &[(role, "dev", "orders", "")]).await;
        let problem = give(&caller, ("user:sven", "viewer", "dev", "orders", "")).await.problem(403, "denied");
        assert_eq!((&problem["action"], &problem["target"]), (&json!("grant"), &json!("dev/orders")), "{role}");
        give(&caller, (&format!("user:u{number}"), "admin", "*", "*", "")).await.problem(403, "denied");
    }
    let secret = app.user("sara", &[("secret-reader", "dev", "orders", "")]).await;
    give(&secret, ("user:sven", "secret-reader", "dev", "orders", "")).await.problem(404, "not_found");
    app.anonymous().post(GRANTS, body(("user:sven", "viewer", "*", "*", ""))).await.problem(401, "unauthenticated");
    app.finish().await;
}

#[tokio::test]
async fn nobody_comes_to_see_secrets_by_its_own_hand() {
    let app = App::start().await;
    let admin = app.admin();
    let mona = app.manager().await;
    let (_, token) = app.scoped(&mona, &[("admin", "*", "*", "")]).await;
    app.join("mona", "sre").await;
    for subject in ["user:mona".to_owned(), "group:sre".to_owned(), format!("token:{token}")] {
        give(&mona, (&subject, "secret-reader", "dev", "orders", "")).await.problem(403, "self_grant");
    }
    assert_eq!(app.database.number("SELECT count(*) FROM grants WHERE role = 'secret-reader'").await, 0);
    // Somebody else may give it, and other rights may be given to oneself.
    given(admin, ("group:sre", "secret-reader", "dev", "orders", "")).await;
    given(&mona, ("user:mona", "publisher", "dev", "orders", "")).await;
    app.finish().await;
}

#[tokio::test]
async fn a_bad_subject_or_place_is_named() {
    let app = App::start().await;
    let long = "a".repeat(65);
    let cases = [
        (("user:nobody", "viewer", "dev", "orders", ""), vec!["subject"]),
        (("vera", "viewer", "dev", "orders", ""), vec!["subject"]),
        (("team:sre", "viewer", "dev", "orders", ""), vec!["subject"]),
        (("group:SRE", "viewer", "dev", "orders", ""), vec!["subject"]),
        (("token:7", "viewer", "dev", "orders", ""), vec!["subject"]),
        (("user:admin", "viewer", "", "orders", ""), vec!["environment"]),
        (("user:admin", "viewer", "dev", "a/../b", ""), vec!["namespace"]),
        (("user:admin", "viewer", "dev", "", ""), vec!["namespace"]),
        (("user:admin", "viewer", "Dev", "Orders", ""), vec!["environment", "namespace"]),
        (("user:admin", "viewer", "dev", "оrders", ""), vec!["namespace"]),
        (("user:admin", "viewer", "dev", "orders?", ""), vec!["namespace"]),
        (("user:admin", "viewer", "dev", &long, ""), vec!["namespace"]),
        (("user:admin", "viewer", "dev", "orders", "../"), vec!["key_prefix"]),
        (("user:admin", "viewer", "dev", "orders", "app*"), vec!["key_prefix"]),
        (("user:admin", "viewer", "dev", "orders", "/app"), vec!["key_prefix"]),
        (("root", "viewer", "", "", "//"), vec!["subject", "environment", "namespace", "key_prefix"]),
    ];
    for (wanted, fields) in cases {
        let problem = give(app.admin(), wanted).await.problem(422, "invalid");
        let named: Vec<_> =
            problem["fields"].as_array().unwrap().iter().map(|f| f["field"].as_str().unwrap()).collect();
        assert_eq!(named, fields, "{wanted:?}: {problem}");
    }
    let mut unknown = body(("user:admin", "root", "dev", "orders", ""));
    assert_eq!(
        app.admin().post(GRANTS, unknown.clone()).await.problem(400, "bad_request")["fields"][0]["field"],
        "role"
    );
    unknown["role"] = "viewer".into();
    unknown["actions"] = json!(["reveal"]);
    app.admin().post(GRANTS, unknown).await.problem(400, "bad_request");
    app.finish().await;
}

#[tokio::test]
async fn the_list_shows_ones_own_and_what_one_may_take_away() {
    let app = App::start().await;
    let admin = app.admin();
    let vera = app.viewer("orders").await;
    let tina = app.user("tina", &[("admin", "dev", "orders*", "")]).await;
    app.grant_group("sre", ("operator", "dev", "orders.eu", "")).await;
    app.grant_group("ops", ("operator", "*", "*", "")).await;
    app.join("vera", "sre").await;
    assert_eq!(
        listed(&vera, "").await,
        ["group:sre operator dev/orders.eu/", "user:vera viewer */orders/"],
        "her own, and those of her group"
    );
    assert_eq!(
        listed(&tina, "").await,
        ["group:sre operator dev/orders.eu/", "user:tina admin dev/orders*/"],
        "what lies wholly inside her part"
    );
    assert_eq!(listed(admin, "").await.len(), 6);
    assert_eq!(listed(admin, "?subject=group:ops").await, ["group:ops operator */*/"]);
    assert_eq!(listed(admin, "?role=viewer").await, ["user:vera viewer */orders/"]);
    assert_eq!(
        listed(admin, "?environment=prod&namespace=orders").await,
        ["group:ops operator */*/", "user:admin admin */*/", "user:admin publisher */*/", "user:vera viewer */orders/"]
    );
    assert_eq!(listed(&vera, "?subject=group:ops").await, Vec::<String>::new());
    assert_eq!(listed(&vera, "?subject=user:nobody").await, Vec::<String>::new());
    admin.get(&format!("{GRANTS}?role=root")).await.problem(422, "invalid");
    admin.get(&format!("{GRANTS}?namespace=A")).await.problem(422, "invalid");

    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let page = admin.get(&format!("{GRANTS}?limit=2{after}")).await.ok();
        seen.extend(page["grants"].as_array().unwrap().iter().map(|grant| grant["id"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    seen.sort_by_key(ToString::to_string);
    seen.dedup();
    assert_eq!(seen.len(), 6, "every grant is on one page");
    // Of what is on nobody's list for her, she learns nothing.
    let all = admin.get(&format!("{GRANTS}?subject=group:ops")).await.ok();
    let hidden = all["grants"][0]["id"].as_str().unwrap();
    take(&vera, hidden).await.problem(404, "not_found");
    let own = vera.get(GRANTS).await.ok()["grants"][1]["id"].as_str().unwrap().to_owned();
    take(&vera, &own).await.problem(403, "denied");
    app.finish().await;
}

#[tokio::test]
async fn the_scope_of_a_token_is_its_owners_to_set_and_never_its_own() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    let paul = app.publisher("orders").await;
    let vera = app.viewer("orders").await;
    let (program, token) = app.scoped(&paul, &[("viewer", "dev", "orders", "")]).await;
    let wanted = (&*format!("token:{token}"), "publisher", "dev", "*", "");
    program.write("dev/orders/a.txt", "a").await.problem(403, "denied");
    give(&program, wanted).await.problem(403, "needs_full_token");
    give(&vera, wanted).await.problem(404, "not_found");
    let id = given(&paul, wanted).await;
    program.write("dev/orders/a.txt", "a").await.expect(200);
    program.get("/api/v1/environments/dev/namespaces/payments").await.problem(404, "not_found");
    take(&program, &id).await.problem(403, "needs_full_token");
    take(&vera, &id).await.problem(404, "not_found");
    take(admin, &id).await.expect(204);
    program.write("dev/orders/a.txt", "b").await.problem(403, "denied");

    // A token without a scope may whatever its owner may: narrowing it would look done, and not be.
    let plain: Value = paul.post("/api/v1/tokens", json!({"name": "ci"})).await.expect(201).json();
    let plain = format!("token:{}", plain["id"].as_str().unwrap());
    let problem = give(&paul, (&plain, "viewer", "dev", "orders", "")).await.problem(422, "invalid");
    assert_eq!(problem["fields"][0]["field"], "subject");
    let nobody = format!("token:{}", Uuid::from_u128(7));
    give(&paul, (&nobody, "viewer", "dev", "orders", "")).await.problem(404, "not_found");
    app.finish().await;
}

#[tokio::test]
async fn a_scoped_token_of_an_admin_grants_only_inside_its_scope() {
    let app = App::start().await;
    app.stranger().await;
    let (program, _) = app.scoped(app.admin(), &[("admin", "dev", "orders*", "")]).await;
    given(&program, ("user:sven", "viewer", "dev", "orders.eu", "")).await;
    give(&program, ("user:sven", "viewer", "dev", "*", "")).await.problem(403, "denied");
    give(&program, ("user:sven", "viewer", "prod", "orders", "")).await.problem(404, "not_found");
    let (reader, _) = app.scoped(app.admin(), &[("viewer", "*", "*", "")]).await;
    give(&reader, ("user:sven", "viewer", "dev", "orders", "")).await.problem(403, "denied");
    app.finish().await;
}

#[tokio::test]
async fn the_last_admin_of_the_store_stays_one() {
    let app = App::start().await;
    let admin = app.admin();
    let list = admin.get(&format!("{GRANTS}?role=admin")).await.ok();
    let own = list["grants"][0]["id"].as_str().unwrap().to_owned();
    take(admin, &own).await.problem(409, "last_admin");
    // An admin of less than everything does not count, and neither does a group with nobody in it.
    app.stranger().await;
    given(admin, ("user:sven", "admin", "*", "orders", "")).await;
    take(admin, &own).await.problem(409, "last_admin");
    app.grant_group("sre", ("admin", "*", "*", "")).await;
    take(admin, &own).await.problem(409, "last_admin");
    app.join("sven", "sre").await;
    take(admin, &own).await.expect(204);
    take(admin, &own).await.problem(404, "not_found");
    app.finish().await;
}

#[tokio::test]
async fn a_subject_holds_a_thousand_grants_at_most() {
    let app = App::start().await;
    app.stranger().await;
    let sven = Subject::User(app.user_id("sven").await);
    let many = (0..1_000).map(|number| held_by(sven.clone(), ("viewer", "dev", &format!("n{number}"), "")));
    app.change(many.collect()).await;
    let problem = give(app.admin(), ("user:sven", "viewer", "dev", "one-more", "")).await.problem(422, "over_limit");
    assert_eq!(problem["fields"][0]["field"], "grants");
    assert!(problem["fields"][0]["problem"].as_str().unwrap().contains("1000"), "{problem}");
    give(app.admin(), ("user:sven", "viewer", "dev", "n7", "")).await.expect(200);
    app.finish().await;
}

#[tokio::test]
async fn grants_and_their_ends_are_in_the_audit() {
    let app = App::start().await;
    app.stranger().await;
    let id = given(app.admin(), ("user:sven", "viewer", "dev", "orders", "app/")).await;
    take(app.admin(), &id).await.expect(204);
    let body = |action: &str, side: &str| {
        format!(
            "SELECT count(*) FROM audit WHERE action = '{action}' AND actor = 'admin' AND environment = 'dev' \
             AND namespace = 'orders' AND body::jsonb ->> 'target' = 'user:sven' \
             AND body::jsonb -> '{side}' @> '{{\"role\": \"viewer\", \"key_prefix\": \"app/\", \"id\": \"{id}\"}}' \
             AND body::jsonb ->> 'token' IS NOT NULL AND body::jsonb ->> 'request_id' IS NOT NULL"
        )
    };
    assert_eq!(app.database.number(&body("grant", "after")).await, 1);
    assert_eq!(app.database.number(&body("revoke_grant", "before")).await, 1);
    app.finish().await;
}

/// In what time a stream must know: a second, and what a busy machine adds.
const SOON: Duration = Duration::from_secs(2);
const BOTH: &str = "env=dev&namespace=orders&namespace=web";

/// Two namespaces with an entry each.
async fn two_namespaces(app: &App) {
    for address in ["dev/orders/a", "dev/web/a"] {
        app.admin().create(address.rsplit_once('/').unwrap().0).await;
        app.admin().write(address, "1").await.expect(200);
    }
}

/// Reads on until the stream ends; only checkpoints may come.
async fn ends(stream: &mut Stream) {
    while let Some(event) = stream.find().await {
        assert_eq!(event.name, "checkpoint", "{event:?}");
    }
}

#[tokio::test]
async fn whatever_takes_the_right_away_ends_the_streams_on_every_node() {
    let mut app = App::start().await;
    two_namespaces(&app).await;
    let second = app.second_node().await.url;
    let admin = app.admin();
    app.grant_group("readers", ("viewer", "dev", "orders", "")).await;
    let owner = app.user("gert", &[("viewer", "dev", "orders", "")]).await;
    let disabled = app.user("dora", &[("viewer", "dev", "orders", "")]).await;
    let member = app.user("mira", &[]).await;
    app.join("mira", "readers").await;
    let held = admin.get(&format!("{GRANTS}?subject=user:gert")).await.ok()["grants"][0]["id"].clone();
    let (scoped, token) = app.scoped(&app.user("toni", &[("viewer", "*", "*", "")]).await, &[]).await;
    let scope = given(admin, (&format!("token:{token}"), "viewer", "dev", "orders", "")).await;
    for caller in [&owner, &disabled, &member, &scoped] {
        let mut streams = [
            caller.watch("env=dev&namespace=orders").await,
            caller.at(&second).watch("env=dev&namespace=orders").await,
        ];
        for stream in &mut streams {
            stream.expect("snapshot").await;
        }
        let answer = match caller.name.as_str() {
            "gert" => take(admin, held.as_str().unwrap()).await.expect(204),
            "dora" => admin.put("/api/v1/users/dora", json!({"disabled": true})).await.expect(200),
            "mira" => admin.put("/api/v1/groups/readers", json!({"members": []})).await.expect(200),
            _ => take(admin, &scope).await.expect(204),
        };
        let answered = Instant::now();
        for stream in &mut streams {
            ends(stream).await;
        }
        assert!(answered.elapsed() < SOON, "{}: {:?}", answer.what, answered.elapsed());
    }
    app.finish().await;
}

#[tokio::test]
async fn a_role_that_comes_and_goes_in_mid_stream_shows_without_a_new_login_on_every_node() {
    let mut app = App::start().await;
    two_namespaces(&app).await;
    let second = app.second_node().await.url;
    let admin = app.admin();
    let vera = app.user("vera", &[("viewer", "dev", "web", "")]).await;
    app.grant_group("readers", ("agent", "dev", "orders", "")).await;
    app.join("vera", "readers").await;
    let mut streams = [vera.watch(BOTH).await, vera.at(&second).watch(BOTH).await];
    for stream in &mut streams {
        assert_eq!(stream.expect("snapshot").await.keys(), ["orders/a", "web/a"]);
    }
    let group = |members: Value| admin.put("/api/v1/groups/readers", json!({"members": members}));
    for (members, sees) in [(json!([]), vec!["web/a"]), (json!(["vera"]), vec!["orders/a", "web/a"])] {
        group(members).await.expect(200);
        let answered = Instant::now();
        for stream in &mut streams {
            assert_eq!(stream.expect("reset").await.data["reason"], "access");
            assert_eq!(stream.expect("snapshot").await.keys(), sees);
        }
        assert!(answered.elapsed() < SOON, "{:?}", answered.elapsed());
    }
    // Of the same namespace another role: what is read stays, what is done changes.
    vera.write("dev/orders/a", "2").await.problem(403, "denied");
    let id = given(admin, ("user:vera", "publisher", "dev", "orders", "")).await;
    vera.write("dev/orders/a", "2").await.expect(200);
    take(admin, &id).await.expect(204);
    vera.write("dev/orders/a", "3").await.problem(403, "denied");
    for stream in &mut streams {
        // Rights changed, so each looks again; no change of an entry is lost on the way.
        let mut last = String::new();
        while last != "2" {
            let event = stream.next().await;
            let all = event.data["changes"].as_array().or(event.data["entries"].as_array());
            let orders = all.into_iter().flatten().find(|entry| entry["namespace"] == "orders");
            last = orders.map_or(last, |entry| entry["content"].as_str().unwrap().to_owned());
        }
    }
    app.finish().await;
}

#[tokio::test]
async fn no_publish_follows_the_end_of_its_right_however_they_race() {
    let mut app = App::start().await;
    app.admin().create("dev/orders").await;
    let there = app.second_node().await;
    let sven = app.stranger().await;
    let callers = [sven.clone(), sven.at(&there.url)];
    let (published, count) = watch::channel(0);
    for round in 0..200 {
        let id = given(app.admin(), ("user:sven", "publisher", "dev", "orders", "")).await;
        app.others()[0].refresh().await;
        let (revoking, revoked) = (Cell::new(false), Cell::new(false));
        let publish = |number: usize| {
            let (caller, published, revoking, revoked) = (&callers[number], &published, &revoking, &revoked);
            async move {
                for write in 0.. {
                    let late = revoked.get();
                    let answer = caller.write(&format!("dev/orders/{number}"), format!("{round}.{write}")).await;
                    match answer.status {
                        200 if late => panic!("round {round}: published after the right was taken away"),
                        200 => published.send_modify(|count| *count += 1),
                        404 if revoking.get() => return,
                        other => panic!("round {round}: {other}"),
                    }
                }
            }
        };
        // Now from here and now from there, at once or after a few publishes.
        let awaited = *count.borrow() + round % 5;
        let revoke = async {
            count.clone().wait_for(|count| *count >= awaited).await.unwrap();
            revoking.set(true);
            let admin = if round % 2 == 0 { app.admin() } else { &there };
            take(admin, &id).await.expect(204);
            revoked.set(true);
        };
        tokio::join!(publish(0), publish(1), revoke);
    }
    // In the order in which the store took them, every publish stands between a grant and its end.
    let outside = "SELECT count(*) FROM (
            SELECT action, sum(CASE action WHEN 'grant' THEN 1 WHEN 'revoke_grant' THEN -1 ELSE 0 END)
                           OVER (ORDER BY seq) AS held
            FROM audit WHERE chain = 'store' AND (actor = 'sven' OR action IN ('grant', 'revoke_grant'))
        ) AS rows WHERE action = 'publish' AND held <> 1";
    assert_eq!(app.database.number(outside).await, 0);
    let inside = "SELECT count(*) FROM audit WHERE chain = 'store' AND actor = 'sven' AND action = 'publish'";
    assert_eq!(app.database.number(inside).await, *count.borrow());
    app.finish().await;
}
