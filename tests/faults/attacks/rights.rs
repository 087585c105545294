//! Reaching what one has no right to, and finding out that it is there.

use reqwest::Method;
use serde_json::{Value, json};

use super::suite::Suite;
use super::world::{World, hides, refused, text};
use crate::support::{BOUND, Tested, ensure, eventually};

const ORDERS: &str = "/api/v1/environments/dev/namespaces/orders";
const PAYMENTS: &str = "/api/v1/environments/dev/namespaces/payments";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_reaches_beyond_their_rights() -> Tested {
    let mut suite = Suite::new().await?;
    names_and_lists(&mut suite).await;
    writes(&mut suite).await;
    grants(&mut suite).await;
    streams(&mut suite).await;
    suite.finish().await
}

async fn names_and_lists(suite: &mut Suite) {
    suite
        .case("Z43", "numbers and ids of others", async |w| {
            let (_, viewer) = w.user(&[("viewer", "orders")]).await?;
            let secret = w.admin.post_json("/api/v1/publish", &change("payments", "hidden.txt", "hidden")).await?;
            let revision = secret.revision;
            refused(&viewer.get(&format!("/api/v1/revisions/{revision}")).await?, &[404])?;
            refused(&viewer.get(&format!("/api/v1/revisions/{revision}/receipts")).await?, &[404])?;
            let tokens: Value = w.admin.get_json("/api/v1/tokens").await?;
            let id = text(&tokens["tokens"][0], "id")?.to_owned();
            refused(&viewer.call(Method::DELETE, &format!("/api/v1/tokens/{id}"), None, None).await?, &[403, 404])
        })
        .await;
    suite
        .case("Z44", "foreign names in lists", async |w| {
            let (_, viewer) = w.user(&[("viewer", "orders")]).await?;
            for path in [
                "/api/v1/environments/dev/namespaces",
                "/api/v1/revisions?limit=100",
                "/api/v1/environments/dev/instances",
            ] {
                hides(&viewer.get(path).await?.expect(200)?.text(), "payments")?;
            }
            Ok(())
        })
        .await;
    suite
        .case("Z45", "a tag or 304 that tells of hidden entries", async |w| {
            let (_, viewer) = w.user(&[("viewer", "orders")]).await?;
            let bearer = format!("Bearer {}", viewer.token);
            let mut answers = Vec::new();
            for path in [format!("{PAYMENTS}/entries/a.txt"), format!("{PAYMENTS}/entries/none.txt")] {
                let headers = [("authorization", bearer.as_str()), ("if-none-match", "*")];
                let (status, headers, body) = w.send(Method::GET, &path, &headers, None).await?;
                ensure(headers.get("etag").is_none(), || "a tag".to_owned())?;
                answers.push((status, generic(&body, &["a.txt", "none.txt"])));
            }
            ensure(answers[0].0 == 404 && answers[0] == answers[1], || format!("{answers:?}"))
        })
        .await;
    suite
        .case("Z47", "a deletion past a prefix", async |w| {
            let name = narrow(w, "publisher", "app/").await?;
            w.admin.post_json("/api/v1/publish", &change("orders", "application.txt", "x")).await?.expect(200)?;
            let answer = name.call(Method::DELETE, &format!("{ORDERS}/entries/application.txt"), None, None).await?;
            refused(&answer, &[404])?;
            refused(&name.call(Method::DELETE, &format!("{ORDERS}?confirm=orders"), None, None).await?, &[403, 404])
        })
        .await;
    suite
        .case("Z48", "a conflict that quotes what one may not read", async |w| {
            let narrow = narrow(w, "publisher", "app/").await?;
            w.admin.post_json("/api/v1/publish", &change("orders", "other.txt", "not-for-you")).await?.expect(200)?;
            let mut body = change("orders", "other.txt", "mine");
            body["changes"][0]["if_revision"] = json!(1);
            let answer = narrow.post_json("/api/v1/publish", &body).await?;
            refused(&answer, &[404])?;
            hides(&answer.text(), "not-for-you")
        })
        .await;
    suite.case("Z50", "patterns that are more than they look", async |w| {
        let (name, _) = w.user(&[]).await?;
        for namespace in ["", "a/../b", "ORDERS", "orders/", "ord ers", "*/*", "orders\u{0}", "ｏrders", "[a-z]*", "..%2f"] {
            let grant = json!({"subject": format!("user:{name}"), "role": "viewer", "environment": "dev", "namespace": namespace});
            refused(&w.admin.post_json("/api/v1/grants", &grant).await?, &[400, 422])?;
        }
        let (_, exact) = w.user(&[("viewer", "orders")]).await?;
        w.admin.put_json("/api/v1/environments/dev/namespaces/orders.eu", json!({})).await?.expect(200)?;
        refused(&exact.get("/api/v1/environments/dev/namespaces/orders.eu").await?, &[404])
    })
    .await;
    suite
        .case("Z60", "a twin of a name in other letters", async |w| {
            let (_, viewer) = w.user(&[("viewer", "orders")]).await?;
            for twin in ["Orders", "ORDERS", "%6Frders%20", "orde%CC%81rs", "%D0%BErders", "orders%E2%80%8B"] {
                let answer = viewer.get(&format!("/api/v1/environments/dev/namespaces/{twin}")).await?;
                refused(&answer, &[400, 404, 422])?;
            }
            Ok(())
        })
        .await;
    suite
        .case("X121", "a diff and a read of the past around one's rights", async |w| {
            let (_, viewer) = w.user(&[("viewer", "orders")]).await?;
            refused(&viewer.get("/api/v1/diff?env=dev&namespace=payments&from=1").await?, &[404])?;
            let whole = viewer.get("/api/v1/diff?env=dev&from=1").await?;
            hides(&whole.text(), "payments")?;
            refused(&viewer.get(&format!("{PAYMENTS}/entries/a.txt?at=4")).await?, &[404])?;
            hides(&viewer.get("/api/v1/diff?from_env=dev&to_env=dev").await?.text(), "payments")
        })
        .await;
    suite
        .case("X122", "filters of the history that count what is hidden", async |w| {
            let (_, viewer) = w.user(&[("viewer", "orders")]).await?;
            let body: Value = viewer.get_json("/api/v1/revisions?env=dev&namespace=payments&limit=1").await?;
            ensure(
                body["revisions"].as_array().is_some_and(Vec::is_empty) && body.get("next").is_none_or(Value::is_null),
                || body.to_string(),
            )
        })
        .await;
}

