//! Ways around the check of who calls.

use reqwest::Method;
use serde_json::{Value, json};

use super::suite::Suite;
use super::world::{hides, text};
use crate::support::node::PASSWORD;
use crate::support::{Tested, ensure};

const ENTRY: &str = "/api/v1/environments/dev/namespaces/orders/entries/a.txt";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_leads_around_authentication() -> Tested {
    let mut suite = Suite::new().await?;
    headers_and_paths(&mut suite).await;
    doors(&mut suite).await;
    suite.finish().await
}

async fn headers_and_paths(suite: &mut Suite) {
    suite
        .case("B33", "headers that let peers of other products in", async |w| {
            for header in [
                "User-Agent: Nacos-Server\r\n",
                "serverIdentity: security\r\n",
                "X-Forwarded-User: admin\r\n",
                "X-Remote-User: admin\r\n",
                "X-Auth-Request-User: admin\r\n",
                "Authorization: Basic YWRtaW46YWRtaW4=\r\n",
                "Authorization: Bearer\r\n",
                "Authorization: Bearer null\r\n",
                "X-Consul-Token: anonymous\r\n",
            ] {
                let (status, answer) = w.raw_get("", ENTRY, header).await?;
                ensure(status == 401, || format!("{header}: {answer}"))?;
            }
            Ok(())
        })
        .await;
    suite
        .case("B34", "headers that say where from, what and where to", async |w| {
            let headers = "X-Forwarded-For: 127.0.0.1\r\nX-Original-URL: /healthz\r\nX-Rewrite-URL: /healthz\r\n\
                       X-HTTP-Method-Override: DELETE\r\nX-HTTP-Method: DELETE\r\n";
            let (status, _) = w.raw_get("", ENTRY, headers).await?;
            ensure(status == 401, || status.to_string())?;
            let (status, _) = w.raw_get(&w.admin.token, ENTRY, headers).await?;
            ensure(status == 200, || status.to_string())?;
            let (status, _) = w.raw_get(&w.admin.token, ENTRY, "").await?;
            ensure(status == 200, || "it was deleted".to_owned())
        })
        .await;
    suite
        .case("B35", "paths written otherwise", async |w| {
            for path in [
                "//api/v1/environments/dev/namespaces/orders/entries/a.txt",
                "/api/./v1/environments/dev/namespaces/orders/entries/a.txt",
                "/healthz/../api/v1/environments/dev/namespaces/orders/entries/a.txt",
                "/API/v1/environments/dev/namespaces/orders/entries/a.txt",
                "/api/v1/environments/dev/namespaces/orders/entries/a.txt/",
                "/api/v1/environments/dev/namespaces/orders;x/entries/a.txt",
                "/api/v1/environments/dev/namespaces/payments%2f..%2forders/entries/a.txt",
                "/api/v1/environments/dev/namespaces/%2e%2e/entries/a.txt",
                "/api/v1/environments/dev/namespaces/orders/entries/%252e%252e/a.txt",
                "/api/v1/environments/dev/namespaces/orders/entries/%2e%2e/a.txt",
                "/healthz;/api/v1/revisions",
                "/api/openapi.json/../v1/revisions",
            ] {
                let (status, answer) = w.raw_get("", path, "").await?;
                ensure([400, 401, 404, 422].contains(&status), || format!("{path}: {answer}"))?;
                hides(&answer, "\"content\":\"a\"")?;
            }
            Ok(())
        })
        .await;
    suite
        .case("B36", "a request target without a slash", async |w| {
            for target in ["api/v1/revisions", "*", "http://127.0.0.1/api/v1/revisions", "?x", "/\u{7f}"] {
                let (status, answer) = w.raw_get("", target, "").await?;
                ensure(status == 0 || [400, 401, 404].contains(&status), || format!("{target}: {answer}"))?;
            }
            Ok(())
        })
        .await;
    suite
        .case("B41", "a token in the query", async |w| {
            for name in ["token", "access_token", "accessToken", "auth"] {
                let (status, _) = w.raw_get("", &format!("{ENTRY}?{name}={}", w.admin.token), "").await?;
                ensure([400, 401].contains(&status), || format!("{name}: {status}"))?;
            }
            hides(&w.nodes[0].log(), &w.admin.token)
        })
        .await;
    suite
        .case("X126", "requests inside requests", async |w| {
            let inner = format!("GET {ENTRY} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\r\n", w.admin.token);
            for head in [
                format!("Content-Length: {}\r\nTransfer-Encoding: chunked\r\n", inner.len()),
                format!("Content-Length: 0\r\nContent-Length: {}\r\n", inner.len()),
                "Transfer-Encoding: identity, chunked\r\nTransfer-Encoding: x\r\n".to_owned(),
                "Content-Length : 0\r\n".to_owned(),
                "Content-Length: +0\r\n".to_owned(),
            ] {
                let request = format!(
                    "POST /api/v1/publish HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{head}\r\n0\r\n\r\n{inner}"
                );
                let (_, answer) = w.raw(request.as_bytes()).await?;
                ensure(answer.matches("HTTP/1.1 ").count() <= 1, || format!("two answers: {answer}"))?;
                hides(&answer, "\"content\":\"a\"")?;
            }
            Ok(())
        })
        .await;
    suite
        .case("X127", "an origin that asks for permission", async |w| {
            for headers in ["Origin: https://evil.example\r\n", "Origin: null\r\n"] {
                let (_, answer) = w.raw_get(&w.admin.token, ENTRY, headers).await?;
                hides(&answer.to_lowercase(), "access-control-")?;
            }
            let preflight = format!(
                "OPTIONS {ENTRY} HTTP/1.1\r\nHost: x\r\nOrigin: https://evil.example\r\n\
                                 Access-Control-Request-Method: PUT\r\nConnection: close\r\n\r\n"
            );
            let (status, answer) = w.raw(preflight.as_bytes()).await?;
            hides(&answer.to_lowercase(), "access-control-")?;
            ensure(status >= 400, || answer.clone())
        })
        .await;
    suite
        .case("X128", "two authorizations, and odd ones", async |w| {
            let twice = format!("Authorization: Bearer {}\r\nAuthorization: Bearer none\r\n", "none");
            let (status, _) = w.raw_get("", ENTRY, &twice).await?;
            ensure([400, 401].contains(&status), || status.to_string())?;
            for odd in ["Authorization: \u{1}\r\n", "Authorization: Bearer \u{fc}\r\n", "Authorization: BearerX x\r\n"]
            {
                let (status, _) = w.raw_get("", ENTRY, odd).await?;
                ensure([400, 401].contains(&status), || status.to_string())?;
            }
            Ok(())
        })
        .await;
}

