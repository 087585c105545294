//! Forged, twisted and outlived short-lived tokens, and what the server fetches to check those of others.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;
use serde_json::{Value, json};

use super::suite::Suite;
use super::world::{World, hides, refused, text};
use crate::support::{Tested, ensure};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_forged_token_is_taken() -> Tested {
    let mut suite = Suite::new().await?;
    let genuine = short(&suite.world).await?;
    forged(&mut suite, &genuine).await;
    fetched(&mut suite).await;
    suite.finish().await
}

async fn forged(suite: &mut Suite, genuine: &str) {
    suite
        .case("J01", "no signature at all", async |w| {
            for alg in ["none", "None", "NONE", ""] {
                let token = twisted(genuine, |header| header["alg"] = json!(alg), |_| {})?;
                let bare = token.rsplit_once('.').map(|(rest, _)| format!("{rest}.")).unwrap_or_default();
                is_refused(w, &token).await?;
                is_refused(w, &bare).await?;
            }
            Ok(())
        })
        .await;
    suite
        .case("J02", "the public key as a shared secret", async |w| {
            use hmac::{Hmac, KeyInit as _, Mac as _};
            let public = w.cluster.sql("SELECT encode(public_key, 'hex') FROM signing_keys LIMIT 1")?;
            let twisted = twisted(genuine, |header| header["alg"] = json!("HS256"), |_| {})?;
            let signed = twisted.rsplit_once('.').map(|(rest, _)| rest.to_owned()).unwrap_or_default();
            for key in [hex::decode(public.trim())?, public.trim().as_bytes().to_vec()] {
                let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&key).map_err(|error| error.to_string())?;
                mac.update(signed.as_bytes());
                is_refused(w, &format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))).await?;
            }
            Ok(())
        })
        .await;
    for (id, attack, claim, value) in [
        ("J03", "an end that is text", "exp", json!("9999999999")),
        ("J04", "a beginning beyond numbers", "nbf", json!("1e400")),
        ("J06", "another audience besides", "aud", json!(["urn:other", "pintle"])),
        ("J07", "an issuer with a slash behind", "iss", json!("urn:pintle:x/")),
        ("J17", "an end in the year 9999", "exp", json!(253_370_764_800_u64)),
    ] {
        let token = twisted(genuine, |_| {}, |claims| claims[claim] = value.clone());
        suite.case(id, attack, async |w| is_refused(w, &token?).await).await;
    }
    suite
        .case("J05", "no audience", async |w| {
            let token = twisted(genuine, |_| {}, |claims| drop(claims.as_object_mut().map(|all| all.remove("aud"))))?;
            is_refused(w, &token).await
        })
        .await;
    for (id, attack, field, value) in [
        ("J08", "a key that nobody has", "kid", json!("00000000")),
        ("J09", "a key that is a path or a query", "kid", json!("../../dev/null' OR 1=1 --")),
        (
            "J10",
            "a key of its own",
            "jwk",
            json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}),
        ),
        ("J11", "keys at an address of its own", "jku", json!("http://127.0.0.1:1/keys")),
    ] {
        let token = twisted(genuine, |header| header[field] = value.clone(), |_| {});
        suite.case(id, attack, async |w| is_refused(w, &token?).await).await;
    }
    suite.case("J12", "a key that is gone", async |w| {
        let old = short(w).await?;
        w.admin.get("/api/v1/access/me").await?.expect(200)?;
        w.cluster.sql("SELECT change_access(NULL, '{}', jsonb_agg(jsonb_build_object('op', 'delete_signing_key', 'id', id, 'event', '{}'::jsonb))) FROM signing_keys")?;
        crate::support::eventually("the key is forgotten", crate::support::BOUND, async || {
            Ok((w.with(&old).get("/api/v1/access/me").await?.status == 401).then_some(()))
        })
        .await?;
        is_refused(w, &old).await
    })
    .await;
    suite
        .case("J13", "a token of a login provider", async |w| {
            let token = twisted(
                genuine,
                |_| {},
                |claims| {
                    claims["iss"] = json!("https://accounts.example.com");
                    claims["nonce"] = json!("n");
                    claims["email"] = json!("admin@example.com");
                },
            )?;
            is_refused(w, &token).await
        })
        .await;
    suite
        .case("J14", "a claim twice", async |w| {
            let (head, rest) = genuine.split_once('.').ok_or("no token")?;
            let claims = rest.split('.').next().unwrap_or_default();
            let body = String::from_utf8(URL_SAFE_NO_PAD.decode(claims)?)?;
            let twice = format!("{},\"sub\":\"admin\"}}", body.trim_end_matches('}'));
            is_refused(
                w,
                &format!("{head}.{}.{}", URL_SAFE_NO_PAD.encode(twice), rest.rsplit('.').next().unwrap_or_default()),
            )
            .await
        })
        .await;
    suite
        .case("J16", "a token of one program for another", async |w| {
            let (_, agent) = w.user(&[("agent", "orders")]).await?;
            let made: Value = agent.post_json("/api/v1/token", &json!({})).await?.expect(200)?.json()?;
            let short = w.with(text(&made, "token")?);
            short.get("/api/v1/environments/dev/namespaces/orders/entries/a.txt").await?.expect(200)?;
            refused(&short.get("/api/v1/environments/dev/namespaces/payments/entries/a.txt").await?, &[404])?;
            refused(&short.get("/api/v1/watch?env=dev&namespace=payments").await?, &[404])
        })
        .await;
    suite
        .case("X157", "a short-lived token whose token was revoked", async |w| {
            let (_, agent) = w.user(&[("agent", "orders")]).await?;
            let made: Value = agent.post_json("/api/v1/token", &json!({})).await?.expect(200)?.json()?;
            let short = w.with(text(&made, "token")?);
            let own: Value = agent.get_json("/api/v1/tokens").await?;
            let id = text(&own["tokens"][0], "id")?.to_owned();
            agent.call(Method::DELETE, &format!("/api/v1/tokens/{id}"), None, None).await?.expect(204)?;
            refused(&short.get("/api/v1/access/me").await?, &[401])
        })
        .await;
}