async fn writes(suite: &mut Suite) {
    suite
        .case("Z46", "one forbidden item among many", async |w| {
            let (_, publisher) = w.user(&[("publisher", "orders")]).await?;
            let body = json!({"changes": [
                {"op": "put", "env": "dev", "namespace": "orders", "key": "bulk.txt", "content": "x"},
                {"op": "put", "env": "dev", "namespace": "payments", "key": "bulk.txt", "content": "x"},
            ]});
            refused(&publisher.post_json("/api/v1/publish", &body).await?, &[404])?;
            refused(&publisher.get(&format!("{ORDERS}/entries/bulk.txt")).await?, &[404])
        })
        .await;
    suite
        .case("Z53", "another environment in the body than in the path", async |w| {
            let (_, publisher) = w.user(&[("publisher", "orders")]).await?;
            let path = "/api/v1/environments/dev/instances/swap";
            let body = json!({"service": "orders", "namespaces": ["orders"], "env": "prod", "environment": "prod"});
            refused(&publisher.put_json(path, body).await?, &[400, 422])
        })
        .await;
    suite
        .case("Z59", "an export of everything by a reader", async |w| {
            let (_, viewer) = w.user(&[("viewer", "orders")]).await?;
            for path in ["/api/v1/audit?format=csv", "/api/v1/audit", "/api/v1/users", "/api/v1/lost", "/api/v1/keys"] {
                let answer = viewer.get(path).await?;
                if answer.status.is_success() {
                    hides(&answer.text(), "payments")?;
                } else {
                    refused(&answer, &[403, 404])?;
                }
            }
            Ok(())
        })
        .await;
    suite
        .case("X135", "fields that name another caller", async |w| {
            let (_, publisher) = w.user(&[("publisher", "orders")]).await?;
            for field in ["actor", "user", "caller", "role", "is_admin", "revision", "at", "kind"] {
                let mut body = change("orders", "mass.txt", "x");
                body[field] = json!("admin");
                refused(&publisher.post_json("/api/v1/publish", &body).await?, &[400, 422])?;
            }
            for field in ["kind", "user_id", "hash", "scoped", "id"] {
                refused(&publisher.post_json("/api/v1/tokens", &json!({"name": "t", field: "x"})).await?, &[400, 422])?;
            }
            Ok(())
        })
        .await;
    suite
        .case("R120", "an idempotency key of somebody else", async |w| {
            let (_, publisher) = w.user(&[("publisher", "orders")]).await?;
            let body = serde_json::to_vec(&change("orders", "once.txt", "admin's"))?;
            let first = w
                .admin
                .call(Method::POST, "/api/v1/publish", Some("one-key"), Some(body.clone()))
                .await?
                .expect(200)?;
            let body = serde_json::to_vec(&change("orders", "twice.txt", "mine"))?;
            let second =
                publisher.call(Method::POST, "/api/v1/publish", Some("one-key"), Some(body)).await?.expect(200)?;
            let (first, second): (Value, Value) = (first.json()?, second.json()?);
            ensure(first["revision"] != second["revision"], || format!("{first} {second}"))
        })
        .await;
    suite
        .case("R119", "a trim that takes the target of a rollback", async |w| {
            let kept = w.admin.post_json("/api/v1/publish", &change("orders", "kept.txt", "good")).await?.revision;
            w.admin
                .put_json(&format!("/api/v1/revisions/{kept}/pin"), json!({"reason": "target"}))
                .await?
                .expect(200)?;
            let head = w.admin.post_json("/api/v1/publish", &change("orders", "kept.txt", "bad")).await?.revision;
            w.admin.post_json("/api/v1/trim", &json!({"below": head})).await?;
            let body = json!({"env": "dev", "namespace": "orders", "keys": ["kept.txt"], "to": kept});
            w.admin.post_json("/api/v1/rollback", &body).await?.expect(200)?;
            let now = w.admin.get(&format!("{ORDERS}/entries/kept.txt?raw")).await?.text();
            ensure(now == "good", || now.clone())
        })
        .await;
}