async fn doors(suite: &mut Suite) {
    suite
        .case("B37", "the first start a second time", async |w| {
            for path in ["/api/v1/bootstrap", "/api/v1/setup", "/api/v1/init", "/setup", "/api/v1/users"] {
                let (status, ..) =
                    w.send(Method::POST, path, &[], Some(&json!({"name": "root", "kind": "person"}))).await?;
                ensure([401, 404, 405].contains(&status), || format!("{path}: {status}"))?;
            }
            // Another node on the same store makes nobody an admin, whatever password it was given.
            let admins = w.cluster.sql("SELECT count(*) FROM users WHERE name = 'admin'")?;
            ensure(admins.trim() == "1", || admins.clone())
        })
        .await;
    suite
        .case("B38", "passwords that products come with", async |w| {
            for (name, password) in [
                ("nacos", "nacos"),
                ("apollo", "admin"),
                ("admin", "admin"),
                ("admin", ""),
                ("admin", "password"),
                ("root", "root"),
                ("pintle", "pintle"),
                ("admin", "pintle"),
            ] {
                let body = json!({"name": name, "password": password});
                let (status, _, answer) = w.send(Method::POST, "/api/v1/session", &[], Some(&body)).await?;
                ensure([401, 422, 429].contains(&status), || format!("{name}/{password}: {answer}"))?;
            }
            Ok(())
        })
        .await;
    suite
        .case("B39", "a key that everybody knows", async |w| {
            for key in [
                "0".repeat(64),
                "f".repeat(64),
                "SecretKey012345678901234567890123456789".to_owned(),
                "short".to_owned(),
            ] {
                let file = w.file("weak.key");
                std::fs::write(&file, &key)?;
                std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
                let mut command = crate::support::node::pintle();
                command.args(["serve", "--listen", "127.0.0.1:0", "--master-key-file"]).arg(&file);
                let output = command.env("DATABASE_URL", w.cluster.url()).output()?;
                ensure(!output.status.success(), || format!("started with {key}"))?;
                hides(&String::from_utf8_lossy(&output.stderr), &key)?;
            }
            Ok(())
        })
        .await;
    suite
        .case("B40", "what tells without a token", async |w| {
            for path in [
                "/metrics",
                "/debug",
                "/actuator/env",
                "/actuator/heapdump",
                "/api/v1/revisions",
                "/api/v1/users",
                "/api/v1/audit",
                "/api/v1/keys",
                "/.env",
                "/.git/config",
                "/api/v1/access/me",
                "/nacos/v1/cs/configs",
                "/v1/kv/?recurse",
            ] {
                let (status, answer) = w.raw_get("", path, "").await?;
                ensure([401, 404].contains(&status), || format!("{path}: {answer}"))?;
            }
            // The document says nothing of this store, and readiness no names.
            let (_, answer) = w.raw_get("", "/readyz", "").await?;
            hides(&answer, "127.0.0.1:")?;
            hides(&answer, "postgres")
        })
        .await;
    suite
        .case("B42", "a token that is nearly right", async |w| {
            let token = w.admin.token.clone();
            let last = if token.ends_with('0') { "1" } else { "0" };
            for near in [
                token[..token.len() - 1].to_owned(),
                format!("{}{last}", &token[..token.len() - 1]),
                token.to_uppercase(),
                format!("{token}0"),
                token.replace("pintle_", ""),
                token.replace("pintle_", "pintle__"),
                format!("{token}\u{0}"),
            ] {
                let (status, answer) = w.raw_get(&near, ENTRY, "").await?;
                ensure([400, 401].contains(&status), || format!("{near}: {answer}"))?;
            }
            Ok(())
        })
        .await;
    suite
        .case("S25", "a GET that changes something", async |w| {
            let before = w.cluster.sql("SELECT revision, access FROM head")?;
            let document: Value = w.admin.get_json("/api/openapi.json").await?;
            let paths = document["paths"].as_object().ok_or("no paths")?;
            for (path, operations) in paths {
                if operations.get("get").is_none() || path.contains("watch") {
                    continue;
                }
                let path = path
                    .replace("{env}", "dev")
                    .replace("{ns}", "orders")
                    .replace("{key}", "a.txt")
                    .replace("{rev}", "3")
                    .replace("{name}", "admin")
                    .replace("{provider}", "none")
                    .replace("{instance}", "none")
                    .replace("{id}", "00000000-0000-0000-0000-000000000000");
                let answer = w.admin.get(&path).await?;
                ensure(answer.status.as_u16() < 500, || format!("{path}: {}", answer.text()))?;
            }
            let after = w.cluster.sql("SELECT revision, access FROM head")?;
            ensure(before == after, || format!("{before} became {after}"))
        })
        .await;
    suite
        .case("X129", "a store that another node is to take over by a preset password", async |w| {
            let (status, _, answer) = w
                .send(Method::POST, "/api/v1/session", &[], Some(&json!({"name": "admin", "password": PASSWORD})))
                .await?;
            ensure(status == 200, || answer.clone())?;
            let session: Value = serde_json::from_str(&answer)?;
            hides(&w.nodes[0].log(), text(&session, "token")?)?;
            hides(&w.nodes[0].log(), PASSWORD)
        })
        .await;
}
