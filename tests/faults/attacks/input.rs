//! Input that is made to hurt whoever reads it.

use reqwest::Method;
use serde_json::{Value, json};

use super::suite::Suite;
use super::world::{World, hides, refused};
use crate::support::http::Answer;
use crate::support::{Tested, ensure};

const ORDERS: &str = "/api/v1/environments/dev/namespaces/orders";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn poisoned_input_is_refused_or_kept_as_it_is() -> Tested {
    let mut suite = Suite::new().await?;
    bodies(&mut suite).await;
    contents(&mut suite).await;
    names(&mut suite).await;
    suite.finish().await
}

async fn bodies(suite: &mut Suite) {
    suite
        .case("P69", "null and blank where something is expected", async |w| {
            for body in [
                json!({"changes": null}),
                json!({"changes": [null]}),
                json!({"changes": [{"op": "put", "env": null, "namespace": "orders", "key": "a", "content": "x"}]}),
                json!({"changes": [{"op": "put", "env": "", "namespace": "orders", "key": "a", "content": "x"}]}),
                json!({"changes": [{"op": "put", "env": "dev", "namespace": "orders", "key": " ", "content": "x"}]}),
                json!({"changes": []}),
                json!(null),
                json!([]),
            ] {
                refused(&w.admin.post_json("/api/v1/publish", &body).await?, &[400, 422])?;
            }
            Ok(())
        })
        .await;
    suite
        .case("P71", "one more than the limit, and the same row twice", async |w| {
            let change =
                |n: usize| json!({"op": "put", "env": "dev", "namespace": "orders", "key": format!("many/{n}"), "content": "x"});
            let many: Vec<Value> = (0..1001).map(change).collect();
            refused(&w.admin.post_json("/api/v1/publish", &json!({"changes": many})).await?, &[413, 422])?;
            let twice = json!({"changes": [change(1), change(1)]});
            refused(&w.admin.post_json("/api/v1/publish", &twice).await?, &[400, 422])?;
            refused(&w.admin.get(&format!("{ORDERS}/entries/many/1")).await?, &[404])
        })
        .await;
    suite
        .case("P75", "a JSON key twice", async |w| {
            let body =
                br#"{"changes":[{"op":"put","env":"dev","namespace":"orders","namespace":"payments","key":"d","content":"x"}]}"#;
            let answer = w.admin.call(Method::POST, "/api/v1/publish", None, Some(body.to_vec())).await?;
            refused(&answer, &[400, 422])
        })
        .await;
    suite.case("P76", "numbers that are none", async |w| {
        for number in ["NaN", "1e999", "9007199254740993.5", "-0.0", "-1", "18446744073709551616", "1e2", "\"1\""] {
            let body = format!(r#"{{"changes":[{{"op":"put","env":"dev","namespace":"orders","key":"n","content":"x","if_revision":{number}}}]}}"#);
            let answer = w.admin.call(Method::POST, "/api/v1/publish", None, Some(body.into_bytes())).await?;
            refused(&answer, &[400, 409, 422])?;
        }
        Ok(())
    })
    .await;
    suite.case("P84", "a body that grows when it is unpacked", async |w| {
        for encoding in ["gzip", "br", "deflate", "zstd"] {
            let headers = format!("Content-Encoding: {encoding}\r\nContent-Type: application/json\r\n");
            let request = format!(
                "POST /api/v1/publish HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n{headers}Content-Length: 4\r\n\
                 Connection: close\r\n\r\nabcd",
                w.admin.token
            );
            let (status, answer) = w.raw(request.as_bytes()).await?;
            ensure(status == 415 || status == 400, || answer.clone())?;
        }
        Ok(())
    })
    .await;
    suite
        .case("P87", "a diff of very many keys", async |w| {
            let change =
                |n: usize| json!({"op": "put", "env": "dev", "namespace": "orders", "key": format!("wide/{n}"), "content": "x"});
            let base = w.admin.get("/readyz").await?.revision;
            for batch in 0..5 {
                let changes: Vec<Value> = (batch * 1000..(batch + 1) * 1000).map(change).collect();
                w.admin.post_json("/api/v1/publish", &json!({"changes": changes})).await?.expect(200)?;
            }
            let answer = w.admin.get(&format!("/api/v1/diff?env=dev&namespace=orders&from={base}")).await?;
            ensure(answer.status.as_u16() < 500, || answer.text())
        })
        .await;
}

async fn contents(suite: &mut Suite) {
    suite
        .case("P73", "an empty document, and empty lists", async |w| {
            for (format, content) in [("json", ""), ("json", " "), ("yaml", "a: [}"), ("toml", "a = "), ("xml", "")] {
                let answer = put(w, "empty.txt", format, content).await?;
                ensure(answer.status.as_u16() < 500, || answer.text())?;
            }
            put(w, "empty.yaml", "yaml", "").await?.expect(200)?;
            Ok(())
        })
        .await;
    suite
        .case("P74", "ten thousand levels", async |w| {
            let (open, close) = ("[".repeat(10_000), "]".repeat(10_000));
            for format in ["json", "yaml", "toml"] {
                refused(&put(w, "deep.txt", format, &format!("{open}{close}")).await?, &[422])?;
            }
            let nested = format!("{}{}", "<a>".repeat(10_000), "</a>".repeat(10_000));
            refused(&put(w, "deep.xml", "xml", &nested).await?, &[422])
        })
        .await;
    suite
        .case("P77", "bytes that are no text", async |w| {
            let path = format!("{ORDERS}/entries/odd.yaml?format=yaml");
            for bytes in [&b"a: \xff\xfe"[..], b"\xef\xbb\xbfa: 1\0", b"a: \xed\xa0\x80"] {
                let answer = w.admin.call(Method::PUT, &path, None, Some(bytes.to_vec())).await?;
                refused(&answer, &[422])?;
            }
            let reversed = "a: \u{202e}txet\u{2066}";
            w.admin.call(Method::PUT, &path, None, Some(reversed.as_bytes().to_vec())).await?.expect(200)?;
            let kept = w.admin.get(&format!("{ORDERS}/entries/odd.yaml?raw")).await?.text();
            ensure(kept == reversed, || kept.clone())
        })
        .await;
    suite
        .case("P78", "aliases that multiply, tags that act", async |w| {
            let mut bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
            for n in 1..20 {
                bomb.push_str(&format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 10].join(",")));
            }
            let answer = put(w, "bomb.yaml", "yaml", &bomb).await?;
            ensure(answer.status.as_u16() < 500, || answer.text())?;
            let tagged = "a: !!python/object/apply:os.system [\"id\"]\n";
            put(w, "tag.yaml", "yaml", tagged).await?;
            let answer = w.admin.get(&format!("{ORDERS}/entries/tag.yaml?raw")).await?;
            ensure(answer.status == 404 || answer.text() == tagged, || answer.text())?;
            let entity = "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>";
            let answer = put(w, "entity.xml", "xml", entity).await?;
            hides(&answer.text(), "root:")
        })
        .await;
    suite.case("P81", "a value at its limit, and one over", async |w| {
        put(w, "full.txt", "text", &"x".repeat(1024 * 1024)).await?.expect(200)?;
        refused(&put(w, "over.txt", "text", &"x".repeat(1024 * 1024 + 1)).await?, &[413, 422])?;
        let long = "m".repeat(5000);
        let body = json!({"message": long, "changes": [{"op": "put", "env": "dev", "namespace": "orders", "key": "m", "content": "x"}]});
        refused(&w.admin.post_json("/api/v1/publish", &body).await?, &[422])
    })
    .await;
    suite
        .case("P83", "line breaks that become events or headers", async |w| {
            let content = "x\r\n\r\nevent: reset\ndata: {\"reason\":\"epoch\"}\n\n";
            let body = json!({"message": "m\nevent: bye\ndata: {}\n\n",
            "changes": [{"op": "put", "env": "dev", "namespace": "orders", "key": "crlf.txt", "content": content}]});
            let at = w.admin.post_json("/api/v1/publish", &body).await?.expect(200)?.revision;
            let url = format!("{}/api/v1/watch?env=dev&namespace=orders", w.url());
            let mut stream = w.admin.http.get(&url).bearer_auth(&w.admin.token).send().await?;
            let mut text = String::new();
            while !text.contains("\"last\":true") {
                let chunk = stream.chunk().await?.ok_or("the stream ended")?;
                text.push_str(&String::from_utf8_lossy(&chunk));
            }
            ensure(!text.lines().any(|line| line == "event: reset" || line == "event: bye"), || {
                "an event was forged".to_owned()
            })?;
            let answer = w.admin.get(&format!("/api/v1/revisions/{at}")).await?.expect(200)?;
            ensure(answer.json::<Value>()?["message"] == body["message"], || answer.text())
        })
        .await;
    suite
        .case("P85", "what looks like a template or a variable", async |w| {
            let content = "a: \"${PATH} {{ secrets }} %{env:HOME} $(id) `id` #{7*7} ${jndi:ldap://127.0.0.1/a}\"\n";
            put(w, "template.yaml", "yaml", content).await?.expect(200)?;
            let kept = w.admin.get(&format!("{ORDERS}/entries/template.yaml?raw")).await?.text();
            ensure(kept == content, || kept.clone())
        })
        .await;
    suite.case("S27", "markup in everything that is shown", async |w| {
        let markup = "<script>alert(1)</script><img src=x onerror=alert(1)>";
        let body = json!({"message": markup, "changes": [{"op": "put", "env": "dev", "namespace": "orders", "key": "x.html", "content": markup}]});
        let at = w.admin.post_json("/api/v1/publish", &body).await?.expect(200)?.revision;
        for path in [
            format!("{ORDERS}/entries/x.html?raw"),
            format!("{ORDERS}/entries/x.html"),
            format!("/api/v1/revisions/{at}"),
            format!("{ORDERS}/entries/%3Cscript%3E"),
        ] {
            let headers = [("authorization", &*format!("Bearer {}", w.admin.token)), ("accept", "text/html")];
            let (_, headers, _) = w.send(Method::GET, &path, &headers, None).await?;
            let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("").to_owned();
            ensure(!header("content-type").contains("html"), || format!("{path}: {}", header("content-type")))?;
            ensure(header("x-content-type-options") == "nosniff", || format!("{path}: may be sniffed"))?;
            ensure(header("content-security-policy").contains("default-src 'none'"), || format!("{path}: no policy"))?;
        }
        for name in ["<b>", "a<script>", "javascript:x"] {
            refused(&w.admin.put_json(&format!("/api/v1/environments/dev/instances/{}", encode(name)), json!({"service": name, "namespaces": ["orders"]})).await?, &[400, 404, 422])?;
        }
        Ok(())
    })
    .await;
}