async fn grants(suite: &mut Suite) {
    suite
        .case("Z51", "a role for oneself", async |w| {
            let (name, publisher) = w.user(&[("publisher", "orders")]).await?;
            for (subject, role) in [("user", "admin"), ("user", "secret-reader"), ("user", "viewer")] {
                let grant =
                    json!({"subject": format!("{subject}:{name}"), "role": role, "environment": "*", "namespace": "*"});
                refused(&publisher.post_json("/api/v1/grants", &grant).await?, &[403, 404])?;
            }
            refused(&publisher.put_json("/api/v1/groups/sre", json!({"members": [name]})).await?, &[403, 404])
        })
        .await;
    suite.case("X123", "a team's admin beyond its pattern", async |w| {
        let (name, lead) = w.user(&[("admin", "orders*")]).await?;
        for (environment, namespace) in [("dev", "*"), ("*", "orders"), ("dev", "payments"), ("dev", "order*")] {
            let grant = json!({"subject": format!("user:{name}"), "role": "publisher", "environment": environment, "namespace": namespace});
            refused(&lead.post_json("/api/v1/grants", &grant).await?, &[403, 404])?;
        }
        let own = json!({"subject": format!("user:{name}"), "role": "secret-reader", "environment": "dev", "namespace": "orders"});
        refused(&lead.post_json("/api/v1/grants", &own).await?, &[403])
    })
    .await;
    suite
        .case("X124", "a token with a wider scope than its owner", async |w| {
            let (_, viewer) = w.user(&[("viewer", "orders")]).await?;
            let wide = json!({"name": "wide", "scope": [{"role": "admin", "environment": "*", "namespace": "*"}]});
            let made = viewer.post_json("/api/v1/tokens", &wide).await?;
            if !made.status.is_success() {
                return refused(&made, &[403, 422]);
            }
            let wide = w.with(text(&made.json()?, "token")?);
            refused(&wide.get(&format!("{PAYMENTS}/entries/a.txt")).await?, &[404])?;
            refused(&wide.post_json("/api/v1/publish", &change("orders", "w.txt", "x")).await?, &[403, 404])
        })
        .await;
    suite.case("X125", "a scoped token that makes itself a wider one", async |w| {
        let (_, publisher) = w.user(&[("publisher", "orders")]).await?;
        let scope = json!({"name": "narrow", "scope": [{"role": "viewer", "environment": "dev", "namespace": "orders"}]});
        let made: Value = publisher.post_json("/api/v1/tokens", &scope).await?.expect(201)?.json()?;
        let narrow = w.with(text(&made, "token")?);
        refused(&narrow.post_json("/api/v1/publish", &change("orders", "n.txt", "x")).await?, &[403])?;
        refused(&narrow.post_json("/api/v1/tokens", &json!({"name": "again"})).await?, &[403])?;
        let id = text(&made, "id")?;
        let grant = json!({"subject": format!("token:{id}"), "role": "publisher", "environment": "dev", "namespace": "orders"});
        refused(&narrow.post_json("/api/v1/grants", &grant).await?, &[403, 404])
    })
    .await;
}

