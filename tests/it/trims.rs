//! Trimming: what stays readable, what is gone, and what remains of the contents, against a model that forgets nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use pintle::domain::audit::Who;
use pintle::domain::revisions::Revision;
use pintle::store;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use sqlx::Connection as _;
use tokio::time::Instant;

use crate::harness::{Actor, Answer, App, delete, put};

const KEYS: [&str; 4] = ["a", "b", "c", "d"];
const CONTENTS: [&str; 8] = ["", "1", "2", "3", "4", "5", "6", "7"];
/// Nothing here takes longer.
const SOON: Duration = Duration::from_secs(20);

#[derive(Debug, Clone)]
enum Step {
    Publish(Vec<(&'static str, Option<&'static str>)>),
    Rollback(Index),
    Pin(Index),
    Unpin(Index),
    Trim(Index),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let change = (select(&KEYS[..]), prop::option::weighted(0.8, select(&CONTENTS[..])));
    let changes = prop::collection::btree_map(select(&KEYS[..]), change.prop_map(|(_, content)| content), 1..4);
    let step = prop_oneof![
        12 => changes.prop_map(|changes| Step::Publish(changes.into_iter().collect())),
        2 => any::<Index>().prop_map(Step::Rollback),
        4 => any::<Index>().prop_map(Step::Pin),
        2 => any::<Index>().prop_map(Step::Unpin),
        3 => any::<Index>().prop_map(Step::Trim),
    ];
    prop::collection::vec(step, 40)
}

/// All states that the namespace ever had, by revision.
struct Model {
    states: Vec<BTreeMap<String, String>>,
    floor: usize,
    pins: BTreeSet<usize>,
}

impl Model {
    fn head(&self) -> usize {
        self.states.len() - 1
    }

    fn readable(&self, revision: usize) -> bool {
        revision >= self.floor || self.pins.contains(&revision)
    }

    /// The contents of all states that can be read.
    fn contents(&self) -> BTreeSet<String> {
        let readable = (0..=self.head()).filter(|revision| self.readable(*revision));
        readable.flat_map(|revision| self.states[revision].values().cloned()).collect()
    }
}

