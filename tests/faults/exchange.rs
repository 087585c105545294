//! With the database away, machines still get short-lived tokens, and both nodes still know them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use nix::sys::signal::Signal;
use pintle::api::tokens::{ExchangeView, NewTokenView};
use pintle::runtime::ambient::SystemAmbient;
use pintle::service::ambient::Ambient as _;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::http::Caller;
use crate::support::node::Node;
use crate::support::postgres::Cluster;
use crate::support::{BOUND, Place, Tested, ensure, eventually};

/// Streams that are opened on each node while the database is away.
const STREAMS: usize = 100;
/// Of the issuer: as long as it is not zero, any will do.
const SEED: [u8; 32] = [3; 32];

/// A token of a trusted issuer.
fn foreign(sub: &str) -> String {
    let now = SystemAmbient.now().unix_timestamp();
    let claims = json!({"iss": "https://ci", "aud": "pintle", "sub": sub, "iat": now, "exp": now + 3600});
    let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let message = format!("{}.{}", encode(&json!({"alg": "EdDSA"})), encode(&claims));
    let key = ed25519_dalek::SigningKey::from_bytes(&SEED);
    let signature = ed25519_dalek::Signer::sign(&key, message.as_bytes()).to_bytes();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// Exchanges a token of a trusted issuer.
async fn vouched(at: &Caller, subject_token: &str) -> Tested<Caller> {
    let body = json!({"subject_token": subject_token});
    let answer = at.http.post(format!("{}/api/v1/token", at.url)).json(&body).send().await?;
    let (status, text) = (answer.status().as_u16(), answer.text().await?);
    ensure(status == 200, || format!("{status} {text}"))?;
    Ok(Caller { token: serde_json::from_str::<ExchangeView>(&text)?.token, ..at.clone() })
}

/// Exchanges a token of ours.
async fn exchanged(at: &Caller) -> Tested<Caller> {
    let view: ExchangeView = at.post_json("/api/v1/token", &json!({})).await?.expect(200)?.json()?;
    Ok(Caller { token: view.token, ..at.clone() })
}

/// Opens a stream and waits for its snapshot.
async fn streams(caller: Caller) -> Tested<reqwest::Response> {
    let url = format!("{}/api/v1/watch?env=dev&namespace=app", caller.url);
    let mut response = caller.http.get(url).bearer_auth(&caller.token).send().await?;
    ensure(response.status().as_u16() == 200, || format!("a stream was answered {}", response.status()))?;
    let mut text = String::new();
    while !text.contains("event: snapshot") {
        let chunk = response.chunk().await?.ok_or_else(|| format!("the stream ended: {text}"))?;
        text.push_str(&String::from_utf8_lossy(&chunk));
    }
    Ok(response)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_the_database_away_tokens_are_exchanged_and_streams_opened_on_both_nodes() -> Tested {
    let place = Place::new()?;
    let mut cluster = Cluster::start_new(&place, "pg").await?;
    let key = place.path().join("master-key");
    std::fs::write(&key, "5e1f0b9a3c7d24868b1c0ffee2d4a69780b3c5d7e9f1a2c4d6e8f0a1b3c5d7e9")?;
    let keyed = ["--master-key-file", key.to_str().ok_or("no path")?];
    let mut one = Node::new(&place, "one", &cluster.url())?.with(&keyed);
    let mut two = Node::new(&place, "two", &cluster.url())?.with(&keyed);
    one.start().await?;
    two.start().await?;
    let admin = one.set_up().await?;
    admin.publish("kept", "kept", "kept").await?.expect(200)?;
    admin.post_json("/api/v1/users", &json!({"name": "ci", "kind": "service"})).await?.expect(201)?;
    let grant = json!({"subject": "user:ci", "role": "agent", "environment": "dev", "namespace": "app"});
    admin.post_json("/api/v1/grants", &grant).await?.expect(201)?;
    let x = URL_SAFE_NO_PAD.encode(ed25519_dalek::SigningKey::from_bytes(&SEED).verifying_key().to_bytes());
    let issuer = json!({"issuer": "https://ci", "audience": "pintle", "rules": [{"claims": {"sub": "job:*"}, "user": "ci"}],
        "keys": {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": x}]}});
    admin.put_json("/api/v1/trusted-issuers/ci", issuer).await?.expect(201)?;
    let body = json!({"name": "agent", "scope": [{"role": "agent", "environment": "dev", "namespace": "app"}]});
    let made: NewTokenView = admin.post_json("/api/v1/tokens", &body).await?.expect(201)?.json()?;
    // The first one makes the key that signs, which needs the database.
    let first = exchanged(&one.caller(&made.token)?).await?;
    let known = async || {
        let answer = two.caller(&first.token)?.get("/api/v1/access/me").await?;
        Ok((answer.status.as_u16() == 200).then_some(()))
    };
    eventually("the other node knows the key", BOUND, known).await?;

    cluster.stop(Signal::SIGQUIT).await?;
    eventually("the outage is known", BOUND, async || Ok((!admin.ready().await?.writes).then_some(()))).await?;
    let mut opening = JoinSet::new();
    for node in [&one, &two] {
        let token = node.caller(&made.token)?;
        let (short, vouched) = (exchanged(&token).await?, vouched(&token, &foreign("job:1")).await?);
        vouched.get("/api/v1/environments/dev/namespaces/app/entries").await?.expect(200)?;
        // One of the other node is as good here.
        two.caller(&short.token)?.get("/api/v1/access/me").await?.expect(200)?;
        for number in 0..STREAMS {
            let caller = [&token, &short, &vouched].into_iter().nth(number % 3).ok_or("no caller")?.clone();
            opening.spawn(streams(caller));
        }
    }
    let mut open = Vec::new();
    while let Some(stream) = opening.join_next().await {
        open.push(stream??);
    }
    ensure(open.len() == 2 * STREAMS, || format!("{} streams are open", open.len()))?;
    for node in [&one, &two] {
        node.caller("")?.get("/readyz").await?.expect(200)?;
        node.caller(&first.token)?.get("/api/v1/access/me").await?.expect(200)?;
        let stranger = json!({"subject_token": foreign("stranger")});
        let refused = node.caller("")?.http.post(format!("{}/api/v1/token", node.url())).json(&stranger).send().await?;
        ensure(refused.status().as_u16() == 401, || format!("{}", refused.status()))?;
    }
    drop(open);
    cluster.start().await?;
    admin.writes().await?;
    Ok(())
}
