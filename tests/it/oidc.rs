//! Logins at an `OpenID` provider, and the codes that let a terminal in.

use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::{Json, Router, routing};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer as _, SigningKey};
use pintle::domain::access::{Allowance, Grant, Place, Role, Subject};
use pintle::domain::audit::{Event, Who};
use pintle::domain::names::GroupName;
use pintle::store::{self, Op, Step};
use reqwest::{Method, Url};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::harness::app::PASSWORD;
use crate::harness::{Actor, Answer, App};

const CALLBACK: &str = "/api/v1/session/oidc/corp/callback";

/// What a provider answers next, and what it was asked.
#[derive(Debug, Default)]
struct Said {
    claims: Value,
    user_info: Value,
    /// The head of the token; null is a good one.
    header: Value,
    challenge: String,
    token_requests: Vec<Value>,
}

/// A provider whose claims the test decides.
#[derive(Debug, Clone)]
struct Provider {
    issuer: String,
    key: Arc<SigningKey>,
    said: Arc<Mutex<Said>>,
}

impl Provider {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let this = Self { issuer, key: Arc::new(SigningKey::from_bytes(&[7; 32])), said: Arc::default() };
        let routes = Router::new()
            .route("/.well-known/openid-configuration", routing::get(Self::discovery))
            .route("/jwks", routing::get(Self::keys))
            .route("/token", routing::post(Self::token))
            .route("/userinfo", routing::get(Self::user_info))
            .with_state(this.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        this
    }

    #[expect(clippy::unused_async, reason = "handlers are async")]
    async fn discovery(State(this): State<Self>) -> Json<Value> {
        let at = |path: &str| format!("{}{path}", this.issuer);
        Json(json!({
            "issuer": this.issuer, "authorization_endpoint": at("/auth"), "token_endpoint": at("/token"),
            "jwks_uri": at("/jwks"), "userinfo_endpoint": at("/userinfo"), "response_types_supported": ["code"],
            "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["EdDSA", "HS256", "none"],
        }))
    }

    #[expect(clippy::unused_async, reason = "handlers are async")]
    async fn keys(State(this): State<Self>) -> Json<Value> {
        let x = URL_SAFE_NO_PAD.encode(this.key.verifying_key().as_bytes());
        Json(json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "one", "use": "sig", "alg": "EdDSA", "x": x}]}))
    }

    #[expect(clippy::unused_async, reason = "handlers are async")]
    async fn user_info(State(this): State<Self>) -> Json<Value> {
        Json(this.said.lock().unwrap().user_info.clone())
    }

    #[expect(clippy::unused_async, reason = "handlers are async")]
    async fn token(State(this): State<Self>, asked: String) -> Result<Json<Value>, axum::http::StatusCode> {
        let asked: Value = serde_urlencoded::from_str(&asked).unwrap();
        let mut said = this.said.lock().unwrap();
        let made = URL_SAFE_NO_PAD.encode(Sha256::digest(asked["code_verifier"].as_str().unwrap()));
        said.token_requests.push(asked);
        if made != said.challenge {
            return Err(axum::http::StatusCode::BAD_REQUEST);
        }
        // A code is good once.
        said.challenge.clear();
        let good = json!({"alg": "EdDSA", "kid": "one"});
        let token = this.sign(if said.header.is_null() { &good } else { &said.header }, &said.claims);
        Ok(Json(json!({"access_token": "a", "token_type": "Bearer", "id_token": token})))
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        if header["alg"] == "none" {
            return format!("{signed}.");
        }
        let signature = URL_SAFE_NO_PAD.encode(self.key.sign(signed.as_bytes()).to_bytes());
        format!("{signed}.{signature}")
    }
}

/// A console with this provider under the name `corp`.
struct World {
    app: App,
    provider: Provider,
}

/// A login that the provider was asked for.
struct Begun {
    cookie: String,
    query: Vec<(String, String)>,
}

impl Begun {
    fn get(&self, name: &str) -> String {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()).unwrap_or_default()
    }
}