async fn names(suite: &mut Suite) {
    suite.case("P82", "keys that are more than keys", async |w| {
        for key in [
            "..",
            "../x",
            "a/../b",
            "/etc/passwd",
            "a//b",
            "a/./b",
            "%2e%2e/x",
            "a\nb",
            "a\u{0}b",
            "a\\..\\b",
            "C:\\x",
            "a b",
            "é",
            "",
        ] {
            let body = json!({"changes": [{"op": "put", "env": "dev", "namespace": "orders", "key": key, "content": "x"}]});
            refused(&w.admin.post_json("/api/v1/publish", &body).await?, &[400, 422])?;
        }
        refused(&w.admin.post_json("/api/v1/publish", &json!({"changes": [{"op": "put", "env": "dev", "namespace": "orders", "key": "k".repeat(4096), "content": "x"}]})).await?, &[400, 422])?;
        // A name of the language is a key like any other.
        put(w, "__proto__", "text", "x").await?.expect(200)?;
        let body: Value = w.admin.get_json(&format!("{ORDERS}/entries/__proto__")).await?;
        ensure(body["key"] == "__proto__", || body.to_string())
    })
    .await;
    suite
        .case("X130", "queries that repeat, misspell or smuggle", async |w| {
            for query in [
                "limit=1&limit=2",
                "limit=-1",
                "limit=1e3",
                "Limit=1",
                "before=%00",
                "since=yesterday",
                "actor=%ff",
                "limit=99999999999999999999",
            ] {
                refused(&w.admin.get(&format!("/api/v1/revisions?{query}")).await?, &[400, 422])?;
            }
            Ok(())
        })
        .await;
    suite.case("X131", "SQL in every text", async |w| {
        let sql = "'; DROP TABLE users; --";
        for path in [
            format!("/api/v1/revisions?actor={}", encode(sql)),
            format!("/api/v1/environments/dev/instances?service={}", encode(sql)),
            format!("/api/v1/environments/{}", encode(sql)),
            format!("/api/v1/audit?actor={}", encode(sql)),
        ] {
            let answer = w.admin.get(&path).await?;
            ensure(answer.status.as_u16() < 500, || answer.text())?;
        }
        let body = json!({"message": sql, "changes": [{"op": "put", "env": "dev", "namespace": "orders", "key": "sql.txt", "content": sql}]});
        w.admin.post_json("/api/v1/publish", &body).await?.expect(200)?;
        w.admin.get("/api/v1/access/me").await?.expect(200)?;
        Ok(())
    })
    .await;
}

async fn put(w: &World, key: &str, format: &str, content: &str) -> Tested<Answer> {
    let change =
        json!({"op": "put", "env": "dev", "namespace": "orders", "key": key, "format": format, "content": content});
    w.admin.post_json("/api/v1/publish", &json!({"changes": [change]})).await
}

fn encode(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}
