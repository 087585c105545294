//! Instances: who they are, what they say they run, and who counts for a revision.

use std::time::Duration;

use pintle::domain::access::Peer;
use pintle::domain::names::{EnvironmentName, InstanceId};
use pintle::domain::revisions::Revision;
use pintle::service::instances::{FeedMarker, PresenceGuard};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::harness::actors::Answer;
use crate::harness::{Actor, App, Running, Server, put};

/// Where an instance of `dev` is; ids have a slash.
fn path(id: &str) -> String {
    format!("/api/v1/environments/dev/instances/{}", id.replace('/', "%2F"))
}

fn receipt(epoch: u64, revision: u64, stage: &str) -> Value {
    json!({"epoch": epoch, "revision": revision, "stage": stage})
}

impl Actor {
    /// Says who an instance of `dev` is.
    async fn joins(&self, id: &str, namespaces: &[&str]) -> Answer {
        let service = id.rsplit('/').next();
        self.put(&path(id), json!({"service": service, "namespaces": namespaces})).await
    }

    async fn epoch(&self) -> u64 {
        self.get("/readyz").await.ok()["epoch"].as_u64().unwrap()
    }

    /// Sends receipts of an instance of `dev`, in this order.
    async fn tells(&self, id: &str, receipts: &[(u64, &str)]) -> Answer {
        let epoch = self.epoch().await;
        let receipts: Vec<Value> = receipts.iter().map(|(revision, stage)| receipt(epoch, *revision, stage)).collect();
        self.post(&format!("{}/receipts", path(id)), json!({"receipts": receipts})).await
    }

    async fn instance(&self, id: &str) -> Value {
        self.get(&path(id)).await.ok()
    }

    /// Ids of the instances of `dev` that a list shows.
    async fn instances(&self, query: &str) -> Vec<String> {
        let list = self.get(&format!("/api/v1/environments/dev/instances{query}")).await.ok();
        let ids = list["instances"].as_array().unwrap().iter();
        ids.map(|instance| instance["id"].as_str().unwrap().to_owned()).collect()
    }

    async fn receipts_of(&self, revision: u64) -> Value {
        self.get(&format!("/api/v1/revisions/{revision}/receipts")).await.ok()
    }

    /// Each instance that counts for a revision, with what became of it.
    async fn outcomes(&self, revision: u64) -> Vec<(String, String)> {
        let view = self.receipts_of(revision).await;
        let word = |value: &Value| value.as_str().unwrap().to_owned();
        let all = view["instances"].as_array().unwrap().iter();
        all.map(|instance| (word(&instance["id"]), word(&instance["outcome"]))).collect()
    }
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(id, outcome)| ((*id).to_owned(), (*outcome).to_owned())).collect()
}

impl App {
    /// Opens a stream of an instance of `dev` at the first node.
    async fn opens(&self, actor: &Actor, id: &str) -> PresenceGuard {
        let service = &self.node().node.app.service;
        let caller = service.authenticate(&actor.token, Peer::default()).unwrap();
        let (environment, id) = (EnvironmentName::parse("dev").unwrap(), InstanceId::parse(id).unwrap());
        let head = Revision(actor.head().await);
        service.open_presence(&caller, &environment, &id, head).await.unwrap()
    }

    /// Lets so many minutes pass for one instance.
    async fn ages(&self, id: &str, minutes: i32) {
        let mut connection = self.database.connect().await;
        let update = "UPDATE instances SET late_since = late_since - make_interval(mins => $2),
                      stopped_at = stopped_at - make_interval(mins => $2) WHERE id = $1";
        sqlx::query(update).bind(id).bind(minutes).execute(&mut connection).await.unwrap();
    }
}

/// dev/orders with one entry, and the revision that put it.
async fn shop() -> (App, u64) {
    let app = App::start().await;
    app.admin().create("dev/orders").await;
    let revision = app.admin().write("dev/orders/a.txt", "a").await.revision();
    (app, revision)
}