async fn fetched(suite: &mut Suite) {
    suite
        .case("W101", "keys at addresses of the inside", async |w| {
            for url in ["http://169.254.169.254/latest", "http://[fe80::1]/keys", "https://169.254.169.254/keys"] {
                let answer = w.admin.put_json("/api/v1/trusted-issuers/inside", issuer(url)).await?;
                refused(&answer, &[422])?;
            }
            Ok(())
        })
        .await;
    suite.case("W103", "keys that lead elsewhere", async |w| {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let own = w.nodes[0].port();
        let serving = tokio::spawn(async move {
            use tokio::io::AsyncWriteExt as _;
            while let Ok((mut stream, _)) = listener.accept().await {
                let answer = format!("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{own}/readyz\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        let url = format!("http://127.0.0.1:{port}/keys");
        let made = w.admin.put_json("/api/v1/trusted-issuers/led", issuer(&url)).await?;
        ensure(made.status.is_success(), || made.text())?;
        let foreign = foreign();
        let body = json!({"subject_token": foreign});
        let (status, _, answer) = w.send(Method::POST, "/api/v1/token", &[], Some(&body)).await?;
        serving.abort();
        ensure([401, 403, 503].contains(&status), || format!("{status}: {answer}"))?;
        hides(&answer, "writes")
    })
    .await;
    suite
        .case("W104", "keys by other schemes", async |w| {
            for url in [
                "file:///etc/passwd",
                "gopher://127.0.0.1/x",
                "ftp://127.0.0.1/x",
                "http://example.com/keys",
                "https://user:pass@example.com/keys",
                "javascript:1",
            ] {
                let answer = w.admin.put_json("/api/v1/trusted-issuers/odd", issuer(url)).await?;
                refused(&answer, &[422])?;
            }
            Ok(())
        })
        .await;
}

fn issuer(keys_url: &str) -> Value {
    json!({"issuer": "https://ci.example.com", "audience": "pintle", "keys_url": keys_url,
        "rules": [{"claims": {"sub": "job"}, "user": "ci"}]})
}

/// A token as a foreign issuer would write it, with a signature of nobody.
fn foreign() -> String {
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = part(json!({"alg": "EdDSA", "kid": "one", "typ": "JWT"}));
    let claims = part(
        json!({"iss": "https://ci.example.com", "aud": "pintle", "sub": "job", "exp": 4_000_000_000_u64, "iat": 1}),
    );
    format!("{header}.{claims}.{}", URL_SAFE_NO_PAD.encode([0; 64]))
}

/// A short-lived token of the admin.
async fn short(w: &World) -> Tested<String> {
    let made: Value = w.admin.post_json("/api/v1/token", &json!({})).await?.expect(200)?.json()?;
    let token = text(&made, "token")?.to_owned();
    w.with(&token).get("/api/v1/access/me").await?.expect(200)?;
    Ok(token)
}

/// The token with another header or other claims, and the signature it had.
fn twisted(genuine: &str, header: impl Fn(&mut Value), claims: impl Fn(&mut Value)) -> Tested<String> {
    let parts: Vec<&str> = genuine.split('.').collect();
    let [first, second, signature] = parts.as_slice() else { return Err("not three parts".into()) };
    let mut head: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(first)?)?;
    let mut body: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(second)?)?;
    header(&mut head);
    claims(&mut body);
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    Ok(format!("{}.{}.{signature}", encode(&head), encode(&body)))
}

async fn is_refused(w: &World, token: &str) -> Tested {
    let (status, answer) = w.raw_get(token, "/api/v1/access/me", "").await?;
    ensure(status == 401 || status == 400, || format!("{status}: {answer}"))
}
