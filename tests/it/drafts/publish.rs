//! Publishing a draft: exactly what was reviewed, once, and then it is gone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use reqwest::Method;
use serde_json::{Value, json};

use super::{DRAFTS, edit, open, path, publish, put, see};
use crate::harness::App;
use crate::harness::actors::entry;

#[tokio::test]
async fn a_draft_becomes_one_revision_and_is_gone() {
    let mut app = App::start().await;
    let second = app.second_node().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    admin.create("dev/web").await;
    let a = admin.write("dev/orders/a.txt", "a").await.revision();
    let gone = admin.write("dev/orders/gone.txt", "g").await.revision();
    let changes =
        [put("orders/a.txt", "aa", a), put("web/new.yaml", "n: 1\n", 0), super::delete("orders/gone.txt", gone)];
    let draft = open(admin, "t", &changes).await;

    let body = json!({"base": draft["head"], "hash": draft["hash"], "dry_run": true});
    let judged: Value = admin.post(&format!("{}/publish", path(&draft)), body).await.ok();
    assert_eq!((&judged["dry_run"], &judged["changed"]), (&json!(true), &json!(3)));
    assert_eq!((admin.head().await, see(admin, &draft).await["hash"].clone()), (gone, draft["hash"].clone()));

    // Reviewed at one node, published at another.
    let published = publish(&second, &draft).await.written();
    assert_eq!((published.revision, published.changed), (gone + 1, 3));
    let revision = admin.revision(gone + 1).await;
    assert_eq!((&revision["kind"], &revision["message"]), (&json!("publish"), &json!("reviewed")));
    app.refresh().await;
    assert_eq!(admin.text("dev/orders/a.txt").await.as_deref(), Some("aa"));
    assert_eq!(admin.text("dev/web/new.yaml").await.as_deref(), Some("n: 1\n"));
    assert_eq!(admin.text("dev/orders/gone.txt").await, None);
    admin.get(&path(&draft)).await.problem(404, "not_found");
    publish(admin, &draft).await.problem(404, "not_found");

    // What is there already makes no revision, and the draft is done with, too.
    let same = open(admin, "t", &[put("orders/a.txt", "aa", gone + 1)]).await;
    assert_eq!(publish(admin, &same).await.written().changed, 0);
    admin.get(&path(&same)).await.problem(404, "not_found");
    publish(admin, &open(admin, "t", &[]).await).await.problem(422, "invalid");
    app.finish().await;
}

#[tokio::test]
async fn what_was_not_reviewed_is_not_published_and_nothing_is_lost() {
    let app = App::start().await;
    let publisher = app.publisher("*").await;
    app.admin().create("dev/orders").await;
    let a = publisher.write("dev/orders/a.txt", "one").await.revision();
    let reviewed = open(&publisher, "t", &[put("orders/a.txt", "mine", a)]).await;
    let edited = edit(&publisher, &reviewed, json!({"put": [put("orders/a.txt", "sneaked in", a)]})).await.ok();
    let moved = publish(&publisher, &reviewed).await.problem(409, "draft_moved");
    assert_eq!(moved["draft"], edited);
    assert_eq!(publisher.text("dev/orders/a.txt").await.as_deref(), Some("one"));

    // Somebody else changes the entry.
    let theirs = publisher.write("dev/orders/a.txt", "two").await.revision();
    let conflict = publish(&publisher, &edited).await.problem(409, "conflict");
    let both = &conflict["conflicts"][0];
    assert_eq!((both["expected"].as_u64(), both["current"].as_u64()), (Some(a), Some(theirs)));
    assert_eq!((&both["theirs"]["content"], &both["yours"]["content"]), (&json!("two"), &json!("sneaked in")));
    assert_eq!(see(&publisher, &edited).await["changes"][0]["content"], "sneaked in");

    // Rebased in another tab after the review: the base that was reviewed is an older one.
    let rebased = edit(&publisher, &edited, json!({"put": [put("orders/a.txt", "merged", theirs)]})).await.ok();
    let old = json!({"base": a, "hash": rebased["hash"], "message": "m"});
    let conflict = publisher.post(&format!("{}/publish", path(&rebased)), old).await.problem(409, "conflict");
    let both = &conflict["conflicts"][0];
    assert_eq!((&both["theirs"]["content"], &both["yours"]["content"]), (&json!("two"), &json!("merged")));
    let ahead = json!({"base": 1_000_000, "hash": rebased["hash"]});
    let ahead = publisher.post(&format!("{}/publish", path(&rebased)), ahead).await.problem(422, "invalid");
    assert_eq!(ahead["fields"][0]["field"], "base");

    // What does not parse may be saved, not published.
    let broken = edit(&publisher, &rebased, json!({"put": [put("orders/b.json", "{", 0)]})).await.ok();
    let refused = publish(&publisher, &broken).await.problem(422, "invalid_content");
    assert_eq!(refused["fields"][0]["field"], "changes[1].content");
    let mended = edit(&publisher, &broken, json!({"put": [put("orders/b.json", "{}", 0)]})).await.ok();
    publish(&publisher, &mended).await.expect(200);
    assert_eq!(publisher.text("dev/orders/a.txt").await.as_deref(), Some("merged"));
    app.finish().await;
}