async fn until(what: &str, mut reached: impl AsyncFnMut() -> bool) {
    let started = Instant::now();
    while !reached().await {
        assert!(started.elapsed() < Duration::from_secs(30), "{what}");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_instance_says_who_it_is_and_what_it_runs() {
    let (app, revision) = shop().await;
    let admin = app.admin();
    let body = json!({
        "service": "orders", "labels": {"zone": "a"}, "address": "10.0.0.7:80", "version": "1.4", "agent": "0.1.0",
        "namespaces": ["orders"],
    });
    let new = admin.put(&path("web-1/orders"), body).await.ok();
    for (field, expected) in [
        ("id", json!("web-1/orders")),
        ("environment", json!("dev")),
        ("owner", json!("admin")),
        ("presence", json!("late")),
        ("condition", json!("unknown")),
        ("labels", json!({"zone": "a"})),
        ("revision", Value::Null),
    ] {
        assert_eq!(new[field], expected, "{field} in {new}");
    }
    admin.tells("web-1/orders", &[(revision, "delivered"), (revision, "applied")]).await.expect(204);
    let runs = admin.instance("web-1/orders").await;
    assert_eq!((&runs["revision"], &runs["condition"]), (&json!(revision), &json!("in_sync")));

    let next = admin.write("dev/orders/a.txt", "b").await.revision();
    admin.write("dev/orders/b.txt", "b").await.expect(200);
    let behind = admin.instance("web-1/orders").await;
    assert_eq!((&behind["condition"], &behind["behind"]), (&json!("behind"), &json!(2)));

    let epoch = admin.epoch().await;
    let mut refused = receipt(epoch, next, "rejected");
    (refused["reason"], refused["output"]) = (json!("the check failed"), json!("line 3: unexpected \";\""));
    admin.post(&format!("{}/receipts", path("web-1/orders")), json!({"receipts": [refused]})).await.expect(204);
    let rejected = admin.instance("web-1/orders").await;
    assert_eq!(rejected["condition"], "rejected");
    assert_eq!(rejected["rejected"]["reason"], "the check failed");
    assert_eq!(rejected["revision"], revision, "the last good one still runs");

    let mut held = json!({"service": "orders", "namespaces": ["orders"]});
    held["held"] = json!(true);
    assert_eq!(admin.put(&path("web-1/orders"), held).await.ok()["condition"], "held");
    app.finish().await;
}

#[tokio::test]
async fn changes_of_other_namespaces_leave_an_instance_in_sync() {
    let (app, revision) = shop().await;
    let admin = app.admin();
    admin.joins("web-1", &["orders", "orders.web-1"]).await.expect(200);
    admin.tells("web-1", &[(revision, "applied")]).await.expect(204);
    admin.create("dev/web").await;
    admin.write("dev/web/a.txt", "a").await.expect(200);
    assert_eq!(admin.instance("web-1").await["condition"], "in_sync");
    // A layer that comes to be, and goes again.
    admin.create("dev/orders.web-1").await;
    admin.write("dev/orders.web-1/a.txt", "a").await.expect(200);
    assert_eq!(admin.instance("web-1").await["behind"], 1);
    admin.delete("/api/v1/environments/dev/namespaces/orders.web-1?confirm=orders.web-1").await.expect(200);
    assert_eq!(admin.instance("web-1").await["behind"], 2);
    app.finish().await;
}

#[tokio::test]
async fn a_list_is_narrowed_by_namespace_service_label_state_and_revision() {
    let (app, revision) = shop().await;
    let admin = app.admin();
    admin.create("dev/web").await;
    for (id, service, zone, namespace) in
        [("a", "orders", "x", "orders"), ("b", "orders", "y", "orders"), ("c", "web", "x", "web")]
    {
        let body = json!({"service": service, "labels": {"zone": zone, "tier": "1"}, "namespaces": [namespace]});
        admin.put(&path(id), body).await.expect(200);
    }
    admin.tells("a", &[(revision, "applied")]).await.expect(204);
    admin.delete(&path("c")).await.expect(204);
    for (query, expected) in [
        (String::new(), "abc"),
        ("?namespace=orders".to_owned(), "ab"),
        ("?service=web".to_owned(), "c"),
        ("?label=zone%3Dx".to_owned(), "ac"),
        ("?label=zone=x&label=tier=1&service=orders".to_owned(), "a"),
        ("?state=gone".to_owned(), "c"),
        ("?state=late".to_owned(), "ab"),
        ("?state=in_sync".to_owned(), "a"),
        (format!("?revision={revision}"), "a"),
        ("?limit=2".to_owned(), "ab"),
        ("?limit=2&cursor=b".to_owned(), "c"),
    ] {
        assert_eq!(admin.instances(&query).await.concat(), expected, "{query}");
    }
    let page = admin.get("/api/v1/environments/dev/instances?limit=2").await.ok();
    assert_eq!(page["next"], "b");
    app.finish().await;
}

#[tokio::test]
async fn an_id_belongs_to_its_first_owner_until_it_is_gone() {
    let (app, revision) = shop().await;
    let (first, second) = (app.agent("orders").await, app.publisher("orders").await);
    first.joins("web-1", &["orders"]).await.expect(200);
    first.tells("web-1", &[(revision, "applied")]).await.expect(204);
    second.joins("web-1", &["orders"]).await.problem(409, "instance_taken");
    second.tells("web-1", &[(revision, "rejected")]).await.problem(409, "instance_taken");
    second.delete(&path("web-1")).await.problem(409, "instance_taken");
    assert_eq!(app.admin().instance("web-1").await["owner"], "anna");

    first.delete(&path("web-1")).await.expect(204);
    assert_eq!(second.joins("web-1", &["orders"]).await.ok()["owner"], "paul");
    let new = app.admin().instance("web-1").await;
    assert_eq!((&new["revision"], &new["condition"]), (&Value::Null, &json!("unknown")), "nothing is inherited");
    first.joins("web-1", &["orders"]).await.problem(409, "instance_taken");

    // Ten minutes of silence are a goodbye.
    app.ages("web-1", 11).await;
    assert_eq!(app.admin().instance("web-1").await["presence"], "gone");
    assert_eq!(first.joins("web-1", &["orders"]).await.ok()["owner"], "anna");
    app.finish().await;
}

#[tokio::test]
async fn an_instance_runs_only_on_what_its_owner_may_read_and_is_shown_likewise() {
    let (app, _) = shop().await;
    let admin = app.admin();
    admin.create("dev/web").await;
    let (viewer, agent) = (app.viewer("orders").await, app.agent("orders").await);
    let refused = agent.joins("web-1", &["orders", "web"]).await.problem(404, "not_found");
    assert!(refused["detail"].as_str().unwrap().contains("dev/web"), "{refused}");
    agent.tells("web-1", &[(1, "applied")]).await.problem(404, "not_found");
    viewer.joins("web-1", &["orders"]).await.problem(403, "denied");
    viewer.tells("web-1", &[(1, "applied")]).await.problem(403, "denied");
    // What an agent is told of itself comes with what it says; the list is for people.
    agent.get(&path("both")).await.problem(403, "denied");

    admin.joins("both", &["orders", "web"]).await.expect(200);
    admin.joins("other", &["web"]).await.expect(200);
    assert_eq!(viewer.instances("").await, ["both"]);
    assert_eq!(viewer.instance("both").await["namespaces"], json!(["orders"]));
    viewer.get(&path("other")).await.problem(404, "not_found");
    app.stranger().await.get("/api/v1/environments/dev/instances").await.problem(404, "not_found");
    app.finish().await;
}

#[tokio::test]
async fn receipts_survive_a_restart_of_the_node() {
    let (app, revision) = shop().await;
    let node = Running::start(&app.database, &[]).await;
    let admin = app.admin().at(&node.node.url());
    admin.joins("web-1", &["orders"]).await.expect(200);
    let next = admin.write("dev/orders/a.txt", "b").await.revision();
    admin.tells("web-1", &[(revision, "applied"), (next, "delivered"), (next, "rejected")]).await.expect(204);
    // Sent again, as after a lost answer.
    admin.tells("web-1", &[(revision, "applied"), (next, "delivered"), (next, "rejected")]).await.expect(204);
    node.finish().await;

    let node = Running::start(&app.database, &[]).await;
    let admin = app.admin().at(&node.node.url());
    let instance = admin.instance("web-1").await;
    assert_eq!((&instance["revision"], &instance["condition"]), (&json!(revision), &json!("rejected")));
    assert_eq!(admin.outcomes(next).await, pairs(&[("web-1", "rejected")]));
    assert_eq!(app.database.number("SELECT count(*) FROM receipts WHERE stage <> 'applied'").await, 2);
    node.finish().await;
    app.finish().await;
}

#[tokio::test]
async fn who_was_there_and_sees_a_change_counts_for_its_revision() {
    let (app, _) = shop().await;
    let admin = app.admin();
    admin.create("dev/web").await;
    let narrow = app.user("nora", &[("agent", "dev", "orders", "app/")]).await;
    admin.joins("live", &["orders"]).await.expect(200);
    let stream = app.opens(admin, "live").await;
    admin.joins("late", &["web", "orders"]).await.expect(200);
    admin.joins("stopped", &["orders"]).await.expect(200);
    admin.joins("silent", &["orders"]).await.expect(200);
    admin.joins("elsewhere", &["web"]).await.expect(200);
    narrow.joins("blind", &["orders"]).await.expect(200);

    let revision = admin.write("dev/orders/a.txt", "b").await.revision();
    admin.joins("newcomer", &["orders"]).await.expect(200);
    admin.delete(&path("stopped")).await.expect(204);
    app.ages("silent", 11).await;
    assert_eq!(admin.outcomes(revision).await, pairs(&[("late", "pending"), ("live", "pending")]));

    // One that was gone comes back as a newcomer; one that was only late does not.
    for id in ["silent", "late"] {
        admin.joins(id, &["orders"]).await.expect(200);
    }
    admin.tells("live", &[(revision, "applied")]).await.expect(204);
    let view = admin.receipts_of(revision).await;
    let counts = ["counted", "applied", "rejected", "pending"].map(|field| view[field].as_u64().unwrap());
    assert_eq!(counts, [2, 1, 0, 1], "{view}");
    assert_eq!(admin.outcomes(revision).await, pairs(&[("late", "pending"), ("live", "applied")]));
    drop(stream);
    app.finish().await;
}

#[tokio::test]
async fn a_revision_is_reached_by_a_newer_one_and_superseded_by_a_rollback() {
    let (app, first) = shop().await;
    let admin = app.admin();
    for id in ["a", "b", "c"] {
        admin.joins(id, &["orders"]).await.expect(200);
    }
    let second = admin.write("dev/orders/a.txt", "b").await.revision();
    let third = admin.write("dev/orders/a.txt", "c").await.revision();
    admin.tells("a", &[(second, "applied"), (third, "applied")]).await.expect(204);
    admin.tells("b", &[(second, "delivered"), (third, "applied")]).await.expect(204);
    admin.tells("c", &[(first, "applied"), (third, "rejected")]).await.expect(204);
    let expected = pairs(&[("c", "rejected"), ("a", "applied"), ("b", "superseded")]);
    assert_eq!(admin.outcomes(second).await, expected);
    let view = admin.receipts_of(second).await;
    assert_eq!((&view["applied"], &view["superseded_by"]), (&json!(2), &Value::Null));

    let back = admin.roll_back(json!({"env": "dev", "namespace": "orders", "to": first})).await.revision();
    for revision in [second, third] {
        assert_eq!(admin.receipts_of(revision).await["superseded_by"], back);
    }
    admin.get("/api/v1/revisions/1000/receipts").await.problem(404, "not_found");
    app.stranger().await.get(&format!("/api/v1/revisions/{second}/receipts")).await.problem(404, "not_found");
    app.finish().await;
}

#[tokio::test]
async fn what_an_instance_ran_then_is_told_by_its_receipts() {
    let (app, first) = shop().await;
    let admin = app.admin();
    admin.joins("web-1", &["orders"]).await.expect(200);
    admin.tells("web-1", &[(first, "applied")]).await.expect(204);
    let second = admin.write("dev/orders/a.txt", "b").await.revision();
    admin.tells("web-1", &[(second, "applied")]).await.expect(204);
    // The machine goes back to what it ran before.
    admin.tells("web-1", &[(first, "applied")]).await.expect(204);
    let mut connection = app.database.connect().await;
    for (number, minutes) in [(1, 30), (2, 20), (3, 10)] {
        let update = "UPDATE receipts SET at = now() - make_interval(mins => $2)
                      WHERE number = (SELECT number FROM receipts ORDER BY number OFFSET $1 - 1 LIMIT 1)";
        sqlx::query(update).bind(number).bind(minutes).execute(&mut connection).await.unwrap();
    }
    sqlx::query("UPDATE instances SET created_at = now() - interval '1 hour'").execute(&mut connection).await.unwrap();
    sqlx::query("UPDATE revisions SET at = now() - interval '40 minutes'").execute(&mut connection).await.unwrap();
    for (minutes, runs, condition) in [
        (35, Value::Null, "unknown"),
        (25, json!(first), "behind"),
        (15, json!(second), "in_sync"),
        (5, json!(first), "behind"),
    ] {
        let query = format!("SELECT extract(epoch FROM now() - interval '{minutes} minutes')::bigint");
        let then = app.database.number(&query).await;
        let then = time::OffsetDateTime::from_unix_timestamp(then).unwrap();
        let then = then.format(&time::format_description::well_known::Rfc3339).unwrap();
        let was = admin.get(&format!("{}?at={then}", path("web-1"))).await.ok();
        assert_eq!((&was["revision"], &was["condition"]), (&runs, &json!(condition)), "{minutes}: {was}");
        let listed = admin.get(&format!("/api/v1/environments/dev/instances?at={then}")).await.ok();
        assert_eq!(listed["instances"][0]["revision"], runs, "{minutes}: {listed}");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_stream_is_presence_and_two_are_told() {
    let (app, _) = shop().await;
    let admin = app.admin();
    admin.joins("web-1", &["orders"]).await.expect(200);
    let first = app.opens(admin, "web-1").await;
    let live = admin.instance("web-1").await;
    assert_eq!((&live["presence"], &live["duplicate_id"]), (&json!("live"), &Value::Null));
    let second = app.opens(admin, "web-1").await;
    assert_eq!(admin.instance("web-1").await["duplicate_id"], true);
    drop(first);
    until("one stream is left", async || admin.instance("web-1").await["duplicate_id"].is_null()).await;
    assert_eq!(admin.instance("web-1").await["presence"], "live");
    drop(second);
    until("no stream is left", async || admin.instance("web-1").await["presence"] == "late").await;

    // A goodbye ends it at once, also while a stream is open.
    let third = app.opens(admin, "web-1").await;
    admin.delete(&path("web-1")).await.expect(204);
    assert_eq!(admin.instance("web-1").await["presence"], "gone");
    drop(third);
    app.ages("web-1", 60 * 24 * 7 + 1).await;
    admin.get(&path("web-1")).await.problem(404, "not_found");
    assert!(admin.instances("").await.is_empty());
    app.finish().await;
}

#[tokio::test]
async fn a_stream_needs_an_instance_of_its_own() {
    let (app, _) = shop().await;
    let agent = app.agent("orders").await;
    app.admin().joins("web-1", &["orders"]).await.expect(200);
    let service = &app.node().node.app.service;
    let caller = service.authenticate(&agent.token, Peer::default()).unwrap();
    let environment = EnvironmentName::parse("dev").unwrap();
    for (id, expected) in [("web-2", "instance dev/web-2 not found"), ("web-1", "dev/web-1 belongs to another user")] {
        let id = InstanceId::parse(id).unwrap();
        let refused = service.open_presence(&caller, &environment, &id, Revision(1)).await.unwrap_err();
        assert_eq!(refused.to_string(), expected);
    }
    app.finish().await;
}

#[tokio::test]
async fn the_streams_of_a_node_that_fell_silent_or_stops_are_closed() {
    let (mut app, _) = shop().await;
    let other = app.second_node().await;
    app.admin().joins("web-1", &["orders"]).await.expect(200);
    let stream = app.opens(app.admin(), "web-1").await;
    assert_eq!(other.instance("web-1").await["presence"], "live");
    let mut connection = app.database.connect().await;
    // Between two heartbeats, as other nodes see a node that died 16 seconds ago.
    let mut tx = sqlx::Connection::begin(&mut connection).await.unwrap();
    sqlx::query("UPDATE nodes SET seen_at = now() - interval '16 seconds'").execute(&mut *tx).await.unwrap();
    let presence = "SELECT presence FROM standing_instances WHERE id = 'web-1'";
    let late: String = sqlx::query_scalar(presence).fetch_one(&mut *tx).await.unwrap();
    tx.rollback().await.unwrap();
    assert_eq!(late, "late");
    drop(stream);
    app.finish().await;
}

#[tokio::test]
async fn a_stream_that_opens_while_the_database_is_away_is_written_when_it_is_back() {
    let server: &'static Server = Box::leak(Box::new(Server::start()));
    let app = App::on(server, &[]).await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    admin.joins("web-1", &["orders"]).await.expect(200);
    admin.joins("web-2", &["orders"]).await.expect(200);
    let closed_meanwhile = app.opens(admin, "web-2").await;
    server.pause();
    until("the node notices", async || admin.get("/readyz").await.ok()["writes"] == false).await;
    let stream = app.opens(admin, "web-1").await;
    drop(closed_meanwhile);
    admin.joins("web-1", &["orders"]).await.problem(503, "unavailable");
    admin.tells("web-1", &[(1, "applied")]).await.problem(503, "unavailable");
    server.resume();
    until("the node is back", async || admin.get("/readyz").await.ok()["writes"] == true).await;
    until("it is live", async || admin.get(&path("web-1")).await.json::<Value>()["presence"] == "live").await;
    until("it is late", async || admin.get(&path("web-2")).await.json::<Value>()["presence"] == "late").await;
    drop(stream);
    app.finish().await;
}

#[tokio::test]
async fn the_metrics_count_instances_by_how_they_stand() {
    let (app, revision) = shop().await;
    let admin = app.admin();
    admin.joins("web-1", &["orders"]).await.expect(200);
    let stream = app.opens(admin, "web-1").await;
    admin.tells("web-1", &[(revision, "applied")]).await.expect(204);
    admin.publish(&[put("dev/orders/a.txt", "b")]).await.expect(200);
    let behind = "pintle_instances{env=\"dev\",namespace=\"orders\",state=\"behind\"} 1\n";
    until("it is counted", async || admin.get("/metrics").await.text().contains(behind)).await;
    drop(stream);
    app.finish().await;
}

#[tokio::test]
async fn who_follows_the_instances_hears_of_what_they_say_and_of_what_they_miss() {
    let (app, revision) = shop().await;
    let admin = app.admin();
    let service = &app.node().node.app.service;
    let caller = service.authenticate(&admin.token, Peer::default()).unwrap();
    let dev = EnvironmentName::parse("dev").unwrap();
    let permit = service.may_see_instances(&caller, &dev).unwrap();
    let since = async |marker| {
        let (marker, changed) = service.instances_since(&permit, &dev, marker).await.unwrap();
        let words = changed.iter().map(|it| format!("{} {}", it.instance.id, it.condition.as_str()));
        (marker, words.collect::<Vec<_>>())
    };
    admin.joins("a", &["orders"]).await.expect(200);
    admin.joins("b", &["web"]).await.expect(200);
    let (_, all) = since(FeedMarker::default()).await;
    assert_eq!(all.len(), 2, "{all:?}");
    admin.tells("a", &[(revision, "applied")]).await.expect(204);
    let mut connection = app.database.connect().await;
    let old = "UPDATE instances SET updated_at = now() - interval '1 hour'";
    let (marker, _) = since(FeedMarker::default()).await;
    sqlx::query(old).execute(&mut connection).await.unwrap();
    assert_eq!(since(marker).await.1, Vec::<String>::new());
    admin.write("dev/orders/a.txt", "b").await.expect(200);
    assert_eq!(since(marker).await.1, ["a behind"]);
    admin.tells("a", &[(revision + 1, "rejected")]).await.expect(204);
    assert_eq!(since(marker).await.1, ["a rejected"]);
    admin.delete(&path("b")).await.expect(204);
    let (marker, mut changed) = since(marker).await;
    changed.sort();
    assert_eq!(changed, ["a rejected", "b unknown"]);
    sqlx::query(old).execute(&mut connection).await.unwrap();
    assert_eq!(since(marker).await.1, Vec::<String>::new());
    app.finish().await;
}

#[tokio::test]
async fn many_instances_report_at_once_to_two_nodes() {
    let (mut app, first) = shop().await;
    let admin = app.admin().clone();
    let callers = [admin.clone(), app.second_node().await];
    let fleet = (0..200).map(|number| (&callers[number % 2], format!("web-{number:03}/orders")));
    let joins = fleet.clone().map(async |(caller, id)| caller.joins(&id, &["orders"]).await.expect(200));
    futures_util::future::join_all(joins).await;
    let revision = admin.write("dev/orders/a.txt", "b").await.revision();
    // Each through the other node than before, and all of them twice.
    let receipts = [(first, "applied"), (revision, "delivered"), (revision, "applied")];
    let tells = fleet.clone().chain(fleet).zip(callers.iter().rev().cycle());
    let tells = tells.map(async |((_, id), caller)| caller.tells(&id, &receipts).await.expect(204));
    futures_util::future::join_all(tells).await;
    let view = admin.receipts_of(revision).await;
    assert_eq!((&view["counted"], &view["applied"]), (&json!(200), &json!(200)));
    assert_eq!(app.database.number("SELECT count(*) FROM receipts WHERE stage = 'delivered'").await, 200);
    app.finish().await;
}
