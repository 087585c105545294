//! Who sees a draft, edits it and publishes it.

use serde_json::{Value, json};

use super::{DRAFTS, edit, listed, open, path, publish, put, see};
use crate::harness::App;

#[tokio::test]
async fn a_private_draft_does_not_exist_for_others_and_a_shared_one_for_those_who_may_edit_all_of_it() {
    let app = App::start().await;
    app.admin().create("dev/orders").await;
    app.admin().create("dev/web").await;
    let edith = app.user("edith", &[("editor", "*", "*", "")]).await;
    let otto = app.user("otto", &[("editor", "*", "*", "")]).await;
    let narrow = app.user("nina", &[("editor", "*", "orders", "")]).await;
    let prefixed = app.user("pia", &[("editor", "*", "orders", "a/")]).await;
    let viewer = app.viewer("*").await;
    let draft = open(&edith, "t", &[put("orders/a/x.txt", "x", 0)]).await;
    for actor in [&otto, &narrow, &viewer, app.admin()] {
        let hidden = actor.get(&path(&draft)).await.problem(404, "not_found");
        assert_eq!(hidden["detail"], format!("draft {} does not exist", draft["id"].as_str().unwrap()));
        assert_eq!(listed(actor, "").await, Vec::<String>::new(), "{}", actor.name);
        edit(actor, &draft, json!({})).await.problem(404, "not_found");
        actor.delete(&path(&draft)).await.problem(404, "not_found");
        publish(actor, &draft).await.problem(404, "not_found");
    }

    let shared = edit(&edith, &draft, json!({"shared": true})).await.ok();
    for actor in [&otto, &narrow, &prefixed, app.admin()] {
        assert_eq!(see(actor, &draft).await, shared, "{}", actor.name);
        assert_eq!(listed(actor, "").await.len(), 1);
    }
    viewer.get(&path(&draft)).await.problem(404, "not_found");
    assert_eq!(listed(&viewer, "").await, Vec::<String>::new());
    // Others edit it, as far as they may; whether they see it is for its owner to say.
    let edited = edit(&prefixed, &shared, json!({"put": [put("orders/a/x.txt", "y", 0)]})).await.ok();
    edit(&prefixed, &edited, json!({"put": [put("orders/b.txt", "y", 0)]})).await.problem(404, "not_found");
    edit(&narrow, &edited, json!({"put": [put("web/b.txt", "y", 0)]})).await.problem(404, "not_found");
    let refused = edit(&otto, &edited, json!({"shared": false})).await.problem(422, "invalid");
    assert_eq!(refused["fields"][0]["field"], "shared");

    // With a change of another namespace it is nothing any more for who has no right there.
    let wider = edit(&otto, &edited, json!({"put": [put("web/b.txt", "b", 0)]})).await.ok();
    narrow.get(&path(&draft)).await.problem(404, "not_found");
    assert_eq!(listed(&narrow, "").await, Vec::<String>::new());
    publish(&otto, &wider).await.problem(403, "denied");
    let publisher = app.publisher("*").await;
    let done = publish(&publisher, &see(&publisher, &draft).await).await.revision();
    assert_eq!(publisher.revision(done).await["actor"], "paul");
    app.finish().await;
}

#[tokio::test]
async fn who_may_only_read_opens_no_draft_and_who_may_not_is_told_nothing() {
    let app = App::start().await;
    app.admin().create("dev/orders").await;
    app.admin().create("dev/web").await;
    let body = json!({"env": "dev", "namespace": "orders"});
    app.viewer("*").await.post(DRAFTS, body.clone()).await.problem(403, "denied");
    app.stranger().await.post(DRAFTS, body.clone()).await.problem(404, "not_found");
    let narrow = app.user("nina", &[("editor", "*", "orders", ""), ("viewer", "*", "web", "")]).await;
    let mut beyond = body.clone();
    beyond["changes"] = json!([put("web/a.txt", "a", 0)]);
    narrow.post(DRAFTS, beyond).await.problem(403, "denied");
    narrow.post(DRAFTS, body).await.expect(201);
    app.finish().await;
}

#[tokio::test]
async fn what_its_owner_lost_the_right_to_is_neither_shown_nor_published() {
    let app = App::start().await;
    app.admin().create("dev/orders").await;
    app.admin().create("dev/web").await;
    let paul = app.user("paul", &[("publisher", "*", "orders", ""), ("publisher", "*", "web", "")]).await;
    let draft = open(&paul, "t", &[put("orders/a.txt", "a", 0), put("web/w.txt", "w", 0)]).await;
    app.revoke("paul", "web").await;
    let left = see(&paul, &draft).await;
    assert_eq!((left["changes"].as_array().unwrap().len(), &left["withheld"]), (1, &json!(1)));
    assert_eq!(left["changes"][0]["namespace"], "orders");
    publish(&paul, &left).await.problem(404, "not_found");
    assert_eq!(paul.text("dev/orders/a.txt").await, None);
    // It may take back that it wanted to change it.
    let rest = edit(&paul, &left, json!({"drop": [{"namespace": "web", "key": "w.txt"}]})).await.ok();
    app.revoke("paul", "orders").await;
    paul.get(&path(&draft)).await.problem(404, "not_found");
    assert_eq!(listed(&paul, "").await, Vec::<String>::new());
    app.grant("paul", ("publisher", "*", "orders", "")).await;
    publish(&paul, &rest).await.expect(200);
    app.finish().await;
}

#[tokio::test]
async fn a_token_sees_what_its_scope_covers() {
    let app = App::start().await;
    app.admin().create("dev/orders").await;
    app.admin().create("dev/web").await;
    let paul = app.publisher("*").await;
    let draft = open(&paul, "t", &[put("orders/a.txt", "a", 0)]).await;
    let elsewhere = app.scoped(&paul, &[("publisher", "dev", "web", "")]).await.0;
    elsewhere.get(&path(&draft)).await.problem(404, "not_found");
    assert_eq!(listed(&elsewhere, "").await, Vec::<String>::new());
    let editing = app.scoped(&paul, &[("editor", "dev", "orders", "")]).await.0;
    let seen: Value = see(&editing, &draft).await;
    publish(&editing, &seen).await.problem(403, "denied");
    app.finish().await;
}