#[tokio::test]
async fn a_publish_with_its_key_happens_once_also_when_the_draft_is_gone() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    let draft = open(admin, "t", &[put("orders/a.txt", "a", 0)]).await;
    let body = json!({"base": draft["head"], "hash": draft["hash"], "message": "m"});
    let send = async |body: &Value| {
        let path = format!("{}/publish", path(&draft));
        admin.call(Method::POST, &path, |request| request.header("idempotency-key", "once").json(body)).await
    };
    let (one, two) = tokio::join!(send(&body), send(&body));
    let (one, two) = (one.written(), two.written());
    assert_eq!(one.revision, two.revision);
    assert_ne!(one.replayed, two.replayed);
    assert!(send(&body).await.written().replayed);
    let mut other = body.clone();
    other["message"] = "another".into();
    send(&other).await.problem(409, "idempotency_key_reused");
    app.finish().await;
}

#[tokio::test]
async fn two_publishes_of_one_draft_are_one() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    for round in 0..10 {
        let draft = open(admin, "t", &[put(&format!("orders/{round}.txt"), "x", 0)]).await;
        let (one, two) = tokio::join!(publish(admin, &draft), publish(admin, &draft));
        let mut statuses = [one.status, two.status];
        statuses.sort_unstable();
        assert!(matches!(statuses, [200, 404 | 409]), "{} {}", one.text(), two.text());
    }
    assert_eq!(admin.head().await, 12, "2 for the places, 10 for the drafts");
    app.finish().await;
}

#[tokio::test]
async fn an_edit_that_races_a_publish_is_never_published_unseen() {
    let mut app = App::start().await;
    let second = app.second_node().await;
    let admin = app.admin().clone();
    admin.create("dev/orders").await;
    app.refresh().await;
    let (mut published, mut moved) = (0, 0);
    for round in 0..60 {
        let key = format!("orders/{round}.txt");
        let draft = open(&admin, "t", &[put(&key, "seen", 0)]).await;
        // Somebody types at another node while somebody else presses the button.
        let stop = Arc::new(AtomicBool::new(false));
        let typing = async {
            let (mut seen, mut number) = (draft.clone(), 0);
            for _ in 0..round % 4 * 20 {
                tokio::task::yield_now().await;
            }
            while !stop.load(Ordering::Relaxed) {
                number += 1;
                let edited = edit(&second, &seen, json!({"put": [put(&key, &format!("unseen {number}"), 0)]})).await;
                if edited.status != 200 {
                    assert!(matches!(edited.status, 404 | 412), "{}", edited.text());
                    break;
                }
                seen = edited.json();
            }
        };
        let pressing = async {
            for _ in 0..round % 3 {
                tokio::task::yield_now().await;
            }
            let answer = publish(&admin, &draft).await;
            stop.store(true, Ordering::Relaxed);
            answer
        };
        let (answer, ()) = tokio::join!(pressing, typing);
        let text = admin.text(&format!("dev/{key}")).await;
        match answer.status {
            200 => {
                published += 1;
                assert_eq!(text.as_deref(), Some("seen"), "round {round}");
                admin.get(&path(&draft)).await.problem(404, "not_found");
            }
            409 => {
                moved += 1;
                answer.problem(409, "draft_moved");
                assert_eq!(text, None, "round {round}");
                assert!(see(&admin, &draft).await["changes"][0]["content"].as_str().unwrap().starts_with("unseen"));
            }
            _ => panic!("{}", answer.text()),
        }
    }
    assert!(published > 0 && moved > 0, "the race went one way only: {published} published, {moved} moved");
    app.finish().await;
}