impl World {
    async fn start() -> Self {
        let (app, provider) = (App::start().await, Provider::start().await);
        let body = json!({"issuer": provider.issuer, "client_id": "pintle", "client_secret": "a secret of the provider",
                          "scopes": ["profile"], "groups_claim": "groups", "groups": {"Platform Team": "platform"}});
        app.admin().put("/api/v1/identity-providers/corp", body).await.expect(200);
        Self { app, provider }
    }

    async fn get(&self, path: &str, cookie: &str) -> Answer {
        let browser = Actor::new("browser", &self.app.anonymous().url, "");
        browser.call(Method::GET, path, |request| request.header("cookie", cookie)).await
    }

    async fn begin(&self, query: &str) -> Begun {
        let answer = self.get(&format!("/api/v1/session/oidc/corp{query}"), "").await.expect(303);
        let cookie = answer.header("set-cookie");
        assert!(cookie.starts_with("pintle-login-"), "{cookie}");
        assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax; Max-Age=600"), "{cookie}");
        let url = Url::parse(&answer.header("location")).unwrap();
        assert!(url.as_str().starts_with(&format!("{}/auth?", self.provider.issuer)), "{url}");
        let query = url.query_pairs().map(|(key, value)| (key.into_owned(), value.into_owned())).collect();
        Begun { cookie: cookie.split(';').next().unwrap().to_owned(), query }
    }

    /// Makes the provider say this of a person, besides what every token says.
    #[expect(clippy::needless_pass_by_value, reason = "callers write the value in place")]
    fn say(&self, begun: &Begun, more: Value) {
        let now = self.app.node().node.app.service.ambient.now().unix_timestamp();
        let mut claims = json!({"iss": self.provider.issuer, "aud": "pintle", "sub": "s-1", "iat": now, "exp": now + 60,
                                "nonce": begun.get("nonce"), "preferred_username": "Vera", "groups": []});
        claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let mut said = self.provider.said.lock().unwrap();
        said.claims = claims;
        said.challenge = begun.get("code_challenge");
    }

    async fn come_back(&self, begun: &Begun) -> Answer {
        self.get(&format!("{CALLBACK}?code=c&state={}", begun.get("state")), &begun.cookie).await
    }

    /// A whole login: the page at its end.
    async fn log_in(&self, more: Value) -> Answer {
        let begun = self.begin("").await;
        self.say(&begun, more);
        self.come_back(&begun).await
    }

    /// Who calls with the session of an answer.
    async fn me(&self, answer: &Answer) -> Answer {
        self.get("/api/v1/access/me", &session(answer)).await
    }

    /// Gives a group a role on everything.
    async fn grant(&self, group: &str, role: Role) {
        let mut connection = self.app.database.connect().await;
        let subject = Subject::Group(GroupName::parse(group).unwrap());
        let id = Uuid::from_u128(77);
        let grant = Grant { id, subject, allowance: Allowance::Role(role), place: Place::everything() };
        let step = Step { event: Event::new("grant", "group"), op: Op::Grant((&grant).into()) };
        store::change_access(&mut connection, None, &Who::system(), &[step]).await.unwrap();
        self.app.node().refresh().await;
    }
}

/// The session cookie that an answer sets.
fn session(answer: &Answer) -> String {
    let set = answer.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap());
    let line =
        set.into_iter().find(|line| line.starts_with("pintle-session-")).unwrap_or_else(|| panic!("{}", answer.text()));
    assert!(line.ends_with("; Path=/; HttpOnly; SameSite=Strict"), "{line}");
    line.split(';').next().unwrap().to_owned()
}

/// Asserts that a login was refused with a page, and no session.
#[track_caller]
fn refused(answer: &Answer, status: u16, text: &str) {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert!(answer.header("content-type").starts_with("text/html"), "{}", answer.text());
    assert!(answer.text().contains(text), "{}", answer.text());
    assert!(answer.text().contains(&answer.header("x-request-id")), "{}", answer.text());
    assert!(
        !answer.headers.get_all("set-cookie").iter().any(|line| line.to_str().unwrap().starts_with("pintle-session-"))
    );
}

