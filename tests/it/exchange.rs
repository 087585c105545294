//! Short-lived tokens, and issuers whose own tokens are exchanged for them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pintle::domain::names::UserName;
use pintle::store::Op;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::watch;

use crate::harness::{Actor, App, put};

const ISSUER: &str = "https://kubernetes.default.svc";

/// Somebody who issues tokens.
pub(crate) struct Issuer {
    kid: &'static str,
    key: ed25519_dalek::SigningKey,
}

impl Issuer {
    pub(crate) fn new(kid: &'static str, seed: u8) -> Self {
        Self { kid, key: ed25519_dalek::SigningKey::from_bytes(&[seed; 32]) }
    }

    /// The set of its one key.
    fn keys(&self) -> Value {
        let x = URL_SAFE_NO_PAD.encode(self.key.verifying_key().to_bytes());
        json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "use": "sig", "kid": self.kid, "x": x}]})
    }

    /// A service account's token of now, with these claims changed.
    #[expect(clippy::needless_pass_by_value, reason = "callers write the value in place")]
    pub(crate) fn token(&self, changed: Value) -> String {
        let now = time::OffsetDateTime::now_utc().unix_timestamp();
        let mut claims = json!({
            "iss": ISSUER, "aud": ["pintle"], "sub": "system:serviceaccount:orders:web", "iat": now, "nbf": now, "exp": now + 3600,
            "kubernetes.io": {"namespace": "orders", "serviceaccount": {"name": "web"}},
        });
        for (name, value) in changed.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let header = json!({"alg": "EdDSA", "kid": self.kid});
        let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let message = format!("{}.{}", encode(&header), encode(&claims));
        let signature = ed25519_dalek::Signer::sign(&self.key, message.as_bytes()).to_bytes();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// What to PUT so that it is trusted.
    pub(crate) fn body(&self) -> Value {
        json!({"issuer": ISSUER, "audience": "pintle", "keys": self.keys(), "rules": [
            {"claims": {"sub": "system:serviceaccount:orders:*"}, "user": "k8s-{/kubernetes.io/serviceaccount/name}",
             "groups": []}]})
    }
}

/// Serves key sets, and counts how often it is asked.
struct KeyServer {
    url: String,
    asked: Arc<AtomicUsize>,
    answer: watch::Sender<Option<String>>,
    task: tokio::task::JoinHandle<()>,
}

impl KeyServer {
    /// Answers with this, or breaks off when there is nothing.
    async fn start(first: Option<String>) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/openid/v1/jwks", listener.local_addr().unwrap());
        let (answer, current) = watch::channel(first);
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&asked);
        let task = tokio::spawn(async move {
            loop {
                let Ok((mut socket, _)) = listener.accept().await else { return };
                counted.fetch_add(1, Ordering::SeqCst);
                let mut head = [0; 4096];
                let _ = socket.read(&mut head).await;
                let answer = current.borrow().clone();
                if let Some(answer) = answer {
                    let _ = socket.write_all(answer.as_bytes()).await;
                }
            }
        });
        Self { url, asked, answer, task }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Drop for KeyServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn http(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
}

impl Actor {
    /// The same caller with a short-lived token.
    async fn exchanged(&self) -> Self {
        let made = self.post("/api/v1/token", json!({})).await.ok();
        self.with_token(made["token"].as_str().unwrap())
    }

    /// Whoever a foreign token stands for.
    async fn vouched(&self, subject_token: &str) -> Self {
        let made = self.post("/api/v1/token", json!({"subject_token": subject_token})).await.ok();
        self.with_token(made["token"].as_str().unwrap())
    }

    async fn trust(&self, name: &str, body: Value) {
        self.put(&format!("/api/v1/trusted-issuers/{name}"), body).await.expect(201);
    }
}