#[tokio::test]
async fn the_statement_that_commits_compares_the_hash_itself() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    let draft = open(admin, "t", &[put("orders/a.txt", "seen", 0)]).await;
    // An edit that no node knows of holds the draft, so that the publish passes every check but the last.
    let mut connection = app.database.connect().await;
    let mut edit = sqlx::Connection::begin(&mut connection).await.unwrap();
    sqlx::query("UPDATE drafts SET hash = sha256('edited')").execute(&mut *edit).await.unwrap();
    let other = open(admin, "other", &[put("orders/b.txt", "b", 0)]).await;
    let waits = async {
        // The publish that waits for the draft says so by its lock.
        let mut watcher = app.database.connect().await;
        let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'";
        while sqlx::query_scalar::<_, i64>(waiting).fetch_one(&mut watcher).await.unwrap() == 0 {
            tokio::task::yield_now().await;
        }
        edit.commit().await.unwrap();
        sqlx::Connection::close(watcher).await.unwrap();
    };
    let (refused, beside, ()) = tokio::join!(publish(admin, &draft), publish(admin, &other), waits);
    assert_eq!(refused.status, 409, "{}", refused.text());
    assert_eq!(refused.json::<Value>()["code"], "draft_moved");
    beside.expect(200);
    assert_eq!(admin.get(&entry("dev/orders/a.txt")).await.status, 404);
    assert_eq!(admin.text("dev/orders/b.txt").await.as_deref(), Some("b"));
    // Of a draft that somebody changed past the server nothing is published either.
    let hash = hex::encode(<sha2::Sha256 as sha2::Digest>::digest("edited"));
    let body = json!({"base": draft["head"], "hash": hash});
    assert_eq!(admin.post(&format!("{}/publish", path(&draft)), body).await.status, 500);
    sqlx::Connection::close(connection).await.unwrap();
    assert_eq!(super::listed(admin, "").await.len(), 1, "{DRAFTS}");
    app.finish_with_errors().await;
}

#[tokio::test]
async fn rules_of_a_publish_hold_for_drafts() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create_protected("prod").await;
    admin.put("/api/v1/environments/prod/namespaces/orders", json!({"message": "m"})).await.expect(200);
    let body = json!({"env": "prod", "namespace": "orders", "changes": [put("orders/a.txt", "a", 0)]});
    let draft: Value = admin.post(DRAFTS, body).await.expect(201).json();
    let silent = json!({"base": draft["head"], "hash": draft["hash"]});
    admin.post(&format!("{}/publish", path(&draft)), silent).await.problem(422, "message_required");
    let freeze = async |method: Method| {
        let reason = json!({"reason": "cold"});
        let with = |request: reqwest::RequestBuilder| request.header("x-message", "m").json(&reason);
        admin.call(method, "/api/v1/environments/prod/freeze", with).await.expect(200);
    };
    freeze(Method::PUT).await;
    publish(admin, &see(admin, &draft).await).await.problem(423, "frozen");
    freeze(Method::DELETE).await;
    let body = json!({"base": admin.head().await, "hash": draft["hash"], "message": "m", "force": true});
    let done = admin.post(&format!("{}/publish", path(&draft)), body).await.revision();
    assert_eq!(admin.revision(done).await["forced"], true);
    app.finish().await;
}