#[tokio::test]
async fn a_person_is_made_at_the_first_login_and_gets_what_its_groups_hold() {
    let world = World::start().await;
    world.grant("platform", Role::Viewer).await;
    let begun = world.begin("?next=/cli%3Fa=b").await;
    assert_eq!(begun.get("redirect_uri"), format!("{}{CALLBACK}", world.app.anonymous().url));
    assert_eq!((begun.get("scope").as_str(), begun.get("code_challenge_method").as_str()), ("openid profile", "S256"));
    world.say(&begun, json!({"groups": ["Platform Team", "unmapped"]}));
    let page = world.come_back(&begun).await.expect(200);
    assert!(page.text().contains("content=\"0;url=/cli?a=b\""), "{}", page.text());
    let me = world.me(&page).await.ok();
    assert_eq!(me["user"], "vera");
    let grants = me["grants"].as_array().unwrap();
    assert_eq!(
        (grants.len(), &grants[0]["role"], &grants[0]["subject"]),
        (1, &json!("viewer"), &json!("group:platform"))
    );

    let again = world.log_in(json!({"preferred_username": "renamed", "groups": "other"})).await.expect(200);
    let me = world.me(&again).await.ok();
    assert_eq!(
        (&me["user"], &me["grants"]),
        (&json!("vera"), &json!([])),
        "known by its subject; the groups are replaced"
    );
    let audited = "SELECT count(*) FROM audit WHERE actor = 'vera' \
                   AND action IN ('create_user', 'add_member', 'remove_member', 'log_in')";
    assert_eq!(world.app.database.number(audited).await, 5);
    world.app.finish().await;
}

#[tokio::test]
async fn claims_that_the_token_lacks_are_asked_for() {
    let world = World::start().await;
    world.provider.said.lock().unwrap().user_info = json!({"sub": "s-1", "preferred_username": "vera"});
    let begun = world.begin("").await;
    world.say(&begun, json!({}));
    world.provider.said.lock().unwrap().claims.as_object_mut().unwrap().remove("preferred_username");
    let page = world.come_back(&begun).await.expect(200);
    assert_eq!(world.me(&page).await.ok()["user"], "vera");
    world.provider.said.lock().unwrap().user_info = json!({"sub": "s-2", "preferred_username": "root"});
    let begun = world.begin("").await;
    world.say(&begun, json!({"sub": "s-3"}));
    world.provider.said.lock().unwrap().claims.as_object_mut().unwrap().remove("preferred_username");
    refused(&world.come_back(&begun).await, 502, "The login provider does not work");
    world.app.finish().await;
}