fn claims(token: &str) -> Value {
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// Waits until the audit has such a row.
async fn audited(app: &App, row: &Value) {
    let count = format!("SELECT count(*) FROM audit WHERE body::jsonb @> '{row}'::jsonb");
    let mut looks = tokio::time::interval(Duration::from_millis(50));
    let found = async {
        while app.database.number(&count).await == 0 {
            looks.tick().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), found).await.unwrap_or_else(|_| panic!("no row in the audit: {row}"));
}

#[tokio::test]
async fn a_token_is_exchanged_for_one_that_every_node_takes_for_ten_minutes() {
    let mut app = App::start().await;
    let there = app.second_node().await;
    app.admin().create("dev/orders").await;
    app.admin().write("dev/orders/a.txt", "x").await.expect(200);
    let vera = app.viewer("orders").await;
    let before = time::OffsetDateTime::now_utc();
    let made = vera.call(reqwest::Method::POST, "/api/v1/token", |request| request).await.ok();
    let short = made["token"].as_str().unwrap();
    let end = time::OffsetDateTime::parse(
        made["expires_at"].as_str().unwrap(),
        &time::format_description::well_known::Rfc3339,
    );
    assert!((590..=610).contains(&(end.unwrap() - before).whole_seconds()));
    let said = claims(short);
    assert_eq!(said["exp"].as_i64().unwrap() - said["iat"].as_i64().unwrap(), 600);
    assert_eq!(said["aud"], json!(format!("{}:api", said["iss"].as_str().unwrap())));
    app.refresh().await;
    for actor in [vera.with_token(short), there.with_token(short)] {
        assert_eq!(actor.get("/api/v1/access/me").await.ok()["user"], "vera");
        assert_eq!(actor.text("dev/orders/a.txt").await.as_deref(), Some("x"));
        actor.publish(&[put("dev/orders/a.txt", "y")]).await.problem(403, "denied");
    }
    // Two nodes sign with one key.
    let from_there = there.with_token(&vera.token).exchanged().await;
    from_there.at(&vera.url).get("/api/v1/access/me").await.expect(200);
    assert_eq!(app.database.number("SELECT count(*) FROM signing_keys").await, 1);
    app.finish().await;
}

#[tokio::test]
async fn a_short_lived_token_makes_no_credential_of_any_kind() {
    let app = App::start().await;
    let short = app.admin().exchanged().await;
    assert_eq!(short.get("/api/v1/access/me").await.ok()["user"], "admin");
    short.post("/api/v1/token", json!({})).await.problem(403, "needs_full_token");
    short.post("/api/v1/tokens", json!({"name": "t"})).await.problem(403, "needs_full_token");
    let own = app.admin().get("/api/v1/tokens").await.ok()["tokens"][0]["id"].as_str().unwrap().to_owned();
    short.delete(&format!("/api/v1/tokens/{own}")).await.problem(403, "needs_full_token");
    short.delete("/api/v1/session").await.problem(403, "needs_full_token");
    short.post("/api/v1/users", json!({"name": "u", "kind": "service"})).await.problem(403, "needs_full_token");
    let grant = json!({"subject": "user:admin", "role": "viewer", "environment": "dev", "namespace": "orders"});
    short.post("/api/v1/grants", grant).await.problem(403, "needs_full_token");
    short.put("/api/v1/groups/g", json!({"members": ["admin"]})).await.problem(403, "needs_full_token");
    let issuer = Issuer::new("a", 1);
    short.put("/api/v1/trusted-issuers/k8s", issuer.body()).await.problem(403, "needs_full_token");
    short.delete("/api/v1/trusted-issuers/k8s").await.problem(403, "needs_full_token");
    app.admin().get("/api/v1/access/me").await.expect(200);
    app.finish().await;
}

#[tokio::test]
async fn a_short_lived_token_has_the_scope_of_the_one_it_is_made_from_and_ends_with_it() {
    let mut app = App::start().await;
    let there = app.second_node().await;
    app.admin().create("dev/orders").await;
    app.admin().write("dev/orders/app/a.txt", "x").await.expect(200);
    app.admin().write("dev/orders/b.txt", "x").await.expect(200);
    let body = json!({"name": "agent", "scope": [{"role": "agent", "environment": "dev", "namespace": "orders", "key_prefix": "app/"}]});
    let made: Value = app.admin().post("/api/v1/tokens", body).await.expect(201).json();
    let scoped = app.admin().with_token(made["token"].as_str().unwrap());
    let short = scoped.exchanged().await;
    app.refresh().await;
    assert_eq!(short.text("dev/orders/app/a.txt").await.as_deref(), Some("x"));
    assert_eq!(short.text("dev/orders/b.txt").await, None);
    let mut streams = Vec::new();
    for actor in [short.clone(), there.with_token(&short.token)] {
        let mut stream = actor.watch("env=dev&namespace=orders").await;
        assert_eq!(stream.expect("snapshot").await.keys(), ["orders/app/a.txt"]);
        streams.push(stream);
    }
    let revoked = Instant::now();
    app.admin().delete(&format!("/api/v1/tokens/{}", made["id"].as_str().unwrap())).await.expect(204);
    for mut stream in streams {
        while stream.find().await.is_some() {}
    }
    assert!(revoked.elapsed() < Duration::from_secs(1), "{:?}", revoked.elapsed());
    for actor in [short.clone(), there.with_token(&short.token)] {
        actor.get("/api/v1/access/me").await.problem(401, "unauthenticated");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_disabled_user_has_no_short_lived_token_left() {
    let app = App::start().await;
    let vera = app.viewer("orders").await;
    let short = vera.exchanged().await;
    let state = app.node().node.app.service.state().unwrap();
    let user_id = state.access.find_user_by_name(&UserName::parse("vera").unwrap()).unwrap().id;
    app.change_access(vec![Op::SetDisabled { user_id, disabled: true }]).await;
    short.get("/api/v1/access/me").await.problem(401, "unauthenticated");
    app.finish().await;
}

#[tokio::test]
async fn a_stream_ends_with_the_token_that_opened_it() {
    let app = App::start().await;
    app.admin().create("dev/orders").await;
    let made: Value = app.admin().post("/api/v1/tokens", json!({"name": "t"})).await.expect(201).json();
    let id = made["id"].as_str().unwrap().parse().unwrap();
    let token = app.admin().with_token(made["token"].as_str().unwrap());
    let end = time::OffsetDateTime::now_utc() + time::Duration::seconds(2);
    app.change_access(vec![Op::ExpireToken { id, expires_at: end }]).await;
    let short = token.exchanged().await;
    let mut streams = [token.watch("env=dev&namespace=orders").await, short.watch("env=dev&namespace=orders").await];
    for stream in &mut streams {
        stream.expect("snapshot").await;
        loop {
            let event = stream.next().await;
            if event.name == "bye" {
                break;
            }
            assert_eq!(event.name, "checkpoint");
        }
        assert_eq!(stream.find().await, None);
        let late = time::OffsetDateTime::now_utc() - end;
        assert!(late > time::Duration::seconds(-1) && late < time::Duration::seconds(1), "{late}");
    }
    app.finish().await;
}

#[tokio::test]
async fn without_a_master_key_nothing_is_signed() {
    let app = App::with(&[crate::harness::app::NO_MASTER_KEY]).await;
    app.admin().post("/api/v1/token", json!({})).await.problem(422, "no_master_key");
    app.finish().await;
}

#[tokio::test]
async fn a_signing_key_is_stored_sealed_and_rotated_by_overlap() {
    let mut app = App::start().await;
    let there = app.second_node().await;
    let old = app.admin().exchanged().await;
    let service = &app.node().node.app.service;
    let new = service.rotate_signing_key(&pintle::domain::audit::Who::system()).await.unwrap();
    assert_eq!(
        service.rotate_signing_key(&pintle::domain::audit::Who::system()).await.unwrap().id,
        new.id,
        "one at a time"
    );
    app.refresh().await;
    let kid = |token: &str| -> Value {
        serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap()).unwrap()["kid"].clone()
    };
    let still_old = app.admin().exchanged().await;
    assert_eq!(kid(&still_old.token), kid(&old.token), "the new key has a head start on every node before it signs");
    let begin = "UPDATE signing_keys SET signs_from = now() WHERE verifies_until IS NULL";
    app.database.connect_and_run(begin).await;
    app.change_access(vec![Op::Note {}]).await;
    let fresh = app.admin().exchanged().await;
    assert_eq!(kid(&fresh.token), json!(new.id));
    for token in [&old.token, &still_old.token, &fresh.token] {
        app.admin().with_token(token).get("/api/v1/access/me").await.expect(200);
        there.with_token(token).get("/api/v1/access/me").await.expect(200);
    }
    assert_eq!(app.database.number("SELECT count(*) FROM signing_keys WHERE length(sealed) < 64").await, 0);
    let end = "UPDATE signing_keys SET verifies_until = now() - interval '1 s' WHERE verifies_until IS NOT NULL";
    app.database.connect_and_run(end).await;
    app.change_access(vec![Op::Note {}]).await;
    app.admin().with_token(&old.token).get("/api/v1/access/me").await.problem(401, "unauthenticated");
    app.admin().with_token(&fresh.token).get("/api/v1/access/me").await.expect(200);
    app.finish().await;
}

#[tokio::test]
async fn a_service_account_of_a_trusted_issuer_stands_for_a_service() {
    let mut app = App::start().await;
    let there = app.second_node().await;
    app.admin().create("dev/orders").await;
    app.admin().write("dev/orders/a.txt", "x").await.expect(200);
    app.service("k8s-web", &[("agent", "dev", "orders", "")]).await;
    let issuer = Issuer::new("a", 1);
    app.admin().trust("k8s", issuer.body()).await;
    app.refresh().await;
    let web = app.anonymous().vouched(&issuer.token(json!({}))).await;
    // The first exchange made the key that it is signed with.
    app.refresh().await;
    assert_eq!(claims(&web.token)["isr"], "k8s");
    assert_eq!(web.get("/api/v1/access/me").await.ok()["user"], "k8s-web");
    let (mut here, mut beyond) = (
        web.watch("env=dev&namespace=orders").await,
        there.with_token(&web.token).watch("env=dev&namespace=orders").await,
    );
    for stream in [&mut here, &mut beyond] {
        assert_eq!(stream.expect("snapshot").await.keys(), ["orders/a.txt"]);
    }
    // Never beyond the token that it is made from.
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    let brief = app.anonymous().vouched(&issuer.token(json!({"exp": now + 60}))).await;
    assert!(claims(&brief.token)["exp"].as_i64().unwrap() <= now + 60);
    let row = json!({"action": "exchange_token", "actor": "k8s-web", "target": "issuer:k8s",
        "after": {"subject": "system:serviceaccount:orders:web"}});
    audited(&app, &row).await;
    web.post("/api/v1/token", json!({})).await.problem(403, "needs_full_token");
    web.post("/api/v1/tokens", json!({"name": "t"})).await.problem(403, "needs_full_token");

    let deleted = Instant::now();
    app.admin().delete("/api/v1/trusted-issuers/k8s").await.expect(204);
    for mut stream in [here, beyond] {
        while stream.find().await.is_some() {}
    }
    assert!(deleted.elapsed() < Duration::from_secs(1), "{:?}", deleted.elapsed());
    web.get("/api/v1/access/me").await.problem(401, "unauthenticated");
    app.anonymous()
        .post("/api/v1/token", json!({"subject_token": issuer.token(json!({}))}))
        .await
        .problem(401, "unauthenticated");
    app.finish().await;
}

#[tokio::test]
async fn a_foreign_token_that_is_not_good_says_so_only_to_whom_it_belongs() {
    let app = App::start().await;
    let issuer = Issuer::new("a", 1);
    app.admin().trust("k8s", issuer.body()).await;
    app.user("k8s-human", &[]).await;
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    let stranger = Issuer::new("a", 2);
    let unknown = "the token is not of a trusted issuer";
    for (token, detail) in [
        (stranger.token(json!({})), unknown),
        (Issuer::new("b", 1).token(json!({})), unknown),
        (issuer.token(json!({"iss": "https://other"})), unknown),
        (issuer.token(json!({"iss": format!("{ISSUER}/")})), unknown),
        ("nonsense".to_owned(), unknown),
        (String::new(), unknown),
        (issuer.token(json!({"aud": "other"})), "the token its claim aud is missing or not what it must be"),
        (issuer.token(json!({"exp": now - 1})), "the token its"),
        (issuer.token(json!({"sub": "system:serviceaccount:payments:web"})), "the token fits no rule of its issuer"),
        (
            issuer.token(json!({"kubernetes.io": {}})),
            "the claim /kubernetes.io/serviceaccount/name is missing or no text",
        ),
    ] {
        let answer = app.anonymous().post("/api/v1/token", json!({"subject_token": token})).await;
        let problem = answer.problem(401, "unauthenticated");
        let said = problem["detail"].as_str().unwrap();
        assert!(said.contains(detail.trim_start_matches("the token its")), "{said}");
    }
    let nobody = app.anonymous().post("/api/v1/token", json!({"subject_token": issuer.token(json!({}))})).await;
    assert!(nobody.problem(403, "no_service")["detail"].as_str().unwrap().contains("k8s-web"));
    let human = issuer.token(json!({"kubernetes.io": {"serviceaccount": {"name": "human"}}}));
    app.anonymous().post("/api/v1/token", json!({"subject_token": human})).await.problem(403, "no_service");
    let both = app.admin().post("/api/v1/token", json!({"subject_token": issuer.token(json!({}))})).await;
    both.problem(400, "bad_request");
    app.anonymous().post("/api/v1/token", json!({})).await.problem(401, "unauthenticated");
    app.anonymous().post("/api/v1/token", json!({"subject_token": "x".repeat(10_000)})).await.problem(413, "too_large");
    app.finish().await;
}

#[tokio::test]
async fn fetched_keys_are_kept_and_an_unknown_one_is_looked_for_once_a_minute() {
    let app = App::start().await;
    app.service("k8s-web", &[]).await;
    let (first, second) = (Issuer::new("first", 1), Issuer::new("second", 2));
    let server = KeyServer::start(Some(http(&first.keys().to_string()))).await;
    let mut body = first.body();
    body.as_object_mut().unwrap().remove("keys");
    body["keys_url"] = json!(server.url);
    app.admin().trust("k8s", body).await;
    for _ in 0..3 {
        app.anonymous().vouched(&first.token(json!({}))).await;
    }
    assert_eq!(server.asked(), 1, "the keys are kept");
    // A storm of tokens with unknown keys does not become a storm of fetches.
    server.answer.send(Some(http(&second.keys().to_string()))).unwrap();
    for _ in 0..5 {
        let answer = app.anonymous().post("/api/v1/token", json!({"subject_token": second.token(json!({}))})).await;
        answer.problem(401, "unauthenticated");
    }
    assert_eq!(server.asked(), 1, "it was asked less than a minute ago");
    app.anonymous().vouched(&first.token(json!({}))).await;
    app.finish().await;
}

#[tokio::test]
async fn an_issuer_whose_keys_cannot_be_had_is_no_reason_to_trust_or_to_hang() {
    let app = App::start().await;
    app.service("k8s-web", &[]).await;
    let issuer = Issuer::new("a", 1);
    let redirect =
        "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let large = http(&format!("{{\"keys\":[],\"x\":\"{}\"}}", "a".repeat(300_000)));
    for (name, answer) in [
        ("gone", None),
        ("moved", Some(redirect.to_owned())),
        ("large", Some(large)),
        ("none", Some(http("{\"keys\":[]}"))),
        ("text", Some(http("hello"))),
    ] {
        let server = KeyServer::start(answer).await;
        let mut body = issuer.body();
        body.as_object_mut().unwrap().remove("keys");
        (body["keys_url"], body["issuer"]) = (json!(server.url), json!(format!("https://{name}")));
        app.admin().trust(name, body).await;
        let token = issuer.token(json!({"iss": format!("https://{name}")}));
        for _ in 0..2 {
            let answer = app.anonymous().post("/api/v1/token", json!({"subject_token": token})).await;
            answer.problem(503, "issuer_unreachable");
        }
        assert_eq!(server.asked(), 1, "{name}: asked once a minute at most");
    }
    app.finish().await;
}

#[tokio::test]
async fn rules_put_services_into_groups_with_what_those_hold() {
    let app = App::start().await;
    app.admin().create("dev/orders").await;
    app.admin().write("dev/orders/a.txt", "x").await.expect(200);
    let robot = app.service("robot", &[]).await;
    let grant = pintle::domain::access::Grant {
        id: uuid::Uuid::from_u128(77),
        subject: pintle::domain::access::Subject::Group("readers".parse().unwrap()),
        allowance: pintle::domain::access::Allowance::Role(pintle::domain::access::Role::Viewer),
        place: pintle::domain::access::Place::everything(),
    };
    app.change_access(vec![Op::Grant((&grant).into())]).await;
    assert_eq!(robot.text("dev/orders/a.txt").await, None);
    let mut body = Issuer::new("a", 1).body();
    body["rules"] = json!([{"claims": {"sub": "x"}, "user": "robot", "groups": ["readers"]}]);
    app.admin().trust("ci", body.clone()).await;
    assert_eq!(robot.text("dev/orders/a.txt").await.as_deref(), Some("x"));
    let seen = "SELECT count(*) FROM users, head WHERE name = 'robot' AND granted_at = head.revision";
    assert_eq!(app.database.number(seen).await, 1, "who comes back with an older cursor begins anew");
    body["rules"][0]["groups"] = json!([]);
    app.admin().put("/api/v1/trusted-issuers/ci", body).await.expect(200);
    assert_eq!(robot.text("dev/orders/a.txt").await, None);
    app.finish().await;
}

#[tokio::test]
async fn issuers_are_kept_by_who_operates_the_store_and_checked_all_at_once() {
    let app = App::start().await;
    let issuer = Issuer::new("a", 1);
    let path = "/api/v1/trusted-issuers/k8s";
    let paul = app.publisher("orders").await;
    paul.put(path, issuer.body()).await.problem(403, "denied");
    paul.get(path).await.problem(403, "denied");
    paul.get("/api/v1/trusted-issuers").await.problem(403, "denied");
    paul.delete(path).await.problem(403, "denied");
    app.admin().get(path).await.problem(404, "not_found");
    app.admin().trust("k8s", issuer.body()).await;
    let access = app.admin().get("/readyz").await.ok()["access"].clone();
    assert_eq!(app.admin().put(path, issuer.body()).await.ok()["name"], "k8s");
    assert_eq!(app.admin().get("/readyz").await.ok()["access"], access, "the same again changes nothing");
    assert_eq!(app.admin().get(path).await.ok()["rules"], issuer.body()["rules"]);
    assert_eq!(app.admin().get("/api/v1/trusted-issuers").await.ok()["issuers"][0]["name"], "k8s");
    let problem = app.admin().put("/api/v1/trusted-issuers/other", issuer.body()).await.problem(422, "invalid");
    assert_eq!(problem["fields"][0]["field"], "issuer");

    let bad = json!({"issuer": "a b", "audience": "", "keys_url": "http://169.254.169.254/latest/meta-data", "rules": [
        {"claims": {}, "user": "{x"}, {"claims": {"a": "b"}, "user": "ci-{a}", "groups": ["g"]}]});
    let problem = app.admin().put("/api/v1/trusted-issuers/local", bad).await.problem(422, "invalid");
    let fields: Vec<_> = problem["fields"].as_array().unwrap().iter().map(|f| f["field"].as_str().unwrap()).collect();
    let expected = ["name", "issuer", "audience", "keys_url", "rules[0].claims", "rules[0].user", "rules[1].groups"];
    assert_eq!(fields, expected);
    let mut private = issuer.body();
    private["keys"]["keys"][0]["d"] = json!("AAAA");
    let problem = app.admin().put("/api/v1/trusted-issuers/p", private).await.problem(422, "invalid");
    assert_eq!(problem["fields"][0]["field"], "keys");
    let mut both = issuer.body();
    both["keys_url"] = json!("https://a");
    app.admin().put("/api/v1/trusted-issuers/p", both).await.problem(422, "invalid");
    app.admin().delete(path).await.expect(204);
    app.admin().delete(path).await.problem(404, "not_found");
    app.finish().await;
}

#[tokio::test]
async fn an_admin_gets_at_no_secrets_by_vouching_for_a_service() {
    let app = App::start().await;
    app.service("k8s-web", &[("secret-reader", "dev", "orders", "")]).await;
    let issuer = Issuer::new("a", 1);
    let path = "/api/v1/trusted-issuers/k8s";
    let problem = app.admin().put(path, issuer.body()).await.problem(403, "denied");
    assert_eq!(problem["action"], "reveal");
    let mut other = issuer.body();
    other["rules"][0]["user"] = json!("ci-{sub}");
    app.admin().put(path, other).await.expect(201);
    app.grant("admin", ("secret-reader", "*", "*", "")).await;
    app.admin().put(path, issuer.body()).await.expect(200);
    app.finish().await;
}