/// Makes what was announced due at once, and waits until nothing is left to do.
async fn settled(app: &App) {
    let mut connection = app.database.connect().await;
    let until = Instant::now() + SOON;
    loop {
        sqlx::query("UPDATE trims SET announced_at = announced_at - interval '1 minute'")
            .execute(&mut connection)
            .await
            .unwrap();
        let trim = store::find_trim(&mut connection, Duration::ZERO).await.unwrap();
        if trim.sweep.is_none() && trim.floor == trim.next_floor {
            app.node().refresh().await;
            return;
        }
        assert!(Instant::now() < until, "{trim:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn contents(app: &App) -> BTreeSet<String> {
    let bodies: Vec<Vec<u8>> =
        sqlx::query_scalar("SELECT body FROM contents").fetch_all(&mut app.database.connect().await).await.unwrap();
    bodies.into_iter().map(|body| String::from_utf8(body).unwrap()).collect()
}

async fn list(actor: &Actor, revision: usize) -> Answer {
    let path = "/api/v1/environments/dev/namespaces/orders/entries";
    actor.get(&format!("{path}?content=true&at={revision}")).await
}

fn texts(list: &Value) -> BTreeMap<String, String> {
    let entries = list["entries"].as_array().unwrap().iter();
    entries
        .map(|entry| (entry["key"].as_str().unwrap().to_owned(), entry["content"].as_str().unwrap_or("").to_owned()))
        .collect()
}

async fn compare(app: &App, model: &Model) {
    assert_eq!(contents(app).await, model.contents(), "floor {} pins {:?}", model.floor, model.pins);
    for (revision, state) in model.states.iter().enumerate().skip(2) {
        let answer = list(app.admin(), revision).await;
        if model.readable(revision) {
            assert_eq!(&texts(&answer.ok()), state, "at {revision}");
        } else {
            assert_eq!(answer.problem(410, "compacted")["lowest"], model.floor, "at {revision}");
        }
        let shown = app.admin().revision(u64::try_from(revision).unwrap()).await;
        assert_eq!(shown["compacted"] == true, revision <= model.floor, "{shown}");
        assert_eq!(shown["pin"].is_object(), model.pins.contains(&revision), "{shown}");
    }
}

async fn live(life: Vec<Step>) {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    let mut model = Model { states: vec![BTreeMap::new(); 3], floor: 0, pins: BTreeSet::new() };
    for step in life {
        let head = model.head();
        match step {
            Step::Publish(changes) => {
                let mut next = model.states[head].clone();
                let mut sent = Vec::new();
                for (key, content) in changes {
                    let address = format!("dev/orders/{key}");
                    match content {
                        Some(content) => {
                            next.insert(key.to_owned(), content.to_owned());
                            sent.push(put(&address, content));
                        }
                        None if next.remove(key).is_some() => sent.push(delete(&address)),
                        None => {}
                    }
                }
                if !sent.is_empty() && admin.publish(&sent).await.written().changed > 0 {
                    model.states.push(next);
                }
            }
            Step::Rollback(to) => {
                let to = to.index(head - 1) + 2;
                let answer = admin.roll_back(json!({"env": "dev", "namespace": "orders", "to": to})).await;
                if !model.readable(to) {
                    answer.problem(410, "compacted");
                } else if answer.written().changed > 0 {
                    model.states.push(model.states[to].clone());
                }
            }
            Step::Pin(at) => {
                let at = at.index(head) + 1;
                let answer = admin.put(&format!("/api/v1/revisions/{at}/pin"), json!({"reason": "r"})).await;
                if model.readable(at) {
                    answer.expect(200);
                    model.pins.insert(at);
                } else {
                    answer.problem(410, "compacted");
                }
            }
            Step::Unpin(at) => {
                let Some(at) = model.pins.iter().nth(at.index(model.pins.len().max(1))).copied() else { continue };
                admin.delete(&format!("/api/v1/revisions/{at}/pin")).await.expect(204);
                model.pins.remove(&at);
                settled(&app).await;
            }
            Step::Trim(below) => {
                let below = below.index(head) + 1;
                let would = admin.post("/api/v1/trim", json!({"below": below, "dry_run": true})).await.ok();
                let did = admin.post("/api/v1/trim", json!({"below": below})).await.ok();
                assert_eq!((&would["floor"], &would["bytes"]), (&did["floor"], &did["bytes"]));
                assert_eq!(did["floor_before"], model.floor);
                let before: usize = contents(&app).await.iter().map(String::len).sum();
                settled(&app).await;
                model.floor = model.floor.max(below);
                assert_eq!(did["floor"], model.floor);
                let after: usize = contents(&app).await.iter().map(String::len).sum();
                assert_eq!(did["bytes"], before - after, "what was said would go, went");
                compare(&app, &model).await;
            }
        }
    }
    settled(&app).await;
    compare(&app, &model).await;
    app.finish().await;
}

#[test]
fn what_may_be_read_is_as_it_was_and_only_what_that_needs_remains() {
    let config = Config { cases: 3, failure_persistence: None, max_shrink_iters: 30, ..Config::default() };
    let run = |life: Vec<Step>| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(live(life));
        Ok(())
    };
    TestRunner::new(config).run(&steps(), run).unwrap_or_else(|error| panic!("{error}"));
}

/// dev, dev/orders, then a = 1 to 6 in revisions 3 to 8.
async fn filled() -> App {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    for content in 1..=6 {
        admin.write("dev/orders/a", content.to_string()).await.expect(200);
    }
    app
}

#[tokio::test]
async fn a_floor_is_announced_three_seconds_before_anything_goes() {
    let app = filled().await;
    let admin = app.admin();
    let asked = Instant::now();
    let said = admin.post("/api/v1/trim", json!({"keep": 2})).await.ok();
    assert_eq!(said, json!({"floor_before": 0, "floor": 7, "revisions": 6, "bytes": 4, "dry_run": false}));
    let bounds = app.node().node.app.service.view.state().bounds;
    assert_eq!((bounds.floor, bounds.next_floor), (Revision(0), Revision(7)));
    while app.node().node.app.service.view.state().bounds.floor == Revision(0) {
        assert!(asked.elapsed() < SOON);
        let answer = admin.read("dev/orders/a", "?at=4").await;
        assert!(answer.status == 200 || asked.elapsed() >= Duration::from_secs(3), "{answer:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(asked.elapsed() >= Duration::from_secs(3), "{:?}", asked.elapsed());
    settled(&app).await;
    assert_eq!(app.database.number("SELECT count(*) FROM contents").await, 2);
    app.finish().await;
}

#[tokio::test]
async fn whatever_needs_a_trimmed_revision_says_what_is_the_lowest() {
    let app = filled().await;
    let admin = app.admin();
    let then = admin.revision(4).await["at"].as_str().unwrap().to_owned();
    admin.post("/api/v1/trim", json!({"below": 7})).await.expect(200);
    settled(&app).await;
    for at in ["4", "0", &then] {
        let problem = admin.read("dev/orders/a", &format!("?at={at}")).await.problem(410, "compacted");
        assert_eq!(problem["lowest"], 7, "{at}");
    }
    for query in ["env=dev&from=4", "env=dev&from=8&to=4", "env=dev&namespace=orders&from=6"] {
        assert_eq!(admin.get(&format!("/api/v1/diff?{query}")).await.problem(410, "compacted")["lowest"], 7);
    }
    for (body, lowest) in [
        (json!({"env": "dev", "namespace": "orders", "to": 6}), 7),
        (json!({"env": "dev", "namespace": "orders", "to": 6, "dry_run": true}), 7),
        (json!({"revert": 4}), 8),
        (json!({"revert": 7}), 8),
    ] {
        assert_eq!(admin.roll_back(body).await.problem(410, "compacted")["lowest"], lowest);
    }
    admin.put("/api/v1/revisions/6/pin", json!({"reason": "r"})).await.problem(410, "compacted");
    admin.roll_back(json!({"env": "dev", "namespace": "orders", "to": 7})).await.expect(200);
    admin.roll_back(json!({"revert": 8})).await.expect(200);

    let all = admin.get("/api/v1/revisions").await.ok();
    assert_eq!(all["revisions"].as_array().unwrap().len(), 9, "the history stays whole");
    let gone = admin.revision(4).await;
    assert_eq!((&gone["compacted"], &gone["actor"], &gone["changed"]), (&json!(true), &json!("admin"), &json!(1)));
    let change = &gone["changes"][0];
    assert!(change["hash"].is_string() && change["diff"].is_null() && change["size"].is_null(), "{gone}");
    let whole = admin.revision(8).await;
    let diff = whole["changes"][0]["diff"]["unified"].as_str().unwrap();
    assert!(diff.contains("-5") && diff.contains("+6"), "{diff}");
    app.finish().await;
}

#[tokio::test]
async fn a_content_that_is_published_again_during_the_sweep_stays() {
    let app = filled().await;
    let mut connection = app.database.connect().await;
    assert!(store::announce_floor(&mut connection, Revision(8), &Who::system()).await.unwrap());
    assert!(store::raise_floor(&mut connection, Duration::ZERO).await.unwrap());
    // The nodes find nothing to do meanwhile.
    sqlx::query("UPDATE trims SET sweeping = false, turn = 99, swept = ''").execute(&mut connection).await.unwrap();
    sqlx::query(
        "INSERT INTO contents (hash, body) SELECT sha256(b), b FROM unnest(ARRAY['1', '2']::bytea[]) b
                 ON CONFLICT DO NOTHING",
    )
    .execute(&mut connection)
    .await
    .unwrap();
    let page = store::survey(&mut connection, Revision(8), &[]).await.unwrap();
    assert!(page.idle.len() >= 2, "{page:?}");
    app.admin().write("dev/orders/b", "1").await.expect(200);

    let mut tx = connection.begin().await.unwrap();
    sqlx::query("UPDATE trims SET sweeping = true").execute(&mut *tx).await.unwrap();
    let sweep = store::find_trim(&mut tx, Duration::ZERO).await.unwrap().sweep.unwrap();
    assert!(store::sweep(&mut tx, Revision(8), &sweep, &page).await.unwrap());
    assert!(!store::sweep(&mut tx, Revision(8), &sweep, &page).await.unwrap(), "a step is done once");
    tx.commit().await.unwrap();
    assert_eq!(contents(&app).await, BTreeSet::from(["1", "6"].map(str::to_owned)));
    assert_eq!(app.admin().text_at("dev/orders/b", "?at=9").await.as_deref(), Some("1"));
    app.finish().await;
}

#[tokio::test]
async fn another_node_goes_on_where_one_died_at_any_step() {
    let mut app = filled().await;
    let mut connection = app.database.connect().await;
    for (floor, dies) in [(4, "announced"), (5, "raised"), (6, "sweeping")] {
        // What a node leaves behind that died right after this step.
        let mut tx = connection.begin().await.unwrap();
        assert!(store::announce_floor(&mut tx, Revision(floor), &Who::system()).await.unwrap());
        if dies != "announced" {
            assert!(store::raise_floor(&mut tx, Duration::ZERO).await.unwrap());
        }
        if dies == "sweeping" {
            sqlx::query("UPDATE trims SET swept = decode('00', 'hex')").execute(&mut *tx).await.unwrap();
        }
        tx.commit().await.unwrap();
        if dies == "sweeping" {
            app.second_node().await;
        }
        settled(&app).await;
        assert_eq!(contents(&app).await.len(), usize::try_from(9 - floor).unwrap(), "{dies}");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_node_that_slept_through_a_trim_loads_anew_and_goes_on() {
    let mut app = filled().await;
    let other = app.second_node().await;
    let mut connection = app.database.connect().await;
    // One transaction, so that the nodes see all of it at once: revisions whose contents are gone already.
    let mut tx = connection.begin().await.unwrap();
    for (statement, revision) in [
        ("INSERT INTO revisions SELECT $1, epoch, gen_random_uuid(), at, 'admin', '', 'publish', '', '{}' FROM head", 9),
        ("INSERT INTO changes (revision, ordinal, item, environment, namespace, key, deleted, format, hash, previous)
          VALUES ($1, 0, 'entry', 'dev', 'orders', 'a', false, 'text', sha256('gone'), 8)", 9),
        ("INSERT INTO revisions SELECT $1, epoch, gen_random_uuid(), at, 'admin', '', 'publish', '', '{}' FROM head", 10),
        ("INSERT INTO changes (revision, ordinal, item, environment, namespace, key, deleted, format, hash, previous)
          SELECT $1, 0, 'entry', 'dev', 'orders', 'a', false, 'text', hash, 9 FROM contents WHERE body = '1'", 10),
        ("UPDATE head SET revision = $1, floor = $1, next_floor = $1", 10),
    ] {
        sqlx::query(statement).bind(revision).execute(&mut *tx).await.unwrap();
    }
    tx.commit().await.unwrap();
    for actor in [app.admin(), &other] {
        let answer = actor.get("/api/v1/environments/dev/namespaces/orders/entries?content=true&min_revision=10").await;
        assert_eq!(texts(&answer.ok()), BTreeMap::from([("a".to_owned(), "1".to_owned())]));
    }
    assert_eq!(app.admin().write("dev/orders/a", "2").await.revision(), 11);
    app.finish().await;
}

#[tokio::test]
async fn the_settings_trim_by_count_and_by_age() {
    for (flags, left) in [(["--history-max-revisions", "2"], 2), (["--history-max-age", "0s"], 1)] {
        let app = filled().await;
        let flags: Vec<&str> = flags.to_vec();
        let node = crate::harness::Running::start(&app.database, &flags).await;
        let until = Instant::now() + SOON;
        while store::find_trim(&mut app.database.connect().await, Duration::ZERO).await.unwrap().next_floor.0 == 0 {
            assert!(Instant::now() < until, "{flags:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        settled(&app).await;
        assert_eq!(contents(&app).await.len(), left, "{flags:?}");
        node.finish().await;
        app.finish().await;
    }
}

#[tokio::test]
async fn a_trim_says_what_is_wrong_with_it() {
    let app = filled().await;
    let admin = app.admin();
    for (body, field) in [
        (json!({}), "keep"),
        (json!({"keep": 0}), "keep"),
        (json!({"keep": 1, "below": 1}), "keep"),
        (json!({"below": 9}), "below"),
        (json!({"older_than_seconds": 9_999_999_999_u64}), "older_than_seconds"),
    ] {
        let problem = admin.post("/api/v1/trim", body).await.problem(422, "invalid");
        assert_eq!(problem["fields"][0]["field"], field);
    }
    let idle = admin.post("/api/v1/trim", json!({"older_than_seconds": 3600})).await.ok();
    assert_eq!((&idle["floor"], &idle["revisions"], &idle["bytes"]), (&json!(0), &json!(0), &json!(0)));
    let problem = admin.put("/api/v1/revisions/8/pin", json!({"reason": " "})).await.problem(422, "invalid");
    assert_eq!(problem["fields"][0]["field"], "reason");
    admin.put("/api/v1/revisions/9/pin", json!({"reason": "r"})).await.problem(404, "not_found");
    admin.delete("/api/v1/revisions/8/pin").await.problem(404, "not_found");
    admin.put("/api/v1/revisions/8/pin", json!({"reason": "audit"})).await.expect(200);
    admin.put("/api/v1/revisions/8/pin", json!({"reason": "audit 2026"})).await.expect(200);
    let pins = admin.get("/api/v1/pins").await.ok();
    assert_eq!((&pins["pins"][0]["revision"], &pins["pins"][0]["reason"]), (&json!(8), &json!("audit 2026")));
    app.finish().await;
}