#[tokio::test]
async fn a_token_that_is_not_for_this_login_is_refused() {
    let world = World::start().await;
    for more in [
        json!({"nonce": "another"}),
        json!({"iss": "https://evil.example"}),
        json!({"iss": format!("{}/", world.provider.issuer)}),
        json!({"aud": "another"}),
        json!({"exp": 1}),
        json!({"exp": "never"}),
    ] {
        let answer = world.log_in(more.clone()).await;
        assert!(answer.status == 403 || answer.status == 502, "{more}: {}", answer.text());
        refused(&answer, answer.status, "Request ");
    }
    for header in [
        json!({"alg": "none"}),
        json!({"alg": "HS256", "kid": "one"}),
        json!({"alg": "EdDSA", "kid": "two"}),
        json!({"alg": "EdDSA", "jwk": {"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}, "kid": "three"}),
    ] {
        world.provider.said.lock().unwrap().header = header;
        let answer = world.log_in(json!({})).await;
        refused(&answer, answer.status, "Request ");
    }
    world.provider.said.lock().unwrap().header = Value::Null;
    assert_eq!(world.app.database.number("SELECT count(*) FROM users").await, 1);
    world.log_in(json!({})).await.expect(200);
    world.app.finish().await;
}

#[tokio::test]
async fn a_login_is_finished_once_by_the_browser_that_began_it() {
    let world = World::start().await;
    let (mine, theirs) = (world.begin("").await, world.begin("").await);
    world.say(&mine, json!({}));
    let callback = |query: &str| format!("{CALLBACK}?{query}");
    let state = mine.get("state");
    let good = format!("code=c&state={state}");
    for (path, cookie) in [
        (callback(&good), String::new()),
        (callback(&good), theirs.cookie.clone()),
        (callback("code=c&state=other"), mine.cookie.clone()),
        (callback("code=c"), mine.cookie.clone()),
        (callback(&good), format!("{}x", mine.cookie)),
    ] {
        refused(&world.get(&path, &cookie).await, 403, "was not begun in this browser");
    }
    let mixed = callback(&format!("{good}&iss=https://evil.example"));
    refused(&world.get(&mixed, &mine.cookie).await, 403, "another issuer");
    let error = callback(&format!("state={state}&error=%3Cscript%3Ealert(1)%3C/script%3E"));
    let page = world.get(&error, &mine.cookie).await;
    refused(&page, 403, "did not let you log in");
    assert!(!page.text().contains("alert"), "{}", page.text());

    let own = callback(&format!("{good}&iss={}", world.provider.issuer));
    world.get(&own, &mine.cookie).await.expect(200);
    refused(&world.get(&own, &mine.cookie).await, 403, "did not confirm");
    assert!(world.provider.said.lock().unwrap().token_requests.len() == 2, "only good answers reach the provider");
    world.app.finish().await;
}

#[tokio::test]
async fn a_name_that_is_taken_and_a_disabled_user_are_refused() {
    let world = World::start().await;
    refused(
        &world.log_in(json!({"preferred_username": "admin", "sub": "s-9"})).await,
        403,
        "there is another user admin here",
    );
    refused(&world.log_in(json!({"preferred_username": "???"})).await, 403, "gives no name");
    let page = world.log_in(json!({})).await.expect(200);
    let mut connection = world.app.database.connect().await;
    let disable = "SELECT change_access(NULL, '{}', jsonb_build_array(jsonb_build_object('op', 'set_disabled', 'user_id', id, \
                   'disabled', true, 'event', '{}'::jsonb))) FROM users WHERE name = 'vera'";
    sqlx::query(disable).execute(&mut connection).await.unwrap();
    world.app.node().refresh().await;
    world.me(&page).await.problem(401, "unauthenticated");
    refused(&world.log_in(json!({})).await, 403, "this account is disabled");
    world.app.finish().await;
}

#[tokio::test]
async fn next_leads_to_no_other_site() {
    let world = World::start().await;
    for next in ["https://evil.example", "//evil.example", "/%5Cevil.example", "javascript:alert(1)"] {
        let begun = world.begin(&format!("?next={next}")).await;
        world.say(&begun, json!({}));
        let page = world.come_back(&begun).await.expect(200);
        assert!(page.text().contains("content=\"0;url=/\""), "{next}: {}", page.text());
    }
    world.app.finish().await;
}

#[tokio::test]
async fn everybody_sees_the_names_of_providers_and_nobody_their_secrets() {
    let world = World::start().await;
    let (admin, path) = (world.app.admin(), "/api/v1/identity-providers");
    let list = world.app.anonymous().get(path).await.ok();
    assert_eq!(list, json!({"providers": [{"name": "corp"}]}));
    let stranger = world.app.stranger().await;
    assert_eq!(stranger.get(path).await.ok(), list);
    stranger.get(&format!("{path}/corp")).await.problem(403, "denied");
    stranger
        .put(&format!("{path}/corp"), json!({"issuer": "https://evil.example", "client_id": "x"}))
        .await
        .problem(403, "denied");
    let shown = admin.get(path).await.ok();
    assert_eq!(shown["providers"][0]["has_secret"], true);
    assert!(!shown.to_string().contains("a secret of"), "{shown}");
    let kept = "SELECT count(*) FROM identity_providers p, audit a WHERE p::text || a.body LIKE '%a secret of%' \
                OR encode(p.sealed_secret, 'escape') LIKE '%a secret of%'";
    assert_eq!(world.app.database.number(kept).await, 0);
    for (name, body) in [
        ("corp", json!({"issuer": "http://id.example.com", "client_id": "x"})),
        ("corp", json!({"issuer": "nonsense", "client_id": "x"})),
        ("corp", json!({"issuer": "https://id.example.com", "client_id": ""})),
        ("local", json!({"issuer": "https://id.example.com", "client_id": "x"})),
        ("Not-A-Name", json!({"issuer": "https://id.example.com", "client_id": "x"})),
    ] {
        admin.put(&format!("{path}/{name}"), body).await.problem(422, "invalid");
    }
    world.app.finish().await;
}

#[tokio::test]
async fn a_provider_keeps_its_issuer_while_it_has_users_and_takes_them_along_when_it_goes() {
    let world = World::start().await;
    world.grant("platform", Role::Viewer).await;
    let page = world.log_in(json!({"groups": ["Platform Team"]})).await.expect(200);
    world.me(&page).await.ok();
    let admin = world.app.admin();
    let other = json!({"issuer": "https://id.example.com", "client_id": "x"});
    let problem = admin.put("/api/v1/identity-providers/corp", other).await.problem(422, "invalid");
    assert_eq!(problem["fields"][0]["field"], "issuer");
    admin.delete("/api/v1/identity-providers/corp").await.expect(204);
    world.me(&page).await.problem(401, "unauthenticated");
    assert_eq!(world.app.database.number("SELECT count(*) FROM group_members").await, 0);
    refused(&world.get("/api/v1/session/oidc/corp", "").await, 404, "Not found");
    world.app.finish().await;
}

#[tokio::test]
async fn without_a_master_key_there_is_no_login_at_a_provider() {
    let app = App::with(&[crate::harness::app::NO_MASTER_KEY]).await;
    let body = json!({"issuer": "https://id.example.com", "client_id": "x"});
    let path = "/api/v1/identity-providers/corp";
    app.admin()
        .put(path, json!({"issuer": "https://id.example.com", "client_id": "x", "client_secret": "s"}))
        .await
        .problem(422, "no_master_key");
    app.admin().put(path, body).await.expect(200);
    let page = app.anonymous().get("/api/v1/session/oidc/corp").await;
    assert!(page.status == 422 && page.text().contains("master key"), "{}", page.text());
    app.finish().await;
}

/// The challenge of a verifier.
fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

#[tokio::test]
async fn a_code_of_the_browser_lets_one_program_in_once() {
    let app = App::start().await;
    let own = [("origin", app.anonymous().url.clone()), ("sec-fetch-site", "same-origin".to_owned())];
    let browser = app.anonymous();
    let post = |path: &'static str, cookie: String, body: Value| {
        let (browser, own) = (browser.clone(), own.clone());
        async move {
            browser
                .call(Method::POST, path, |mut request| {
                    for (name, value) in own {
                        request = request.header(name, value);
                    }
                    request.header("cookie", cookie).json(&body)
                })
                .await
        }
    };
    let login = json!({"name": "admin", "password": PASSWORD, "cookie": true});
    let cookie = session(&post("/api/v1/session", String::new(), login).await.expect(200));
    let verifier = "v".repeat(64);
    let ask = async || -> String {
        let asked = post("/api/v1/session/code", cookie.clone(), json!({"challenge": challenge(&verifier)})).await;
        let made: Value = asked.expect(201).json();
        made["code"].as_str().unwrap().to_owned()
    };
    let take = async |code: &str, verifier: &str| {
        app.anonymous().post("/api/v1/session/token", json!({"code": code, "verifier": verifier})).await
    };
    let code = ask().await;
    let given = take(&code, &verifier).await.ok();
    let program = app.admin().with_token(given["token"].as_str().unwrap());
    assert_eq!(program.get("/api/v1/access/me").await.ok()["user"], "admin");
    take(&code, &verifier).await.problem(403, "login_refused");

    let code = ask().await;
    take(&code, &"w".repeat(64)).await.problem(403, "login_refused");
    take(&code, &verifier).await.problem(403, "login_refused");

    let code = ask().await;
    let mut connection = app.database.connect().await;
    let stored = format!(
        "SELECT count(*) FROM login_codes WHERE encode(hash, 'escape') LIKE '%{code}%' OR challenge LIKE '%{code}%'"
    );
    assert_eq!(app.database.number(&stored).await, 0);
    sqlx::query("UPDATE login_codes SET expires_at = now() - interval '1 s'").execute(&mut connection).await.unwrap();
    take(&code, &verifier).await.problem(403, "login_refused");

    let direct = app.admin().post("/api/v1/session/code", json!({"challenge": challenge(&verifier)})).await;
    direct.problem(403, "login_refused");
    post("/api/v1/session/code", cookie.clone(), json!({"challenge": "short"})).await.problem(422, "invalid");
    app.finish().await;
}