async fn streams(suite: &mut Suite) {
    suite
        .case("Z55", "a watch wider than the grant", async |w| {
            let (_, viewer) = w.user(&[("viewer", "orders")]).await?;
            for namespace in ["*", "payments", "orders*", "orders&namespace=payments"] {
                refused(&viewer.get(&format!("/api/v1/watch?env=dev&namespace={namespace}")).await?, &[404, 422])?;
            }
            Ok(())
        })
        .await;
    suite
        .case("Z56", "a replay from the beginning after the right is gone", async |w| {
            let (name, viewer) = w.user(&[("viewer", "payments")]).await?;
            let all: Value = w.admin.get_json(&format!("/api/v1/grants?subject=user:{name}")).await?;
            let id = text(&all["grants"][0], "id")?.to_owned();
            w.admin.call(Method::DELETE, &format!("/api/v1/grants/{id}"), None, None).await?.expect(204)?;
            refused(&viewer.get("/api/v1/watch?env=dev&namespace=payments&after=1.0").await?, &[404])?;
            refused(&w.there(&viewer).get("/api/v1/watch?env=dev&namespace=payments").await?, &[401, 404])
        })
        .await;
    suite
        .case("Z57", "a stream that outlives its right", async |w| {
            let (name, viewer) = w.user(&[]).await?;
            let id = w.grant(&name, "viewer", "payments").await?;
            let mut streams = Vec::new();
            for caller in [&viewer, &w.there(&viewer)] {
                let url = format!("{}/api/v1/watch?env=dev&namespace=payments", caller.url);
                let stream = eventually("the other node knows the right", BOUND, async || {
                    let answer = caller.http.get(&url).bearer_auth(&caller.token).send().await?;
                    Ok(answer.status().is_success().then_some(answer))
                });
                streams.push(stream.await?);
            }
            w.admin.call(Method::DELETE, &format!("/api/v1/grants/{id}"), None, None).await?.expect(204)?;
            w.admin
                .post_json("/api/v1/publish", &change("payments", "late.txt", "after-the-end"))
                .await?
                .expect(200)?;
            for stream in streams {
                let rest = tokio::time::timeout(std::time::Duration::from_secs(2), stream.text()).await??;
                hides(&rest, "after-the-end")?;
            }
            Ok(())
        })
        .await;
    suite
        .case("Z58", "publishes that race their revocation", async |w| {
            for round in 0..20 {
                let (name, publisher) = w.user(&[]).await?;
                let id = w.grant(&name, "publisher", "orders").await?;
                let publisher = w.there(&publisher);
                let racing = tokio::spawn(async move {
                    let mut acknowledged = Vec::new();
                    for n in 0..40 {
                        let answer = publisher
                            .post_json("/api/v1/publish", &change("orders", "race.txt", &format!("{round}-{n}")))
                            .await?;
                        match answer.status.as_u16() {
                            200 => acknowledged.push(answer.revision),
                            // Not yet known there, or gone.
                            404 => {}
                            other => return Err(format!("{other}: {}", answer.text()).into()),
                        }
                    }
                    Tested::Ok(acknowledged)
                });
                let ended = w
                    .admin
                    .call(Method::DELETE, &format!("/api/v1/grants/{id}"), None, None)
                    .await?
                    .expect(204)?
                    .revision;
                let late = racing.await??.into_iter().filter(|revision| *revision > ended).count();
                // One may have been in the same moment as the answer; none can be judged by the old rights after it.
                ensure(late <= 1, || format!("{late} publishes after the revocation was answered"))?;
            }
            Ok(())
        })
        .await;
}

/// A user whose role covers only some keys of `orders`.
async fn narrow(w: &mut World, role: &str, prefix: &str) -> Tested<crate::support::http::Caller> {
    let (name, caller) = w.user(&[]).await?;
    let grant = json!({"subject": format!("user:{name}"), "role": role, "environment": "dev", "namespace": "orders", "key_prefix": prefix});
    w.admin.post_json("/api/v1/grants", &grant).await?;
    Ok(caller)
}

fn change(namespace: &str, key: &str, content: &str) -> Value {
    json!({"changes": [{"op": "put", "env": "dev", "namespace": namespace, "key": key, "content": content}]})
}

/// A problem without what differs from call to call.
fn generic(body: &str, names: &[&str]) -> String {
    let value: Value = serde_json::from_str(body).unwrap_or_default();
    let mut text = format!("{} {} {}", value["code"], value["title"], value["detail"]);
    for name in names {
        text = text.replace(name, "…");
    }
    text
}
